"""A cheapest way through a field of digits."""

TAG = "algorithm design"
LEVELS = (3, 35, 65, 105)


def cheapest_walk(field: list[str]) -> str:
    """A field is a list of rows of digits 1 to 9, all of the same length. A walk goes from the
    upper left square to the lower right one by steps L, R, U, D to neighbouring squares, and
    pays the digit of every square it enters. Return the steps of a cheapest walk; if there are
    several, any.
    >>> cheapest_walk(["119", "911", "991"])
    'RDRD'
    >>> cheapest_walk(["5"])
    ''
    """


def reference(field):
    """O(n): a queue per cost, as steps cost at most 9; squares are numbers, the rim is walled."""
    width = len(field[0]) + 1
    price = [0] * width
    for row in field:
        price += [*map(int, row), 0]
    price += [0] * width
    start, goal = width, len(price) - width - 2
    came = [0] * len(price)
    best = [1 << 60] * len(price)
    best[start] = 0
    queues = [[start]] + [[] for _ in range(9)]
    cost = 0
    steps = (1, width, -1, -width)
    while best[goal] > cost:
        queue = queues[cost % 10]
        for at in queue:
            if best[at] == cost:
                for step in steps:
                    to = at + step
                    toll = price[to]
                    if toll and cost + toll < best[to]:
                        best[to] = cost + toll
                        came[to] = step
                        queues[(cost + toll) % 10].append(to)
        queue.clear()
        cost += 1
    names = {1: "R", width: "D", -1: "L", -width: "U"}
    walk = []
    at = goal
    while at != start:
        walk.append(names[came[at]])
        at -= came[at]
    return "".join(reversed(walk))


def mid(field):
    """O(n log n): Dijkstra with a heap of squares."""
    from heapq import heappop, heappush

    height, width = len(field), len(field[0])
    tolls = [int(digit) for row in field for digit in row]
    best = [1 << 60] * len(tolls)
    came = [0] * len(tolls)
    best[0] = 0
    heap = [(0, 0)]
    while heap:
        cost, at = heappop(heap)
        if at == len(tolls) - 1:
            break
        if cost > best[at]:
            continue
        r, c = divmod(at, width)
        near = []
        if c + 1 < width:
            near.append(at + 1)
        if r + 1 < height:
            near.append(at + width)
        if c:
            near.append(at - 1)
        if r:
            near.append(at - width)
        for to in near:
            if cost + tolls[to] < best[to]:
                best[to] = cost + tolls[to]
                came[to] = at
                heappush(heap, (best[to], to))
    walk = ""
    at = len(tolls) - 1
    while at:
        step = at - came[at]
        walk += (
            "R"
            if step == 1 and at % width
            else "L"
            if step == -1 and came[at] % width
            else "DU"[step < 0]
        )
        at = came[at]
    return walk[::-1]


def naive(field):
    """O(n^2): improves every square from its neighbours until nothing changes."""
    height, width = len(field), len(field[0])
    best = [[1 << 60] * width for _ in range(height)]
    came = {}
    best[0][0] = 0
    changed = True
    while changed:
        changed = False
        for r in range(height):
            for c in range(width):
                for step, y, x in (
                    ("R", r, c - 1),
                    ("D", r - 1, c),
                    ("L", r, c + 1),
                    ("U", r + 1, c),
                ):
                    if 0 <= y < height and 0 <= x < width:
                        total = best[y][x] + int(field[r][c])
                        if total < best[r][c]:
                            best[r][c] = total
                            came[r, c] = step, y, x
                            changed = True
    walk = []
    r, c = height - 1, width - 1
    while (r, c) != (0, 0):
        step, r, c = came[r, c]
        walk.append(step)
    return "".join(reversed(walk))


def fast_wrong(field):
    """Wrong: steps to the right and down only. O(n)."""
    height, width = len(field), len(field[0])
    best = {}
    for r in range(height):
        for c in range(width):
            toll = int(field[r][c])
            left = best[r, c - 1][0] + toll if c else 1 << 60
            above = best[r - 1, c][0] + toll if r else 1 << 60
            best[r, c] = (0, "") if r == c == 0 else (left, "R") if left < above else (above, "D")
    walk = []
    r, c = height - 1, width - 1
    while (r, c) != (0, 0):
        step = best[r, c][1]
        walk.append(step)
        r, c = (r, c - 1) if step == "R" else (r - 1, c)
    return "".join(reversed(walk))


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        (["7"],),
        (["1234"],),
        (["1", "9", "1"],),
        (["1111", "1111", "1111"],),
        (["11111", "99991", "11111", "19999", "11111"],),
        (["191", "191", "111"],),
        (["19111", "19191", "11191"],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    if cid % 2:
        return (["".join(random.choices("123456789", k=size)) for _ in range(size)],)
    # Walls of 9 with a gap at alternate ends: the cheapest walk goes to and fro.
    rows = ["".join(random.choices("12", k=size)) for _ in range(size)]
    for i, r in enumerate(range(2, size - 1, 4)):
        wall = "9" * (size - 1)
        rows[r] = "1" + wall if i % 2 else wall + "1"
        rows[r + 1] = rows[r]
    return (rows,)


def __check(input, answer, output):
    if type(output) is not str:
        return False
    field = input[0]
    moves = {"L": (0, -1), "R": (0, 1), "U": (-1, 0), "D": (1, 0)}

    def cost(walk):
        r = c = total = 0
        for step in walk:
            if step not in moves:
                return None
            r, c = r + moves[step][0], c + moves[step][1]
            if not (0 <= r < len(field) and 0 <= c < len(field[0])):
                return None
            total += int(field[r][c])
        return total if (r, c) == (len(field) - 1, len(field[0]) - 1) else None

    return cost(output) == cost(answer)
