"""Data and prediction noise, clusters, runs, templates: golden numbers, limits, bad input."""

import re

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    binomial_half_width,
    calibrated_run_variance,
    clustered_mean_ci,
    clustered_se,
    mean_ci,
    noise_split,
    paired_t,
    prompt_spread,
    run_variance,
    sign_test_se,
    variance_components,
)
from evalvar.stats.quantiles import normal_quantile

# Wang
A = np.array([[1, 1, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1]], dtype=float)
B = np.array([[0, 0, 0, 1], [0, 1, 0, 0], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=float)
# Miller
MA = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1, 1], dtype=float)
MB = np.array([1, 1, 0, 1, 0, 0, 1, 0, 0, 1], dtype=float)
CLUSTER = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3])
# Jordan: runs x items, correct
M = np.array([[1, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 1], [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 1],
              [0, 1, 0, 0, 0, 1]], dtype=float)  # fmt: skip


@pytest.mark.parametrize(
    ("method", "total", "data", "prediction"),
    [
        ("plain", 0.2475, 0.135, 0.1125),
        ("K-unbiased", 0.2475, 0.0975, 0.15),
        ("unbiased", 0.28125, 0.13125, 0.15),
    ],
)
def test_golden_split_of_one_model(method, total, data, prediction):
    split = noise_split(A, method=method)
    assert (split.total, split.data, split.prediction) == pytest.approx((total, data, prediction))
    assert (split.n, split.method) == (5, method)


@pytest.mark.parametrize(
    ("method", "data", "prediction"), [("plain", 0.085, 0.225), ("K-unbiased", 0.01, 0.30)]
)
def test_golden_split_of_a_pair(method, data, prediction):
    split = noise_split(A, B, method=method)
    assert (split.total, split.data, split.prediction) == pytest.approx((0.31, data, prediction))
    total = A.var() + B.var() - 2 * np.cov(A.mean(1), B.mean(1), ddof=0)[0, 1]
    assert split.total == pytest.approx(total)


def test_golden_standard_errors_of_a_pair():
    split = noise_split(A, B)
    assert split.se() == pytest.approx(0.248997992, abs=1e-9)
    assert split.se(np.inf) == pytest.approx(0.044721360, abs=1e-9)
    assert np.sqrt(split.prediction / split.n) == pytest.approx(0.244948974, abs=1e-9)
    assert split.se(4) == pytest.approx(0.130384048, abs=1e-9)
    assert sign_test_se(A.mean(1), B.mean(1)) == pytest.approx(0.282842712, abs=1e-9)


def test_a_model_against_itself_has_twice_its_prediction_noise():
    k = A.shape[1]
    x = A.mean(axis=1)
    assert 2 * noise_split(A).prediction == pytest.approx(0.3)
    assert 2 * (x * (1 - x) * k / (k - 1)).mean() == pytest.approx(0.3)


def test_unbiased_is_the_components_over_items_also_when_ragged():
    ragged = A.copy()
    ragged[0, 3] = ragged[2, 2:] = ragged[4, 1] = np.nan
    for scores in (A, ragged):
        seen = ~np.isnan(scores)
        found = variance_components(scores[seen], {"item": np.nonzero(seen)[0]})
        split = noise_split(scores, method="unbiased")
        assert (split.data, split.prediction) == pytest.approx(tuple(found.values))
        assert split.se(1) ** 2 == pytest.approx(max(split.total, 0) / 5)


def test_items_with_one_answer_give_their_mean_and_no_spread():
    ragged = A.copy()
    ragged[0, 1:] = np.nan
    split = noise_split(ragged)
    within = A[1:].var(axis=1, ddof=1).mean()
    assert split.prediction == pytest.approx(within)
    means = np.nanmean(ragged, axis=1)
    assert split.total == pytest.approx(means.var() + A[1:].var(axis=1).sum() / 5)


