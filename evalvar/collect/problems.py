"""Problems in ENAMEL's columns: a prompt, inputs of rising size, a reference and a checker."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalvar.adapters import table_files
from evalvar.adapters.files import head, kind, stem, whole
from evalvar.errors import AdapterError, UsageError, counted
from evalvar.evidence import not_there

REQUIRED = (
    *("task_id", "prompt", "entry_point", "input_generator", "input_levels"),
    *("reference_solution", "checker"),
)
_OPTIONAL = ("tag",)
_PICKLES = (".pkl", ".pickle")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Parameters
    ----------
    task_id : str
        Its name; the `item` of the timings.
    prompt : str
        Source text that comes before every program, reference, generator and checker.
    entry_point : str
        Name of the function that is called.
    generator : str
        Source of ``generate_input(size, lid, cid)``, which returns the tuple of arguments.
    levels : tuple of int
        Sizes handed to the generator. Level 0 is for correctness; the further ones are timed.
    reference : str
        Source of the reference solution: the body that continues the prompt, or a program.
    checker : str
        Source of ``__check(input, answer, output)``, where answer is the reference's.
    tag : str
        What the problem is counted under; empty where the file has no such column.
    """

    task_id: str
    prompt: str
    entry_point: str
    generator: str
    levels: tuple[int, ...]
    reference: str
    checker: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class ProblemSet:
    """The problems of one file, and which of them are wanted.

    Parameters
    ----------
    name : str
        Of the set: the file's name.
    every : tuple of Problem
        All problems, in the order of the file; files of samples count by it.
    wanted : tuple of Problem
        Those that are to be run.
    remarks : tuple of str
        Sentences with counts about the wanted ones.
    path : str
        The file.
    """

    name: str
    every: tuple[Problem, ...]
    wanted: tuple[Problem, ...]
    remarks: tuple[str, ...] = ()
    path: str = ""


def read_problems(
    path: str | Path,
    *,
    only: str | Path | Sequence[int | str] | None = None,
    exclude: str | Path | Sequence[int | str] | None = None,
    problem: Iterable[str] = (),
) -> ProblemSet:
    """Read a file of problems and choose among them.

    Parameters
    ----------
    path : path
        JSON lines or CSV (also compressed) with the columns task_id, prompt, entry_point,
        input_generator, input_levels, reference_solution, checker, and tag if there is one.
    only, exclude : path or sequence, optional
        Which problems to keep or to leave out: positions (counting from 0) or task_ids, or a JSON
        file with a list of them.
    problem : iterable of str
        The task_ids to keep; with `only`, those in both.

    Raises
    ------
    AdapterError
        A pickle, an empty file, a missing column, a repeated id, a problem without levels.
    UsageError
        A problem that is chosen is not there, or none is left.
    """
    path = Path(path)
    refuse_pickle(path)
    remarks: list[str] = []
    every = _checked(_frame(path, remarks), path)
    chosen = _chosen(every, only, exclude, list(problem))
    return ProblemSet(stem(path), every, chosen, (*remarks, *_flat_levels(chosen)), str(path))


def refuse_pickle(path: Path) -> None:
    """Refuse a pickle by its name and by its first bytes: loading one runs whatever it says.

    Raises
    ------
    AdapterError
        It is one, or there is no such file.
    """
    if not path.exists():
        raise AdapterError(f"{path}: no such file. Check the path.")
    if path.is_dir():
        return
    start = head(path, 2)[:2]
    by_name = any(suffix.lower() in _PICKLES for suffix in path.suffixes)
    if by_name or (len(start) == 2 and start[0] == 0x80 and 2 <= start[1] <= 5):
        raise AdapterError(
            f"{path}: a pickle, which can run any code when it is read, and is refused. Write the "
            "data as JSON."
        )


def _frame(path: Path, remarks: list[str]) -> pd.DataFrame:
    form = kind(path)
    if path.is_dir() or form not in (*table_files.JSON_LINES, *table_files.SEPARATORS):
        raise AdapterError(
            f"{path}: expected problems as JSON lines (.jsonl) or CSV, found "
            f"{'a directory' if path.is_dir() else f'{form!r}'}. Name the file of the problems."
        )
    ended = table_files.check_text(path, remarks)
    if form in table_files.JSON_LINES:
        frame, names = table_files.read_json_lines(path, _known, remarks)
    else:
        names = table_files.names(path)
        frame = pd.DataFrame()
        if set(REQUIRED) <= set(names):
            frame = table_files.read_delimited(path, _known(names), remarks, ended=ended)
    if not names:
        raise AdapterError(f"{path}: the file is empty. Name a file with problems.")
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise AdapterError(
            f"{path}: missing column {', '.join(map(repr, missing))}; found "
            f"{', '.join(map(repr, names))}. Rename or add it."
        )
    if not len(frame):
        raise AdapterError(f"{path}: a header and no problem. Name a file with problems.")
    return frame


