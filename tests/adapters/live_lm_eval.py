"""Run the real harness, offline, on two tiny local tasks: python live_lm_eval.py FOLDER."""

import json
import os
import random
import sys
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import lm_eval
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

CHOICE = """
task: live_choice
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/choice.jsonl}}
output_type: multiple_choice
test_split: test
doc_to_text: "Pick {{q}}:"
doc_to_choice: "{{options}}"
doc_to_target: gold
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
  - {metric: brier_score}
metadata: {version: 1.0}
"""
GENERATE = """
task: live_generate
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/generate.jsonl}}
output_type: generate_until
test_split: test
doc_to_text: "Say {{q}}:"
doc_to_target: "{{q}}"
repeats: 3
generation_kwargs: {until: ["."], do_sample: true, temperature: 1.0}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true, ignore_case: true}
filter_list:
  - {name: first, filter: [{function: take_first}]}
  - {name: maj, filter: [{function: majority_vote}, {function: take_first}]}
metadata: {version: 1.0}
"""


class Noisy(LM):
    """Answers at random, from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = random.Random(seed)

    def loglikelihood(self, requests):
        return [(-5 * self.rng.random(), False) for _ in requests]

    def loglikelihood_rolling(self, requests):
        return [-1.0] * len(requests)

    def generate_until(self, requests):
        return [self.rng.choice(["A1", "a2", "a3"]) for _ in requests]


def main(folder: Path) -> None:
    rng = random.Random(0)
    choice = [
        {"q": n, "options": ["yes", "no", "perhaps"], "gold": rng.randrange(2)} for n in range(12)
    ]
    generate = [{"q": f"a{1 + n % 3}"} for n in range(9)]
    for name, rows in (("choice", choice), ("generate", generate)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, text in (("choice", CHOICE), ("generate", GENERATE)):
        (folder / f"{name}.yaml").write_text(text.replace("FOLDER", str(folder)))
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    for seed in (1, 2):
        tracker = EvaluationTracker(output_path=str(folder / "out" / f"seed{seed}"))
        results = lm_eval.simple_evaluate(
            model=Noisy(seed),
            tasks=["live_choice", "live_generate"],
            task_manager=manager,
            log_samples=True,
            evaluation_tracker=tracker,
            bootstrap_iters=0,
        )
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for task in results["configs"]:
            tracker.save_results_samples(task_name=task, samples=samples[task])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
