"""Edit distance of two long, similar texts."""

TAG = "algorithm design"
LEVELS = (8, 400, 1200, 2500)


def edit_distance(a: str, b: str) -> int:
    """Return the least number of single letters to insert, delete or replace that turns `a` into
    `b`.
    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance("", "ab")
    2
    """


def reference(a, b):
    """O(n m / w): a column of the table is one long number of bits (Myers)."""
    if not a:
        return len(b)
    where = {}
    for i, letter in enumerate(a):
        where[letter] = where.get(letter, 0) | 1 << i
    size = len(a)
    mask, last = (1 << size) - 1, 1 << (size - 1)
    up, down, distance = mask, 0, size
    for letter in b:
        match = where.get(letter, 0)
        straight = match | down
        diagonal = (((match & up) + up) ^ up) | match
        right_up = down | ~(diagonal | up) & mask
        right_down = up & diagonal
        if right_up & last:
            distance += 1
        elif right_down & last:
            distance -= 1
        right_up = (right_up << 1 | 1) & mask
        up = (right_down << 1) & mask | ~(straight | right_up) & mask
        down = right_up & straight
    return distance


def mid(a, b):
    """O(n D): a band around the diagonal, doubled until the distance D fits (Ukkonen)."""
    if len(a) > len(b):
        a, b = b, a
    n, m = len(a), len(b)
    limit = max(m - n, 4)
    while True:
        far = limit + 1
        row = [j if j <= limit else far for j in range(m + 2)]
        for i in range(1, n + 1):
            low, high = max(1, i - limit), min(m, i + limit)
            letter = a[i - 1]
            diagonal = row[low - 1]
            row[low - 1] = left = i if low == 1 else far
            for j in range(low, high + 1):
                above = row[j]
                if letter == b[j - 1]:
                    left = diagonal
                elif above < left:
                    left = (above if above < diagonal else diagonal) + 1
                elif diagonal < left:
                    left = diagonal + 1
                else:
                    left += 1
                row[j] = left
                diagonal = above
            row[high + 1] = far
        if row[m] <= limit or limit >= m:
            return row[m]
        limit *= 2


def naive(a, b):
    """O(n m): the whole table."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                table[i][j] = i + j
            else:
                table[i][j] = min(
                    table[i - 1][j] + 1,
                    table[i][j - 1] + 1,
                    table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
                )
    return table[-1][-1]


def fast_wrong(a, b):
    """Wrong: cuts off what both texts share at their ends and replaces all of the rest. O(n)."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    a, b = a[start:], b[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    shared = sum(x == y for x, y in zip(a, b))
    return max(len(a), len(b)) - shared


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ("", ""),
        ("", "abc"),
        ("abc", ""),
        ("a" * 9, "a" * 5),
        ("abcdefgh", "bcdefgha"),
        ("abab", "baba"),
        ("abcd", "wxyz"),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    letters = ["abcdefghij", "ab", "abcd", "aab"][cid % 4]
    text = [random.choice(letters) for _ in range(size)]
    other = list(text)
    for _ in range(9):
        i = random.randrange(len(other))
        other[i : i + random.randint(0, 1)] = random.choices(letters, k=random.randint(0, 1))
    return "".join(text), "".join(other)


def __check(input, answer, output):
    return type(output) is int and output == answer
