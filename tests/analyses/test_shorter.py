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
        *("bias", "error", "error_vs_random", "error_vs_mean"),
        *("rank_agreement", "rank_agreement_vs_random", "rank_agreement_vs_mean", "half_width"),
    }
    errors = found.quantity("error")
    assert (errors["random"] == row(found, "error")["value"]).all()
    assert (errors["random_low"] < errors["random"]).all()
    assert (errors["random"] < errors["random_high"]).all()
    verdicts = {"better", "worse", "no better", "undetermined"}
    plain = errors["estimator"] == "mean"
    assert errors.loc[errors["selection"] == "random", "beyond_random"].isna().all()
    assert set(errors.loc[errors["selection"] != "random", "beyond_random"]) <= verdicts
    assert set(errors.loc[~plain, "beyond_mean"]) <= verdicts


def test_a_choice_stands_beside_random_items_with_its_own_estimator(found):
    control = {"weighted": "mean", "p_irt": "p_irt", "gp_irt": "gp_irt"}
    for quantity in ("error", "rank_agreement"):
        ours = found.quantity(quantity).set_index(["selection", "estimator"])["value"]
        beside = found.quantity(f"{quantity}_vs_random").set_index(["selection", "estimator"])
        assert "random" not in beside.index
        for (method, estimator), difference in beside["value"].items():
            other = ours["random", control[estimator]]
            assert difference == pytest.approx(ours[method, estimator] - other, abs=1e-12)
        beside = found.quantity(f"{quantity}_vs_mean").set_index(["selection", "estimator"])
        assert ("random", "p_irt") in beside.index
        for way, difference in beside["value"].items():
            assert difference == pytest.approx(ours[way] - ours["random", "mean"], abs=1e-12)
    for name in ("random", "mean"):
        shown = found.quantity(f"error_vs_{name}").dropna(subset=["low"])
        assert ((shown["low"] <= shown["value"]) & (shown["value"] <= shown["high"])).all()
    said = row(found, "error_vs_random", "information", "p_irt")["method"]
    assert said.startswith("difference from random items with p_irt, t over models")


def test_items_that_are_all_alike_gain_nothing_by_being_chosen():
    # p-IRT errs less, because it draws scores together; which items it sees makes no difference
    draw = np.random.default_rng(0)
    level = draw.normal(0, 0.8, size=(60, 1))
    right = (draw.random((60, 200)) < 1 / (1 + np.exp(-level))) * 1.0
    data = pd.DataFrame(right).rename_axis("model").reset_index()
    data = data.melt("model", var_name="item", value_name="score")
    data = data.assign(task="quiz", model="m" + data["model"].astype(str))
    found = ev.subset(data, sizes=20, selections="information", draws=200)
    assert row(found, "error", "random", "p_irt")["beyond_mean"] == "better"
    assert row(found, "error", "information", "p_irt")["beyond_random"] != "better"
    beside = row(found, "error_vs_random", "information", "p_irt")
    assert beside["low"] < 0 < beside["high"]


def test_the_spread_over_seeds_pools_the_degrees_of_freedom_of_models():
    data = study(models=12, seeds=4, items=60)
    found = ev.subset(data, sizes=15, selections="random", estimators="mean", **QUICK)
    whole = row(found, "seed_sd", "full")
    # 36 degrees of freedom if all spreads were alike: sqrt(54.4 / 21.3); one model has 6.6
    assert 1.5 < whole["high"] / whole["low"] < 2.1
    sds = ev.seed_variance(data).quantity("seed_sd")["value"]
    assert whole["value"] == pytest.approx(sds.mean())
    assert whole["n"] == 48


@pytest.mark.parametrize("estimator", ["p_irt", "gp_irt"])
def test_a_seed_spread_that_is_small_by_construction_is_not_called_better(estimator):
    data = study(models=12, seeds=4, items=60)
    found = ev.subset(data, sizes=15, selections="anchor_irt", estimators=estimator, **QUICK)
    for method in ("random", "anchor_irt"):
        mine = row(found, "seed_sd", method, estimator)
        assert mine["value"] < row(found, "seed_sd")["value"]
        assert mine[["beyond_random", "beyond_mean"]].isna().all()
        assert row(found, "seed_sd_vs_mean", method, estimator)["method"].endswith(
            "(no verdict: the estimator draws all scores together, and so those of seeds)"
        )


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


