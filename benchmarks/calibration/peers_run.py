"""A peer's own code on given data sets, run by its own Python: peers_run.py PEER DATA FOUND."""

import json
import sys
import warnings
from importlib.metadata import version

import numpy as np


def evalstats(data):
    import evalstats as es
    import pandas as pd
    from evalstats.core import paired, resampling, unpaired

    alpha = 0.05
    found = {
        "wilson": [resampling.wilson_ci_1d(x, alpha) for x in data["right"]],
        "logit_t": [resampling.logit_t_ci_1d(x, alpha) for x in data["parts"]],
        "t": [resampling.t_interval_ci_1d(x, alpha) for x in data["loss"]],
        "bonett_price": [
            resampling.bonett_price_paired_ci(a, b, alpha)
            for a, b in zip(data["a"], data["b"], strict=True)
        ],
        "runs": [
            resampling.bonett_price_paired_ci_multirun_shrunk(one[0], one[1], alpha)
            for one in data["runs"]
        ],
        "mcnemar": [
            paired._mcnemar_midp_p(a, b) for a, b in zip(data["a"], data["b"], strict=True)
        ],
        "agresti_caffo": [
            unpaired._agresti_caffo_ci(a, b, alpha)
            for a, b in zip(data["a"], data["b"], strict=True)
        ],
        "paired logit_t": [],
        "nig": [],
        "welch": [],
    }
    for name, method, first, second in (
        ("paired logit_t", "logit_t", "x", "y"),
        ("nig", "nig", "grades", "graded"),
    ):
        for a, b in zip(data[first], data[second], strict=True):
            pair = es.pairwise_differences(
                np.stack([a, b]), 0, 1, "a", "b", method=method, ci=0.95, score_range=(0.0, 1.0)
            )
            found[name].append((pair.ci_low, pair.ci_high))
    for a, b in zip(data["x"], data["y"], strict=True):
        made = unpaired._numeric_pairwise_uncorrected([a, b], alpha)
        found["welch"].append((made["ci_lo"][0], made["ci_hi"][0]))
    for name, first, second in (
        ("compare, right or wrong", "a", "b"),
        ("compare, fractions", "x", "y"),
    ):
        found[name] = []
        for a, b in list(zip(data[first], data[second], strict=True))[:8]:
            n = len(a)
            frame = pd.DataFrame(
                {
                    "model": ["a"] * n + ["b"] * n,
                    "item": [*range(n)] * 2,
                    "score": np.r_[a, b],
                }
            )
            compared = es.compare(es.load_from(frame), factors="model")
            found[name].append(_printed(compared))
    for name, key in (
        ("compare, 3 models", "three"),
        ("compare, 3 models, bootstrap", "many_items"),
    ):
        found[name] = []
        for x in data[key]:
            frame = pd.DataFrame(
                {
                    "model": np.repeat(["a", "b", "c"], x.shape[1]),
                    "item": np.tile(np.arange(x.shape[1]), 3),
                    "score": x.ravel(),
                }
            )
            pairs = es.compare(es.load_from(frame), factors="model").to_dict()["pairwise"]
            ends = {frozenset((p["a"], p["b"])): p for p in pairs}
            for a, b in (("a", "b"), ("a", "c"), ("b", "c")):
                pair = ends[frozenset((a, b))]
                low, high = pair["ci_low"], pair["ci_high"]
                found[name].append((low, high) if pair["a"] == a else (-high, -low))
    return found


def _printed(compared):
    """Return the interval of a - b and the p-value that `compare` shows."""
    pair = compared.to_dict()["pairwise"][0]
    low, high = pair["ci_low"], pair["ci_high"]
    # It puts the better model first.
    return (low, high, pair["p_value"]) if pair["a"] == "a" else (-high, -low, pair["p_value"])


def inspect_ai(data):
    from inspect_ai.scorer import SampleScore, Score, ci, ci_wilson, stderr

    def scores(x, clusters=None):
        return [
            SampleScore(
                score=Score(value=float(v)),
                sample_metadata=None if clusters is None else {"c": str(clusters[i])},
            )
            for i, v in enumerate(x)
        ]

    def ends(metric, given):
        made = metric(given)
        return made["lower"], made["upper"]

    parts, labels = data["parts"], data["clusters"]
    return {
        "stderr": [stderr()(scores(x)) for x in parts],
        "ci": [ends(ci(), scores(x)) for x in parts],
        "ci_wilson": [ends(ci_wilson(), scores(x)) for x in parts],
        "stderr(cluster)": [stderr(cluster="c")(scores(x, labels)) for x in data["clustered"]],
        "ci(cluster)": [ends(ci(cluster="c"), scores(x, labels)) for x in data["clustered"]],
        "ci_wilson(cluster)": [
            ends(ci_wilson(cluster="c"), scores(x, labels)) for x in data["clustered"]
        ],
    }


def lm_eval(data):
    from lm_eval.api.metrics import mean_stderr

    return {"mean_stderr": [mean_stderr(x.tolist()) for x in data["parts"]]}


def arch(data):
    from arch.bootstrap import IIDBootstrap

    return {
        "basic": [
            IIDBootstrap(x, seed=i).conf_int(np.mean, reps=9999).ravel()
            for i, x in enumerate(data["loss"])
        ]
    }


def scipy(data):
    from scipy.stats import bootstrap

    made = [bootstrap((x,), np.mean, rng=i) for i, x in enumerate(data["loss"])]
    return {"BCa": [tuple(one.confidence_interval) for one in made]}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    peer, given, to = sys.argv[1:]
    with np.load(given) as held:
        answers = globals()[peer]({name: held[name] for name in held.files})
    versions = json.dumps({peer.replace("_", "-"): version(peer)})
    np.savez(to, versions=versions, **{name: np.array(value) for name, value in answers.items()})
