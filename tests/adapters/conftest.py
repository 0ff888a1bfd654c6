import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"
DATE = "2026-01-01T00-00-00.000000"


@pytest.fixture
def study_slice() -> Path:
    """The first six items of two runs of the recorded study."""
    return DATA / "study"


@pytest.fixture
def custom_lm() -> Path:
    """Two runs of an LM object, which the harness gives random names."""
    return DATA / "custom_lm"


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """Write a run in the present layout; return the samples file."""

    def write(
        rows: list[dict[str, Any]],
        results: dict[str, Any] | None = None,
        *,
        task: str = "t",
        model: str = "org/m",
        folder: str = "runs",
        date: str = DATE,
        **parts: Any,
    ) -> Path:
        directory = tmp_path / folder / model.replace("/", "__")
        directory.mkdir(parents=True, exist_ok=True)
        if results is not None:
            raw = {
                "results": {task: results},
                "config": {"model": "hf", "model_args": f"pretrained={model}"},
                "model_name": model,
                "lm_eval_version": "0.4.13",
                **parts,
            }
            (directory / f"results_{date}.json").write_text(json.dumps(raw))
        samples = directory / f"samples_{task}_{date}.jsonl"
        samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return samples

    return write


def choice(
    doc: int, logs: list[float], gold: int, acc: float | None = None, **more: Any
) -> dict[str, Any]:
    """Build a row of a multiple-choice task as the harness logs it."""
    if acc is None:
        acc = float(max(range(len(logs)), key=logs.__getitem__) == gold)
    texts = [f" {'ab'[n % 2] * (n + 1)}" for n in range(len(logs))]
    row = {
        "doc_id": doc,
        "doc": {"q": doc},
        "target": str(gold),
        "arguments": {
            f"gen_args_{n}": {"arg_0": f"q{doc}", "arg_1": text} for n, text in enumerate(texts)
        },
        "resps": [[[str(v), "False"]] for v in logs],
        "filtered_resps": [[str(v), "False"] for v in logs],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"hash{doc}",
        "prompt_hash": "p",
        "target_hash": "t",
        "acc": acc,
    }
    return row | more


def generated(doc: int, target: str, answers: list[str], score: Any, **more: Any) -> dict[str, Any]:
    """Build a row of a generation task as the harness logs it."""
    row = {
        "doc_id": doc,
        "doc": {"q": doc},
        "target": target,
        "arguments": {"gen_args_0": {"arg_0": "q", "arg_1": {"until": ["."]}}},
        "resps": [answers],
        "filtered_resps": answers[:1],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": f"hash{doc}",
        "prompt_hash": "p",
        "target_hash": "t",
        "exact_match": score,
    }
    return row | more