def _known(names: Sequence[str]) -> Sequence[str]:
    return [name for name in names if name in (*REQUIRED, *_OPTIONAL)]


def _checked(frame: pd.DataFrame, path: Path) -> tuple[Problem, ...]:
    problems = []
    places: dict[str, int] = {}
    for number, row in enumerate(frame.to_dict("records"), start=1):
        for name in REQUIRED:
            if name == "prompt" and row[name] is None:
                row[name] = ""
            elif row[name] is None or row[name] == "":
                raise AdapterError(f"{path}: no {name} in problem {number}. Fill it.")
        task_id = str(row["task_id"])
        if task_id in places:
            raise AdapterError(
                f"{path}: the task_id '{task_id}' stands in problems {places[task_id]} and "
                f"{number}. Give each problem its own."
            )
        places[task_id] = number
        text = {name: row[name] for name in REQUIRED if name not in ("task_id", "input_levels")}
        odd = next((name for name, value in text.items() if not isinstance(value, str)), None)
        if odd is not None:
            raise AdapterError(
                f"{path}: {odd} of problem '{task_id}' is a {type(text[odd]).__name__}, and not "
                "text. Write its source."
            )
        if not text["entry_point"].isidentifier():
            raise AdapterError(
                f"{path}: the entry_point of problem '{task_id}' is no name of a function: "
                f"{text['entry_point'][:40]!r}. Write the name alone."
            )
        problems.append(
            Problem(
                task_id,
                text["prompt"],
                text["entry_point"],
                text["input_generator"],
                _levels(row["input_levels"], task_id, path),
                text["reference_solution"],
                text["checker"],
                str(row["tag"]) if row.get("tag") is not None else "",
            )
        )
    return tuple(problems)


def _levels(value: Any, task_id: str, path: Path) -> tuple[int, ...]:
    words = value.replace(",", " ").split() if isinstance(value, str) else value
    try:
        if not isinstance(words, list) or any(isinstance(word, bool | float) for word in words):
            raise ValueError
        levels = tuple(int(word) for word in words)
    except (TypeError, ValueError):
        raise AdapterError(
            f"{path}: input_levels of problem '{task_id}' are {value!r}; expected whole numbers, "
            'as "20 100 10000 15000".'
        ) from None
    if len(levels) < 2:
        raise AdapterError(
            f"{path}: {counted(len(levels), 'level')} in problem '{task_id}'; expected one for "
            "correctness and at least one that is timed. Add sizes to input_levels."
        )
    return levels


def _chosen(
    every: tuple[Problem, ...],
    only: str | Path | Sequence[int | str] | None,
    exclude: str | Path | Sequence[int | str] | None,
    problem: list[str],
) -> tuple[Problem, ...]:
    kept = set(range(len(every)))
    if only is not None:
        kept &= _positions(only, every, "only")
    if problem:
        kept &= _positions(problem, every, "problem")
    if exclude is not None:
        kept -= _positions(exclude, every, "exclude")
    if not kept:
        raise UsageError(
            f"none of {counted(len(every), 'problem')} is left by what is to be kept and left out. "
            "Look at --only, --exclude and --problem."
        )
    return tuple(every[place] for place in sorted(kept))


def _positions(
    listed: str | Path | Sequence[int | str], every: tuple[Problem, ...], option: str
) -> set[int]:
    source = f"--{option}"
    if isinstance(listed, str | Path):
        path = Path(listed)
        refuse_pickle(path)
        source = str(path)
        try:
            listed = json.loads(whole(path))
        except ValueError as error:
            raise AdapterError(f"{path}: no JSON ({error}). Write a list, as [0, 3, 7].") from error
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise AdapterError(
            f"{source}: expected a list of positions or task_ids, found a "
            f"{type(listed).__name__}. Write a list, as [0, 3, 7]."
        )
    places = {problem.task_id: place for place, problem in enumerate(every)}
    found = set()
    for entry in listed:
        if isinstance(entry, int) and not isinstance(entry, bool):
            if not 0 <= entry < len(every):
                raise UsageError(
                    f"{source}: no problem at position {entry}; there are {len(every):,}, counted "
                    "from 0."
                )
            found.add(entry)
        elif isinstance(entry, str) and entry in places:
            found.add(places[entry])
        else:
            raise not_there("problem", entry, list(places))
    return found


def _flat_levels(problems: Sequence[Problem]) -> list[str]:
    flat = [
        problem
        for problem in problems
        if any(b <= a for a, b in zip(problem.levels[1:-1], problem.levels[2:], strict=True))
    ]
    if not flat:
        return []
    sizes = ", ".join(map(str, flat[0].levels))
    return [
        f"the sizes of the timed levels do not rise in {counted(len(flat), 'problem')}, first "
        f"{flat[0].task_id} ({sizes}): there a slow program may look no slower at the next level."
    ]
