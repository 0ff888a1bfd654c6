"""Meeting in the middle: ways to take one number of each of four lists with sum zero."""

TAG = "algorithm design"
LEVELS = (6, 60, 110, 160)


def zero_quadruples(a: list[int], b: list[int], c: list[int], d: list[int]) -> int:
    """Count the ways to choose one position in each list so that the four numbers add up to
    zero. Equal numbers at different positions are different choices.
    >>> zero_quadruples([1, 2], [-2, -1], [-1, 2], [0, 2])
    2
    >>> zero_quadruples([0], [0], [0], [1])
    0
    """


def reference(a, b, c, d):
    """O(n^2): counts the sums of two lists, and looks up those of the other two."""
    from collections import Counter

    sums = Counter([x + y for x in a for y in b])
    found = sums.get
    return sum([found(-x - y, 0) for x in c for y in d])


def mid(a, b, c, d):
    """O(n^2 log n): sorts the sums of two pairs of lists, and walks through both."""
    left = sorted(x + y for x in a for y in b)
    right = sorted(-x - y for x in c for y in d)
    ways = i = j = 0
    while i < len(left) and j < len(right):
        if left[i] < right[j]:
            i += 1
        elif left[i] > right[j]:
            j += 1
        else:
            value, i_end, j_end = left[i], i, j
            while i_end < len(left) and left[i_end] == value:
                i_end += 1
            while j_end < len(right) and right[j_end] == value:
                j_end += 1
            ways += (i_end - i) * (j_end - j)
            i, j = i_end, j_end
    return ways


def naive(a, b, c, d):
    """O(n^3): three loops, and a look-up of the fourth number."""
    from collections import Counter

    last = Counter(d)
    ways = 0
    for x in a:
        for y in b:
            for z in c:
                ways += last[-x - y - z]
    return ways


def fast_wrong(a, b, c, d):
    """Wrong: keeps which sums there are, not how often each arises. O(n^2)."""
    sums = {x + y for x in a for y in b}
    return sum([-x - y in sums for x in c for y in d])


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], [1], [2], [-3]),
        ([0], [0], [0], [0]),
        ([0] * 3, [0] * 3, [0] * 3, [0] * 3),
        ([1, 1, -1], [1, -1, -1], [2, -2, 0], [0, 0, 1]),
        ([10**15, -(10**15)], [10**15, 1], [-(10**15), 0], [-(10**15), -1]),
        ([5, 5], [-5], [1, 2], [-1, -2, -1]),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Many ties in one case, hardly any in another.
    largest = [size * size, size, 10**12, size * size][cid % 4]
    return tuple([random.randint(-largest, largest) for _ in range(size)] for _ in range(4))


def __check(input, answer, output):
    return type(output) is int and output == answer
