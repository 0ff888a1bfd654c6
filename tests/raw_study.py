"""The demo's numbers, computed straight from the harness's JSON without any of evalvar."""

import json
import re
import tarfile
from collections import defaultdict
from math import comb, exp
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from scipy import stats


def read(archive: Path):
    """Return scores[metric][seed][step][item] and right answers[seed][step][item] of 8."""
    scores = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    right = defaultdict(lambda: defaultdict(dict))
    with tarfile.open(archive) as tar:
        for member in tar:
            found = re.search(r"seed(\d+)/step(\d+)/.*samples_(tiny_\w+)_\d{4}-", member.name)
            if not found:
                continue
            seed, step, task = int(found[1]), int(found[2]), found[3]
            for line in tar.extractfile(member).read().decode().splitlines():
                row = json.loads(line)
                if task == "tiny_color":
                    _choices(row, scores, seed, step)
                else:
                    key = f"exact_match,{row['filter']}"
                    scores[key][seed][step][row["doc_id"]] = row["exact_match"]
                    answers = row["resps"][0]
                    right[seed][step][row["doc_id"]] = sum(a == row["target"] for a in answers)
    return scores, right


def _choices(row, scores, seed, step):
    ll = [float(pair[0]) for pair in row["filtered_resps"]]
    gold, item = int(row["target"]), row["doc_id"]
    texts = [row["arguments"][f"gen_args_{i}"]["arg_1"][1:] for i in range(len(ll))]
    per_char = [value / len(text) for value, text in zip(ll, texts, strict=True)]
    scores["acc,none"][seed][step][item] = row["acc"]
    scores["acc_norm,none"][seed][step][item] = row["acc_norm"]
    scores["p_correct"][seed][step][item] = exp(ll[gold]) / sum(map(exp, ll))
    scores["p_correct_per_char"][seed][step][item] = exp(per_char[gold]) / sum(map(exp, per_char))
    scores["nll_correct"][seed][step][item] = -ll[gold]


LOWER_IS_BETTER = {"nll_correct"}


def seed_noise(runs, metric):
    """Return Table 1 and 2 of the variance paper for one metric."""
    steps = sorted(runs[0])
    means = {seed: [mean(runs[seed][step].values()) for step in steps] for seed in runs}
    last = [curve[-1] for curve in means.values()]
    sign = -1 if metric in LOWER_IS_BETTER else 1
    return {
        "final_mean": mean(last),
        "final_seed_sd": stdev(last),
        "seed_sd": mean(stdev(column) for column in zip(*means.values(), strict=True)),
        "snr": mean(last) / stdev(last),
        "monotonicity": mean(
            stats.kendalltau(steps, np.multiply(sign, curve)).statistic for curve in means.values()
        ),
    }


def last_step(runs):
    """Return the mean difference of the last two checkpoints."""
    before, last = sorted(runs[0])[-2:]
    return mean(mean(run[last].values()) - mean(run[before].values()) for run in runs.values())


def pass_at_k(right, k, n=8):
    """Return pass@k of every seed at the last checkpoint."""
    return {
        seed: mean(1 - comb(n - c, k) / comb(n, k) for c in steps[max(steps)].values())
        for seed, steps in right.items()
    }
