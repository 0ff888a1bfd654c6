"""The most points on one straight line."""

TAG = "algorithm design"
LEVELS = (6, 50, 100, 160)


def most_on_line(points: list[tuple[int, int]]) -> int:
    """Return how many of the points lie on the straight line that holds the most. Points can
    share a place, and each of them counts.
    >>> most_on_line([(0, 0), (1, 1), (3, 3), (2, 0)])
    3
    >>> most_on_line([(4, 4), (4, 4)])
    2
    """


def reference(points):
    """O(n^2): exact directions from every place, until the rest cannot beat the best."""
    from collections import Counter
    from math import gcd

    places = Counter(points)
    order = list(places)
    best = max(places.values(), default=0)
    left = len(points)
    for i, (x, y) in enumerate(order):
        here = places[x, y]
        if left <= best:
            break
        lines = {}
        for u, v in order[i + 1 :]:
            u -= x
            v -= y
            divisor = gcd(u, v)
            if u < 0 or (u == 0 and v < 0):
                divisor = -divisor
            direction = u // divisor, v // divisor
            lines[direction] = lines.get(direction, 0) + places[u + x, v + y]
        if lines:
            best = max(best, here + max(lines.values()))
        left -= here
    return best


def mid(points):
    """O(n^2): exact directions from every point to all others."""
    from math import gcd

    best = 0
    for x, y in points:
        same, lines = 0, {}
        for u, v in points:
            u -= x
            v -= y
            if u == v == 0:
                same += 1
                continue
            divisor = gcd(u, v)
            if u < 0 or (u == 0 and v < 0):
                divisor = -divisor
            direction = u // divisor, v // divisor
            lines[direction] = lines.get(direction, 0) + 1
        best = max(best, same + max(lines.values(), default=0))
    return best


def naive(points):
    """O(n^3): every pair, and all points on its line."""
    best = min(len(points), 1)
    for i, (a, b) in enumerate(points):
        for c, d in points[:i]:
            if (a, b) == (c, d):
                best = max(best, sum(point == (a, b) for point in points))
            else:
                best = max(best, sum((c - a) * (y - b) == (d - b) * (x - a) for x, y in points))
    return best


def fast_wrong(points):
    """Wrong: slopes as floating-point numbers, where different ones can be equal. O(n^2)."""
    best = min(len(points), 1)
    for i, (x, y) in enumerate(points):
        same, lines = 1, {}
        for u, v in points[i + 1 :]:
            if u == x and v == y:
                same += 1
            else:
                slope = (v - y) / (u - x) if u != x else None
                lines[slope] = lines.get(slope, 0) + 1
        best = max(best, same + max(lines.values(), default=0))
    return best


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([(2, -3)],),
        ([(1, 1), (1, 1), (1, 1), (5, 6)],),
        ([(3, 0), (3, 5), (3, -5), (0, 1)],),
        ([(0, 2), (4, 2), (-4, 2), (0, 0)],),
        ([(0, 0), (10**9, 10**9 - 1), (10**9 - 1, 10**9 - 2)],),
        ([(0, 0), (0, 0), (1, 2), (2, 4), (1, 3)],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Few points on a line, so that no search can stop early.
    far = [10**6, size, 10**9, 2 * size][cid % 4]
    return ([(random.randint(-far, far), random.randint(-far, far)) for _ in range(size)],)


def __check(input, answer, output):
    return type(output) is int and output == answer
