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
