"""Builds, from the readable sources, the files that `evalvar run-code` reads."""

import csv
import io
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.code.sources import Problem, problems

HERE = Path(__file__).parent
RECORDED = {"expert": "reference", "mid": "mid", "naive": "naive", "fast_wrong": "fast_wrong"}
# How often each recorded solution is drawn. The first is right less often, but then mostly fast.
MIXTURES = {
    "mixed_a": {"reference": 0.25, "mid": 0.20, "naive": 0.05, "fast_wrong": 0.50},
    "mixed_b": {"reference": 0.03, "mid": 0.17, "naive": 0.60, "fast_wrong": 0.20},
}
DRAWS = 8
TABLE = ("<!-- table -->\n", "<!-- end of table -->\n")


def files() -> dict[Path, str]:
    """Text of every file that is built."""
    every = problems()
    rows = [problem.row() for problem in every]
    built = {Path("problems.jsonl"): _lines(rows), Path("problems.csv"): _csv(rows)}
    for name, solution in RECORDED.items():
        built[Path("samples", f"{name}.jsonl")] = _lines(
            [_completion(problem, solution) for problem in every]
        )
    for name, shares in MIXTURES.items():
        built[Path("samples", f"{name}.jsonl")] = _lines(
            [
                _completion(problem, solution)
                for problem in every
                for solution in _drawn(name, shares, problem)
            ]
        )
    built[Path("README.md")] = _with_table((HERE / "README.md").read_text(encoding="utf-8"), every)
    return built


def write(folder: Path = HERE) -> list[Path]:
    """Write all files, and return those that changed."""
    changed = []
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != text.encode():
            path.write_bytes(text.encode())
            changed.append(path)
    return changed


def _completion(problem: Problem, solution: str) -> dict[str, str]:
    return {"task_id": problem.task_id, "completion": problem.solutions[solution]}


def _drawn(name: str, shares: Mapping[str, float], problem: Problem) -> list[str]:
    """Names of the drawn solutions: they depend on the names of mixture and problem alone."""
    draw = random.Random(f"{name} {problem.task_id}")
    return draw.choices(list(shares), list(shares.values()), k=DRAWS)


def _lines(rows: Sequence[Mapping[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _with_table(readme: str, every: Sequence[Problem]) -> str:
    before, rest = readme.split(TABLE[0])
    after = rest.split(TABLE[1])[1]
    rows = ["| problem | what | reference | mid | naive |", "|---|---|---|---|---|"]
    for problem in every:
        where = f"[{problem.task_id}](problems/{problem.task_id}.py)"
        costs = [problem.notes[name].split(":")[0] for name in ("reference", "mid", "naive")]
        rows.append("| " + " | ".join([where, problem.title, *costs]) + " |")
    return before + TABLE[0] + "\n".join(rows) + "\n" + TABLE[1] + after
