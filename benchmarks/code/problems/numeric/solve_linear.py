"""Linear equations whose pivots must be searched for."""

TAG = "implementation optimisation"
LEVELS = (3, 25, 45, 65)


def solve_linear(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return the x that solves matrix * x = right, for a square, regular and well-conditioned
    matrix given by its rows. The residual may be up to 1e-8 times the size of the numbers.
    >>> solve_linear([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    [1.0, 0.5]
    >>> solve_linear([], [])
    []
    """


def reference(matrix, right):
    """O(n^3 / 3): elimination below the largest pivot, then back substitution."""
    rows = [[*row, b] for row, b in zip(matrix, right)]
    n = len(rows)
    done = []
    for _ in range(n):
        # The column in turn is always the first that is left.
        at = max(range(len(rows)), key=lambda i: abs(rows[i][0]))
        pivot = rows.pop(at)
        head, tail = pivot[0], pivot[1:]
        left = []
        for row in rows:
            if row[0]:
                factor = row[0] / head
                left.append([a - factor * b for a, b in zip(row[1:], tail)])
            else:
                left.append(row[1:])
        rows = left
        done.append(pivot)
    x = []
    for pivot in reversed(done):
        total = pivot[-1] - sum([a * b for a, b in zip(pivot[1:], x)])
        x.insert(0, total / pivot[0])
    return x


def mid(matrix, right):
    """O(n^3 / 2): elimination above and below the largest pivot."""
    rows = [[*row, b] for row, b in zip(matrix, right)]
    n = len(rows)
    for c in range(n):
        at = max(range(c, n), key=lambda i: abs(rows[i][c]))
        rows[c], rows[at] = rows[at], rows[c]
        pivot = [a / rows[c][c] for a in rows[c][c:]]
        rows[c][c:] = pivot
        for i in range(n):
            if i != c:
                row = rows[i]
                factor = row[c]
                row[c:] = [a - factor * b for a, b in zip(row[c:], pivot)]
    return [row[-1] for row in rows]


def naive(matrix, right):
    """O(2 n^3): the inverse of the matrix, number by number."""
    n = len(matrix)
    rows = [[*row, *[float(i == j) for j in range(n)]] for i, row in enumerate(matrix)]
    for c in range(n):
        at = c
        for i in range(c, n):
            if abs(rows[i][c]) > abs(rows[at][c]):
                at = i
        rows[c], rows[at] = rows[at], rows[c]
        pivot = rows[c][c]
        for j in range(2 * n):
            rows[c][j] = rows[c][j] / pivot
        for i in range(n):
            if i != c:
                factor = rows[i][c]
                for j in range(2 * n):
                    rows[i][j] = rows[i][j] - factor * rows[c][j]
    return [sum(rows[i][n + j] * right[j] for j in range(n)) for i in range(n)]


def fast_wrong(matrix, right):
    """Wrong: takes the pivots as they come, however small. O(n^3 / 3)."""
    rows = [[*row, b] for row, b in zip(matrix, right)]
    done = []
    while rows:
        pivot = rows[0]
        head, tail = pivot[0] or 1e-300, pivot[1:]
        rows = [
            [a - row[0] / head * b for a, b in zip(row[1:], tail)] if row[0] else row[1:]
            for row in rows[1:]
        ]
        done.append(pivot)
    x = []
    for pivot in reversed(done):
        total = pivot[-1] - sum(a * b for a, b in zip(pivot[1:], x))
        x.insert(0, total / (pivot[0] or 1e-300))
    return x


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([], []),
        ([[-4.0]], [2.0]),
        ([[0.0, 1.0], [1.0, 0.0]], [3.0, -7.0]),
        ([[1e-20, 1.0], [1.0, 1.0]], [1.0, 2.0]),
        ([[1.0, 2.0], [3.0, 4.0]], [0.0, 0.0]),
        ([[0.0, 2.0, 1.0], [1.0, 1.0, 0.0], [2.0, 0.0, 0.0]], [1.0, 2.0, 3.0]),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # One large number per row and column, but hardly any of them on the diagonal.
    matrix = [[random.uniform(-1.0, 1.0) for _ in range(size)] for _ in range(size)]
    for i, row in enumerate(matrix):
        row[i] += random.choice([-1.0, 1.0]) * size
    random.shuffle(matrix)
    if size > 1:
        matrix[0][0] = 1e-13
    return matrix, [random.uniform(-1.0, 1.0) for _ in range(size)]


def __check(input, answer, output):
    matrix, right = input
    if type(output) is not list or len(output) != len(right):
        return False
    if not all(type(x) in (int, float) and abs(x) < 1e300 for x in output):
        return False
    for row, b in zip(matrix, right):
        size = abs(b) + sum(abs(a * x) for a, x in zip(row, output))
        if abs(sum(a * x for a, x in zip(row, output)) - b) > 1e-8 * max(size, 1.0):
            return False
    return True
