"""The difference of two sides by the method that was asked for, with interval and p-value."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from evalvar.analyses.functionals import Functional
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.resampled import resampled_difference
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    Estimate,
    agresti_min,
    bonett_price,
    clustered_mean_ci,
    crossed_difference_ci,
    difference_over,
    mcnemar,
    newcombe,
    paired_t,
    sign_flip,
    sparse_t,
    sparse_t_many,
    tango,
)
from evalvar.stats.arguments import at_least

AXES = ("item", "seed", "prompt")
_BLOCK = 1 << 18  # differences held at a time: 2 MB of doubles
# Each treats items as drawn again and averages seeds and prompts.
METHODS = (
    *("auto", "t", "sparse-t", "bootstrap", "sign-flip"),
    *("tango", "newcombe", "bonett-price", "agresti-min", "mcnemar", "mcnemar-midp"),
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How differences are estimated.

    Parameters
    ----------
    functional : Functional
    over : tuple of str or None
        Axes drawn again; None leaves it to the design.
    method : str
    level : float
    rng : int
    n_resamples : int
    """

    functional: Functional
    over: tuple[str, ...] | None
    method: str
    level: float
    rng: int
    n_resamples: int

    @property
    def prompts_apart(self) -> bool:
        """Whether prompts stay an axis."""
        return self.over is not None and "prompt" in self.over

    def drawn(self, meeting: Meeting) -> tuple[str, ...]:
        """Return the axes that are drawn again."""
        if self.over is not None:
            return self.over
        if meeting.runs:
            return ("seed",)
        if self.method != "auto" or meeting.between == "seed" or self.functional.kind == "wins":
            return ("item",)
        several = max(meeting.seeds_a.size, meeting.seeds_b.size) > 1
        return ("item", "seed") if several else ("item",)


def axes_of(
    over: str | Collection[str] | None, legal: tuple[str, ...] = AXES
) -> tuple[str, ...] | None:
    """Return the axes that are named, such as ``item x seed``, ``item,seed`` or a list of them.

    Raises
    ------
    UsageError
        An axis that there is not, or none.
    """
    if over is None:
        return None
    text = over if isinstance(over, str) else " x ".join(over)
    words = [word for word in re.split(r"[\s,\u00d7]+", text) if word not in ("", "x")]
    for word in words or [""]:
        if word not in legal:
            raise UsageError(
                f"over='{text}': there is no axis '{word}'. Name some of {', '.join(legal)}, such "
                "as 'item x seed'."
            )
    return tuple(axis for axis in legal if axis in words)


def check_method(method: str, functional: Functional, over: tuple[str, ...] | None) -> None:
    """Refuse a method that is not there, or cannot do what is asked of it."""
    if functional.kind == "wins" and over not in (None, ("item",)):
        raise UsageError(
            "wins are counted over all pairs of runs, which are these ones: only items are drawn "
            "again. Use over='item' (--over item)."
        )
    if method not in METHODS:
        raise UsageError(f"method='{method}' is unknown. Use one of {', '.join(METHODS)}.")
    if method == "auto":
        return
    if over not in (None, ("item",)):
        raise UsageError(
            f"method='{method}' draws items again and nothing else, and over="
            f"'{' x '.join(over or ())}' asks for more. Use method='auto' (--method auto)."
        )
    if functional.kind == "joint":
        raise UsageError(
            f"method='{method}' is for means over items, and {functional.name} is none. Use "
            "method='auto' (--method auto)."
        )


def together(meetings: Sequence[Meeting], manner: Manner) -> list[Callable[..., Estimate]]:
    """Return a function a pair that gives its difference at a level, and with the p of a null.

    What one pair is asked for is worked out for all of them at once, and kept.
    """

    @cache
    def every(level: float, null: float) -> list[Estimate]:
        return estimates(meetings, manner, level=level, null=null)

    def of(number: int) -> Callable[..., Estimate]:
        return lambda level, null=0.0: every(level, null)[number]

    return [of(number) for number in range(len(meetings))]