@pytest.mark.parametrize("method", ["plain", "K-unbiased", "unbiased"])
def test_one_answer_an_item_has_a_total_and_no_parts(method):
    split = noise_split(A[:, :1], B, method=method)
    assert np.isnan([split.data, split.prediction]).all()
    assert split.method == f"{method}: one answer an item, parts undefined"
    assert np.isfinite(split.total)
    assert np.isnan(split.se(4))
    alone = noise_split(A[:, :1], method="unbiased")
    assert alone.se() == pytest.approx(mean_ci(A[:, 0]).se)


def test_split_is_unbiased_in_few_answers_where_the_plain_one_is_not():
    rng = np.random.default_rng(0)
    plain, fair, unbiased, truth = [], [], [], []
    counts = rng.integers(2, 5, 200)
    seen = np.arange(4) < counts[:, None]
    for _ in range(400):
        x = rng.beta(0.4, 0.6, 200)
        y = np.clip(x + 0.05 * rng.normal(size=200), 0, 1)
        a, b = (np.where(seen, rng.random((200, 4)) < p[:, None], np.nan) for p in (x, y))
        plain.append(noise_split(a, b, method="plain").data)
        fair.append(noise_split(a, b).data)
        unbiased.append(noise_split(a, b, method="unbiased").data)
        truth.append((x - y).var(ddof=1))
    error = np.std(unbiased) / np.sqrt(400)
    assert abs(np.mean(unbiased) - np.mean(truth)) < 4 * error
    assert abs(np.mean(fair) - np.mean(truth)) < 0.1 * np.mean(np.array(plain) - truth)
    assert np.mean(plain) > 0.05


def test_golden_standard_errors_of_miller():
    assert mean_ci(MA).se == pytest.approx(0.152752523, abs=1e-9)
    assert mean_ci(MB).se == pytest.approx(0.166666667, abs=1e-9)
    bernoulli = float(binomial_half_width(0.7, 10)) / normal_quantile(0.95)
    assert bernoulli == pytest.approx(0.144913767, abs=1e-9)
    assert clustered_se(MA, CLUSTER, method="eq4") == pytest.approx(0.248461935, abs=1e-9)
    assert clustered_se(MA, CLUSTER) == pytest.approx(0.243721152, abs=1e-9)
    assert clustered_mean_ci(MA, CLUSTER, method="CR1").se == pytest.approx(0.281424946, abs=1e-9)
    assert paired_t(MA, MB).se == pytest.approx(0.2)
    assert clustered_se(MA - MB, CLUSTER) == pytest.approx(0.185472370, abs=1e-9)
    paired = clustered_mean_ci(MA - MB, CLUSTER, method="CR1")
    assert paired.se == pytest.approx(0.214165045, abs=1e-9)


def test_clusters_of_one_item_are_no_clusters():
    alone = np.arange(10)
    assert clustered_se(MA, alone, method="eq4") == pytest.approx(mean_ci(MA).se)
    assert clustered_se(MA, alone) == pytest.approx(mean_ci(MA).se * np.sqrt(0.9))


def test_resampled_answers_follow_the_law_of_total_variance():
    # x uniform: Var x = 1/12, E sigma^2 = 1/6; ratio to one answer (1 + 2/K)/3
    rng = np.random.default_rng(1)
    split = noise_split((rng.random((40_000, 6)) < rng.random((40_000, 1))).astype(float))
    assert split.data == pytest.approx(1 / 12, rel=0.03)
    assert split.prediction == pytest.approx(1 / 6, rel=0.03)
    for k in (2, 10, np.inf):
        assert (split.se(k) / split.se()) ** 2 == pytest.approx((1 + 2 / k) / 3, rel=0.02)


def test_golden_runs_of_jordan():
    found = run_variance(M.T)
    assert found.test_set == pytest.approx(0.036111111, abs=1e-9)
    assert found.independent == pytest.approx(0.033333333, abs=1e-9)
    assert found.distribution.value == pytest.approx(0.003333333, abs=1e-9)
    covariance = np.cov(M.T)
    off = covariance[~np.eye(6, dtype=bool)].mean()
    assert found.distribution.value == pytest.approx(off)
    n = 6
    assert found.distribution.value == pytest.approx(
        n / (n - 1) * (found.test_set - found.independent)
    )
    error = 1 - M.mean()
    assert calibrated_run_variance(error, n) == pytest.approx(0.033333333, abs=1e-9)
    assert calibrated_run_variance(error, n, classes=4) == pytest.approx(0.016666667, abs=1e-9)
    assert found.distribution.unit == "seed"


