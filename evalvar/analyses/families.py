"""Families of pairs: what is adjusted together, for differences and for margins."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from evalvar.analyses.covariances import Joint, joint_of, united
from evalvar.analyses.macro_estimates import macro_covariance
from evalvar.analyses.multiplicity import adjusted, adjusted_p, correction_name
from evalvar.analyses.outcome import Outcome
from evalvar.analyses.pair_estimates import Manner
from evalvar.analyses.resampled import resampled_covariance
from evalvar.stats import (
    Estimate,
    MarginTest,
    equivalence,
    non_inferiority,
    superiority,
)

_TESTS: dict[str, Callable[..., MarginTest]] = {
    "superiority": superiority,
    "non-inferiority": non_inferiority,
    "equivalence": equivalence,
}


def adjust(
    outcomes: Sequence[Outcome], manner: Manner, correction: str, *, weights: str, together: bool
) -> list[Outcome]:
    """Adjust the differences of every family, in the order they came in."""
    found = list(outcomes)
    for members in _families(found, together):
        family = [found[i] for i in members]
        made = adjusted(
            np.array([outcome.difference.p_value for outcome in family]),
            lambda family=family: _joint(family, manner, weights),  # type: ignore[misc]
            correction=correction, level=manner.level, rng=manner.rng,
        )  # fmt: skip
        if made is None:
            continue
        size = int(np.isfinite(made.p).sum())
        for i, p in zip(members, made.p.tolist(), strict=True):
            if np.isfinite(p):
                found[i] = _with(found[i], p, made.level, f"{made.name} over {size} pairs")
    return found


def margins(
    outcomes: Sequence[Outcome], test: str, margin: float, correction: str, *, together: bool
) -> list[Outcome]:
    """Test a margin in every pair, and adjust the p-values of every family.

    What refutes a margin is adjusted as what shows it, by itself. max-T knows no margins: Holm
    stands in its place.

    Raises
    ------
    UsageError
        A margin with the wrong sign.
    """
    found = [
        replace(outcome, test=made, test_p=made.p_value)
        for outcome in outcomes
        for made in [_test(outcome, test, margin)]
    ]
    by = "holm" if correction in ("auto", "max-t") else correction
    for members in _families(found, together):
        p = np.array([found[i].test_p for i in members])
        if np.isfinite(p).sum() < 2 or by == "none":
            continue
        name = f"{correction_name(by)} over {int(np.isfinite(p).sum())} pairs"
        contrary = adjusted_p(np.array([_contrary(found[i]) for i in members]), by)
        shown = adjusted_p(p, by)
        for i, value, against in zip(members, shown.tolist(), contrary.tolist(), strict=True):
            found[i] = replace(
                found[i], test=_judged(found[i].test, against), test_p=value,
                margin_correction=name,
            )  # fmt: skip
    return found


def _contrary(outcome: Outcome) -> float:
    return np.nan if outcome.test is None else outcome.test.contrary


def _judged(test: MarginTest | None, contrary: float) -> MarginTest | None:
    """Take back what the contrary refutes no more, once it is adjusted."""
    if test is None or test.verdict != "refuted" or contrary <= test.alpha:
        return test
    return replace(test, verdict="unclear", contrary=contrary)


def _test(outcome: Outcome, test: str, margin: float) -> MarginTest:
    level = outcome.difference.level
    if np.isnan(outcome.difference.p_value):
        return MarginTest(test, margin, np.nan, (1 - level) / 2, "undefined")
    return _TESTS[test](
        lambda null: outcome.at(level, null), margin=margin,
        higher_is_better=outcome.told.higher_is_better,
    )  # fmt: skip


def _families(outcomes: Sequence[Outcome], together: bool) -> list[list[int]]:
    groups: dict[tuple[str | None, str] | None, list[int]] = {}
    for i, outcome in enumerate(outcomes):
        key = None if together else (outcome.key["task"], outcome.key["metric"])
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def _joint(family: Sequence[Outcome], manner: Manner, weights: str) -> Joint | None:
    family = [outcome for outcome in family if np.isfinite(outcome.difference.p_value)]
    meetings = [outcome.meetings for outcome in family]
    if manner.functional.kind == "wins":
        return None  # what a side wins depends on whom it meets
    drawn = [united([manner.drawn(meeting) for meeting in met]) for met in meetings]
    if manner.functional.kind == "joint":
        places = {(met[0].task, met[0].metric) for met in meetings}
        if len(places) > 1 or len(meetings[0]) > 1:
            return None
        return resampled_covariance(
            [met[0] for met in meetings], manner.functional, united(drawn),
            n_resamples=manner.n_resamples, rng=manner.rng,
        )  # fmt: skip
    if family[0].quantity == "macro_difference":
        return macro_covariance(meetings, weights, united(drawn))
    return joint_of([met[0] for met in meetings], drawn)


def _with(outcome: Outcome, p: float, level: float, name: str) -> Outcome:
    d = outcome.difference
    method = f"{d.method}; {name}"
    if np.isnan(level):
        plain = Estimate(d.value, level=d.level, n=d.n, unit=d.unit, method=method, p_value=p)
        return replace(outcome, simultaneous=plain, correction=name.split(" over ")[0])
    wide = replace(outcome.at(level), level=d.level, method=method, p_value=p)
    return replace(outcome, simultaneous=wide)
