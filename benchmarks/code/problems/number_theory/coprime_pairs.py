"""How many pairs of numbers have no common divisor."""

TAG = "algorithm design"
LEVELS = (30, 30_000, 250_000, 800_000)


def coprime_pairs(n: int) -> int:
    """Count the pairs 1 <= a < b <= n whose greatest common divisor is 1.
    >>> coprime_pairs(4)
    5
    >>> coprime_pairs(1)
    0
    """


def reference(n):
    """O(n^(2/3)): sums of Euler's function, small ones by a sieve, large ones from n // k."""
    if n < 2:
        return 0
    top = max(2, int(0.8 * n ** (2 / 3)))
    phi = list(range(top + 1))
    for p in range(2, top + 1):
        if phi[p] == p:
            for multiple in range(p, top + 1, p):
                phi[multiple] -= phi[multiple] // p
    for i in range(1, top + 1):
        phi[i] += phi[i - 1]
    # large[k]: pairs a <= b <= n // k.
    large = {}
    for k in range(n // (top + 1), 0, -1):
        m = n // k
        total = m * (m + 1) // 2
        d = 2
        while d <= m:
            part = m // d
            last = m // part
            total -= (last - d + 1) * (phi[part] if part <= top else large[k * d])
            d = last + 1
        large[k] = total
    return (large[1] if large else phi[n]) - 1


def mid(n):
    """O(n^(3/4)): the same sums from n // k alone, without a sieve."""
    if n < 2:
        return 0
    known = {1: 1}
    quotients = sorted({n // k for k in range(1, int(n**0.5) + 1)} | set(range(1, int(n**0.5) + 1)))
    for m in quotients:
        total = m * (m + 1) // 2
        d = 2
        while d <= m:
            part = m // d
            last = m // part
            total -= (last - d + 1) * known[part]
            d = last + 1
        known[m] = total
    return known[n] - 1


def naive(n):
    """O(n log log n): Euler's function of every number by a sieve."""
    phi = list(range(n + 1))
    for p in range(2, n + 1):
        if phi[p] == p:
            for multiple in range(p, n + 1, p):
                phi[multiple] -= phi[multiple] // p
    return sum(phi[2:])


def fast_wrong(n):
    """Wrong: the limit of the share, 6 / pi^2, is not the count. O(1)."""
    from math import pi

    return round(3 * n * n / pi**2) if n > 1 else 0


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [1, 2, 3, 6, 10, 100]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)
    return (random.randint(size - size // 20, size),)


def __check(input, answer, output):
    return type(output) is int and output == answer
