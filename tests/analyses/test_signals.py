import time

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.comparison import compare
from evalvar.analyses.signals import signal
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats import (
    decision_accuracy,
    model_spread,
    seed_noise,
    spread_to_noise,
    total_variation,
)


def answers(worth, n=60, seeds=3, steps=4, rng=0, **columns):
    """Return answers of models that are worth so much more as they train; and the same as arrays.

    Arrays have the axes model, item, seed, checkpoint.
    """
    draws = np.random.default_rng(rng)
    item = draws.standard_normal((1, n, 1, 1))
    grown = np.array(worth)[:, None, None, None] * np.linspace(0, 1, steps)
    noise = draws.standard_normal((len(worth), n, seeds, steps))
    scores = ((item + grown + noise + 0.1 * draws.standard_normal((1, 1, seeds, 1))) > 0) * 1.0
    model, at, seed, step = (axis.ravel() for axis in np.indices(scores.shape))
    frame = pd.DataFrame(
        {"model": [f"m{i}" for i in model], "task": "t", "metric": "acc", "item": at, "seed": seed,
         "checkpoint": 1000 * (step + 1), "score": scores.ravel()}
    )  # fmt: skip
    return frame.assign(**columns), scores


def reported(curves, **columns):
    """Return reported means: a dict of model to seeds x checkpoints, or one seed."""
    rows = [
        {"model": model, "task": "t", "metric": "acc", "seed": s, "checkpoint": 100 * t, "value": v}
        for model, curve in curves.items()
        for s, run in enumerate(np.atleast_2d(curve))
        for t, v in enumerate(run)
        if np.isfinite(v)
    ]
    return as_evidence(reported=pd.DataFrame(rows).assign(**columns))


def rows(result, quantity, smoothed=None):
    table = result.quantity(quantity)
    return table if smoothed is None else table[table["smoothed"] == smoothed]


def one(result, quantity, smoothed=1):
    (row,) = rows(result, quantity, smoothed).to_dict("records")
    return row


@pytest.fixture(scope="module")
def study():
    frame, scores = answers([0.2, 0.9, 1.6, 3.0])
    return signal(frame), frame, scores


def test_spread_noise_and_ratio_are_those_of_the_seeds_at_the_end(study):
    result, _, scores = study
    ends = scores[..., -1].mean(axis=1)
    noise = seed_noise(list(ends))
    expected = spread_to_noise(ends.mean(axis=1), noise, runs=3)
    found = one(result, "snr")
    for name in ("value", "se", "low", "high"):
        assert found[name] == pytest.approx(getattr(expected, name))
    assert one(result, "noise")["value"] == pytest.approx(np.sqrt(noise.variance))
    assert one(result, "noise")["unit"] == "seed"
    assert one(result, "signal")["value"] == pytest.approx(
        found["value"] * one(result, "noise")["value"]
    )
    assert (found["models"], found["seeds"], found["last_checkpoint"]) == (4, 12, 4000)


def test_the_order_of_early_checkpoints_is_held_against_the_end(study):
    result, _, scores = study
    means = scores.mean(axis=(1, 2))
    expected = decision_accuracy(means[:, :3], means[:, 3])
    found = rows(result, "decision_accuracy", 1)
    assert found["checkpoint"].tolist() == [1000, 2000, 3000]
    assert found["value"].tolist() == pytest.approx(expected.value.tolist())
    assert found["low"].tolist() == pytest.approx(expected.low.tolist())
    assert found["share_of_training"].tolist() == [0.25, 0.5, 0.75]


def test_smoothing_averages_the_last_checkpoints_and_keeps_the_target(study):
    result, _, scores = study
    means = scores.mean(axis=(1, 2))
    expected = decision_accuracy(means[:, 1:3].mean(axis=1), means[:, 3])
    found = rows(result, "decision_accuracy", 2)
    assert found["checkpoint"].tolist() == [2000, 3000]
    assert found["value"].iloc[-1] == pytest.approx(expected.value[0])
    runs = scores[..., 2:].mean(axis=(1, 3))
    wide = spread_to_noise(runs.mean(axis=1), seed_noise(list(runs)), runs=3)
    assert one(result, "snr", 2)["value"] == pytest.approx(wide.value)
    assert not len(rows(result, "snr", 5))  # there are four checkpoints


