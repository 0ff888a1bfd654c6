"""What a functional of k answers is of: right answers, efficiency, or what is lost between them."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.facts import EFFICIENCY, PASSED, metric_facts
from evalvar.analyses.functionals import GAP, Functional
from evalvar.errors import UsageError, counted
from evalvar.evidence import RECORDS_KEY, Evidence
from evalvar.numbers import listing
from evalvar.stats import Estimate, sparse_t

_KEY = [name for name in RECORDS_KEY if name != "metric"]
_CAUTION = (
    "a gap is what right answers lose by being slow; who solves less has less to lose: read it "
    "beside pass@k."
)


def of_tries(evidence: Evidence, functional: Functional) -> Evidence:
    """Keep the metrics that a functional of k answers is of; for a gap, make its own.

    Parameters
    ----------
    evidence : Evidence
        Records.
    functional : Functional
        Any; what is not of k answers leaves the records as they are.

    Returns
    -------
    Evidence
        pass@k and pass^k count right answers: where some metric is right or wrong, the others are
        left out, and named in a remark; so are those beside ``efficiency`` for eff@k. A gap has
        one metric, ``passed - efficiency``, where lower is better, with the efficiency in a column
        of its own, in whose order answers are ranked.

    Raises
    ------
    UsageError
        A gap of answers that have not both scores.
    """
    if functional.kind != "tries" or not len(evidence.records):
        return evidence
    if functional.name.startswith("gap"):
        return gap_records(evidence, functional.name)
    facts = metric_facts(evidence)
    if functional.name.startswith("eff"):
        counts = {key for key in facts if key[1] == EFFICIENCY}
        return _kept(evidence, facts, counts, f"{functional.name} is of {EFFICIENCY}")
    counts = {
        key
        for key, fact in facts.items()
        if fact.discrete and fact.higher_is_better and key[1] != EFFICIENCY
    }
    return _kept(evidence, facts, counts, f"{functional.name} counts right answers")


def _kept(
    evidence: Evidence, facts: Iterable[tuple[str, str]], counts: set[tuple[str, str]], why: str
) -> Evidence:
    others = sorted({metric for task, metric in facts if (task, metric) not in counts})
    if not counts or not others:
        return evidence
    keys = pd.MultiIndex.from_frame(evidence.records[["task", "metric"]].astype(str))
    kept = evidence.records[keys.isin(counts)].reset_index(drop=True)
    return replace(evidence, records=kept).plus(f"{why}; left out {listing(others)}.")


def gap_records(evidence: Evidence, name: str = "the gap") -> Evidence:
    """Give passed - efficiency of every answer that has both.

    Raises
    ------
    UsageError
        No answer has both.
    """
    records = evidence.records
    metrics = records["metric"].astype(str)
    sides = [records[(metrics == side) & records["score"].notna()] for side in (PASSED, EFFICIENCY)]
    passed, efficient = sides
    made = passed.merge(
        efficient[[*_KEY, "score", *efficient.columns.intersection(["score_max"])]],
        on=_KEY, how="inner", suffixes=("", "_efficiency"),
    )  # fmt: skip
    if not len(made):
        found = ", ".join(sorted(metrics.unique())) or "none"
        raise UsageError(
            f"{name} is {PASSED} minus {EFFICIENCY} of the same answers, and none has both scores; "
            f"metrics found: {found}. Read timings of programs, or name another functional."
        )
    efficiency = made["score_efficiency"].to_numpy()
    columns = made.drop(columns=[c for c in made if str(c).endswith("_efficiency")])
    # without a declared end of the efficiency, how far it goes past 1 is not known
    most = made.get("score_max_efficiency" if "score_max" in passed else "score_max")
    columns = columns.assign(
        metric=pd.Categorical([GAP] * len(made)), score=made["score"] - efficiency,
        efficiency=efficiency, higher_is_better=False,
    )  # fmt: skip
    columns = columns.drop(columns=["score_min", "score_max"], errors="ignore")
    if most is not None and np.isfinite(most.to_numpy(dtype=np.float64)).all():
        columns = columns.assign(score_min=1.0 - most, score_max=1.0)
    remarks = [_CAUTION]
    alone = len(passed) + len(efficient) - 2 * len(made)
    if alone:
        remarks.append(f"left out {counted(alone, 'score')} of answers that have one of the two.")
    return replace(evidence, records=columns.reset_index(drop=True)).plus(*remarks)


def gap_mean(values: np.ndarray, level: float) -> Estimate:
    """Estimate the mean gap of items, for new ones.

    Notes
    -----
    A gap is a difference of two scores of the same answers, 0 where these are wrong, so that of a
    weak model most are equal: the skew of the few others hides how far they reach. Its largest
    value is 1, as long as no efficiency is below 0. Where few are solved `sparse_t` covers 95 % or
    more, where `skewed_mean_ci` covers 81 to 92 % (``benchmarks/calibration``).
    """
    high = 1.0 if float(values.max(initial=0.0)) <= 1.0 else None
    return replace(sparse_t(values, high=high, scale=1.0, level=level), p_value=np.nan)
