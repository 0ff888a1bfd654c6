"""What a shorter benchmark costs: judged on models that did not choose it, beside random items."""

import numpy as np
import pandas as pd
import pytest

import evalvar as ev
from evalvar.analyses.shorter_bank import banks
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence

QUICK = {"repeats": 1, "draws": 60}


def study(models=1, seeds=1, steps=1, items=60, rng=0, slope=0.5):
    """Return answers of runs whose ability rises with the step."""
    draw = np.random.default_rng(rng)
    a, b = np.exp(0.3 * draw.normal(size=items)), draw.normal(size=items)
    frames = []
    for m in range(models):
        level = draw.normal(0, 0.8)
        for seed in range(seeds):
            for step in range(steps):
                theta = level + slope * step + 0.1 * draw.normal()
                right = draw.random(items) < 1 / (1 + np.exp(-(a * theta - b)))
                named = {"model": f"m{m}", "task": "quiz", "seed": seed, "checkpoint": step}
                frames.append(
                    pd.DataFrame(named | {"item": np.arange(items), "score": right * 1.0})
                )
    return pd.concat(frames, ignore_index=True)


def row(result, quantity, selection="random", estimator="mean", size=None):
    table = result.quantity(quantity)
    at = (table["selection"] == selection) & (table["estimator"] == estimator)
    if size is not None:
        at &= table["size"] == size
    assert at.sum() == 1
    return table[at].iloc[0]


@pytest.fixture(scope="module")
def models():
    return study(models=12, items=80)


@pytest.fixture(scope="module")
def found(models):
    return ev.subset(models, sizes=20, **QUICK)


def test_every_selection_stands_beside_random_items(found):
    assert found.keys == ("model", "task", "metric", "selection", "estimator", "size")
    table = found.table
    assert set(table["selection"]) == {
        *("full", "random", "stratified", "anchor", "anchor_irt", "information", "diverse")
    }
    assert set(table["quantity"]) == {
        *("bias", "error", "error_vs_random", "rank_agreement", "rank_agreement_vs_random"),
        "half_width",
    }
    errors = found.quantity("error")
    assert (errors["random"] == row(found, "error")["value"]).all()
    assert (errors["random_low"] < errors["random"]).all()
    assert (errors["random"] < errors["random_high"]).all()
    chosen = errors[(errors["selection"] != "random") | (errors["estimator"] != "mean")]
    assert chosen["beyond_random"].isin(["better", "worse", "no better", "undetermined"]).all()


def test_a_difference_is_the_value_less_the_random_mean(found):
    for quantity in ("error", "rank_agreement"):
        ours = found.quantity(quantity).set_index(["selection", "estimator"])["value"]
        differences = found.quantity(f"{quantity}_vs_random").set_index(["selection", "estimator"])
        for way, difference in differences["value"].items():
            assert difference == pytest.approx(ours[way] - ours["random", "mean"], abs=1e-12)
    shown = found.quantity("error_vs_random").dropna(subset=["low"])
    assert ((shown["low"] <= shown["value"]) & (shown["value"] <= shown["high"])).all()


def test_random_items_do_what_theory_says(models):
    # mean squared error of a mean over m of N items without replacement: s^2 / m (1 - m/N)
    y = models.pivot(index="model", columns="item", values="score").to_numpy()
    found = ev.subset(models, sizes=20, selections="random", estimators="mean", draws=3000)
    error = row(found, "error")
    s = np.sqrt(y.var(axis=1, ddof=1) / 20 * (1 - 20 / 80))
    assert error["value"] == pytest.approx(np.sqrt(2 / np.pi) * s.mean(), rel=0.06)
    bias = row(found, "bias")
    assert abs(bias["value"]) < 4 * s.mean() / np.sqrt(3000)
    p = y.mean(axis=1)
    half = row(found, "half_width")["value"]
    assert half == pytest.approx((1.959964 * np.sqrt(p * (1 - p) / 20)).mean(), rel=1e-6)


def test_v28_a_hundred_of_10042_items_cost_nine_points():
    scores = np.zeros(10042)
    scores[: round(0.7 * 10042)] = 1
    one = pd.DataFrame(
        {"model": "m", "task": "hellaswag", "item": np.arange(10042), "score": scores}
    )
    found = ev.subset(one, sizes=100, draws=20)
    assert row(found, "half_width", size=100)["value"] == pytest.approx(0.0898, abs=5e-5)
    assert row(found, "half_width", "full")["value"] == pytest.approx(0.00896, abs=5e-6)
    assert any("only random items are looked at" in said for said in found.warnings)


def test_a_subset_of_all_items_is_the_whole(models):
    found = ev.subset(
        models, sizes=80, selections=["random", "anchor", "diverse", "stratified"], **QUICK
    )
    errors = found.quantity("error")
    np.testing.assert_allclose(errors["value"], 0, atol=1e-12)
    np.testing.assert_allclose(found.quantity("rank_agreement")["value"], 1)


