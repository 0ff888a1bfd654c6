"""Results files of lm-eval: the run they describe and the aggregates they report."""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from evalvar.adapters.files import plain_name, stem, whole
from evalvar.adapters.labels import is_label
from evalvar.adapters.lm_eval_metrics import is_higher_better, score_range
from evalvar.adapters.remarks import Remark
from evalvar.errors import AdapterError

DATE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d+)?")
_MODEL_ARGUMENTS = ("peft", "delta", "pretrained", "model", "path", "engine")
_RANDOM_ID = re.compile(r"[a-z0-9]{8}")
# Entries of a task's results that are no metrics.
_FACTS = {
    *("alias", "name", "sample_len", "sample_count", "samples"),
    *("task_name", "prompt_name", "prompt_id", "prompt_jinja", "fixed_answer_choice_list"),
    *("dataset_path", "dataset_name", "subset", "comment"),
}


@dataclass(frozen=True)
class Run:
    """One call of the harness, as its results file describes it.

    Parameters
    ----------
    path : Path
        The results file.
    raw : dict
        Its content.
    model : str
        Name of the model; a revision other than main is part of it.
    named_by : str
        What the name was taken from, when the file does not tell it.
    """

    path: Path
    raw: dict[str, Any]
    model: str
    named_by: str = ""

    @property
    def version(self) -> str:
        """Version of the harness, empty where the file does not say (before 0.4.9)."""
        return str(self.raw.get("lm_eval_version") or "")

    def of_task(self, part: str, task: str) -> Any:
        """Entry of a task in a part of the file that is laid out by task; None if absent."""
        table = self.raw.get(part)
        return table.get(task) if isinstance(table, dict) else None

    def config(self, task: str) -> dict[str, Any]:
        """Return the configuration of a task; empty where the file has none."""
        found = self.of_task("configs", task)
        return found if isinstance(found, dict) else {}

    def documents(self, task: str) -> tuple[int | None, int | None]:
        """How many documents of a task were evaluated, and how many there are."""
        counts = self.of_task("n-samples", task)
        if isinstance(counts, dict):
            return counts.get("effective"), counts.get("original")
        entry = self.of_task("results", task)
        return (entry.get("sample_len") if isinstance(entry, dict) else None), None

    def group(self, task: str) -> str | None:
        """Name of the group that lists the task."""
        groups = self.raw.get("group_subtasks")
        for name, members in groups.items() if isinstance(groups, dict) else ():
            if isinstance(members, list) and task in members:
                return str(name)
        return None

    def is_group(self, name: str) -> bool:
        """Whether results under this name are an average over other tasks."""
        members = self.of_task("group_subtasks", name)
        listed = bool(members) or (members is None and self.of_task("groups", name) is not None)
        return listed and not self.config(name)


def read_run(path: Path) -> Run:
    """Read a results file.

    Raises
    ------
    AdapterError
        It is no JSON, or holds no results.
    """
    status = path.stat()
    return _read_run(path, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=4)  # a run's results file is wanted once for each of its tasks
def _read_run(path: Path, changed: int, size: int) -> Run:
    data = whole(path)
    try:
        raw = msgspec.json.decode(data)
    except msgspec.DecodeError:
        try:
            raw = json.loads(data)  # lm-eval writes NaN as a bare word, which JSON does not know
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise AdapterError(
                f"{path}: expected the JSON of an lm-eval results file, found a damaged one "
                f"({error}). "
                "The run may have been stopped while writing: evaluate again or leave it out."
            ) from error
    if not isinstance(raw, dict) or not isinstance(raw.get("results"), dict):
        found = (
            f"an object with {', '.join(map(repr, list(raw)[:6])) or 'nothing'}"
            if isinstance(raw, dict)
            else f"a {type(raw).__name__}"
        )
        raise AdapterError(
            f"{path}: expected an lm-eval results file with 'results' or samples with 'doc_id', "
            f"found {found}. Name the adapter that reads it with --source."
        )
    model, named_by = _model(raw, path)
    return Run(path, raw, model, named_by)


def run_of(samples: Path) -> Run | None:
    """Find the results file of a samples file: same directory, same date."""
    date = DATE.search(samples.name)
    if date is not None:
        names = sorted(samples.parent.glob(f"*{date[0]}.json*"))
        names = [n for n in names if plain_name(n).endswith(".json")]
    else:
        names = [samples.parent / "results.json"]
    for name in names:
        if name.is_file() and not name.name.startswith("samples_"):
            return read_run(name)
    return None


