import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.means import summary
from evalvar.evidence import as_evidence
from evalvar.stats import midp, skewed_mean_ci


def records(scores, **columns):
    return pd.DataFrame(
        {"model": "A", "task": "t", "item": range(len(scores)), "score": scores} | columns
    )


def only(result):
    assert len(result.table) == 1
    return result.table.iloc[0]


def test_mean_of_binary_scores_has_the_mid_p_interval():
    row = only(summary(records([1, 1, 0, 1, 0], score_min=0, score_max=1)))
    exact = midp(3, 5)
    assert row["value"] == pytest.approx(0.6)
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))
    assert (row["n"], row["unit"], row["method"]) == (5, "item", "mid-p")


def test_undeclared_binary_range_is_said():
    assert only(summary(records([1, 0])))["method"] == ("mid-p, 0/1 scores taken as range [0, 1]")


def test_all_right_is_one_with_an_exact_bound():
    row = only(summary(records([1] * 50)))
    assert row["value"] == 1
    # half of p^50 lies at the observed count, so p^50 / 2 = 0.025
    assert row["low"] == pytest.approx(0.05 ** (1 / 50), abs=1e-9)
    assert row["high"] == 1
    assert np.isnan(row["se"])


def test_unbounded_scores_have_the_interval_of_skewed_means():
    row = only(summary(records([1.5, 2.0, 4.0])))
    se = np.std([1.5, 2, 4], ddof=1) / np.sqrt(3)
    assert row["se"] == pytest.approx(se)
    assert row["value"] - row["low"] == pytest.approx(4.302652729911275 * se)
    wanted = skewed_mean_ci([1.5, 2.0, 4.0])
    assert (row["low"], row["high"]) == pytest.approx((wanted.low, wanted.high))
    assert row["method"] == wanted.method == "hull of t and skew-t"


def test_unbounded_scores_that_are_symmetric_have_the_t_interval():
    row = only(summary(records([1.5, 2.0, 2.5])))
    assert row["high"] - row["value"] == pytest.approx(4.302652729911275 * 0.5 / np.sqrt(3))


def test_one_item_has_a_value_and_no_interval():
    result = summary(records([2.5]))
    row = only(result)
    assert row["value"] == 2.5
    assert np.isnan(row["low"])
    assert result.warnings == ("no interval for 1 of 1 mean: one item.",)


def test_constant_scores_have_no_interval():
    result = summary(records([2.5, 2.5]))
    assert np.isnan(only(result)["low"])
    assert result.warnings == ("no interval for 1 of 1 mean: no spread seen.",)


def test_samples_are_averaged_within_their_item():
    frame = records([1, 0, 1, 1], item=[1, 1, 1, 2], sample=[0, 1, 2, 0])
    assert only(summary(frame))["value"] == pytest.approx((2 / 3 + 1) / 2)
    assert only(summary(frame))["n"] == 2


def test_unscored_answers_leave_mean_and_n_or_count_as_wrong():
    frame = records([1, None, 0, 1])
    result = summary(frame)
    assert only(result)["n"] == 3
    assert only(result)["value"] == pytest.approx(2 / 3)
    assert result.warnings == (
        "A: no score for 1 of 4 answers (25.0 %), left out of the mean and its n.",
    )
    assert only(summary(frame, missing="wrong"))["value"] == 0.5


def test_clustered_items_are_one_draw():
    frame = records([1.0, 1, 0, 0, 1, 0], cluster=["x", "x", "y", "y", "z", "z"])
    row = only(summary(frame))
    residual_sums = np.array([1.0, -1.0, 0.0])
    se = np.sqrt(3 / 2 * (residual_sums**2).sum()) / 6
    assert row["unit"] == "cluster"
    assert row["n"] == 3
    assert row["se"] == pytest.approx(se)


def test_an_item_outside_every_cluster_is_one_of_its_own():
    row = only(summary(records([1.0, 0, 1, 0], cluster=["x", "x", None, None])))
    assert row["value"] == 0.5
    assert (row["n"], row["unit"]) == (3, "cluster")


def test_one_cluster_is_undefined_and_says_why():
    result = summary(records([1.0, 0.0], cluster="x"))
    assert only(result)["value"] == 0.5
    assert np.isnan(only(result)["low"])
    assert any("cluster" in sentence for sentence in result.warnings)


def reported(**columns):
    row = {"model": "A", "task": "t", "metric": "acc", "value": 0.4} | columns
    return as_evidence(reported=pd.DataFrame([row]))


def test_reported_binary_mean_is_recognised_by_its_standard_error():
    n, p = 50, 0.4
    row = only(summary(reported(se=np.sqrt(p * (1 - p) / (n - 1)), n=n)))
    exact = midp(20, 50)
    assert row["method"] == "mid-p, reported"
    assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high))


def test_reported_mean_with_another_error_has_a_t_interval():
    row = only(summary(reported(se=0.03, n=11)))
    assert row["method"] == "t, reported standard error"
    assert row["high"] == pytest.approx(0.4 + 2.2281388519649385 * 0.03)


def test_reported_mean_without_n_has_a_z_interval():
    row = only(summary(reported(se=0.03)))
    assert row["method"] == "z, reported standard error"
    assert row["high"] == pytest.approx(0.4 + 1.959963984540054 * 0.03)


def test_reported_error_of_zero_is_not_certainty():
    result = summary(reported(se=0.0))
    assert np.isnan(only(result)["low"])
    assert np.isnan(only(result)["se"])
    assert result.warnings == ("no interval for 1 of 1 mean: standard error not known.",)


def test_items_win_over_what_the_file_claims():
    both = as_evidence(
        records([1, 0], metric="acc"),
        reported=pd.DataFrame([{"model": "A", "task": "t", "metric": "acc", "value": 0.9}]),
    )
    assert only(summary(both))["value"] == 0.5


def test_labels_carry_what_is_known_of_the_metric():
    row = only(summary(records([3.0, 4.0], chance=0.25, higher_is_better=False)))
    assert (row["higher_is_better"], row["chance"], row["discrete"]) == (False, 0.25, False)


def test_empty_evidence_gives_an_empty_result():
    assert len(summary(as_evidence()).table) == 0


def test_reported_intervals_stay_in_their_range():
    claim = reported(value=0.97, se=0.03, n=20, score_min=0.0, score_max=1.0)
    assert only(summary(claim))["high"] == 1.0


def test_a_reported_mean_on_its_bound_has_the_exact_bound_of_all_right():
    claim = reported(value=1.0, se=0.0, n=50, score_min=0.0, score_max=1.0)
    row = only(summary(claim))
    assert (row["value"], row["high"]) == (1.0, 1.0)
    assert row["low"] == pytest.approx(0.05 ** (1 / 50), abs=1e-9)
    assert row["method"] == "mid-p, reported"
