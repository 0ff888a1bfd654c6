import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import evalvar as ev
from evalvar.errors import NotEnoughDataError, UsageError
from tests.analyses.made import records


def table(n=40, items=60, seed=0, **more):
    """Return records of models that differ in ability, and the answers (n, items)."""
    rng = np.random.default_rng(seed)
    theta, a = np.sort(rng.normal(size=n)), rng.lognormal(0, 0.3, items)
    y = (rng.random((n, items)) < special.expit(np.outer(theta, a) - rng.normal(size=items))) * 1.0
    return records({f"m{i:02d}": row for i, row in enumerate(y)}, **more), y


def of_task(result):
    rows = result.table[result.table["model"].isna() & result.table["item"].isna()]
    return rows.set_index("quantity")["value"]


def test_keys_and_quantities():
    data, y = table()
    result = ev.irt(data)
    assert result.name == "irt"
    assert result.keys == ("task", "metric", "model", "seed", "item")
    told = int(((y.mean(axis=0) > 0) & (y.mean(axis=0) < 1)).sum())
    counts = result.table["quantity"].value_counts()
    assert counts["ability"] == 40
    assert counts["discrimination"] == counts["difficulty"] == counts["item_fit"] == 60
    assert (result.table["items"] == told).all()
    assert (result.table["respondents"] == 40).all()
    assert not result.table.duplicated([*result.keys, "quantity"]).any()
    assert result.settings["curve"] == "2pl"


def test_the_fit_is_that_of_the_stats_and_its_control_finds_nothing():
    data, y = table()
    result = ev.irt(data)
    told = (y.mean(axis=0) > 0) & (y.mean(axis=0) < 1)
    fit = ev.stats.fit_irt(y[:, told])
    rows = result.quantity("discrimination").set_index("item")["value"]
    at = [str(i) for i in np.flatnonzero(told)]
    np.testing.assert_allclose(rows[at], fit.discrimination, atol=1e-4)
    found = of_task(result)
    assert found["reliability"] == pytest.approx(fit.reliability, abs=1e-4)
    assert found["mean_discrimination"] > 0.7
    assert abs(found["control_mean_discrimination"]) < 0.15
    assert found["control_discriminating_items"] == 0 < found["discriminating_items"]
    assert found["control_reliability"] < 0.3 < 0.8 < found["reliability"]
    information = ev.stats.item_information([1.0], fit.discrimination, fit.intercept).sum()
    assert found["information@1"] == pytest.approx(information, rel=1e-3)


def test_same_rng_same_bytes_and_the_control_alone_depends_on_it():
    data, _ = table(12, 30)
    one, same, other = (ev.irt(data, rng=s) for s in (1, 1, 2))
    assert one.to_json() == same.to_json()
    moved = ~(one.table["value"].eq(other.table["value"]) | one.table["value"].isna())
    assert moved.any()
    assert one.table.loc[moved, "quantity"].str.startswith("control_").all()


def test_the_unbounded_are_labelled_and_have_no_likelihood_top():
    data, _ = table(30, 40)
    best = data[data["model"] == "m00"].assign(model="perfect", score=1.0)
    worst = best.assign(model="hopeless", score=0.0)
    data = pd.concat([data, best, worst], ignore_index=True)
    rows = ev.irt(data).quantity("ability").set_index("model")
    assert rows.loc[["perfect", "hopeless"], "unbounded"].tolist() == ["above", "below"]
    assert (rows.drop(["perfect", "hopeless"])["unbounded"] == "").all()
    result = ev.irt(data, estimator="mle")
    assert (
        "t, score: 1 model got every fitted item right: the ability has no upper bound but that of "
        "the prior." in result.warnings
    )
    rows = result.quantity("ability").set_index("model")
    assert rows.loc[["perfect", "hopeless"], ["value", "low", "high"]].isna().all(axis=None)
    assert rows.loc["perfect", "method"] == "undefined: all right, so the likelihood has no top"
    assert rows.index[0] == "perfect"


