"""Palindromes inside a text that is made of little else."""

TAG = "algorithm design"
LEVELS = (8, 2000, 5000, 10_000)


def palindromic_parts(text: str) -> int:
    """Count the pairs i < j for which text[i:j] reads the same forwards and backwards.
    >>> palindromic_parts("aba")
    4
    >>> palindromic_parts("abc")
    3
    """


def reference(text):
    """O(n): Manacher, odd and even centres apart."""
    n = len(text)
    total = 0
    for even in (0, 1):
        radii = [0] * n
        left, right = 0, -1
        for i in range(n):
            if i > right:
                radius = 1 - even
            else:
                radius = radii[left + right - i + even]
                if radius > right - i + 1:
                    radius = right - i + 1
            if i + radius > right:
                low, high = i - radius - even, i + radius
                while low >= 0 and high < n and text[low] == text[high]:
                    low -= 1
                    high += 1
                radius = high - i
                if high - 1 > right:
                    left, right = low + 1, high - 1
            radii[i] = radius
        total += sum(radii)
    return total


def mid(text):
    """O(n): Manacher on the text with a mark between all letters."""
    marked = "^#" + "#".join(text) + "#$"
    n = len(marked)
    radii = [0] * n
    center = right = 0
    for i in range(1, n - 1):
        if i < right:
            radii[i] = min(right - i, radii[2 * center - i])
        while marked[i + radii[i] + 1] == marked[i - radii[i] - 1]:
            radii[i] += 1
        if i + radii[i] > right:
            center, right = i, i + radii[i]
    return sum((radius + 1) // 2 for radius in radii)


def naive(text):
    """O(n^2): widens every centre letter by letter."""
    total = 0
    for center in range(2 * len(text)):
        low, high = (center - 1) // 2, center // 2
        while low >= 0 and high < len(text) and text[low] == text[high]:
            total += 1
            low -= 1
            high += 1
    return total


def fast_wrong(text):
    """Wrong: counts the odd palindromes only. O(n)."""
    n = len(text)
    radii = [0] * n
    left, right = 0, -1
    for i in range(n):
        radius = 1 if i > right else min(radii[left + right - i], right - i + 1)
        while i >= radius and i + radius < n and text[i - radius] == text[i + radius]:
            radius += 1
        radii[i] = radius
        if i + radius - 1 > right:
            left, right = i - radius + 1, i + radius - 1
    return sum(radii)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = ["", "x", "aa", "ab", "aaaaaaa", "abba", "abcde"]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)
    letters = ["a", "ab", "a" * size + "b", "abc"][cid % 4]
    text = random.choices(letters, k=size)
    # A few strange letters keep inputs apart; what lies between is one letter again and again.
    for _ in range(2):
        text[random.randrange(size)] = "z"
    return ("".join(text),)


def __check(input, answer, output):
    return type(output) is int and output == answer
