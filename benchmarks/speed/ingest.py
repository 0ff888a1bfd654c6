"""Reading lm-eval samples: our reader beside the standard library building the same columns.

``python -m benchmarks.speed.ingest`` prints CPU times, the throughput of both, and our peak memory
over the finished table (goal: below 200 MiB). Three rows: the columns alone, with the time of the
digest taken off ours; columns and digest on both sides; and the whole `load`, which also derives
eight metrics and validates, beside the same peer, which does neither.
"""

import hashlib
import json
import random
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.speed.timing import Timing, measure, row
from evalvar.adapters import lm_eval, load
from evalvar.adapters.lm_eval_rows import read_rows

SIZE = 100e6
GOAL_MIB = 200
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


def only_decode(path: Path) -> None:
    """Decode every line and keep nothing."""
    with path.open() as file:
        for line in file:
            json.loads(line)


def only_hash(path: Path) -> None:
    """Compute the digest that every source is recorded with."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, NAME)
        write(path, SIZE)
        size = path.stat().st_size / 1e6
        table = lm_eval.read(path).records.memory_usage(deep=True).sum() / 2**20
        parse = measure(lambda: with_json(path), repeat=5)
        peer = measure(lambda: (only_hash(path), with_json(path)), repeat=5)
        columns = measure(lambda: read_rows(path, []), repeat=5)
        whole = measure(lambda: load(path), repeat=5)
        bare = measure(lambda: only_decode(path), repeat=3)
        digest = measure(lambda: only_hash(path), repeat=5)
    alone = replace(columns, cpu=columns.cpu - digest.cpu)
    row(f"lm-eval samples into columns, {size:.0f} MB; stdlib json", alone, parse, target=2)
    row(f"lm-eval samples into columns, and digest, {size:.0f} MB; json", columns, peer)
    row("the whole load (8 metrics derived, validated); json as above", whole, peer)
    told = {
        "json": parse,
        "columns": alone,
        "json and digest": peer,
        "columns and digest": columns,
        "load": whole,
    }
    told |= {"json.loads alone": bare, "digest alone": digest}
    print(", ".join(f"{name} {_rate(size, timing)}" for name, timing in told.items()))
    over = whole.peak_mib - table
    print(f"peak over the table of {table:.0f} MiB: {over:.0f} MiB (goal below {GOAL_MIB})")


def _rate(size: float, timing: Timing) -> str:
    return f"{size / timing.cpu:.0f} MB/s"


if __name__ == "__main__":
    main()
