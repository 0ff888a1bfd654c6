"""Results of the analyses of a training study, made by hand: a row is what its table has."""

from math import nan

import pandas as pd

from evalvar.results import Result
from tests.report.report_samples import SETTINGS

FIELDS = dict(
    value=nan, se=nan, low=nan, high=nan, level=0.95, n=80, unit="item", method="by hand",
    p_value=nan,
)  # fmt: skip
FACTS = dict(higher_is_better=True, chance=0.25, discrete=True)


def made(name, keys, rows, **labels):
    """Return a result of rows that name only what they have."""
    table = pd.DataFrame([{**dict.fromkeys(keys), **FIELDS, **labels, **row} for row in rows])
    columns = [*keys, "quantity", *FIELDS]
    rest = [column for column in table if column not in columns]
    return Result(name, keys, table[[*columns, *rest]], dict(SETTINGS), (), pd.DataFrame())


def estimate(value, half=nan, **more):
    return dict(value=value, se=half / 2, low=value - half, high=value + half, **more)


def signal(pairs=3, clear=True, tasks=("arc",)):
    """Three models at four checkpoints; `clear` tells every pair apart from checkpoint 600 on."""
    rows = []
    steps = (300, 600, 900, 1200)
    names = [("a1", "a2"), ("a1", "a3"), ("a2", "a3")][:pairs]
    for task in tasks:
        key = dict(task=task, metric="acc")
        for smoothed in (1, 5):
            for quantity, value in (("signal", 0.1), ("noise", 0.02), ("snr", 5.0)):
                rows.append(
                    {
                        **key,
                        "quantity": quantity,
                        "smoothed": smoothed,
                        **estimate(value, value / 2),
                    }
                )
            rows += [
                {
                    **key, "checkpoint": step, "quantity": "decision_accuracy",
                    "smoothed": smoothed, "share_of_training": step / 1200,
                    **estimate(0.6 + 0.1 * at, 0.08),
                }
                for at, step in enumerate(steps[:-1])
            ]  # fmt: skip
        for a, b in names:
            onset = dict(value=600.0, better=a) if clear else dict(method="undefined: never")
            rows.append(
                {**key, "a": a, "b": b, "quantity": "distinguishable_from", **onset,
                 "p_value": 0.001 if clear else 0.4}
            )  # fmt: skip
            rows.append(
                {**key, "a": a, "b": b, "quantity": "total_variation", "value": 0.2,
                 "p_value": 0.01}
            )  # fmt: skip
    keys = ("task", "metric", "checkpoint", "a", "b")
    more = dict(models=3, smoothed=None, share_of_training=nan, better=None, **FACTS)
    return made("signal", keys, rows, **more)


def framing(gap=0.2, half=0.05, models=("tiny",), turn=nan):
    """Two variants at three checkpoints; b is `gap` above a at the last."""
    rows = []
    for model in models:
        key = dict(model=model, metric="acc", between="task", a="choice", b="cloze")
        for step, share in ((100, 0.2), (200, 0.6), (300, 1.0)):
            for side, top in (("a", 0.4), ("b", 0.4 + gap)):
                at = estimate(0.25 + (top - 0.25) * share, 0.03)
                rows.append({**key, "side": side, "checkpoint": step, "quantity": "mean", **at})
        for side, top in (("a", 0.4), ("b", 0.4 + gap)):
            mine = {**key, "side": side}
            rows.append({**mine, "quantity": "final_mean", **estimate(top, 0.03)})
            rows.append({**mine, "quantity": "monotonicity", **estimate(0.9, 0.05)})
        rows.append({**key, "quantity": "difference", **estimate(-gap, half)})
        rows.append({**key, "quantity": "snr_ratio", **estimate(0.8, 0.3)})
        rows.append({**key, "quantity": "crossover", "value": turn, "turn_seen": turn == turn})
    if len(models) > 2:
        rows.append(
            {**key, "model": None, "quantity": "correlation", **estimate(0.92, 0.05),
             "n": len(models)}
        )  # fmt: skip
    keys = ("model", "task", "metric", "between", "a", "b", "side", "checkpoint")
    more = dict(in_points=True, higher_is_better=True, chance=0.25, items=80)
    return made("framing", keys, rows, **more)


def prompts(width=0.2):
    rows = []
    for model in ("a1", "a2"):
        key = dict(model=model, task="arc", metric="acc")
        rows += [
            {**key, "quantity": "mean_over_prompts", **estimate(0.5, 0.1)},
            {**key, "quantity": "prompt_range", "value": width},
            {**key, "quantity": "prompt_sd_real", **estimate(width / 2, width / 4)},
            {**key, "quantity": "best_prompt_bias", **estimate(0.01, 0.005)},
        ]
    more = dict(prompts=4, best_prompt="p1", worst_prompt="p2", in_points=True,
                higher_is_better=True)  # fmt: skip
    return made("prompt_sensitivity", ("model", "task", "metric"), rows, **more)


