"""Randomisation tests: enumeration, scipy, the family by its largest statistic."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import draws, mcnemar, sign_flip
from evalvar.stats.permutation import label_permutation, sign_flip_pairs

X = np.random.default_rng(10).exponential(size=40)


def test_sign_flip_enumerates_all_patterns():
    d = np.array([0.3, -1.2, 0.7, 2.0, 0.0, 0.4, -0.1])
    sums = np.array([np.dot(s, d) for s in product([-1, 1], repeat=d.size)])
    expected = np.mean(np.abs(sums) >= abs(d.sum()) - 1e-12)
    assert sign_flip(d, rng=0) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("ones", range(9))
def test_sign_flip_of_units_is_the_exact_mcnemar_test(ones):
    d = np.r_[np.ones(ones), -np.ones(8 - ones), np.zeros(5)]
    assert sign_flip(d, rng=0) == pytest.approx(mcnemar(ones, 8 - ones), rel=1e-12)


def test_sign_flip_draws_where_there_are_too_many_patterns():
    d = np.random.default_rng(0).normal(0.4, 1, 30)
    p = sign_flip(d, rng=0)
    theirs = stats.permutation_test(
        (d,), np.sum, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(1)
    ).pvalue
    assert p == pytest.approx(theirs, abs=5 * np.sqrt(theirs / 9999))
    assert p == sign_flip(d, rng=0)
    assert p != sign_flip(d, rng=1)
    assert sign_flip(np.full(40, 1.0), rng=0, n_resamples=99) == 0.01


def test_sign_flip_without_any_difference_is_one_and_without_items_is_refused():
    assert sign_flip([0.0, 0.0], rng=0) == 1.0
    with pytest.raises(NotEnoughDataError, match="a sign-flip test needs at least 1 item"):
        sign_flip([], rng=0)


def test_sign_flip_has_its_size():
    rng = np.random.default_rng(2)
    p = np.array([sign_flip(d, rng=0) for d in rng.standard_t(3, (2000, 8))])
    assert abs(np.mean(p <= 0.05) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)


def test_sign_flip_does_not_depend_on_how_it_is_batched(monkeypatch):
    p = sign_flip(X - 1, rng=3, n_resamples=500)
    scores = np.random.default_rng(0).random((40, 4))
    pairs = sign_flip_pairs(scores, rng=3, n_resamples=500)
    labels = label_permutation(X[:15], X[15:], rng=3, n_resamples=500)
    monkeypatch.setattr(draws, "_BLOCK", 130)
    monkeypatch.setattr("evalvar.stats.permutation._BUDGET", 50)
    assert sign_flip(X - 1, rng=3, n_resamples=500) == p
    again = sign_flip_pairs(scores, rng=3, n_resamples=500)
    np.testing.assert_array_equal(again.p_value, pairs.p_value)
    np.testing.assert_array_equal(again.adjusted, pairs.adjusted)
    assert label_permutation(X[:15], X[15:], rng=3, n_resamples=500).p_value == labels.p_value


def test_all_pairs_of_few_items_are_those_of_an_enumeration():
    rng = np.random.default_rng(4)
    for x in (rng.normal(size=(9, 4)), rng.integers(0, 3, size=(9, 4)).astype(float)):
        ours = sign_flip_pairs(x, rng=0)
        signs = np.array(list(product([-1, 1], repeat=9)))
        pairs = list(combinations(range(4), 2))
        d = np.stack([x[:, a] - x[:, b] for a, b in pairs], axis=1)
        far = np.abs(signs @ d)
        seen = np.abs(d.sum(axis=0)) - 1e-9
        np.testing.assert_allclose(ours.p_value, (far >= seen).mean(axis=0), rtol=1e-12)
        alone = [sign_flip(column, rng=0) for column in d.T]
        np.testing.assert_allclose(ours.p_value, alone, rtol=1e-12)
        scale = np.sqrt((d**2).sum(axis=0))
        largest = (far / scale).max(axis=1)
        adjusted = (largest[:, None] >= seen / scale).mean(axis=0)
        np.testing.assert_allclose(ours.adjusted, adjusted, rtol=1e-12)
        assert (ours.adjusted >= ours.p_value).all()
        assert ours.method == "sign-flip, exact"


def test_drawn_pairs_are_near_the_exact_mcnemar_test():
    x = (np.random.default_rng(0).random((300, 5)) < [0.5, 0.55, 0.6, 0.6, 0.7]).astype(float)
    ours = sign_flip_pairs(x, rng=1)
    for p, (a, b) in zip(ours.p_value, combinations(range(5), 2), strict=True):
        exact = mcnemar(int((x[:, a] > x[:, b]).sum()), int((x[:, a] < x[:, b]).sum()))
        assert p == pytest.approx(exact, abs=5 * np.sqrt(exact / 9999) + 2 / 9999)
    assert ours.method == "sign-flip, 9999 draws"
    one = sign_flip_pairs(x, rng=1, pairs=[(4, 0)])
    assert one.p_value[0] == ours.p_value[3]
    assert one.adjusted[0] == one.p_value[0]


def test_the_family_keeps_its_size():
    rng = np.random.default_rng(5)
    rejected = 0
    for _ in range(300):
        x = rng.normal(size=(12, 1)) + rng.normal(size=(12, 5))
        rejected += (sign_flip_pairs(x, rng=0).adjusted <= 0.05).any()
    assert rejected / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_systems_that_never_differ_are_one_apart():
    x = np.array([[1.0, 1.0, 0.0]] * 6)
    out = sign_flip_pairs(x, rng=0)
    assert out.p_value.tolist() == [1.0, 2 / 64, 2 / 64]
    assert out.adjusted[0] == 1.0
    same = sign_flip_pairs(np.ones((5, 2)), rng=0)
    assert (same.p_value.tolist(), same.adjusted.tolist()) == ([1.0], [1.0])


def test_many_systems_have_all_their_pairs():
    x = (np.random.default_rng(0).random((500, 60)) < 0.5).astype(float)
    out = sign_flip_pairs(x, rng=0, n_resamples=499)
    assert out.p_value.shape == (1770,)
    assert stats.kstest(out.p_value, "uniform").statistic < 0.15


@pytest.mark.parametrize(("a", "b"), [(4, 5), (3, 3), (2, 6)])
def test_dealing_labels_to_few_units_is_that_of_scipy(a, b):
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=a), rng.normal(0.5, 1, b)
    theirs = stats.permutation_test(
        (x, y), lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis), vectorized=True,
        n_resamples=np.inf,
    )  # fmt: skip
    # scipy doubles the smaller tail; with equal groups that is the same
    far = abs(theirs.null_distribution) >= abs(theirs.statistic) * (1 - 1e-12)
    ours = label_permutation(x, y, rng=0)
    assert ours.p_value[0] == pytest.approx(far.mean(), rel=1e-12)
    assert ours.adjusted[0] == ours.p_value[0]
    assert ours.method == "label permutation, exact"
    if a == b:
        assert ours.p_value[0] == pytest.approx(theirs.pvalue, rel=1e-12)


def test_dealing_labels_to_many_units_over_several_tasks():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(30, 3)), rng.normal([0, 0.3, 1], 1, (25, 3))
    ours = label_permutation(x, y, rng=0)
    for task in range(3):
        t = stats.ttest_ind(x[:, task], y[:, task]).pvalue
        assert ours.p_value[task] == pytest.approx(t, abs=0.02)
    assert (ours.adjusted >= ours.p_value).all()
    assert ours.method == "label permutation, 9999 draws"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sign_flip(X, rng=0, n_resamples=0), UsageError,
         "n_resamples must be at least 1, but is 0."),
        (lambda: sign_flip([1.0, np.nan], rng=0), UsageError,
         "differences needs finite numbers, but 1 of 2 are not. Leave them out."),
        (lambda: sign_flip_pairs(np.ones((3, 1)), rng=0), NotEnoughDataError,
         "a test of pairs needs at least 2 systems, but has 1."),
        (lambda: sign_flip_pairs(np.ones((0, 2)), rng=0), NotEnoughDataError,
         "a sign-flip test needs at least 1 items, but has 0."),
        (lambda: sign_flip_pairs(np.ones((3, 2)), rng=0, pairs=[(0, 2)]), UsageError,
         "pairs must name columns 0..1, but are [(0, 2)]."),
        (lambda: label_permutation([], [1.0], rng=0), NotEnoughDataError,
         "a permutation of labels, group a, needs at least 1 units, but has 0."),
        (lambda: label_permutation(np.ones((2, 2)), np.ones((2, 3)), rng=0), UsageError,
         "a and b need the same number of tasks, but have 2 and 3."),
        (lambda: label_permutation(X, X, rng=0, n_resamples=0), UsageError,
         "n_resamples must be at least 1, but is 0."),
    ],
)  # fmt: skip
def test_what_cannot_be_exchanged_is_refused(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
