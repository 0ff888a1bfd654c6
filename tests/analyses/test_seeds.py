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