def items(count=12, tasks=("arc",)):
    """Every third item falls with ability; one of those is flagged."""
    rows = []
    for task in tasks:
        key = dict(task=task, metric="acc")
        whole = dict(items=count, respondents=8, unit="model")
        rows += [
            {**key, **whole, "quantity": "alpha", **estimate(0.84, 0.05)},
            {**key, **whole, "quantity": "sem", "value": 0.05},
            {**key, **whole, "quantity": "dead", "value": 2.0},
            {**key, **whole, "quantity": "saturated", "value": 1.0},
            {**key, **whole, "quantity": "flipped", "value": 1.0},
            {**key, **whole, "quantity": "suspect_label", "value": 0.0},
            {**key, **whole, "quantity": "split_stability", **estimate(0.31, 0.1)},
            {**key, **whole, "quantity": "weak_strong_stability", "value": 0.04},
        ]
        for i in range(count):
            r = -0.3 if i % 3 == 0 else 0.2 + 0.05 * (i % 7)
            mine = {**key, "item": f"q{i}", "flag": "flipped" if i == 3 else ""}
            rows.append({**mine, "quantity": "difficulty", **estimate(0.1 + 0.8 * i / count, 0.1)})
            rows.append(
                {**mine, "quantity": "rest_discrimination", **estimate(r, 0.2), "half_a_r": r + 0.1,
                 "half_b_r": r - 0.1, "weak_r": r, "strong_r": -r}
            )  # fmt: skip
        for share in (0.0, 0.3, 0.5):
            mine = {**key, **whole, "share": share, "size": round(count * (1 - share))}
            rows += [
                {**mine, "quantity": "pruned_drift", "value": 0.1 * share},
                {**mine, "quantity": "random_drift_sd", "value": 0.02 * share},
                {**mine, "quantity": "pruned_se", "value": 0.1 + share / 20},
                {**mine, "quantity": "random_se", "value": 0.1 + share / 10},
            ]
    more = dict(
        items=nan, respondents=nan, share=nan, flag=None, gold=None, chosen_instead=None,
        half_a_r=nan, half_b_r=nan, weak_r=nan, strong_r=nan, **FACTS,
    )  # fmt: skip
    return made("items", ("task", "metric", "model", "item", "size"), rows, **more)


def irt(models=4):
    key = dict(task="arc", metric="acc")
    whole = {
        "mean_discrimination": 1.2, "control_mean_discrimination": 0.01,
        "discriminating_items": 9.0, "control_discriminating_items": 1.0, "reliability": 0.91,
        "control_reliability": 0.02, "negative_items": 1.0, "misfitting_items": 0.0,
        **{f"information@{at}": 5.0 - at * at for at in (-2, -1, 0, 1, 2)},
    }  # fmt: skip
    rows = [{**key, "quantity": name, "value": value} for name, value in whole.items()]
    rows += [
        {**key, "model": f"m{i}", "quantity": "ability", **estimate(1.5 - i, 0.4),
         "unbounded": "above" if i == 0 else ""}
        for i in range(models)
    ]  # fmt: skip
    rows.append({**key, "item": "q0", "quantity": "discrimination", **estimate(1.1, 0.4)})
    more = dict(unbounded=None, items=12, respondents=models, converged=True,
                control_converged=True, **FACTS)  # fmt: skip
    return made("irt", ("task", "metric", "model", "seed", "item"), rows, **more)


def subset(beyond="no better", tasks=("arc",)):
    """Random items and anchors of two sizes beside all eighty."""
    rows = []
    for task in tasks:
        key = dict(task=task, metric="acc")
        for size in (10, 20):
            for selection, estimator, error in (("random", "mean", 0.06),
                                                ("anchor", "weighted", 0.05)):  # fmt: skip
                way = {**key, "selection": selection, "estimator": estimator, "size": size}
                chosen = selection == "anchor"
                band = {} if chosen else dict(random_low=0.04, random_high=0.08)
                told = beyond if chosen else None
                rows += [
                    {**way, "quantity": "error", **estimate(error, 0.01), **band,
                     "beyond_random": told},
                    {**way, "quantity": "rank_agreement", **estimate(0.8, 0.1), **band},
                    {**way, "quantity": "half_width", "value": 0.9 / size**0.5},
                ]  # fmt: skip
        full = {**key, "selection": "full", "estimator": "mean", "size": 80}
        rows.append({**full, "quantity": "half_width", "value": 0.1})
    keys = ("model", "task", "metric", "selection", "estimator", "size")
    more = dict(items=80, in_points=True, beyond_random=None, random_low=nan, random_high=nan,
                **FACTS)  # fmt: skip
    return made("subset", keys, rows, **more)


SAMPLES = {
    "signal": signal, "framing": framing, "prompt_sensitivity": prompts, "items": items,
    "irt": irt, "subset": subset,
}  # fmt: skip
