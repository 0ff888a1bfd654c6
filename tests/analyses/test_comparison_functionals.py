"""Any functional: closed forms where there are, joint draws elsewhere."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import eff_at_k, pass_at_k, pass_hat_k, sparse_t
from evalvar.stats.functionals import user
from evalvar.stats.order_functionals import iqm
from evalvar.stats.resampled import resampled_difference_ci
from tests.analyses.made import crossed, ends, of, one, records, right

RNG = np.random.default_rng(0)
A, B = right(RNG, 25, 0.6, 8), right(RNG, 25, 0.4, 8)


@pytest.mark.parametrize(("name", "value"), [("pass@3", pass_at_k), ("pass^2", pass_hat_k)])
def test_best_of_k_is_the_mean_difference_of_unbiased_item_values(name, value):
    frame = crossed({"A": A, "B": B}, "sample")
    row = one(compare(frame, "A", "B", functional=name))
    k = int(name[-1])
    a, b = (value(np.full(25, 8), x.sum(axis=1).astype(int), k=k) for x in (A, B))
    assert ends(row) == pytest.approx(of(sparse_t(a - b, low=-1, high=1, uneven=True)))
    assert (row["mean_a"], row["mean_b"]) == pytest.approx((a.mean(), b.mean()))
    assert row["sentence"].startswith(f"A leads B in {name} by ")


def test_ragged_numbers_of_answers_have_each_their_own_value():
    frame = crossed({"A": A, "B": B}, "sample")
    ragged = frame[frame["sample"] < 4 + frame["item"] % 4]
    row = one(compare(ragged, "A", "B", functional="pass@3"))
    n = 4 + np.arange(25) % 4
    kept = np.arange(8) < n[:, None]
    a, b = (pass_at_k(n, (x * kept).sum(axis=1).astype(int), k=3) for x in (A, B))
    assert row["value"] == pytest.approx((a - b).mean())


def test_the_best_score_of_k_follows_the_orientation():
    rng = np.random.default_rng(1)
    a, b = rng.random((12, 5)), rng.random((12, 5))
    frame = crossed({"A": a, "B": b}, "sample")
    up = one(compare(frame, "A", "B", functional="eff@2"))
    assert up["value"] == pytest.approx((eff_at_k(a, k=2) - eff_at_k(b, k=2)).mean())
    down = one(compare(frame.assign(higher_is_better=False), "A", "B", functional="eff@2"))
    assert down["value"] == pytest.approx((-eff_at_k(-a, k=2) + eff_at_k(-b, k=2)).mean())


def test_too_few_answers_leave_it_undefined_and_say_so():
    frame = crossed({"A": A[:, :3], "B": B}, "sample")
    said = "pass@5 needs 5 answers to an item, too few for 25 items of A"
    with pytest.raises(NotEnoughDataError) as caught:
        compare(frame, "A", "B", functional="pass@5")
    assert str(caught.value) == f"A and B cannot be compared: {said}. Ask for fewer tries."
    third = crossed({"C": B[::-1]}, "sample")
    rows = compare(pd.concat([frame, third]), functional="pass@5").quantity("difference")
    lost = rows[(rows["a"] == "A") | (rows["b"] == "A")]
    assert lost["value"].isna().all()
    assert set(lost["method"]) == {f"undefined: {said}"}
    assert len(lost) == 2


def test_right_answers_cannot_be_counted_among_other_scores():
    frame = crossed({"A": A / 2, "B": B}, "sample")
    with pytest.raises(UsageError) as caught:
        compare(frame, "A", "B", functional="pass@2")
    assert str(caught.value) == (
        "pass@2 counts right answers, and of score on t there are other scores than 0 and 1. "
        "Compare eff@2, the best score of 2."
    )


def test_shortfall_is_less_for_the_better_one():
    a, b = np.array([0.9, 1.2, 0.5, 0.8]), np.array([0.4, 0.9, 0.5, 0.6])
    frame = records({"A": a.tolist(), "B": b.tolist()})
    row = one(compare(frame, "A", "B", functional="optimality-gap"))
    assert row["value"] == pytest.approx(-(0.5 + 0.1 + 0.0 + 0.2) / 4)
    assert not row["higher_is_better"]
    assert row["mean_a"] == pytest.approx((0.1 + 0 + 0.5 + 0.2) / 4)
    with pytest.raises(UsageError, match="is a shortfall below 1, and lower is better for score"):
        compare(frame.assign(higher_is_better=False), "A", "B", functional="optimality-gap")


def test_other_functionals_rest_on_joint_draws():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 1, 40), rng.normal(0, 1, 40)
    frame = records({"A": a.tolist(), "B": b.tolist()})
    result = compare(frame, "A", "B", functional="iqm", n_resamples=500, rng=3)
    by_name = sorted(range(40), key=str)
    expected = resampled_difference_ci(
        a[by_name, None], b[by_name, None], iqm, n_resamples=500, rng=3
    )
    assert ends(one(result)) == pytest.approx(of(expected))
    assert one(result)["method"] == (
        "percentile bootstrap of the IQM, 500 resamples, widened by sqrt(n/(n-1))"
    )
    again = compare(frame, "A", "B", functional="iqm", n_resamples=500, rng=3)
    assert again.to_json() == result.to_json()


def test_a_function_of_the_scores_is_as_good_as_a_name():
    rng = np.random.default_rng(3)
    frame = records({m: rng.normal(0, 1, 31).tolist() for m in "AB"})
    named = one(compare(frame, "A", "B", functional="median", n_resamples=99))
    mine = one(compare(frame, "A", "B", functional=np.median, n_resamples=99))
    assert mine["value"] == pytest.approx(named["value"])
    assert mine["method"].startswith("percentile bootstrap of the median")
    largest = compare(frame, "A", "B", functional=user(np.max), n_resamples=99)
    by_model = frame.groupby("model")["score"].max()
    assert one(largest)["value"] == pytest.approx(by_model["A"] - by_model["B"])


def test_few_seeds_get_no_percentile_interval():
    rng = np.random.default_rng(4)
    frame = crossed({m: rng.normal(0, 1, (30, 3)) + rng.normal(0, 1, 3) for m in "AB"}, "seed")
    row = one(compare(frame, "A", "B", functional="median", n_resamples=200))
    assert row["method"] == (
        "generalised pivotal, items and seeds, on bootstrap of the median, 200 resamples"
    )
    assert (row["unit"], row["n"]) == ("item x seed", 3)
    with pytest.raises(UsageError, match="median is not resampled over prompts"):
        compare(frame, "A", "B", functional="median", over="prompt")


def test_several_pairs_of_a_functional_hold_together():
    rng = np.random.default_rng(5)
    frame = records(
        {m: rng.normal(s, 1, 40).tolist() for m, s in zip("ABC", (1, 0, 0), strict=True)}
    )
    result = compare(frame, functional="iqm", n_resamples=400)
    rows = result.quantity("difference_simultaneous")
    assert rows["method"].str.endswith("max-T over 3 pairs").all()
    assert (rows["p_value"].to_numpy() >= result.quantity("difference")["p_value"].to_numpy()).all()
    assert np.isfinite(rows["low"]).all()


def test_an_unknown_functional_is_refused_with_those_there_are():
    with pytest.raises(UsageError) as caught:
        compare(records({"A": [1], "B": [0]}), functional="mode")
    assert str(caught.value) == (
        "functional='mode' is unknown. Use one of mean, median, iqm, trimmed, wins, "
        "optimality-gap, pass@5, pass^3, eff@2, gap@5 (any k), or in Python a function of scores."
    )
    with pytest.raises(UsageError, match="method='tango' is for means over items, and iqm is none"):
        compare(records({"A": [1], "B": [0]}), functional="iqm", method="tango")


def test_prompts_of_an_item_are_averaged_before_a_best_of_k():
    scores = np.array(
        [[[1.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]]]
    )
    frame = crossed({"A": scores, "B": 1 - scores}, "prompt", "sample")
    row = one(compare(frame, "A", "B", functional="pass@2"))
    a = scores.max(axis=2).mean(axis=1)
    b = (1 - scores).max(axis=2).mean(axis=1)
    assert row["value"] == pytest.approx((a - b).mean())
    assert isinstance(frame, pd.DataFrame)
    assert row["prompts"] == 2


def test_wins_are_counted_over_all_pairs_of_runs():
    a = np.array([[3.0, 1.0], [2.0, 2.0], [5.0, 4.0], [0.0, 1.0]])
    b = np.array([[2.0], [2.0], [1.0], [0.5]])
    frame = pd.concat([crossed({"A": a}, "seed"), crossed({"B": b}, "seed")])
    row = one(compare(frame, "A", "B", functional="wins"))
    up, down = np.array([0.5, 0, 1, 0.5]), np.array([0.5, 0, 0, 0.5])
    assert (row["mean_a"], row["mean_b"]) == pytest.approx((up.mean(), down.mean()))
    assert ends(row) == pytest.approx(of(sparse_t(up - down, low=-1, high=1)))
    improvement = reference.mannwhitneyu(a[3], b[3]).statistic / 2
    assert improvement == up[3] + (1 - up[3] - down[3]) / 2
    less = one(compare(frame.assign(higher_is_better=False), "A", "B", functional="wins"))
    assert less["value"] == pytest.approx(-row["value"])
    three = records({m: [1.0, i, 0.5 * i, 0.0] for i, m in enumerate("ABC")})
    rows = compare(three, functional="wins").quantity("difference_simultaneous")
    assert rows["method"].str.endswith("Holm over 3 pairs").all()
    with pytest.raises(UsageError) as caught:
        compare(frame, functional="wins", over="seed")
    assert str(caught.value) == (
        "wins are counted over all pairs of runs, which are these ones: only items are drawn "
        "again. Use over='item' (--over item)."
    )
