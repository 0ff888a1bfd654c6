"""Where a long text holds the letters of a word in any order."""

TAG = "implementation optimisation"
LEVELS = (8, 6000, 20_000, 40_000)


def anagram_windows(text: str, word: str) -> list[int]:
    """Return all positions, in rising order, at which `text` holds the letters of `word`, each
    as often as `word` does, in any order without a gap. The word is not empty.
    >>> anagram_windows("cabxacb", "abc")
    [0, 4]
    >>> anagram_windows("aa", "aab")
    []
    """


def reference(text, word):
    """O(n), as most counts differ early: slides a window, and compares lists of counts."""
    size = len(word)
    if size > len(text):
        return []
    # Letters that are not in the word share one count, which must be 0.
    index = {letter: i for i, letter in enumerate(set(word))}
    other = len(index)
    codes = [index.get(letter, other) for letter in text]
    wanted, counts = [0] * (other + 1), [0] * (other + 1)
    for letter in word:
        wanted[index[letter]] += 1
    for code in codes[:size]:
        counts[code] += 1
    found = [0] if counts == wanted else []
    for start, (out, entering) in enumerate(zip(codes, codes[size:]), 1):
        counts[entering] += 1
        counts[out] -= 1
        if counts == wanted:
            found.append(start)
    return found


def mid(text, word):
    """O(n k) for k letters: slides a window, and compares two dictionaries of counts."""
    size = len(word)
    wanted, counts = {}, {}
    for letter in word:
        wanted[letter] = wanted.get(letter, 0) + 1
    for letter in text[:size]:
        counts[letter] = counts.get(letter, 0) + 1
    found = [0] if counts == wanted else []
    for i in range(size, len(text)):
        entering, out = text[i], text[i - size]
        counts[entering] = counts.get(entering, 0) + 1
        counts[out] -= 1
        if not counts[out]:
            del counts[out]
        if counts == wanted:
            found.append(i - size + 1)
    return found


def naive(text, word):
    """O(n m log m): sorts every window."""
    wanted = sorted(word)
    size = len(word)
    return [i for i in range(len(text) - size + 1) if sorted(text[i : i + size]) == wanted]


def fast_wrong(text, word):
    """Wrong: compares the sums of the letters' codes, which different letters can share. O(n)."""
    from itertools import accumulate

    size = len(word)
    sums = [0, *accumulate(map(ord, text))]
    wanted = sum(map(ord, word))
    return [i for i, (low, high) in enumerate(zip(sums, sums[size:])) if high - low == wanted]


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ("", "a"),
        ("a", "a"),
        ("abc", "abcd"),
        ("aaaaaa", "aa"),
        ("adbcad", "bc"),
        ("xyz", "é"),
        ("aabbaabb", "abab"),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    length = 3 if lid == 0 else 60
    letters = ["ab", "abcd", "abcdefghijklmnop", "abcdefgh"][cid % 4]
    word = random.choices(letters, k=length)
    # Shuffled copies of the word, broken now and then, so that windows often match or nearly do.
    text = []
    while len(text) < size:
        random.shuffle(word)
        text += word
        if random.random() < 0.3:
            text.append(random.choice(letters))
    return "".join(text[:size]), "".join(word)


def __check(input, answer, output):
    return type(output) is list and all(type(i) is int for i in output) and output == answer
