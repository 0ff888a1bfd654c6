"""pass@k, eff@k and the gap between them, of programs that were scored for both."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code_noise import code_noise
from evalvar.analyses.comparison import compare
from evalvar.analyses.gaps import gap_mean
from evalvar.analyses.ranking import leaderboard
from evalvar.errors import UsageError
from evalvar.stats import eff_at_k, mean_ci, pass_at_k, sparse_t
from tests.analyses.made import ends, of, one


def programs(rng, models, n_items=20, n=6, **columns):
    """Return passed and efficiency of programs, some right ones at the limit: efficiency 0."""
    frames = []
    for model, chance in models.items():
        passed = rng.random((n_items, n)) < chance
        efficient = passed * np.maximum(rng.normal(0.6, 0.5, passed.shape), 0)
        item, sample = (i.ravel() for i in np.indices(passed.shape))
        for metric, score in (("passed", passed * 1.0), ("efficiency", efficient)):
            frames.append(
                pd.DataFrame({"model": model, "task": "t", "item": item, "sample": sample,
                              "metric": metric, "score": score.ravel()})
            )  # fmt: skip
    return pd.concat(frames, ignore_index=True).assign(**columns)


FRAME = programs(np.random.default_rng(0), {"A": 0.7, "B": 0.5})


def tables(model, frame=FRAME):
    mine = frame[frame["model"] == model]
    return [
        mine[mine["metric"] == metric]
        .pivot(index="item", columns="sample", values="score")
        .to_numpy()
        for metric in ("passed", "efficiency")
    ]


def gap(model, k):
    passed, efficient = tables(model)
    right = passed.sum(axis=1).astype(int)
    return pass_at_k(passed.shape[1], right, k=k) - eff_at_k(efficient, k=k)


@pytest.mark.parametrize("k", [1, 3, 6])
def test_the_gap_is_pass_at_k_minus_eff_at_k_of_each_item(k):
    row = one(compare(FRAME, "A", "B", functional=f"gap@{k}"))
    a, b = gap("A", k), gap("B", k)
    assert (row["mean_a"], row["mean_b"]) == pytest.approx((a.mean(), b.mean()))
    scale = max(np.abs(a).max(), np.abs(b).max())
    assert ends(row) == pytest.approx(of(sparse_t(a - b, scale=scale)))
    assert row["metric"] == "passed - efficiency"
    assert not row["higher_is_better"]


def test_the_gap_is_the_mean_over_subsets_of_what_the_best_of_them_lose():
    passed, efficient = tables("A")
    draws = list(combinations(range(6), 3))
    expected = [
        np.mean([g[list(s)].max() - e[list(s)].max() for s in draws])
        for g, e in zip(passed, efficient, strict=True)
    ]
    assert gap("A", 3) == pytest.approx(expected)


def test_one_difference_of_the_gap_is_that_of_its_two_parts():
    found = [
        one(compare(FRAME, "A", "B", functional=name, metric=metric))["value"]
        for name, metric in (("pass@3", "passed"), ("eff@3", "efficiency"))
    ]
    row = one(compare(FRAME, "A", "B", functional="gap@3"))
    assert row["value"] == pytest.approx(found[0] - found[1])


def test_pass_at_k_leaves_scores_out_that_are_not_right_or_wrong_and_says_so():
    result = compare(FRAME, "A", "B", functional="pass@3")
    assert one(result)["metric"] == "passed"
    assert "pass@3 counts right answers; left out efficiency." in result.warnings


def test_a_declared_range_of_the_efficiency_bounds_the_gap():
    declared = FRAME.assign(
        score_min=0.0, score_max=np.where(FRAME["metric"] == "passed", 1.0, 2.6)
    )
    row = one(compare(declared, "A", "B", functional="gap@3"))
    a, b = gap("A", 3), gap("B", 3)
    scale = max(np.abs(a).max(), np.abs(b).max())
    found = sparse_t(a - b, low=-2.6, high=2.6, scale=scale, uneven=True)
    assert ends(row) == pytest.approx(of(found))


def test_answers_without_both_scores_are_counted():
    lost = (FRAME["item"] == 3) & (FRAME["metric"] == "efficiency")
    frame = FRAME.assign(score=FRAME["score"].mask(lost))
    result = compare(frame, "A", "B", functional="gap@3")
    assert one(result)["items"] == 19
    assert "left out 12 scores of answers that have one of the two." in result.warnings
    with pytest.raises(UsageError, match="none has both scores; metrics found: passed"):
        compare(FRAME[FRAME["metric"] == "passed"], "A", "B", functional="gap@3")


def test_models_are_ranked_by_eff_at_k_and_by_the_gap():
    rng = np.random.default_rng(1)
    frame = programs(rng, {"A": 0.8, "B": 0.5, "C": 0.2}, n_items=40)
    board = leaderboard(frame, functional="eff@3", metric="efficiency")
    ranks = board.quantity("rank").set_index("model")["value"]
    assert ranks.to_dict() == {"A": 1, "B": 2, "C": 3}
    assert leaderboard(frame, functional="pass@3").quantity("rank")["value"].tolist() == [1, 2, 3]
    means = leaderboard(frame, functional="gap@3").quantity("gap@3")
    for row in means.itertuples():
        passed, efficient = tables(row.model, frame)
        right = passed.sum(axis=1).astype(int)
        assert row.value == pytest.approx(
            (pass_at_k(6, right, k=3) - eff_at_k(efficient, k=3)).mean()
        )


def test_different_numbers_of_answers_have_each_their_own_gap():
    ragged = FRAME[FRAME["sample"] < 4 + FRAME["item"] % 3]
    row = one(compare(ragged, "A", "B", functional="gap@3"))
    sides = []
    for model in ("A", "B"):
        passed, efficient = tables(model)
        n = 4 + np.arange(20) % 3
        sides.append(np.mean([
            pass_at_k(int(m), int(g[:m].sum()), k=3) - eff_at_k(e[:m], k=3)
            for m, g, e in zip(n, passed, efficient, strict=True)
        ]))  # fmt: skip
    assert (row["mean_a"], row["mean_b"]) == pytest.approx(sides)


@pytest.mark.parametrize("name", ["pass@2", "eff@2", "gap@2"])
def test_paired_intervals_are_no_wider_than_unpaired_where_items_are_alike(name):
    # E-19: problems that both models find hard or easy
    rng = np.random.default_rng(2)
    for _ in range(10):
        ease = rng.beta(0.6, 0.6, (60, 1))
        frames = []
        for model, lift in (("A", 0.05), ("B", 0.0)):
            passed = rng.random((60, 8)) < np.clip(ease + lift, 0, 1)
            efficient = passed * np.clip(ease + rng.normal(0, 0.1, passed.shape), 0, 1.5)
            item, sample = (i.ravel() for i in np.indices(passed.shape))
            for metric, score in (("passed", passed * 1.0), ("efficiency", efficient)):
                frames.append(
                    pd.DataFrame({"model": model, "task": "t", "item": item, "sample": sample,
                                  "metric": metric, "score": score.ravel()})
                )  # fmt: skip
        frame = pd.concat(frames)
        metric = {"pass": "passed", "eff@": "efficiency"}.get(name[:4])
        row = one(compare(frame, "A", "B", functional=name, metric=metric))
        spread = []
        for model in ("A", "B"):
            passed, efficient = tables(model, frame)
            right = pass_at_k(8, passed.sum(axis=1).astype(int), k=2)
            best = eff_at_k(efficient, k=2)
            values = {"pass@2": right, "eff@2": best, "gap@2": right - best}[name]
            spread.append(values.var(ddof=1) / 60)
        assert row["high"] - row["low"] <= 2 * 2.0010 * np.sqrt(sum(spread))


def test_the_gap_of_a_weak_model_is_a_mean_of_differences_most_of_them_0():
    values = np.array([0.4, *np.zeros(29)])
    found, own = gap_mean(values, 0.95), sparse_t(values, high=1.0, scale=1.0)
    assert (found.value, found.low, found.high) == (own.value, own.low, own.high)
    assert found.high > mean_ci(values).high
    # with an efficiency below 0 no end is known
    assert gap_mean(np.array([1.5, 0.0, 0.1]), 0.95).high > 1


def test_a_rank_gives_the_gap_of_a_weak_model_the_same_interval():
    frame = programs(np.random.default_rng(4), {"A": 0.1, "B": 0.15})
    table = leaderboard(frame, functional="gap@3").quantity("gap@3").set_index("model")
    for model in ("A", "B"):
        passed, efficient = tables(model, frame)
        right = passed.sum(axis=1).astype(int)
        alone = gap_mean(pass_at_k(6, right, k=3) - eff_at_k(efficient, k=3), 0.95)
        row = table.loc[model]
        assert (row["low"], row["high"]) == pytest.approx((alone.low, alone.high))
        assert row["method"] == alone.method


def test_pass_at_k_is_compared_as_differences_of_any_size():
    """pass@1 is the mean of the scores, and has the interval of the mean."""
    for k, method in ((1, "sparse-t"), (3, "sparse-t, uneven")):
        row = one(compare(FRAME, "A", "B", functional=f"pass@{k}", metric="passed"))
        assert row["method"] == method
        ranked = leaderboard(FRAME, functional=f"pass@{k}").quantity("gap_to_next").iloc[0]
        assert ranked["method"].startswith(method)
    assert one(compare(FRAME, "A", "B", functional="gap@3"))["method"] == "sparse-t"


def test_no_interval_of_an_efficiency_reaches_below_0():
    frame = programs(np.random.default_rng(3), {"A": 0.03, "B": 0.02}, n_items=12)
    ranked = leaderboard(frame, functional="eff@2").quantity("eff@2").set_index("model")
    noise = code_noise(frame, k=2, metric="efficiency", model="B").quantity("over_item").iloc[0]
    assert ranked.loc["B", "low"] == noise["low"] == 0
    assert ranked.loc["B", "high"] == noise["high"] > 0
