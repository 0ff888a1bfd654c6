"""Terms of a linear recurrence far from its start."""

TAG = "algorithm design"
LEVELS = (2, 4, 9, 14)


def recurrence_term(weights: list[int], start: list[int], n: int, modulus: int) -> int:
    """A sequence starts with the k terms of `start` (k is at least 1). Every later term is the
    sum of the k before it, each times its weight: weights[0] for the one just before, weights[1]
    for the one before that, and so on. Return term n, counted from 0, modulo `modulus`, from 0
    to modulus - 1.
    >>> recurrence_term([1, 1], [0, 1], 10, 1000)
    55
    >>> recurrence_term([2], [3], 3, 5)
    4
    """


def reference(weights, start, n, modulus):
    """O(k^2 log n): halves n in a quotient of two polynomials (Bostan and Mori)."""
    k = len(weights)
    below = [1] + [-w % modulus for w in weights]
    above = [sum(below[j] * start[i - j] for j in range(i + 1)) % modulus for i in range(k)]
    while n:
        odd = n & 1
        # below(x) * below(-x) has even powers only; of above(x) * below(-x) one half is wanted.
        mirror = [-c if i & 1 else c for i, c in enumerate(below)]
        new_above = []
        for i in range(odd, 2 * k, 2):
            low = i - k if i > k else 0
            part = above[low : i + 1]
            new_above.append(sum([c * m for c, m in zip(part, mirror[i - low :: -1])]) % modulus)
        new_below = []
        for i in range(0, 2 * k + 1, 2):
            low = i - k if i > k else 0
            part = below[low : i + 1]
            new_below.append(sum([c * m for c, m in zip(part, mirror[i - low :: -1])]) % modulus)
        above, below = new_above, new_below
        n >>= 1
    return above[0] % modulus


def mid(weights, start, n, modulus):
    """O(k^2 log n): powers of x modulo the characteristic polynomial (Kitamasa)."""
    k = len(weights)
    if n < k:
        return start[n] % modulus

    def product(p, q):
        full = [0] * (2 * k - 1)
        for i, a in enumerate(p):
            for j, b in enumerate(q):
                full[i + j] = (full[i + j] + a * b) % modulus
        for i in range(2 * k - 2, k - 1, -1):
            for j, w in enumerate(weights, 1):
                full[i - j] = (full[i - j] + full[i] * w) % modulus
        return full[:k]

    power = [1] + [0] * (k - 1)
    square = [0, 1, *[0] * (k - 2)] if k > 1 else [weights[0]]
    while n:
        if n & 1:
            power = product(power, square)
        square = product(square, square)
        n >>= 1
    return sum(c * s for c, s in zip(power, start)) % modulus


def naive(weights, start, n, modulus):
    """O(k^3 log n): powers of a matrix."""
    k = len(weights)
    if n < k:
        return start[n] % modulus

    def product(a, b):
        columns = list(zip(*b))
        return [[sum(x * y for x, y in zip(row, c)) % modulus for c in columns] for row in a]

    step = [list(weights)] + [[int(i == j) for j in range(k)] for i in range(k - 1)]
    power = [[int(i == j) for j in range(k)] for i in range(k)]
    left = n - k + 1
    while left:
        if left & 1:
            power = product(power, step)
        step = product(step, step)
        left >>= 1
    return sum(x * s for x, s in zip(power[0], reversed(start))) % modulus


def fast_wrong(weights, start, n, modulus):
    """Wrong: lets terms repeat after modulus - 1 steps, as powers of a number do. O(k m)."""
    k = len(weights)
    if n >= k and modulus > 1:
        n = k + (n - k) % (modulus - 1)
    last = list(start)
    for _ in range(n - k + 1):
        last = [*last[1:], sum(w * t for w, t in zip(weights, reversed(last))) % modulus]
    return last[n if n < k else -1] % modulus


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([1, 1], [0, 1], 0, 10),
        ([1, 1], [0, 1], 1, 1),
        ([-1], [5], 7, 9),
        ([0, 0], [3, 4], 6, 5),
        ([1, 2, 3], [-1, -2, -3], 2, 7),
        ([1, 1], [0, 1], 90, 1000),
        ([5], [2], 10**6, 7),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    modulus = 997 if cid % 2 else 1009
    weights = [random.randint(-modulus, modulus) for _ in range(size)]
    start = [random.randint(0, modulus) for _ in range(size)]
    far = 100 if lid == 0 else 2 ** (40 * lid)
    return weights, start, far + random.randint(0, far // 2), modulus


def __check(input, answer, output):
    return type(output) is int and output == answer
