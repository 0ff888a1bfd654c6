"""The shortest net of wires along the streets of a town."""

TAG = "algorithm design"
LEVELS = (5, 100, 220, 400)


def cheapest_wiring(houses: list[tuple[int, int]]) -> int:
    """A wire between two houses (x, y) is as long as the way along the streets, the difference
    of their x plus that of their y. Return the least total length of wires that joins all
    houses. Houses can share a place.
    >>> cheapest_wiring([(0, 0), (3, 0), (3, 4)])
    7
    >>> cheapest_wiring([(1, 1)])
    0
    """


def reference(houses):
    """O(n log n): a house needs its nearest neighbour in each of eight directions only."""
    n = len(houses)
    wires = []
    points = list(houses)
    for turn in range(4):
        # Of the houses j with 0 <= x - x_j <= y - y_j the nearest has the largest x_j + y_j, which
        # a tree of maxima over y - x finds.
        ranks = {d: k for k, d in enumerate(sorted({y - x for x, y in points}), 1)}
        size = len(ranks)
        best = [-(1 << 60)] * (size + 1)
        who = [-1] * (size + 1)
        for i in sorted(range(n), key=points.__getitem__):
            x, y = points[i]
            total = x + y
            rank = k = ranks[y - x]
            nearest, at = -(1 << 60), -1
            while k:
                if best[k] > nearest:
                    nearest, at = best[k], who[k]
                k &= k - 1
            if at >= 0:
                wires.append((total - nearest, i, at))
            while rank <= size:
                if total > best[rank]:
                    best[rank] = total
                    who[rank] = i
                rank += rank & -rank
        points = [(y, x) if turn % 2 == 0 else (-x, y) for x, y in points]
    wires.sort()
    parent = list(range(n))
    total = joined = 0
    for length, i, j in wires:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        while parent[j] != j:
            parent[j] = j = parent[parent[j]]
        if i != j:
            parent[i] = j
            total += length
            joined += 1
            if joined == n - 1:
                break
    return total


def mid(houses):
    """O(n^2): adds the house that is nearest to those joined so far (Prim)."""
    if not houses:
        return 0
    x, y = houses[0]
    open_houses = [(abs(x - u) + abs(y - v), u, v) for u, v in houses[1:]]
    total = 0
    while open_houses:
        nearest = min(open_houses)
        open_houses.remove(nearest)
        length, x, y = nearest
        total += length
        open_houses = [(min(d, abs(x - u) + abs(y - v)), u, v) for d, u, v in open_houses]
    return total


def naive(houses):
    """O(n^2 log n): sorts all wires (Kruskal)."""
    n = len(houses)
    wires = sorted(
        (abs(houses[i][0] - houses[j][0]) + abs(houses[i][1] - houses[j][1]), i, j)
        for i in range(n)
        for j in range(i)
    )
    group = list(range(n))
    total = 0
    for length, i, j in wires:
        if group[i] != group[j]:
            old, new = group[i], group[j]
            group = [new if g == old else g for g in group]
            total += length
    return total


def fast_wrong(houses):
    """Wrong: one line of wires through the houses in order of place. O(n log n)."""
    from itertools import pairwise

    row = sorted(houses)
    return sum(abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(row))


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([(4, -4)],),
        ([(1, 1)] * 5,),
        ([(0, 0), (0, 9), (0, -3), (0, 4)],),
        ([(5, 0), (-7, 0), (2, 0)],),
        ([(0, 0), (2, 2), (-2, 2), (2, -2), (-2, -2)],),
        ([(-(10**9), 10**9), (10**9, -(10**9)), (0, 1)],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    far = [size * size, 10**6, size // 4 + 3, size][cid % 4]
    houses = [(random.randint(-far, far), random.randint(-far, far)) for _ in range(size)]
    if cid % 4 == 3:  # a falling line, where every house has all others in the same direction
        houses = [(x, far - x + y // size) for x, y in houses]
    return (houses,)


def __check(input, answer, output):
    return type(output) is int and output == answer
