import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.training import checkpoints
from evalvar.errors import UsageError
from evalvar.evidence import as_evidence

CURVES = np.array([[0.2, 0.4, 0.3, 0.6, 0.7], [0.1, 0.1, 0.5, 0.5, 0.9]])


def evidence(means=CURVES, **columns):
    rows = [
        {"model": "A", "task": "t", "metric": "acc", "seed": s, "checkpoint": 10 * t, "value": v}
        for s, row in enumerate(means)
        for t, v in enumerate(row)
    ]
    return as_evidence(reported=pd.DataFrame(rows).assign(**columns))


def pick(result, quantity, *, seed=None, checkpoint=None):
    rows = result.quantity(quantity)
    for name, wanted in (("seed", seed), ("checkpoint", checkpoint)):
        column = rows[name]
        rows = rows[column.isna() if wanted is None else (column == wanted).fillna(False)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_points_of_every_run_and_over_seeds():
    result = checkpoints(evidence())
    assert pick(result, "mean", seed=1, checkpoint=20)["value"] == 0.5
    assert pick(result, "mean", checkpoint=20)["value"] == pytest.approx(0.4)
    sd = pick(result, "seed_sd", checkpoint=20)
    assert sd["value"] == pytest.approx(np.std([0.3, 0.5], ddof=1))


def test_trends_equal_scipy():
    result = checkpoints(evidence(), last=3)
    for seed, curve in enumerate(CURVES):
        tau = reference.kendalltau(range(5), curve).statistic
        rho = reference.spearmanr(range(5), curve).statistic
        assert pick(result, "kendall_tau", seed=seed)["value"] == pytest.approx(tau)
        assert pick(result, "spearman", seed=seed)["value"] == pytest.approx(rho)
        noise = np.std(curve[-3:], ddof=1)
        assert pick(result, "step_noise_sd", seed=seed)["value"] == pytest.approx(noise)
        snr = np.mean(curve[-3:]) / noise
        assert pick(result, "snr_last", seed=seed)["value"] == pytest.approx(snr)
    assert pick(result, "rise_share", seed=0)["value"] == 3 / 4
    assert pick(result, "rise_share", seed=1)["value"] == (2 + 0.5 + 0.5) / 4


def test_trend_over_seeds_is_the_mean_of_the_seeds():
    result = checkpoints(evidence())
    taus = [reference.kendalltau(range(5), curve).statistic for curve in CURVES]
    row = pick(result, "kendall_tau")
    assert row["value"] == pytest.approx(np.mean(taus))
    assert row["high"] <= 1
    assert (row["n"], row["unit"]) == (2, "seed")


def test_v12_null_sd_for_one_seed_and_the_mean_of_ten():
    rising = np.tile(np.arange(21.0), (10, 1))
    result = checkpoints(evidence(rising))
    assert pick(result, "kendall_tau_null_sd", seed=0)["value"] == pytest.approx(0.1576950375)
    assert pick(result, "kendall_tau_null_sd")["value"] == pytest.approx(0.0498675494)


def test_v11_orientation_is_declared():
    down = checkpoints(evidence(-CURVES, higher_is_better=False))
    up = checkpoints(evidence())
    for quantity in ("kendall_tau", "spearman", "rise_share"):
        assert pick(down, quantity)["value"] == pytest.approx(pick(up, quantity)["value"])


def test_v10_constant_curve_has_tau_a_zero_and_no_tau_b():
    result = checkpoints(evidence(np.full((1, 5), 0.25)))
    assert np.isnan(pick(result, "kendall_tau", seed=0)["value"])
    assert pick(result, "kendall_tau_a", seed=0)["value"] == 0
    assert np.isnan(pick(result, "snr_last", seed=0)["value"])


def test_one_checkpoint_has_points_and_no_trend():
    result = checkpoints(evidence(CURVES[:, :1]))
    assert set(result.table["quantity"]) == {"mean", "seed_sd"}
    assert "A, t, acc: a trend needs 3 checkpoints, found 1." in result.warnings


def test_a_seed_without_a_checkpoint_has_the_trend_of_the_others():
    gap = CURVES.copy()
    gap[0, 2] = np.nan
    result = checkpoints(evidence(gap))
    kept = CURVES[0][[0, 1, 3, 4]]
    tau = reference.kendalltau(range(4), kept).statistic
    assert pick(result, "kendall_tau", seed=0)["value"] == pytest.approx(tau)
    assert "A, t, acc: 1 of 10 seed x checkpoint runs missing." in result.warnings


def test_last_needs_two_checkpoints():
    with pytest.raises(UsageError, match="needs at least 2"):
        checkpoints(evidence(), last=1)


def test_a_prompt_that_some_checkpoint_lacks_is_left_out():
    zero = evidence(CURVES[:1]).reported.assign(prompt="zero")
    five = evidence(CURVES[:1, 2:] / 2).reported.assign(prompt="five")
    result = checkpoints(as_evidence(reported=pd.concat([zero, five])))
    assert pick(result, "mean", seed=0, checkpoint=20)["value"] == CURVES[0, 2]
    assert "A, t, acc: 3 values left out of prompts that not every run has (five)." in (
        result.warnings
    )


def answers(p, *, n=400, seed=0, **columns):
    """Records of one item set: item i is right at a checkpoint if its draw lies below p there."""
    p = np.atleast_2d(p)
    draws = np.random.default_rng(seed).random((len(p), n))
    s, i, t = (a.ravel() for a in np.indices((len(p), n, p.shape[1])))
    score = (draws[s, i] < p[s, t]).astype(float)
    frame = pd.DataFrame(
        {"model": "A", "task": "t", "metric": "acc", "seed": s, "checkpoint": 10 * t, "item": i}
    )
    return as_evidence(frame.assign(score=score, **columns))


RISING = 0.25 + 0.5 * (1 - np.exp(-3 * np.linspace(0, 1, 12)))


def test_shapes_of_a_curve_by_hand():
    golden = [[0.25, 0.27, 0.26, 0.30, 0.29, 0.33]]
    result = checkpoints(evidence(golden), last=3)
    assert pick(result, "step_length", seed=0)["value"] == pytest.approx(0.024)
    assert pick(result, "net_step", seed=0)["value"] == pytest.approx(0.016)
    assert pick(result, "rise_share", seed=0)["value"] == pytest.approx(0.6)
    assert pick(result, "smoothed_mean", seed=0)["value"] == pytest.approx(0.306666667, abs=1e-9)
    fit = np.array([0.25, 0.265, 0.265, 0.295, 0.295, 0.33])
    rest = ((golden[0] - fit) ** 2).sum() / ((golden[0] - np.mean(golden)) ** 2).sum()
    assert pick(result, "isotonic_r2", seed=0)["value"] == pytest.approx(1 - rest)


def test_the_null_sd_knows_the_ties():
    curve = [0.2, 0.2, 0.2, 0.3, 0.4]
    from itertools import permutations

    every = [reference.kendalltau(range(5), order).statistic for order in permutations(curve)]
    found = pick(checkpoints(evidence([curve])), "kendall_tau_null_sd", seed=0)
    assert found["value"] == pytest.approx(np.std(every), rel=1e-9)


def test_items_give_tau_an_interval_and_its_correction():
    result = checkpoints(answers(RISING))
    tau = pick(result, "kendall_tau", seed=0)
    assert -1 <= tau["low"] < tau["value"] <= tau["high"] <= 1
    assert (tau["n"], tau["unit"]) == (400, "item")
    corrected = pick(result, "kendall_tau_corrected", seed=0)
    assert 0.8 < corrected["value"] <= tau["value"]
    assert corrected["method"] == "tau-a, pairs within the noise of the items tied"


def test_pairs_beyond_the_noise_are_over_all_seeds_and_zero_where_nothing_rises():
    flat = np.full((4, 20), 0.5)
    frame = answers(flat).records
    for draw in range(3):
        scores = (np.random.default_rng(draw).random(len(frame)) < 0.5).astype(float)
        result = checkpoints(as_evidence(frame.assign(score=scores)), level=0.999)
        row = pick(result, "kendall_tau_corrected")
        assert row["n"] == 4
        assert row["low"] < 0 < row["high"]
        assert abs(row["value"]) < 0.1
    rising = pick(checkpoints(answers(np.stack([RISING] * 3))), "kendall_tau_corrected")
    assert 0.8 < rising["value"] <= 1
    assert rising["low"] < rising["value"] < rising["high"] <= 1


def test_where_only_some_seeds_have_a_trend_it_is_said_how_many():
    p = np.r_[np.full(4, 0.25), np.linspace(0.4, 0.8, 8)]
    row = pick(
        checkpoints(answers(np.stack([p, p, np.full(12, 0.2)]), chance=0.25)),
        "kendall_tau_above_chance",
    )
    assert row["n"] == 2
    assert "tau-b after the first checkpoint above chance, 2 of 3 seeds with one" in row["method"]


def test_reported_errors_give_an_interval_too_and_say_how():
    reported = evidence(RISING[None], se=0.02)
    tau = pick(checkpoints(reported), "kendall_tau", seed=0)
    assert tau["low"] < tau["value"]
    assert "as if drawn anew at each checkpoint" in tau["method"]
    bare = pick(checkpoints(evidence(RISING[None])), "kendall_tau", seed=0)
    assert np.isnan(bare["low"])
    assert bare["method"] == "tau-b, no error over items known"


def test_same_rng_same_bytes_and_another_group_does_not_matter():
    data = answers(RISING)
    assert checkpoints(data).to_json() == checkpoints(data).to_json()
    two = as_evidence(pd.concat([data.records, data.records.assign(task="other")]))
    both = checkpoints(two).table
    alone = checkpoints(data).table
    pd.testing.assert_frame_equal(
        both[both["task"] == "t"].reset_index(drop=True), alone, check_dtype=False
    )
    other = checkpoints(data, rng=1)
    assert pick(other, "kendall_tau", seed=0)["low"] != pytest.approx(np.nan)


def test_a_rise_is_tested_against_drift():
    result = checkpoints(evidence(np.stack([RISING, RISING[::-1]])))
    up, down = (pick(result, "trend_test", seed=s) for s in (0, 1))
    assert up["p_value"] < 0.001
    assert (up["value"], down["value"]) == (1, -1)
    few = pick(checkpoints(evidence()), "trend_test", seed=0)
    assert np.isnan(few["p_value"])
    assert few["method"] == "undefined: fewer than 8 checkpoints do not tell a trend from drift"


def test_trend_above_chance_starts_where_the_curve_leaves_it():
    p = np.r_[np.full(6, 0.25), np.linspace(0.4, 0.8, 6)]
    result = checkpoints(answers(p, chance=0.25))
    row = pick(result, "kendall_tau_above_chance", seed=0)
    assert row["value"] == 1
    assert row["method"] == "tau-b after the first checkpoint above chance"
    assert (row["n"], row["unit"]) == (5, "checkpoint")


def test_the_checkpoint_that_was_chosen_for_being_high_is_left_out():
    # flat at 0.30 above chance 0.25: the mean of tau is 0, with the chosen one it is -0.2
    rng, n = np.random.default_rng(14), 400
    found = []
    for _ in range(60):
        scores = rng.binomial(n, 0.3, 10) / n
        rows = evidence(scores[None], se=np.sqrt(0.3 * 0.7 / n), chance=0.25)
        found.append(pick(checkpoints(rows), "kendall_tau_above_chance", seed=0)["value"])
    known = np.array(found)[np.isfinite(found)]
    assert known.size > 30
    assert abs(known.mean()) < 2.5 * known.std() / np.sqrt(known.size)


def test_all_curves_at_chance_have_none_and_it_is_said():
    flat = np.full((2, 9), 0.25)
    rng = np.random.default_rng(3)
    frame = answers(flat, chance=0.25).records
    frame = frame.assign(score=(rng.random(len(frame)) < 0.25).astype(float))
    result = checkpoints(as_evidence(frame))
    row = pick(result, "kendall_tau_above_chance")
    assert np.isnan(row["value"])
    assert row["method"] == "undefined: no checkpoint is clearly above chance"
    assert (
        "A, t, acc: no seed has 3 checkpoints after the first that is clearly above chance; "
        "there is no trend above chance." in result.warnings
    )


def test_chance_that_nobody_declared():
    row = pick(checkpoints(answers(RISING)), "kendall_tau_above_chance", seed=0)
    assert row["method"] == "undefined: no chance level is known"


def test_a_seed_that_lacks_the_last_checkpoint_has_no_last_noise():
    rows = evidence().reported
    cut = rows[~((rows["seed"] == 1) & (rows["checkpoint"] == 40))]
    result = checkpoints(as_evidence(reported=cut), last=3)
    for name in ("step_noise_sd", "step_noise_sd_detrended", "snr_last"):
        row = pick(result, name, seed=1)
        assert np.isnan(row["value"])
        assert row["method"] == "undefined: not scored at the last checkpoint"
        over = pick(result, name)
        assert (over["value"], over["n"]) == (pick(result, name, seed=0)["value"], 1)


def test_where_no_seed_with_a_trend_has_the_last_checkpoint_nothing_is_said_of_it():
    rows = evidence().reported
    first = (rows["seed"] == 0) & (rows["checkpoint"] == 40)
    short = (rows["seed"] == 1) & rows["checkpoint"].between(0, 20)
    row = pick(checkpoints(as_evidence(reported=rows[~first & ~short])), "step_noise_sd")
    assert np.isnan(row["value"])
    assert row["method"] == "undefined: not scored at the last checkpoint"


def test_of_a_known_range_no_sd_is_above_half_of_it():
    curves = np.array([[0.2, 0.4, 0.53], [0.1, 0.5, 0.70]])
    result = checkpoints(evidence(curves, score_min=0.0, score_max=1.0), last=2)
    unknown = checkpoints(evidence(curves), last=2)
    for name, step in (("seed_sd", 20), ("smoothed_seed_sd", None)):
        row = pick(result, name, checkpoint=step)
        assert row["value"] < row["high"] == 0.5
        assert pick(unknown, name, checkpoint=step)["high"] > 1
    far = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    row = pick(checkpoints(evidence(far, score_min=0.0, score_max=1.0)), "seed_sd", checkpoint=20)
    assert row["high"] == row["value"] == pytest.approx(np.sqrt(0.5))


def test_items_that_are_known_enter_the_test_against_drift():
    rising = answers(0.25 + 0.3 * np.linspace(0, 1, 12))
    row = pick(checkpoints(rising), "trend_test", seed=0)
    assert "and the draw of items" in row["method"]
    # an error alone includes what checkpoints share, so it is no noise between them
    told = pick(checkpoints(evidence(RISING[None], se=0.02)), "trend_test", seed=0)
    assert told["method"] == "tau-a against a random walk"
    records = rising.records
    mean = records.groupby("checkpoint")["score"].mean()
    beside = mean.rename("value").reset_index()
    beside = beside.assign(model="A", task="t", metric="acc", seed=1, se=0.02)
    both = checkpoints(as_evidence(records, reported=beside))
    assert "and the draw of items" in pick(both, "trend_test", seed=0)["method"]
    assert pick(both, "trend_test", seed=1)["method"] == "tau-a against a random walk"
    for name in ("kendall_tau", "kendall_tau_corrected"):
        assert "drawn anew" not in pick(both, name, seed=0)["method"]
        assert "drawn anew" in pick(both, name, seed=1)["method"]


def test_noise_of_the_last_checkpoints_is_pooled_over_seeds():
    result = checkpoints(evidence(), last=3)
    squares = [np.var(curve[-3:], ddof=1) for curve in CURVES]
    row = pick(result, "step_noise_sd")
    assert row["value"] == pytest.approx(np.sqrt(np.mean(squares)))
    assert row["low"] < row["value"] < row["high"]
    assert "drift 0.8 assumed" in row["method"]
    steps = np.diff(CURVES[0][-3:])
    detrended = np.sqrt(((steps - steps.mean()) ** 2).sum() / 3)
    found = pick(result, "step_noise_sd_detrended", seed=0)["value"]
    assert found == pytest.approx(detrended)


def test_smoothing_and_what_it_buys():
    rng = np.random.default_rng(4)
    means = 0.5 + 0.02 * rng.normal(size=(6, 1)) + 0.05 * rng.normal(size=(6, 10))
    result = checkpoints(evidence(means), last=4)
    smooth = means[:, -4:].mean(axis=1)
    assert pick(result, "smoothed_mean")["value"] == pytest.approx(smooth.mean())
    assert pick(result, "smoothed_seed_sd")["value"] == pytest.approx(smooth.std(ddof=1))
    gain = pick(result, "smoothing_gain")
    assert gain["value"] == pytest.approx(means[:, -1].std() / smooth.std())
    assert gain["low"] < gain["value"] < gain["high"]
    two = pick(checkpoints(evidence()), "smoothing_gain")
    assert two["method"] == ("undefined: the gain of smoothing needs at least 3 seeds, but has 2.")


def test_a_seed_without_one_of_the_last_checkpoints_is_not_smoothed():
    gap = np.tile(RISING, (4, 1)) + 0.01 * np.random.default_rng(5).normal(size=(4, 12))
    gap[1, -2] = np.nan
    result = checkpoints(evidence(gap))
    row = pick(result, "smoothed_mean", seed=1)
    assert np.isnan(row["value"])
    assert row["method"] == "undefined: one of the last checkpoints is missing"
    assert pick(result, "smoothing_gain")["n"] == 3


def test_seeds_with_other_checkpoints_have_their_own_trend():
    apart = np.full((2, 8), np.nan)
    apart[0, ::2], apart[1, 1::2] = [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]
    result = checkpoints(evidence(apart))
    assert pick(result, "kendall_tau", seed=0)["value"] == 1
    assert pick(result, "kendall_tau", seed=1)["value"] == -1
    assert "A, t, acc: 8 of 16 seed x checkpoint runs missing." in result.warnings


def test_a_constant_metric_has_no_trend_and_no_error():
    result = checkpoints(evidence(np.full((3, 9), 0.25)))
    for quantity in ("kendall_tau", "spearman", "isotonic_r2", "snr_last", "smoothing_gain"):
        assert np.isnan(pick(result, quantity)["value"]), quantity
    assert pick(result, "step_noise_sd")["value"] == 0


def test_a_curve_that_falls_undeclared_is_asked_about():
    loss = evidence(np.tile(3 - RISING, (3, 1)))
    assert any("if lower is better" in sentence for sentence in checkpoints(loss).warnings)
    said = evidence(np.tile(3 - RISING, (3, 1)), higher_is_better=False)
    assert not any("if lower is better" in sentence for sentence in checkpoints(said).warnings)


def test_one_item_and_ten_thousand():
    one = checkpoints(answers(RISING, n=1))
    assert np.isnan(pick(one, "kendall_tau", seed=0)["low"])
    many = pick(checkpoints(answers(RISING, n=10_000)), "kendall_tau", seed=0)
    assert many["value"] > 0.9
    assert many["n"] == 10_000
