"""Means over tasks: what is drawn again, and what the tasks share."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.comparison import compare
from evalvar.stats import Estimate, paired_t
from evalvar.stats.macro import macro_difference_ci, weighted_mean
from tests.analyses.made import crossed, ends, of, one


def tasks(rng, axis, levels, *, n=20, moves=0.5):
    """Return scores by task and model: levels names those of each task."""
    every = sorted({name for names in levels.values() for name in names})
    shift = {m: dict(zip(every, moves * rng.normal(size=len(every)), strict=True)) for m in "AB"}
    return {
        task: {
            m: rng.normal(size=(n, len(names))) + np.array([shift[m][name] for name in names])
            for m in "AB"
        }
        for task, names in levels.items()
    }


def frame_of(scores, axis, levels):
    frames = []
    for task, models in scores.items():
        frame = crossed(models, axis).assign(task=task)
        frame[axis] = np.array(levels[task])[frame[axis].to_numpy()]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.mark.parametrize("lone", ["a", "d"])
def test_one_task_of_one_seed_leaves_no_mean_over_new_seeds_whichever_is_first(lone):
    levels = {task: [0] if task == lone else [0, 1, 2] for task in "abcd"}
    scores = tasks(np.random.default_rng(0), "seed", levels)
    frame = frame_of(scores, "seed", levels)
    result = compare(frame, "A", "B")
    row = one(result, "macro_difference")
    assert np.isnan([row["low"], row["high"], row["p_value"]]).all()
    assert row["value"] == pytest.approx(
        np.mean([(x["A"].mean() - x["B"].mean()) for x in scores.values()])
    )
    assert row["method"] == (
        "undefined: a mean over tasks for new items and seeds needs 2 seeds of both sides in "
        f"each, and {lone} has fewer. Use over='item' for the mean over these seeds; mean over 4 "
        "tasks, of equal weight"
    )
    fixed = one(compare(frame, "A", "B", over="item"), "macro_difference")
    assert np.isfinite(fixed["p_value"])


def test_tasks_that_share_some_seeds_and_not_others_have_no_mean_over_new_ones():
    levels = {"s": [0, 1, 2], "t": [1, 2, 3]}
    frame = frame_of(tasks(np.random.default_rng(1), "seed", levels), "seed", levels)
    row = one(compare(frame, "A", "B"), "macro_difference")
    assert np.isnan(row["p_value"])
    assert row["method"].startswith(
        "undefined: some seeds answered several tasks, and others not: a mean over tasks for new "
        "seeds needs the same in all tasks, or others in each."
    )


PROMPTS = {task: ["p", "q", "r", "s"] for task in "tuvw"}


def test_prompts_of_all_tasks_are_whole_units_of_the_mean():
    """As independent in each of 6 tasks, 51 and 63 % were covered."""
    scores = tasks(np.random.default_rng(2), "prompt", PROMPTS)
    frame = frame_of(scores, "prompt", PROMPTS)
    row = one(compare(frame, "A", "B", over="prompt"), "macro_difference")
    a, b = (np.mean([x[m].mean(axis=0) for x in scores.values()], axis=0) for m in "AB")
    assert ends(row) == pytest.approx(of(paired_t(a, b)))
    assert row["method"] == "paired t over prompts; mean over 4 tasks, of equal weight"
    assert (row["n"], row["unit"]) == (4, "prompt")
    row = one(compare(frame, "A", "B", over="item x prompt"), "macro_difference")
    expected = macro_difference_ci(
        [(x["A"], x["B"]) for x in scores.values()], np.ones(4), paired_seeds=True,
        shared_seeds=True, axis="prompt",
    )  # fmt: skip
    assert ends(row) == pytest.approx(of(expected))
    assert (row["n"], row["unit"]) == (4, "item x prompt")
    assert row["method"] == (
        "generalised pivotal, items within tasks and prompts; mean over 4 tasks, of equal weight"
    )


def test_prompts_that_are_others_in_each_task_are_independent():
    levels = {"t": ["p", "q", "r"], "u": ["x", "y", "z"]}
    frame = frame_of(tasks(np.random.default_rng(3), "prompt", levels), "prompt", levels)
    result = compare(frame, "A", "B", over="prompt")
    singles = [
        Estimate(**row[["value", "se", "low", "high", "level", "n", "unit"]].to_dict())
        for _, row in result.quantity("difference").iterrows()
    ]
    row = one(result, "macro_difference")
    assert ends(row) == pytest.approx(of(weighted_mean(singles, [1, 1])))


def test_tasks_that_share_some_prompts_and_not_others_have_no_mean_over_new_ones():
    levels = {"t": ["p", "q", "r"], "u": ["q", "r", "s"]}
    frame = frame_of(tasks(np.random.default_rng(4), "prompt", levels), "prompt", levels)
    row = one(compare(frame, "A", "B", over="item x prompt"), "macro_difference")
    assert np.isnan(row["p_value"])
    assert "some prompts answered several tasks, and others not" in row["method"]


def test_means_over_tasks_of_shared_prompts_are_told_apart_in_five_of_a_hundred():
    rng, wrong, trials = np.random.default_rng(5), 0, 300
    for _ in range(trials):
        moves = 0.3 * rng.normal(size=(2, 4))
        met = [rng.normal(size=(25, 1)) + moves[:, None] + 0.3 * rng.normal(size=(2, 25, 4))
               for _ in range(6)]  # fmt: skip
        found = macro_difference_ci(
            [(x[0], x[1]) for x in met], np.ones(6), paired_seeds=True, shared_seeds=True,
            axis="prompt",
        )  # fmt: skip
        wrong += found.p_value <= 0.05
    assert wrong / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)