def test_tables_3_and_4_of_the_paper_from_seeds_and_checkpoints():
    data = study(models=2, seeds=4, steps=5, items=60)
    found = ev.subset(data, sizes=15, selections=["random", "anchor"], **QUICK)
    seeds = ev.seed_variance(data)
    for quantity in ("seed_sd", "monotonicity"):
        whole = row(found, quantity, "full")["value"]
        assert whole == pytest.approx(seeds.quantity(quantity)["value"].mean())
    # fewer items: more spread, less order
    assert row(found, "seed_sd")["value"] > row(found, "seed_sd", "full")["value"]
    assert row(found, "monotonicity")["value"] < row(found, "monotonicity", "full")["value"]
    assert row(found, "monotonicity")["unit"] == "seed"
    assert "2 models: each is judged by items that the others choose, over runs." in " ".join(
        found.warnings
    )


def test_seeds_of_one_model_choose_for_each_other():
    found = ev.subset(study(seeds=6, steps=4), sizes=15, selections=["anchor"], **QUICK)
    assert set(found.table["held_out"]) == {"seed"}
    anchors = row(found, "seed_sd", "anchor", "weighted")
    assert np.isfinite([anchors["value"], anchors["low"], anchors["high"]]).all()
    assert row(found, "error")["n"] == 6


def test_checkpoints_of_one_run_give_no_curve_of_one_subset():
    found = ev.subset(study(steps=8), sizes=15, selections=["random", "anchor"], **QUICK)
    assert set(found.table["held_out"]) == {"checkpoint"}
    assert row(found, "monotonicity", "anchor", "weighted")["method"] == (
        "undefined: the checkpoints of a run were judged by different subsets"
    )
    assert "seed_sd" not in set(found.table["quantity"])


def test_one_model_asked_for_is_judged_alone(models):
    found = ev.subset(models, model="m3", sizes=20, selections=["anchor"], **QUICK)
    assert set(found.table["model"]) == {"m3"}
    error = row(found, "error", "anchor", "weighted")
    assert error["n"] == 1
    assert "no interval" in error["method"]
    assert row(found, "rank_agreement")["method"] == "undefined: one model has no rank"


def test_scores_between_0_and_1_have_no_response_curves(models):
    graded = models.assign(score=models["score"] * 0.5 + 0.25, score_min=0, score_max=1)
    found = ev.subset(graded, sizes=20, **QUICK)
    assert np.isnan(row(found, "error", "anchor_irt", "weighted")["value"])
    assert row(found, "error", "information", "p_irt")["method"] == (
        "undefined: response curves need scores of 0 and 1, not means over prompts or samples"
    )
    assert np.isfinite(row(found, "error", "anchor", "weighted")["value"])


def test_a_constant_metric_says_so():
    same = study(models=6, items=40).assign(score=1.0)
    found = ev.subset(same, sizes=10, selections=["random", "anchor", "diverse"], **QUICK)
    assert (found.quantity("error")["value"].abs() < 1e-8).all()
    assert found.quantity("rank_agreement")["value"].isna().all()
    assert "quiz, score: all runs have the same score; there is no order to agree with." in (
        found.warnings
    )


def test_gaps_leave_out_what_costs_least(models):
    # one model lacks half of the items, another one item
    gaps = (models["model"] == "m0") & (models["item"] < 40)
    gaps |= (models["model"] == "m1") & (models["item"] == 79)
    bank = next(iter(banks(as_evidence(models[~gaps]), None)))
    assert bank.scores.shape == (11, 79)
    assert [reason for _, reason in bank.remarks] == [
        "1 run of 12 left out, which lack items (m0).",
        "1 item of 80 left out that some of the other 11 runs have no score for.",
    ]


def test_tasks_together_are_strata():
    two = pd.concat([study(models=6, items=40), study(models=6, items=10, rng=1).assign(task="b")])
    for together, share in (("items", 0.2), ("equal", 0.5)):
        bank = next(iter(banks(as_evidence(two), together)))
        assert bank.shares[bank.tasks == "b"].sum() == pytest.approx(share)
        expected = two.groupby(["model", "task"])["score"].mean().unstack()
        whole = share * expected["b"] + (1 - share) * expected["quiz"]
        np.testing.assert_allclose(bank.full, whole)
        chosen = ev.subset_items(two, size=10, together=together)
        assert chosen.table.groupby("task")["value"].sum()["b"] == pytest.approx(share)
    found = ev.subset(two, sizes=10, together="equal", selections=["stratified"], **QUICK)
    assert found.table["task"].isna().all()
    assert set(found.table["tasks"]) == {2}


