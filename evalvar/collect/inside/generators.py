"""What an input generator may use without importing it, as the generators of ENAMEL do.

The signatures and the ranges of values are those of the data set's own helpers; the draws of a
seed differ from theirs.
"""

import random
import string
import time


def rand_parens(size: int, valid: bool = True, par: str = "()", sep: "str | None" = "") -> object:
    """Draw parentheses: balanced groups, joined by `sep`, or their list where it is None.

    Not valid: two balanced halves about a pair that closes before it opens.
    """
    if not valid:
        if sep != "":
            raise ValueError("rand_parens: sep must be '' for parentheses that are not valid")
        half = (size + 1) // 2 - 1
        return f"{rand_parens(half, True, par)}{par[1]}{par[0]}{rand_parens(half, True, par)}"
    groups: list[list[str]] = []
    is_open = 0
    for left in range(size + size % 2, 0, -1):
        if is_open == 0:
            groups.append([])
        opens = is_open == 0 or (is_open < left and random.randint(0, 1) == 1)
        groups[-1].append(par[0] if opens else par[1])
        is_open += 1 if opens else -1
    words = ["".join(group) for group in groups]
    return words if sep is None else sep.join(words)


def miller_rabin(n: int, k: int = 5) -> bool:
    """Whether n passes k rounds of the Miller-Rabin test; a composite does with chance <= 4**-k."""
    if n < 4:
        return n in (2, 3)
    if n % 2 == 0:
        return False
    twos = ((n - 1) & -(n - 1)).bit_length() - 1
    odd = (n - 1) >> twos
    return all(_passes(n, odd, twos, random.randint(2, n - 2)) for _ in range(k))


def _passes(n: int, odd: int, twos: int, base: int) -> bool:
    power = pow(base, odd, n)
    if power in (1, n - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % n
        if power == n - 1:
            return True
    return False


def rand_probably_prime(lb: int, ub: "int | None" = None) -> int:
    """Draw a probable prime of [lb, ub], widened to hold one; of [lb/2, lb] without ub."""
    if ub is None:
        ub = max(lb, 3)
        lb = ub // 2
    else:
        lb = max(lb, 0)
        ub = max(2 * lb, ub, 3)
    while True:
        drawn = random.randint(lb, ub)
        if miller_rabin(drawn):
            return drawn


# At level 0: composite although close to a primorial, a Carmichael number, the least prime, a cube.
_CORNERS = (30031, 561, 2, 125)


def rand_primality(size: int, lid: int, cid: int) -> int:
    """Draw a number for a test of primality: by case a prime, its square, a product of two."""
    if lid == 0 and cid < len(_CORNERS):
        return _CORNERS[cid]
    size = max(size, 4)
    if cid % 3 == 0:
        return rand_probably_prime(size)
    root = int(size**0.5 + 1)
    if cid % 3 == 1:
        return rand_probably_prime(root) ** 2
    return rand_probably_prime(root) * rand_probably_prime(root)


NAMES = {
    "random": random, "string": string, "time": time, "rand_parens": rand_parens,
    "miller_rabin": miller_rabin, "rand_probably_prime": rand_probably_prime,
    "rand_primality": rand_primality,
}  # fmt: skip
