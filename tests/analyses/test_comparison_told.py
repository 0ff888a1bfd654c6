"""What a comparison says: sentences, effects, named methods."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.errors import UsageError
from evalvar.stats import agresti_min, bonett_price, mcnemar, newcombe, tango
from tests.analyses.made import crossed, ends, of, one, records, right

# 198 answers: only A right on 40, only B on 28, both on 110, neither on 20.
A = [1] * 40 + [0] * 28 + [1] * 110 + [0] * 20
B = [0] * 40 + [1] * 28 + [1] * 110 + [0] * 20


def shifted(gap, n=40, spread=0.01):
    """Return two models whose scores differ by about a gap."""
    b = np.linspace(0.2, 0.6, n)
    a = b + gap + spread * np.cos(np.arange(n) * 2.0)
    return {"A": a.tolist(), "B": b.tolist()}


def test_a_tie_says_what_could_have_been_seen():
    row = one(compare(records({"A": A, "B": B}), "A", "B"))
    assert row["verdict"] == "cannot be told apart"
    assert row["sentence"] == (
        "A and B cannot be told apart on the 198 items both answered; these data could only have "
        "shown differences above 12 points."
    )
    half = reference.t.ppf(0.975, 197) * row["se"]
    power = 1 + reference.norm.ppf(0.8) / reference.norm.ppf(0.975)
    assert row["detectable"] == pytest.approx(half * power)


def test_a_lead_is_told_in_points_with_its_interval():
    models = shifted(0.059)
    row = one(compare(records(models), "B", "A"))
    interval = reference.ttest_rel(models["A"], models["B"]).confidence_interval()
    assert (-row["high"], -row["low"]) == pytest.approx((interval.low, interval.high))
    assert row["verdict"] == "b is better"
    assert row["sentence"] == (
        "A leads B by 5.91 points [5.67, 6.14] on the 40 items both answered."
    )


def test_seeds_are_told_too():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.9, 0.01, (30, 5)), rng.normal(0.5, 0.01, (30, 5))
    row = one(compare(crossed({"A": a, "B": b}, "seed"), "A", "B"))
    assert row["sentence"].endswith(" on the 30 items both answered, over 5 seeds each.")
    steps = pd.concat([crossed({"M": x}, "seed").assign(checkpoint=c) for c, x in ((1, b), (2, a))])
    told = one(compare(steps, between="checkpoint"))["sentence"]
    assert told.startswith("checkpoint 2 leads checkpoint 1 by ")
    assert told.endswith(" on the 30 items both answered, over 5 seeds.")


def test_a_metric_of_its_own_unit_keeps_it():
    models = {m: [12 * x for x in scores] for m, scores in shifted(0.1).items()}
    row = one(compare(records(models, higher_is_better=False), "A", "B"))
    assert not row["in_points"]
    assert row["sentence"] == (
        "B leads A by 1.201 [1.173, 1.229] on the 40 items both answered, where lower is better."
    )


def test_identical_models_cannot_be_told_apart_and_could_have_differed():
    same = [1, 0, 1, 1, 0, 1, 1, 1] * 5
    row = one(compare(records({"A": same, "B": same}), "A", "B"))
    assert row["value"] == 0
    assert row["low"] < 0 < row["high"]
    assert row["probability_better"] == 0.5
    power = 1 + reference.norm.ppf(0.8) / reference.norm.ppf(0.975)
    seen = 100 * reference.t.ppf(0.975, 39) * row["se"] * power
    assert row["sentence"] == (
        "A and B cannot be told apart on the 40 items both answered, where they scored alike; "
        f"these data could only have shown differences above {seen:.1f} points."
    )


def test_no_shared_items_is_one_sentence():
    apart = pd.concat([records({"A": [1, 0]}), records({"B": [1, 0]}).assign(item=[7, 8])])
    beside = records({"A": [1, 0], "B": [0, 1]}).assign(task="u")
    rows = compare(pd.concat([apart, beside]), "A", "B").quantity("difference")
    assert rows["sentence"].iloc[0] == "A and B cannot be compared: no shared items."


def test_answers_are_counted_by_who_was_right():
    row = one(compare(records({"A": A, "B": B}), "A", "B"))
    counts = ("only_a", "only_b", "both", "neither", "items_better", "items_worse", "items_equal")
    assert [row[name] for name in counts] == [40, 28, 110, 20, 40, 28, 130]
    other = one(compare(records({"A": [0.5, 1.0, 0.2], "B": [0.5, 0.4, 0.7]}), "A", "B"))
    assert [other[name] for name in counts[4:]] == [1, 1, 1]
    assert np.isnan(other["only_a"])


def test_where_lower_is_better_the_better_items_are_the_lower_ones():
    frame = records({"A": [0.1, 0.2, 0.3], "B": [0.5, 0.6, 0.2]}, higher_is_better=False)
    row = one(compare(frame, "A", "B"))
    assert (row["items_better"], row["items_worse"]) == (2, 1)
    assert row["probability_better"] > 0.5


def test_probability_is_that_of_the_one_sided_t_test():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.2, 1, 25), rng.normal(0, 1, 25)
    row = one(compare(records({"A": a.tolist(), "B": b.tolist()}), "A", "B"))
    p = reference.ttest_rel(a, b, alternative="greater").pvalue
    assert row["probability_better"] == pytest.approx(1 - p)


def test_the_golden_pair_has_its_paired_standard_error():
    a, b = [1, 1, 1, 0, 0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0, 1, 0, 0, 1]
    row = one(compare(records({"A": a, "B": b}), "A", "B", method="t"))
    assert (row["value"], row["se"]) == (pytest.approx(0.2), pytest.approx(0.2))


@pytest.mark.parametrize(
    ("name", "interval"),
    [("tango", tango), ("newcombe", newcombe), ("bonett-price", bonett_price),
     ("agresti-min", agresti_min)],
)  # fmt: skip
def test_intervals_of_paired_proportions_are_there_by_name(name, interval):
    row = one(compare(records({"A": A, "B": B}), "A", "B", method=name))
    assert ends(row) == pytest.approx(of(interval(110, 40, 28, 20)))
    assert (row["low"] <= 0 <= row["high"]) == (row["p_value"] > 0.05)


def test_tests_without_interval_give_a_p_value_only():
    frame = records({"A": A, "B": B})
    exact = one(compare(frame, "A", "B", method="mcnemar"))
    assert exact["p_value"] == pytest.approx(reference.binomtest(40, 68).pvalue)
    midp = one(compare(frame, "A", "B", method="mcnemar-midp"))
    assert midp["p_value"] == pytest.approx(mcnemar(40, 28, midp=True))
    assert (midp["method"], np.isnan(midp["low"])) == ("McNemar, mid-p", True)
    assert midp["sentence"] == "A and B cannot be told apart on the 198 items both answered."


def test_bootstrap_has_interval_and_p_of_its_own():
    row = one(compare(records({"A": A, "B": B}), "A", "B", method="bootstrap", n_resamples=9999))
    assert row["method"].startswith("percentile bootstrap of the mean, 9999 resamples")
    # the exact law of the resampled difference, in items
    law = np.ones(1)
    for _ in range(198):
        law = np.convolve(law, [28 / 198, 130 / 198, 40 / 198])
    at = np.arange(-198, 199)
    assert row["p_value"] == pytest.approx(2 * law[at <= 0].sum(), abs=0.02)
    inside = law[(at >= 198 * row["low"]) & (at <= 198 * row["high"])].sum()
    assert inside == pytest.approx(0.95, abs=0.015)


def test_proportions_need_right_and_wrong():
    with pytest.raises(UsageError) as caught:
        compare(records(shifted(0.1)), "A", "B", method="newcombe")
    assert str(caught.value) == (
        "method='newcombe' needs a score of 0 or 1 per item and side, and here they are not: other "
        "scores, or a mean over seeds, samples or prompts. Use method 'auto' or 't'."
    )
    with pytest.raises(UsageError, match=r"method='magic' is unknown\. Use one of auto, t,"):
        compare(records(shifted(0.1)), method="magic")


def test_a_hidden_tail_is_warned_of():
    d = -0.01 - 0.002 * (np.arange(20) % 7)
    frame = records({"A": (0.5 + d).tolist(), "B": [0.5] * 20}, score_min=0.0, score_max=1.0)
    result = compare(frame, "A", "B")
    assert any("0 of 20 differences are positive" in sentence for sentence in result.warnings)


def test_seeds_of_one_model_may_be_the_sides():
    frame = crossed({"A": right(np.random.default_rng(2), 60, 0.6, 3)}, "seed")
    result = compare(frame, between="seed")
    assert len(result.quantity("difference")) == 3
    assert result.table["sentence"].iloc[0].startswith("seed 2 and seed 1 cannot be told apart on")


def test_labels_survive_json():
    from evalvar.results import from_json

    result = compare(records({"A": A, "B": B}), "A", "B")
    back = from_json(result.to_json()).table.iloc[0]
    assert back["sentence"] == result.table["sentence"].iloc[0]
    assert back["only_a"] == 40


def test_data_that_can_show_nothing_say_so():
    sides = {"A": [[1, 0], [1, 1]], "B": [[0, 1], [1, 0]]}
    rows = [
        (model, "t", item, seed, score)
        for model, table in sides.items()
        for item, row in enumerate(table)
        for seed, score in enumerate(row)
    ]
    frame = pd.DataFrame(rows, columns=["model", "task", "item", "seed", "score"])
    row = compare(frame, "A", "B").table.iloc[0]
    assert (row["low"], row["high"]) == (-1, 1)
    assert row["sentence"] == (
        "A and B cannot be told apart on the 2 items both answered, over 2 seeds each; these data "
        "could not have shown any difference."
    )
