import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.seeds import seed_variance
from evalvar.evidence import as_evidence

# V-02: seeds x checkpoints
X = np.array([[0.30, 0.40, 0.50], [0.32, 0.38, 0.54], [0.28, 0.42, 0.49], [0.30, 0.40, 0.55]])


def curves(means, **columns):
    """Return reported means as evidence: seeds in rows, checkpoints in columns."""
    rows = [
        {"model": "A", "task": "t", "metric": "acc", "seed": s, "checkpoint": t, "value": value}
        for s, row in enumerate(means)
        for t, value in enumerate(row)
    ]
    return as_evidence(reported=pd.DataFrame(rows).assign(**columns))


def answers(n_items=40, seeds=4, steps=3, rng=0):
    draws = np.random.default_rng(rng)
    scores = draws.random((n_items, seeds, steps)) < np.linspace(0.3, 0.8, steps)
    item, seed, step = (axis.ravel() for axis in np.indices(scores.shape))
    frame = pd.DataFrame({"model": "A", "task": "t", "item": item, "seed": seed})
    return frame.assign(checkpoint=step, score=scores.ravel().astype(float)), scores.astype(float)


def values(result):
    return result.table.set_index("quantity")


def test_v02_to_v05_on_reported_means():
    found = values(seed_variance(curves(X)))
    assert found.loc["final_mean", "value"] == pytest.approx(0.52)
    assert found.loc["final_seed_sd", "value"] == pytest.approx(0.0294392029, abs=1e-9)
    assert found.loc["seed_sd", "value"] == pytest.approx(0.0206996887, abs=1e-9)
    assert found.loc["snr", "value"] == pytest.approx(17.6635217327, abs=1e-8)
    assert found.loc["monotonicity", "value"] == 1


def test_seed_sd_has_the_chi_square_interval():
    row = values(seed_variance(curves(X))).loc["final_seed_sd"]
    s = X[:, -1].std(ddof=1)
    low, high = s * np.sqrt(3 / reference.chi2.ppf([0.975, 0.025], 3))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert (row["n"], row["unit"]) == (4, "seed")


def test_lower_is_better_turns_the_curve():
    found = values(seed_variance(curves(X[:, ::-1], higher_is_better=False)))
    assert found.loc["monotonicity", "value"] == 1


def test_items_give_the_half_width_and_the_ratio_on_one_scale():
    frame, scores = answers()
    found = values(seed_variance(frame))
    p = scores.mean(axis=0)
    half = (1.959963984540054 * np.sqrt(p * (1 - p) / 40)).mean()
    seed_sd = p.std(axis=0, ddof=1).mean()
    assert found.loc["item_half_width", "value"] == pytest.approx(half)
    assert found.loc["seed_sd", "value"] == pytest.approx(seed_sd)
    ratio = 1.959963984540054 * seed_sd / half
    assert found.loc["noise_ratio", "value"] == pytest.approx(ratio)
    assert found.loc["final_mean", "value"] == pytest.approx(p[:, -1].mean())
    assert found.loc["final_mean", "unit"] == "item x seed"
    taus = [reference.kendalltau(range(3), curve).statistic for curve in p]
    assert found.loc["monotonicity", "value"] == pytest.approx(np.mean(taus))


def test_v01_an_item_missing_in_one_seed_leaves_all_and_is_counted():
    frame, scores = answers()
    gone = frame[~((frame["item"] == 7) & (frame["seed"] == 2))]
    result = seed_variance(gone)
    assert result.warnings[0] == (
        "A, t, score: 1 of 40 items not scored in every seed and checkpoint; "
        "seeds are compared on the other 39."
    )
    kept = np.delete(scores, 7, axis=0).mean(axis=0)
    found = values(result).loc["seed_sd", "value"]
    assert found == pytest.approx(kept.std(axis=0, ddof=1).mean())
    assert values(result).loc["seed_sd", "items"] == 39


def test_a_missing_run_is_counted():
    frame, _ = answers()
    result = seed_variance(frame[~((frame["seed"] == 2) & (frame["checkpoint"] == 1))])
    assert "A, t, score: 1 of 12 seed x checkpoint runs missing." in result.warnings
    assert np.isfinite(values(result).loc["seed_sd", "value"])


