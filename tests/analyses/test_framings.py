"""Two framings of one benchmark (V-18)."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

import evalvar as ev
from evalvar.analyses.framings import framing, framing_pairs
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import crossed_difference_ci, mean_sd, mean_tau_ci, sd_ratio_ci

STEPS = np.array([0, 100, 200, 400])


def curves(means, **columns):
    """Return reported means by model and variant: seeds in rows, checkpoints in columns."""
    rows = [
        {"model": model, "task": task, "seed": s, "checkpoint": t, "value": value}
        for (model, task), table in means.items()
        for s, row in enumerate(table)
        for t, value in zip(STEPS, row, strict=False)
    ]
    return ev.as_evidence(reported=pd.DataFrame(rows).assign(**{"metric": "acc", **columns}))


def answers(model="A", n=30, seeds=4, rng=0, gap=(-0.2, -0.1, 0.1, 0.2), tasks=("x", "x_cloze")):
    """Return records of two tasks on the same items, the first ahead of the second by the gap."""
    draws = np.random.default_rng(rng)
    frames = []
    for task, sign in zip(tasks, (0.5, -0.5), strict=True):
        chance = np.clip(0.5 + sign * np.array(gap), 0, 1)
        scores = (draws.random((n, seeds, len(gap))) < chance) * 1.0
        item, seed, step = (axis.ravel() for axis in np.indices(scores.shape))
        frames.append(
            pd.DataFrame(
                {"model": model, "task": task, "metric": "acc", "item": item, "seed": seed,
                 "checkpoint": STEPS[step], "score": scores.ravel()}
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def table_of(frame, task):
    one = frame[frame["task"] == task]
    return (
        one.set_index(["item", "seed", "checkpoint"])["score"]
        .sort_index()
        .to_numpy()
        .reshape(one["item"].nunique(), one["seed"].nunique(), -1)
    )


def row(result, quantity, side=None, checkpoint=None, model="A"):
    table = result.quantity(quantity)
    table = table[table["side"].isna() if side is None else table["side"] == side]
    at = table["checkpoint"]
    table = table[at.isna() if checkpoint is None else at == checkpoint]
    table = table[table["model"].isna() if model is None else table["model"] == model]
    assert len(table) == 1
    return table.iloc[0]


CHOICE = np.array([[0.25, 0.26, 0.45, 0.80], [0.25, 0.24, 0.41, 0.70], [0.25, 0.25, 0.43, 0.78]])
CLOZE = np.array([[0.30, 0.40, 0.50, 0.55], [0.30, 0.41, 0.49, 0.58], [0.30, 0.39, 0.54, 0.55]])


def test_v18_reported_curves_by_hand():
    result = framing(curves({("A", "x"): CHOICE, ("A", "y"): CLOZE}), "x", "y")
    assert result.keys == (
        "model", "task", "metric", "between", "a", "b", "side", "checkpoint",
    )  # fmt: skip
    d = CHOICE - CLOZE
    assert row(result, "final_mean", "a")["value"] == pytest.approx(0.76)
    end = row(result, "difference")
    theirs = reference.ttest_rel(CHOICE[:, -1], CLOZE[:, -1])
    assert (end["value"], end["p_value"]) == pytest.approx((0.2, theirs.pvalue))
    assert (end["low"], end["high"]) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert (end["unit"], end["n"]) == ("seed", 3)
    # means cross between 200 (-.08) and 400 (.20)
    turn = row(result, "crossover")
    assert turn["value"] == pytest.approx(200 + 200 * 0.08 / 0.28)
    for bound in (turn["low"], turn["high"]):
        at = [np.interp(bound, STEPS, curve) for curve in d]
        assert reference.ttest_1samp(at, 0).pvalue == pytest.approx(0.05, abs=1e-3)
    assert turn["crossings"] == 1
    ratio = sd_ratio_ci(CHOICE[:, -1], CLOZE[:, -1], paired=True)
    found = row(result, "final_seed_sd_ratio")
    assert (found["value"], found["low"]) == pytest.approx((ratio.value, ratio.low))
    spread = mean_sd(CHOICE).value / mean_sd(CLOZE).value
    assert row(result, "seed_sd_ratio")["value"] == pytest.approx(spread)
    taus = [
        [reference.kendalltau(STEPS, curve).statistic for curve in side] for side in (CHOICE, CLOZE)
    ]
    sides = [mean_tau_ci(side, checkpoints=STEPS.size) for side in taus]
    for side, mean in zip("ab", sides, strict=True):
        found = row(result, "monotonicity", side)
        assert (found["value"], found["low"], found["high"]) == pytest.approx(
            (mean.value, mean.low, mean.high)
        )
    assert sides[1].value == 1  # all seeds of b rise at every step
    found = row(result, "monotonicity_difference")
    reach = np.hypot(sides[0].value - sides[0].low, sides[1].high - 1)
    assert found["value"] == pytest.approx(sides[0].value - 1)
    assert found["low"] == pytest.approx(found["value"] - reach)
    assert found["high"] > found["value"]
    signals = [x[:, -1].mean() / x[:, -1].std(ddof=1) for x in (CHOICE, CLOZE)]
    assert row(result, "snr_ratio")["value"] == pytest.approx(signals[0] / signals[1])
    assert row(result, "snr", "b")["value"] == pytest.approx(signals[1])
    assert result.warnings == ()


def test_items_and_seeds_are_paired():
    frame = answers()
    result = framing(frame, "x", "x_cloze")
    a, b = table_of(frame, "x"), table_of(frame, "x_cloze")
    for at, checkpoint in [(-1, None), *enumerate(STEPS)]:
        theirs = crossed_difference_ci(a[..., at], b[..., at], paired_seeds=True, low=-1, high=1)
        found = row(result, "difference", checkpoint=checkpoint)
        assert (found["value"], found["low"], found["high"]) == pytest.approx(
            (theirs.value, theirs.low, theirs.high)
        )
        assert found["unit"] == "item x seed"
    assert (found["items"], found["unpaired"], found["seeds"], found["paired"]) == (30, 0, 4, True)
    turned = framing(frame, "x_cloze", "x")
    assert row(turned, "difference")["value"] == -row(result, "difference")["value"]
    for one in ("value", "low", "high"):
        assert row(turned, "crossover")[one] == pytest.approx(row(result, "crossover")[one])


def test_one_seed_rests_on_items():
    result = framing(answers(seeds=1, n=400), "x", "x_cloze")
    turn = row(result, "crossover")
    assert turn["unit"] == "item"
    assert turn["low"] < turn["value"] < turn["high"]
    assert np.isnan(row(result, "seed_sd_ratio")["value"])
    assert row(result, "seed_sd_ratio")["method"].startswith("undefined: ")
    assert row(result, "monotonicity_difference")["method"] == (
        "difference of mean tau-b (one seed: no interval)"
    )
    assert result.warnings == (
        "A, acc: one seed says nothing about the noise of training; train another.",
    )


def test_two_seeds_have_all_but_width():
    result = framing(answers(seeds=2), "x", "x_cloze")
    for quantity in ("difference", "final_seed_sd_ratio", "seed_sd_ratio", "snr_ratio"):
        found = row(result, quantity)
        assert found["low"] < found["value"] < found["high"]


def test_items_that_one_lacks_leave_both_and_are_counted():
    frame = answers()
    gone = frame[~((frame["task"] == "x") & (frame["item"] == 3) & (frame["seed"] == 1))]
    result = framing(gone, "x", "x_cloze")
    whole = framing(frame[frame["item"] != 3], "x", "x_cloze")
    end, theirs = row(result, "difference"), row(whole, "difference")
    assert (end["items"], end["unpaired"]) == (29, 1)
    assert (end["value"], end["low"]) == (theirs["value"], theirs["low"])
    assert result.warnings == (
        "A, acc: 1 of 30 items left out, which not every run of both has a score for.",
    )


def test_no_item_in_common_leaves_the_means_and_what_seeds_say():
    frame = answers()
    frame.loc[frame["task"] == "x", "item"] += 1000
    result = framing(frame, "x", "x_cloze")
    end = row(result, "difference")
    assert np.isnan(end["value"])
    assert end["method"] == "undefined: no item that both have in every run"
    a, b = (table_of(frame, task)[..., -1].mean() for task in ("x", "x_cloze"))
    assert row(result, "final_mean", "a")["value"] == pytest.approx(a)
    assert row(result, "final_mean", "b")["value"] == pytest.approx(b)
    assert row(result, "final_seed_sd_ratio")["low"] > 0
    turn = row(result, "crossover")
    assert (turn["unit"], np.isfinite(turn["value"])) == ("seed", True)
    assert result.warnings == (
        "A, acc: no item that both have in every run: means are not paired, and have no "
        "difference.",
    )


def test_prompts_and_metrics_are_variants_too():
    frame = answers()
    as_prompt = frame.assign(prompt=frame["task"], task="t")
    as_metric = frame.assign(metric=frame["task"], task="t")
    theirs = framing(frame, "x", "x_cloze").table
    for between, data in (("prompt", as_prompt), ("metric", as_metric)):
        found = framing(data, "x", "x_cloze", between=between).table
        assert set(found["task"]) == {"t"}
        assert set(found["metric"]) == ({None} if between == "metric" else {"acc"})
        for column in ("side", "quantity", "value", "low", "high"):
            pd.testing.assert_series_equal(found[column], theirs[column])


def test_metrics_that_cannot_be_subtracted():
    frame = answers()
    frame["metric"] = np.where(frame["task"] == "x", "acc", "nll")
    frame["higher_is_better"] = frame["metric"] == "acc"
    frame["task"] = "t"
    result = framing(frame, "acc", "nll", between="metric")
    end = row(result, "difference")
    assert np.isnan(end["value"])
    assert end["method"] == "undefined: higher is better in one of the two only"
    assert row(result, "crossover")["method"] == end["method"]
    assert np.isfinite(row(result, "monotonicity_difference")["value"])
    frame["higher_is_better"] = True
    frame.loc[frame["metric"] == "nll", "score"] *= 3
    result = framing(frame, "acc", "nll", between="metric")
    assert row(result, "difference")["method"] == (
        "undefined: the two metrics have different ranges"
    )


def test_lower_is_better_turns_neither_the_difference_nor_the_crossing():
    falling = curves({("A", "x"): -CHOICE, ("A", "y"): -CLOZE}, higher_is_better=False)
    result = framing(falling, "x", "y")
    assert row(result, "difference")["value"] == pytest.approx(-0.2)
    assert row(result, "crossover")["value"] == pytest.approx(200 + 200 * 0.08 / 0.28)
    assert row(result, "monotonicity", "b")["value"] == 1


def test_above_chance_at_both_ends():
    frame = answers(gap=(0, 0.1, 0.3, 0.8), n=200).assign(chance=0.5)
    result = framing(frame, "x", "x_cloze")
    a, b = (row(result, "final_mean", side) for side in ("a", "b"))
    assert (a["above_chance_first"], a["above_chance_last"]) == (False, True)
    assert (b["above_chance_first"], b["above_chance_last"]) == (False, False)
    assert a["chance"] == 0.5
    assert row(result, "difference")["above_chance_last"] is None


def test_seeds_and_checkpoints_of_one_side_are_left_out_and_counted():
    frame = answers()
    lone = (frame["task"] == "x") & ((frame["seed"] == 3) | (frame["checkpoint"] == 400))
    result = framing(frame[~lone], "x", "x_cloze")
    theirs = framing(frame[(frame["seed"] != 3) & (frame["checkpoint"] != 400)], "x", "x_cloze")
    pd.testing.assert_frame_equal(result.table, theirs.table)
    assert result.warnings == (
        "A, acc: left out 1 checkpoint that one of the two lacks (400).",
        "A, acc: left out 1 seed that one of the two lacks (3); the runs are paired.",
    )


def test_seeds_that_are_not_the_same_are_not_paired():
    means = curves({("A", "x"): CHOICE, ("A", "y"): CLOZE})
    reported = means.reported.copy()
    reported.loc[reported["task"] == "y", "seed"] += 10
    result = framing(ev.as_evidence(reported=reported), "x", "y")
    end = row(result, "difference")
    theirs = reference.ttest_ind(CHOICE[:, -1], CLOZE[:, -1], equal_var=False)
    assert (end["value"], end["p_value"]) == pytest.approx((0.2, theirs.pvalue))
    assert end["paired"] is False
    assert result.warnings == ("A, acc: no seed in common: the runs are not paired.",)


def test_no_checkpoint_in_common():
    frame = answers()
    frame.loc[frame["task"] == "x", "checkpoint"] += 1
    with pytest.raises(NotEnoughDataError) as raised:
        framing(frame, "x", "x_cloze")
    assert str(raised.value) == (
        "no model has both x and x_cloze. A, acc: x and x_cloze have no checkpoint in common."
    )


def test_models_with_one_variant_only_are_counted():
    frame = pd.concat([answers(), answers("B", rng=1), answers("C", rng=2)])
    frame = frame[(frame["model"] == "A") | (frame["task"] == "x")]
    result = framing(frame, "x", "x_cloze")
    assert set(result.table["model"]) == {"A"}
    assert result.warnings == (
        "2 readings (first B, acc): only x is there, so that there is nothing to compare.",
    )


def test_models_correlate():
    frames = [answers(m, rng=k, n=20, seeds=2, gap=(0, 0.2 * k)) for k, m in enumerate("ABCDE")]
    result = framing(pd.concat(frames), "x", "x_cloze")
    found = row(result, "correlation", model=None)
    means = [
        [table_of(frame, task)[..., -1].mean() for frame in frames] for task in ("x", "x_cloze")
    ]
    theirs = reference.pearsonr(*means)
    assert found["value"] == pytest.approx(theirs.statistic)
    assert (found["low"], found["high"]) == pytest.approx(tuple(theirs.confidence_interval()))
    assert (found["n"], found["unit"]) == (5, "model")
    assert 0 < found["reliability_a"] < 1
    assert not len(framing(pd.concat(frames[:2]), "x", "x_cloze").quantity("correlation"))


def shared_items(rng, models=20, n=200):
    """Two variants of half easy, half hard items, and the reliability of a model's mean."""
    base = np.where(np.arange(n) < n / 2, 0.08, 0.92)
    chance = np.clip(base + rng.normal(0, 0.04, models)[:, None], 0.005, 0.995)
    frames = []
    for task in ("x", "y"):
        y = (rng.random(chance.shape) < chance) * 1.0
        model, item = (axis.ravel() for axis in np.indices(y.shape))
        frames.append(
            pd.DataFrame({"model": [f"m{m:02}" for m in model], "task": task, "metric": "acc",
                          "item": item, "score": y.ravel()})
        )  # fmt: skip
    real = chance.mean(axis=1).var(ddof=1)
    noise = (chance * (1 - chance)).mean() / n
    return pd.concat(frames), real / (real + noise)


