"""The largest free rectangle of a plan."""

TAG = "algorithm design"
LEVELS = (4, 45, 90, 160)


def largest_rectangle(plan: list[str]) -> int:
    """A plan is a list of rows of the same length, of '.' for a free square and '#' for a wall.
    Return the largest number of squares in a rectangle that is free throughout.
    >>> largest_rectangle(["..#", "...", "#.."])
    4
    >>> largest_rectangle([])
    0
    """


def reference(plan):
    """O(n): over every row, a stack of rising heights of free columns."""
    best = 0
    heights = []
    for row in plan:
        heights = heights or [0] * len(row)
        stack = [(-1, 0)]  # of heights that can still grow to the right: where they start
        top = 0
        for i, square in enumerate(row):
            if square == "#":
                height = heights[i] = 0
            else:
                height = heights[i] = heights[i] + 1
            if height > top:
                stack.append((i, height))
                top = height
            elif height < top:
                start = i
                while top > height:
                    start = stack.pop()[0]
                    if top * (i - start) > best:
                        best = top * (i - start)
                    top = stack[-1][1]
                if height > top:
                    stack.append((start, height))
                    top = height
        width = len(row)
        for start, height in stack:
            if height * (width - start) > best:
                best = height * (width - start)
    return best


def mid(plan):
    """O(n): per square the bounds of its column's rectangle, carried from row to row."""
    if not plan:
        return 0
    width = len(plan[0])
    heights, lefts, rights = [0] * width, [0] * width, [width] * width
    best = 0
    for row in plan:
        left = 0
        for i in range(width):
            if row[i] == ".":
                heights[i] += 1
                lefts[i] = max(lefts[i], left)
            else:
                heights[i] = lefts[i] = 0
                left = i + 1
        right = width
        for i in range(width - 1, -1, -1):
            if row[i] == ".":
                rights[i] = min(rights[i], right)
            else:
                rights[i] = width
                right = i
        best = max(best, max(h * (r - a) for h, a, r in zip(heights, lefts, rights)))
    return best


def naive(plan):
    """O(n^1.5): from every square along its row, with the lowest height so far."""
    best = 0
    heights = [0] * len(plan[0]) if plan else []
    for row in plan:
        heights = [h + 1 if square == "." else 0 for h, square in zip(heights, row)]
        for i in range(len(row)):
            lowest = heights[i]
            for j in range(i, len(row)):
                lowest = min(lowest, heights[j])
                if lowest == 0:
                    break
                best = max(best, lowest * (j - i + 1))
    return best


def fast_wrong(plan):
    """Wrong: lets a height start where it is met, not where a greater one before it did. O(n)."""
    best = 0
    heights = []
    for row in plan:
        heights = heights or [0] * len(row)
        stack = [(-1, 0)]  # of heights that can still grow to the right: where they start
        top = 0
        for i, square in enumerate(row):
            if square == "#":
                height = heights[i] = 0
            else:
                height = heights[i] = heights[i] + 1
            if height > top:
                stack.append((i, height))
                top = height
            elif height < top:
                while top > height:
                    start = stack.pop()[0]
                    if top * (i - start) > best:
                        best = top * (i - start)
                    top = stack[-1][1]
                if height > top:
                    stack.append((i, height))
                    top = height
        width = len(row)
        for start, height in stack:
            if height * (width - start) > best:
                best = height * (width - start)
    return best


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        (["."],),
        (["#"],),
        (["....", "....", "...."],),
        (["#.#", "...", "#.#"],),
        (["...", "...", "###", "..."],),
        ([".##", "..."],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Few walls leave long runs, and stairs keep the stack high.
    share = [0.02, 0.2, 0.005, 0.0][cid % 4]
    rows = [
        "".join("#" if random.random() < share else "." for _ in range(size)) for _ in range(size)
    ]
    if cid % 4 == 3:
        at = random.randrange(1, size)
        rows = ["#" * max(0, at - r) + "." * (size - max(0, at - r)) for r in range(size)]
    return (rows,)


def __check(input, answer, output):
    return type(output) is int and output == answer
