"""Thousands of digits of pi, all of them right."""

TAG = "algorithm design"
LEVELS = (20, 1200, 2400, 4000)


def pi_digits(count: int) -> str:
    """Return the first `count` digits of pi after the point, cut off and not rounded; at most
    4000.
    >>> pi_digits(5)
    '14159'
    >>> pi_digits(0)
    ''
    """


def reference(count):
    """O(M(n) log^2 n): the series of the Chudnovskys, summed by halves."""
    from math import isqrt

    extra = 20

    def sums(low, high):
        if high - low == 1:
            p = (6 * low - 5) * (2 * low - 1) * (6 * low - 1)
            q = 10_939_058_860_032_000 * low**3
            return p, q, p * (13_591_409 + 545_140_134 * low) * (-1 if low & 1 else 1)
        middle = (low + high) // 2
        p, q, t = sums(low, middle)
        p2, q2, t2 = sums(middle, high)
        return p * p2, q * q2, q2 * t + p * t2

    one = 10 ** (count + extra)
    _, q, t = sums(1, (count + extra) // 14 + 3)
    pi = q * 426_880 * isqrt(10_005 * one * one) // (13_591_409 * q + t)
    return str(pi // 10**extra)[1:]


def mid(count):
    """O(n^2): the series of the Chudnovskys, term after term."""
    from math import isqrt

    extra = 20
    one = 10 ** (count + extra)
    k, term = 0, one
    total = 13_591_409 * one
    while term:
        k += 1
        term = term * -((6 * k - 5) * (2 * k - 1) * (6 * k - 1)) // (k**3 * 10_939_058_860_032_000)
        total += (13_591_409 + 545_140_134 * k) * term
        if term == -1:
            break
    pi = 426_880 * isqrt(10_005 * one * one) * one // total
    return str(pi // 10**extra)[1:]


def naive(count):
    """O(n^2): Machin's two arctangents, term after term."""
    extra = 20
    one = 10 ** (count + extra)

    def arctan(x):
        power = one // x
        total, n, sign = power, 1, 1
        while power:
            power //= x * x
            n += 2
            sign = -sign
            total += sign * (power // n)
        return total

    pi = 4 * (4 * arctan(5) - arctan(239))
    return str(pi // 10**extra)[1:]


def fast_wrong(count):
    """Wrong: rounds the last digit. O(M(n) log^2 n)."""
    from math import isqrt

    extra = 15

    def sums(low, high):
        if high - low == 1:
            p = (6 * low - 5) * (2 * low - 1) * (6 * low - 1)
            q = 10_939_058_860_032_000 * low**3
            return p, q, p * (13_591_409 + 545_140_134 * low) * (-1 if low & 1 else 1)
        middle = (low + high) // 2
        p, q, t = sums(low, middle)
        p2, q2, t2 = sums(middle, high)
        return p * p2, q * q2, q2 * t + p * t2

    one = 10 ** (count + extra)
    _, q, t = sums(1, (count + extra) // 14 + 3)
    pi = q * 426_880 * isqrt(10_005 * one * one) // (13_591_409 * q + t)
    return str((pi + 10**extra // 2) // 10**extra)[1:]


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [0, 1, 2, 14, 31, 32, 33]
    if lid == 0 and cid < len(corners):
        return (corners[cid],)
    return (random.randint(size - size // 20, size),)


def __check(input, answer, output):
    return type(output) is str and output == answer
