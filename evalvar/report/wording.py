"""The words of the report for its numbers, beside those of `evalvar.numbers`."""

from math import isfinite, nan

from evalvar.numbers import (
    DASH,
    MINUS,
    count,
    decimals_for,
    fixed,
    interval,
    listing,
    p_value,
    percent,
    places,
    sentence,
    significant,
    spread,
)

__all__ = [
    "DASH",
    "MINUS",
    "TIMES",
    "basis",
    "count",
    "crossed",
    "decimals_for",
    "deviation",
    "fixed",
    "interval",
    "listing",
    "p_clause",
    "p_value",
    "percent",
    "place",
    "places",
    "ratio",
    "ratios",
    "sentence",
    "significant",
    "spelled",
    "spread",
    "step",
]

TIMES = "\u00d7"


def p_clause(name: str, p: float) -> str:
    """Return ``Holm p < 0.001`` or ``Holm p = 0.032``, or nothing.

    >>> p_clause("Holm p", 0.0321)
    'Holm p = 0.032'
    """
    if not isfinite(p):
        return ""
    return f"{name} {p_value(p)}" if p < 0.001 else f"{name} = {p_value(p)}"


def deviation(value: float) -> str:
    """Return a standard deviation: two significant figures, at least one decimal.

    >>> deviation(8.37), deviation(10.53), deviation(0.2321)
    ('8.4', '10.5', '0.23')
    """
    return fixed(value, max(1, significant(value, 2)) if value else 1)


def ratios(low: float, high: float) -> str:
    """Return the interval of a ratio or sd, rough as it is, or nothing where a bound is not given.

    >>> ratios(6.31, 30.2)
    '[6.3, 30]'
    """
    if not (isfinite(low) and isfinite(high)):
        return ""
    return f"[{ratio(low)}, {ratio(high)}]"


def ratio(value: float) -> str:
    """Return a ratio: two significant figures below ten, whole numbers above.

    >>> ratio(1.7165), ratio(0.574), ratio(10.6), ratio(1921.15)
    ('1.7', '0.57', '11', '1,921')
    """
    return fixed(value, 0 if abs(value) >= 9.95 else min(2, significant(value, 2)))


def basis(n: float, unit: str, items: float = nan) -> str:
    """Return what an estimate rests on; `items` is their number where n counts the seeds.

    >>> basis(120, "item"), basis(1, "seed"), basis(5, "item x seed", 120)
    ('120 items', '1 seed', '5 seeds \u00d7 120 items')
    """
    if not isfinite(n) or n <= 0:
        return DASH
    if unit == "item x seed":
        # n counts the scarcer of the two, which is the seeds.
        return f"{count(n, 'seed')} {TIMES} {count(items, 'item') if items > 0 else 'items'}"
    return f"{count(n)} {crossed(unit)}" if " x " in unit else count(n, unit)


def crossed(unit: str) -> str:
    """Return a unit such as ``item x seed`` with the sign for a product."""
    return unit.replace(" x ", f" {TIMES} ")


def place(task: str, metric: str, model: str = "") -> str:
    """Return a benchmark with the metric that was read, and the model where there are several.

    >>> place("arc", "acc"), place("", "acc"), place("arc", "acc", "large")
    ('arc (acc)', 'acc', 'arc (acc, large)')
    """
    read = ", ".join(part for part in (metric, model) if part)
    return f"{task} ({read})" if task and read else task or read


def spelled(n: int) -> str:
    """Return a small number as a word with a capital, to begin a sentence.

    >>> spelled(2), spelled(25)
    ('Two', '25')
    """
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")
    return words[n] if 0 <= n < len(words) else f"{n:,}"


def step(checkpoint: float) -> str:
    """Return a checkpoint's number, short where it counts tokens.

    >>> step(1500), step(210e9)
    ('1,500', '210B')
    """
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if checkpoint >= size:
            return f"{checkpoint / size:.4g}{letter}"
    return f"{checkpoint:,.0f}"
