"""The heaviest strictly rising part of a sequence."""

TAG = "algorithm design"
LEVELS = (10, 1500, 4500, 9000)


def heaviest_rise(values: list[int], weights: list[int]) -> int:
    """Choose positions from left to right whose values rise strictly, so that the sum of their
    weights is as large as possible, and return that sum. There are as many weights as values,
    and every weight is positive. Without values the sum is 0.
    >>> heaviest_rise([1, 3, 2, 5], [1, 2, 4, 2])
    7
    >>> heaviest_rise([4, 4, 4], [1, 2, 3])
    3
    """


def reference(values, weights):
    """O(n log n): keeps the ends worth having, a heavier sum for every larger end."""
    from bisect import bisect_left

    ends, sums = [], []
    for value, weight in zip(values, weights):
        i = stop = bisect_left(ends, value)
        total = weight + sums[i - 1] if i else weight
        count = len(ends)
        while stop < count and sums[stop] <= total:
            stop += 1
        if stop > i:
            ends[i:stop] = [value]
            sums[i:stop] = [total]
        elif i == count or ends[i] != value:
            ends.insert(i, value)
            sums.insert(i, total)
    return sums[-1] if sums else 0


def mid(values, weights):
    """O(n log n): asks a tree of maxima over the ranks of the values."""
    ranks = {value: i + 1 for i, value in enumerate(sorted(set(values)))}
    size = len(ranks)
    best = [0] * (size + 1)
    for value, weight in zip(values, weights):
        rank = ranks[value]
        i, total = rank - 1, 0
        while i:
            if best[i] > total:
                total = best[i]
            i &= i - 1
        total += weight
        while rank <= size and best[rank] < total:
            best[rank] = total
            rank += rank & -rank
    total, i = 0, size
    while i:
        total = max(total, best[i])
        i &= i - 1
    return total


def naive(values, weights):
    """O(n^2): looks back at every earlier end."""
    sums = []
    for i, value in enumerate(values):
        before = [sums[j] for j in range(i) if values[j] < value]
        sums.append(weights[i] + max(before, default=0))
    return max(sums, default=0)


def fast_wrong(values, weights):
    """Wrong: keeps one end per length, as for the longest rise, not the heaviest. O(n log n)."""
    from bisect import bisect_left

    ends, sums = [], []
    for value, weight in zip(values, weights):
        i = bisect_left(ends, value)
        total = weight + sums[i - 1] if i else weight
        if i == len(ends):
            ends.append(value)
            sums.append(total)
        else:
            ends[i], sums[i] = value, total
    return max(sums, default=0)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], []),
        ([-5], [7]),
        ([2] * 6, [1, 5, 2, 5, 3, 4]),
        ([5, 4, 3, 2, 1], [1, 2, 9, 2, 1]),
        ([-3, -2, -1, 0, 1], [1, 1, 1, 1, 1]),
        ([10, 1, 2, 3], [100, 1, 1, 1]),
        ([1, 9, 2, 3, 9], [1, 50, 1, 1, 3]),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # A noisy climb keeps many ends alive, and every value meets many smaller ones.
    noise = [size, size // 4, size * size, 3][cid % 4]
    values = [i + random.randint(-noise, noise) for i in range(size)]
    return values, [random.randint(1, 100) for _ in range(size)]


def __check(input, answer, output):
    return type(output) is int and output == answer
