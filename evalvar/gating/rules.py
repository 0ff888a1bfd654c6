"""Rules about a true value, as text: ``difference[task=gsm8k] >= -0.01``."""

import re
from dataclasses import dataclass
from math import isfinite

from evalvar.errors import UsageError
from evalvar.numbers import DASH, MINUS

NOISE = "noise"
_WORDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_SIDES = re.compile(r"^(?P<left>[^<>=!\[]*(?:\[.*\]\s*)?)(?P<op>[<>=!]+)(?P<right>.*)$")
# a source of variance may be several, as in var_item x seed + sample
_LEFT = re.compile(r"^(?P<quantity>[^\s\[\]]+(?:\s+[x+]\s+[^\s\[\]]+)*)\s*(?:\[(?P<where>.*)\])?$")
_EXAMPLE = "such as 'difference >= -0.01'"


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold of the true value of a quantity.

    Parameters
    ----------
    text : str
        As it was written.
    quantity : str
        A quantity of a result: ``difference``, ``mean``, ``pass@1``, ``se_item x seed``.
    where : tuple of (key, value)
        Which of its rows; all where empty.
    op : {">=", "<=", ">", "<"}
        The relation.
    margin : float
        The number, in the unit of the quantity; where `noise` is set, its sign alone counts.
    noise : bool
        Whether the margin is the noise learned from earlier runs.
    """

    text: str
    quantity: str
    where: tuple[tuple[str, str], ...]
    op: str
    margin: float
    noise: bool = False

    @property
    def at_least(self) -> bool:
        """Whether large values are the good ones."""
        return self.op.startswith(">")

    def needs(self, margin: float) -> str:
        """Return the demand in words.

        >>> parse_rule("mean >= 0.7").needs(0.7)
        'at least 0.7'
        """
        return f"{_WORDS[self.op]} {exactly(margin)}"

    def verdict(self, low: float, high: float, margin: float) -> str:
        """Return what an interval says of the rule: pass, fail or inconclusive.

        >>> rule = parse_rule("difference >= -0.01")
        >>> rule.verdict(-0.01, 0.03, -0.01), rule.verdict(-0.05, -0.02, -0.01)
        ('pass', 'fail')
        >>> rule.verdict(-0.05, 0.03, -0.01), rule.verdict(float("nan"), float("nan"), -0.01)
        ('inconclusive', 'inconclusive')
        """
        if self.at_least:
            worst, best, bar = low, high, margin
        else:
            worst, best, bar = -high, -low, -margin
        if not (worst <= best and isfinite(bar)):
            return "inconclusive"
        strict = self.op in "<>"
        if worst > bar or (worst == bar and not strict):
            return "pass"
        if best < bar or (best == bar and strict):
            return "fail"
        return "inconclusive"


def parse_rule(text: str) -> Rule:
    """Read ``QUANTITY[KEY=VALUE, ...] >= NUMBER``; `<=`, `>`, `<` likewise.

    Parameters
    ----------
    text : str
        The number may be ``noise`` or ``-noise``: what was learned from earlier runs.

    Raises
    ------
    UsageError
        The text is no rule; the message says what was expected and what was found.

    Examples
    --------
    >>> rule = parse_rule("difference[task=gsm8k] >= -0.01")
    >>> rule.quantity, rule.where, rule.op, rule.margin
    ('difference', (('task', 'gsm8k'),), '>=', -0.01)
    """
    written = text.strip()
    sides = _SIDES.match(written)
    if sides is None:
        raise _bad(written, "QUANTITY >= NUMBER", "no >=, <=, > or <")
    op, right = sides["op"], sides["right"].strip()
    if op not in _WORDS:
        raise UsageError(
            f"rule '{written}': expected >=, <=, > or <, and found {op}. No data show that two "
            "numbers are equal; bound a difference from both sides by two rules."
        )
    left = _LEFT.match(sides["left"].strip())
    if left is None:
        found = f"'{sides['left'].strip()}'" if sides["left"].strip() else "nothing"
        raise _bad(written, f"the name of a quantity before {op}", found)
    noise = right.replace(" ", "") in (NOISE, f"-{NOISE}", f"+{NOISE}")
    try:
        margin = (-1.0 if right.startswith("-") else 1.0) if noise else float(right)
    except ValueError:
        margin = float("nan")
    if not isfinite(margin):
        found = f"'{right}'" if right else "nothing"
        raise _bad(written, f"a number, noise or -noise behind {op}", found)
    quantity = " ".join(left["quantity"].split())
    return Rule(written, quantity, _where(written, left["where"]), op, margin, noise)


def _where(text: str, inside: str | None) -> tuple[tuple[str, str], ...]:
    if inside is None:
        return ()
    pairs = []
    # a metric's name may hold commas: only one before another KEY= separates
    for part in re.split(r",\s*(?=[A-Za-z_]+\s*=)", inside):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not (key and equals and value):
            raise UsageError(
                f"rule '{text}': expected KEY=VALUE in the brackets, such as [task=gsm8k], and "
                f"found '{part.strip()}'."
            )
        pairs.append((key, value))
    return tuple(pairs)


def _bad(text: str, expected: str, found: str) -> UsageError:
    return UsageError(f"rule '{text}': expected {expected}, {_EXAMPLE}, and found {found}.")


def exactly(number: float) -> str:
    """Return a number as it would be typed, with a true minus sign.

    >>> exactly(3.0), exactly(0.25)
    ('3', '0.25')
    """
    return f"{number:.10g}".replace("-", MINUS) if isfinite(number) else DASH