def test_what_items_do_to_all_models_alike_is_no_noise_of_their_correlation():
    rng = np.random.default_rng(21)
    found = []
    for _ in range(6):
        frame, truth = shared_items(rng)
        one = row(framing(frame, "x", "y"), "correlation", model=None)
        found.append((one["reliability_a"], one["reliability_b"], truth))
    a, b, truth = np.mean(found, axis=0)
    assert a == pytest.approx(truth, abs=0.05)
    assert b == pytest.approx(truth, abs=0.05)


def test_the_reliability_of_models_by_hand():
    frame, _ = shared_items(np.random.default_rng(22), models=4, n=9)
    one = row(framing(frame, "x", "y"), "correlation", model=None)
    y = frame[frame["task"] == "x"].pivot(index="model", columns="item", values="score").to_numpy()
    rest = y - y.mean(axis=0) - y.mean(axis=1, keepdims=True) + y.mean()
    noise = (rest**2).sum() / (3 * 8) / 9
    theirs = 1 - noise / y.mean(axis=1).var(ddof=1)
    assert one["reliability_a"] == pytest.approx(max(0, theirs))


def test_models_with_other_items_have_no_reliability():
    frame, _ = shared_items(np.random.default_rng(23), models=4, n=9)
    frame = frame[(frame["model"] != "m01") | (frame["item"] != 0)]
    one = row(framing(frame, "x", "y"), "correlation", model=None)
    assert np.isfinite(one["value"])
    assert one["reliability_a"] is None