def test_items_are_counted_by_a_test_that_has_no_prior():
    data, _ = table(60, 80)
    rng = np.random.default_rng(9)
    data["score"] = data["score"].mask(data["item"] < 20, rng.integers(0, 2, len(data)) * 1.0)
    weak = (data["model"] < "m30") * 1.0
    data["score"] = data["score"].mask(data["item"] == 20, weak)
    result = ev.irt(data)
    rows = result.quantity("discrimination").set_index("item")
    null, rest = rows.loc[map(str, range(20))], rows.loc[map(str, range(21, 80))]
    assert (null["low"] > 0).sum() > 1  # the prior pulls them up
    assert (rest["slope"] == "rising").sum() > 40
    assert (null["slope"] == "rising").sum() <= 0.05 * (rows["slope"] == "rising").sum()
    assert rows.loc["20", "slope"] == "falling"
    found = of_task(result)
    assert found["discriminating_items"] == (rows["slope"] == "rising").sum()
    assert found["negative_items"] == (rows["slope"] == "falling").sum()
    told = rows["value"].notna()
    whole = data.pivot(index="model", columns="item", values="score").to_numpy()[:, told]
    fit = ev.stats.fit_irt(whole)
    tests = ev.stats.item_slope(whole, fit.discrimination, fit.intercept)
    two_sided = np.minimum(1, 2 * np.minimum(tests.rising_p, tests.falling_p))
    by_number = rows[told].sort_index(key=lambda names: names.astype(int))
    np.testing.assert_allclose(by_number["p_value"], two_sided, atol=1e-9)
    methods = result.table.set_index("quantity")["method"]
    assert methods["negative_items"] == (
        "rank sum of abilities by the other items, Benjamini-Hochberg at 5%"
    )
    assert methods["control_negative_items"].endswith("at 5%, answers shuffled")


def test_no_item_of_answers_without_structure_is_counted():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        data = records({f"m{i:02d}": rng.integers(0, 2, 50) * 1.0 for i in range(12)})
        result = ev.irt(data, rng=seed)
        found = of_task(result)
        assert found["discriminating_items"] + found["negative_items"] <= 1
        assert found["control_discriminating_items"] + found["control_negative_items"] <= 1
        assert result.table[["converged", "control_converged"]].all(axis=None)


def test_what_has_not_converged_is_said_with_what_was_measured(monkeypatch):
    fits = []

    def hasty(y, *, model):
        fits.append(ev.stats.fit_irt(y, model=model, max_steps=3))
        return fits[-1]

    monkeypatch.setattr("evalvar.analyses.latent.fit_irt", hasty)
    data, _ = table()
    said = ev.irt(data).warnings
    for what, fit in zip(("fit", "fit of the shuffled answers"), fits, strict=True):
        assert (
            f"t, score: the {what} has not converged: the last of 3 steps still moved a parameter "
            f"by {fit.change:.1g}." in said
        )


@pytest.mark.parametrize(("seed", "far"), [(7, 2), (2, 8)])
def test_no_ability_is_given_where_the_likelihood_does_not_place_it(seed, far):
    rng = np.random.default_rng(seed)
    data = records({f"m{i}": (rng.random(40) < 0.6) * 1.0 for i in range(8)})
    result = ev.irt(data, estimator="mle")
    rows = result.quantity("ability")
    lost = rows["value"].isna()
    assert lost.sum() == far
    assert rows.loc[lost, ["se", "low", "high"]].isna().all(axis=None)
    assert set(rows.loc[lost, "method"]) == {
        "undefined: more than 8 standard deviations out, or anywhere"
    }
    assert (
        f"t, score: the likelihood alone puts {far} models more than 8 standard deviations out, or "
        "anywhere: the items hardly discriminate. No ability is given; take the prior along "
        "(--estimator eap)." in result.warnings
    )
    assert not any("hardly" in w for w in ev.irt(table()[0], estimator="mle").warnings)
    assert ev.irt(data).quantity("ability")["value"].notna().all()


def test_one_slope_for_all_is_tested_too():
    data, _ = table(200, 40)
    for curve, df in (("2pl", 2), ("1pl", 3)):
        result = ev.irt(data, curve=curve)
        rows = result.quantity("item_fit")
        told = rows["value"].notna()
        assert set(rows.loc[told, "method"]) == {f"score test, {df} df"}
        expected = stats.chi2.sf(rows.loc[told, "value"], df)
        np.testing.assert_allclose(rows.loc[told, "p_value"], expected, atol=1e-12)


def test_seeds_are_called_seeds():
    data = pd.concat([table(2, 40, s)[0].assign(seed=s) for s in range(5)], ignore_index=True)
    perfect = (data["model"] == "m00") & (data["seed"] == 3)
    data["score"] = data["score"].mask(perfect, 1.0)
    data = data[(data["item"] != 2) | perfect]
    result = ev.irt(data, respondents="seed")
    assert any("answered by one seed only" in w for w in result.warnings)
    assert any("1 seed got every fitted item right" in w for w in result.warnings)
    rows = result.quantity("discrimination").set_index("item")
    assert rows.loc["2", "method"] == "undefined: one seed answered"
    with pytest.raises(NotEnoughDataError) as error:
        ev.irt(data[(data["model"] == "m00") & (data["seed"] < 2)], respondents="seed")
    assert str(error.value) == (
        "t, score: item response theory needs at least 3 seeds, but has 2. Read more seeds."
    )


