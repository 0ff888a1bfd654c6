"""Does 95 % mean 95 %? Some cells of the study in benchmarks/calibration, with fewer data sets."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import evalvar as ev
from benchmarks.calibration import (
    clusters,
    figure,
    goals,
    laws,
    many,
    means,
    page,
    pairs,
    peers,
    proportions,
    resampled,
    seeds,
    sizes,
    study,
    unpaired,
)
from benchmarks.calibration.cells import HOUSE, Effort, Method, Row, coverage, generator
from evalvar.stats import (
    clustered_mean_ci,
    crossed_difference_ci,
    crossed_mean_ci,
    mcnemar,
    mean_ci,
    skewed_mean_ci,
    sparse_t_counts,
    sparse_t_many,
    unpaired_difference_ci,
    wilson,
)
from evalvar.stats.variance import variance_components


def four_errors(floor, sets):
    """Give the share that a method at its floor falls below once in 30,000 times."""
    return floor - 4 * np.sqrt(floor * (1 - floor) / sets)


def measured(method, data, truth):
    row, *_ = coverage("", "", [Method("", HOUSE, method)], data, truth)
    assert row.flat == 0
    return row.share


@pytest.mark.parametrize("n", [15, 100])
def test_proportions_cover_at_every_share(n):
    rows = list(proportions.scan(n))
    least, mean = (row.share for row in rows if row.by == HOUSE)
    assert least >= 0.915
    assert 0.95 <= mean <= 0.97


@pytest.mark.parametrize(
    ("law", "n"), [("Beta(8,2)", 15), ("Likert, high", 30), ("95 % zeros, rest Beta(2,2)", 50)]
)
def test_bounded_means_cover(law, n):
    draw, truth = {**laws.MILD, **laws.INFLATED}[law]
    x = draw(generator("test", law), (4000, n))
    assert measured(means.house, (x,), truth) >= four_errors(0.94, 4000)


@pytest.mark.parametrize("n", [15, 50])
def test_skewed_losses_cover(n):
    draw, truth = laws.SKEWED["lognormal, sigma 1"]
    x = draw(generator("test", f"losses {n}"), (4000, n))
    held = measured(lambda x: _stacked(map(skewed_mean_ci, x)), (x,), truth)
    assert held >= four_errors(0.935, 4000)


@pytest.mark.parametrize("n", [15, 100])
@pytest.mark.parametrize(("p", "q", "r"), [(0.95, 0.97, 0.9), (0.7, 0.65, 0.5), (0.98, 0.02, 0)])
def test_pairs_of_right_and_wrong_answers_cover_exactly(p, q, r, n):
    _, plus, minus, _ = laws.table(p, q, r)
    wins, losses, weights = pairs.outcomes(n, plus, minus)
    found = sparse_t_counts(n, wins, losses)
    held = (found.low <= plus - minus + 1e-12) & (plus - minus - 1e-12 <= found.high)
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert weights @ held >= 0.93


def test_near_copies_and_fractions_cover():
    for name, floor in (
        ("5 % differ, as often up as down", 0.945),
        ("Beta(4,2) and Beta(4,3)", 0.935),
    ):
        a, b, truth = pairs.draw_pairs(generator("test", name), (4000, 30), name, 0.5)
        found = sparse_t_many(a - b, low=-1, high=1)
        held = (found.low <= truth) & (truth <= found.high)
        assert held.mean() >= four_errors(floor, 4000), name


@pytest.mark.parametrize(("count", "name"), [(5, "unequal"), (20, "equal")])
def test_clusters_cover(count, name):
    size, rng = clusters.sizes(count, name), generator("test", name)
    labels = np.repeat(np.arange(count), size)
    chance = np.repeat(rng.beta(0.9 * 7 / 3, 0.1 * 7 / 3, (1500, count)), size, axis=1)
    x = (rng.random(chance.shape) < chance) * 1.0
    right = _stacked(clustered_mean_ci(one, labels, low=0, high=1) for one in x)
    assert measured(lambda: right, (), 0.9) >= four_errors(0.93, 1500)
    y = np.repeat(rng.standard_normal((1500, count)), size, axis=1)
    y += rng.standard_normal(y.shape)
    normal = _stacked(clustered_mean_ci(one, labels) for one in y)
    assert measured(lambda: normal, (), 0.0) >= four_errors(0.935, 1500)


@pytest.mark.parametrize("count", [2, 10])
def test_items_and_seeds_cover(count):
    rng = generator("test", f"{count} seeds")
    items, a = laws.crossed(rng, 300, 50, count, 1.0, 0.5)
    b = items + laws.seeds_and_rest(rng, 300, 50, count, 0.5)
    mean = _stacked(map(crossed_mean_ci, a))
    assert measured(lambda: mean, (), 0.0) >= four_errors(0.935, 300)
    gap = _stacked(
        crossed_difference_ci(*both, paired_seeds=False) for both in zip(a, b, strict=True)
    )
    assert measured(lambda: gap, (), 0.0) >= four_errors(0.93, 300)


def test_all_pairs_hold_at_once():
    x, truth = many.scores(generator("test", "at once"), 300, 100, 4, 0.5, "right or wrong")
    i, j = np.triu_indices(4, 1)
    found = [many.compared(one.T, -1, 1, number) for number, one in enumerate(x)]
    held = [((low <= truth[i] - truth[j]) & (truth[i] - truth[j] <= high)).all()
            for _, low, high, _ in found]  # fmt: skip
    assert np.mean(held) >= four_errors(0.935, 300)


def test_variance_components_cover():
    rng, held = generator("test", "components"), 0
    for _ in range(300):
        y = rng.standard_normal((50, 1)) + 0.5 * rng.standard_normal(5)
        y = y + rng.standard_normal((50, 5))
        axes = {"item": np.arange(50)[:, None], "seed": np.arange(5)}
        found = variance_components(y, axes).estimates()["seed"]
        held += found.low <= 0.25 <= found.high
    assert held / 300 >= four_errors(0.93, 300)


def test_tests_keep_their_size_exactly_and_lose_little_power():
    b, c = (grid.ravel() for grid in np.indices((101, 101)))
    b, c = b[b + c <= 100], c[b + c <= 100]
    p = sparse_t_counts(100, b, c).p_value
    size = [sizes.chances(100, b, c, d / 2, d / 2) @ (p <= 0.05) for d in sizes.DISCORDANCE]
    assert max(size) <= 0.052
    weights = sizes.chances(100, b, c, 0.08, 0.02)
    plain = weights @ (peers.textbook(b, c) <= 0.05)
    assert weights @ (p <= 0.05) >= 0.93 * plain


def test_a_test_of_equal_means_keeps_its_size_where_the_laws_differ():
    d = sizes.equal_means(generator("test", "laws"), (4000, 100), "Beta(9,1) and Beta(.9,.1)")
    found = sparse_t_many(d, low=-1, high=1)
    assert (found.p_value <= 0.05).mean() <= 0.065 + 4 * np.sqrt(0.065 * 0.935 / 4000)
    assert (((found.low > 0) | (found.high < 0)) == (found.p_value <= 0.05)).all()
    assert (peers.wilcoxon(d[:100]) <= 0.05).mean() > 0.8


def test_batches_of_the_study_equal_the_functions_they_stand_for():
    rng = generator("test", "batches")
    x, y = (rng.random((5, 20)) < 0.9) * 1.0, (rng.random((5, 15)) < 0.8) * rng.beta(2, 2, (5, 15))
    ends = unpaired.bounded(x, y)
    for number, (a, b) in enumerate(zip(x, y, strict=True)):
        found = unpaired_difference_ci(a, b, low=0, high=1)
        assert [end[number] for end in ends] == pytest.approx([found.low, found.high], abs=1e-12)
    z, k = rng.normal(size=(5, 12)), np.array([0, 3, 12])
    assert peers.t_interval(z) == pytest.approx(np.array(_stacked(map(mean_ci, z))))
    theirs = np.array(_stacked(wilson(int(one), 12) for one in k))
    assert peers.wilson(k / 12, 12) == pytest.approx(theirs)
    for wins, losses in ((0, 0), (3, 3), (1, 8), (40, 20)):
        p = peers.mcnemar_midp(np.array(wins), np.array(losses))
        assert p == pytest.approx(mcnemar(wins, losses, midp=True))


def test_pairs_at_once_are_those_of_a_leaderboard():
    x = (generator("test", "board").random((40, 3)) < [0.9, 0.6, 0.5]) * 1.0
    frame = pd.DataFrame(
        {
            "model": np.repeat(["a", "b", "c"], 40), "task": "t", "seed": 0,
            "item": np.tile(np.arange(40), 3).astype(str), "score": x.T.ravel(),
        }
    )  # fmt: skip
    gaps = ev.leaderboard(frame).quantity("gap_to_next").dropna(subset="low")
    order = np.argsort(-x.mean(axis=0), kind="stable")
    value, low, high, _ = many.compared(x[:, order], -1, 1, 0)
    assert gaps["value"].to_list() == pytest.approx([value[0], value[2]])
    # Both draw the largest difference, each for itself.
    assert gaps["low"].to_list() == pytest.approx([low[0], low[2]], abs=0.01)
    assert gaps["high"].to_list() == pytest.approx([high[0], high[2]], abs=0.01)


def test_pairs_over_seeds_are_those_of_a_leaderboard():
    x = generator("test", "seeds").normal(size=(3, 25, 4)) + np.arange(3)[:, None, None]
    rows = [
        (f"{m}", "task", i, s, x[m, i, s]) for m in range(3) for i in range(25) for s in range(4)
    ]
    frame = pd.DataFrame(rows, columns=["model", "task", "item", "seed", "score"])
    gaps = ev.leaderboard(frame).quantity("gap_to_next").dropna(subset="low")
    value, low, high, _ = many.compared_over_seeds(x[::-1], 0)
    assert gaps["value"].to_list() == pytest.approx([value[0], value[2]])
    assert gaps["low"].to_list() == pytest.approx([low[0], low[2]], abs=0.05)
    assert gaps["high"].to_list() == pytest.approx([high[0], high[2]], abs=0.05)


def test_a_bootstrap_of_counts_is_one_of_items():
    x = np.r_[np.ones(30), np.zeros(10)][None]
    rng = np.random.default_rng(0)
    items = resampled.both(np.repeat(x, 2, axis=0), rng)
    counts = resampled.of_counts(np.array([0.0, 1.0]), np.array([[10, 30]] * 2), rng)
    assert np.array(items) == pytest.approx(np.array(counts), abs=0.03)
    from scipy.stats import bootstrap

    theirs = bootstrap((x[0],), np.mean, rng=1).confidence_interval
    assert np.ravel(items[0])[::2] == pytest.approx([theirs.low, theirs.high], abs=0.03)


def test_a_cell_draws_the_same_in_any_company():
    alone = list(seeds.near_copies(Effort(0.01), 2))
    assert list(seeds.near_copies(Effort(0.01), 2)) == alone
    assert generator("a", "b").random() != generator("b", "a").random()


def test_families_are_kept_until_their_code_changes(tmp_path, capsys):
    rows = study.run(["gates"], 0.01, tmp_path, workers=1)
    assert repr(study.run(["gates"], 0.01, tmp_path)) == repr(rows)
    assert "1 of 1 families are there already" in capsys.readouterr().out
    path = tmp_path / "x.csv"
    study.write(rows, path)
    assert [row.cell for row in study.read(path)] == [row.cell for row in rows]


def test_the_page_says_which_goals_are_missed():
    good = Row(
        "one proportion, n 15-50", "p .5, n 15", "mid-p", HOUSE, "coverage", 0.96, 0, 0.4, 0, 0
    )
    bad = replace(good, cell="p .98, n 15", share=0.9)
    peer = replace(good, by="evalstats", method="Wilson", share=0.97, width=0.5)
    found = goals.goals([good, bad, peer])
    assert [goal.text for goal in found if goal.reached is False] == [
        "One proportion: 93 % or more for every p and n"
    ]
    text = page.markdown([good, bad, peer], 0.5)
    assert "least 90.0 (p .98, n 15); 2 cells, 1 below | **no** |" in text
    assert "| one proportion, n 15-50 | 2 | mid-p | 93.0 / 90.0 | 2.50 | 1.00 |" in text
    assert "With 0.5 of the full number of data sets or more." in text
    assert figure.svg([good, peer]) == figure.svg([good, peer])
    assert "one proportion, n 15-50" in figure.svg([good, peer])


def test_the_record_of_the_peers_is_whole():
    record = json.loads(page.RECORD.read_text(encoding="utf-8"))
    for name, apart in record["largest difference"].items():
        assert "of the width" in apart or float(apart) < 1e-9, name


def _stacked(estimates):
    pairs_ = np.array([(estimate.low, estimate.high) for estimate in estimates])
    return pairs_[:, 0], pairs_[:, 1]
