"""Crossed components: worked cases, dense traces, MixedLM, unbiasedness, coverage, bad input."""

import re
from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import mean_variance, variance_components
from evalvar.stats.balanced import balanced_moments
from evalvar.stats.component_interval import (
    combination_margins,
    difference_interval,
    square_interval,
)
from evalvar.stats.layout import design
from evalvar.stats.reml import MOST_SCORES
from evalvar.stats.squares import _Forms, moments

AXES = ("item", "seed", "prompt")
MERGED = "item x seed + sample"


def grid(*sizes, samples=0):
    """Give codes that broadcast over a table with a dimension an axis, and one of samples."""
    shape = [*sizes, *([samples] if samples else [])]
    codes = {}
    for dim, axis in enumerate(AXES[: len(sizes)]):
        along = [1] * len(shape)
        along[dim] = sizes[dim]
        codes[axis] = np.arange(sizes[dim]).reshape(along)
    return codes


def effects(rng, sizes, variances, samples=0):
    """Draw a full table of normal effects, by the names of the components."""
    y = np.zeros([*sizes, samples or 1])
    for name, variance in variances.items():
        parts = AXES[: len(sizes)] if name == "sample" else name.split(" x ")
        shape = [size if axis in parts else 1 for axis, size in zip(AXES, sizes, strict=False)]
        shape.append(y.shape[-1] if name == "sample" else 1)
        y = y + np.sqrt(variance) * rng.normal(size=shape)
    return y if samples else y[..., 0]


def rows(y, keep):
    """Turn a table into rows, each cell repeated `keep` times or cut to so many samples."""
    sizes = keep.shape
    table = y if y.ndim > keep.ndim else y[..., None]
    taken = np.arange(table.shape[-1]) < keep[..., None]
    where = np.nonzero(taken)
    return table[where], dict(zip(AXES[: len(sizes)], where, strict=False))


def named(found):
    return dict(zip(found.names, found.values, strict=True))


def mean_squares(y):
    """Give the classical mean squares of a two-way table without replication."""
    n, seeds = y.shape
    rest = y - y.mean(0) - y.mean(1)[:, None] + y.mean()
    error = (rest**2).sum() / ((n - 1) * (seeds - 1))
    return seeds * y.mean(1).var(ddof=1), n * y.mean(0).var(ddof=1), error


def test_a_table_worked_by_hand():
    # item means 0, 2, 4; seed means 1, 3; no interaction but one cell
    y = np.array([[-1.0, 1.0], [1.0, 3.0], [3.0, 5.0]])
    found = variance_components(y, grid(3, 2))
    assert named(found) == pytest.approx({"item": 4.0, "seed": 2.0, MERGED: 0.0})
    assert found.groups == (3, 2, 6)
    assert found.levels == {"item": 3, "seed": 2, "sample": 1}
    assert (found.mean, found.missing, found.dropped) == (2.0, 0, ())
    assert found.weights == pytest.approx([1 / 3, 1 / 2, 1 / 6])


def test_balanced_is_the_analysis_of_variance_with_its_covariance():
    y = effects(np.random.default_rng(1), (30, 4), {"item": 1, "seed": 0.3, "item x seed": 0.5})
    item, seed, error = mean_squares(y)
    found = variance_components(y, grid(30, 4))
    solve = np.array([[1 / 4, 0, -1 / 4], [0, 1 / 30, -1 / 30], [0, 0, 1]])
    squares = np.array([item, seed, error])
    assert found.values == pytest.approx(solve @ squares)
    spread = np.diag(2 * squares**2 / [29, 3, 87])
    np.testing.assert_allclose(found.covariance, solve @ spread @ solve.T, rtol=1e-10)
    assert found.square_dfs[:2] == pytest.approx([29, 3])
    assert found.square_dfs[2] <= 87 * (1 + 1e-9)
    assert found.error_dfs[:2] == pytest.approx([87, 87])
    assert found.method == "ANOVA"


@pytest.mark.parametrize("samples", [0, 3])
@pytest.mark.parametrize("sizes", [(7,), (3, 8), (5, 3, 4)])
def test_the_solution_by_hand_is_that_by_traces(sizes, samples):
    y = np.random.default_rng(20).normal(2, 1, size=[*sizes, *([samples] if samples else [])])
    table = design(y, grid(*sizes, samples=samples))
    classes = [(subset, closure) for _, subset, closure in table.sources()]
    by_hand, by_traces = balanced_moments(table), moments(table, classes)
    for what in fields(by_hand)[:-1]:
        ours, theirs = getattr(by_hand, what.name), getattr(by_traces, what.name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)
    keep = np.full(sizes, samples or 1)
    as_rows = balanced_moments(design(*rows(y, keep)))
    np.testing.assert_allclose(as_rows.values, by_hand.values, rtol=1e-9)
    rest = table.cells - table.mean
    if len(sizes) == 2:
        rest = rest - rest.mean(axis=0) - rest.mean(axis=1)[:, None]
        np.testing.assert_allclose(by_hand.cell_squares, rest**2, atol=1e-12)


