"""The area under many overlapping sheets."""

TAG = "algorithm design"
LEVELS = (4, 90, 250, 500)


def covered_area(sheets: list[tuple[int, int, int, int]]) -> int:
    """A sheet (left, bottom, right, top) covers a rectangle; left <= right and bottom <= top.
    Return the area that at least one sheet covers.
    >>> covered_area([(0, 0, 2, 2), (1, 1, 3, 3)])
    7
    >>> covered_area([(0, 0, 5, 0)])
    0
    """


def reference(sheets):
    """O(n log n): a line moves to the right over a tree of covered heights."""
    sheets = [s for s in sheets if s[0] < s[2] and s[1] < s[3]]
    heights = sorted({s[1] for s in sheets} | {s[3] for s in sheets})
    rank = {y: i for i, y in enumerate(heights)}
    events = []
    for left, bottom, right, top in sheets:
        events.append((left, 1, rank[bottom], rank[top]))
        events.append((right, -1, rank[bottom], rank[top]))
    events.sort()
    size = 1
    while size < len(heights):
        size *= 2
    heights += heights[-1:] * (size + 1 - len(heights))
    whole = [0] * (2 * size)  # length of the heights below a node
    for i in range(size):
        whole[size + i] = heights[i + 1] - heights[i] if heights else 0
    for node in range(size - 1, 0, -1):
        whole[node] = whole[2 * node] + whole[2 * node + 1]
    covers = [0] * (2 * size)
    covered = [0] * (4 * size)
    area = last = 0
    for x, change, low, high in events:
        area += covered[1] * (x - last)
        last = x
        a, b = low + size, high + size
        i, j = a, b
        while i < j:
            if i & 1:
                covers[i] += change
                covered[i] = whole[i] if covers[i] else covered[2 * i] + covered[2 * i + 1]
                i += 1
            if j & 1:
                j -= 1
                covers[j] += change
                covered[j] = whole[j] if covers[j] else covered[2 * j] + covered[2 * j + 1]
            i >>= 1
            j >>= 1
        for node in (a >> 1, (b - 1) >> 1):
            while node:
                if not covers[node]:
                    covered[node] = covered[2 * node] + covered[2 * node + 1]
                node >>= 1
    return area


def mid(sheets):
    """O(n^2): a line moves to the right over a list of covers per height."""
    heights = sorted({s[1] for s in sheets} | {s[3] for s in sheets})
    rank = {y: i for i, y in enumerate(heights)}
    events = []
    for left, bottom, right, top in sheets:
        if left < right and bottom < top:
            events.append((left, 1, rank[bottom], rank[top]))
            events.append((right, -1, rank[bottom], rank[top]))
    events.sort()
    covers = [0] * len(heights)
    area = length = last = 0
    for x, change, low, high in events:
        area += length * (x - last)
        last = x
        for i in range(low, high):
            covers[i] += change
            if covers[i] == change == 1:
                length += heights[i + 1] - heights[i]
            elif covers[i] == 0:
                length -= heights[i + 1] - heights[i]
    return area


def naive(sheets):
    """O(n^2 log n): for every strip between two sides, joins the sheets that cross it."""
    from itertools import pairwise

    sides = sorted({s[0] for s in sheets} | {s[2] for s in sheets})
    area = 0
    for left, right in pairwise(sides):
        reach = None
        for bottom, top in sorted((s[1], s[3]) for s in sheets if s[0] <= left and s[2] >= right):
            start = bottom if reach is None else max(bottom, reach)
            if top > start:
                area += (right - left) * (top - start)
                reach = top
    return area


def fast_wrong(sheets):
    """Wrong: takes off the overlap of neighbours only, in order of their left sides. O(n log n)."""
    from itertools import pairwise

    row = sorted(sheets)
    area = sum((right - left) * (top - bottom) for left, bottom, right, top in row)
    for (a, b, c, d), (e, f, g, h) in pairwise(row):
        area -= max(0, min(c, g) - max(a, e)) * max(0, min(d, h) - max(b, f))
    return area


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([(-3, -2, 4, 5)],),
        ([(0, 0, 0, 9), (2, 2, 7, 2)],),
        ([(0, 0, 4, 4)] * 3,),
        ([(0, 0, 9, 9), (2, 2, 3, 3), (4, 4, 5, 5)],),
        ([(0, 0, 2, 1), (2, 0, 4, 1), (0, 1, 4, 2)],),
        ([(0, 1, 9, 2), (1, 0, 2, 9), (4, 0, 5, 9)],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Large sheets, tall ones and small ones; where all are tall, a line crosses many heights.
    far = 10**6 if lid else 12
    wide, tall = [(far, far), (far // 9, far), (far // 9, far // 9), (far, far // 9)][cid % 4]
    sheets = []
    for _ in range(size):
        left, bottom = random.randint(-far, far), random.randint(-far, far)
        sheets.append(
            (left, bottom, left + random.randint(0, wide), bottom + random.randint(0, tall))
        )
    return (sheets,)


def __check(input, answer, output):
    return type(output) is int and output == answer