def test_noise_of_seeds_counts_where_means_are_reported():
    runs = {"ABCD"[k]: [[0.2 + 0.1 * k - d], [0.2 + 0.1 * k + d]] for k, d in enumerate([0.02] * 4)}
    means = {(m, task): table for m, table in runs.items() for task in ("x", "y")}
    one = row(framing(curves(means), "x", "y"), "correlation", model=None)
    # two seeds 0.04 apart: variance 0.0008, of their mean half of that
    assert one["reliability_b"] == pytest.approx(1 - 0.0004 / np.var([0, 0.1, 0.2, 0.3], ddof=1))


def test_one_seed_lies_above_chance_by_its_items():
    frame = answers(n=400, seeds=1, gap=(0, 0.8)).assign(chance=0.5)
    a = row(framing(frame, "x", "x_cloze"), "final_mean", "a")
    b = row(framing(frame, "x", "x_cloze"), "final_mean", "b")
    assert (a["above_chance_first"], a["above_chance_last"]) == (False, True)
    assert b["above_chance_last"] is False
    assert np.isnan(a["low"])


def test_equal_curves_are_mostly_not_seen_to_turn():
    seen = []
    for k in range(20):
        result = framing(answers(n=60, seeds=3, rng=k, gap=(0, 0, 0, 0)), "x", "x_cloze")
        turn = row(result, "crossover")
        seen.append(bool(turn["turn_seen"]))
        if turn["turn_seen"] is False:
            assert turn["method"].endswith("not seen to turn")
    assert np.mean(seen) <= 0.1
    crossing = framing(answers(n=200, gap=(-0.4, -0.4, 0.4, 0.4)), "x", "x_cloze")
    assert row(crossing, "crossover")["turn_seen"] is True


