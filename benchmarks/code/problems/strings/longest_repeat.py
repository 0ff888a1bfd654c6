"""The longest part that a text holds twice."""

TAG = "algorithm design"
LEVELS = (8, 2000, 5000, 10_000)


def longest_repeat(text: str) -> str:
    """Return a longest part of the text that starts at two or more positions. The two may
    overlap. If there are several such parts any will do; if there is none, return "".
    >>> longest_repeat("abcab")
    'ab'
    >>> longest_repeat("abc")
    ''
    """


def reference(text):
    """O(n): the deepest state of the suffix automaton that ends at two positions."""
    follow, link, length = [{}], [-1], [0]
    last = best = end = 0
    for i, letter in enumerate(text):
        state = len(follow)
        follow.append({})
        length.append(i + 1)
        link.append(0)
        at = last
        while at >= 0 and letter not in follow[at]:
            follow[at][letter] = state
            at = link[at]
        if at >= 0:
            target = follow[at][letter]
            if length[target] == length[at] + 1:
                link[state] = target
            else:
                copy = len(follow)
                follow.append(follow[target].copy())
                length.append(length[at] + 1)
                link.append(link[target])
                link[target] = link[state] = copy
                while at >= 0 and follow[at].get(letter) == target:
                    follow[at][letter] = copy
                    at = link[at]
            # What the new state links to was there before, and ends here again.
            if length[link[state]] > best:
                best, end = length[link[state]], i + 1
        last = state
    return text[end - best : end]


def mid(text):
    """O(n log n): halves the possible lengths, and compares rolling hashes of all parts."""
    modulus, base = (1 << 61) - 1, 911_382_323
    n = len(text)
    letters = [ord(letter) for letter in text]

    def repeated(size):
        lead = pow(base, size - 1, modulus)
        value = 0
        for letter in letters[:size]:
            value = (value * base + letter) % modulus
        seen = {value: 0}
        for i in range(size, n):
            value = ((value - letters[i - size] * lead) * base + letters[i]) % modulus
            start = i - size + 1
            if value in seen and text[seen[value] : seen[value] + size] == text[start : i + 1]:
                return start
            seen[value] = start
        return -1

    low, high, at = 0, n - 1, 0
    while low < high:
        size = (low + high + 1) // 2
        start = repeated(size)
        if start >= 0:
            low, at = size, start
        else:
            high = size - 1
    return text[at : at + low] if low > 0 else ""


def naive(text):
    """O(n^2) or more: lengthens the best part while a later one equals it."""
    best = ""
    for i in range(len(text)):
        while i + len(best) < len(text):
            longer = text[i : i + len(best) + 1]
            if longer not in text[i + 1 :]:
                break
            best = longer
    return best


def fast_wrong(text):
    """Wrong: takes the two parts to be apart, and one of them to start the text. O(n log n)."""
    low, high = 0, len(text) // 2
    while low < high:
        size = (low + high + 1) // 2
        if text.find(text[:size], size) >= 0:
            low = size
        else:
            high = size - 1
    return text[:low]


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = ["", "a", "aaaaaa", "abcdef", "banana", "abab", "xabcyabcz"]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)
    if cid % 4 == 0:  # a repeat of a third of the text
        part = "".join(random.choices("abcd", k=size // 3))
        return (part + "".join(random.choices("abcd", k=size - 2 * len(part))) + part,)
    if cid % 4 == 1:  # nearly a power of one part
        part = "".join(random.choices("ab", k=max(2, size // 40)))
        text = list(part * (size // len(part)))
        text[random.randrange(len(text))] = "c"
        return ("".join(text),)
    return ("".join(random.choices("ab" if cid % 4 == 2 else "abcdefgh", k=size)),)


def __check(input, answer, output):
    if type(output) is not str or len(output) != len(answer):
        return False
    text = input[0]
    return output == "" or -1 < text.find(output) < text.rfind(output)
