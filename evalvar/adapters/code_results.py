"""What readers of stored results of programs share: JSON objects, names, right and wrong."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalvar.adapters.files import plain_name, whole
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError

PASSED, EFFICIENCY = "passed", "efficiency"


def read_object(path: Path, what: str) -> dict[str, Any]:
    """Parse a file that holds one JSON object.

    Raises
    ------
    AdapterError
        It is no valid JSON, or no object.
    """
    try:
        content = json.loads(whole(path))
    except ValueError as error:
        raise AdapterError(
            f"{path}: no valid JSON ({error}). Copy {what} again, or leave it out."
        ) from error
    if not isinstance(content, dict):
        raise AdapterError(f"{path}: expected {what}, a JSON object, but found a {_kind(content)}.")
    return content


def unlike(path: Path, what: str, expected: str, found: Any) -> AdapterError:
    """Return the error for a file that is not shaped as its tool writes it."""
    shown = json.dumps(found)[:60] if not isinstance(found, str) else found
    return AdapterError(
        f"{path}: not shaped as {what}: expected {expected}, found {shown}. Export the scores as a "
        "table."
    )


def model_of(path: Path, ends: Sequence[str], remarks: list[str]) -> str:
    """Name the model by its file, since nothing in it does; that of the directory where it must."""
    name = plain_name(path)
    for end in ends:
        name = name.removesuffix(end)
    name = name.strip("._-~") or path.absolute().parent.name
    remarks.append(
        Remark(
            "the file does not name its model: it is called {example}",
            file=path, example=name, made_up="model",
        )
    )  # fmt: skip
    return name


def task_of(item: str, otherwise: str) -> str:
    """Name the task by what is before the slash of an id, as in HumanEval/12."""
    return item.partition("/")[0] if "/" in item else otherwise


def right_or_wrong(
    passed: Mapping[str, Iterable[float]], model: str, task: str, metric: str = PASSED
) -> pd.DataFrame:
    """Return records of every item's samples, in order."""
    rows = [
        (task_of(item, task), item, sample, score)
        for item, scores in passed.items()
        for sample, score in enumerate(scores)
    ]
    frame = pd.DataFrame(rows, columns=["task", "item", "sample", "score"])
    return frame.assign(model=model, metric=metric, score_min=0.0, score_max=1.0)


def _kind(content: Any) -> str:
    return "list" if isinstance(content, list) else "single value"
