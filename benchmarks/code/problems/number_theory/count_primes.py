"""Primes of a range far from zero."""

TAG = "algorithm design"
LEVELS = (30, 4_000_000, 300_000_000, 2_000_000_000)


def count_primes(low: int, high: int) -> int:
    """Count the primes p with low <= p <= high. Both bounds can be any integers; if low > high,
    the count is 0.
    >>> count_primes(10, 20)
    4
    >>> count_primes(-5, 3)
    2
    """


def reference(low, high):
    """O(w log log h + sqrt h): sieves the odd numbers of the range alone."""
    from math import isqrt

    if high < 2 or low > high:
        return 0
    low = max(low, 2)
    count = int(low == 2)
    low |= 1
    if low > high:
        return count
    top = isqrt(high)
    small = bytearray([1]) * (top // 2 + 1)
    odd = bytearray([1]) * ((high - low) // 2 + 1)
    size = len(odd)
    for i in range(1, (top + 1) // 2):
        if small[i]:
            p = 2 * i + 1
            small[2 * i * (i + 1) :: p] = bytes(len(range(2 * i * (i + 1), len(small), p)))
            start = max(p * p, -(-low // p) * p)
            if start % 2 == 0:
                start += p
            start = (start - low) // 2
            odd[start::p] = bytes(len(range(start, size, p)))
    return count + odd.count(1)


def mid(low, high):
    """O(w log log h + sqrt h): sieves all numbers of the range, even ones too."""
    from math import isqrt

    if high < 2:
        return 0
    low = max(low, 2)
    top = isqrt(high)
    small = [True] * (top + 1)
    width = max(0, high - low + 1)
    prime = bytearray([1]) * width
    for p in range(2, top + 1):
        if small[p]:
            for i in range(p * p, top + 1, p):
                small[i] = False
            start = max(p * p, (low + p - 1) // p * p) - low
            if start < width:
                prime[start::p] = bytes((width - 1 - start) // p + 1)
    return sum(prime)


def naive(low, high):
    """O(w sqrt h): divides every number by all up to its root."""
    count = 0
    for n in range(max(low, 2), high + 1):
        d = 2
        while d * d <= n and n % d:
            d += 1
        count += d * d > n
    return count


def fast_wrong(low, high):
    """Wrong: crosses out from the first multiple in the range, which can be the prime itself."""
    from math import isqrt

    low = max(low, 1) | 1
    if low > high:
        return 0
    top = isqrt(high)
    small = bytearray([1]) * (top // 2 + 1)
    odd = bytearray([1]) * ((high - low) // 2 + 1)
    size = len(odd)
    for i in range(1, (top + 1) // 2):
        if small[i]:
            p = 2 * i + 1
            small[2 * i * (i + 1) :: p] = bytes(len(range(2 * i * (i + 1), len(small), p)))
            start = -(-low // p) * p
            if start % 2 == 0:
                start += p
            start = (start - low) // 2
            odd[start::p] = bytes(len(range(start, size, p)))
    return odd.count(1)


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [(0, 1), (2, 2), (-9, 30), (1, 100), (20, 10), (24, 28), (49, 49), (3, 121)]
    if lid == 0 and cid < len(corners):
        return corners[cid]
    width = [0, 15_000, 200_000, 600_000][lid]
    low = size + random.randint(0, width)
    return low, low + width + random.randint(0, 9)


def __check(input, answer, output):
    return type(output) is int and output == answer