def test_pairs_are_apart_from_where_compare_says_so_through_to_the_end(study):
    result, frame, _ = study
    found = rows(result, "distinguishable_from")
    assert len(found) == 6
    for row in found.to_dict("records"):
        start = np.nan
        for step in (4000, 3000, 2000, 1000):
            pair = compare(frame, row["a"], row["b"], checkpoint=step, correction=None)
            difference = pair.quantity("difference").iloc[0]
            if step == 4000:
                assert row["p_value"] == pytest.approx(min(6 * difference["p_value"], 1))
            if not 6 * difference["p_value"] <= 0.05:
                break
            start = step
            up = difference["value"] > 0
            assert row["better"] == (row["a"] if up else row["b"])
        assert row["value"] == pytest.approx(start, nan_ok=True)
    assert found["value"].notna().any()
    assert found["value"].isna().any()
    lost = found[found["value"].isna()].iloc[0]
    assert lost["method"].startswith("undefined: not apart in the end (fixed sequence")
    assert "Bonferroni over 6 pairs" in lost["method"]


def test_each_pair_by_itself_is_apart_no_later(study):
    result, frame, _ = study
    alone = rows(signal(frame, correction="none"), "distinguishable_from")["value"]
    together = rows(result, "distinguishable_from")["value"]
    assert (alone.fillna(9999).to_numpy() <= together.fillna(9999).to_numpy()).all()


def test_total_variation_exchanges_whole_runs(study):
    result, _, scores = study
    table = rows(result, "total_variation").set_index(["a", "b"])
    expected = total_variation(scores[3, :, :, -1], scores[0, :, :, -1], rng=0)
    found = table.loc[("m3", "m0")]
    assert found["value"] == pytest.approx(expected.value)
    assert found["p_value"] == pytest.approx(expected.p_value)
    assert (found["smallest_p"], found["items"]) == (pytest.approx(0.1), 60)
    excess = rows(result, "total_variation_excess").set_index(["a", "b"]).loc[("m3", "m0")]
    assert excess["value"] == pytest.approx(expected.excess)
    assert any("so few seeds give a total variation no p-value below 0.1" in w
               for w in result.warnings)  # fmt: skip


def test_options_that_were_chosen_are_compared_where_all_answers_name_one():
    frame, scores = answers([0.2, 0.4], seeds=4, steps=1)
    wrong = np.random.default_rng(1).integers(1, 4, len(frame))
    chosen = np.where(frame["score"] == 1, 0, wrong)
    result = signal(frame.assign(**{"answer.chosen": chosen}))
    found = rows(result, "total_variation").iloc[0]
    assert found["method"].startswith("over the options chosen")
    by_score = total_variation(scores[0, :, :, 0], scores[1, :, :, 0], rng=0)
    assert found["value"] > by_score.value


def test_one_seed_each_shows_the_noise_of_the_last_checkpoints():
    rng = np.random.default_rng(0)
    curves = {m: m / 10 + np.linspace(0, 0.3, 9) + 0.01 * rng.standard_normal(9) for m in range(5)}
    result = signal(reported({f"m{m}": curve for m, curve in curves.items()}))
    noise = one(result, "noise")
    assert (noise["unit"], noise["n"]) == ("checkpoint", 5)
    squares = [np.polyfit(range(5), c[-5:], 1, full=True)[1][0] for c in curves.values()]
    assert noise["value"] == pytest.approx(np.sqrt(sum(squares) / 15))
    for quantity in ("signal", "noise", "snr"):
        # checkpoints of one run bound nothing, and do not show what a mean of them moves by
        assert np.isnan([one(result, quantity)[name] for name in ("se", "low", "high")]).all()
        assert rows(result, quantity)["smoothed"].tolist() == [1]
    assert any("no model has several seeds: noise is what the last checkpoints" in w
               for w in result.warnings)  # fmt: skip
    assert rows(result, "decision_accuracy")["smoothed"].unique().tolist() == [1, 2, 3, 5]
    assert not len(rows(result, "step_noise"))
    assert not len(rows(result, "distinguishable_from"))
    assert "t, acc: pairs of models are not tested: no items, and one seed each." in result.warnings


