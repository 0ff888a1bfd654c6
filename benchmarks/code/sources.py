"""Reads a problem from its file: the functions in it are cut out as they are written.

A file in `problems/<family>/` holds the constants TAG and LEVELS and, in this order, the problem's
typed signature with its text, the reference, further recorded solutions, `generate_input` and
`__check`. A solution's docstring says what it is, and is not part of the program.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "problems"
CHECKS = ("generate_input", "__check")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem; its solutions and the notes on them are keyed by name, the reference first."""

    family: str
    entry_point: str
    title: str
    tag: str
    levels: tuple[int, ...]
    prompt: str
    generator: str
    checker: str
    solutions: dict[str, str]
    notes: dict[str, str]

    @property
    def task_id(self) -> str:
        """Family and name, as the file lies in its folder."""
        return f"{self.family.replace(' ', '_')}/{self.entry_point}"

    def row(self) -> dict[str, str]:
        """ENAMEL's columns, then our own two."""
        return {
            "task_id": self.task_id,
            "prompt": self.prompt,
            "entry_point": self.entry_point,
            "input_generator": self.generator,
            "input_levels": " ".join(map(str, self.levels)),
            "reference_solution": self.solutions["reference"],
            "checker": self.checker,
            "tag": self.tag,
            "family": self.family,
        }


def problems(folder: Path = FOLDER) -> list[Problem]:
    """All problems, in the order of their paths."""
    return [read(path) for path in sorted(folder.glob("*/*.py"))]


def read(path: Path) -> Problem:
    """Cut one file into its parts."""
    text = path.read_text(encoding="utf-8")
    module = ast.parse(text)
    lines = text.splitlines(keepends=True)
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    entry_point = next(iter(functions))
    if entry_point != path.stem:
        raise ValueError(f"{path}: the first function is {entry_point}, the file's name another.")
    solutions = {n: f for n, f in functions.items() if n not in (entry_point, *CHECKS)}
    for name, solution in solutions.items():
        if _parameters(solution) != _parameters(functions[entry_point]):
            raise ValueError(f"{path}: {name} has other parameters than {entry_point}.")
    return Problem(
        family=path.parent.name.replace("_", " "),
        entry_point=entry_point,
        title=(ast.get_docstring(module) or "").splitlines()[0].rstrip("."),
        tag=constants["TAG"],
        levels=constants["LEVELS"],
        prompt=_source(functions[entry_point], lines),
        generator=_source(functions["generate_input"], lines),
        checker=_source(functions["__check"], lines),
        solutions={name: _body(function, lines) for name, function in solutions.items()},
        notes={name: ast.get_docstring(function) or "" for name, function in solutions.items()},
    )


def _parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def _source(function: ast.FunctionDef, lines: list[str]) -> str:
    return "".join(lines[function.lineno - 1 : function.end_lineno])


def _body(function: ast.FunctionDef, lines: list[str]) -> str:
    """All statements after the docstring."""
    return "".join(lines[function.body[0].end_lineno : function.end_lineno])
