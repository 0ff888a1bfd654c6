"""Subset sums: the fullest load that a lift can take."""

TAG = "implementation optimisation"
LEVELS = (20, 40_000, 500_000, 1_500_000)


def fullest_load(weights: list[int], limit: int) -> int:
    """Return the largest sum of some of the weights, each taken at most once, that is not above
    `limit`. Weights are positive, the limit is not negative.
    >>> fullest_load([5, 3, 8], 12)
    11
    >>> fullest_load([4], 3)
    0
    """


def reference(weights, limit):
    """O(k log r L / w): the sums are the bits of a number; r equal weights join to log r ones."""
    from collections import Counter

    mask = (1 << (limit + 1)) - 1
    sums = 1
    counts = Counter(weight for weight in weights if weight <= limit)
    for weight, left in counts.items():
        part = 1
        while left:
            part = min(part, left)
            sums |= (sums << (part * weight)) & mask
            left -= part
            part *= 2
    return sums.bit_length() - 1


def mid(weights, limit):
    """O(n L / w): the sums are the bits of a number, one weight after the other."""
    mask = (1 << (limit + 1)) - 1
    sums = 1
    for weight in weights:
        if weight <= limit:
            sums |= (sums << weight) & mask
    return sums.bit_length() - 1


def naive(weights, limit):
    """O(n L): a set of all sums."""
    sums = {0}
    for weight in weights:
        sums |= {total + weight for total in sums if total + weight <= limit}
    return max(sums)


def fast_wrong(weights, limit):
    """Wrong: takes the heaviest that still fits, and again. O(n log n)."""
    load = 0
    for weight in sorted(weights, reverse=True):
        if load + weight <= limit:
            load += weight
    return load


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], 10),
        ([3, 4], 0),
        ([5], 5),
        ([6], 5),
        ([7, 5, 5], 10),
        ([2, 2, 2, 2, 9], 8),
        ([3] * 7, 20),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Even weights and an odd limit: no early end by a full load. Every kind comes a few times.
    kinds = random.sample(range(2, max(12, size // 100), 2), 4 if lid == 0 else 40)
    weights = [kind for kind in kinds for _ in range(random.randint(3, 7))]
    random.shuffle(weights)
    return weights, size | 1


def __check(input, answer, output):
    return type(output) is int and output == answer
