"""Items: what is said of them, which are flagged, and data that are thin, odd or empty."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import special

import evalvar as ev
from evalvar.analyses.item_quality import items
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.stats import bounded_mean_ci, cronbach_alpha, item_statistics, prune
from tests.analyses.made import crossed

Y = np.array(
    [[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]], float
)


def table(y, **columns):
    """Records of models m00, m01 ... from responses (models, items); NaN cells are not asked."""
    rows = [
        {"model": f"m{r:02}", "task": "t", "item": f"q{j:04}", "score": y[r, j]}
        for r, j in zip(*np.nonzero(np.isfinite(y)), strict=True)
    ]
    return pd.DataFrame(rows).assign(**columns)


def answers(rng, models, count):
    ability = rng.normal(size=(models, 1))
    a, b = rng.uniform(0.5, 2, count), rng.normal(size=count)
    return (rng.random((models, count)) < special.expit(a * (ability - b))).astype(float)


def of_items(result, quantity):
    return result.quantity(quantity).set_index("item")


def of_task(result, quantity):
    rows = result.quantity(quantity)
    assert len(rows) == 1
    return rows.iloc[0]


def test_values_are_those_of_the_statistics():
    result = items(table(Y))
    found = item_statistics(Y)
    wanted = {
        "difficulty": found.difficulty,
        "discrimination": found.total,
        "rest_discrimination": found.rest,
        "upper_lower": found.upper_lower,
    }
    for name, values in wanted.items():
        assert of_items(result, name)["value"].to_numpy() == pytest.approx(values, abs=1e-12)
    alpha = of_task(result, "alpha")
    assert alpha["value"] == pytest.approx(0.3252032520, abs=1e-9)
    assert (alpha["n"], alpha["unit"]) == (6, "model")
    assert alpha["method"].startswith("KR-20 = alpha")
    assert alpha["low"] == pytest.approx(cronbach_alpha(Y).low)
    assert result.keys == ("task", "metric", "model", "item", "size")
    assert list(result.table.columns[:6]) == [*result.keys, "quantity"]


def test_difficulty_has_the_interval_of_a_proportion():
    row = of_items(items(table(Y)), "difficulty").loc["q0001"]
    assert (row["value"], row["n"], row["unit"]) == (0.5, 6, "model")
    expected = ev.stats.midp(3, 6)
    assert (row["low"], row["high"]) == pytest.approx((expected.low, expected.high))


def test_the_best_less_the_worst_has_the_interval_of_two_means():
    y = answers(np.random.default_rng(31), 20, 15)
    result = items(table(y))
    found = of_items(result, "upper_lower")
    order = np.argsort(-y.mean(axis=1).round(12), kind="stable")
    for j in (0, 5):
        best, worst = (
            bounded_mean_ci(y[rows, j], low=0, high=1) for rows in (order[:5], order[-5:])
        )
        row = found.iloc[j]
        assert row["value"] == pytest.approx(best.value - worst.value)
        assert row["low"] == pytest.approx(
            row["value"] - np.hypot(best.value - best.low, worst.high - worst.value)
        )
        assert row["method"] == "best less worst 27 %, MOVER of both means"
    assert ((found["low"] < found["value"]) & (found["value"] < found["high"])).all()
    losses = table(np.random.default_rng(2).normal(size=(20, 15)))
    unknown = of_items(items(losses), "upper_lower")
    assert ((unknown["low"] < unknown["value"]) & (unknown["value"] < unknown["high"])).all()


def test_rows_without_an_interval_say_so():
    for y in (Y, answers(np.random.default_rng(32), 12, 10), Y[:3]):
        result = items(table(y))
        rows = result.table[result.table["item"].notna() & np.isfinite(result.table["value"])]
        bare = rows[rows["low"].isna() & ~rows["quantity"].isin(["forgetting"])]
        assert bare["method"].str.contains("no interval").all()


def test_v22_pruning_stands_beside_random_pruning():
    result = items(table(Y))
    rows = result.table[result.table["size"] == 2].set_index("quantity")
    pruned = prune(Y, item_statistics(Y).rest, share=0.5)
    assert rows.loc["pruned_drift", "value"] == pytest.approx(pruned.drift)
    assert rows.loc["random_drift_sd", "value"] == pytest.approx(pruned.random_drift_sd)
    assert rows.loc["random_se", "value"] == pytest.approx(pruned.random_se)
    assert set(result.quantity("pruned_se")["size"]) == {4, 3, 2}
    three = result.table[result.table["size"] == 3].set_index("quantity")
    assert three.loc["pruned_drift", "value"] == pytest.approx(0.5555555556 - 0.5416666667)
    assert "pruned_monotonicity" not in set(result.table["quantity"])


def test_dead_and_saturated():
    y = np.column_stack([Y, np.zeros(6), np.ones(6)])
    result = items(table(y))
    flag = of_items(result, "difficulty")["flag"]
    assert (flag["q0004"], flag["q0005"], flag["q0000"]) == ("dead", "saturated", "")
    assert (of_task(result, "dead")["value"], of_task(result, "saturated")["value"]) == (1, 1)
    row = of_items(result, "rest_discrimination").loc["q0004"]
    assert np.isnan(row["value"])
    assert row["method"] == "undefined: the item, or the rest, is the same from all"


def test_a_flipped_item_is_found_and_no_other():
    rng = np.random.default_rng(1)
    y = answers(rng, 40, 200)
    strong = y.mean(axis=1) > np.median(y.mean(axis=1))
    y[:, 17] = np.where(strong, 0, 1)
    result = items(table(y))
    flipped = of_items(result, "rest_discrimination").query("flag.str.contains('flipped')")
    assert list(flipped.index) == ["q0017"]
    assert flipped.iloc[0]["flipped_q"] < 1e-6
    assert of_task(result, "flipped")["value"] == 1


def options(y, gold, rng):
    """Chosen options A-D for 0/1 responses: the wrong ones at random."""
    letters = np.array(list("ABCD"))
    wrong = np.array([rng.choice([c for c in letters if c != g], len(y)) for g in gold]).T
    return np.where(y == 1, gold, wrong)


def with_options(y, chosen, gold):
    records = table(y)
    at = np.nonzero(np.isfinite(y))
    return records.assign(**{"answer.chosen": chosen[at], "item.gold": np.array(gold)[at[1]]})


def test_a_wrong_label_is_found_where_the_better_agree_on_another_answer():
    rng = np.random.default_rng(2)
    y = answers(rng, 30, 300)
    gold = rng.choice(list("ABCD"), 300)
    chosen = options(y, gold, rng)
    labelled = gold.copy()
    easy = np.flatnonzero((y.mean(axis=0) > 0.5) & (y.mean(axis=0) < 0.8))[:10]
    for j in easy:  # the label is moved to another option
        labelled[j] = next(c for c in "ABCD" if c != gold[j])
    scored = (chosen == labelled).astype(float)
    result = items(with_options(scored, chosen, labelled))
    rows = of_items(result, "rest_discrimination")
    suspect = rows[rows["flag"].str.contains("suspect_label")]
    names = {f"q{j:04}" for j in easy}
    assert len(names & set(suspect.index)) >= 6
    assert len(set(suspect.index) - names) <= 2
    for name in names & set(suspect.index):
        assert suspect.loc[name, "chosen_instead"] == gold[int(name[1:])]
    assert of_task(result, "suspect_label")["n"] < 300  # only where another option has more votes


def test_false_alarms_stay_below_the_rate():
    rng = np.random.default_rng(3)
    alarms = []
    for _ in range(10):
        y = (rng.random((25, 200)) < rng.uniform(0.1, 0.9, 200)).astype(float)  # no ability at all
        gold = rng.choice(list("ABCD"), 200)
        result = items(with_options(y, options(y, gold, rng), gold), splits=1)
        alarms.append([of_task(result, n)["value"] > 0 for n in ("flipped", "suspect_label")])
    assert np.mean(alarms) <= 0.15


def test_options_that_do_not_explain_the_scores_are_left_alone():
    rng = np.random.default_rng(4)
    y = answers(rng, 8, 30)
    gold = rng.choice(list("ABCD"), 30)
    chosen = options(1 - y, gold, rng)
    result = items(with_options(y, chosen, gold))
    assert any("do not follow from answer.chosen and item.gold" in w for w in result.warnings)


def test_what_was_chosen_at_earlier_checkpoints_does_not_count():
    rng = np.random.default_rng(13)
    y = answers(rng, 20, 30)
    gold = rng.choice(list("ABCD"), 30)
    late = with_options(y, options(y, gold, rng), gold).assign(checkpoint=2)
    early = with_options(1 - y, options(1 - y, gold, rng), gold).assign(checkpoint=1)
    both = items(pd.concat([early, late]), splits=1)
    alone = items(late, splits=1)
    assert (
        of_items(both, "difficulty")["flag"].tolist()
        == of_items(alone, "difficulty")["flag"].tolist()
    )
    for name in ("suspect_q", "flipped_q"):
        assert of_items(both, "rest_discrimination")[name].tolist() == pytest.approx(
            of_items(alone, "rest_discrimination")[name].tolist(), nan_ok=True
        )


def test_a_metric_that_is_no_choice_ignores_options():
    rng = np.random.default_rng(14)
    y = answers(rng, 8, 30)
    gold = rng.choice(list("ABCD"), 30)
    records = with_options(y, options(y, gold, rng), gold)
    result = items(records.assign(score=rng.random(len(records))), splits=1)
    assert not any("answer.chosen" in w for w in result.warnings)


def test_the_same_question_twice():
    rng = np.random.default_rng(5)
    y = answers(rng, 8, 6)
    records = table(y)
    text = records["item"].map(lambda name: "why?" if name in ("q0001", "q0004") else name)
    gold = records["item"].map(lambda name: "A" if name == "q0001" else "B")
    result = items(records.assign(**{"item.text": text, "item.gold": gold}))
    rows = of_items(result, "difficulty")
    assert rows.loc["q0004", "flag"] == "duplicate, conflicting_gold"
    assert rows.loc["q0004", "duplicate_of"] == "q0001"
    assert rows.loc["q0004", "text"] == "why?"
    assert of_task(result, "duplicate")["value"] == 2
    plain = of_task(items(records), "duplicate")
    assert np.isnan(plain["value"])
    assert plain["method"].startswith("undefined: cannot be told")


def test_an_item_answered_by_one_model_and_missing_cells():
    y = np.column_stack([Y, [1, *[np.nan] * 5]])
    y[3, 2] = np.nan
    result = items(table(y))
    rows = of_items(result, "rest_discrimination")
    assert rows.loc["q0004", "method"] == "undefined: answered by 1 model"
    assert rows["n"].tolist() == [6, 6, 5, 6, 1]
    assert "t, score: 1 item answered by one model only: no discrimination." in result.warnings
    assert (
        "t, score: 2 items not answered by every model; each item rests on the models that "
        "answered it, each model on its items at equal difficulty." in result.warnings
    )
    assert len(result.quantity("difficulty")) == 5


def test_gaps_are_counted_over_all_tasks():
    y = Y.copy()
    y[0, 1] = np.nan
    several = pd.concat([table(y).assign(task=name) for name in ("t", "u")])
    said = [w for w in items(several).warnings if "not answered by" in w]
    assert len(said) == 1
    assert said[0].startswith("2 readings (first t, score): 2 items not answered by every model;")


def test_ends_of_an_unknown_range_are_not_counted():
    y = np.column_stack([0.5 * Y, np.zeros(6)])
    result = items(table(y))
    for name in ("dead", "saturated", "same_answers"):
        row = of_task(result, name)
        assert np.isnan(row["value"])
        assert row["method"].startswith("undefined: cannot be told")
    assert any("Add columns score_min and score_max." in w for w in result.warnings)


def test_halves_of_the_respondents_stand_beside_the_item_rest_correlation():
    y = answers(np.random.default_rng(15), 12, 40)
    result = items(table(y), splits=1)
    rows = of_items(result, "rest_discrimination")
    for pair, quantity in (
        (("half_a_r", "half_b_r"), "split_stability"),
        (("weak_r", "strong_r"), "weak_strong_stability"),
    ):
        a, b = (rows[name].to_numpy() for name in pair)
        known = np.isfinite(a) & np.isfinite(b)
        assert np.corrcoef(a[known], b[known])[0, 1] == pytest.approx(
            of_task(result, quantity)["value"], abs=1e-12
        )
    assert np.isnan(of_items(result, "difficulty")[["half_a_r", "weak_r"]]).all(axis=None)
    few = of_items(items(table(y[:5])), "rest_discrimination")
    assert np.isnan(few[["half_a_r", "half_b_r", "weak_r", "strong_r"]]).all(axis=None)


def test_more_items_than_models_cannot_flip_any():
    y = answers(np.random.default_rng(6), 5, 300)
    result = items(table(y))
    said = [w for w in result.warnings if "cannot show a single one" in w]
    tested = of_task(result, "flipped")["n"]
    assert said == [
        f"t, score: 5 models cannot show a single one of {tested} items to be flipped or "
        "mislabelled at a false discovery rate of 0.05, whatever they answer; more models can."
    ]
    assert of_task(result, "flipped")["value"] == 0


def test_a_constant_metric_and_a_single_model():
    flat = items(table(np.ones((4, 3))))
    assert np.isnan(of_task(flat, "alpha")["value"])
    assert any("no item tells respondents apart" in w for w in flat.warnings)
    assert of_items(flat, "difficulty")["flag"].tolist() == ["saturated"] * 3
    one = items(table(Y[:1]))
    assert of_items(one, "difficulty")["value"].tolist() == [1, 1, 1, 1]
    assert of_items(one, "difficulty")["flag"].tolist() == [""] * 4
    assert (
        "t, score: one model tells no item from another; more models are needed, or "
        "respondents='seed'." in one.warnings
    )
    two = [w for w in items(table(Y[:2])).warnings if w.startswith("t, score: two models")]
    assert two == [
        "t, score: two models tell no item from another; more models are needed, or "
        "respondents='seed'."
    ]
    single = items(table(Y[:, :1]))
    assert of_task(single, "alpha")["method"].startswith("undefined: a reliability needs")


def test_seeds_as_respondents_are_taken_model_by_model():
    rng = np.random.default_rng(7)
    p = rng.uniform(0.2, 0.9, 40)
    runs = {m: (rng.random((40, 12)) < p[:, None]).astype(float) for m in ("A", "B")}
    result = items(crossed(runs, "seed"), respondents="seed")
    alpha = result.quantity("alpha").set_index("model")
    assert alpha.loc["A", "value"] == pytest.approx(cronbach_alpha(runs["A"].T).value)
    assert alpha.loc["A", "unit"] == "seed"
    assert any("a reliability near 0 is then expected" in w for w in result.warnings)


def test_checkpoints_as_respondents_are_no_independent_draws():
    rng = np.random.default_rng(16)
    result = items(crossed({"A": rng.random((10, 6)).round()}, "checkpoint"),
                   respondents="checkpoint")  # fmt: skip
    assert of_task(result, "alpha")["unit"] == "checkpoint"
    assert any("which those of one run are not: they are too narrow." in w for w in result.warnings)


def test_models_are_means_over_seeds_at_the_last_checkpoint():
    rng = np.random.default_rng(8)
    runs = {m: (rng.random((10, 3, 2)) < 0.5).astype(float) for m in "ABCD"}
    result = items(crossed(runs, "seed", "checkpoint"))
    means = np.array([runs[m][:, :, 1].mean(axis=1) for m in "ABCD"])
    found = of_items(result, "difficulty")["value"]
    assert found.sort_index().to_numpy() == pytest.approx(means.mean(axis=0)[np.argsort(
        [str(i) for i in range(10)])])  # fmt: skip


def test_the_data_map_over_checkpoints():
    curve = np.array([[0.3, 0.6, 0.8, 0.7], [1, 1, 1, 1], [0, 0, 0, 0], [0.9, 0.2, 0.9, 0.2]])
    records = crossed({"A": curve, "B": curve}, "checkpoint").assign(metric="p_correct")
    result = items(records)
    rows = result.table[result.table["model"] == "A"].set_index(["quantity", "item"])
    assert rows.loc[("confidence", "0"), "value"] == pytest.approx(0.6)
    assert rows.loc[("variability", "0"), "value"] == pytest.approx(0.187082869, abs=1e-9)
    assert rows.loc[("forgetting", "3"), "value"] == 2
    assert np.isnan(rows.loc[("forgetting", "2"), "value"])
    assert rows.loc["confidence", "region"].to_dict() == {
        "0": "ambiguous", "1": "easy", "2": "hard", "3": "ambiguous",
    }  # fmt: skip
    assert rows.loc[("confidence", "0"), "unit"] == "checkpoint"


def test_the_data_map_of_errors_is_that_of_what_is_right():
    right = np.array([[0, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 0.0]])
    errors = crossed({m: 1 - right for m in "AB"}, "checkpoint").assign(higher_is_better=False)
    rights = items(crossed({m: right for m in "AB"}, "checkpoint"))
    result = items(errors)
    for name in ("confidence", "variability", "forgetting"):
        mine, theirs = (r.quantity(name).set_index(["model", "item"]) for r in (result, rights))
        assert mine["value"].to_numpy() == pytest.approx(theirs["value"].to_numpy(), nan_ok=True)
        assert mine["region"].tolist() == theirs["region"].tolist()
    rows = result.quantity("confidence").set_index(["model", "item"])
    assert rows.loc[("A", "1"), ["value", "region"]].tolist() == [1, "easy"]
    assert rows.loc[("A", "2"), "region"] == "hard"
    forgotten = result.quantity("forgetting").set_index(["model", "item"])
    assert forgotten.loc[("A", "0"), "value"] == 1
    # losses that happen to lie in [0, 1] say nothing of what is right
    losses = crossed({m: right / 3 for m in "AB"}, "checkpoint").assign(higher_is_better=False)
    unmapped = items(losses)
    assert not len(unmapped.quantity("confidence"))
    assert sum("no data map: lower is better" in w for w in unmapped.warnings) == 1


def test_the_data_map_over_seeds_knows_no_forgetting():
    rng = np.random.default_rng(9)
    result = items(crossed({"A": rng.random((5, 4)), "B": rng.random((5, 4))}, "seed"))
    assert set(result.table.loc[result.table["model"] == "A", "quantity"]) == {
        "confidence", "variability",
    }  # fmt: skip
    loss = crossed({m: 3 * rng.random((5, 4)) for m in "AB"}, "seed")
    assert any("no data map: scores lie outside [0, 1]" in w for w in items(loss).warnings)


def test_pruning_gives_monotonicity_beside_that_of_random_subsets():
    rng = np.random.default_rng(10)
    rise = np.linspace(-1, 1, 8)
    runs = {
        m: (rng.random((60, 3, 8)) < special.expit(rise + rng.normal(size=(60, 1, 1)))).astype(
            float
        )
        for m in "ABCDEF"
    }
    result = items(crossed(runs, "seed", "checkpoint"))
    half = result.table[result.table["size"] == 30].set_index("quantity")
    assert half.loc["random_monotonicity", "low"] < half.loc["random_monotonicity", "value"]
    assert 0.3 < half.loc["pruned_monotonicity", "value"] <= 1
    whole = result.table[result.table["size"] == 60].set_index("quantity")
    assert whole.loc["pruned_monotonicity", "value"] == pytest.approx(
        whole.loc["random_monotonicity", "value"]
    )
    again = items(crossed(runs, "seed", "checkpoint"))
    assert again.to_json() == result.to_json()
    other = items(crossed(runs, "seed", "checkpoint"), rng=1)
    assert other.to_json() != result.to_json()


def test_a_group_draws_the_same_in_company_and_alone():
    rng = np.random.default_rng(11)
    both = pd.concat([table(answers(rng, 10, 30)), table(answers(rng, 10, 30)).assign(task="u")])
    alone = items(both, task="u").quantity("split_stability").iloc[0]
    together = items(both).quantity("split_stability").set_index("task").loc["u"]
    assert alone["value"] == together["value"]


def test_lower_is_better_turns_who_is_best_and_not_the_difficulty():
    rng = np.random.default_rng(12)
    y = rng.normal(size=(12, 8)) + rng.normal(size=(12, 1))
    up, down = items(table(y)), items(table(-y, higher_is_better=False))
    for name in ("discrimination", "rest_discrimination", "alpha_without"):
        assert of_items(up, name)["value"].to_numpy() == pytest.approx(
            of_items(down, name)["value"].to_numpy()
        )
    for name in ("difficulty", "upper_lower"):
        assert of_items(up, name)["value"].to_numpy() == pytest.approx(
            -of_items(down, name)["value"].to_numpy()
        )


def test_the_result_goes_to_json_and_back():
    result = items(table(Y))
    back = ev.from_json(result.to_json())
    assert back.table["quantity"].tolist() == result.table["quantity"].tolist()
    assert json.loads(back.to_json())["rows"] == json.loads(result.to_json())["rows"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"respondents": "prompt"},
            "respondents='prompt' is unknown. Use 'model', 'seed' or 'checkpoint'.",
        ),
        ({"fdr": 0}, "fdr must lie between 0 and 1, but is 0."),
        ({"splits": 0}, "splits=0: at least 1 random half is needed."),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(UsageError) as caught:
        items(table(Y), **options)
    assert str(caught.value) == message


def test_aggregates_alone_have_no_items():
    reported = pd.DataFrame({"model": ["A"], "task": ["t"], "metric": ["acc"], "value": [0.5]})
    with pytest.raises(NotEnoughDataError, match="items need per-item scores, but there are none"):
        items(as_evidence(reported=reported))


def test_mmlu_pro(shared):
    from evalvar.adapters import load

    records = load(shared / "mmlu_pro_items" / "mmlu_pro.parquet").records
    records = records.assign(
        task="mmlu_pro", item=records["task"].astype(str) + records["item"].astype(str)
    )
    result = items(records)
    assert len(result.quantity("difficulty")) == 12_032
    wide = records.pivot(index="model", columns="item", values="score").sort_index(axis=1)
    difficulty = of_items(result, "difficulty")["value"]
    assert difficulty.to_numpy() == pytest.approx(wide[difficulty.index].mean().to_numpy())
    assert of_task(result, "dead")["value"] == (wide.max() == 0).sum()
    assert of_task(result, "saturated")["value"] == (wide.min() == 1).sum()
    assert 0.998 < of_task(result, "alpha")["value"] < 1


def test_livebench_with_its_repeated_answers(shared):
    frame = pd.read_parquet(shared / "livebench_items" / "livebench.parquet")
    figures = json.loads((shared / "livebench_items" / "figures.json").read_text())
    records = frame.assign(task=frame["category"]).drop(columns=["category", "turn"])
    evidence = as_evidence(records, duplicates="sample")
    result = items(evidence, splits=5)
    assert len(result.quantity("difficulty")) == figures["n_items"]
    wide = frame[frame["category"] == "math"].pivot(index="model", columns="item", values="score")
    rows = of_items(result, "difficulty")
    math = rows[rows["task"] == "math"]["value"]
    assert math.to_numpy() == pytest.approx(wide.mean()[math.index].to_numpy())
    assert (result.quantity("alpha")["value"] > 0.9).all()


def test_the_error_between_groups_of_one_model_each_is_unknown_and_not_none():
    rng = np.random.default_rng(0)
    for models, known in ((5, False), (9, True)):
        scores = rng.random((models, 12)) < np.linspace(0.2, 0.8, models)[:, None]
        table = pd.DataFrame(
            [
                (f"m{m}", "t", i, float(scores[m, i]))
                for m in range(models)
                for i in range(scores.shape[1])
            ],
            columns=["model", "task", "item", "score"],
        )
        found = items(table).table.query("quantity == 'upper_lower'")
        assert found["low"].notna().all()
        assert found["se"].notna().any() == known