def test_intervals_are_chi_square_and_modified_large_sample():
    y = effects(np.random.default_rng(2), (40, 5), {"item": 1, "seed": 0.2, "item x seed": 1})
    item, seed, error = mean_squares(y)
    found = variance_components(y, grid(40, 5)).estimates(0.9)
    df = variance_components(y, grid(40, 5)).square_dfs[2]
    ends = tuple(error * df / reference.chi2.ppf([0.95, 0.05], df))
    assert (found[MERGED].low, found[MERGED].high) == pytest.approx(ends)
    assert found[MERGED].se == pytest.approx(error * np.sqrt(2 / df))
    for name, square, df, times in (("item", item, 39, 5), ("seed", seed, 4, 40)):
        ends = difference_interval(square / times, df, error / times, 156, 0.9)
        assert (found[name].low, found[name].high) == pytest.approx(ends)
    assert found["seed"].method == "ANOVA, modified large-sample"
    assert (found["seed"].unit, found["seed"].n, found["seed"].level) == ("seed", 5, 0.9)
    assert (found[MERGED].unit, found[MERGED].n) == ("item x seed", 200)


def test_the_difference_interval_is_exact_at_its_ends():
    # nothing to subtract: chi-square; a ratio at its F quantile: the bound is zero
    assert difference_interval(2.0, 7, 1e-12, 50, 0.95) == pytest.approx(
        square_interval(2.0, 7, 0.95), rel=1e-6
    )
    ratio = reference.f.ppf(0.975, 4, 36)
    assert difference_interval(ratio, 4, 1.0, 36, 0.95)[0] == pytest.approx(0, abs=1e-9)
    ratio = reference.f.ppf(0.025, 4, 36)
    assert difference_interval(ratio, 4, 1.0, 36, 0.95)[1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("vs", "seeds"), [(0.0, 2), (0.01, 3), (0.1, 5), (1.0, 10)])
def test_the_intervals_agree_with_generalised_ones(vs, seeds):
    rng = np.random.default_rng(4)
    square, error = (0.01 + vs) * rng.chisquare(seeds - 1) / (seeds - 1), 0.01
    df, error_df = seeds - 1, 99 * (seeds - 1)
    pivot = square * df / rng.chisquare(df, 400_000)
    pivot -= error * error_df / rng.chisquare(error_df, 400_000)
    low, high = np.quantile(pivot, [0.025, 0.975])
    found = difference_interval(square, df, error, error_df, 0.95)
    assert found[0] == pytest.approx(low, abs=0.1 * error + 0.03 * square)
    assert found[1] == pytest.approx(high, rel=0.05)


def subsets(axes):
    return [s for size in range(len(axes) + 1) for s in combinations(axes, size)]


@pytest.mark.parametrize("axes", [AXES, AXES[:2], AXES[:1]])
def test_sums_expectations_and_covariance_are_those_of_dense_traces(axes):
    rng = np.random.default_rng(5)
    sizes = (9, 3, 4)[: len(axes)]
    keep = rng.integers(1, 4, sizes) * (rng.random(sizes) < 0.75)
    scores, codes = rows(rng.normal(3, 1, size=(*sizes, 3)), keep)
    forms = _Forms(design(scores, codes), subsets(axes))
    cell = np.argwhere(keep)
    samples = keep[keep > 0]
    same = []
    for subset in subsets(axes):
        key = cell[:, [axes.index(axis) for axis in subset]]
        same.append((key[:, None] == key[None]).all(axis=2).astype(float))
    projections = [alike / alike.sum(axis=1)[:, None] for alike in same]
    where = np.stack(list(codes.values()), axis=1)
    y = np.array([scores[(where == at).all(axis=1)].mean() for at in cell])
    y -= y.mean()
    np.testing.assert_allclose(forms.sums(), [y @ q @ y for q in projections], atol=1e-12)
    dense = [[*((q * z).sum() for z in same[1:]), np.diag(q) @ (1 / samples)] for q in projections]
    np.testing.assert_allclose(forms.expectations(), dense, rtol=1e-12)
    parts, within = rng.random(len(same) - 1), 0.7
    sigma = sum(v * z for v, z in zip(parts, same[1:], strict=True)) + np.diag(within / samples)
    dense = [[2 * np.trace(q @ sigma @ r @ sigma) for r in projections] for q in projections]
    np.testing.assert_allclose(forms.covariance(parts, within), dense, rtol=1e-10)
    ones = [z.mean() for z in same[1:]]
    np.testing.assert_allclose(forms.weights(), [*ones, (1 / samples).sum() / len(cell) ** 2])