def estimates(
    meetings: Sequence[Meeting], manner: Manner, *, level: float, null: float = 0.0
) -> list[Estimate]:
    """Return what `estimate` gives for each pair; sparse-t of equally many items at one go."""
    found: dict[int, Estimate] = {}
    alike: dict[tuple[int, float | None, float | None, bool], list[int]] = {}
    for number, meeting in enumerate(meetings):
        if _is_sparse_t(meeting, manner):
            key = (len(meeting.items), meeting.low, meeting.high, meeting.uneven)
            alike.setdefault(key, []).append(number)
        else:
            found[number] = estimate(meeting, manner, level=level, null=null)
    for (n, low, high, uneven), members in alike.items():
        step = max(_BLOCK // n, 1)
        for start in range(0, len(members), step):
            some = members[start : start + step]
            sides = [meetings[number].means for number in some]
            a, b = (np.stack([pair[side] for pair in sides]) for side in (0, 1))
            scale = np.maximum(np.abs(a).max(axis=1), np.abs(b).max(axis=1))
            many = sparse_t_many(
                a - b, low=low, high=high, scale=scale, level=level, null=null, uneven=uneven
            )
            found.update(zip(some, many.estimates(level, n), strict=True))
    return [found[number] for number in range(len(meetings))]


def _is_sparse_t(meeting: Meeting, manner: Manner) -> bool:
    if meeting.too_few or len(meeting.items) < 2 or manner.functional.kind == "joint":
        return False
    if manner.method != "auto":
        return manner.method == "sparse-t"
    return manner.drawn(meeting) == ("item",) and meeting.clusters is None


def estimate(meeting: Meeting, manner: Manner, *, level: float, null: float = 0.0) -> Estimate:
    """Return the difference a - b; what is not defined has no interval, and `method` says why."""
    if meeting.too_few:
        k = manner.functional.k
        why = f"undefined: {manner.functional.name} needs {k} answers to an item, too few for "
        return Estimate(np.nan, level=level, method=why + meeting.too_few)
    if not len(meeting.items):
        what = "no prompt that all runs have" if meeting.runs else "no shared items"
        return Estimate(np.nan, level=level, method=f"undefined: {what}")
    try:
        if "seed" in manner.drawn(meeting):
            # one side's seeds may speak for the other's; with none there is nothing to go by
            most = max(meeting.seeds_a.size, meeting.seeds_b.size)
            at_least(most, 2, "an interval over seeds", "seed")
        if manner.functional.kind == "joint":
            return _resampled(meeting, manner, level, null)
        if manner.method != "auto":
            return _NAMED[manner.method](meeting, manner, level, null)
        return _by_design(meeting, manner.drawn(meeting), level, null)
    except NotEnoughDataError as error:
        a, b = meeting.means
        value = np.nan if manner.functional.kind == "joint" else float((a - b).mean())
        why = str(error).rstrip(".")
        return Estimate(value, level=level, n=len(a), method=f"undefined: {why}")


def _by_design(meeting: Meeting, drawn: tuple[str, ...], level: float, null: float) -> Estimate:
    low, high = meeting.low, meeting.high
    if drawn == ("item", "seed"):
        return crossed_difference_ci(
            meeting.in_a.mean(axis=2), meeting.in_b.mean(axis=2), paired_seeds=meeting.same_runs,
            level=level, low=low, high=high, null=null,
        )  # fmt: skip
    if drawn != ("item",):
        return difference_over(
            meeting.in_a, meeting.in_b, over=drawn, paired_seeds=meeting.same_runs, level=level,
            low=low, high=high, null=null,
        )  # fmt: skip
    a, b = meeting.means
    if meeting.clusters is not None:
        return clustered_mean_ci(
            a - b, meeting.clusters, level=level, low=low, high=high, null=null
        )
    return _sparse_t(meeting, level, null)


def _sparse_t(meeting: Meeting, level: float, null: float) -> Estimate:
    a, b = meeting.means
    largest = float(max(np.abs(a).max(), np.abs(b).max()))
    return sparse_t(
        a - b, low=meeting.low, high=meeting.high, scale=largest, level=level, null=null,
        uneven=meeting.uneven,
    )  # fmt: skip


def _t(meeting: Meeting, manner: Manner, level: float, null: float) -> Estimate:
    return paired_t(*meeting.means, level=level, null=null)


def _mcnemar(meeting: Meeting, manner: Manner, level: float, null: float) -> Estimate:
    _, wins, losses, _ = _flips(meeting, manner.method)
    d = Estimate((wins - losses) / len(meeting.items), level=level, n=len(meeting.items))
    midp = manner.method == "mcnemar-midp"
    name = "McNemar, mid-p" if midp else "McNemar, exact"
    if null:
        return replace(d, method=f"{name} (tests no difference only)")
    return replace(d, method=name, p_value=mcnemar(wins, losses, midp=midp))


def _flips(meeting: Meeting, method: str) -> tuple[int, int, int, int]:
    """Count the items that both, only a, only b and neither has right, or refuse other scores."""
    a, b = meeting.means
    if not right_or_wrong(meeting):
        raise UsageError(
            f"method='{method}' needs a score of 0 or 1 per item and side, and here they are not: "
            "other scores, or a mean over seeds, samples or prompts. Use method 'auto' or 't'."
        )
    wins, losses, both = int((a > b).sum()), int((b > a).sum()), int((a * b).sum())
    return both, wins, losses, a.size - both - wins - losses


def _proportions(meeting: Meeting, manner: Manner, level: float, null: float) -> Estimate:
    counts = _flips(meeting, manner.method)
    return _OF_COUNTS[manner.method](*counts, level=level, null=null)


def _resampled(meeting: Meeting, manner: Manner, level: float, null: float) -> Estimate:
    return resampled_difference(
        meeting, manner.functional, manner.drawn(meeting), n_resamples=manner.n_resamples,
        rng=manner.rng, level=level, null=null,
    )  # fmt: skip


def right_or_wrong(meeting: Meeting) -> bool:
    """Tell whether all item means are 0 or 1."""
    return all(bool(((x == 0) | (x == 1)).all()) for x in meeting.means)


def _sign_flip(meeting: Meeting, manner: Manner, level: float, null: float) -> Estimate:
    a, b = meeting.means
    d = a - b
    p = sign_flip(d - null, rng=manner.rng)
    name = f"sign-flip, rng {manner.rng}"
    return Estimate(float(d.mean()), level=level, n=d.size, method=name, p_value=p)


_OF_COUNTS: dict[str, Callable[..., Estimate]] = {
    "tango": tango,
    "newcombe": newcombe,
    "bonett-price": bonett_price,
    "agresti-min": agresti_min,
}
_NAMED: dict[str, Callable[[Meeting, Manner, float, float], Estimate]] = {
    "t": _t,
    "sparse-t": lambda meeting, manner, level, null: _sparse_t(meeting, level, null),
    "mcnemar": _mcnemar,
    "mcnemar-midp": _mcnemar,
    "sign-flip": _sign_flip,
    "bootstrap": _resampled,
    **dict.fromkeys(_OF_COUNTS, _proportions),
}
