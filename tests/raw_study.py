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


def tree():
    return defaultdict(tree)


def read(archive: Path):
    """Return two trees.

    scores[model, task, metric][seed][step][prompt, item], and how many of 8 answers are right,
    right[model][seed][step][prompt, item].
    """
    scores, right = tree(), tree()
    with tarfile.open(archive) as tar:
        for member in tar:
            found = re.search(
                r"/(tiny-\w+)/prompt=(\w+)/seed(\d+)/step(\d+)/.*samples_(tiny_\w+)_\d{4}-",
                member.name,
            )
            if not found:
                continue
            model, prompt, task = found[1], found[2], found[5]
            seed, step = int(found[3]), int(found[4])
            for line in tar.extractfile(member).read().decode().splitlines():
                row = json.loads(line)
                item = prompt, row["doc_id"]
                if task == "tiny_sum":
                    of_row = {f"exact_match,{row['filter']}": row["exact_match"]}
                    answers = row["resps"][0]
                    right[model][seed][step][item] = sum(a == row["target"] for a in answers)
                else:
                    of_row = _choices(row)
                for metric, score in of_row.items():
                    scores[model, task, metric][seed][step][item] = score
    return scores, right


def _choices(row):
    ll = [float(pair[0]) for pair in row["filtered_resps"]]
    gold = int(row["target"])
    texts = [row["arguments"][f"gen_args_{i}"]["arg_1"][1:] for i in range(len(ll))]
    per_char = [value / len(text) for value, text in zip(ll, texts, strict=True)]
    return {
        "acc,none": row["acc"],
        "p_correct": exp(ll[gold]) / sum(map(exp, ll)),
        "p_correct_per_char": exp(per_char[gold]) / sum(map(exp, per_char)),
        "nll_correct": -ll[gold],
    }


def commonly(runs):
    """Keep the prompt that every checkpoint was asked with."""
    return {
        seed: {
            step: {item: score for item, score in scores.items() if item[0] == "common"}
            for step, scores in steps.items()
        }
        for seed, steps in runs.items()
    }


LOWER_IS_BETTER = {"nll_correct"}


def seed_noise(runs, metric):
    """Return Table 1 and 2 of the variance paper for one metric."""
    steps = sorted(runs[min(runs)])
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
    before, last = sorted(runs[min(runs)])[-2:]
    return mean(mean(run[last].values()) - mean(run[before].values()) for run in runs.values())


def between(a, b):
    """Return the mean difference of two models at the last checkpoint."""
    ends = [[mean(steps[max(steps)].values()) for steps in runs.values()] for runs in (a, b)]
    return mean(ends[0]) - mean(ends[1])


def pass_at_k(right, k, n=8):
    """Return pass@k of every seed at the last checkpoint."""
    return {
        seed: mean(1 - comb(n - c, k) / comb(n, k) for c in steps[max(steps)].values())
        for seed, steps in right.items()
    }
