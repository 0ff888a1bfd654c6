"""The steadiest stretch of a series, on top of a large offset."""

TAG = "implementation optimisation"
LEVELS = (8, 2000, 6000, 12_000)


def calmest_window(values: list[float], width: int) -> float:
    """Return the smallest variance of `width` values in a row: the mean of the squared
    differences from their mean. It holds that 1 <= width <= len(values). The relative error may
    be up to 1e-6.
    >>> calmest_window([1.0, 5.0, 6.0, 7.0, 0.0], 2)
    0.25
    >>> calmest_window([3.0], 1)
    0.0
    """


def reference(values, width):
    """O(n): joins the moments of the two parts of a window on both sides of a block's end."""
    n = len(values)
    best = float("inf")
    for block in range(0, n - width + 1, width):
        # Means and squares of the ends of this block, from its last value backwards. The first
        # value is taken off all others, so that an offset costs no digits.
        base = values[block]
        mean, squares = 0.0, 0.0
        ends = []
        for count, value in enumerate(reversed(values[block : block + width]), 1):
            value -= base
            gap = value - mean
            mean += gap / count
            squares += gap * (value - mean)
            ends.append((mean, squares))
        if squares < best:
            best = squares
        mean, squares = 0.0, 0.0
        for count, value in enumerate(values[block + width : block + 2 * width - 1], 1):
            value -= base
            gap = value - mean
            mean += gap / count
            squares += gap * (value - mean)
            other_mean, other_squares = ends[width - count - 1]
            gap = mean - other_mean
            total = squares + other_squares + gap * gap * count * (width - count) / width
            if total < best:
                best = total
    return best / width


def mid(values, width):
    """O(n w): two passes over every window."""
    best = float("inf")
    for i in range(len(values) - width + 1):
        window = values[i : i + width]
        mean = sum(window) / width
        variance = sum([(value - mean) ** 2 for value in window]) / width
        if variance < best:
            best = variance
    return best


def naive(values, width):
    """O(n w): exact fractions for every window."""
    from statistics import pvariance

    return min(pvariance(values[i : i + width]) for i in range(len(values) - width + 1))


def fast_wrong(values, width):
    """Wrong: the mean of the squares less the square of the mean loses all digits. O(n)."""
    total = sum(values[:width])
    squares = sum([value * value for value in values[:width]])
    best = squares / width - (total / width) ** 2
    for old, new in zip(values, values[width:]):
        total += new - old
        squares += new * new - old * old
        best = min(best, squares / width - (total / width) ** 2)
    return max(best, 0.0)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([3.5], 1),
        ([1.0, 2.0, 4.0], 1),
        ([2.0, 2.0, 2.0, 2.0], 3),
        ([0.0, 10.0, 0.5], 3),
        ([1e9, 1e9 + 1.0, 1e9 + 3.0, 1e9 + 7.0], 2),
        ([-5.0, 5.0, -5.0, 5.0, -4.0], 2),
        ([1e8, 1.0, 2.0, 4.0, -1e8], 3),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    width = 3 if lid == 0 else 6
    offset = [0.0, 1e9, -1e6, 1e7][cid % 4]
    return [offset + random.uniform(-1.0, 1.0) for _ in range(size)], width


def __check(input, answer, output):
    if type(output) not in (int, float):
        return False
    return abs(output - answer) <= 1e-6 * abs(answer) + 1e-12
