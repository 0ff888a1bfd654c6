"""The two points that lie nearest to each other."""

TAG = "algorithm design"
LEVELS = (6, 600, 1500, 3000)


def nearest_pair(points: list[tuple[int, int]]) -> int:
    """Return the smallest squared distance of two points at different positions in the list.
    There are at least two points; they can share a place.
    >>> nearest_pair([(0, 0), (5, 5), (3, 4)])
    5
    >>> nearest_pair([(1, 1), (2, 2), (1, 1)])
    0
    """


def reference(points):
    """O(n log n): a strip that moves to the right, sorted by height."""
    from bisect import bisect_left, insort
    from math import isqrt

    order = sorted(points)
    best = (order[0][0] - order[1][0]) ** 2 + (order[0][1] - order[1][1]) ** 2
    reach = isqrt(best) + 1
    strip = []  # (y, x) of the points that are not too far to the left
    oldest = 0
    for x, y in order:
        while order[oldest][0] <= x - reach:
            far_x, far_y = order[oldest]
            del strip[bisect_left(strip, (far_y, far_x))]
            oldest += 1
        i = bisect_left(strip, (y - reach, x))
        while i < len(strip):
            other_y, other_x = strip[i]
            if other_y >= y + reach:
                break
            distance = (x - other_x) ** 2 + (y - other_y) ** 2
            if distance < best:
                best = distance
                reach = isqrt(best) + 1
            i += 1
        if best == 0:
            return 0
        insort(strip, (y, x))
    return best


def mid(points):
    """O(n log n): halves the plane, and joins the halves along the cut."""

    def solve(by_x):
        n = len(by_x)
        if n <= 3:
            best = min(
                (by_x[i][0] - by_x[j][0]) ** 2 + (by_x[i][1] - by_x[j][1]) ** 2
                for i in range(n)
                for j in range(i)
            )
            return best, sorted(by_x, key=lambda point: point[1])
        cut = by_x[n // 2][0]
        best, left = solve(by_x[: n // 2])
        other, right = solve(by_x[n // 2 :])
        best = min(best, other)
        by_y = sorted(left + right, key=lambda point: point[1])
        strip = [point for point in by_y if (point[0] - cut) ** 2 < best]
        for i, (x, y) in enumerate(strip):
            for u, v in strip[i + 1 : i + 8]:
                if (v - y) ** 2 >= best:
                    break
                best = min(best, (u - x) ** 2 + (v - y) ** 2)
        return best, by_y

    return solve(sorted(points))[0]


def naive(points):
    """O(n^2): every pair."""
    return min(
        (x - u) ** 2 + (y - v) ** 2 for i, (x, y) in enumerate(points) for u, v in points[:i]
    )


def fast_wrong(points):
    """Wrong: compares each point with the next three from left to right. O(n log n)."""
    order = sorted(points)
    return min(
        (x - u) ** 2 + (y - v) ** 2
        for step in (1, 2, 3)
        for (x, y), (u, v) in zip(order, order[step:])
    )


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([(0, 0), (0, 0)],),
        ([(-1, 4), (7, 4)],),
        ([(3, 0), (3, 10), (3, -7), (3, 1)],),
        ([(0, 5), (9, 5), (4, 5)],),
        ([(0, 0), (1, 50), (2, -50), (3, 90), (4, -90), (5, 1)],),
        ([(-(10**9), -(10**9)), (10**9, 10**9)],),
        ([(0, 0), (10, 10), (20, 20), (10, 10)],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    far = 10**9
    if cid % 4 == 0:  # nearly above each other, far apart: no strip is thin
        return ([(random.randint(0, 99), random.randint(-far, far)) for _ in range(size)],)
    if cid % 4 == 1:  # nearly on a level
        return ([(random.randint(-far, far), random.randint(0, 99)) for _ in range(size)],)
    if cid % 4 == 2:  # a jittered grid, where all neighbours are about as near
        side = int(size**0.5) + 1
        grid = [(1000 * r, 1000 * c) for r in range(side) for c in range(side)]
        return ([(x + random.randint(0, 99), y + random.randint(0, 99)) for x, y in grid[:size]],)
    return ([(random.randint(-far, far), random.randint(-far, far)) for _ in range(size)],)


def __check(input, answer, output):
    return type(output) is int and output == answer
