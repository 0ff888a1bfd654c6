"""Pieces of land on a map of winding coasts."""

TAG = "implementation optimisation"
LEVELS = (4, 40, 100, 180)


def islands(chart: list[str]) -> int:
    """A chart is a list of rows of the same length, '#' is land and '.' is water. Squares of
    land belong to one island if a way over land joins them, from square to square to the left,
    right, up and down. Return how many islands there are.
    >>> islands(["##.", "..#", "#.#"])
    3
    >>> islands([])
    0
    """


def reference(chart):
    """O(n): floods one island after the other over one flat array."""
    width = max(map(len, chart), default=0) + 1
    land = bytearray("." * width + ".".join(chart) + "." * (width + 1), "ascii")
    count = 0
    start = land.find(b"#")
    while start >= 0:
        count += 1
        land[start] = 46
        open_squares = [start]
        while open_squares:
            at = open_squares.pop()
            for to in (at - 1, at + 1, at - width, at + width):
                if land[to] == 35:
                    land[to] = 46
                    open_squares.append(to)
        start = land.find(b"#", start)
    return count


def mid(chart):
    """O(n): joins squares of land to the one above and the one to the left, in a forest."""
    width = len(chart[0]) if chart else 0
    parent = list(range(width * len(chart)))
    count = 0
    for r, row in enumerate(chart):
        for c, square in enumerate(row):
            if square != "#":
                continue
            at = r * width + c
            count += 1
            if c and row[c - 1] == "#":
                parent[at] = at - 1
                count -= 1
            if r and chart[r - 1][c] == "#":
                i, j = at, at - width
                while parent[i] != i:
                    parent[i] = parent[parent[i]]
                    i = parent[i]
                while parent[j] != j:
                    parent[j] = parent[parent[j]]
                    j = parent[j]
                if i != j:
                    parent[i] = j
                    count -= 1
    return count


def naive(chart):
    """O(n^2): spreads the smaller number to neighbours until nothing changes."""
    number = {
        (r, c): r * len(row) + c
        for r, row in enumerate(chart)
        for c, sign in enumerate(row)
        if sign == "#"
    }
    changed = True
    while changed:
        changed = False
        for r, c in number:
            least = min(
                number.get(near, 1 << 60)
                for near in ((r, c), (r, c - 1), (r, c + 1), (r - 1, c), (r + 1, c))
            )
            if least < number[r, c]:
                number[r, c] = least
                changed = True
    return len(set(number.values()))


def fast_wrong(chart):
    """Wrong: Euler's formula counts islands less the lakes in them. O(n / w)."""
    if not chart:
        return 0
    rows = [int("0" + row.replace("#", "1").replace(".", "0"), 2) for row in chart]
    total = 0
    above = 0
    for row in rows:
        total += row.bit_count() - (row & row >> 1).bit_count() - (row & above).bit_count()
        both = row & above
        total += (both & both >> 1).bit_count()
        above = row
    return total


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        (["."],),
        (["#"],),
        (["###", "#.#", "###"],),
        (["#.#.", ".#.#"],),
        (["....", "...."],),
        (["#####", "#...#", "#.#.#", "#...#", "#####"],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    if cid % 4 == 0:  # one road to and fro over the whole chart
        rows = ["#" * size if r % 2 == 0 else "." * size for r in range(size)]
        for i, r in enumerate(range(1, size, 2)):
            rows[r] = "." * (size - 1) + "#" if i % 2 == 0 else "#" + "." * (size - 1)
        gap = random.randrange(0, size, 2)
        at = random.randrange(size)
        rows[gap] = rows[gap][:at] + "." + rows[gap][at + 1 :]
        return (rows,)
    if cid % 4 == 1:  # many tall combs that meet at the bottom
        rows = [
            "".join(random.choice("#.") if c % 2 else "#" for c in range(size)) for _ in range(2)
        ]
        rows += ["#." * (size // 2) + "#" * (size % 2)] * (size - 4) + ["#" * size] * 2
        return (rows,)
    share = 0.55 if cid % 4 == 2 else 0.7
    return (
        [
            "".join("#" if random.random() < share else "." for _ in range(size))
            for _ in range(size)
        ],
    )


def __check(input, answer, output):
    return type(output) is int and output == answer
