"""Results of EvalPlus: which programs passed the base tests, and which those and the added ones."""

import re
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd

from evalvar.adapters.code_results import PASSED, model_of, read_object, right_or_wrong, unlike
from evalvar.adapters.files import evidence_of, head, kind
from evalvar.evidence import Evidence

NAME = "evalplus"

_START = re.compile(rb'\s*\{\s*"date"\s*:\s*"[^"]*"\s*,\s*"hash"\s*:')
_ENDS = (".json", "eval_results")
_RIGHT = ("pass", "success")
_WHAT = "EvalPlus writes its results"
_TASK = "EvalPlus"


def claims(path: Path) -> bool:
    """Whether it starts with a date and the hash of the data set."""
    return kind(path) == ".json" and bool(_START.match(head(path)))


def read(path: Path) -> Evidence:
    """Read ``*_eval_results.json``, of version 0.3 or of older ones.

    Parameters
    ----------
    path : Path
        Metrics ``passed,base`` and, where the added tests were run, ``passed,plus``: both. A
        program that passed the base tests and met no others has no score there.

    Raises
    ------
    AdapterError
        The file is not shaped as EvalPlus writes it.
    """
    remarks: list[str] = []
    model = model_of(path, _ENDS, remarks)
    content = read_object(path, "results of EvalPlus")
    tasks = content.get("eval")
    if not isinstance(tasks, dict):
        raise unlike(path, _WHAT, "an object of problems under 'eval'", tasks)
    found = {str(item): _statuses(path, item, samples) for item, samples in tasks.items()}
    base = {item: [float(b in _RIGHT) for b, _ in pairs] for item, pairs in found.items()}
    tables = [right_or_wrong(base, model, _TASK, f"{PASSED},base")]
    if any(plus is not None for pairs in found.values() for _, plus in pairs):
        plus = {item: [_right_in_both(*pair) for pair in pairs] for item, pairs in found.items()}
        tables.append(right_or_wrong(plus, model, _TASK, f"{PASSED},plus"))
    return evidence_of(
        path, records=pd.concat(tables, ignore_index=True), harness=NAME, remarks=remarks
    )


def _right_in_both(base: str, plus: str | None) -> float:
    if base in _RIGHT and plus is None:
        return nan
    return float(base in _RIGHT and plus in _RIGHT)


def _statuses(path: Path, item: str, samples: Any) -> list[tuple[str, str | None]]:
    """Give every sample's status on the base tests and on the added ones."""
    if isinstance(samples, list) and all(
        isinstance(s, dict) and isinstance(s.get("base_status"), str) for s in samples
    ):
        return [(s["base_status"], s.get("plus_status")) for s in samples]
    if isinstance(samples, dict) and isinstance(samples.get("base"), list):
        base, plus = samples["base"], samples.get("plus") or [[None]] * len(samples["base"])
        if len(plus) == len(base) and all(isinstance(r, list) and r for r in (*base, *plus)):
            return [(str(b[0]), p[0]) for b, p in zip(base, plus, strict=True)]
    raise unlike(path, _WHAT, f"samples with a base_status for {item}", samples)
