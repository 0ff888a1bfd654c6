"""Does the benchmark rise while the model learns?"""

import numpy as np
import pandas as pd

from evalvar.analyses.curves import Curves, training_curves
from evalvar.analyses.facts import labelled, metric_facts
from evalvar.analyses.falling import falling, undeclared
from evalvar.analyses.intake import as_tuple, by_reason, intake
from evalvar.analyses.seeds import final_mean, possible_spread
from evalvar.analyses.tails import tails
from evalvar.analyses.trends import Found, trends
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result, Row
from evalvar.stats import Estimate, sd_ci

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
    rng: int = 0,
) -> Result:
    """Report the training curve of each seed and how monotone it is.

    Parameters
    ----------
    data : Evidence or DataFrame
        Records or reported values of at least 3 checkpoints.
    model, task, metric : str or list of str, optional
        What to keep.
    last : int
        How many last checkpoints the noise and the smoothed mean are of.
    level : float in (0, 1)
        Nominal coverage.
    missing : {"drop", "wrong"}
        What an answer without a score means.
    rng : int
        Source of the drawn curves.

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
            Kendall tau-b of score and checkpoint, oriented; 1 is improvement at every step. The
            interval of a seed is for a draw of other items, that over seeds for other seeds.
        ``kendall_tau_a``
            The same without correction for ties; 0 for a constant curve.
        ``kendall_tau_null_sd``
            Standard deviation of tau-b if the scores came in any order.
        ``trend_test``
            tau-a of a seed, and its p-value against a random walk, to which the draw of the items
            is added where items are known.
        ``kendall_tau_corrected``
            Pairs of checkpoints that rise by more than the draw of the items explains, less those
            that so fall, over all pairs: 0 without trend.
        ``kendall_tau_above_chance``
            tau-b of the checkpoints after the first that is clearly above chance.
        ``spearman``
            Spearman's rank correlation of score and checkpoint, oriented alike.
        ``isotonic_r2``
            Share of the variance about the mean that the nearest rising curve explains.
        ``rise_share``
            Share of steps that improve; a step without change counts half.
        ``step_length``, ``net_step``
            Mean size of a step (total variation), and improvement per step; equal for a curve that
            never falls.
        ``step_noise_sd``
            Standard deviation of the last checkpoints (ddof 1); over seeds their root mean square.
            Not of a seed that lacks the last checkpoint of all.
        ``step_noise_sd_detrended``
            The same from successive differences, without a steady rise.
        ``snr_last``
            Mean of the last checkpoints over step_noise_sd.
        ``smoothed_mean``
            Mean of the last checkpoints.
        ``smoothed_seed_sd``
            Its standard deviation over seeds (ddof 1).
        ``smoothing_gain``
            Standard deviation over seeds of the last score over that of the smoothed one.

        Labels: higher_is_better, chance, discrete.

    Notes
    -----
    Monotonicity: "Quantifying Variance in Evaluation Benchmarks", section 3. The null standard
    deviation takes checkpoints as independent, which those of a run are not; with several seeds
    the interval over seeds does without any such assumption. Of scores of known range no standard
    deviation is above half of it, and its interval ends there.
    """
    if last < 2:
        raise UsageError(f"last={last}: the noise of the last checkpoints needs at least 2.")
    evidence = intake(data, missing=missing, model=model, task=task, metric=metric)
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    unsaid = undeclared(evidence)
    for curves in training_curves(evidence):
        rising, remarks, drifts = trends(curves, level=level, rng=rng)
        found = [*rising, *tails(curves, drifts, last=last, level=level), *_points(curves, level)]
        key = {"model": curves.model, "task": curves.task, "metric": curves.metric}
        rows += [({**key, **axes}, name, estimate) for axes, name, estimate in found]
        said += curves.remarks
        said += [(curves.name, remark) for remark in [*remarks, *falling(curves, unsaid)]]
    settings = {
        **{"model": as_tuple(model), "task": as_tuple(task), "metric": as_tuple(metric)},
        **{"last": last, "level": level, "missing": missing, "ddof": 1, "tau": "b", "rng": rng},
    }
    warnings = [*evidence.warnings, *by_reason(said)]
    result = Result.of(
        "checkpoints", KEYS, rows, settings=settings, warnings=warnings, sources=evidence.sources
    )
    return labelled(result, metric_facts(evidence))


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
        found.append(({"checkpoint": checkpoint}, "seed_sd", possible_spread(spread, curves)))
    return found


def _spread(values: np.ndarray, level: float) -> Estimate:
    try:
        return sd_ci(values, level=level)
    except NotEnoughDataError as error:
        return Estimate(np.nan, level=level, unit="seed", method=f"undefined: {error}")