CASES = {
    "items and seeds": ((20, 4), {"item": 4, "seed": 0.8, "item x seed": 1}, 0),
    "with samples": ((15, 4), {"item": 4, "seed": 0.8, "item x seed": 1, "sample": 0.5}, 2),
    "all three": (
        (8, 4, 3),
        {"item": 3, "seed": 2.5, "prompt": 3, "item x seed": 0.9, "item x prompt": 0.9,
         "seed x prompt": 0.6, "item x seed x prompt": 0.7, "sample": 0.5},
        2,
    ),
    "items alone": ((25,), {"item": 1, "sample": 0.5}, 3),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_balanced_and_positive_equals_mixedlm_reml(name):
    sizes, variances, samples = CASES[name]
    y = effects(np.random.default_rng(3), sizes, variances, samples)
    ours = variance_components(y, grid(*sizes, samples=samples))
    theirs = variance_components(y, grid(*sizes, samples=samples), method="reml")
    assert (ours.values > 0).all()
    assert theirs.names == ours.names
    np.testing.assert_allclose(theirs.values, ours.values, rtol=1e-5)
    np.testing.assert_allclose(theirs.covariance, ours.covariance, rtol=1e-4, atol=1e-7)
    assert theirs.estimates()["item"].method == "REML, chi-square"


def test_reml_keeps_at_zero_what_moments_find_negative():
    y = np.array([[0.0, 1.0, 0.2], [1.0, 0.1, 1.0], [0.4, 0.6, 0.5], [0.9, 0.2, 0.7]])
    moments_ = variance_components(y, grid(4, 3))
    assert named(moments_)["seed"] < 0
    restricted = variance_components(y, grid(4, 3), method="reml")
    assert named(restricted)["seed"] == pytest.approx(0, abs=1e-4)
    assert moments_.estimates()["seed"].method.startswith("ANOVA, negative: read as zero")


def test_rows_in_any_order_and_any_labels_are_the_table():
    rng = np.random.default_rng(6)
    y = effects(rng, (12, 4), {"item": 1, "seed": 1, "item x seed": 1})
    scores, codes = rows(y, np.ones((12, 4), dtype=int))
    order = rng.permutation(scores.size)
    labels = {axis: np.char.add("q", code[order].astype(str)) for axis, code in codes.items()}
    table = variance_components(y, grid(12, 4))
    as_rows = variance_components(scores[order], labels)
    spread = variance_components(scores, {axis: 1000 * code - 7 for axis, code in codes.items()})
    for found in (as_rows, spread):
        np.testing.assert_allclose(found.values, table.values, rtol=1e-10)
        np.testing.assert_allclose(found.covariance, table.covariance, rtol=1e-9)
        assert found.method == "ANOVA"


def test_more_seeds_than_items_is_the_same_model():
    y = effects(np.random.default_rng(7), (5, 40), {"item": 1, "seed": 1, "item x seed": 1})
    found = variance_components(y, grid(5, 40))
    turned = variance_components(y.T, {"item": np.arange(5)[None], "seed": np.arange(40)[:, None]})
    np.testing.assert_allclose(found.values, turned.values)
    item, seed, error = mean_squares(y)
    assert found.values == pytest.approx([(item - error) / 40, (seed - error) / 5, error])


FULL = {"item": 1, "seed": 0.05, "prompt": 0.1, "item x seed": 0.2, "item x prompt": 0.3,
        "seed x prompt": 0.02, "item x seed x prompt": 0.2, "sample": 1.0}  # fmt: skip
TWO = {"item": 1.0, "seed": 0.05, MERGED: 1.0}


def draw_two(rng, n, seeds, missing):
    y = effects(rng, (n, seeds), {"item": 1, "seed": 0.05, "item x seed": 1})
    return rows(y, (rng.random((n, seeds)) >= missing).astype(int))


def draw_three(rng, n, seeds, prompts, most, missing):
    y = effects(rng, (n, seeds, prompts), FULL, samples=most)
    kept = rng.random((n, seeds, prompts)) >= missing
    return rows(y, rng.integers(1, most + 1, kept.shape) * kept)


DRAWS = {
    "balanced": (lambda rng: draw_two(rng, 30, 4, 0.0), TWO),
    "two seeds, a third missing": (lambda rng: draw_two(rng, 60, 2, 0.33), TWO),
    "half missing": (lambda rng: draw_two(rng, 40, 5, 0.5), TWO),
    "three axes": (lambda rng: draw_three(rng, 25, 3, 4, 2, 0.0), FULL),
    "three axes, ragged, gaps": (lambda rng: draw_three(rng, 30, 3, 4, 3, 0.3), FULL),
}


@pytest.mark.parametrize("name", DRAWS)
def test_unbiased_with_the_variance_that_is_said(name):
    draw, truth = DRAWS[name]
    rng = np.random.default_rng(8)
    found = [variance_components(*draw(rng)) for _ in range(400)]
    values = np.array([one.values for one in found])
    expected = np.array([truth[component] for component in found[0].names])
    t = (values.mean(axis=0) - expected) / (values.std(axis=0) / np.sqrt(len(values)))
    assert np.abs(t).max() < 4
    # the squared estimates in its place make the variance too large by 2 / df, so of many draws
    many = np.array(found[0].groups) > 20
    said = np.mean([np.diag(one.covariance) for one in found], axis=0)
    assert said[many] == pytest.approx(values.var(axis=0)[many], rel=0.3)


def test_more_samples_where_the_noise_is_larger_do_not_bias():
    # cells count alike, and each is freed of its own noise
    rng = np.random.default_rng(9)
    counts = np.tile([2, 8], 20)
    item = np.repeat(np.arange(40), counts)
    sds = np.repeat(np.where(counts == 8, 2.0, 0.5), counts)
    found = np.array(
        [
            variance_components(
                rng.normal(size=40)[item] + sds * rng.normal(size=item.size), {"item": item}
            ).values
            for _ in range(1000)
        ]
    )
    t = (found.mean(axis=0) - [1.0, (4 + 0.25) / 2]) / (found.std(axis=0) / np.sqrt(1000))
    assert np.abs(t).max() < 4


@pytest.mark.parametrize(
    ("seeds", "vs", "missing"), [(2, 0.01, 0), (3, 0.25, 0), (5, 0.05, 0.1), (10, 0.05, 0.5)]
)
def test_intervals_cover(seeds, vs, missing):
    rng = np.random.default_rng(10)
    truth = {"item": 1.0, "seed": vs, MERGED: 1.0}
    inside = dict.fromkeys(truth, 0)
    for _ in range(500):
        y = effects(rng, (50, seeds), {"item": 1, "seed": vs, "item x seed": 1})
        scores, codes = rows(y, (rng.random(y.shape) >= missing).astype(int))
        for name, estimate in variance_components(scores, codes).estimates().items():
            inside[name] += estimate.low <= truth[name] <= estimate.high
    # four binomial standard errors
    assert min(inside.values()) >= 500 * (0.95 - 4 * np.sqrt(0.05 * 0.95 / 500))


def test_the_last_component_of_zeros_and_ones_is_known_by_the_spread_of_its_cells():
    # items of every difficulty and seeds of different skill: cells vary by p(1 - p)
    rng = np.random.default_rng(18)
    items, skills = rng.normal(size=(4000, 1)), rng.normal(size=(1, 4000))
    p = 1 / (1 + np.exp(-(1 + 1.5 * items + 0.3 * skills)))
    truth = (p * (1 - p)).mean() + (p - p.mean(0) - p.mean(1)[:, None] + p.mean()).var()
    inside = classical = 0
    for _ in range(400):
        ability = 1 + 1.5 * rng.normal(size=(300, 1)) + 0.3 * rng.normal(size=(1, 10))
        y = (rng.random((300, 10)) < 1 / (1 + np.exp(-ability))).astype(float)
        last = variance_components(y, grid(300, 10)).estimates()[MERGED]
        inside += last.low <= truth <= last.high
        low, high = square_interval(last.value, 299 * 9, 0.95)
        classical += low <= truth <= high
    assert inside >= 0.9 * 400
    assert classical <= 0.86 * 400


def test_the_sample_component_is_known_by_the_spread_of_its_cells_by_every_axis():
    y = np.random.default_rng(19).random((6, 3, 4)) < np.linspace(0.1, 0.9, 6)[:, None, None]
    found = variance_components(y.astype(float), grid(6, 3, samples=4))
    squares = y.var(axis=2, ddof=1)
    far = squares / squares.mean() - 1
    rows_, columns = ((far.sum(axis=a) ** 2).sum() * g / (g - 1) for a, g in ((1, 6), (0, 3)))
    relative = max(rows_ + columns - (far**2).sum(), rows_, columns) / 18**2
    assert found.square_dfs[-1] == pytest.approx(min(2 / relative, 18 * 3))


def test_intervals_are_those_of_a_parametric_bootstrap_that_is_inverted():
    y = effects(np.random.default_rng(11), (60, 10), {"item": 1, "seed": 0.5, "item x seed": 1})
    found = variance_components(y, grid(60, 10))
    parts = dict(zip(("item", "seed", "item x seed"), found.values, strict=True))
    rng = np.random.default_rng(12)

    def again(draws, **changed):
        tables = (effects(rng, (60, 10), {**parts, **changed}) for _ in range(draws))
        return np.array([variance_components(table, grid(60, 10)).values for table in tables])

    spread = again(600).std(axis=0)
    assert spread == pytest.approx(np.sqrt(np.diag(found.covariance)), rel=0.1)
    # at its ends the interval leaves 2.5 % for an estimate as far as this one
    for c, name in enumerate(("item", "seed")):
        interval = found.estimates()[name]
        beyond = again(600, **{name: interval.low})[:, c] >= found.values[c]
        below = again(600, **{name: interval.high})[:, c] <= found.values[c]
        assert beyond.mean() == pytest.approx(0.025, abs=0.025)
        assert below.mean() == pytest.approx(0.025, abs=0.025)


def test_a_mean_over_one_axis_of_a_full_table_is_the_t_interval_of_its_means():
    y = effects(np.random.default_rng(13), (20, 4), {"item": 1, "seed": 0.3, "item x seed": 1})
    found = variance_components(y, grid(20, 4))
    for axis, means in (("item", y.mean(axis=1)), ("seed", y.mean(axis=0))):
        mean = found.mean_over([axis])
        exact = reference.t.interval(
            0.95, means.size - 1, means.mean(), means.std(ddof=1) / np.sqrt(means.size)
        )
        assert (mean.low, mean.high) == pytest.approx(exact)
        assert (mean.unit, mean.n) == (axis, means.size)
    both = found.mean_over({"seed", "item"})
    assert (both.unit, both.n) == ("item x seed", 4)
    item, seed, error = mean_squares(y)
    assert both.se == pytest.approx(np.sqrt((item + seed - error) / 80))


def test_the_variance_of_a_mean_is_each_component_over_its_draws():
    y = effects(np.random.default_rng(14), (9, 4, 3), FULL, samples=2)
    found = variance_components(y, grid(9, 4, 3, samples=2))
    parts = named(found)
    assert found.levels == {"item": 9, "seed": 4, "prompt": 3, "sample": 2}
    for over in (["item"], ["seed"], ["prompt"], ["item", "seed"], list(AXES), ["sample"]):
        expected = 0.0
        for name, value in parts.items():
            own = AXES if name == "sample" else name.split(" x ")
            if name == "sample" or set(own) & set(over):
                count = np.prod([found.levels[axis] for axis in own])
                expected += value / count / (2 if name == "sample" else 1)
        assert mean_variance(parts, found.levels, over) == pytest.approx(expected)
        mean = found.mean_over(over)
        if expected > 0:
            assert mean.se == pytest.approx(np.sqrt(expected))
        else:
            assert np.isnan(mean.low)
            assert "variance of the mean not positive: no interval" in mean.method


def test_the_variance_of_a_mean_of_a_merged_component_and_of_planned_levels():
    parts = {"item": 0.2, "seed": 0.01, MERGED: 0.1}
    levels = {"item": 100, "seed": 2.5}
    assert mean_variance(parts, levels, ["item"]) == pytest.approx(0.002 + 0.1 / 250)
    assert mean_variance(parts, levels, ["seed"]) == pytest.approx(0.004 + 0.1 / 250)
    assert mean_variance(parts, levels, "seed") == mean_variance(parts, levels, ("seed",))


def test_with_gaps_the_mean_is_that_of_the_cells_and_so_is_its_variance():
    y = np.array([[1.0, 2.0], [3.0, 0.0], [5.0, 9.0]])
    keep = np.array([[1, 1], [1, 0], [1, 1]])
    found = variance_components(*rows(y, keep))
    assert found.mean == pytest.approx(np.mean([1, 2, 3, 5, 9]))
    assert found.weights == pytest.approx([(4 + 1 + 4) / 25, (9 + 4) / 25, 5 / 25])
    assert (found.missing, found.method) == (1, "Henderson I on cell means")


@pytest.mark.parametrize(("shift", "scale"), [(1e6, 1.0), (0.0, 1e-9), (-3.0, 1e9)])
def test_shift_and_scale_are_carried_through(shift, scale):
    y = effects(np.random.default_rng(15), (12, 3), {"item": 1, "seed": 0.5, "item x seed": 1})
    found = variance_components(scale * (y + shift), grid(12, 3))
    plain = variance_components(y, grid(12, 3))
    np.testing.assert_allclose(found.values, scale**2 * plain.values, rtol=1e-6)


def test_nested_seeds_are_one_component_with_their_interaction():
    # every seed has its own prompt draw: the two cannot be told apart
    y = effects(np.random.default_rng(16), (20, 4), {"item": 1, "seed": 1, "item x seed": 1})
    _, codes = rows(y, np.ones((20, 4), dtype=int))
    nested = variance_components(y.ravel(), {**codes, "prompt": codes["seed"] // 2})
    assert nested.names == (
        "item",
        "seed + seed x prompt",
        "prompt",
        "item x seed + item x seed x prompt + sample",
        "item x prompt",
    )
    twins = variance_components(y.ravel(), {**codes, "prompt": codes["seed"]})
    assert twins.names == (
        "item",
        "seed + prompt + seed x prompt",
        "item x seed + item x prompt + item x seed x prompt + sample",
    )
    np.testing.assert_allclose(twins.values, variance_components(y, grid(20, 4)).values)
    parts = named(twins)
    levels = {"item": 20, "seed": 4, "prompt": 4}
    assert mean_variance(parts, levels, ["prompt"]) == pytest.approx(
        twins.values[1] / 4 + twins.values[2] / 80
    )


def test_one_level_is_left_out_and_said():
    y = np.arange(6.0)
    found = variance_components(y, {"item": np.arange(6), "seed": np.zeros(6, dtype=int)})
    assert (found.names, found.dropped) == (("item + sample",), ("seed",))
    assert found.values == pytest.approx([y.var(ddof=1)])
    with pytest.raises(NotEnoughDataError, match="over needs at least 2 seeds, but there is 1"):
        found.mean_over(["seed"])


@pytest.mark.parametrize("y", [np.full((5, 3), 0.3), np.repeat(np.arange(5.0)[:, None], 3, 1)])
def test_scores_that_do_not_vary_have_no_interval(y):
    found = variance_components(y, grid(5, 3))
    seed = found.estimates()["seed"]
    assert (seed.value, found.estimates()[MERGED].value) == (0, 0)
    assert np.isnan([seed.low, seed.high, seed.se]).all()
    assert seed.method == "ANOVA (too little spread: no interval)"
    assert np.isnan(found.mean_over(["seed"]).low)


@pytest.mark.parametrize("score", [0.1, 0.7, 1e6 + 0.1])
def test_samples_that_differ_by_rounding_are_equal(score):
    y = np.full((5, 3, 7), score)
    for found in (
        variance_components(y, grid(5, 3, samples=7)),
        variance_components(*rows(y, np.full((5, 3), 7))),
    ):
        assert (found.values == 0).all()
        assert np.isnan([estimate.low for estimate in found.estimates().values()]).all()


@given(st.integers(2, 9), st.integers(2, 5), st.floats(0.0, 0.8), st.integers(0, 10**6))
@settings(derandomize=True, max_examples=150, deadline=None)
def test_any_zeros_and_ones_give_intervals_with_width_or_a_reason(n, seeds, missing, rng):
    generator = np.random.default_rng(rng)
    keep = (generator.random((n, seeds)) >= missing).astype(int)
    keep[0, 0] = 1
    scores, codes = rows((generator.random((n, seeds)) < 0.7).astype(float), keep)
    kept = scores.copy()
    try:
        found = variance_components(scores, codes)
    except NotEnoughDataError:  # one level of everything, or too few cells
        return
    np.testing.assert_array_equal(scores, kept)
    for estimate in [*found.estimates().values(), found.mean_over(found.axes)]:
        if np.isnan(estimate.low):
            assert "no interval" in estimate.method
        else:
            assert estimate.high > estimate.low
        assert not estimate.se <= 0
        assert np.isfinite(estimate.value)


def test_extreme_sizes():
    rng = np.random.default_rng(17)
    two = variance_components(rng.normal(size=(2, 2)), grid(2, 2))
    assert np.isfinite(two.values).all()
    wide = variance_components(rng.normal(size=(20_000, 10)), grid(20_000, 10))
    assert named(wide)[MERGED] == pytest.approx(1, abs=0.02)
    item, seed = rng.integers(0, 20_000, 200_000), rng.integers(0, 10, 200_000)
    noise = rng.normal(size=200_000)
    ragged = variance_components(
        rng.normal(size=20_000)[item] + noise, {"item": item, "seed": seed}
    )
    assert named(ragged)["item"] == pytest.approx(1, abs=0.05)
    assert named(ragged)["sample"] == pytest.approx(1, abs=0.05)
    assert ragged.missing > 0
    # as many prompts as templates x questions in a sparse study
    item, prompt = rng.integers(0, 300, 9000), rng.integers(0, 100, 9000)
    sparse = variance_components(rng.normal(size=9000), {"item": item, "prompt": prompt})
    assert np.isfinite(sparse.covariance).all()


BAD = {
    "axes must be among item, seed, prompt, but found 'model'.": ([1.0, 2.0], {"model": [0, 1]}),
    "axes must be among item, seed, prompt, but found none.": ([1.0, 2.0], {}),
    "codes of seed need the shape of the scores (2,), or one that broadcasts to it, but have (3,).":
        ([1.0, 2.0], {"item": [0, 1], "seed": [0, 1, 2]}),
    "scores needs finite numbers, but 1 of 2 are not. Leave them out.":
        ([1.0, np.nan], {"item": [0, 1]}),
    "variance components need an axis with 2 levels, but item, seed have 1.":
        ([1.0, 2.0], {"item": [0, 0], "seed": [3, 3]}),
    "variance components need an axis with 2 levels, but no score.": ([], {"item": []}),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_one_line(message):
    scores, axes = BAD[message]
    with pytest.raises((UsageError, NotEnoughDataError), match=f"^{re.escape(message)}$"):
        variance_components(scores, axes)


def test_axes_that_hardly_cross_are_refused():
    own = np.arange(8000)
    with pytest.raises(UsageError) as caught:
        variance_components(np.arange(8000.0), {"item": own, "prompt": own})
    assert str(caught.value) == (
        "8,000 levels of item x 8,000 of prompt hold only 8,000 scores: these axes hardly cross. "
        "Leave one out."
    )


def test_cells_that_do_not_determine_the_components_are_refused():
    # every second cell of a cube: three contrasts for four components
    codes = {"item": [0, 0, 1, 1], "seed": [0, 1, 0, 1], "prompt": [0, 1, 1, 0]}
    with pytest.raises(NotEnoughDataError) as caught:
        variance_components([1.0, 2.0, 4.0, 3.0], codes)
    assert str(caught.value) == (
        "these 4 cells do not determine item, seed, prompt, item x seed + item x prompt + "
        "seed x prompt + item x seed x prompt + sample: too few are there. Leave an axis out."
    )
    with pytest.raises(UsageError, match=r"^method must be moments or reml, but is 'ml'.$"):
        variance_components([1.0, 2.0], {"item": [0, 1]}, method="ml")


def test_what_over_may_be():
    found = variance_components(np.eye(3), grid(3, 3))
    with pytest.raises(
        UsageError, match=r"^over must be among item, seed, sample, but has 'run'.$"
    ):
        found.mean_over(["run"])
    with pytest.raises(UsageError, match=r"^over must name what is drawn again, among item, seed"):
        found.mean_over([])
    with pytest.raises(UsageError, match=r"^level must lie between 0 and 1, but is 95.$"):
        found.estimates(95)
    parts = {"item": 1.0, "sample": 1.0}
    with pytest.raises(UsageError, match=r"^over must be among item, sample, but has 'seed'.$"):
        mean_variance(parts, {"item": 10}, ["seed"])
    with pytest.raises(UsageError, match=r"^levels must say how many of each axis, but item is"):
        mean_variance(parts, {}, ["item"])
    with pytest.raises(UsageError, match=r"^levels must be positive, but item is 0.$"):
        mean_variance(parts, {"item": 0}, ["item"])


def test_reml_refuses_what_is_too_large_or_does_not_vary():
    n = MOST_SCORES // 2 + 1
    with pytest.raises(UsageError, match=r"^method 'reml' takes at most 4,000 scores"):
        variance_components(np.zeros((n, 2)), grid(n, 2), method="reml")
    with pytest.raises(NotEnoughDataError, match=r"^method 'reml' needs scores that differ"):
        variance_components(np.ones((4, 2)), grid(4, 2), method="reml")


def test_the_sample_alone_was_given_the_error_of_the_items():
    # with one answer a cell the merged component entered as if it were the sample
    one = variance_components(np.array([0.0, 1.0, 0.0, 1.0, 1.0]), {"item": np.arange(5)})
    said = (
        "over sample needs at least 2 answers in a cell, but each has 1: what another answer would "
        "change is one with item."
    )
    for ask in (
        lambda: one.standard_error("sample"),
        lambda: one.mean_over(["sample"]),
        lambda: mean_variance({"item + sample": 0.3}, {"item": 5}, ["sample"]),
    ):
        with pytest.raises(NotEnoughDataError) as caught:
            ask()
        assert str(caught.value) == said
    y = effects(np.random.default_rng(21), (6, 4), {"item": 1, "sample": 1}, samples=3)
    several = variance_components(y, grid(6, 4, samples=3)).standard_error("sample")
    assert several.value == pytest.approx(np.sqrt(y.var(axis=2, ddof=1).mean() / 72))
    assert (several.n, several.unit) == (72, "sample")


def test_the_error_over_more_axes_was_smaller_than_over_fewer():
    # seeds that differ less than their noise: a negative component was subtracted unsaid
    y = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    found = variance_components(y, grid(4, 3))
    assert named(found)["seed"] < 0
    item, both = found.standard_error(["item"]), found.standard_error(["item", "seed"])
    assert item.method == "chi-square, Satterthwaite, ANOVA"
    assert both.value == item.value == pytest.approx(y.mean(axis=1).std(ddof=1) / 2)
    assert both.method == "ANOVA, that over item: negative seed not subtracted (variance of the " \
        "mean hardly known: no interval)"  # fmt: skip
    assert found.mean_over(AXES[:2]).low == pytest.approx(found.mean_over(["item"]).low)
    seed = found.standard_error(["seed"])
    assert "negative seed subtracted" in seed.method
    rng = np.random.default_rng(22)
    for sizes, parts in (((20, 3), {"item": 0.1, "item x seed": 1}), ((9, 4, 3), {"item": 1})):
        for _ in range(20):
            noise = {" x ".join(AXES[: len(sizes)]): 1.0}
            y = effects(rng, sizes, {**parts, **noise})
            found = variance_components(*rows(y, (rng.random(sizes) < 0.9).astype(int)))
            for axes in subsets(found.axes)[1:]:
                whole = found.standard_error(axes)
                assert not whole.low > whole.value
                assert not whole.high < whole.value
                for fewer in subsets(axes)[1:]:
                    assert not found.standard_error(fewer).value > whole.value * (1 + 1e-9)


@pytest.mark.parametrize(("seeds", "vs"), [(2, 0.0), (2, 0.01), (3, 0.0), (3, 0.05), (10, 0.01)])
def test_the_interval_of_an_error_over_two_axes_covers(seeds, vs):
    # Satterthwaite's chi-square covered 72 % where few seeds make most of the variance
    rng = np.random.default_rng(23)
    truth = np.sqrt(1 / 50 + vs / seeds + 1 / (50 * seeds))
    inside = 0
    for _ in range(400):
        y = effects(rng, (50, seeds), {"item": 1, "seed": vs, "item x seed": 1})
        error = variance_components(y, grid(50, seeds)).standard_error(["item", "seed"])
        assert error.low <= error.value <= error.high
        inside += error.low <= truth <= error.high
    assert inside >= 400 * (0.94 - 4 * np.sqrt(0.06 * 0.94 / 400))


def test_the_interval_of_a_sum_of_squares_is_chi_square_for_one():
    down, up = combination_margins(np.array([2.0]), np.array([7.0]), 0.9)
    assert (2 - down, 2 + up) == pytest.approx(square_interval(2.0, 7.0, 0.9))
    # the wider for it, but no less than what difference_interval says
    low, high = difference_interval(3.0, 4, 1.0, 36, 0.95)
    down, up = combination_margins(np.array([3.0, -1.0]), np.array([4.0, 36.0]), 0.95)
    assert (2 - down, 2 + up) == pytest.approx((low, high), rel=0.01, abs=0.05)


def test_rounding_was_shown_as_a_standard_error():
    rng = np.random.default_rng(24)
    for _ in range(20):
        y = np.broadcast_to(rng.integers(0, 2, size=(1, 1, 2)).astype(float), (20, 3, 2))
        keep = (rng.random(y.shape) < 0.8).astype(int)
        found = variance_components(*rows(y, keep))
        for name, estimate in found.estimates().items():
            assert not estimate.se < 1e-6, name
        for axis in found.axes:
            assert not found.standard_error([axis]).value < 1e-6
