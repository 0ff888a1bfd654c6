"""Numbers as words: the only place where a number becomes text.

Digits follow the standard error, a true minus sign is used, and what is undefined is a dash.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from math import floor, isfinite, log10

DASH = "\u2013"
MINUS = "\u2212"
# Half the width of a 95% normal interval in standard errors, to read a standard error back from
# bounds; only the number of digits depends on it.
_HALF_WIDTH = 1.96


def places(se: float, *, default: int = 1, fine: bool = False) -> int:
    """Return the decimals that one significant figure of the standard error leaves.

    `fine` keeps one more where that figure is 1 or 2, since rounding there costs most.

    >>> places(0.5), places(5.0), places(0.04), places(1.2), places(1.2, fine=True)
    (1, 0, 2, 0, 1)
    """
    if not isfinite(se) or se <= 0:
        return default
    if fine and se / 10 ** floor(log10(se) + 1e-9) < 3:
        se /= 10
    return int(min(6, max(0, -floor(log10(se) + 1e-9))))


def fixed(value: float, decimals: int, *, sign: bool = False) -> str:
    """Return a number with a thousands comma, a true minus sign and fixed decimals.

    Halves go away from zero, and 0.605 x 100 counts as 60.5 although it is stored as less.

    >>> fixed(60.5, 0), fixed(61.5, 0), fixed(100 * 0.605, 0), fixed(-0.25, 1)
    ('61', '62', '61', '\u22120.3')
    """
    if not isfinite(value):
        return DASH if value != value else ("∞" if value > 0 else MINUS + "∞")
    text = f"{_rounded(abs(value), decimals):,f}"
    zero = float(text.replace(",", "")) == 0
    if value < 0 and not zero:
        return MINUS + text
    return "+" + text if sign and not zero else text


def _rounded(value: float, decimals: int) -> Decimal:
    exact = Decimal(f"{value:.12g}")
    # Decimal counts all digits of a number, and has 28 of them.
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if value < 1e15 else exact


def spread(low: float, high: float) -> float:
    """Return the standard error that an interval's width corresponds to, for digits only."""
    return (high - low) / (2 * _HALF_WIDTH)


def decimals_for(
    value: float,
    se: float,
    low: float,
    high: float,
    *,
    default: int | None = None,
    fine: bool = False,
) -> int:
    """Return the decimals for a value: its standard error, else its interval, else its size."""
    if isfinite(low) and isfinite(high) and high > low:
        digits = places(se if isfinite(se) and se > 0 else spread(low, high), fine=fine)
        # Bounds that would print alike hide that there is an interval at all.
        while digits < 6 and fixed(low, digits) == fixed(high, digits):
            digits += 1
        return digits
    if isfinite(se) and se > 0:
        return places(se, fine=fine)
    return significant(value, 3) if default is None else default


def significant(value: float, figures: int) -> int:
    """Return the decimals that show so many significant figures.

    >>> significant(608.2, 3), significant(0.234, 2), significant(10.5, 2)
    (0, 2, 0)
    """
    if not isfinite(value) or value == 0:
        return 0
    return int(min(6, max(0, figures - 1 - floor(log10(abs(value)) + 1e-12))))


def most_common(decimals: list[int]) -> int:
    """Return the decimals that most cells of a column call for, of two such the more.

    >>> most_common([2, 3, 3, 5]), most_common([2, 3])
    (3, 3)
    """
    return max(sorted(set(decimals), reverse=True), key=decimals.count)


def interval(low: float, high: float, decimals: int, *, sign: bool = False) -> str:
    """Return ``[low, high]``, or nothing where a bound is not given.

    >>> interval(1.25, 3.14, 1)
    '[1.3, 3.1]'
    """
    if not (isfinite(low) and isfinite(high)):
        return ""
    return f"[{fixed(low, decimals, sign=sign)}, {fixed(high, decimals, sign=sign)}]"


def p_value(p: float) -> str:
    """Return ``< 0.001`` or three digits.

    >>> p_value(0.0004), p_value(0.0321)
    ('< 0.001', '0.032')
    """
    if not isfinite(p):
        return DASH
    return "< 0.001" if p < 0.001 else fixed(p, 3)


def count(n: float, noun: str = "", plural: str = "") -> str:
    """Return ``1,200 items``, ``1 item``, ``1,200``.

    >>> count(1, "item"), count(1200, "item"), count(2, "benchmark study", "benchmark studies")
    ('1 item', '1,200 items', '2 benchmark studies')
    """
    if not isfinite(n):
        return DASH
    number = f"{round(n):,}"
    if not noun:
        return number
    return f"{number} {noun if round(n) == 1 else plural or noun + 's'}"


def percent(level: float) -> str:
    """Return a level or share as ``95%``.

    >>> percent(0.95), percent(0.999)
    ('95%', '99.9%')
    """
    return f"{level * 100:.4g}%"


def listing(names: list[str], *, most: int = 4) -> str:
    """Return ``a, b and c``, or the first ones and how many more.

    >>> listing(["a", "b", "c"]), listing(list("abcdef"), most=2)
    ('a, b and c', 'a, b and 4 others')
    """
    if len(names) > most + 1:
        return ", ".join(names[:most]) + f" and {len(names) - most} others"
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def sentence(text: str) -> str:
    """Return the text with a capital first letter and one full stop."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def no_interval(method: str) -> str:
    """Return why a method gave no interval, as its name says.

    >>> no_interval("t (all scores alike: no interval)"), no_interval("undefined: too few items.")
    ('all scores alike', 'too few items')
    """
    if method.startswith("undefined: "):
        return method.removeprefix("undefined: ").rstrip(".")
    found = re.search(r"\(([^()]*): no interval\)", method)
    return found[1] if found else ""