def test_the_items_of_a_list_give_the_score(models):
    chosen = ev.subset_items(models, size=20, selection="anchor")
    assert chosen.keys == ("task", "metric", "item")
    assert len(chosen.table) == 20
    assert chosen.table["value"].sum() == pytest.approx(1)
    weights = dict(zip(chosen.table["item"].astype(int), chosen.table["value"], strict=True))
    mine = models[(models["model"] == "m2") & models["item"].isin(weights)]
    score = (mine["score"] * mine["item"].map(weights)).sum()
    assert abs(score - models[models["model"] == "m2"]["score"].mean()) < 0.2


def test_the_same_rng_gives_the_same_bytes(models):
    asked = {"sizes": 20, "selections": ["random", "anchor", "stratified"], **QUICK}
    first = ev.subset(models, **asked).to_json()
    assert ev.subset(models, **asked).to_json() == first
    assert ev.subset(models, rng=1, **asked).to_json() != first


def test_other_tasks_change_nothing(models):
    asked = {"sizes": 20, "selections": ["stratified"], **QUICK}
    both = pd.concat([models, models.assign(task="other", score=1 - models["score"])])
    alone = ev.subset(models, **asked).table
    within = ev.subset(both, **asked).table
    within = within[within["task"] == "quiz"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, within)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"sizes": 100},
            NotEnoughDataError,
            "no benchmark has as many items as asked for ([100]; quiz, score has 80 items). Ask "
            "for fewer.",
        ),
        ({"sizes": [0]}, UsageError, "a subset needs at least 1 item, but 0 are asked for."),
        (
            {"selections": "best"},
            UsageError,
            "there is no selection 'best'. Use some of random, stratified, neyman, anchor, "
            "anchor_irt, information, diverse.",
        ),
        (
            {"estimators": ["irt"]},
            UsageError,
            "there is no estimator 'irt'. Use some of mean, weighted, p_irt, gp_irt, "
            "control_variate.",
        ),
        ({"repeats": 0}, UsageError, "repeats must be at least 1, but is 0."),
        (
            {"together": "all"},
            UsageError,
            "together='all' is unknown. Use 'items' or 'equal'.",
        ),
        ({"model": "m99"}, UsageError, "no model 'm99' in the data. Did you mean 'm9'? There is: "
         "m0, m1, m10, m11, m2, m3, m4, m5, m6, m7, m8, m9."),
    ],
)  # fmt: skip
def test_bad_input(models, options, error, message):
    with pytest.raises(error) as caught:
        ev.subset(models, **options)
    assert str(caught.value) == message


def test_aggregates_alone_cannot_be_shortened():
    reported = pd.DataFrame({"model": ["a"], "task": ["t"], "value": [0.5]})
    with pytest.raises(NotEnoughDataError, match="this file has no items"):
        ev.subset(as_evidence(reported=reported))


@pytest.mark.parametrize(("models", "items"), [(1, 1), (4, 1)])
def test_one_item_cannot_be_shortened(models, items):
    with pytest.raises(NotEnoughDataError) as caught:
        ev.subset(study(models=models, items=items), **QUICK)
    assert str(caught.value) == (
        "a shorter benchmark needs at least 2 items that all runs answered, but there are fewer; "
        "name fewer models if some lack items."
    )


def test_what_is_undefined_is_said_once_a_reason():
    found = ev.subset(study(models=2, items=8), sizes=[2, 4], **QUICK)
    assert found.warnings == (
        "quiz, score: 2 runs: too few to choose items by some and judge by others; only random "
        "items are looked at.",
        "quiz, score: nothing of random with control_variate, random with p_irt, stratified with "
        "weighted, anchor with weighted and 4 others: too few runs to choose by some and judge by "
        "others.",
    )
    assert np.isfinite(row(found, "error", size=4)["value"])


def test_more_items_than_there_are_is_a_remark_where_others_are_fine(models):
    found = ev.subset(models, sizes=[20, 100], selections=["random"], draws=20)
    assert "quiz, score: 100 items are more than there are (80)." in found.warnings
    assert set(found.table["size"]) == {20, 80}


def test_published_answers_of_21_models(shared):
    """MMLU-Pro: what strata of difficulty save shows up on models that did not choose."""
    data = ev.load(shared / "mmlu_pro_items" / "mmlu_pro.parquet")
    found = ev.subset(
        data,
        task="biology",
        sizes=100,
        selections=["random", "stratified"],
        estimators=["weighted"],
    )
    assert row(found, "error", "stratified", "weighted")["beyond_random"] == "better"
    # p(1-p)/100 of 21 models around 60 %: 9 points
    assert row(found, "half_width")["value"] == pytest.approx(0.092, abs=0.001)


def test_fractional_scores_with_gaps(shared):
    data = ev.load(shared / "livebench_items" / "livebench.parquet", duplicates="sample")
    found = ev.subset(data, sizes=50, together="items", selections=["random", "anchor"], **QUICK)
    assert any("left out, which lack items" in said for said in found.warnings)
    assert np.isfinite(row(found, "error", "anchor", "weighted")["value"])
