import time

import numpy as np
import pytest
from scipy import optimize, special

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import fill_prompts
from evalvar.stats.prompt_fill import linked

Y = np.array([[1, 1, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1]], dtype=float)
SEEN = np.array([[1, 1, 1, 0], [1, 0, 1, 1], [0, 1, 1, 1]], dtype=bool)


def drawn(prompts, items, share, rng=0):
    draws = np.random.default_rng(rng)
    z = 0.5 * draws.normal(size=(prompts, 1)) + 1.5 * draws.normal(size=(1, items))
    answers = (draws.random((prompts, items)) < special.expit(z)).astype(float)
    seen = draws.random((prompts, items)) < share
    seen[0] |= ~seen.any(axis=0)
    return answers, np.where(seen, answers, np.nan)


def test_the_golden_numbers_of_prompteval():
    found = fill_prompts(np.where(SEEN, Y, np.nan))
    np.testing.assert_allclose(found, [0.720238, 0.748471, 0.748471], atol=1e-6)


@pytest.mark.parametrize(("prompts", "items"), [(5, 12), (12, 5), (6, 6), (3, 1)])
def test_the_fit_is_the_minimum_that_scipy_finds(prompts, items):
    _, scores = drawn(prompts, items, 0.6)
    scores[:, 0] = np.where(np.isnan(scores[:, 0]), 1.0, scores[:, 0])
    seen = ~np.isnan(scores)
    y = np.where(seen, scores, 0.0)

    def parts(x):
        return x[:prompts, None] + np.append(x[prompts:], 0.0)

    def loss(x):
        z = parts(x)
        return x @ x / 2 + 100 * ((np.logaddexp(0, z) - y * z) * seen).sum()

    def slope(x):
        miss = 100 * (special.expit(parts(x)) - y) * seen
        return x + np.concatenate([miss.sum(axis=1), miss.sum(axis=0)[:-1]])

    found = optimize.minimize(
        loss, np.zeros(prompts + items - 1), jac=slope, method="BFGS",
        options={"gtol": 1e-9, "maxiter": 10_000},
    )  # fmt: skip
    filled = np.where(seen, y, special.expit(parts(found.x))).mean(axis=1)
    np.testing.assert_allclose(fill_prompts(scores), filled, atol=1e-6)


def test_least_squares_on_the_scale_of_the_scores_is_the_mixed_model():
    draws = np.random.default_rng(3)
    scores = draws.normal(size=(4, 1)) + 3 * draws.normal(size=(1, 30)) + draws.normal(size=(4, 30))
    seen = draws.random((4, 30)) < 0.7
    seen[0] |= ~seen.any(axis=0)
    prompt, item = np.nonzero(seen)
    y = scores[seen]
    centred = y - y.mean()
    size = np.bincount(item)
    rest = centred - (np.bincount(item, centred) / size)[item]
    within = (rest**2).sum() / (size - 1).sum()
    shrinking = within / ((centred**2).mean() - within)
    columns = np.zeros((y.size, 34))
    columns[np.arange(y.size), prompt] = 1
    columns[np.arange(y.size), 4 + item] = 1
    ridge = np.diag([0.0] * 4 + [shrinking] * 30)
    beta = np.linalg.solve(columns.T @ columns + ridge, columns.T @ centred)
    whole = y.mean() + beta[:4, None] + beta[4:]
    expected = np.where(seen, scores, whole).mean(axis=1)
    found = fill_prompts(np.where(seen, scores, np.nan), link="identity")
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("link", ["logit", "identity"])
def test_where_nothing_is_missing_it_is_the_mean(link):
    np.testing.assert_allclose(fill_prompts(Y, link=link), Y.mean(axis=1))
    np.testing.assert_allclose(fill_prompts([[0.3]], link=link), [0.3])


@pytest.mark.parametrize("link", ["logit", "identity"])
def test_the_fit_comes_nearer_to_all_answers_than_plain_means(link):
    missed = np.zeros(2)
    for rng in range(5):
        answers, scores = drawn(30, 200, 0.3, rng=rng)
        whole = answers.mean(axis=1)
        missed[0] += ((fill_prompts(scores, link=link) - whole) ** 2).mean()
        missed[1] += ((np.nanmean(scores, axis=1) - whole) ** 2).mean()
    assert missed[0] < 0.9 * missed[1]


@pytest.mark.parametrize("link", ["logit", "identity"])
def test_hard_and_flat_answers_have_a_fit(link):
    scores = np.array([[1, 1, np.nan], [1, 1, 1], [1, np.nan, 1.0]])
    assert (fill_prompts(scores, link=link) > 0.9).all()  # the ridge pulls from 1 to 1/2
    scores = np.array([[1, 0, np.nan], [1, 0, 1], [1, np.nan, 0.0]])
    assert np.isfinite(fill_prompts(scores, link=link)).all()


def test_a_hundred_prompts_on_ten_thousand_items_take_seconds():
    answers, scores = drawn(100, 10_000, 0.1)
    start = time.process_time()
    found = fill_prompts(scores)
    assert time.process_time() - start < 10
    assert np.abs(found - answers.mean(axis=1)).mean() < 0.012


def test_no_input_changes():
    scores = np.where(SEEN, Y, np.nan)
    kept = scores.copy()
    fill_prompts(scores)
    fill_prompts(scores, link="identity")
    np.testing.assert_array_equal(scores, kept)


def test_a_chain_of_items_links_prompts():
    seen = np.array([[1, 0, 0], [0, 0, 1], [1, 1, 0], [0, 1, 0]], dtype=bool)
    assert linked(seen).tolist() == [True, False, True, True]


@pytest.mark.parametrize(
    ("scores", "error", "message"),
    [
        ([1.0, 0.0], UsageError, "scores needs 2 axes, prompts and items, but has 1."),
        (
            [[2.0, 0.0], [1.0, np.nan]],
            UsageError,
            "scores must lie in [0, 1], but 1 of 3 do not (smallest 0.0, largest 2.0).",
        ),
        ([[np.inf, 0.0]], UsageError, "scores must not be infinite, but 1 are."),
        (
            [[1.0, np.nan], [0.0, np.nan]],
            UsageError,
            "1 of 2 items have no score under any prompt. Leave them out.",
        ),
        (
            [[1.0, 1.0], [np.nan, np.nan]],
            NotEnoughDataError,
            "a fit over prompts needs scores of each, but prompt 1 has none.",
        ),
        (
            np.empty((0, 3)),
            NotEnoughDataError,
            "a fit over prompts needs scores of each, but there is no prompt.",
        ),
        (
            [[1.0, np.nan], [np.nan, 1.0]],
            NotEnoughDataError,
            "prompts 0 and 1 have no item in common, not even by way of other prompts: they "
            "cannot be compared. Ask both some of the same items.",
        ),
    ],
)
def test_bad_input_says_what_is_wrong(scores, error, message):
    with pytest.raises(error) as raised:
        fill_prompts(scores)
    assert str(raised.value) == message


def test_unknown_options_are_refused():
    with pytest.raises(UsageError, match="link must be 'logit' or 'identity', but is 'probit'"):
        fill_prompts(Y, link="probit")
    with pytest.raises(UsageError, match="strength must be positive, but is 0"):
        fill_prompts(Y, strength=0)