def test_one_seed_has_values_and_no_seed_noise():
    frame, _ = answers()
    result = seed_variance(frame[frame["seed"] == 0])
    found = values(result)
    assert np.isfinite(found.loc["final_mean", "value"])
    for quantity in ("final_seed_sd", "seed_sd", "noise_ratio", "snr"):
        assert np.isnan(found.loc[quantity, "value"]), quantity
    assert any("one seed says nothing" in sentence for sentence in result.warnings)


def test_one_checkpoint_has_no_monotonicity():
    frame, _ = answers(steps=1)
    result = seed_variance(frame)
    assert np.isnan(values(result).loc["monotonicity", "value"])
    assert "A, t, score: monotonicity needs 3 checkpoints, found 1." in result.warnings


def test_constant_curves_have_no_tau_b_and_no_snr():
    result = seed_variance(curves(np.full((3, 4), 0.25)))
    found = values(result)
    assert np.isnan(found.loc["monotonicity", "value"])
    assert np.isnan(found.loc["snr", "value"])
    assert any("no tau-b for 3 of 3 seeds" in sentence for sentence in result.warnings)
    assert any("there is no SNR" in sentence for sentence in result.warnings)


def test_v15_at_chance_is_flagged():
    near = seed_variance(curves(X, chance=0.51)).table
    far = seed_variance(curves(X, chance=0.25)).table
    assert near["at_chance"].all()
    assert not far["at_chance"].any()


def test_same_input_same_bytes():
    frame, _ = answers()
    assert seed_variance(frame).to_json() == seed_variance(frame).to_json()
    assert seed_variance(frame.sample(frac=1, random_state=1)).table.equals(
        seed_variance(frame).table
    )


def test_a_prompt_that_one_seed_lacks_makes_no_seed_noise():
    easy, hard = np.linspace(0.7, 0.9, 20), np.linspace(0.1, 0.3, 20)
    frame = pd.concat(
        pd.DataFrame({"item": range(20), "prompt": prompt, "seed": seed, "score": scores})
        for seed in range(3)
        for prompt, scores in (("easy", easy), ("hard", hard))
    ).assign(model="A", task="t")
    ragged = frame[~((frame["seed"] == 2) & (frame["prompt"] == "hard") & (frame["item"] < 10))]
    result = seed_variance(ragged)
    assert values(result).loc["final_seed_sd", "value"] == pytest.approx(0)
    assert "A, t, score: 10 items kept on the prompts that every run has." in result.warnings


def test_prompts_share_their_items_so_reported_errors_do_not_average_out():
    rows = [
        {
            "model": "A",
            "task": "t",
            "metric": "acc",
            "seed": s,
            "prompt": p,
            "value": 0.5,
            "se": 0.05,
        }
        for s in range(2)
        for p in "wxyz"
    ]
    found = values(seed_variance(as_evidence(reported=pd.DataFrame(rows))))
    assert found.loc["item_half_width", "value"] == pytest.approx(1.959963984540054 * 0.05)


def test_one_run_without_items_leaves_the_items_of_the_others():
    frame, scores = answers(steps=1)
    claim = {"model": "A", "task": "t", "metric": "score", "seed": 9, "value": 0.5, "se": 0.1}
    both = as_evidence(frame, reported=pd.DataFrame([claim]))
    result = seed_variance(both)
    p = scores[:, :, 0].mean(axis=0)
    found = values(result)
    assert found.loc["final_seed_sd", "value"] == pytest.approx(np.std([*p, 0.5], ddof=1))
    half = 1.959963984540054 * np.mean([*np.sqrt(p * (1 - p) / 40), 0.1])
    assert found.loc["item_half_width", "value"] == pytest.approx(half)
    assert "A, t, score: 1 run as reported, without items." in result.warnings


