"""Agreement of seeds: golden numbers, statsmodels, hand cases, coverage."""

import re
from itertools import combinations

import numpy as np
import pytest
from scipy import special
from statsmodels.stats import inter_rater

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import bounded_mean_ci, churn, cohen_kappa, fleiss_kappa, mean_kappa

S1, S2 = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 1]), np.array([1, 0, 0, 1, 0, 1, 1, 0, 1, 1])
# Runs x items, correct or not.
M = np.array([[1, 1, 0, 1, 0, 1], [1, 0, 0, 1, 1, 1], [1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 1],
              [0, 1, 0, 0, 0, 1]])  # fmt: skip


def answers(rng, n, seeds, seed_sd=0.0):
    logits = 2 * rng.normal(size=(n, 1)) + 0.5 + seed_sd * rng.normal(size=(1, seeds))
    return (rng.random((n, seeds)) < special.expit(logits)).astype(float)


def test_cohens_kappa_is_the_golden_one():
    # po .8, pe .52, as scikit-learn's cohen_kappa_score has it
    assert cohen_kappa(S1, S2).value == pytest.approx(0.583333333, abs=1e-9)
    assert churn(np.stack([S1, S2], axis=1)).value == pytest.approx(1 - 0.8, abs=1e-12)


def test_fleiss_kappa_is_the_golden_one_and_that_of_statsmodels():
    assert fleiss_kappa(M.T).value == pytest.approx(0.166666667, abs=1e-9)
    labels = np.random.default_rng(0).integers(0, 4, size=(50, 6))
    counts, _ = inter_rater.aggregate_raters(labels)
    assert fleiss_kappa(labels).value == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-12)


def test_the_error_of_cohens_kappa_is_the_asymptotic_one_with_ddof_1():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, size=200)
    b = np.where(rng.random(200) < 0.7, a, rng.integers(0, 3, size=200))
    table = np.zeros((3, 3))
    np.add.at(table, (a, b), 1)
    wanted = inter_rater.cohens_kappa(table)
    found = cohen_kappa(a, b)
    assert found.value == pytest.approx(wanted.kappa, abs=1e-12)
    assert found.se == pytest.approx(wanted.std_kappa * np.sqrt(200 / 199), rel=1e-9)


def test_labels_may_be_words():
    words = np.array(["A", "B"])
    assert cohen_kappa(words[S1], words[S2]).value == pytest.approx(cohen_kappa(S1, S2).value)


def test_the_mean_over_pairs_is_that_of_all_pairs():
    kappas = [cohen_kappa(a, b).value for a, b in combinations(M, 2)]
    assert mean_kappa(M.T).value == pytest.approx(np.mean(kappas), abs=1e-12)
    flips = [(a != b).mean() for a, b in combinations(M, 2)]
    assert churn(M.T).value == pytest.approx(np.mean(flips), abs=1e-12)


def test_with_two_seeds_the_mean_is_the_kappa_of_the_pair_and_churn_a_mean_over_items():
    pair = np.stack([S1, S2], axis=1)
    one, mean = cohen_kappa(S1, S2), mean_kappa(pair)
    assert (mean.value, mean.se, mean.low) == pytest.approx((one.value, one.se, one.low))
    assert (mean.unit, mean.n) == ("item", 10)
    flips = bounded_mean_ci((S1 != S2).astype(float), low=0, high=1)
    found = churn(pair)
    assert (found.low, found.high, found.unit) == (flips.low, flips.high, "item")


def test_influence_is_the_derivative_of_kappa():
    x = answers(np.random.default_rng(2), 30, 3)
    twice = np.vstack([x, x])  # the same items twice: the same kappa, at a smaller error
    assert mean_kappa(twice).value == pytest.approx(mean_kappa(x).value)
    jackknife = np.array([mean_kappa(np.delete(x, i, axis=0)).value for i in range(30)])
    se = np.sqrt(29 / 30 * ((jackknife - jackknife.mean()) ** 2).sum())
    pairs = np.array([cohen_kappa(x[:, 0], x[:, 1]).se])
    assert pairs[0] == pytest.approx(
        np.sqrt(29 / 30 * ((_leave_one_out(x) - _leave_one_out(x).mean()) ** 2).sum()), rel=0.15
    )
    assert mean_kappa(x).se >= 0.8 * se


def _leave_one_out(x):
    return np.array([
        cohen_kappa(np.delete(x[:, 0], i), np.delete(x[:, 1], i)).value for i in range(len(x))
    ])  # fmt: skip


def test_seeds_that_answer_alike_have_kappa_1_and_a_churn_with_width():
    x = np.tile((np.arange(40) % 3 > 0).astype(float)[:, None], (1, 4))
    assert mean_kappa(x).value == 1
    assert np.isnan(mean_kappa(x).low)
    assert "no item moves it" in mean_kappa(x).method
    found = churn(x)
    assert (found.value, found.low) == (0, 0)
    assert 0 < found.high < 0.1


def test_pairs_with_all_items_right_have_no_kappa_and_are_counted():
    x = answers(np.random.default_rng(3), 40, 4)
    x[:, 2:] = 1.0
    kappas = [cohen_kappa(x[:, a], x[:, b]).value for a, b in combinations(range(4), 2)][:5]
    found = mean_kappa(x)
    assert found.value == pytest.approx(np.mean(kappas))
    assert "1 pair without a kappa left out" in found.method
    nothing = mean_kappa(np.ones((10, 3)))
    assert np.isnan(nothing.value)
    assert nothing.method == "undefined: every pair of seeds has all items right, or all wrong"
    assert np.isnan(cohen_kappa([1, 1, 1], [1, 1, 1]).value)


def test_one_item_ten_thousand_items_and_a_hundred_seeds():
    with pytest.raises(NotEnoughDataError, match="kappa needs at least 2 items, but has 1"):
        cohen_kappa([1], [1])
    x = answers(np.random.default_rng(4), 10_000, 100)
    assert 0.25 < churn(x).value < 0.35
    assert 0.3 < mean_kappa(x).value < 0.5


@pytest.mark.parametrize("agreement", [mean_kappa, churn])
def test_scores_that_are_not_0_or_1_and_a_single_seed_are_refused(agreement):
    what = "kappa" if agreement is mean_kappa else "churn"
    message = f"{what} needs scores of 0 and 1, but 1 of 4 are not."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        agreement([[1, 0], [0.5, 1]])
    message = f"{what} needs at least 2 seeds, but has 1."
    with pytest.raises(NotEnoughDataError, match=f"^{re.escape(message)}$"):
        agreement([[1], [0]])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match=re.escape("have shapes (2,) and (3,)")):
        cohen_kappa([1, 0], [1, 0, 1])
    with pytest.raises(UsageError, match="labels need 2 axes, items and runs, but have 1"):
        fleiss_kappa([1, 0])


@pytest.mark.parametrize("seeds", [2, 5])
def test_kappa_and_churn_are_covered(seeds):
    rng = np.random.default_rng(5)
    p = special.expit(0.5 + 2 * special.ndtri((np.arange(2000) + 0.5) / 2000))
    flips = float(2 * (p * (1 - p)).mean())
    kappa = 1 - flips / (2 * p.mean() * (1 - p.mean()))
    held = np.zeros(2)
    for _ in range(300):
        x = answers(rng, 60, seeds)
        a, b = mean_kappa(x), churn(x)
        held += [a.low <= kappa <= a.high, b.low <= flips <= b.high]
    assert (held / 300 > 0.95 - 4 * np.sqrt(0.05 * 0.95 / 300)).all()
