"""Search over the answer: the smallest van that delivers a line of parcels in time."""

TAG = "algorithm design"
LEVELS = (12, 2000, 7000, 15_000)


def least_capacity(weights: list[int], days: int) -> int:
    """Parcels stand in a line and must leave in that order. A van makes one tour a day, for at
    most `days` days (at least 1), and never carries more than its capacity. Return the least
    whole capacity that delivers every parcel. Weights are positive; without parcels it is 0.
    >>> least_capacity([3, 2, 2, 4, 1, 4], 3)
    6
    >>> least_capacity([5], 4)
    5
    """


def reference(weights, days):
    """O(n + d log n log w): halves the possible answers, and jumps from tour to tour."""
    from bisect import bisect_right
    from itertools import accumulate

    ends = [0, *accumulate(weights)]
    total, count = ends[-1], len(weights)
    low = max(max(weights, default=0), -(-total // days))
    high = low + max(weights, default=0)
    while low < high:
        capacity = (low + high) // 2
        left = 0
        for _ in range(days):
            left = bisect_right(ends, ends[left] + capacity, left) - 1
            if left == count:
                break
        if left == count:
            high = capacity
        else:
            low = capacity + 1
    return low


def mid(weights, days):
    """O(n log S): halves all answers up to the sum S, and loads parcel by parcel."""
    low, high = max(weights, default=0), sum(weights)
    while low < high:
        capacity = (low + high) // 2
        tours, load = 1, 0
        for weight in weights:
            load += weight
            if load > capacity:
                tours += 1
                load = weight
        if tours <= days:
            high = capacity
        else:
            low = capacity + 1
    return low


def naive(weights, days):
    """O(n S): tries one capacity after the other."""
    capacity = max(weights, default=0)
    while True:
        tours, load = 1, 0
        for weight in weights:
            if load + weight > capacity:
                tours += 1
                load = 0
            load += weight
        if tours <= days:
            return capacity
        capacity += 1


def fast_wrong(weights, days):
    """Wrong: takes the lower bound for the answer, as if parcels could be cut. O(n)."""
    return max(max(weights, default=0), -(-sum(weights) // days))


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], 1),
        ([7], 1),
        ([7], 5),
        ([4] * 9, 2),
        ([1] * 11 + [90], 3),
        ([90] + [1] * 11, 12),
        (list(range(size, 0, -1)), 4),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # A tour takes about nine parcels: a jump saves something over loading them one by one.
    heaviest = 40 if lid == 0 else 150
    lightest = [1, heaviest // 2, heaviest - 9, 1][cid % 4]
    weights = [random.randint(lightest, heaviest) for _ in range(size)]
    return weights, max(1, size // random.randint(8, 10))


def __check(input, answer, output):
    return type(output) is int and output == answer
