"""Results of EvalPerf: the share of right programs, and how efficient those profiled are."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalvar.adapters.code_results import PASSED, model_of, read_object, task_of, unlike
from evalvar.adapters.files import evidence_of, head, kind
from evalvar.adapters.remarks import Remark
from evalvar.evidence import Evidence

NAME = "evalperf"

_START = re.compile(rb'\s*\{\s*"date"\s*:\s*"[^"]*"\s*,\s*"config"\s*:\s*\{')
_ENDS = (".json", ".brief", "evalperf_results")
_WHAT = "EvalPerf writes its results"
_TASK = "EvalPerf"
_SCORES = ("dps", "dps_norm")
CLUSTER = "answer.matching_cluster"

_Score = tuple[str, str, int, float, float]


def claims(path: Path) -> bool:
    """Whether it starts with a date and the configuration."""
    return kind(path) == ".json" and bool(_START.match(head(path)))


def read(path: Path) -> Evidence:
    """Read ``*_evalperf_results*.json``.

    Parameters
    ----------
    path : Path
        Metrics ``passed`` (as many samples as were drawn, as many right as pass@1 says; which ones
        is not told, so the first are taken to be), ``dps`` and ``dps_norm`` (0 to 100, without a
        score where too few programs could be profiled). ``answer.matching_cluster`` is, of every
        program profiled, the index of the reference it is as fast as, -1 where slower than all:
        only right programs are profiled, and again the first are taken to be those. The summary,
        over all problems of both data sets, is left out.

    Raises
    ------
    AdapterError
        The file is not shaped as EvalPerf writes it.
    """
    remarks: list[str] = []
    model = model_of(path, _ENDS, remarks)
    content = read_object(path, "results of EvalPerf")
    drawn = (content.get("config") or {}).get("n_samples")
    problems = content.get("eval")
    if not isinstance(drawn, int) or drawn < 1 or not isinstance(problems, dict):
        raise unlike(path, _WHAT, "config with n_samples, and an object of problems under 'eval'",
                     {"n_samples": drawn})  # fmt: skip
    rows: list[_Score] = []
    for item, found in problems.items():
        if not isinstance(found, dict) or not {"pass@1", *_SCORES} <= found.keys():
            raise unlike(path, _WHAT, f"pass@1, dps and dps_norm of {item}", found)
        rows += _programs(path, item, found, drawn)
        rows += [(name, item, 0, _number(path, item, found[name]), np.nan) for name in _SCORES]
    records = pd.DataFrame(rows, columns=["metric", "item", "sample", "score", CLUSTER])
    top = {PASSED: 1.0, **dict.fromkeys(_SCORES, 100.0)}
    records = records.assign(
        model=model,
        task=[task_of(item, _TASK) for item in records["item"]],
        score_min=records["metric"].map(dict.fromkeys(top, 0.0)),
        score_max=records["metric"].map(top),
    )
    remarks.append(
        Remark(
            f"which of the {drawn:,} programs of a problem are right is not told, only how many: "
            "the first are taken to be",
            file=path,
        )
    )
    return evidence_of(path, records=records, harness=NAME, remarks=remarks)


def _programs(path: Path, item: str, found: dict[str, Any], drawn: int) -> list[_Score]:
    """Give a row a program, right ones first, and of these the profiled ones first."""
    percent = found["pass@1"]
    right = _number(path, item, percent) * drawn / 100
    if not 0 <= right <= drawn or abs(right - round(right)) > 1e-6:
        raise unlike(path, _WHAT, f"a pass@1 of {item} in percent of {drawn} programs", percent)
    profiled = found.get("profiled") or []
    clusters = [p.get("matching_cluster_idx") if isinstance(p, dict) else None for p in profiled]
    if not all(isinstance(index, int) for index in clusters) or len(clusters) > round(right):
        raise unlike(path, _WHAT, f"a matching_cluster_idx of every right program of {item} that "
                     "was profiled", clusters)  # fmt: skip
    filled = [float(index or 0) for index in clusters] + [np.nan] * (drawn - len(clusters))
    return [
        (PASSED, item, sample, float(sample < round(right)), cluster)
        for sample, cluster in enumerate(filled)
    ]


def _number(path: Path, item: str, value: Any) -> float:
    if value is None:
        return float(np.nan)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unlike(path, _WHAT, f"numbers for {item}", value)
    return float(value)
