"""What became of the programs of a run, as a result."""

from collections import Counter
from pathlib import Path

from evalvar.collect.code_runner import Outcome
from evalvar.collect.findings import statuses
from evalvar.results import Result
from evalvar.stats.estimate import Estimate
from evalvar.tables import REFERENCE, STATUSES


def account(outcome: Outcome, *, output: str | Path = "") -> Result:
    """Count the programs of each model by how they ended.

    Returns
    -------
    Result
        Keys model, task; quantities `programs` and, of these, those that are ``ok``, ``wrong``,
        ``timeout``, ``memory``, ``crash`` and ``missing``. A program that is ok may still be slower
        than the limit. The settings hold the machine, the seed, the seconds spent on what, and,
        problem by problem, the share of the limit that the outer clock leaves open.
    """
    timings = outcome.evidence.timings
    task = str(timings["task"].iloc[0])
    rows = []
    for model, ends in statuses(timings).iterrows():
        keys = {"model": str(model), "task": task}
        counts = {"programs": ends.sum(), **{end: ends.get(end, 0) for end in STATUSES}}
        rows += [
            (keys, name, Estimate(float(count), unit="program", n=int(ends.sum()), method="count"))
            for name, count in counts.items()
        ]
    spent: Counter[str] = Counter()
    for fact in outcome.facts:
        spent.update(fact["seconds"])
    return Result.of(
        "run_code",
        ("model", "task"),
        rows,
        settings={
            "output": str(output),
            "machine": outcome.machine,
            "seed": outcome.seed,
            "problems": int(timings.loc[timings["model"] != REFERENCE, "item"].nunique()),
            "refused": len({fact["item"] for fact in outcome.facts if fact["refused"]}),
            "seconds": dict(spent),
            "blocks": [
                {name: value for name, value in fact.items() if name != "seconds"}
                for fact in outcome.facts
            ],
        },
        warnings=outcome.evidence.warnings,
        sources=outcome.evidence.sources,
    )
