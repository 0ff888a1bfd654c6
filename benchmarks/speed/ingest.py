"""Reading lm-eval samples: our reader against the standard library building the same columns.

``python -m benchmarks.speed.ingest [MB]`` prints the throughput of both, their ratio (goal: 2) and
our peak memory over the finished table (goal: below 200 MiB). Each reader runs in a process of
its own; CPU time, of three runs the fastest.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

MB = 1e6
RUNS = 3
GOAL_RATIO = 2.0
GOAL_MIB = 200.0
NAME = "samples_synthetic_2026-01-01T00-00-00.000000.jsonl"


def write(path: Path, size: float) -> None:
    """Write multiple-choice samples of about 6 kB a row: a long prompt before every option."""
    rng = random.Random(0)
    words = [f"word{n}" for n in range(500)]
    with path.open("w") as file:
        number = 0
        while file.tell() < size:
            prompt = " ".join(rng.choices(words, k=165))
            options = [f" option {rng.randrange(1000)}" for _ in range(4)]
            logs = [-rng.expovariate(0.1) for _ in options]
            answers = [[str(value), "False"] for value in logs]
            gold = rng.randrange(4)
            right = float(max(range(4), key=logs.__getitem__) == gold)
            row = {
                "doc_id": number,
                "doc": {"question": prompt, "choices": options, "gold": gold},
                "target": str(gold),
                "arguments": {
                    f"gen_args_{n}": {"arg_0": prompt, "arg_1": text}
                    for n, text in enumerate(options)
                },
                "resps": [[answer] for answer in answers],
                "filtered_resps": answers,
                "filter": "none",
                "metrics": ["acc"],
                "doc_hash": f"{number:064x}",
                "prompt_hash": f"{number:064x}",
                "target_hash": f"{number:064x}",
                "acc": right,
            }
            file.write(json.dumps(row) + "\n")
            number += 1


def with_json(path: Path) -> dict[str, list[object]]:
    """Read the same columns with the standard library."""
    columns: dict[str, list[object]] = {
        **{"item": [], "filter": [], "hash": [], "target": [], "acc": []},
        **{"log_likelihoods": [], "options": []},
    }
    with path.open() as file:
        for line in file:
            row = json.loads(line)
            columns["item"].append(row["doc_id"])
            columns["filter"].append(row["filter"])
            columns["hash"].append(row["doc_hash"])
            columns["target"].append(row["target"])
            columns["acc"].append(row["acc"])
            columns["log_likelihoods"].append([float(a[0]) for a in row["filtered_resps"]])
            columns["options"].append([a["arg_1"] for a in row["arguments"].values()])
    return columns


def with_evalvar(path: Path) -> object:
    """Read the file into columns, as the lm_eval adapter does first."""
    from evalvar.adapters.lm_eval_rows import read_rows

    return read_rows(path, [])


def evidence(path: Path) -> object:
    """Read the file into Evidence: columns, derived measures, validation, digest."""
    from evalvar.adapters import lm_eval

    return lm_eval.read(path)


READERS = {"json": with_json, "rows": with_evalvar, "evidence": evidence}


def once(reader: str, path: Path) -> None:
    """Run one reader and print its seconds, table and peak in MiB."""
    import_module("evalvar.adapters.lm_eval")  # not a part of reading

    before = _peak()
    start = time.process_time()
    result = READERS[reader](path)
    seconds = time.process_time() - start
    records = getattr(result, "records", None)
    table = records.memory_usage(deep=True).sum() / 2**20 if records is not None else 0.0
    print(seconds, table, _peak() - before)


def main() -> None:
    size = float(sys.argv[1]) * MB if len(sys.argv) > 1 else 100 * MB
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        write(path, size)
        size = path.stat().st_size
        found = {}
        for reader in READERS:
            runs = [_run(reader, path) for _ in range(RUNS)]
            found[reader] = min(runs)
            print(f"{reader:9} {size / MB / found[reader][0]:7.0f} MB/s")
    ratio = found["json"][0] / found["rows"][0]
    whole = found["json"][0] / found["evidence"][0]
    over = found["evidence"][2] - found["evidence"][1]
    print(f"columns: {ratio:.1f} x json; whole Evidence: {whole:.1f} x json (goal {GOAL_RATIO:g})")
    print(f"peak memory over the table: {over:.0f} MiB (goal below {GOAL_MIB:g})")


def _run(reader: str, path: Path) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "benchmarks.speed.ingest", reader, str(path)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]), float(out[1]), float(out[2])


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if len(sys.argv) == 3:
        once(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
