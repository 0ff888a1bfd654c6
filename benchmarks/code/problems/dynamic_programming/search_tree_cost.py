"""The best binary search tree for keys that are looked up more or less often."""

TAG = "algorithm design"
LEVELS = (5, 45, 85, 130)


def search_tree_cost(hits: list[int]) -> int:
    """Keys in sorted order are looked up `hits[i]` times each. A look-up costs the depth of the
    key in a binary search tree, where the root has depth 1. Return the least total cost that a
    tree can have. No keys cost nothing. Hits are not negative.
    >>> search_tree_cost([34, 8, 50])
    142
    >>> search_tree_cost([7])
    7
    """


def reference(hits):
    """O(n^2): the best root of a range lies between those of the two ranges one shorter (Knuth)."""
    n = len(hits)
    ends = [0]
    for hit in hits:
        ends.append(ends[-1] + hit)
    # cost[i][w], root[i][w]: the w keys from i on. An empty range costs nothing.
    cost = [[0, hit] for hit in hits] + [[0], [0]]
    root = [[i, i] for i in range(n)]
    for width in range(2, n + 1):
        for i in range(n - width + 1):
            here = cost[i]
            low, high = root[i][width - 1], root[i + 1][width - 1]
            best, at = here[low - i] + cost[low + 1][width - 1 - low + i], low
            for r in range(low + 1, high + 1):
                total = here[r - i] + cost[r + 1][width - 1 - r + i]
                if total < best:
                    best, at = total, r
            here.append(best + ends[i + width] - ends[i])
            root[i].append(at)
    return cost[0][n]


def mid(hits):
    """O(n^3): every root of every range, as one minimum over two rows."""
    from itertools import accumulate
    from operator import add

    n = len(hits)
    ends = [0, *accumulate(hits)]
    # from_left[i]: costs of the ranges that start at i, shortest first; to_right[j]: that end at j.
    from_left = [[0] for _ in range(n + 1)]
    to_right = [[0] for _ in range(n + 1)]
    for width in range(1, n + 1):
        for i in range(n - width + 1):
            j = i + width
            best = min(map(add, from_left[i], to_right[j][::-1])) + ends[j] - ends[i]
            from_left[i].append(best)
            to_right[j].append(best)
    return from_left[0][n]


def naive(hits):
    """O(n^3): every root of every range, by recursion with a memory."""
    from functools import lru_cache

    @lru_cache(None)
    def cost(i, j):
        if i == j:
            return 0
        return sum(hits[i:j]) + min(cost(i, r) + cost(r + 1, j) for r in range(i, j))

    return cost(0, len(hits))


def fast_wrong(hits):
    """Wrong: the key with the most hits becomes the root. O(n^2)."""
    total = 0
    open_ranges = [(0, len(hits), 1)]
    while open_ranges:
        i, j, depth = open_ranges.pop()
        if i < j:
            r = max(range(i, j), key=hits.__getitem__)
            total += depth * hits[r]
            open_ranges += [(i, r, depth + 1), (r + 1, j, depth + 1)]
    return total


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([0],),
        ([0, 0, 0, 0],),
        ([5, 5, 5, 5, 5, 5, 5],),
        ([9, 8, 7, 6, 5, 4],),
        ([1, 10**12, 1],),
        ([4, 3, 5, 3, 4],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Equal hits leave the widest choice of roots.
    least = [0, 90, 1, 0][cid % 4]
    hits = [random.randint(least, 100) for _ in range(size)]
    return (sorted(hits) if cid % 4 == 3 else hits,)


def __check(input, answer, output):
    return type(output) is int and output == answer
