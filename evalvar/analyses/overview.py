"""Everything that the data can support."""

import pandas as pd

from evalvar.analyses.code import code_metrics, has_samples
from evalvar.analyses.comparison import compare
from evalvar.analyses.intake import intake, last_checkpoint
from evalvar.analyses.means import summary
from evalvar.analyses.missing import coverage
from evalvar.analyses.seeds import seed_variance
from evalvar.analyses.training import checkpoints
from evalvar.evidence import Evidence, Missing
from evalvar.results import Result

ALL_PAIRS_UP_TO = 10


def overview(
    data: Evidence | pd.DataFrame, *, level: float = 0.95, rng: int = 0, missing: Missing = "drop"
) -> list[Result]:
    """Run every analysis for which the data have what it needs.

    Parameters
    ----------
    data : Evidence or DataFrame
        What was read.
    level : float in (0, 1)
        Nominal coverage of every interval.
    rng : int
        Handed to what draws.
    missing : {"drop", "wrong"}
        What an answer without a score means.

    Returns
    -------
    list of Result
        `summary` always; `seed_variance` with 2 seeds; `checkpoints` with 3 checkpoints; `compare`
        of the models (all pairs up to 10 models, else the best against each other) and of each
        model's last two checkpoints; `code_metrics` with several answers per item; `coverage`.
    """
    evidence = intake(data)
    results = [summary(evidence, level=level, missing=missing)]
    runs = pd.concat(
        [table[["model", "task", "seed", "checkpoint"]].astype({"model": str, "task": str})
         for table in (evidence.records, evidence.reported) if len(table)]
    )  # fmt: skip
    axes = runs.groupby(["model", "task"])[["seed", "checkpoint"]].nunique()
    if (axes["seed"] > 1).any():
        results.append(seed_variance(evidence, level=level, missing=missing))
    if (axes["checkpoint"] > 2).any():
        results.append(checkpoints(evidence, level=level, missing=missing))
    if len(evidence.records):
        results += _comparisons(evidence, level, rng, missing)
        if has_samples(evidence):
            results.append(code_metrics(evidence, level=level, missing=missing))
    results.append(coverage(evidence))
    return results


def _comparisons(evidence: Evidence, level: float, rng: int, missing: Missing) -> list[Result]:
    results = []
    models = evidence.records["model"].unique().tolist()
    if len(models) > 1:
        best = None if len(models) <= ALL_PAIRS_UP_TO else _best(evidence)
        results.append(compare(evidence, best, level=level, rng=rng, missing=missing))
    for model in models:
        steps = sorted(
            evidence.records.loc[evidence.records["model"] == model, "checkpoint"].unique()
        )
        if len(steps) > 1:
            found = compare(
                evidence, int(steps[-1]), int(steps[-2]), between="checkpoint", model=str(model),
                level=level, rng=rng, missing=missing,
            )  # fmt: skip
            results.append(found)
    return results


def _best(evidence: Evidence) -> str:
    """Name the model that leads most often, by mean score at its last checkpoint."""
    means = summary(Evidence(
        last_checkpoint(evidence.records), evidence.reported.iloc[:0], evidence.timings,
        evidence.sources,
    )).table  # fmt: skip
    sign = means["higher_is_better"].map({True: 1.0, False: -1.0}).astype(float)
    score = (sign * means["value"]).groupby([means["task"], means["metric"], means["model"]]).mean()
    winners = score.groupby(level=[0, 1]).idxmax().map(lambda key: key[2])
    return str(winners.mode().iloc[0])
