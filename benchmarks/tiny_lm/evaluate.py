"""Ask the checkpoints by the real harness, offline."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from benchmarks.tiny_lm.train import STEPS, folder
from benchmarks.tiny_lm.world import QUESTIONS, digits, make_world

LOGS = Path("study")
TASKS = ("tiny_cloze", "tiny_choice", "tiny_sum")
# The sampling seed of a prompt, the same for all models: luck of training and luck of the draw
# are crossed.
DRAWS = {"common": 11, "rare": 12}


def write_tasks() -> None:
    """Put the tasks and their items into the working directory."""
    shutil.copytree(Path(__file__).parent / "tasks", "tasks", dirs_exist_ok=True)
    world = make_world()
    items = {
        "questions": [
            {"who": q.who, "what": q.what, "options": q.options, "gold": q.gold}
            for q in world.questions
        ],
        "sums": [{"a": digits(a), "b": digits(b), "answer": digits(a + b)} for a, b in world.sums],
    }
    Path("items").mkdir(exist_ok=True)
    for name, rows in items.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        Path("items", f"{name}.jsonl").write_text(lines, encoding="utf-8")


def prompts(step: int) -> list[str]:
    """Return the prompts that a checkpoint is asked with: all of them only the last."""
    return list(QUESTIONS) if step == STEPS[-1] else ["common"]


def evaluate(runs: Iterable[tuple[str, int, int]]) -> None:
    """Evaluate the checkpoints of the working directory, those that have no logs yet.

    Parameters
    ----------
    runs : iterable of (recipe, seed, step)
        Which.
    """
    wanted = [(folder(*run), prompt) for run in runs for prompt in prompts(run[2])]
    wanted = [(model, prompt) for model, prompt in wanted if not _logs(model, prompt).is_dir()]
    if not wanted:
        return
    os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=str(Path("cache")))
    # Logs name neither the checkout nor the machine.
    os.environ["GIT_DIR"] = os.devnull
    import torch
    import torch.utils.collect_env

    torch.set_num_threads(1)
    torch.utils.collect_env.get_pretty_env_info = lambda: ""
    import lm_eval
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    tasks = {
        prompt: TaskManager(include_path=f"tasks/{prompt}", include_defaults=False)
        for prompt in QUESTIONS
    }
    for model, prompt in wanted:
        half = _logs(model, prompt).with_suffix(".part")
        shutil.rmtree(half, ignore_errors=True)
        tracker = EvaluationTracker(output_path=str(half))
        results = lm_eval.simple_evaluate(
            model="hf", model_args=f"pretrained={model},dtype=float32", device="cpu",
            batch_size=160, tasks=list(TASKS), task_manager=tasks[prompt], log_samples=True,
            evaluation_tracker=tracker, bootstrap_iters=1000, random_seed=DRAWS[prompt],
            numpy_random_seed=DRAWS[prompt], torch_random_seed=DRAWS[prompt],
            fewshot_random_seed=DRAWS[prompt],
        )  # fmt: skip
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for task in TASKS:
            tracker.save_results_samples(task_name=task, samples=samples[task])
        # Only whole runs get their name, so that a stopped study goes on where it was.
        half.rename(_logs(model, prompt))


def _logs(model: Path, prompt: str) -> Path:
    recipe, seed, step = model.parts
    return LOGS / recipe / f"prompt={prompt}" / seed / step
