"""Scored samples of CRUXEval: right or wrong, several answers an item."""

import re
from pathlib import Path

import pandas as pd

from evalvar.adapters.code_results import PASSED, model_of, read_object, right_or_wrong, unlike
from evalvar.adapters.files import evidence_of, head, kind
from evalvar.adapters.remarks import Remark
from evalvar.evidence import Evidence

NAME = "cruxeval"

_START = re.compile(rb'\s*\{\s*"raw_generations"\s*:\s*\{')
_TASK = "CRUXEval"
_WHAT = "CRUXEval writes scored samples"


def claims(path: Path) -> bool:
    """Whether it starts with raw generations."""
    return kind(path) == ".json" and bool(_START.match(head(path)))


def read(path: Path) -> Evidence:
    """Read a file of raw generations with whether each is right.

    Parameters
    ----------
    path : Path
        ``pass_at_1``, in percent, becomes the reported mean; ``pass_at_5`` is no mean.

    Raises
    ------
    AdapterError
        The file is not shaped as CRUXEval writes it.
    """
    remarks: list[str] = []
    model = model_of(path, (".json",), remarks)
    content = read_object(path, "scored samples of CRUXEval")
    scored = content.get("raw_scored_generations")
    if not isinstance(scored, dict):
        raise unlike(path, _WHAT, "an object of items under 'raw_scored_generations'", scored)
    for item, samples in scored.items():
        if not isinstance(samples, list) or not all(isinstance(s, bool) for s in samples):
            raise unlike(path, _WHAT, f"a list of true and false for {item}", samples)
    records = right_or_wrong(scored, model, _TASK)
    reported = None
    if isinstance(content.get("pass_at_1"), int | float):
        told = {"model": model, "task": _TASK, "metric": PASSED, "n": len(scored)}
        reported = pd.DataFrame([{**told, "value": content["pass_at_1"] / 100}])
    if "pass_at_5" in content:
        remarks.append(
            Remark("what the file says of five tries, pass_at_5, is left out; it is computed anew "
                   "from the answers", file=path)
        )  # fmt: skip
    return evidence_of(path, records=records, reported=reported, harness=NAME, remarks=remarks)