def test_seeds_without_items_are_compared_by_welch():
    rng = np.random.default_rng(1)
    curves = {f"m{m}": 0.1 * m + 0.01 * rng.standard_normal((4, 3)) for m in range(3)}
    result = signal(reported(curves))
    found = rows(result, "distinguishable_from")
    assert found["value"].tolist() == [0, 0, 0]
    assert found["better"].tolist() == ["m2", "m2", "m1"]
    pair = compare(reported(curves), "m2", "m1", checkpoint=200).quantity("difference").iloc[0]
    assert found["p_value"].iloc[0] == pytest.approx(3 * pair["p_value"])
    assert "Welch over seeds" in found["method"].iloc[0]
    assert not len(rows(result, "total_variation"))


def test_losses_and_negative_scores_divide_by_no_mean():
    rng = np.random.default_rng(2)
    curves = {f"m{m}": 0.1 * m + 0.01 * rng.standard_normal((4, 3)) for m in range(3)}
    here = signal(reported(curves))
    lower = signal(reported({m: -c for m, c in curves.items()}, higher_is_better=False))
    for quantity in ("signal", "noise", "snr", "signal_pairs"):
        for name in ("value", "low", "high"):
            assert one(lower, quantity)[name] == pytest.approx(one(here, quantity)[name])
    assert rows(lower, "distinguishable_from")["better"].tolist() == ["m2", "m2", "m1"]
    parity = one(lower, "snr_heineman")
    assert np.isnan(parity["value"])
    assert parity["method"].startswith("undefined: a mean is not above zero")


def test_the_order_of_small_models_is_held_against_that_of_their_large_ones():
    rng = np.random.default_rng(3)
    large = {f"L{m}": 0.1 * m + 0.01 * rng.standard_normal((2, 4)) for m in range(4)}
    small = {f"S{m}": v + 0.01 * rng.standard_normal((1, 3))
             for m, v in enumerate([0.1, 0.0, 0.2, 0.3])}  # fmt: skip
    pairing = {f"S{m}": f"L{m}" for m in range(4)}
    result = signal(reported({**large, **small}), small=pairing)
    found = rows(result, "small_decision_accuracy")
    assert found["checkpoint"].tolist() == [0, 100, 200]
    assert found["value"].tolist() == pytest.approx([5 / 6] * 3)
    assert one(result, "snr")["models"] == 4
    assert set(rows(result, "distinguishable_from")["a"]) <= set(large)
    assert result.settings["small"] == pairing


def test_models_with_different_checkpoints_meet_at_those_they_share():
    rng = np.random.default_rng(4)
    a = 0.5 + 0.01 * rng.standard_normal((3, 6))
    b = 0.9 + 0.01 * rng.standard_normal((3, 6))
    b[:, 1], a[:, 5] = np.nan, np.nan
    result = signal(reported({"a": a, "b": b}))
    assert rows(result, "decision_accuracy", 1)["checkpoint"].tolist() == [0, 200, 300, 400]
    assert rows(result, "distinguishable_from")["value"].tolist() == [0]
    assert result.warnings[0] == (
        "t, acc: 2 checkpoints that some models lack; orders are compared at the 4 that all 2 "
        "models have."
    )
    assert any("they are compared at those that both have, and at the end of each" in w
               for w in result.warnings)  # fmt: skip
    assert one(result, "signal")["last_checkpoint"] is None
    assert (
        "t, acc: models end at checkpoints 400 to 500, and their ends are compared: fair to "
        "recipes that were finished, not to a run that was cut short."
    ) in result.warnings


def test_a_pair_apart_at_its_ends_alone_is_apart_from_no_checkpoint():
    rng = np.random.default_rng(7)
    same = [0.3, 0.4, 0.5] + 0.002 * rng.standard_normal((2, 4, 3))
    further = np.column_stack([same[1], 0.6 + 0.002 * rng.standard_normal(4)])
    result = signal(reported({"short": same[0], "long": further}))
    (row,) = rows(result, "distinguishable_from").to_dict("records")
    assert row["p_value"] < 0.01
    assert (row["better"], row["last_checkpoint"]) == ("long", None)
    assert np.isnan(row["value"])
    assert row["method"].startswith(
        "undefined: apart at their ends alone, checkpoints 300 and 200 (fixed sequence"
    )


