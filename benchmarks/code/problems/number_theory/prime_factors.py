"""Prime factors of numbers that have no small ones."""

TAG = "algorithm design"
LEVELS = (1000, 100_000_000_000, 10_000_000_000_000, 1_000_000_000_000_000)


def prime_factors(numbers: list[int]) -> list[list[int]]:
    """For each number (at least 1) return its prime factors in rising order, each as often as it
    divides the number. The number 1 has none.
    >>> prime_factors([12, 1, 97])
    [[2, 2, 3], [], [97]]
    """


def reference(numbers):
    """O(n^(1/4)): strong tests of primality, and Brent's cycles with one gcd for many steps."""
    from math import gcd

    small = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]

    def is_prime(n):
        if n < 41 * 41:
            return True
        odd = n - 1
        twos = (odd & -odd).bit_length() - 1
        odd >>= twos
        for base in small if n >= 3_215_031_751 else (2, 3, 5, 7):
            x = pow(base, odd, n)
            if x in (1, n - 1):
                continue
            for _ in range(twos - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                return False
        return True

    def divisor(n):
        for c in range(1, n):
            y, length, found = 2, 1, 1
            while found == 1:
                x = y
                for _ in range(length):
                    y = (y * y + c) % n
                done = 0
                while done < length and found == 1:
                    start, product = y, 1
                    for _ in range(min(64, length - done)):
                        y = (y * y + c) % n
                        product = product * (x - y) % n
                    found = gcd(product, n)
                    done += 64
                length *= 2
            if found == n:
                found, y = 1, start
                while found == 1:
                    y = (y * y + c) % n
                    found = gcd(x - y, n)
            if found != n:
                return found

    def split(n):
        if n == 1:
            return []
        if is_prime(n):
            return [n]
        d = divisor(n)
        return split(d) + split(n // d)

    answers = []
    for n in numbers:
        factors = []
        for p in small:
            while n % p == 0:
                factors.append(p)
                n //= p
        answers.append(factors + sorted(split(n)))
    return answers


def mid(numbers):
    """O(n^(1/4) log n): strong tests of primality, and Floyd's cycles with a gcd at every step."""
    from math import gcd

    small = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]

    def is_prime(n):
        if n in small:
            return True
        odd, twos = n - 1, 0
        while odd % 2 == 0:
            odd //= 2
            twos += 1
        for base in small:
            x = pow(base, odd, n)
            if x in (1, n - 1):
                continue
            for _ in range(twos - 1):
                x = x * x % n
                if x == n - 1:
                    break
            else:
                return False
        return True

    def split(n):
        if n == 1:
            return []
        if is_prime(n):
            return [n]

        def step(x):
            return (x * x + c) % n

        d, c = n, 0
        while d == n:
            c += 1
            slow = fast = 2
            d = 1
            while d == 1:
                slow = step(slow)
                fast = step(step(fast))
                d = gcd(slow - fast, n)
        return split(d) + split(n // d)

    answers = []
    for n in numbers:
        factors = []
        for p in small:
            while n % p == 0:
                factors.append(p)
                n //= p
        answers.append(sorted(factors + split(n)))
    return answers


def naive(numbers):
    """O(sqrt n): divides by all numbers up to the root."""
    answers = []
    for n in numbers:
        factors, d = [], 2
        while d * d <= n:
            while n % d == 0:
                factors.append(d)
                n //= d
            d += 1
        answers.append(factors + [n] * (n > 1))
    return answers


def fast_wrong(numbers):
    """Wrong: one Fermat test calls Carmichael numbers prime. O(n^(1/4))."""
    from math import gcd

    small = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]

    def split(n):
        if n == 1:
            return []
        if pow(2, n - 1, n) == 1:
            return [n]
        d, c = n, 0
        while d == n:
            c += 1
            y, length, d = 2, 1, 1
            while d == 1:
                x = y
                for done in range(0, length, 64):
                    before, product = y, 1
                    for _ in range(min(64, length - done)):
                        y = (y * y + c) % n
                        product = product * (x - y) % n
                    d = gcd(product, n)
                    if d > 1:
                        break
                length *= 2
            if d == n:
                d, y = 1, before
                while d == 1:
                    y = (y * y + c) % n
                    d = gcd(x - y, n)
        return split(d) + split(n // d)

    answers = []
    for n in numbers:
        factors = []
        for p in small:
            while n % p == 0:
                factors.append(p)
                n //= p
        answers.append(factors + sorted(split(n)))
    return answers


def generate_input(size: int, lid: int, cid: int):
    import random

    corners = [
        ([],),
        ([1],),
        ([2, 3, 4, 8, 1024],),
        ([41 * 41, 43**3, 1681 * 1681],),
        ([56_052_361, 118_901_521],),
        ([3_215_031_751, 4_759_123_141],),
        ([2**31 - 1, 10**9 + 7, 2 * (10**9 + 7)],),
    ]
    if lid == 0 and cid < len(corners):
        return corners[cid]

    def prime_near(n):
        n |= 1
        while any(pow(base, n - 1, n) != 1 for base in (2, 3, 5, 7, 11)):
            n += 2
        return n

    if lid == 0:
        return ([random.randint(1, size) for _ in range(6)],)
    # Two primes of the same length each: nothing small to find, and no number is prime.
    root = int(size**0.5)
    low = root - root // 4
    return ([prime_near(random.randint(low, root)) * prime_near(root) for _ in range(6)],)


def __check(input, answer, output):
    return (
        type(output) is list
        and all(type(factors) is list for factors in output)
        and all(type(p) is int for factors in output for p in factors)
        and output == answer
    )
