"""Agreement of ranks: against scipy, its influences by differentiation, its interval by truth."""

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import UsageError
from evalvar.stats.rank_pairs import mean_rank_agreement, rank_agreement


def test_tau_is_scipys():
    rng = np.random.default_rng(2)
    full = rng.integers(0, 6, 12) / 6
    predicted = rng.integers(0, 5, (7, 12)) / 5
    expected = [stats.kendalltau(row, full).statistic for row in predicted]
    np.testing.assert_allclose(rank_agreement(predicted, full).tau, expected, atol=1e-12)


def test_only_models_of_a_fold_are_compared():
    full = np.array([0.1, 0.2, 0.3, 0.4])
    # right within both folds, wrong between them
    found = rank_agreement([[0.7, 0.8, 0.1, 0.2]], full, folds=[[0, 0, 1, 1]])
    assert found.tau.tolist() == [1.0]
    assert rank_agreement([[0.7, 0.8, 0.1, 0.2]], full).tau[0] < 0


def test_the_same_sum_in_another_order_is_a_tie():
    tau = rank_agreement([[0.1 + 0.2, 0.3, 0.4]], [1.0, 2.0, 3.0]).tau
    assert tau[0] == pytest.approx(2 / np.sqrt(2 * 3))


def test_all_tied_is_undefined():
    found = rank_agreement([[0.5, 0.5, 0.5]], [0.1, 0.2, 0.3])
    assert np.isnan(found.tau[0])
    assert np.isnan(mean_rank_agreement(found).value)


def test_parts_are_the_derivatives_by_the_weight_of_a_pair():
    rng = np.random.default_rng(4)
    y, x = rng.integers(0, 5, 7) / 5, rng.integers(0, 5, 7) / 5
    part, share = rank_agreement([x], y).parts(0)
    assert part.sum() == pytest.approx(0)
    assert share.sum() == pytest.approx(2)
    mine, truth = np.sign(x[:, None] - x), np.sign(y[:, None] - y)

    def weighted(w):
        return (w * mine * truth).sum() / np.sqrt((w * mine**2).sum() * (w * truth**2).sum())

    for i in range(7):
        for j in range(i):
            ends = []
            for step in (-1e-5, 1e-5):
                w = np.ones((7, 7))
                w[i, j] = w[j, i] = 1 + step
                ends.append(weighted(w))
            assert part[i, j] == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-8)


def test_parts_of_units_add_up_those_of_their_models():
    rng = np.random.default_rng(5)
    x, y = rng.random((2, 6)), rng.random(6)
    units = np.array([0, 0, 1, 1, 2, 2])
    one, _ = rank_agreement(x, y).parts(1)
    many, _ = rank_agreement(x, y, clusters=units).parts(1)
    member = np.eye(3)[units]
    np.testing.assert_allclose(many, member.T @ one @ member, atol=1e-12)


def simulated(rng, models=16, folds=4, repeats=2, draws=60, noise=0.5):
    """Subsets that the folds choose, and random ones, which see the same models as noisily."""
    full = rng.normal(size=models)
    chosen = np.stack([rng.permutation(np.arange(models) % folds) for _ in range(repeats)])
    luck = noise * np.exp(0.25 * rng.normal(size=(repeats, folds)))
    ours = full + np.take_along_axis(luck, chosen, axis=1) * rng.normal(size=(repeats, models))
    others = full + noise * rng.normal(size=(draws, models))
    return (
        rank_agreement(ours, full, folds=chosen, choices=chosen),
        rank_agreement(others, full, folds=chosen[np.arange(draws) % repeats]),
    )


def test_the_interval_of_a_difference_is_as_wide_as_it_varies():
    rng = np.random.default_rng(6)
    found = [mean_rank_agreement(a, against=b) for a, b in (simulated(rng) for _ in range(250))]
    values = np.array([one.value for one in found])
    errors = np.array([one.se for one in found])
    # the jackknife's error is 1.9 times as large as the differences vary
    assert 0.9 < np.sqrt((errors**2).mean()) / values.std(ddof=1) < 1.35
    hit = [one.low <= 0 <= one.high for one in found]
    assert abs(np.mean(hit) - 0.95) < 4 * np.sqrt(0.95 * 0.05 / len(hit))


def test_an_agreement_of_all_subsets_has_no_interval():
    full = np.arange(6.0)
    found = mean_rank_agreement(rank_agreement([full, full], full))
    assert found.value == 1
    assert np.isnan(found.low)
    assert found.method.endswith("(nothing differs: no interval)")


def test_three_models_have_no_interval():
    found = mean_rank_agreement(rank_agreement([[0.1, 0.3, 0.2]], [0.1, 0.2, 0.3]))
    assert np.isnan(found.low)
    assert found.method == (
        "mean tau-b, t over pairs of models and subsets (fewer than 4 models: no interval)"
    )


def test_different_models_are_refused():
    with pytest.raises(UsageError) as caught:
        rank_agreement([[1.0, 2.0]], [1.0])
    assert str(caught.value) == "predicted and full need the same models: (1, 2) and (1,)."