def other_questions(**columns):
    """Two tasks on items of the same names, with columns by task."""
    frame = answers(n=40, seeds=2)
    frames = []
    for k, task in enumerate(("x", "x_cloze")):
        part = frame[frame["task"] == task]
        about = {f"item.{name}": part["item"].map(dict(enumerate(values[k])))
                 for name, values in columns.items()}  # fmt: skip
        frames.append(part.assign(**about))
    return pd.concat(frames)


def test_items_with_other_gold_answers_or_texts_are_counted():
    numbers = np.arange(40)
    mine, theirs = numbers % 4, numbers // 4 % 4
    letters = np.array(list("ABCD"))
    asked = [f"How many are {k}?" for k in numbers]
    unlike = other_questions(gold=(mine.astype(str), theirs.astype(str)))
    counts = pd.crosstab(mine, theirs)
    differ = 40 - max(counts.max(axis=0).sum(), counts.max(axis=1).sum())
    assert framing(unlike, "x", "x_cloze").warnings == (
        f"A, acc: {differ} of 40 items have another gold answer under x_cloze, whatever the "
        "answers are called; make sure that they are the same questions.",
    )
    # letters for numbers, and then another text says nothing
    renamed = other_questions(
        gold=(mine.astype(str), letters[mine]), text=(asked, [f"No. {k}" for k in numbers])
    )
    assert framing(renamed, "x", "x_cloze").warnings == ()
    texts = other_questions(text=(asked, [f"Who was no. {k}" for k in numbers]))
    assert framing(texts, "x", "x_cloze").warnings == (
        "A, acc: 40 of 40 items have another item.text under x_cloze; make sure that they are the "
        "same questions.",
    )
    longer = other_questions(text=(asked, [f"Question:  {text}\nAnswer:" for text in asked]))
    assert framing(longer, "x", "x_cloze").warnings == ()
    # letters against texts cannot be judged
    free = other_questions(gold=(letters[mine], [f"answer {k}" for k in numbers]))
    assert framing(free, "x", "x_cloze").warnings == ()


