"""Backtracking: ways to place queens on a board with blocked squares."""

TAG = "implementation optimisation"
LEVELS = (4, 8, 9, 10)


def count_queens(board: list[str]) -> int:
    """Count the ways to place one queen in every row of a square board so that no two share a
    column or a diagonal and none stands on a blocked square '#'. Other squares are '.'. Queens
    reach across blocked squares. An empty board has one way.
    >>> count_queens(["....", "....", "....", "...."])
    2
    >>> count_queens([".#", ".."])
    0
    """


def reference(board):
    """O(n!): row by row, with columns and diagonals as bits of three numbers."""
    size = len(board)
    full = (1 << size) - 1
    free = [sum(1 << i for i, square in enumerate(row) if square != "#") for row in board]
    if size == 0:
        return 1

    def place(row, columns, falling, rising):
        open_squares = free[row] & ~(columns | falling | rising)
        if row == size - 1:
            return open_squares.bit_count()
        ways = 0
        while open_squares:
            queen = open_squares & -open_squares
            open_squares ^= queen
            ways += place(
                row + 1, columns | queen, (falling | queen) << 1 & full, (rising | queen) >> 1
            )
        return ways

    return place(0, 0, 0, 0)


def mid(board):
    """O(n!): row by row, with lists of taken columns and diagonals."""
    size = len(board)
    free = [[i for i, square in enumerate(row) if square != "#"] for row in board]
    columns = [False] * size
    falling = [False] * (2 * size)
    rising = [False] * (2 * size)

    def place(row):
        if row == size:
            return 1
        ways = 0
        for i in free[row]:
            if columns[i] or falling[row - i] or rising[row + i]:
                continue
            columns[i] = falling[row - i] = rising[row + i] = True
            ways += place(row + 1)
            columns[i] = falling[row - i] = rising[row + i] = False
        return ways

    return place(0)


def naive(board):
    """O(n! n): tests every order of the columns."""
    from itertools import permutations

    size = len(board)
    ways = 0
    for order in permutations(range(size)):
        if any(board[row][i] == "#" for row, i in enumerate(order)):
            continue
        falling = {row - i for row, i in enumerate(order)}
        rising = {row + i for row, i in enumerate(order)}
        ways += len(falling) == size and len(rising) == size
    return ways


def fast_wrong(board):
    """Wrong: doubles half of the first row, as if blocked squares were symmetric. O(n!)."""
    size = len(board)
    full = (1 << size) - 1
    free = [sum(1 << i for i, square in enumerate(row) if square != "#") for row in board]

    def place(row, open_squares, columns, falling, rising):
        ways = 0
        open_squares &= ~(columns | falling | rising)
        if row == size - 1:
            return open_squares.bit_count()
        while open_squares:
            queen = open_squares & -open_squares
            open_squares ^= queen
            ways += place(
                row + 1,
                free[row + 1],
                columns | queen,
                (falling | queen) << 1 & full,
                (rising | queen) >> 1,
            )
        return ways

    if size == 0:
        return 1
    half = (1 << size // 2) - 1
    ways = 2 * place(0, free[0] & half, 0, 0, 0)
    if size % 2:
        ways += place(0, free[0] & (1 << size // 2), 0, 0, 0)
    return ways


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        (["."],),
        (["#"],),
        (["....", "....", "....", "...."],),
        ([".....", ".....", "#....", ".....", "....."],),
        (["#.....", "......", "......", "......", "......", "......"],),
        ([".#...", ".....", ".....", ".....", "....#"],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    # Few squares are blocked: the more are, the sooner every search ends.
    board = [["."] * size for _ in range(size)]
    for _ in range(random.randint(1, 3)):
        board[random.randrange(size)][random.randrange(size)] = "#"
    return (["".join(row) for row in board],)


def __check(input, answer, output):
    return type(output) is int and output == answer
