"""Repeated runs of one system teach what an unchanged one may show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalvar import as_evidence, from_json, gate, load
from evalvar.analyses.history import change_since, learn_threshold
from evalvar.errors import UsageError
from evalvar.stats.history import drop_limit


def runs(*means, task="t", n=20, **columns):
    """Reported runs of one system, one a seed."""
    return as_evidence(
        reported=pd.DataFrame(
            {
                "model": "m",
                "task": task,
                "metric": "acc",
                "seed": range(len(means)),
                "value": means,
                "n": n,
                **columns,
            }
        )
    )


def answered(right, *, n=20, seed=0, model="m"):
    """A run with items, so many of them right."""
    scores = [1.0] * right + [0.0] * (n - right)
    return pd.DataFrame(
        {"model": model, "task": "t", "metric": "acc", "item": range(n), "seed": seed}
    ).assign(score=scores)


def values(result, name):
    return result.quantity(name)["value"].tolist()


def test_worked_by_hand():
    learned = learn_threshold(runs(0.60, 0.62, 0.58, 0.60))
    sd = np.sqrt((0.02**2 + 0.02**2) / 3)
    assert values(learned, "history_mean") == pytest.approx([0.60])
    assert values(learned, "run_sd") == pytest.approx([sd])
    limit = stats.t.ppf(0.95, 3) * sd * np.sqrt(1.25)
    assert values(learned, "drop_limit") == pytest.approx([limit])
    assert values(learned, "noise") == pytest.approx([2 * limit])
    changed = change_since(runs(0.55), learned).quantity("change").iloc[0]
    assert changed["value"] == pytest.approx(-0.05)
    assert (changed["low"], changed["high"]) == pytest.approx((-0.05 - limit, -0.05 + limit))
    assert changed["level"] == pytest.approx(0.9)


def test_a_list_of_reruns_is_the_same_as_seeds_of_one():
    right = (12, 13, 11, 12)
    apart = [answered(k) for k in right]
    together = pd.concat([answered(k, seed=i) for i, k in enumerate(right)])
    one, other = learn_threshold(apart), learn_threshold(together)
    pd.testing.assert_frame_equal(one.table, other.table)
    assert values(one, "history_mean") == pytest.approx([0.6])


def test_a_kept_json_gives_the_same_change():
    history = runs(0.60, 0.62, 0.58, 0.60)
    kept = from_json(learn_threshold(history).to_json())
    fresh = change_since(runs(0.55, 0.57), history)
    pd.testing.assert_frame_equal(change_since(runs(0.55, 0.57), kept).table, fresh.table)


def test_the_false_alarm_is_shared_over_tasks():
    means = (0.60, 0.62, 0.58, 0.60)
    parts = [runs(*means, task=task).reported for task in "abcd"]
    learned = learn_threshold(as_evidence(reported=pd.concat(parts)), false_alarm=0.08)
    assert values(learned, "drop_limit") == pytest.approx(
        [drop_limit(np.std(means, ddof=1), 4, false_alarm=0.02)] * 4
    )


def test_the_last_checkpoint_counts():
    early = runs(0.1, 0.9, 0.5, checkpoint=10).reported
    late = runs(0.60, 0.62, 0.58, checkpoint=20).reported
    learned = learn_threshold(as_evidence(reported=pd.concat([early, late])))
    assert values(learned, "history_mean") == pytest.approx([0.6])


@pytest.mark.parametrize(
    ("means", "why"),
    [
        ((0.6, 0.7), "the noise of a run needs at least 3 runs, but has 2."),
        ((0.6,), "the noise of a run needs at least 3 runs, but has 1."),
        ((0.6, 0.6, 0.6), "the noise of a run needs runs that differ, but all 3 score alike."),
    ],
)
def test_what_cannot_be_learned_is_inconclusive_and_says_why(means, why):
    changed = change_since(runs(0.1), runs(*means))
    assert changed.warnings == (f"t, acc: no threshold learned: {why}",)
    assert changed.quantity("change")["value"].tolist() == pytest.approx([0.1 - means[0]], abs=0.06)
    for rule in ("change >= 0", "change >= -noise"):
        tested = gate(changed, rule)
        assert tested.settings["verdict"] == "inconclusive"
        assert f"without an interval (undefined: {why})" in tested.table["reason"].iloc[0]


def test_items_that_differ_and_rows_left_out_are_said():
    history = as_evidence(
        reported=pd.concat(
            [
                runs(0.60, 0.62, 0.58, n=[20, 21, 19]).reported,
                runs(0.5, 0.6, 0.7, task="old").reported,
            ]
        )
    )
    new = as_evidence(
        reported=pd.concat([runs(0.6, n=30).reported, runs(0.5, task="young").reported])
    )
    assert sorted(change_since(new, history).warnings) == [
        "old, acc: in the earlier runs only and left out.",
        "t, acc: the new run has 30 items and the earlier ones 20: what the items do counts as "
        "change.",
        "t, acc: the runs have 19 to 21 items: what the items do counts as noise.",
        "young, acc: not in the earlier runs and left out.",
    ]


def test_lower_is_better_is_turned_by_the_gate():
    history = runs(2.0, 2.1, 1.9, higher_is_better=False)
    worse = change_since(runs(2.5, higher_is_better=False), history)
    assert gate(worse, "change >= 0").settings["verdict"] == "fail"
    better = change_since(runs(1.5, higher_is_better=False), history)
    assert gate(better, "change >= 0").settings["verdict"] == "pass"


def test_bad_input_is_one_line():
    two = pd.concat([answered(3), answered(4, model="k")])
    with pytest.raises(UsageError) as error:
        learn_threshold(two)
    assert str(error.value) == (
        "repeated runs are of one system, and there are 2: k, m. Name one with model."
    )
    with pytest.raises(UsageError) as error:
        learn_threshold([])
    assert str(error.value) == "a history needs runs, and none was given."
    with pytest.raises(UsageError) as error:
        learn_threshold(runs(0.1, 0.2, 0.3), false_alarm=0.7)
    assert str(error.value) == "false_alarm must lie between 0 and 0.5, but is 0.7."
    with pytest.raises(UsageError) as error:
        change_since(runs(0.5, task="x"), runs(0.1, 0.2, 0.3))
    assert str(error.value) == (
        "the new run and the earlier ones share no task, metric and prompt (new: x, acc; earlier: "
        "t, acc). Read runs of the same benchmark."
    )
    with pytest.raises(UsageError) as error:
        learn_threshold([runs(0.1), runs(0.2, higher_is_better=False)])
    assert str(error.value) == (
        "the runs declare opposite orientations of t, acc. Set higher_is_better alike."
    )
    with pytest.raises(UsageError) as error:
        change_since(runs(0.5), gate(change_since(runs(0.5), runs(0.1, 0.2, 0.3)), "change >= 0"))
    assert str(error.value) == (
        "the result 'gate' holds no learned thresholds. Make it with evalvar.learn_threshold."
    )


def simulated(rng, sets, tasks, past, alpha):
    """Changes of an unchanged system and their limits: two arrays (sets, tasks)."""
    history, new = rng.normal(size=(sets, tasks, past)), rng.normal(size=(sets, tasks))
    unit = drop_limit(1.0, past, false_alarm=alpha / tasks)
    return history, new, new - history.mean(axis=2), unit * history.std(axis=2, ddof=1)


@pytest.mark.parametrize("tasks", [1, 3, 10])
def test_an_unchanged_suite_is_seldom_stopped_and_a_worse_one_seldom_passed(tasks):
    sets, alpha = 50_000, 0.05
    rng = np.random.default_rng(tasks)
    _, _, change, limit = simulated(rng, sets, tasks, 6, alpha)
    stopped = (change < -limit).any(axis=1)  # neither "change >= -noise" passes nor "change >= 0"
    slack = 4 * np.sqrt(alpha * (1 - alpha) / sets)
    assert alpha * 0.9 - slack < stopped.mean() < alpha + slack
    worse = change.copy()
    worse[:, 0] -= 2 * limit[:, 0]
    assert (worse >= -limit).all(axis=1).mean() < alpha + slack


def test_the_gate_decides_as_the_simulation_assumes():
    tasks, past, alpha = 3, 6, 0.2
    drawn = simulated(np.random.default_rng(0), 12, tasks, past, alpha)
    seen = set()
    for history, new, moved, limit in zip(*drawn, strict=True):
        earlier = [runs(*each, task=str(i)).reported for i, each in enumerate(history)]
        latest = [runs(each, task=str(i)).reported for i, each in enumerate(new)]
        changed = change_since(
            as_evidence(reported=pd.concat(latest)),
            as_evidence(reported=pd.concat(earlier)),
            false_alarm=alpha,
        )
        within, strict = gate(changed, "change >= -noise"), gate(changed, "change >= 0")
        passes = within.settings["verdict"] == "pass"
        assert passes == bool((moved >= -limit).all())
        assert (strict.settings["verdict"] == "fail") == (not passes)
        assert strict.settings["fail_error"] == pytest.approx(alpha)
        seen.add(passes)
    assert seen == {True, False}


def drawn(seed, items, *, p=0.7, **columns):
    """A run on items by number, each right with the same probability."""
    items = np.asarray(items)
    scores = (np.random.default_rng(seed).random(items.size) < p).astype(float)
    frame = pd.DataFrame({"model": "m", "task": "t", "metric": "acc", "item": items})
    return frame.assign(score=scores, **columns)


def test_a_run_on_other_items_was_taken_for_one_on_the_same():
    history = [drawn(i, range(200)) for i in range(5)]
    said = (
        "t, acc: the new run has other items than the earlier ones, as many (200): what the items "
        "do counts as change."
    )
    assert change_since(drawn(9, range(1000, 1200)), history).warnings == (said,)
    assert change_since(drawn(9, range(200)), history).warnings == ()
    # in any order, and after the history was kept
    assert change_since(drawn(9, range(199, -1, -1)), history).warnings == ()
    kept = from_json(learn_threshold(history).to_json())
    assert change_since(drawn(9, range(1000, 1200)), kept).warnings == (said,)
    mixed = learn_threshold([drawn(i, range(200 * i, 200 * i + 200)) for i in range(5)])
    assert mixed.warnings == (
        "t, acc: the runs have 5 different sets of items: what these do counts as noise.",
    )
    # kept before items were told apart
    old = replace(kept, table=kept.table.drop(columns=["items_hash", "run_hashes"]))
    assert change_since(drawn(9, range(1000, 1200)), old).warnings == ()


def test_a_new_run_that_is_part_of_the_history_was_not_noticed(tmp_path):
    history = [drawn(i, range(200)) for i in range(5)]
    said = (
        "t, acc: the new run scores every item as one of the earlier runs does: if it is that run, "
        "leave it out of the history."
    )
    assert change_since(history[0], history).warnings == (said,)
    assert change_since(history[0], from_json(learn_threshold(history).to_json())).warnings == (
        said,
    )
    # runs that all score alike teach nothing, and say so
    assert len(change_since(history[0], [history[0]] * 4).warnings) == 1
    for i, run in enumerate(history):
        run.to_csv(tmp_path / f"{i}.csv", index=False)
    read = [load(tmp_path / f"{i}.csv") for i in range(5)]
    with pytest.raises(UsageError) as error:
        change_since(load(tmp_path / "3.csv"), read)
    assert str(error.value).endswith(
        "3.csv is of the new run and of the earlier ones too. Leave it out of the history."
    )


def test_opposite_orientations_of_new_and_earlier_runs_were_not_noticed():
    history = [drawn(i, range(200)) for i in range(5)]
    less = drawn(9, range(200), higher_is_better=False)
    for earlier in (history, from_json(learn_threshold(history).to_json())):
        with pytest.raises(UsageError) as error:
            change_since(less, earlier)
        assert str(error.value) == (
            "the new run and the earlier ones declare opposite orientations of t, acc. Set "
            "higher_is_better alike."
        )