def test_several_crossings_are_said_and_the_rule_chooses():
    means = {("A", "x"): [[0.5, 0.3, 0.6, 0.2]] * 2, ("A", "y"): [[0.4, 0.4, 0.4, 0.4]] * 2}
    places = {"first": 50, "last": 300, "split": 300}
    for rule, where in places.items():
        result = framing(curves(means), "x", "y", rule=rule)
        assert row(result, "crossover")["value"] == pytest.approx(where)
        assert row(result, "crossover")["crossings"] == 3
    assert (
        "A, acc: the mean curves cross 3 times; the first counts."
        in framing(curves(means), "x", "y", rule="first").warnings
    )


def test_one_item_and_one_checkpoint():
    frame = answers(n=1, seeds=2)
    frame = frame[frame["checkpoint"] == 400]
    result = framing(frame, "x", "x_cloze")
    assert row(result, "crossover")["method"] == (
        "undefined: a crossover needs 2 checkpoints, found 1"
    )
    assert row(result, "difference")["method"].startswith("undefined: ")
    assert np.isfinite(row(result, "difference")["value"])


def test_pairs_of_tasks_are_found_by_name_gold_or_not_at_all():
    frame = answers()
    assert framing_pairs(ev.as_evidence(frame)) == [("x", "x_cloze")]
    other = frame.assign(task=frame["task"].map({"x": "arc_easy", "x_cloze": "boolq"}))
    assert framing_pairs(ev.as_evidence(other)) == []
    gold = other.assign(**{"item.gold": other["item"] % 4})
    assert framing_pairs(ev.as_evidence(gold)) == [("arc_easy", "boolq")]
    gold.loc[gold["task"] == "boolq", "item.gold"] += gold["item"] == 7
    assert framing_pairs(ev.as_evidence(gold)) == []
    alike = other.assign(**{"item.gold": "0"})
    assert framing_pairs(ev.as_evidence(alike)) == []
    fewer = frame[(frame["task"] == "x") | (frame["item"] > 0)]
    assert framing_pairs(ev.as_evidence(fewer)) == []
    three = pd.concat([frame, frame[frame["task"] == "x"].assign(task="x_mc")])
    assert framing_pairs(ev.as_evidence(three)) == [
        ("x", "x_cloze"), ("x_mc", "x"), ("x_mc", "x_cloze"),
    ]  # fmt: skip
    assert framing_pairs(curves({("A", "x"): CHOICE})) == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {},
            "framing needs two variants of one benchmark: name them with a and b (-a and -b). "
            "Tasks that ask the same items: -a 'x' -b 'x_cloze'.",
        ),
        (
            {"between": "metric"},
            "framing needs two variants of one benchmark: name them with a and b (-a and -b). "
            "There is: acc.",
        ),
        ({"a": "x", "b": "x"}, "a and b are both 'x': name two different tasks."),
        (
            {"a": "x", "b": "x_clozw"},
            "no task 'x_clozw' in the data. Did you mean 'x_cloze'? There is: x, x_cloze.",
        ),
        (
            {"a": "x", "b": "x_cloze", "between": "model"},
            "between='model' is unknown. Use one of task, prompt, metric.",
        ),
        (
            {"a": "x", "b": "x_cloze", "rule": "all"},
            "rule='all' is unknown. Use one of last, first, split.",
        ),
    ],
)
def test_bad_input(asked, message):
    with pytest.raises(UsageError) as raised:
        framing(answers(), **asked)
    assert str(raised.value) == message


def test_tasks_that_nobody_framed_twice():
    with pytest.raises(UsageError) as raised:
        framing(answers(tasks=("arc", "boolq")))
    assert str(raised.value) == (
        "framing needs two variants of one benchmark: name them with a and b (-a and -b). No two "
        "tasks have the same items and agree in gold answers or in all of their name but its "
        "manner of asking. There is: arc and boolq."
    )