def test_one_run_gives_no_verdict():
    # items that lie differently in each run: what one run says of them is no use for another
    draw = np.random.default_rng(3)
    theta, own = np.linspace(-1, 1, 12)[:, None], 1.5 * draw.normal(size=200)
    right = (draw.random((12, 200)) < 1 / (1 + np.exp(-(theta + own)))) * 1.0
    data = pd.DataFrame(right).rename_axis("checkpoint").reset_index()
    data = data.melt("checkpoint", var_name="item", value_name="score")
    data = data.assign(model="m", task="quiz")
    found = ev.subset(data, sizes=20, selections="stratified", draws=100)
    difference = row(found, "error_vs_random", "stratified", "weighted")
    assert difference["high"] < 0
    assert difference["beyond_random"] is None
    assert difference["method"].endswith("(no verdict: checkpoints of 1 training run alone)")
    assert found.table[["beyond_random", "beyond_mean"]].isna().all(axis=None)
    assert found.warnings == (
        "quiz, score: one training run: items are chosen by some of its checkpoints and judged by "
        "the others, which share what is peculiar to this run; what is found holds for this run "
        "only, and no choice is called better.",
    )


def test_two_runs_give_no_verdict_either():
    found = ev.subset(study(models=2, steps=8), sizes=15, selections="stratified", **QUICK)
    assert found.table["beyond_random"].isna().all()
    assert found.warnings == (
        "quiz, score: 2 training runs: what is found holds for their checkpoints only, and no "
        "choice is called better.",
    )


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


@pytest.mark.parametrize("selection", ["random", "stratified", "neyman", "anchor_irt"])
def test_the_weights_of_a_list_give_the_score_of_models_that_did_not_choose(selection):
    # 30 models choose, 30 others are judged, again and again
    off = []
    for rng in range(10):
        data = study(models=60, items=200, rng=rng)
        late = data["model"].isin([f"m{m}" for m in range(30, 60)])
        chosen = ev.subset_items(data[~late], size=20, selection=selection, rng=rng)
        weights = dict(zip(chosen.table["item"].astype(int), chosen.table["value"], strict=True))
        assert sum(weights.values()) == pytest.approx(1)
        table = data[late].pivot(index="model", columns="item", values="score")
        short = table[list(weights)] @ list(weights.values())
        off.append((short - table.mean(axis=1)).mean())
    assert abs(np.mean(off)) < 4 * np.std(off, ddof=1) / np.sqrt(len(off))
    assert abs(np.mean(off)) < 0.04


def test_informative_items_have_no_weights(models):
    with pytest.raises(UsageError) as caught:
        ev.subset_items(models, size=20, selection="information")
    assert str(caught.value) == (
        "selection 'information' has no weights that give the score of the whole: its items are "
        "unlike the others, and need response curves. Use one of random, stratified, neyman, "
        "anchor, anchor_irt, diverse."
    )


def test_a_list_by_response_curves_needs_right_and_wrong(models):
    graded = models.assign(score=models["score"] * 0.5 + 0.25, score_min=0, score_max=1)
    with pytest.raises(NotEnoughDataError) as caught:
        ev.subset_items(graded, size=20, selection="anchor_irt")
    said = (
        "quiz, score: selection 'anchor_irt' needs scores of 0 and 1, but there are others, such "
        "as means over prompts or samples; anchor does without."
    )
    assert str(caught.value) == said
    both = ev.subset_items(
        pd.concat([models, graded.assign(task="graded")]), size=20, selection="anchor_irt"
    )
    assert set(both.table["task"]) == {"quiz"}
    assert both.warnings == (said.replace("quiz", "graded"),)


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
        "quiz, score: nothing of random with p_irt, random with gp_irt, random with "
        "control_variate, stratified with weighted and 5 others: too few runs to choose by some "
        "and judge by others.",
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
