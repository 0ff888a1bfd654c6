"""Texts folded into counts and brackets, deep inside each other."""

TAG = "implementation optimisation"
LEVELS = (3, 50, 120, 250)


def unfold(folded: str) -> str:
    """A folded text holds lower-case letters and parts like `3[ab]`, which stand for `ababab`.
    Parts can stand inside parts. The count is a whole number, 0 or more, of any number of
    digits. Return the text in full.
    >>> unfold("x2[ab3[c]]")
    'xabcccabccc'
    >>> unfold("3[z]0[y]")
    'zzz'
    """


def reference(folded):
    """O(n + output per level): reads runs of letters at once, joins a level when it closes."""
    import re

    outer, pieces, counts = [], [], []
    for letters, count, _close in re.findall(r"([a-z]+)|(\d+)\[|(\])", folded):
        if letters:
            pieces.append(letters)
        elif count:
            outer.append(pieces)
            counts.append(int(count))
            pieces = []
        else:
            part = "".join(pieces) * counts.pop()
            pieces = outer.pop()
            pieces.append(part)
    return "".join(pieces)


def mid(folded):
    """O(n + output per level): letter by letter, one growing text per level."""
    stack = []
    text, count = "", 0
    for sign in folded:
        if sign.isdigit():
            count = 10 * count + int(sign)
        elif sign == "[":
            stack.append((text, count))
            text, count = "", 0
        elif sign == "]":
            before, times = stack.pop()
            text = before + times * text
        else:
            text = text + sign
    return text


def naive(folded):
    """O(n^2 per level): unfolds the innermost parts, and reads the whole again."""
    import re

    while "[" in folded:
        folded = re.sub(r"(\d+)\[([a-z]*)\]", lambda part: int(part[1]) * part[2], folded)
    return folded


def fast_wrong(folded):
    """Wrong: reads one digit of a count, the last. O(n + output per level)."""
    import re

    outer, pieces, counts = [], [], []
    for letters, count, close in re.findall(r"([a-z]+)|(\d)\[|(\])", folded):
        if letters:
            pieces.append(letters)
        elif count:
            outer.append(pieces)
            counts.append(int(count))
            pieces = []
        elif close:
            part = "".join(pieces) * counts.pop()
            pieces = outer.pop()
            pieces.append(part)
    return "".join(pieces)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = ["", "abc", "3[]", "0[abc]", "12[a]", "2[2[2[b]]]", "a1[1[b]c]d", "100[x]01[y]"]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)

    def letters(least, most):
        return "".join(random.choices("abcdefgh", k=random.randint(least, most)))

    # Chains of parts in parts, `size` deep in all but few of which say more than once.
    chains = []
    for _ in range(8):
        depth = size * [1, 1, 2, 1][cid % 4]
        text = letters(1, 9)
        for level in range(depth):
            times = 12 if level == 3 else 2 if level == 7 else 1
            text = f"{letters(0, 9)}{times}[{text}]{letters(9, 40)}"
        chains.append(text)
    return ("".join(chains),)


def __check(input, answer, output):
    return type(output) is str and output == answer
