"""The area of the convex hull of many points."""

TAG = "algorithm design"
LEVELS = (6, 1000, 3000, 6000)


def hull_area(points: list[tuple[int, int]]) -> int:
    """Return twice the area of the smallest convex polygon that holds all points. It is 0
    without points, and if all lie on a line.
    >>> hull_area([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2)])
    8
    >>> hull_area([(1, 1), (2, 2), (3, 3)])
    0
    """


def reference(points):
    """O(n log n): an upper and a lower chain over the points from left to right."""
    order = sorted(set(points))
    area = 0
    for row in (order, order[::-1]):
        xs, ys = [], []
        for x, y in row:
            while len(xs) > 1:
                a, b = xs[-2], ys[-2]
                if (xs[-1] - a) * (y - b) > (ys[-1] - b) * (x - a):
                    break
                xs.pop()
                ys.pop()
            xs.append(x)
            ys.append(y)
        for i in range(1, len(xs)):
            area += xs[i - 1] * ys[i] - xs[i] * ys[i - 1]
    return area


def mid(points):
    """O(n log n): sorts by the angle at the lowest point, comparing pairs (Graham)."""
    from functools import cmp_to_key

    unique = list(set(points))
    if len(unique) < 3:
        return 0
    x0, y0 = min(unique, key=lambda point: (point[1], point[0]))

    def turn(p, q):
        cross = (p[0] - x0) * (q[1] - y0) - (p[1] - y0) * (q[0] - x0)
        if cross:
            return -1 if cross > 0 else 1
        return (p[0] - x0) ** 2 + (p[1] - y0) ** 2 - (q[0] - x0) ** 2 - (q[1] - y0) ** 2

    unique.remove((x0, y0))
    hull = [(x0, y0)]
    for x, y in sorted(unique, key=cmp_to_key(turn)):
        while len(hull) > 1:
            (a, b), (c, d) = hull[-2], hull[-1]
            if (c - a) * (y - b) - (d - b) * (x - a) > 0:
                break
            hull.pop()
        hull.append((x, y))
    return sum(a * d - b * c for (a, b), (c, d) in zip(hull, hull[1:] + hull[:1]))


def naive(points):
    """O(n h): turns around the hull, all points for each of its h corners."""
    unique = list(set(points))
    if len(unique) < 3:
        return 0
    start = at = min(unique)
    area = 0
    while True:
        a, b = at
        to = None
        for point in unique:
            if point == at:
                continue
            if to is None:
                to = point
                continue
            cross = (to[0] - a) * (point[1] - b) - (to[1] - b) * (point[0] - a)
            if cross < 0 or (
                cross == 0
                and (point[0] - a) ** 2 + (point[1] - b) ** 2 > (to[0] - a) ** 2 + (to[1] - b) ** 2
            ):
                to = point
        area += a * to[1] - b * to[0]
        at = to
        if at == start:
            return area


def fast_wrong(points):
    """Wrong: the polygon of the farthest points in eight directions. O(n)."""
    if not points:
        return 0
    corners = []
    for u, v in ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)):
        corners.append(max(points, key=lambda point: (u * point[0] + v * point[1], point)))
    return abs(sum(a * d - b * c for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1])))


def generate_input(size: int, lid: int, cid: int):
    import random
    from math import cos, pi, sin

    corners = [
        ([],),
        ([(5, -5)],),
        ([(0, 0), (4, 4), (2, 2), (4, 4)],),
        ([(3, 1), (3, 9), (3, 4)],),
        ([(0, 0), (0, 3), (0, 6), (3, 0), (6, 0), (1, 1)],),
        ([(0, 10), (3, 9), (5, 8), (8, 5), (9, 3), (10, 0), (0, 0)],),
        ([(-(10**9), 0), (10**9, 1), (0, -(10**9))],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    far = 10**9 if lid else 20
    if cid % 2:  # on a circle: every point is a corner, or nearly
        turns = [random.uniform(0, 2 * pi) for _ in range(size)]
        return ([(round(far * cos(t)), round(far * sin(t))) for t in turns],)
    return ([(random.randint(-far, far), random.randint(-far, far)) for _ in range(size)],)


def __check(input, answer, output):
    return type(output) is int and output == answer
