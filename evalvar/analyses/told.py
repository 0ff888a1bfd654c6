"""One honest sentence for a comparison: who leads by how much, or that nobody can tell."""

from dataclasses import dataclass, replace
from math import isfinite

from evalvar import numbers
from evalvar.analyses.meeting import Meeting
from evalvar.stats import Estimate

CANNOT, UNDEFINED = "cannot be told apart", "undefined"


@dataclass(frozen=True, slots=True)
class Told:
    """Who met on what, in words.

    Parameters
    ----------
    a, b : str
        Names of the sides, with their axis where they are no models.
    basis : str
        What both were compared on, such as ``on the 198 items both answered``.
    higher_is_better : bool
    points : bool
        Whether values lie between 0 and 1, and are told times 100.
    worth : str
        What was compared; ``mean`` goes without saying.
    alike : bool
        Whether both have the same value on every item.
    """

    a: str
    b: str
    basis: str
    higher_is_better: bool
    points: bool
    worth: str = "mean"
    alike: bool = False

    def difference(self, estimate: Estimate) -> str:
        """Return a difference with its unit and interval, in digits that follow its error."""
        factor = 100.0 if self.points else 1.0
        value, low, high = (factor * x for x in (estimate.value, estimate.low, estimate.high))
        digits = numbers.decimals_for(value, factor * estimate.se, low, high, fine=True)
        unit = " points" if self.points else ""
        text = f"{numbers.fixed(value, digits)}{unit} {numbers.interval(low, high, digits)}"
        return text.rstrip()

    def size(self, value: float, *, given: bool = False) -> str:
        """Return a threshold: two significant figures, or as it was given."""
        told = 100.0 * value if self.points else value
        text = f"{told:,.6g}" if given else numbers.fixed(told, numbers.significant(told, 2))
        return f"{text} point{'' if text == '1' else 's'}" if self.points else text


def told(meeting: Meeting, worth: str = "mean") -> Told:
    """Put a meeting into words."""
    return Told(
        named(meeting.between, meeting.a), named(meeting.between, meeting.b), _basis(meeting),
        meeting.higher_is_better, meeting.points, worth, _alike(meeting),
    )  # fmt: skip


def named(between: str, label: str) -> str:
    """Return a label with its axis, unless it is a model."""
    if between == "model":
        return label
    return f"{between} {label}" if label else f"the default {between}"


def sentence(
    told: Told, estimate: Estimate, verdict: str, detectable: float, adjusted_by: str = ""
) -> str:
    """Say how a pair ended.

    Parameters
    ----------
    told : Told
    estimate : Estimate
        Of the difference a - b; adjusted for its family where that has an interval.
    verdict : str
        As in the result.
    detectable : float
        The smallest difference that could have been seen, NaN if not known.
    adjusted_by : str
        The correction that the verdict rests on, where it adjusts p-values only.
    """
    of = "" if told.worth == "mean" else f" in {told.worth}"
    if verdict == UNDEFINED:
        return _undefined(told, estimate)
    if verdict == CANNOT:
        how = f" after {adjusted_by}'s correction" if adjusted_by else ""
        alike = ", where they scored alike" if told.alike else ""
        seen = ""
        if isfinite(detectable) and not adjusted_by:
            size = told.size(detectable)
            seen = f"; these data could only have shown differences above {size}"
        elif isfinite(estimate.low) and isfinite(estimate.high) and not adjusted_by:
            # The smallest difference that they could show is beyond the range of the scores.
            seen = "; these data could not have shown any difference"
        return f"{told.a} and {told.b} cannot be told apart{of}{how} {told.basis}{alike}{seen}."
    first, second = (told.a, told.b) if verdict == "a is better" else (told.b, told.a)
    gain = estimate
    if estimate.value < 0:
        low, high = -estimate.high, -estimate.low
        gain = replace(estimate, value=-estimate.value, low=low, high=high)
    lower = "" if told.higher_is_better else ", where lower is better"
    return f"{first} leads {second}{of} by {told.difference(gain)} {told.basis}{lower}."


_MARGINS = {
    ("superiority", "shown"): "{a} is better than {b} by more than {size}",
    ("superiority", "refuted"): "{a} is not better than {b} by more than {size}",
    ("superiority", "unclear"): "It is open whether {a} is better than {b} by more than {size}",
    ("non-inferiority", "shown"): "{a} is not worse than {b} by more than {size}",
    ("non-inferiority", "refuted"): "{a} is worse than {b} by more than {size}",
    ("non-inferiority", "unclear"): "It is open whether {a} is worse than {b} by more than {size}",
    ("equivalence", "shown"): "{a} and {b} are equivalent within {size}",
    ("equivalence", "refuted"): "{a} and {b} are not equivalent within {size}",
    ("equivalence", "unclear"): "It is open whether {a} and {b} are equivalent within {size}",
}


def margin_sentence(told: Told, estimate: Estimate, test: str, margin: float, outcome: str) -> str:
    """Say what was found out about a margin: shown, refuted or unclear."""
    if outcome == UNDEFINED:
        return _undefined(told, estimate)
    said = _MARGINS[test, outcome].format(a=told.a, b=told.b, size=told.size(margin, given=True))
    of = "" if told.worth == "mean" else f" in {told.worth}"
    lower = "" if told.higher_is_better else ", where lower is better"
    return f"{said}: the difference{of} is {told.difference(estimate)} {told.basis}{lower}."


def _undefined(told: Told, estimate: Estimate) -> str:
    why = estimate.method.removeprefix("undefined: ").rstrip(".")
    return f"{told.a} and {told.b} cannot be compared: {why}."


def _basis(meeting: Meeting) -> str:
    items = numbers.count(len(meeting.items), "item")
    told = f"on the {items} {'that both have' if meeting.between == 'task' else 'both answered'}"
    a, b = meeting.seeds_a.size, meeting.seeds_b.size
    if meeting.runs:
        if a == b:
            return f"over {numbers.count(a, 'seed')}{'' if meeting.same_runs else ' each'}"
        return f"over {a} and {numbers.count(b, 'seed')}"
    if max(a, b) < 2 or meeting.between == "seed":
        return told
    if a == b:
        return f"{told}, over {a} seeds{'' if meeting.same_runs else ' each'}"
    return f"{told}, over {a} and {numbers.count(b, 'seed')}"


def _alike(meeting: Meeting) -> bool:
    a, b = meeting.means
    return not meeting.runs and bool(len(a)) and bool((a == b).all())
