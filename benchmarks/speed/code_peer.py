"""ENAMEL's evaluator with its published settings: ... code_peer PROBLEMS SAMPLES [ONLY]."""

import json
import sys
from pathlib import Path

from enam.evaluate import Evaluator


def main() -> None:
    """Make the tests, time the references and evaluate one file of samples."""
    problems, samples, *only = sys.argv[1:]
    text = Path(samples).read_text()
    if samples.endswith(".jsonl"):
        codes = [[json.loads(line)["completion"]] for line in text.splitlines()]
    else:
        codes = json.loads(text)
    kept = json.loads(Path(only[0]).read_text()) if only else list(range(len(codes)))
    evaluator = Evaluator(
        problems=problems,
        subset=kept,
        n_tests=[8, 4, 4, 4],
        n_reps=6,
        hardness=[0, 3, 3, 4],
        memory_giga=4,
        timeout_factor=2.0,
        tolerence_sec=0.01,
        seed=998244353,
    )
    evaluator.make_tests()
    print(evaluator.evaluate(codes, [1]))


if __name__ == "__main__":
    main()
