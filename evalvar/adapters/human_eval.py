"""Results of HumanEval's evaluator: its samples with what became of each."""

import json
from pathlib import Path

import pandas as pd

from evalvar.adapters import table_files
from evalvar.adapters.code_results import PASSED, model_of, task_of, unlike
from evalvar.adapters.files import evidence_of, kind, lines
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError
from evalvar.evidence import Evidence

NAME = "human_eval"

_KEYS = {"task_id", "result", "passed"}
_WHAT = "HumanEval's evaluator writes its results"


def claims(path: Path) -> bool:
    """Whether the first line has a task_id, a result and whether it passed."""
    if kind(path) != ".jsonl":
        return False
    try:
        return set(table_files.names(path)) >= _KEYS
    except AdapterError:
        return False


def read(path: Path) -> Evidence:
    """Read ``<samples>_results.jsonl``: several lines of one task_id are its samples, in order.

    Raises
    ------
    AdapterError
        A line is not shaped as the evaluator writes it; a cut-off last line is left out.
    """
    remarks: list[str] = []
    model = model_of(path, (".jsonl", "_results", ".jsonl"), remarks)
    rows, seen = [], dict[str, int]()
    broken = 0
    for number, line in enumerate(lines(path), start=1):
        if broken:
            raise AdapterError(f"{path}: line {broken} is no valid JSON. Repair or remove it.")
        try:
            row = json.loads(line)
        except ValueError:
            broken = number  # fine if it is the last one
            continue
        if not isinstance(row, dict) or not row.keys() >= _KEYS:
            raise unlike(path, _WHAT, f"task_id, result and passed in line {number}", row)
        if not isinstance(row["passed"], bool):
            raise unlike(path, _WHAT, f"true or false for passed in line {number}", row["passed"])
        item = str(row["task_id"])
        sample = seen[item] = seen.get(item, -1) + 1
        rows.append((task_of(item, NAME), item, sample, row["passed"], str(row["result"])))
    if broken:
        remarks.append(Remark("the last line is cut off and left out", file=path))
    columns = ["task", "item", "sample", "score", "answer.result"]
    records = pd.DataFrame(rows, columns=columns).assign(
        model=model, metric=PASSED, score_min=0.0, score_max=1.0
    )
    return evidence_of(path, records=records, harness=NAME, remarks=remarks)