def reported(run: Run, remarks: list[str]) -> pd.DataFrame:
    """Return the aggregates of a results file, one row per task and metric."""
    rows: list[dict[str, Any]] = []
    groups, no_numbers, zeros = [], [], []
    for task, prompt, key, entry in _entries(run.raw["results"]):
        if run.is_group(key):
            groups.append(key)
            continue
        shared = _shared(run, task, prompt, key, entry)
        for name, value in entry.items():
            if name in _FACTS or _is_se(name):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float):
                no_numbers.append(f"{task} {name}")
                continue
            se = entry.get(_se_name(name))
            se = float(se) if isinstance(se, int | float) else np.nan
            if se == 0.0 and 0.0 < value < 1.0:
                zeros.append(f"{task} {name}")
                se = np.nan
            declared = run.of_task("higher_is_better", key)
            low, high = score_range(name, np.array([value], dtype=float))
            rows.append(
                {**shared, "metric": name, "value": float(value), "se": se}
                | {"score_min": low, "score_max": high}
                | {"higher_is_better": is_higher_better(name, declared)}
            )
    for found, sentence in (
        (
            groups,
            "{0:average} over groups {0:was/were} left out: "
            "{0:it follows from its/they follow from their} tasks",
        ),
        (
            no_numbers,
            "{0} {0:entry/entries} of the results {0:is no number/are no numbers} and "
            "{0:was/were} left out",
        ),
        (
            zeros,
            "{0:standard error} of exactly 0 for a value strictly inside (0, 1) {0:is/are} unknown",
        ),
    ):
        if found:
            remarks.append(
                Remark(
                    f"{sentence} (first {{example}})", len(found), file=run.path, example=found[0]
                )
            )
    if not rows:
        remarks.append(Remark("the results hold no number", file=run.path))
    return pd.DataFrame(rows)


def _entries(results: Mapping[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for key, entry in results.items():
        if not isinstance(entry, dict):
            continue
        nested = entry and all(isinstance(value, dict) for value in entry.values())
        for inner in [entry[stamp] for stamp in sorted(entry)] if nested else [entry]:
            # BigScience's fork has several prompts of a task, named in the entry.
            prompt, task = inner.get("prompt_name"), inner.get("task_name")
            if isinstance(prompt, str) and isinstance(task, str):
                yield task, prompt, key, inner
            else:
                yield key, "", key, inner


def _shared(run: Run, task: str, prompt: str, key: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    config = run.raw.get("config")
    config = config if isinstance(config, dict) else {}
    shots = run.of_task("n-shot", key)
    shots = config.get("num_fewshot") if shots is None else shots
    effective, _ = run.documents(key)
    return {
        **{"model": run.model, "task": task, "prompt": prompt},
        "n": np.nan if effective is None else float(effective),
        "group": run.group(key),
        "shots": np.nan if shots is None else float(shots),
        "task_version": str(v) if (v := run.of_task("versions", key)) is not None else None,
        "task_hash": run.of_task("task_hashes", key),
        "harness_version": run.version or None,
        "chat_template": bool(run.raw.get("chat_template")),
    }


def _is_se(name: str) -> bool:
    return name.split(",", 1)[0].endswith("_stderr")


def _se_name(name: str) -> str:
    metric, comma, chosen = name.partition(",")
    return f"{metric}_stderr{comma}{chosen}"


def _model(raw: Mapping[str, Any], path: Path) -> tuple[str, str]:
    config = raw.get("config")
    config = config if isinstance(config, dict) else {}
    arguments = _arguments(config.get("model_args"))
    name = next((arguments[key] for key in _MODEL_ARGUMENTS if arguments.get(key)), None)
    if name is not None:
        revision = arguments.get("revision")
        if revision and revision not in ("main", "None"):
            name = f"{name},revision={revision}"
        return name, ""
    logged = raw.get("model_name")
    if isinstance(logged, str) and not _RANDOM_ID.fullmatch(logged):
        return logged, ""
    if isinstance(logged, str):
        return named_by_directory(path.parent, logged, config.get("model"))
    return _stem_or_directory(path)


def named_by_directory(directory: Path, fallback: str, kind: Any = None) -> tuple[str, str]:
    """Name a model after the directories above its random id, when they hold labels.

    Parameters
    ----------
    directory : Path
        Where the results lie; its own name is the id when it equals ``fallback``.
    fallback : str
        The id.
    kind : str, optional
        The model's class, used when the directories hold nothing but labels.

    Returns
    -------
    name, named_by : str
    """
    parts = list(directory.parts)
    if parts and parts[-1] == fallback:
        parts.pop()
    found: list[str] = []
    while parts and is_label(parts[-1]):
        found.insert(0, parts.pop())
    if not found:
        return fallback, "the harness's random id"
    above = parts[-1] if parts and parts[-1] not in (".", "..", "/") else str(kind or "model")
    return "/".join([above, *found]), "the directories above the harness's random id"


def _stem_or_directory(path: Path) -> tuple[str, str]:
    name = DATE.sub("", stem(path)).strip("_-")
    if name in ("results", ""):
        return path.absolute().parent.name.replace("__", "/"), "the directory's name"
    return name, "the file's name"


def _arguments(given: Any) -> dict[str, str]:
    if isinstance(given, dict):
        return {str(key): str(value) for key, value in given.items() if value is not None}
    if isinstance(given, str):
        pairs = (piece.split("=", 1) for piece in given.split(",") if "=" in piece)
        return {pair[0].strip(): pair[1].strip() for pair in pairs}
    return {}
