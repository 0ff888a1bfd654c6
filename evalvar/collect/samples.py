"""Programs that models wrote, in the files of ENAMEL, HumanEval, EvalPlus and bigcode."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evalvar.adapters import table_files
from evalvar.adapters.files import kind, stem, whole
from evalvar.adapters.table_columns import listed
from evalvar.collect.problems import Problem, ProblemSet, refuse_pickle
from evalvar.errors import AdapterError, counted

Programs = dict[str, list[str | None]]

_EXPECTED = (
    "Expected lists of programs by problem (ENAMEL, bigcode), or JSON lines with task_id and "
    "completion (HumanEval) or solution (EvalPlus)"
)


@dataclass(frozen=True, slots=True)
class Samples:
    """What one model wrote.

    Parameters
    ----------
    model : str
        Its name.
    programs : mapping of str to tuple
        For every problem that is wanted its samples in order: the text of a program, or None
        where the file has a hole. A problem without any sample has one hole.
    remarks : tuple of str
        Sentences with counts.
    path : str
        The file, or the directory.
    """

    model: str
    programs: Mapping[str, tuple[str | None, ...]]
    remarks: tuple[str, ...] = ()
    path: str = ""


def read_samples(path: str | Path, problems: ProblemSet, *, model: str | None = None) -> Samples:
    """Read the programs of one model; the form is recognised by the content.

    Parameters
    ----------
    path : path
        ENAMEL's or bigcode's JSON: a list with a list of programs for every problem, or a dict of
        such lists by position or task_id; JSON lines with a task_id and a `completion`, which
        continues the prompt, or a `solution`, which is a program; or a directory of EvalPlus with
        a folder for every problem and a file for every sample (``HumanEval_0/0.py``).
    problems : ProblemSet
        Problems that were read.
    model : str, optional
        Name of the model; default: the name of the file.

    Raises
    ------
    AdapterError
        A pickle, an archive, or none of these forms.
    """
    path = Path(path)
    refuse_pickle(path)
    if path.is_dir():
        found = _from_folders(path, problems)
    elif kind(path) in table_files.JSON_LINES:
        found = _from_lines(path, problems)
    elif kind(path) == ".json":
        found = _from_lists(path, problems)
    else:
        raise AdapterError(f"{path}: unknown form '{kind(path)}'. {_EXPECTED}; unpack archives.")
    name = stem(path) if model is None else model
    return replace(fitted(name, found, problems), path=str(path))


def fitted(model: str, found: Mapping[str, Sequence[str | None]], problems: ProblemSet) -> Samples:
    """Fit programs to the problems that are wanted, and say what does not fit."""
    known = {problem.task_id for problem in problems.every}
    strange = {task_id: programs for task_id, programs in found.items() if task_id not in known}
    wanted = {p.task_id: tuple(found.get(p.task_id) or (None,)) for p in problems.wanted}
    remarks = []
    if strange:
        remarks.append(
            f"{model}: {counted(sum(map(len, strange.values())), 'sample')} of "
            f"{counted(len(strange), 'problem')} that the file of problems does not have, first "
            f"'{next(iter(strange))}', left out."
        )
    if not any(found.get(task_id) for task_id in wanted):
        there = next(iter(found), None)
        raise AdapterError(
            f"{model}: no sample of any of {counted(len(wanted), 'problem')}; the first problem is "
            f"'{next(iter(wanted))}', the first of the samples "
            f"{'is none' if there is None else repr(there)}. Give the samples of these problems."
        )
    empty = [task_id for task_id in wanted if not found.get(task_id)]
    if empty:
        remarks.append(
            f"{model}: no sample of {counted(len(empty), 'problem')}, first {empty[0]}, which "
            f"{'is' if len(empty) == 1 else 'are'} recorded as missing (--only, --exclude and "
            "--problem choose problems)."
        )
    holes = sum(program is None for programs in wanted.values() for program in programs)
    if holes - len(empty):
        remarks.append(
            f"{model}: {counted(holes - len(empty), 'sample')} without a program, recorded as "
            "missing."
        )
    fenced = sum("\n```" in f"\n{code}" for programs in wanted.values() for code in programs)
    if fenced:
        remarks.append(
            f"{model}: {counted(fenced, 'program')} with a Markdown fence (```), which is no "
            "Python. Give the code inside it only."
        )
    sizes = {len(programs) for task_id, programs in wanted.items() if found.get(task_id)}
    if len(sizes) > 1:
        remarks.append(
            f"{model}: {min(sizes)} to {counted(max(sizes), 'sample')} a problem; k above the "
            "smallest number is not defined for all problems."
        )
    return Samples(model, wanted, tuple(remarks))


def _from_lists(path: Path, problems: ProblemSet) -> Programs:
    try:
        data = json.loads(whole(path))
    except (ValueError, RecursionError) as error:
        raise AdapterError(f"{path}: no JSON ({error}). {_EXPECTED}.") from error
    if isinstance(data, list):
        return {_at(place, problems): _listed(v, path, place) for place, v in enumerate(data)}
    if isinstance(data, dict):
        return _from_dict(data, path, problems)
    raise AdapterError(f"{path}: found a {type(data).__name__}. {_EXPECTED}.")


def _from_dict(data: dict[str, Any], path: Path, problems: ProblemSet) -> Programs:
    known = {problem.task_id for problem in problems.every}
    found: Programs = {}
    for key, value in data.items():
        task_id = key if key in known or not key.isdecimal() else _at(int(key), problems)
        if task_id in found:
            raise AdapterError(
                f"{path}: problem '{task_id}' stands there twice, by its name and by its position. "
                "Keep one."
            )
        found[task_id] = _listed(value, path, key)
    return found


def _at(place: int, problems: ProblemSet) -> str:
    if place < len(problems.every):
        return problems.every[place].task_id
    return f"position {place}"


def _listed(value: Any, path: Path, place: int | str) -> list[str | None]:
    if value is None:
        return []
    if not isinstance(value, list):
        kind_of_it = "text" if isinstance(value, str) else type(value).__name__
        raise AdapterError(
            f"{path}: expected a list of programs for problem {place}, found {kind_of_it}. Write "
            "[[program, ...], ...], also for one program each."
        )
    for program in value:
        _check(program, path, f"problem {place}")
    return value


def _check(program: Any, path: Path, where: str) -> None:
    if program is not None and not isinstance(program, str):
        raise AdapterError(
            f"{path}: expected the text of a program in {where}, found a "
            f"{type(program).__name__}. {_EXPECTED}."
        )


def _from_lines(path: Path, problems: ProblemSet) -> Programs:
    remarks: list[str] = []
    table_files.check_text(path, remarks)
    frame, names = table_files.read_json_lines(path, _columns, remarks)
    if not len(frame):
        raise AdapterError(f"{path}: the file is empty. {_EXPECTED}.")
    if "task_id" not in names or not {"completion", "solution"} & set(names):
        raise AdapterError(f"{path}: found the keys {listed(names)}. {_EXPECTED}.")
    prompts = {problem.task_id: problem.prompt for problem in problems.every}
    found: Programs = {}
    for number, row in enumerate(frame.to_dict("records"), start=1):
        task_id = row["task_id"]
        if task_id is None:
            raise AdapterError(f"{path}: no task_id in line {number}. Fill it.")
        program = row.get("solution")
        _check(program, path, f"line {number}")
        if program is None:
            completion = row.get("completion")
            _check(completion, path, f"line {number}")
            if completion is not None:
                program = _continued(prompts.get(str(task_id), ""), completion)
        found.setdefault(str(task_id), []).append(program)
    return found


def _continued(prompt: str, completion: str) -> str:
    """Return prompt and completion; prompts are also published without their last line's end."""
    whole = prompt.endswith("\n") or completion.startswith("\n") or not prompt
    return prompt + completion if whole else f"{prompt}\n{completion}"


def _columns(names: Sequence[str]) -> Sequence[str]:
    return [name for name in names if name in ("task_id", "completion", "solution")]


def _from_folders(path: Path, problems: ProblemSet) -> Programs:
    names = {_folder(problem): problem.task_id for problem in problems.every}
    found: Programs = {}
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir()):
        files = {int(f.stem): f for f in folder.glob("*.py") if f.stem.isdecimal()}
        if files:
            found[names.get(folder.name, folder.name)] = [
                _text(files[number]) if number in files else None
                for number in range(max(files) + 1)
            ]
    if not found:
        raise AdapterError(
            f"{path}: no programs, expected files such as {next(iter(names))}/0.py. {_EXPECTED}."
        )
    return found


def _folder(problem: Problem) -> str:
    return problem.task_id.replace("/", "_")


def _text(path: Path) -> str:
    # Bytes that are no UTF-8 stay there, and the program fails where it is run.
    return path.read_bytes().decode("utf-8", errors="surrogateescape")