def off_grid(ends, grid=(0, 100, 200, 300), seeds=4):
    """Return recipes that learn one curve and end off their grid; so much noise as to be real."""
    rng = np.random.default_rng(8)
    rows = [
        {"model": f"m{end}", "task": "t", "metric": "loss", "seed": seed, "checkpoint": step,
         "value": 4 - (step / end) + 0.002 * rng.standard_normal(), "higher_is_better": False}
        for end in ends
        for seed in range(seeds)
        for step in (*(g for g in grid if g < end), end)
    ]  # fmt: skip
    return as_evidence(reported=pd.DataFrame(rows))


def test_means_over_checkpoints_that_lie_further_back_in_one_model_are_no_spread():
    result = signal(off_grid((310, 350, 390)))
    # all learn to the same loss; the checkpoint before the last lies 10 to 90 steps back
    assert one(result, "snr")["value"] < 1
    for quantity in ("signal", "noise", "snr"):
        found = rows(result, quantity)
        assert found["smoothed"].tolist() == [1, 2, 3, 5]
        assert found["value"].iloc[1:].isna().all()
        assert found["method"].iloc[1] == (
            "undefined: models differ in how far before their end the last 2 checkpoints lie"
        )
    assert (
        "t, loss: no spread of the mean of the last 2, 3 and 5 checkpoints: models differ in how "
        "far before their end these lie."
    ) in result.warnings


def test_means_are_over_checkpoints_equally_far_from_each_models_end():
    rng = np.random.default_rng(9)
    a = 0.5 + 0.01 * rng.standard_normal((3, 6))
    b = 0.9 + 0.01 * rng.standard_normal((3, 6))
    b[:, 3], a[:, 5] = np.nan, np.nan  # ends at 400 and 500; b lacks what is 200 before its end
    result = signal(reported({"a": a, "b": b}))
    runs = [a[:, [4, 3, 1]].mean(axis=1), b[:, [5, 4, 2]].mean(axis=1)]
    expected = spread_to_noise([run.mean() for run in runs], seed_noise(runs), runs=3)
    assert one(result, "snr", 3)["value"] == pytest.approx(expected.value)
    assert not np.isnan(one(result, "snr", 2)["value"])
    # on the way all are averaged over the steps that both have: 0, 100, 200, 400
    early = decision_accuracy(
        [a[:, [2, 4]].mean(), b[:, [2, 4]].mean()], [a[:, 4].mean(), b[:, 5].mean()]
    )
    found = rows(result, "decision_accuracy", 2)
    assert found["checkpoint"].tolist() == [100, 200, 400]
    assert found["value"].iloc[-1] == early.value[0]


def test_a_seed_that_lacks_one_of_the_last_checkpoints_is_no_part_of_their_mean():
    rng = np.random.default_rng(10)
    a, b = (m + 0.01 * rng.standard_normal((4, 3)) for m in (0.5, 0.6))
    a[3, 1] = np.nan
    runs = [a[:3, 1:].mean(axis=1), b[:, 1:].mean(axis=1)]
    expected = spread_to_noise([run.mean() for run in runs], seed_noise(runs), runs=[3, 4])
    found = one(signal(reported({"a": a, "b": b})), "snr", 2)
    assert (found["value"], found["high"]) == pytest.approx((expected.value, expected.high))


def test_a_loss_that_nobody_declared_is_asked_about():
    rng = np.random.default_rng(11)
    curves = {m: up + np.linspace(5, 3, 6) + 0.01 * rng.standard_normal((3, 6))
              for m, up in (("good", 0), ("bad", 0.3))}  # fmt: skip
    asked = "the score falls while the model learns, and higher is taken as better"
    assert sum(asked in w for w in signal(reported(curves)).warnings) == 1
    declared = signal(reported(curves, higher_is_better=False))
    assert not any(asked in w for w in declared.warnings)
    assert rows(declared, "distinguishable_from")["better"].tolist() == ["good"]