def test_clusters_that_are_not_used_are_named():
    frame, _ = answers()
    result = seed_variance(frame.assign(cluster=(frame["item"] // 4).astype(str)))
    assert (
        "A, t, score: items are taken as independent although they share clusters."
    ) in result.warnings


def test_v15_barely_above_chance_is_above_it():
    n, p = 14042, 0.2586
    claims = pd.DataFrame(
        {
            **{"model": "A", "task": "mmlu", "metric": "acc", "chance": 0.25},
            **{"value": [p - 0.0005, p, p + 0.0005], "seed": [0, 1, 2], "n": n},
            "se": np.sqrt(p * (1 - p) / n),
        }
    )
    found = values(seed_variance(as_evidence(reported=claims)))
    half = found.loc["item_half_width", "value"]
    assert 100 * half == pytest.approx(0.724, abs=5e-4)
    assert 100 * (p - half) == pytest.approx(25.14, abs=5e-3)
    assert not found["at_chance"].any()


# Runs x items of the run-to-run variance golden numbers, correct or not.
M = np.array([[1, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 1], [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 1],
              [0, 1, 0, 0, 0, 1]])  # fmt: skip


def matrix(runs, **columns):
    """Return runs x items as records of one checkpoint."""
    seed, item = (axis.ravel() for axis in np.indices(runs.shape))
    frame = {"model": "A", "task": "t", "item": item, "seed": seed}
    return pd.DataFrame({**frame, "score": runs.ravel().astype(float), **columns})


def test_the_real_spread_of_seeds_is_jordans():
    result = seed_variance(matrix(M, chance=0.5))
    found = values(result)["value"]
    assert found["final_seed_sd"] ** 2 == pytest.approx(0.036111111, abs=1e-9)
    assert found["seed_sd_independent"] ** 2 == pytest.approx(0.033333333, abs=1e-9)
    assert found["seed_sd_real"] ** 2 == pytest.approx(0.003333333, abs=1e-9)
    assert found["seed_sd_calibrated"] ** 2 == pytest.approx(0.033333333, abs=1e-9)
    four = values(seed_variance(matrix(M, chance=0.25)))
    assert four.loc["seed_sd_calibrated", "value"] ** 2 == pytest.approx(0.016666667, abs=1e-9)
    assert "4 classes, a lower bound" in four.loc["seed_sd_calibrated", "method"]
    # six items tell next to nothing: that seeds are alike is no more seen than that they differ
    assert not any("overfitting" in sentence for sentence in result.warnings)
    assert any("cannot be told; how far they may is the upper end" in s for s in result.warnings)


def test_seeds_that_are_surely_alike_on_new_items_are_called_overfitting():
    rng = np.random.default_rng(1)
    hard = rng.random(1000)
    result = seed_variance(matrix(rng.random((40, 1000)) < hard))
    found = values(result)
    assert found.loc["seed_sd_real", "high"] < found.loc["seed_sd_independent", "value"]
    assert any("picking the best seed is overfitting" in s for s in result.warnings)


def test_seeds_that_differ_by_much_are_not_called_alike_because_few_items_cannot_tell():
    said = 0
    for rng in map(np.random.default_rng, range(20)):
        p = np.clip(0.6 + 0.09 * rng.normal(size=(2, 1)), 0.05, 0.95)
        result = seed_variance(matrix(rng.random((2, 100)) < p))
        said += any("overfitting" in sentence for sentence in result.warnings)
    assert said == 0


def test_no_spread_is_larger_than_the_range_allows():
    found = values(seed_variance(matrix(np.array([[1, 1, 0, 1] * 5, [1, 0, 0, 0] * 5]))))
    for name in ("final_seed_sd", "final_seed_sd_unbiased", "seed_sd", "seed_sd_real"):
        assert found.loc[name, "high"] <= 0.5


def test_agreement_is_that_of_the_answers():
    found = values(seed_variance(matrix(M)))
    pairs = [(a != b).mean() for i, a in enumerate(M) for b in M[:i]]
    assert found.loc["churn", "value"] == pytest.approx(np.mean(pairs))
    assert found.loc["kappa", "value"] == pytest.approx(0.191753247, abs=1e-9)
    assert found.loc["seed_sd_calibrated", "method"].startswith("undefined: needs scores of 0 and")


def test_seeds_that_differ_are_not_called_overfitting():
    rng = np.random.default_rng(0)
    p = np.array([0.2, 0.4, 0.6, 0.8])[:, None]
    result = seed_variance(matrix(rng.random((4, 300)) < p))
    row = values(result).loc["seed_sd_real"]
    assert 0 < row["low"] < p.std(ddof=1) < row["high"]
    assert row["p_value"] < 1e-6
    assert not any("overfitting" in sentence for sentence in result.warnings)


def test_the_small_seed_correction_is_c4_and_luck_the_expected_best():
    found = values(seed_variance(curves(X)))
    sd = X[:, -1].std(ddof=1)
    assert found.loc["final_seed_sd_unbiased", "value"] == pytest.approx(sd / 0.9213177319)
    # the expected largest of 4 standard normals
    gain = 1.0293753730 * sd / 0.9213177319
    assert found.loc["best_of_seeds_gain", "value"] == pytest.approx(gain, rel=1e-9)
    limits = found.loc["final_seed_sd", ["low", "high"]].to_numpy(dtype=float)
    assert found.loc["best_of_seeds_gain", "low"] == pytest.approx(1.0293753730 * limits[0])


def test_an_outlying_seed_is_named_and_the_test_corrected_over_tasks():
    acc = np.array([0.31, 0.32, 0.30, 0.33, 0.31, 0.32, 0.22, 0.31, 0.32, 0.30])
    one = seed_variance(curves(acc[:, None]))
    assert values(one).loc["outlier_seeds", "value"] == 1
    assert set(one.table["outlying"]) == {"6"}
    said = [s for s in one.warnings if "stands apart" in s]
    assert len(said) == 1
    assert said[0].startswith("A, t, acc: seed 6 stands apart from the others at the last checkp")
    plain = acc - np.linspace(0, 0.01, 10) - np.where(acc < 0.25, -0.09, 0)
    parts = [curves(acc[:, None]).reported]
    parts += [curves(plain[:, None]).reported.assign(task=f"u{i}") for i in range(3)]
    four = seed_variance(as_evidence(reported=pd.concat(parts))).quantity("outlier_seeds")
    p = values(one).loc["outlier_seeds", "p_value"]
    assert four.set_index("task").loc["t", "p_value"] == pytest.approx(4 * p)
    assert "p times the 4 models, tasks and metrics" in four["method"].iloc[0]


def test_three_seeds_can_stand_apart_and_two_cannot():
    three = values(seed_variance(curves(np.array([[0.700], [0.701], [0.9]]))))
    assert three.loc["outlier_seeds", "value"] == 1
    two = values(seed_variance(curves(np.array([[0.7], [0.9]]))))
    assert np.isnan(two.loc["outlier_seeds", "value"])
    assert "needs at least 3 seeds" in two.loc["outlier_seeds", "method"]


def test_both_noises_are_never_below_the_items_alone():
    frame, _ = answers(seeds=5)
    found = values(seed_variance(frame))
    both = found.loc["combined_half_width"]
    assert both["value"] >= found.loc["item_half_width", "value"]
    assert both["unit"] == "item x seed"
    for quantity in ("item_half_width", "noise_ratio", "combined_half_width", "monotonicity"):
        low, value, high = found.loc[quantity, ["low", "value", "high"]]
        assert low <= value <= high, quantity
        assert low < high, quantity


def test_without_items_both_noises_are_an_upper_bound_and_say_so():
    found = values(seed_variance(curves(X, se=0.02)))
    seed = (X.std(axis=0, ddof=1) ** 2).mean()
    row = found.loc["combined_half_width"]
    assert row["value"] == pytest.approx(1.959963984540054 * np.sqrt(0.02**2 + seed))
    assert "at most this" in row["method"]
    for quantity in ("seed_sd_real", "kappa", "churn"):
        assert found.loc[quantity, "method"] == "undefined: needs items"


def test_v15_mmlu_is_barely_above_chance():
    rng = np.random.default_rng(3)
    n, seeds, steps = 14042, 10, 21
    level = 0.2586 + 0.0057 * rng.normal(size=(seeds, steps))
    level[:, -1] += 0.2586 - level[:, -1].mean()
    claims = curves(level, chance=0.25, n=n, se=np.sqrt(0.2586 * (1 - 0.2586) / n))
    table = seed_variance(claims).table
    assert set(table["against_chance"]) == {"barely above"}
    assert not table["at_chance"].any()
    rising = curves(np.sort(level, axis=1), chance=0.25, n=n, se=0.0037)
    assert set(seed_variance(rising).table["against_chance"]) == {"above"}
    assert set(seed_variance(curves(X, chance=0.9)).table["against_chance"]) == {"below"}


def test_items_tell_a_score_from_chance_where_seeds_are_too_few():
    rng = np.random.default_rng(0)
    two = rng.random((2, 1000)) < np.array([[0.7], [0.6]])
    assert not seed_variance(matrix(two, chance=0.25)).table["at_chance"].any()
    one = seed_variance(matrix(two[:1], chance=0.7))
    assert one.table["at_chance"].all()
    assert any("cannot be told from chance" in sentence for sentence in one.warnings)


def test_one_item_has_no_half_width():
    frame = matrix(np.array([[1], [0], [1]]))
    assert np.isnan(values(seed_variance(frame)).loc["item_half_width", "value"])


@pytest.mark.parametrize("shape", [(1, 5), (2, 4), (3, 3)])
def test_a_loss_that_falls_is_asked_about_after_few_checkpoints(shape):
    losses = np.broadcast_to(np.linspace(5.0, 3.4, shape[1]), shape)
    warnings = seed_variance(curves(losses)).warnings
    assert any("if lower is better, say so" in sentence for sentence in warnings)
    accuracy = seed_variance(curves(np.broadcast_to([0.26, 0.25, 0.24, 0.23], (1, 4))))
    assert not any("if lower is better, say so" in sentence for sentence in accuracy.warnings)


def test_a_score_at_chance_is_said_to_be():
    result = seed_variance(curves(X, chance=0.51))
    assert set(result.table["against_chance"]) == {"at"}
    assert any("cannot be told from chance" in sentence for sentence in result.warnings)


def test_seeds_with_different_checkpoints_are_compared_where_they_meet():
    frame, scores = answers()
    early = frame["seed"].isin([0, 1]) | (frame["checkpoint"] < 2)
    result = seed_variance(frame[early])
    assert (
        "A, t, score: 2 of 4 seeds (first 2) not scored at the last checkpoint 2; what is said of "
        "it leaves them out."
    ) in result.warnings
    found = values(result)
    assert found.loc["final_seed_sd", "n"] == 2
    p = scores.mean(axis=0)
    sds = [p[:, 0].std(ddof=1), p[:, 1].std(ddof=1), p[:2, 2].std(ddof=1)]
    assert found.loc["seed_sd", "value"] == pytest.approx(np.mean(sds))


def test_seeds_without_a_checkpoint_in_common_have_no_spread():
    frame, _ = answers(seeds=2)
    apart = frame[frame["checkpoint"] % 2 == frame["seed"]]
    found = values(seed_variance(apart))
    assert np.isnan(found.loc["seed_sd", "value"])
    assert "needs a checkpoint with 2 seeds" in found.loc["seed_sd", "method"]
    assert np.isnan(found.loc["combined_half_width", "value"])


def test_a_curve_that_falls_is_asked_about_unless_declared():
    falls = 2 - X.mean(axis=0) + np.zeros((5, 1))
    asked = seed_variance(curves(falls)).warnings
    assert any("the score falls while the model learns" in sentence for sentence in asked)
    told = seed_variance(curves(falls, higher_is_better=False)).warnings
    assert not any("falls" in sentence for sentence in told)


def test_seeds_that_all_rise_have_a_monotonicity_with_width():
    row = values(seed_variance(curves(X))).loc["monotonicity"]
    assert (row["value"], row["high"]) == (1, 1)
    assert row["low"] < 1


def test_ten_thousand_items_and_a_single_one():
    frame, _ = answers(n_items=1)
    assert np.isfinite(values(seed_variance(frame)).loc["final_mean", "value"])
    frame, _ = answers(n_items=10_000, seeds=2, steps=1)
    assert 0.41 < values(seed_variance(frame)).loc["churn", "high"] < 0.45


def test_an_outlier_names_the_noise_of_items_only_where_it_is_known():
    method = values(seed_variance(curves(X))).loc["outlier_seeds", "method"]
    assert method.startswith("Grubbs at")
    known = values(seed_variance(curves(X, se=0.02))).loc["outlier_seeds", "method"]
    assert known.startswith("Grubbs, and beyond the noise of the items, at")
