"""Values that were reported without items, compared over the seeds of their runs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.analyses.ranking import leaderboard
from evalvar.cli.standings import standings_text
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from tests.analyses.made import ends, one


def reported(models, task="t", **columns):
    """Return values by model, one a seed."""
    rows = [
        {"model": model, "task": task, "metric": "loss", "seed": seed, "value": value}
        for model, values in models.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows).assign(**{"higher_is_better": False, **columns})


def runs(*tables):
    return as_evidence(reported=pd.concat(tables))


RNG = np.random.default_rng(0)
A, B = RNG.normal(3.0, 0.1, 20), RNG.normal(3.2, 0.2, 7)


def test_two_recipes_are_compared_by_welchs_t_over_seeds():
    row = one(compare(runs(reported({"A": A, "B": B})), "A", "B"))
    test = reference.ttest_ind(A, B, equal_var=False)
    interval = test.confidence_interval(0.95)
    assert ends(row) == pytest.approx(
        (A.mean() - B.mean(), interval.low, interval.high, test.pvalue)
    )
    assert (row["unit"], row["n"], row["method"]) == ("seed", 7, "Welch t over seeds")
    assert (row["items"], row["unpaired"], row["seeds_a"], row["seeds_b"]) == (0, 0, 20, 7)
    assert row["sentence"].startswith("A leads B by 0.")
    assert row["sentence"].endswith(" over 20 and 7 seeds, where lower is better.")
    assert np.isnan(row["items_better"])


def test_two_checkpoints_of_the_same_runs_are_paired():
    late, early = A - 0.05 + RNG.normal(0, 0.01, 20), A
    table = pd.concat(
        [reported({"A": x}, checkpoint=c) for x, c in ((late, 20), (early, 10))], ignore_index=True
    )
    row = one(compare(as_evidence(reported=table), 20, 10, between="checkpoint"))
    test = reference.ttest_rel(late, early)
    assert (row["value"], row["p_value"]) == pytest.approx((np.mean(late - early), test.pvalue))
    assert row["method"] == "paired t over seeds"
    assert " over 20 seeds, where lower" in row["sentence"]


def test_several_recipes_are_adjusted_and_a_margin_is_tested():
    C = RNG.normal(3.0, 0.1, 5)
    result = compare(runs(reported({"A": A, "B": B, "C": C})), margin=0.5, test="equivalence")
    rows = result.quantity("difference")
    adjusted = result.quantity("difference_simultaneous")
    assert len(rows) == len(adjusted) == 3
    assert adjusted["method"].str.endswith("; Holm over 3 pairs").all()
    assert (adjusted["p_value"].to_numpy() >= rows["p_value"].to_numpy()).all()
    assert (result.quantity("equivalence")["verdict"] == "equivalent within the margin").all()


def test_the_mean_over_tasks_takes_the_mean_of_a_seed_where_it_has_all():
    tasks = {t: {m: RNG.normal(3, 1, 6) for m in "AB"} for t in "st"}
    table = pd.concat([reported(models, task) for task, models in tasks.items()])
    row = one(compare(as_evidence(reported=table), "A", "B"), "macro_difference")
    a, b = ((tasks["s"][m] + tasks["t"][m]) / 2 for m in "AB")
    test = reference.ttest_ind(a, b, equal_var=False)
    assert (row["value"], row["p_value"]) == pytest.approx((a.mean() - b.mean(), test.pvalue))
    assert " on average over 2 tasks, over 6 seeds each" in row["sentence"]
    other = table.assign(seed=table["seed"] + 10 * (table["task"] == "t"))
    alone = one(compare(as_evidence(reported=other), "A", "B"), "macro_difference")
    se = [np.sqrt(sum(np.var(x, ddof=1) / 6 for x in models.values())) for models in tasks.values()]
    assert alone["se"] == pytest.approx(np.hypot(*se) / 2)


def test_a_seed_without_a_value_is_left_out():
    table = reported({"A": A, "B": B})
    table.loc[3, "value"] = np.nan
    row = one(compare(as_evidence(reported=table), "A", "B"))
    assert row["seeds_a"] == 19
    assert row["value"] == pytest.approx(np.delete(A, 3).mean() - B.mean())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": "item x seed"},
         "over='item x seed': these values were reported without their items. Use over='seed' "
         "(--over seed)."),
        ({"functional": "median"},
         "functional='median' needs the scores of items, and these values were reported without "
         "them. Compare their mean."),
        ({"method": "t"},
         "method='t' pairs items, and these values were reported without them. Use "
         "method='auto' (--method auto): Welch's t over seeds."),
    ],
)  # fmt: skip
def test_what_needs_items_is_refused(options, message):
    with pytest.raises(UsageError) as caught:
        compare(runs(reported({"A": A, "B": B})), "A", "B", **options)
    assert str(caught.value) == message


def test_one_side_with_a_single_seed_is_undefined():
    with pytest.raises(NotEnoughDataError) as caught:
        compare(runs(reported({"A": A, "B": B[:1]})), "A", "B")
    assert str(caught.value) == (
        "A and B cannot be compared: an interval over seeds needs at least 2 seeds, but has 1. "
        "Read more seeds."
    )


def test_published_losses_of_two_recipes(shared):
    table = pd.read_parquet(shared / "nanogpt_seeds" / "val_loss.parquet")
    final = table[table["step"] == table["total_steps"]]
    losses = {
        model: of_model["val_loss"].to_numpy()
        for model, of_model in final.groupby("model")
        if model in ("2025-07-12_BosAlign", "2025-10-24_NorMuon")
    }
    row = one(compare(runs(reported(losses))))
    test = reference.ttest_ind(losses[row["a"]], losses[row["b"]], equal_var=False)
    assert row["p_value"] == pytest.approx(test.pvalue)
    assert {row["seeds_a"], row["seeds_b"]} == {20, 21}


def test_recipes_are_ranked_by_their_seeds():
    C = RNG.normal(3.3, 0.1, 5)
    result = leaderboard(runs(reported({"A": A, "B": B, "C": C})))
    ranks = result.quantity("rank").set_index("model")
    assert ranks.index.tolist() == ["A", "B", "C"]
    means = result.quantity("mean").set_index("model")
    interval = reference.ttest_1samp(A, 0).confidence_interval(0.95)
    assert (means.loc["A", "low"], means.loc["A", "high"]) == pytest.approx(
        (interval.low, interval.high)
    )
    assert (means.loc["A", "unit"], means.loc["A", "n"], means.loc["A", "items"]) == ("seed", 20, 0)
    gap = result.quantity("gap_to_next").set_index("model").loc["A"]
    p = reference.ttest_ind(A, B, equal_var=False).pvalue
    assert gap["p_value"] == pytest.approx(min(3 * p, 1))
    assert gap["method"] == "Welch t over seeds; Bonferroni over 3 pairs"
    assert standings_text(result).startswith("t, loss: 3 models by their seeds\n")


def test_single_runs_cannot_be_ranked():
    with pytest.raises(NotEnoughDataError, match="this file has no items: a leaderboard pairs"):
        leaderboard(runs(reported({"A": A[:1], "B": B[:1]})))
    several = pd.concat([reported({"A": A, "B": B}, task) for task in "st"])
    result = leaderboard(as_evidence(reported=several))
    assert result.warnings[0] == (
        "mean over tasks, loss: none, values without items are ranked on each task by itself."
    )