def test_with_one_seed_each_runs_are_apart_and_not_recipes():
    frame, _ = answers([0.0, 3.0], seeds=1)
    result = signal(frame)
    (row,) = rows(result, "distinguishable_from").to_dict("records")
    assert row["better"] == "m1"
    assert "these runs, not their recipes" in row["method"]
    assert (
        "t, acc: m1 and m0: with one seed each only items are drawn again, and what is apart are "
        "these runs; two runs of one recipe may be as far apart. Read several seeds."
    ) in result.warnings
    several = signal(answers([0.0, 3.0], seeds=2)[0])
    assert "not their recipes" not in rows(several, "distinguishable_from")["method"].iloc[0]
    assert not any("with one seed each" in w for w in several.warnings)


def test_recipes_that_answer_half_of_the_items_otherwise_differ_by_half():
    frame, _ = answers([0.2, 0.2], seeds=2, steps=1)
    half = (frame["model"] == "m1") & (frame["item"] < 30)
    result = signal(frame.assign(score=half * 1.0))
    assert rows(result, "total_variation")["value"].tolist() == [0.5]
    excess = rows(result, "total_variation_excess").iloc[0]
    assert excess["value"] == 0.5
    assert excess["method"] == "a run of each 0.5 apart, two runs of one 0, unbiased"


def test_scores_that_are_all_different_have_no_distance():
    frame, _ = answers([0.2, 0.9], steps=1)
    result = signal(frame.assign(score=np.random.default_rng(12).random(len(frame))))
    for quantity in ("total_variation", "total_variation_excess"):
        (row,) = rows(result, quantity).to_dict("records")
        assert np.isnan(row["value"])
        assert row["method"].startswith("undefined: no outcome occurs twice in an item")


def items_and_means(items, means):
    """Return answers of some (model, seed, checkpoint), and reported means of others."""
    rng = np.random.default_rng(13)
    records = [
        {"model": m, "task": "t", "metric": "acc", "seed": s, "checkpoint": c, "item": i,
         "score": float(rng.random() < 0.6)}
        for m, s, c in items for i in range(20)
    ]  # fmt: skip
    said = [
        {"model": m, "task": "t", "metric": "acc", "seed": s, "checkpoint": c, "value": 0.6}
        for m, s, c in means
    ]
    return as_evidence(pd.DataFrame(records), reported=pd.DataFrame(said))


BOTH = [("a", 0, 1), ("a", 1, 1), ("b", 0, 1), ("b", 1, 1)]


@pytest.mark.parametrize(
    ("items", "means", "varied"),
    [
        (BOTH, [("c", 0, 1), ("c", 1, 1)], 1),
        (BOTH[:3], [("b", 1, 1)], 0),
        ([BOTH[0], BOTH[2]], [BOTH[1], BOTH[3]], 0),
        (BOTH, [("a", 0, 2), ("a", 1, 2), ("b", 0, 2), ("b", 1, 2)], 0),
    ],
)
def test_runs_that_only_reported_their_mean_have_no_answers_to_compare(items, means, varied):
    result = signal(items_and_means(items, means))
    found = rows(result, "total_variation")
    assert len(found) == varied
    assert (found["last_checkpoint"] == 1).all()
    assert len(rows(result, "signal", 1)) == 1


def test_items_that_stop_before_the_reported_values_say_nothing_of_the_end():
    result = signal(items_and_means(BOTH, [(m, s, 2) for m, s, _ in BOTH]))
    (row,) = rows(result, "distinguishable_from").to_dict("records")
    assert (row["method"], row["better"]) == ("undefined: no items of a", None)


def test_scores_of_0_and_1_do_not_spread_by_more_than_half_their_range():
    frame, scores = answers([0.0, 3.0], seeds=2, steps=1)
    ends = scores[..., -1].mean(axis=1)
    found = one(signal(frame), "signal")
    noise = seed_noise(list(ends))
    free = model_spread(ends.mean(axis=1), noise, runs=2)
    assert free.high > 0.5 > free.value
    assert (found["value"], found["low"]) == pytest.approx((free.value, free.low))
    assert found["high"] == 0.5
    assert found["method"] == f"{free.method}, cut at half the range of the scores"
    # without items the range is not known
    means = signal(reported({f"m{i}": end[:, None] for i, end in enumerate(ends)}))
    assert one(means, "signal")["high"] == pytest.approx(free.high)