def test_seeds_can_be_respondents():
    data = pd.concat([table(4, 40, s)[0].assign(seed=s) for s in range(5)], ignore_index=True)
    rows = ev.irt(data, respondents="seed").quantity("ability")
    assert len(rows) == 20
    assert set(rows["seed"]) == set(range(5))
    assert ev.irt(data).quantity("ability")["seed"].isna().all()


def test_fractions_are_made_right_or_wrong_and_that_is_said():
    rng = np.random.default_rng(0)
    data = records({f"m{i}": rng.beta(1 + i, 3, 50) for i in range(8)})
    result = ev.irt(data.assign(score_min=0.0, score_max=1.0))
    threshold = result.table["threshold"].iloc[0]
    assert 0 < threshold < 1
    assert any(f"made right above {threshold:.2g} and wrong below" in w for w in result.warnings)


def test_losses_count_turned():
    data, _ = table(20, 40)
    turned = data.assign(score=1 - data["score"], higher_is_better=False)
    one, other = (ev.irt(d).quantity("ability").set_index("model")["value"] for d in (data, turned))
    np.testing.assert_allclose(one, other[one.index], atol=1e-9)


def test_items_that_tell_nobody_apart_have_a_row_and_a_reason():
    data, _ = table(31, 40)
    wrong = data["item"] == 1
    data = data.assign(score=data["score"].mask(data["item"] == 0, 1.0).mask(wrong, 0.0))
    data = data[(data["item"] != 2) | (data["model"] == "m03")]
    result = ev.irt(data)
    rows = result.quantity("discrimination").set_index("item")
    assert rows.loc[["0", "1", "2"], "method"].tolist() == [
        "undefined: all right", "undefined: all wrong", "undefined: one model answered",
    ]  # fmt: skip
    assert rows.loc[["0", "1", "2"], "value"].isna().all()
    assert any(
        "of 40 items answered by all alike (1 of them answered by one model only); they have no "
        "curve and are left out of the fit." in w
        for w in result.warnings
    )


def test_few_models_are_told_that_two_parameters_an_item_are_too_many():
    data, _ = table(12, 60)
    said = (
        "12 respondents do not determine two parameters an item: discriminations lean on what the "
        "items have in common. Take one for all (--curve 1pl), or evalvar items."
    )
    assert any(said in w for w in ev.irt(data).warnings)
    plain = ev.irt(data, curve="1pl")
    assert not any(said in w for w in plain.warnings)
    assert plain.quantity("discrimination")["value"].nunique() == 1


def test_a_task_that_cannot_be_fitted_does_not_take_the_others_along():
    data, _ = table(15, 30)
    flat = data.assign(task="flat", score=1.0)
    result = ev.irt(pd.concat([data, flat], ignore_index=True))
    assert set(result.table["task"]) == {"t"}
    assert any(
        w.startswith("flat, score: every item was answered by all alike") for w in result.warnings
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d.assign(score=d["item"] % 2 * 1.0),
            "t, score: every item was answered by all alike, right or wrong: nothing tells models "
            "apart.",
        ),
        (
            lambda d: d[d["model"] < "m01"],
            "t, score: item response theory needs at least 3 models, but has 1. Read more models, "
            "or take each seed for one (--respondents seed).",
        ),
        (
            lambda d: d[d["model"] < "m02"],
            "t, score: item response theory needs at least 3 models, but has 2. Read more models, "
            "or take each seed for one (--respondents seed).",
        ),
        (
            lambda d: d.assign(score=d["score"] - 5.5),
            "t, score: scores are neither right nor wrong, and their range is not declared. Give "
            "score_min and score_max, or choose a metric that is right or wrong (--metric).",
        ),
    ],
)
def test_bad_input(change, message):
    data, _ = table(5, 30)
    with pytest.raises(NotEnoughDataError) as error:
        ev.irt(change(data))
    assert str(error.value) == message


def test_unknown_words_are_refused():
    data, _ = table(5, 30)
    with pytest.raises(UsageError, match=r"curve='3pl' is unknown\. Use one of 2pl, 1pl"):
        ev.irt(data, curve="3pl")


def test_more_items_than_models_on_real_answers(shared):
    data = pd.read_parquet(shared / "mmlu_pro_items" / "mmlu_pro.parquet")
    data = data[data["task"] == "math"][["model", "task", "item", "score"]]
    result = ev.irt(data)
    found, rows = of_task(result), result.quantity("ability")
    assert len(rows) == data["model"].nunique() == 21
    share = data.groupby("model")["score"].mean()
    assert np.corrcoef(rows["value"], share[rows["model"]])[0, 1] > 0.97
    assert found["reliability"] > 0.98
    assert found["control_reliability"] < 0.1
    assert found["control_discriminating_items"] == 0