def test_golden_split_halves_of_jordan():
    halves = np.cov(M[:, ::2].mean(axis=1), M[:, 1::2].mean(axis=1))[0, 1]
    assert halves == pytest.approx(0.016666667, abs=1e-9)


def test_the_distribution_s_variance_is_unbiased_and_the_test_set_s_is_not():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(500):
        skill = rng.normal(0, 0.5, size=(1, 6))
        p = 1 / (1 + np.exp(-(rng.normal(size=(40, 1)) + skill)))
        found.append(run_variance((rng.random((40, 6)) < p).astype(float)))
    grid = np.random.default_rng(3)
    ability = grid.normal(0, 0.5, size=(1, 4000))
    truth = (1 / (1 + np.exp(-(grid.normal(size=(4000, 1)) + ability)))).mean(axis=0).var()
    values = np.array([one.distribution.value for one in found])
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(values.size) + 0.02 * truth
    assert np.mean([one.test_set for one in found]) > 1.2 * truth


def test_golden_templates():
    found = prompt_spread([0.62, 0.55, 0.71, 0.48, 0.66, 0.60], quantiles=(0.1, 0.5, 0.9))
    assert found.range == pytest.approx(0.23)
    assert found.sd == pytest.approx(0.081158282, abs=1e-9)
    assert found.quantiles == pytest.approx({0.1: 0.515, 0.5: 0.61, 0.9: 0.685})
    assert (found.n, np.isnan(found.variance)) == (6, True)


def test_the_noise_of_the_means_leaves_the_variance_of_prompts():
    rng = np.random.default_rng(4)
    freed = []
    for _ in range(800):
        scores = 0.1 * rng.normal(size=(5, 1)) + rng.normal(size=(5, 50))
        errors = scores.std(axis=1, ddof=1) / np.sqrt(50)
        freed.append(prompt_spread(scores.mean(axis=1), errors=errors).variance)
    assert abs(np.mean(freed) - 0.01) < 4 * np.std(freed) / np.sqrt(800)


BAD = {
    "method must be plain, K-unbiased, unbiased, but is 'wang'.":
        lambda: noise_split(A, method="wang"),
    "a and b need the same items, but have 5 and 4.": lambda: noise_split(A, B[:4]),
    "a needs 2 axes, items and answers, and no infinite score.": lambda: noise_split(A[0]),
    "b needs an answer to every item, but 1 of 5 have none. Leave them out.":
        lambda: noise_split(A, np.where(np.arange(5)[:, None] == 2, np.nan, B)),
    "a split of noise needs at least 2 items, but has 1.": lambda: noise_split(A[:1]),
    "samples must be positive, but is 0.": lambda: noise_split(A).se(0),
    "method must be CR0 or eq4, but is 'CR3'.": lambda: clustered_se(MA, CLUSTER, method="CR3"),
    "scores and clusters need the same shape, but have (10,) and (3,).":
        lambda: clustered_se(MA, [0, 1, 2]),
    "the variance of runs needs at least 2 seeds, but has 1.": lambda: run_variance(M.T[:, :1]),
    "error must lie in [0, 1], n be at least 1 and classes at least 2, but they are 1.5, 10 and 2.":
        lambda: calibrated_run_variance(1.5, 10),
    "the spread of prompts needs at least 2 prompts, but has 1.": lambda: prompt_spread([0.5]),
    "quantiles must lie in [0, 1], but are [5].": lambda: prompt_spread([0.5, 0.6], quantiles=[5]),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_one_line(message):
    with pytest.raises((UsageError, NotEnoughDataError), match=f"^{re.escape(message)}$"):
        BAD[message]()
