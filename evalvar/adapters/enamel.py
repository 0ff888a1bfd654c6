"""Results of ENAMEL's evaluator: which programs passed, and the scores of their levels."""

from pathlib import Path
from typing import Any

import pandas as pd

from evalvar.adapters.code_results import (
    EFFICIENCY,
    PASSED,
    model_of,
    read_object,
    right_or_wrong,
    unlike,
)
from evalvar.adapters.files import evidence_of, plain_name
from evalvar.adapters.remarks import Remark
from evalvar.evidence import Evidence

NAME = "enamel"

_TASK = "ENAMEL"
_PASSES, _EFFS, _ELAPSED, _METRICS = (
    f"~{name}.json" for name in ("passes", "effs", "elapsed", "metrics")
)
_ENDS = (_PASSES, _EFFS, _ELAPSED, _METRICS)
# The evaluator's weights of levels 1 to 3; its files do not tell them.
_HARDNESS = (3.0, 3.0, 4.0)


def claims(path: Path) -> bool:
    """Whether the name ends as the evaluator ends its files."""
    return plain_name(path).endswith(_ENDS)


def read(path: Path) -> Evidence:
    """Read which programs passed, their efficiencies, or the metrics.

    Parameters
    ----------
    path : Path
        ``<name>~passes.json``, ``~effs.json`` (scores by level; that of level 0, which is always 0,
        is dropped), ``~metrics.json``; of ``~elapsed.json`` nothing is kept, as times without
        limits, references and how programs ended score nothing.

    Raises
    ------
    AdapterError
        The file is not shaped as the evaluator writes it.
    """
    remarks: list[str] = []
    model = model_of(path, _ENDS, remarks)
    content = read_object(path, "a file of ENAMEL's evaluator")
    name = plain_name(path)
    records = reported = None
    if name.endswith(_PASSES):
        records = right_or_wrong(_by_item(path, content, bool), model, _TASK)
    elif name.endswith(_EFFS):
        records = _efficiencies(path, _by_item(path, content, list), model)
        remarks.append(
            Remark(
                "efficiency weighs levels 1 to 3 by 3, 3 and 4, as the evaluator does by default; "
                "the file does not tell",
                file=path,
            )
        )
    elif name.endswith(_METRICS):
        reported = _means(path, content, model, remarks)
    else:
        remarks.append(
            Remark(
                "times of cases are left out: without limits, references and how programs ended "
                "they score nothing",
                file=path,
            )
        )
    return evidence_of(path, records=records, reported=reported, harness=NAME, remarks=remarks)


def _means(path: Path, content: dict[str, Any], model: str, remarks: list[str]) -> pd.DataFrame:
    """Give pass@1 and eff@1, which are means over the answers; the others are not."""
    metrics = {"pass@1": PASSED, "eff@1": EFFICIENCY}
    rest = [str(key) for key in content if key not in metrics]
    if rest:
        remarks.append(
            Remark(f"{', '.join(rest)} left out: computed anew from the answers", file=path)
        )
    rows = [
        {"metric": metric, "value": content[key]} for key, metric in metrics.items()
        if key in content
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["metric", "value"]).assign(model=model, task=_TASK)


def _by_item(path: Path, content: dict[str, Any], kind: type) -> dict[str, list[Any]]:
    for item, samples in content.items():
        if not isinstance(samples, list) or not all(isinstance(s, kind) for s in samples):
            expected = "a list of true and false" if kind is bool else "a list of lists of scores"
            raise unlike(path, "ENAMEL's evaluator writes it", f"{expected} for problem {item}",
                         samples)  # fmt: skip
    return content


def _efficiencies(path: Path, effs: dict[str, list[Any]], model: str) -> pd.DataFrame:
    levels = len(_HARDNESS)
    for item, samples in effs.items():
        for scores in samples:
            whole = len(scores) == levels + 1 and all(isinstance(s, int | float) for s in scores)
            if not whole or scores[0] != 0:
                raise unlike(
                    path, "ENAMEL's evaluator writes it",
                    f"{levels + 1} scores a sample, the first 0, for problem {item}", scores,
                )  # fmt: skip
    total = sum(_HARDNESS)
    weighed = {
        item: [
            sum(h * f for h, f in zip(_HARDNESS, scores[1:], strict=True)) / total
            for scores in samples
        ]
        for item, samples in effs.items()
    }
    table = right_or_wrong(weighed, model, _TASK, EFFICIENCY).assign(score_max=float("nan"))
    flat = [scores for samples in effs.values() for scores in samples]
    kept = {
        f"answer.level_{level}": pd.Series([s[level] for s in flat], dtype="float64")
        for level in range(1, levels + 1)
    }
    return table.assign(**kept)
