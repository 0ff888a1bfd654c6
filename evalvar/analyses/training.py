"""Does the benchmark rise while the model learns?"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves, training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.seeds import final_mean
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import (
    Estimate,
    kendall_tau,
    kendall_tau_null_sd,
    mean_ci,
    rise_share,
    sd_ci,
    spearman,
)

KEYS = ("model", "task", "metric", "seed", "checkpoint")


def checkpoints(
    data: Evidence | pd.DataFrame,
    *,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    last: int = 5,
    level: float = 0.95,
    missing: Missing = "drop",
) -> Result:
    """Report the training curve of each seed and how monotone it is.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of at least 3 checkpoints.
    model, task, metric : str or list of str, optional
        What to keep.
    last : int
        How many last checkpoints `step_noise_sd` and `snr_last` look at.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    Result
        A row with seed and checkpoint is one run, a row with a checkpoint only is over seeds, a
        row with a seed only is about that seed's curve, a row with neither is the mean of that
        over seeds. Quantities:

        ``mean``
            Of one run (its interval stands in `summary`), or over seeds at a checkpoint.
        ``seed_sd``
            Standard deviation over seeds at a checkpoint (ddof 1).
        ``kendall_tau``
            Kendall tau-b of score and checkpoint; 1 is improvement at every step.
        ``kendall_tau_a``
            The same without correction for ties; 0 for a constant curve.
        ``kendall_tau_null_sd``
            Its standard deviation if nothing were learned.
        ``spearman``
            Spearman's rank correlation of score and checkpoint, oriented alike.
        ``step_noise_sd``
            Standard deviation of the last checkpoints (ddof 1).
        ``snr_last``
            Mean of the last checkpoints over step_noise_sd.
        ``rise_share``
            Share of steps that improve; a step without change counts half.

        Labels: higher_is_better, chance, discrete.

    Notes
    -----
    Null standard deviation of tau without ties: sqrt(2(2n+5) / (9n(n-1))), divided by sqrt(S) for
    the mean of S independent seeds. It takes checkpoints as independent, which curves are not.
    """
    if last < 2:
        raise UsageError(f"last={last}: the noise of the last checkpoints needs at least 2.")
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for curves in training_curves(evidence):
        found = [*_trends(curves, last, level), *_points(curves, level)]
        key = {"model": curves.model, "task": curves.task, "metric": curves.metric}
        rows += [({**key, **axes}, name, estimate) for axes, name, estimate in found]
        said += curves.remarks
        if curves.checkpoints.size < 3:
            said.append(
                (curves.name, f"a trend needs 3 checkpoints, found {curves.checkpoints.size}.")
            )
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"last": last, "level": level, "missing": missing, "ddof": 1, "tau": "b"},
    }
    warnings = [*evidence.warnings, *by_reason(said)]
    result = Result.of(
        "checkpoints", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    return labelled(result, metric_facts(evidence))


Found = tuple[dict[str, int], str, Estimate]


def _points(curves: Curves, level: float) -> list[Found]:
    found: list[Found] = []
    for t, checkpoint in enumerate(curves.checkpoints.tolist()):
        for s, seed in enumerate(curves.seeds.tolist()):
            if np.isfinite(curves.means[s, t]):
                run = Estimate(
                    float(curves.means[s, t]), float(curves.errors[s, t]) or np.nan, level=level,
                    n=curves.n, unit="item",
                    method="mean over items",
                )  # fmt: skip
                found.append(({"seed": seed, "checkpoint": checkpoint}, "mean", run))
        found.append(({"checkpoint": checkpoint}, "mean", final_mean(curves, t, level)))
        column = curves.means[:, t]
        spread = _spread(column[np.isfinite(column)], level)
        found.append(({"checkpoint": checkpoint}, "seed_sd", spread))
    return found


def _spread(values: np.ndarray, level: float) -> Estimate:
    try:
        return sd_ci(values, level=level)
    except NotEnoughDataError as error:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")


def _trends(curves: Curves, last: int, level: float) -> list[Found]:
    if curves.checkpoints.size < 3:
        return []
    sign = curves.facts.sign
    statistics: dict[str, Callable[[np.ndarray], float]] = {
        "kendall_tau": lambda curve: float(kendall_tau(sign * curve)),
        "kendall_tau_a": lambda curve: float(kendall_tau(sign * curve, variant="a")),
        "kendall_tau_null_sd": lambda curve: float(kendall_tau_null_sd(curve.size)),
        "spearman": lambda curve: float(spearman(sign * curve)),
        "step_noise_sd": lambda curve: float(curve[-last:].std(ddof=1)),
        "snr_last": lambda curve: _snr(curve[-last:]),
        "rise_share": lambda curve: float(rise_share(sign * curve)),
    }
    methods = {
        "kendall_tau": "tau-b",
        "kendall_tau_a": "tau-a",
        "kendall_tau_null_sd": "sd of tau without trend or ties",
        "spearman": "rank correlation, midranks",
        "step_noise_sd": f"sd of the last {last} checkpoints, ddof 1",
        "snr_last": f"mean over sd of the last {last} checkpoints",
        "rise_share": "share of steps that improve, no change counts half",
    }
    complete = [curve[np.isfinite(curve)] for curve in curves.means]
    found: list[Found] = []
    for name, statistic in statistics.items():
        values = np.array([statistic(curve) if curve.size > 2 else np.nan for curve in complete])
        for seed, value in zip(curves.seeds.tolist(), values.tolist(), strict=True):
            estimate = Estimate(value, level=level, n=1, unit="seed", method=methods[name])
            found.append(({"seed": seed}, name, estimate))
        found.append(({}, name, _over_seeds(values, name, methods[name], level)))
    return found


def _snr(tail: np.ndarray) -> float:
    spread = float(tail.std(ddof=1))
    return float(tail.mean()) / spread if spread > 0 else np.nan


def _over_seeds(values: np.ndarray, name: str, method: str, level: float) -> Estimate:
    defined = values[np.isfinite(values)]
    if not defined.size:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {method}")
    if name == "kendall_tau_null_sd":
        value = float(np.sqrt((defined**2).sum()) / defined.size)
        return Estimate(value, level=level, n=defined.size, unit="seed", method=method)
    if defined.size == 1:
        return Estimate(float(defined[0]), level=level, n=1, unit="seed", method=method)
    estimate = mean_ci(defined, level=level)
    limits = {"rise_share": (0.0, 1.0), "step_noise_sd": (0.0, np.inf)}
    if name in ("kendall_tau", "kendall_tau_a", "spearman"):
        limits[name] = (-1.0, 1.0)
    low, high = limits.get(name, (-np.inf, np.inf))
    return replace(
        estimate,
        low=max(estimate.low, low) if np.isfinite(estimate.low) else np.nan,
        high=min(estimate.high, high) if np.isfinite(estimate.high) else np.nan,
        unit="seed",
        method=f"{method}; mean over seeds, {estimate.method}",
    )
