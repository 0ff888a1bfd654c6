"""How a pair ended: its rows, its labels, its verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isnan, nan
from typing import Any

from evalvar.analyses.effects import Effect
from evalvar.analyses.meeting import Meeting
from evalvar.analyses.told import CANNOT, UNDEFINED, Told, margin_sentence, sentence
from evalvar.errors import NotEnoughDataError
from evalvar.results import Row
from evalvar.stats import Estimate, MarginTest
from evalvar.stats.effect import detectable, probability_above

_MARGIN_VERDICTS = {
    ("superiority", "shown"): "a is better by more than the margin",
    ("superiority", "refuted"): "a is not better by more than the margin",
    ("non-inferiority", "shown"): "a is not worse by more than the margin",
    ("non-inferiority", "refuted"): "a is worse by more than the margin",
    ("equivalence", "shown"): "equivalent within the margin",
    ("equivalence", "refuted"): "not equivalent within the margin",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pair on one task and metric, or over tasks.

    Parameters
    ----------
    key : mapping
        The keys of its rows.
    quantity : str
        ``difference``, or ``macro_difference`` over tasks.
    told : Told
        Its words.
    at : callable
        Gives the estimate at a level, and with the p-value of a null.
    meetings : tuple of Meeting
        What it rests on, one a task.
    difference : Estimate
        a - b, not adjusted.
    mean_a, mean_b : float
        What each side has, on the shared items.
    items, unpaired : int
        Items that the difference rests on, and those left out.
    effect : Effect
        Items by who was better.
    remarks : tuple of str
        What there is to say, for the warnings.
    tasks_all : int
        Tasks of the metric that its mean over tasks might have been of.
    simultaneous : Estimate, optional
        Adjusted for the family.
    correction : str
        Name of a correction that adjusts p-values only.
    test : MarginTest, optional
        What was found out about a margin.
    test_p : float
        Its p-value, adjusted for the family by `margin_correction`.
    """

    key: Mapping[str, Any]
    quantity: str
    told: Told
    at: Callable[..., Estimate]
    meetings: tuple[Meeting, ...]
    difference: Estimate
    mean_a: float
    mean_b: float
    items: int
    unpaired: int = 0
    effect: Effect = field(default_factory=Effect)
    remarks: tuple[str, ...] = ()
    tasks_all: int = 1
    simultaneous: Estimate | None = None
    correction: str = ""
    test: MarginTest | None = None
    test_p: float = nan
    margin_correction: str = ""

    @property
    def turned(self) -> "Outcome":
        """The same pair told from the other side, not adjusted and without its labels."""
        d, key = self.difference, self.key
        return replace(
            self, key={**key, "a": key["b"], "b": key["a"]},
            at=lambda level, null=0.0: _turned(self.at(level, -null)), difference=_turned(d),
            meetings=tuple(meeting.turned for meeting in self.meetings), mean_a=self.mean_b,
            mean_b=self.mean_a,
        )  # fmt: skip

    @property
    def pair(self) -> str:
        """The pair, for remarks."""
        return f"{self.key['a']} against {self.key['b']}"

    @property
    def name(self) -> str:
        """The pair and where it met, for remarks."""
        where = ", ".join(filter(None, (self.key["task"], self.key["metric"])))
        return f"{self.pair} on {where}"

    @property
    def judged(self) -> Estimate:
        """The estimate that the verdict rests on."""
        return self.difference if self.simultaneous is None else self.simultaneous

    @property
    def verdict(self) -> str:
        """Who is better, in words."""
        if self.test is not None:
            if self.margin_outcome == UNDEFINED:
                return UNDEFINED
            return _MARGIN_VERDICTS.get((self.test.question, self.margin_outcome), "inconclusive")
        p = self.judged.p_value
        if isnan(p):
            return UNDEFINED
        if p > 1 - self.difference.level:
            return CANNOT
        up = probability_above(self.difference) > 0.5
        return "a is better" if up == self.told.higher_is_better else "b is better"

    @property
    def margin_outcome(self) -> str:
        """Whether the margin is shown to hold, refuted, or neither; by the adjusted p if any."""
        if self.test is None:
            return UNDEFINED
        if self.test.verdict == "shown" and self.test_p > self.test.alpha:
            return "unclear"
        return self.test.verdict

    @property
    def detectable(self) -> float:
        """The smallest difference that would have been seen with a chance of 80 %."""
        shown = self.judged
        lows, highs = zip(*((m.low, m.high) for m in self.meetings), strict=True)
        return detectable(
            self.difference if isnan(shown.low) else shown,
            low=None if None in lows else min(lows), high=None if None in highs else max(highs),
        )  # fmt: skip

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        shown = self.difference if isnan(self.judged.low) else self.judged
        if self.test is not None:
            return margin_sentence(
                self.told, self.difference, self.test.question, self.test.margin,
                self.margin_outcome,
            )  # fmt: skip
        return sentence(self.told, shown, self.verdict, self.detectable, self.correction)

    def rows(self) -> list[Row]:
        """Return the rows of the result."""
        rows: list[Row] = [(self.key, self.quantity, self.difference)]
        if self.simultaneous is not None:
            rows.append((self.key, f"{self.quantity}_simultaneous", self.simultaneous))
        if self.test is not None:
            how = f"one-sided at {self.test.alpha:g}"
            how += f"; {self.margin_correction}" if self.margin_correction else ""
            method = f"{self.difference.method}; {how}"
            tested = replace(self.difference, method=method, p_value=self.test_p)
            name = self.test.question.replace("-", "_")
            rows.append((self.key, name, tested))
        return rows

    def labels(self) -> dict[str, Any]:
        """Return the label columns, the same for all rows of the pair."""
        up = probability_above(self.difference)
        return {
            "mean_a": self.mean_a,
            "mean_b": self.mean_b,
            "items": self.items,
            "unpaired": self.unpaired,
            "seeds_a": self.meetings[0].seeds_a.size,
            "seeds_b": self.meetings[0].seeds_b.size,
            "prompts": max(meeting.prompts for meeting in self.meetings),
            "tasks": len(self.meetings),
            "tasks_all": self.tasks_all,
            "higher_is_better": self.told.higher_is_better,
            "in_points": self.told.points,
            "verdict": self.verdict,
            "probability_better": up if self.told.higher_is_better else 1 - up,
            **{name: getattr(self.effect, name) for name in Effect.__slots__},
            "detectable": self.detectable,
            "margin": nan if self.test is None else self.test.margin,
            "sentence": self.sentence,
        }


def check_any(outcomes: Sequence[Outcome]) -> None:
    """Refuse a comparison of which nothing is defined.

    Raises
    ------
    NotEnoughDataError
        With the reason, of all pairs or of the first one.
    """
    if not all(outcome.difference.method.startswith("undefined: ") for outcome in outcomes):
        return
    first = outcomes[0]
    why = first.difference.method.removeprefix("undefined: ")
    if len({outcome.difference.method for outcome in outcomes}) > 1:
        why = f"{first.name}, {why}"
    hint = " Items meet by their id: give both the same." if why.endswith("no shared items") else ""
    if "seeds needs at least" in why:
        runs = first.meetings[0].runs
        hint = " Read more seeds." if runs else " Leave seed out of over (--over item)."
    if "answers to an item, too few for" in why:
        hint = " Ask for fewer tries."
    if len(outcomes) == 1:
        who = f"{first.told.a} and {first.told.b} cannot be compared"
    else:
        who = f"none of {len(outcomes):,} pairs can be compared"
    raise NotEnoughDataError(f"{who}: {why}.{hint}")


def _turned(estimate: Estimate) -> Estimate:
    return replace(estimate, value=-estimate.value, low=-estimate.high, high=-estimate.low)
