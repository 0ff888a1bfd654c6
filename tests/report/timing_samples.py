"""Made-up timings of programs, in the shape in which a run records them."""

from math import nan

import numpy as np
import pandas as pd

from evalvar.evidence import as_evidence
from tests.report.study_samples import estimate, made

ALPHA = 2.0
SIZES = (0.001, 0.1, 0.45, 1.0)
# Share of right programs; of these, share that is as fast as the reference; slowdown of the others.
CODERS = {"coder-a": (0.75, 0.5, 1.6), "coder-b": (0.55, 0.7, 1.5), "coder-c": (0.3, 0.2, 3.0)}
FATES = ("wrong", "wrong", "crash", "memory", "timeout", "missing")


def timings(
    models=CODERS, problems=8, samples=10, cases=2, repeats=2, task="problems", drift=1.02, seed=0
):
    """Return rows of every program and of the references, timed before and after.

    The last problem is faster than the clock; its references have a resolution above their limit.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for p in range(problems):
        item = f"{task}/{p}"
        slowest = 0.02 * 1.5**p if p < problems - 1 else 1e-7
        limit = ALPHA * slowest * 1.2
        clock = {"limit_s": limit, "resolution_s": 1e-6, "item.tag": "design" if p % 2 else "loops"}

        def case(size, factor, slowest=slowest):
            return slowest * size * factor * (1 + 0.02 * rng.exponential())

        for phase, factor in (("before", 1.0), ("after", drift)):
            for level, size in enumerate(SIZES):
                for c in range(cases):
                    for r in range(repeats if level else 1):
                        rows.append(
                            {"model": "reference", "item": item, "sample": 0, "phase": phase,
                             "level": level, "case": c, "repeat": r, "status": "ok",
                             "seconds": case(size, factor), **clock}
                        )  # fmt: skip
        for model, (right, fast, slow) in models.items():
            for s in range(samples):
                chance = right ** (0.4 + 0.25 * p)
                factor = 1.0 if rng.random() < fast else slow * rng.gamma(4, 0.25)
                fate = None if rng.random() < chance else FATES[rng.integers(len(FATES))]
                rows += [
                    {"model": model, "item": item, "sample": s, "phase": "run", **row, **clock}
                    for row in _program(factor, fate, limit, cases, repeats, case)
                ]
    return pd.DataFrame(rows).assign(task=task, run="made")


def _program(factor, fate, limit, cases, repeats, case):
    """Return the rows of one program up to the case at which it ends."""
    rows = []
    if fate is not None:
        return [{"level": 0, "case": 0, "repeat": 0, "status": fate, "seconds": np.nan}]
    for level, size in enumerate(SIZES):
        for c in range(cases):
            for r in range(repeats if level else 1):
                seconds = case(size**0.9, factor)
                stopped = level > 0 and seconds > limit
                rows.append(
                    {"level": level, "case": c, "repeat": r,
                     "status": "timeout" if stopped else "ok",
                     "seconds": np.nan if stopped else seconds}
                )  # fmt: skip
            if rows[-1]["status"] == "timeout":
                return rows
    return rows


def evidence(**options):
    return as_evidence(timings=timings(**options))


def timed_runs(models=("coder-a", "coder-b", "coder-c"), problems=12, task="humaneval", alpha=2.0):
    """Return what an analysis of timed runs says, made by hand; one problem is not scored."""
    rng = np.random.default_rng(0)
    items = [f"{task}/{i}" for i in range(problems)]
    easy = np.sort(rng.random(problems))
    lost = problems // 2
    count = {"n": 20 * problems, "unit": "sample", "level": nan}
    rows, rights, fasts = [], [], []
    for m, model in enumerate(models):
        key = {"model": model, "task": task}
        right = np.clip(easy + rng.normal(0, 0.15, problems) - 0.05 * m, 0, 1)
        fast = right * np.clip(rng.normal(0.75 - 0.1 * m, 0.2, problems), 0, 1.3)
        fast[lost] = nan
        rights.append(right)
        fasts.append(fast)
        ends = {
            "programs": 20 * problems, "ok": 9 * problems - m, "late": 30 + 6 * m, "late@1": 1,
            "late@2": 7 + m, "late@3": 22 + 5 * m, "wrong": 70, "crash": 20, "timeout": 5,
            "memory": 0, "missing": 2 * m,
        }  # fmt: skip
        rows += [{**key, "quantity": q, "value": float(v), **count} for q, v in ends.items()]
        overall = float(np.nanmean(fast))
        rows.append({**key, "quantity": "efficiency", **estimate(overall, 0.08), "n": problems - 1})
        for level, value in enumerate((0.72, 0.5, 0.4), start=1):
            mean = estimate(value - 0.08 * m, 0.07)
            rows.append({**key, "quantity": f"efficiency@{level}", **mean, "n": problems - 1})
        for q, value in zip((5, 25, 50, 75, 95), (0.05, 0.3, 0.5, 0.62, nan), strict=True):
            time = {"value": value * (1 + 0.1 * m), **count}
            rows.append({**key, "quantity": f"time_q{q:02d}", **time})
        past = estimate(0.07 + 0.08 * m, 0.03)
        rows.append({**key, "quantity": "past_limit", **count, "level": 0.95, **past})
        for item, *both in zip(items, right, fast, strict=True):
            for q, value in zip(("pass_rate", "efficiency"), both, strict=True):
                rows.append({**key, "item": item, "quantity": q, "value": value, **count, "n": 20})
    for i, item in enumerate(items):
        mine = {"task": task, "item": item, "level": nan}
        for q, value in (("pass_rate", rights), ("efficiency", fasts)):
            rows.append({**mine, "quantity": q, "value": float(np.mean(value, axis=0)[i])})
        reason = "limit below what the clock can tell" if i == lost else None
        limit = 3e-7 if i == lost else 0.002 * 1.3**i
        rows.append({**mine, "quantity": "limit", "value": limit, "reason": reason})
        rows.append({**mine, "quantity": "resolution", "value": 2e-6})
        rows.append({**mine, "quantity": "drift", "value": 1.2 if i == 1 else 1 + 0.005 * i})
    for level, share in enumerate((0.19, 0.5, 1.0), start=1):
        quartiles = {"lower_quartile": share * 0.7, "upper_quartile": min(1.0, share * 1.3)}
        rows.append(
            {"task": task, "quantity": f"reference_share@{level}", "value": share, **quartiles}
        )
    middle = {"value": 1.012, "lower_quartile": 0.99, "upper_quartile": 1.03, "n": problems}
    rows.append({"task": task, "quantity": "drift", **middle})
    rows.append({"task": task, "quantity": "drifted", "value": 1.0, "n": problems})
    result = made("timed_runs", ("model", "task", "item"), rows, alpha=alpha)
    result.settings.update(alpha=alpha, hardness=[3, 3, 4])
    return result


def tries(models=("coder-a", "coder-b", "coder-c"), ks=(1, 5, 20), task="humaneval", loss=0.3):
    """Return pass@k and eff@k of the same programs, which lose a share of 1 by being slow."""
    rows = []
    for m, model in enumerate(models):
        for k in ks:
            right = 1 - (0.35 + 0.08 * m) * k**-0.4
            for metric, name, value in (
                ("passed", "pass", right),
                ("efficiency", "eff", right * (1 - loss - 0.08 * m)),
                ("passed - efficiency", "gap", right * (loss + 0.08 * m)),
            ):
                rows.append(
                    {"model": model, "task": task, "metric": metric, "quantity": f"{name}@{k}",
                     "n": 12, **estimate(value, 0.06)}
                )  # fmt: skip
    return made("code_metrics", ("model", "task", "metric", "seed"), rows, items=12)


def noise(models=("coder-a", "coder-b"), task="humaneval"):
    """Return what the error of eff@1 is made of, made by hand."""
    rows = []
    for m, model in enumerate(models):
        key = {"task": task, "metric": "efficiency", "functional": "eff@1", "model": model}
        mean = 0.46 - 0.1 * m
        rows += [
            {**key, "quantity": quantity, **estimate(mean, half)}
            for quantity, half in (("over_item", 0.06), ("over_sample", 0.03),
                                   ("over_timing", 0.0004))
        ]  # fmt: skip
        shares = {"problem": 0.81, "sample": 0.19, "timing": 0.004, "reference": -0.001}
        rows += [{**key, "quantity": f"share_{k}", "value": v} for k, v in shares.items()]
    first, second = models
    rows.append(
        {**rows[0], "model": first, "against": second, "quantity": "over_item",
         **estimate(0.1, 0.02)}
    )  # fmt: skip
    keys = ("task", "metric", "functional", "model", "against")
    return made("code_noise", keys, rows, items=12)


def races(task="humaneval"):
    """Return a comparison of run times over all problems, and of one, made by hand."""
    key = {"task": task, "a": "coder-a", "b": "coder-b"}
    told = {"programs_a": 180.0, "programs_b": 100.0, "stopped_a": 23.0, "stopped_b": 41.0}
    ratio = {**estimate(0.69, 0.09), "problems": 20.0, **told}
    rows = [
        {**key, "quantity": "rmst_ratio", **ratio},
        {**key, "quantity": "log_rank", "value": 20.5, "p_value": 0.0002, **told},
        {**key, "item": f"{task}/0", "quantity": "rmst_ratio", **ratio},
    ]
    return made("runtimes", ("task", "item", "a", "b"), rows)


def tags(models=("coder-a", "coder-b"), task="humaneval"):
    """Return one try on two kinds of problems, made by hand."""
    rows = []
    for t, tag in enumerate(("design", "loops")):
        for m, model in enumerate(models):
            key = {"tag": tag, "model": model, "task": task, "items": 8.0 - 4 * t}
            for name, value in (("pass", 0.7), ("eff", 0.4 + 0.2 * t), ("gap", 0.3 - 0.2 * t)):
                rows.append({**key, "quantity": f"{name}@1", **estimate(value - 0.1 * m, 0.05)})
    rows.append({**rows[0], "against": models[1], **estimate(0.1, 0.05)})
    return made("code_by_tag", ("tag", "model", "against", "task", "metric", "seed"), rows)


def leads(low=0.02, task="humaneval"):
    """Return by how much one model leads another by any weights of the levels, made by hand."""
    row = {"model": "coder-a", "other": "coder-b", "task": task, "quantity": "lead"}
    keys = ("model", "other", "task")
    return made("efficiency_sensitivity", keys, [{**row, "value": 0.1, "low": low, "high": 0.15}])