def test_a_parity_number_says_how_many_checkpoints_it_rests_on():
    rng = np.random.default_rng(14)
    result = signal(reported({m: 0.5 + 0.1 * rng.random((2, 4)) for m in "ab"}))
    assert "of the last 4, ddof 0" in one(result, "snr_heineman")["method"]


def test_models_that_end_alike_are_not_apart_although_they_were():
    rng = np.random.default_rng(5)
    a = np.array([0.1, 0.2, 0.3, 0.5]) + 0.01 * rng.standard_normal((5, 4))
    b = np.array([0.2, 0.3, 0.4, 0.5]) + 0.01 * rng.standard_normal((5, 4))
    (row,) = rows(signal(reported({"a": a, "b": b})), "distinguishable_from").to_dict("records")
    assert np.isnan(row["value"])
    assert row["better"] is None


def test_a_constant_metric_has_no_noise_and_no_ratio():
    result = signal(reported({m: np.full((3, 4), 0.25) for m in "abc"}))
    assert one(result, "signal")["value"] == 0
    assert np.isnan(one(result, "signal")["high"])
    assert one(result, "noise")["value"] == 0
    assert one(result, "snr")["method"] == "undefined: no noise is seen"
    assert (rows(result, "decision_accuracy")["value"] == 0.5).all()
    assert rows(result, "distinguishable_from")["value"].isna().all()


def test_without_seeds_or_checkpoints_the_spread_is_as_seen():
    result = signal(reported({"a": [0.2], "b": [0.5], "c": [0.4]}))
    found = one(result, "signal")
    assert found["value"] == pytest.approx(np.std([0.2, 0.5, 0.4], ddof=1))
    assert found["method"] == "sd over models, noise unknown and included, chi-square"
    assert np.isnan(one(result, "snr")["value"])
    assert result.warnings[:2] == (
        "t, acc: no earlier checkpoint that all models have: no decision accuracy.",
        "t, acc: noise: noise over checkpoints needs at least 3 checkpoints, but no run has them.",
    )


def test_one_model_is_no_spread():
    with pytest.raises(NotEnoughDataError) as raised:
        signal(reported({"a": [[0.1, 0.2, 0.3]]}))
    assert str(raised.value) == (
        "a signal is a spread over models and needs 2 of them on a task and metric; there is none "
        "(models: a). Read more models of one task and metric."
    )


def test_a_task_of_one_model_is_left_out_and_counted():
    frame, _ = answers([0.2, 0.9], steps=1)
    more = frame[frame["model"] == "m0"].assign(task="u")
    result = signal(pd.concat([frame, more]))
    assert set(result.table["task"]) == {"t"}
    assert "u, acc: 1 model to spread; left out." in result.warnings


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"last": 2}, "last=2: the noise of the last checkpoints needs at least 3."),
        ({"smooth": ()}, "smooth=[]: windows of 1 checkpoint or more are expected."),
        ({"smooth": (0, 1)}, "smooth=[0, 1]: windows of 1 checkpoint or more are expected."),
        ({"correction": "holm"}, "correction='holm' is unknown. Use one of bonferroni, none."),
        ({"rng": -1}, "rng must be a whole number from 0, but is -1."),
        ({"small": {"m9": "m1"}},
         "no model 'm9' in the data. There is: m0, m1, m2, m3."),
        ({"small": {"m0": "m1"}}, "small: one pair of models has no order. Name two or more."),
        ({"small": {"m0": "m2", "m1": "m2"}},
         "small: m2 has two small models. Name one for each."),
        ({"small": {"m0": "m1", "m1": "m2"}},
         "small: m1 stands for a model and is one's large model."),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(study, options, message):
    with pytest.raises(UsageError) as raised:
        signal(study[1], **options)
    assert str(raised.value) == message


