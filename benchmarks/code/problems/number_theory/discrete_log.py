"""Discrete logarithm modulo a safe prime."""

TAG = "algorithm design"
LEVELS = (40, 3_000_000, 100_000_000, 1_000_000_000)


def discrete_log(base: int, value: int, prime: int) -> int:
    """Return the least x >= 0 with base**x % prime == value, or -1 if there is none. It holds
    that 1 <= base < prime and 1 <= value < prime.
    >>> discrete_log(3, 6, 7)
    3
    >>> discrete_log(2, 3, 7)
    -1
    """


def reference(base, value, prime):
    """O(sqrt p): small steps into a table, then giant steps."""
    from math import isqrt

    if value == 1:
        return 0
    width = isqrt(prime) + 1
    steps, x = {}, value
    for j in range(width):
        steps[x] = j
        x = x * base % prime
    giant = pow(base, width, prime)
    x = 1
    for i in range(width, prime + width, width):
        x = x * giant % prime
        if x in steps:
            return i - steps[x]
    return -1


def mid(base, value, prime):
    """O(sqrt p log p): as the reference, but raises to a power at every giant step."""
    from math import isqrt

    width = isqrt(prime) + 1
    steps = {}
    for j in range(width):
        steps.setdefault(pow(base, j, prime), j)
    back = pow(pow(base, width, prime), prime - 2, prime)
    x = value
    for i in range(width):
        if x in steps:
            return i * width + steps[x]
        x = x * back % prime
    return -1


def naive(base, value, prime):
    """O(p): multiplies until the value is met."""
    x = 1
    for i in range(prime):
        if x == value:
            return i
        x = x * base % prime
    return -1


def fast_wrong(base, value, prime):
    """Wrong: of equal small steps it keeps the last, so the exponent need not be the least."""
    from math import isqrt

    width = isqrt(prime)
    steps, x = {}, 1
    for j in range(width):
        steps[x] = j
        x = x * base % prime
    back = pow(x, -1, prime)
    x = value
    for i in range(width):
        if x in steps:
            return i * width + steps[x]
        x = x * back % prime
    return -1


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        (1, 1, 2),
        (1, 5, 7),
        (6, 6, 7),
        (6, 1, 7),
        (10, 100, 101),
        (2, 3, 101),
        (4, 2, 103),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]

    def is_prime(n):
        return all(n == p or pow(p, n - 1, n) == 1 for p in (2, 3, 5, 7, 11))

    # p = 2q + 1 with q prime: the order of the group has no small factors to work with.
    q = (size + random.randint(0, size // 10)) // 2 | 1
    while not (is_prime(q) and is_prime(2 * q + 1)):
        q += 2
    prime = 2 * q + 1
    base = random.randint(2, prime - 2)
    exponent = random.randint(q * 9 // 10, q - 1)
    value = pow(base, exponent, prime)
    if cid % 4 == 0:
        base, value = base * base % prime, prime - value * value % prime
    return base, value, prime


def __check(input, answer, output):
    return type(output) is int and output == answer