def test_keys_labels_and_settings(study):
    result, _, _ = study
    assert result.keys == ("task", "metric", "checkpoint", "a", "b")
    assert result.name == "signal"
    assert result.settings["smooth"] == [1, 2, 3, 5]
    assert result.table["higher_is_better"].all()
    assert result.table["discrete"].all()


def test_draws_depend_on_the_rng_and_the_group_alone():
    frame, _ = answers([0.2, 0.9], n=20, seeds=9, steps=1)
    both = pd.concat([frame, frame.assign(task="u")])
    first, again, other = (signal(both, rng=r, n_resamples=199) for r in (0, 0, 1))
    assert first.to_json() == again.to_json()
    assert rows(first, "total_variation")["p_value"].tolist() != (
        rows(other, "total_variation")["p_value"].tolist()
    )
    alone = signal(frame, rng=0, n_resamples=199)
    together = rows(first, "total_variation")["p_value"].iloc[0]
    assert rows(alone, "total_variation")["p_value"].iloc[0] == together


def test_many_models_are_not_paired_one_by_one():
    rng = np.random.default_rng(6)
    curves = {f"m{m:02}": rng.random((2, 3)) for m in range(50)}
    result = signal(reported(curves))
    assert not len(rows(result, "distinguishable_from"))
    assert any("1,225 pairs of models are not tested one by one" in w for w in result.warnings)


def atari(shared):
    table = pd.read_parquet(shared / "atari_5seeds" / "dopamine.parquet")
    table = table.rename(columns={"step": "checkpoint"}).assign(metric="return")
    columns = ["model", "task", "metric", "seed", "checkpoint", "value"]
    return as_evidence(reported=table[columns])


def test_agents_on_games(shared):
    evidence = atari(shared)
    start = time.process_time()
    result = signal(evidence)
    assert time.process_time() - start < 20
    snr = rows(result, "snr", 1).set_index("task")
    assert len(snr) == 12
    assert snr["value"].idxmax() == "stargunner"
    table = evidence.reported
    ends = table[table["checkpoint"] == table["checkpoint"].max()]
    game = [g["value"].to_numpy() for _, g in ends[ends["task"] == "stargunner"].groupby(
        "model", observed=True)]  # fmt: skip
    expected = spread_to_noise([g.mean() for g in game], seed_noise(game), runs=5)
    assert snr.loc["stargunner", "value"] == pytest.approx(expected.value)


def test_recipes_trained_to_one_loss_cannot_be_told_apart_in_the_end(shared):
    table = pd.read_parquet(shared / "nanogpt_seeds" / "val_loss.parquet")
    table["seed"] = table.groupby("model")["seed"].transform(lambda s: pd.factorize(s)[0])
    table = table.rename(columns={"step": "checkpoint", "val_loss": "value"})
    table = table.assign(task="fineweb", metric="val_loss", higher_is_better=False)
    columns = ["model", "task", "metric", "seed", "checkpoint", "value", "higher_is_better"]
    result = signal(as_evidence(reported=table[columns]))
    found = one(result, "snr")
    assert found["low"] == 0
    assert found["high"] < 1
    assert rows(result, "snr").set_index("smoothed")["value"].loc[[2, 3, 5]].isna().all()
    assert rows(result, "distinguishable_from")["better"].isna().all()


def test_models_over_checkpoints(shared):
    table = pd.read_parquet(shared / "pythia_checkpoints" / "pythia_v1.parquet")
    table = table[(table["folder"] == "zero-shot") & (table["metric"] == "acc")]
    table = table[table["task"].isin(["lambada_openai", "arc_easy", "wsc", "piqa"])]
    table = table.rename(columns={"step": "checkpoint", "stderr": "se"})
    columns = ["model", "task", "metric", "checkpoint", "value", "se"]
    result = signal(as_evidence(reported=table[columns]))
    snr = rows(result, "snr", 1).set_index("task")["value"]
    assert snr["lambada_openai"] > 10 > snr["wsc"]
    half = rows(result, "decision_accuracy", 1).set_index(["task", "checkpoint"])["value"]
    assert half[("lambada_openai", 63000)] > 0.9
    assert half[("wsc", 63000)] < 0.9
