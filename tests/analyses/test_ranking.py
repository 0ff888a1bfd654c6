from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from evalvar.analyses.comparison import compare
from evalvar.analyses.field import meeting
from evalvar.analyses.means import summary
from evalvar.analyses.ranking import leaderboard
from evalvar.cli.standings import standings_text
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.results import from_json
from evalvar.stats import max_t, midp
from tests.analyses.made import crossed


def right_or_wrong(chances, n=200, task="t", seeds=1, seed_sd=0.0, rng=0, **columns):
    """Return answers of models m0, m1 ... that find the same items easy."""
    source = np.random.default_rng(rng)
    ease = source.normal(size=n)
    tables = []
    for m, chance in enumerate(chances):
        for seed in range(seeds):
            shift = reference.norm.ppf(chance) * np.sqrt(2) + seed_sd * source.normal()
            right = (ease + source.normal(size=n) < shift).astype(float)
            tables.append(
                pd.DataFrame(
                    {"model": f"m{m}", "task": task, "item": np.arange(n), "seed": seed,
                     "score": right}
                )
            )  # fmt: skip
    return pd.concat(tables, ignore_index=True).assign(**columns)


def wide(records):
    return records.pivot(index="item", columns="model", values="score").to_numpy()


def by_model(result, quantity):
    return result.quantity(quantity).set_index("model")


def test_five_models_by_their_pairs_one_by_one():
    data = right_or_wrong([0.5, 0.9, 0.7, 0.72, 0.3])
    result = leaderboard(data, rng=3)
    pairs = compare(data).quantity("difference").set_index(["a", "b"])
    x = wide(data)
    ends = list(combinations(range(5), 2))
    p = [
        (pairs.loc[(f"m{i}", f"m{j}")] if (f"m{i}", f"m{j}") in pairs.index
         else pairs.loc[(f"m{j}", f"m{i}")])["p_value"]
        for i, j in ends
    ]  # fmt: skip
    adjusted, _ = max_t(p, np.cov(x.T) / 200, ends, rng=3, df=199, n_draws=100_000)
    better = {m: 0 for m in range(5)}
    worse = dict(better)
    for (i, j), q in zip(ends, adjusted, strict=True):
        if q <= 0.05:
            i, j = (i, j) if x[:, i].mean() > x[:, j].mean() else (j, i)
            worse[i] += 1
            better[j] += 1
    ranks = by_model(result, "rank")
    assert ranks.index.tolist() == ["m1", "m3", "m2", "m0", "m4"]
    assert ranks["value"].tolist() == [1, 2, 3, 4, 5]
    for m in range(5):
        assert ranks.loc[f"m{m}", "low"] == 1 + better[m]
        assert ranks.loc[f"m{m}", "high"] == 5 - worse[m]
    means = by_model(result, "mean")
    for m in range(5):
        one = midp(int(x[:, m].sum()), 200)
        mean = means.loc[f"m{m}"]
        assert (mean["value"], mean["low"], mean["high"]) == pytest.approx(
            (one.value, one.low, one.high)
        )
    gaps = by_model(result, "gap_to_next")
    number = ends.index((2, 3))
    assert gaps.loc["m3", "value"] == pytest.approx(x[:, 3].mean() - x[:, 2].mean())
    assert gaps.loc["m3", "p_value"] == pytest.approx(adjusted[number], abs=0.02)
    assert gaps["method"].unique().tolist() == ["sparse-t; max-T over 10 pairs"]
    assert gaps["next"].tolist() == ["m3", "m2", "m0", "m4"]
    chance = result.quantity("decision_accuracy").iloc[0]
    assert chance["value"] == pytest.approx(np.mean([1 - q / 2 for q in p]))
    assert chance["n"] == 10


def test_intervals_of_gaps_and_p_values_agree_and_are_wider_than_alone():
    data = right_or_wrong(np.linspace(0.5, 0.8, 8), n=150)
    for correction in ("max-t", "bonferroni"):
        gaps = leaderboard(data, correction=correction).quantity("gap_to_next")
        clear = (gaps["low"] > 0) | (gaps["high"] < 0)
        assert (clear == (gaps["p_value"] <= 0.05)).all()
    alone = compare(data, "m7", "m6").quantity("difference").iloc[0]
    ours = by_model(leaderboard(data), "gap_to_next")
    pair = ours.loc["m7"] if ours.loc["m7", "next"] == "m6" else ours.loc["m6"]
    assert pair["high"] - pair["low"] > alone["high"] - alone["low"]


def test_corrections_are_ordered_and_holm_has_no_interval():
    data = right_or_wrong(np.linspace(0.5, 0.8, 8), n=150)
    p = {
        name: leaderboard(data, correction=name).quantity("gap_to_next")
        for name in ("max-t", "holm", "bonferroni")
    }
    assert (p["max-t"]["p_value"] <= p["bonferroni"]["p_value"] + 1e-12).all()
    assert (p["holm"]["p_value"] <= p["bonferroni"]["p_value"] + 1e-12).all()
    assert p["holm"][["low", "high"]].isna().all(axis=None)
    assert p["holm"]["method"].iloc[0] == "sparse-t; Holm over 28 pairs"


def test_two_models_are_as_compare_has_them():
    data = right_or_wrong([0.6, 0.75])
    gap = leaderboard(data).quantity("gap_to_next").iloc[0]
    pair = compare(data, "m1", "m0").quantity("difference").iloc[0]
    for name in ("value", "se", "low", "high", "p_value", "method", "n", "unit"):
        assert gap[name] == pytest.approx(pair[name]) if name != "method" else gap[name]
    assert gap["method"] == pair["method"] == "sparse-t"
    ranks = by_model(leaderboard(data), "rank")
    assert ranks[["low", "high"]].to_numpy().tolist() == [[1, 1], [2, 2]]
    assert ranks["verdict"].tolist() == ["leads", "behind"]


def test_lower_is_better_turns_the_ranks_and_not_the_scores():
    data = right_or_wrong([0.3, 0.6, 0.9])
    up, down = leaderboard(data), leaderboard(data.assign(higher_is_better=False))
    ranks = by_model(down, "rank")
    assert ranks.index.tolist() == ["m0", "m1", "m2"]
    assert by_model(down, "gap_to_next")["value"].lt(0).all()
    assert ranks.loc["m0", "p_best"] == 1
    flipped = 4 - by_model(up, "rank")["high"]
    assert ranks["low"].to_dict() == flipped.to_dict()


def test_identical_models_tie_and_share_the_mean_of_their_ranks():
    data = right_or_wrong([0.6, 0.6])
    twin = data[data["model"] == "m0"].assign(model="twin")
    result = leaderboard(pd.concat([data, twin]))
    ranks = by_model(result, "rank")
    first = ranks.loc[["m0", "twin"]]
    assert first["value"].nunique() == 1
    assert first["value"].iloc[0] in (1.5, 2.5)
    assert first["p_best"].nunique() == 1
    assert ranks["p_best"].sum() == pytest.approx(1)
    assert (ranks["verdict"] == "tied for the lead").all()
    assert ranks["ties"].tolist() == ["a", "a", "a"]


def test_seeds_are_drawn_again_unless_told_otherwise():
    data = right_or_wrong([0.55, 0.6, 0.75], seeds=3, seed_sd=0.4, n=300)
    both, items = leaderboard(data), leaderboard(data, over="item")
    assert by_model(both, "rank")["unit"].unique().tolist() == ["item x seed"]
    assert by_model(items, "rank")["unit"].unique().tolist() == ["item"]
    pair = compare(data, "m2", "m1").quantity("difference").iloc[0]
    gap = by_model(both, "gap_to_next").loc["m2"]
    assert gap["next"] == "m1"
    assert (gap["value"], gap["se"]) == pytest.approx((pair["value"], pair["se"]))
    assert gap["se"] > by_model(items, "gap_to_next").loc["m2", "se"]
    for same in (["item", "seed"], "item x seed", "item,seed"):
        assert leaderboard(data, over=same).table.equals(both.table)


def test_one_model_of_several_seeds_among_single_ones():
    data = right_or_wrong([0.5, 0.6, 0.7], seeds=3, seed_sd=0.3)
    some = data[(data["model"] == "m1") | (data["seed"] == 0)]
    result = leaderboard(some)
    assert by_model(result, "rank")["unit"].iloc[0] == "item x seed"
    assert np.isfinite(by_model(result, "gap_to_next")["p_value"]).all()


def test_clusters_are_drawn_as_wholes():
    data = right_or_wrong([0.5, 0.6, 0.75], n=120)
    data["cluster"] = "c" + (data["item"] // 4).astype(str)
    result = leaderboard(data)
    assert by_model(result, "rank")["unit"].unique().tolist() == ["cluster"]
    pair = compare(data, "m2", "m1").quantity("difference").iloc[0]
    gap = by_model(result, "gap_to_next").loc["m2"]
    assert gap["se"] == pytest.approx(pair["se"])
    assert gap["n"] == 30


def test_models_meet_on_the_items_that_all_answered():
    data = right_or_wrong([0.5, 0.6, 0.7], n=100)
    some = data[(data["model"] != "m1") | (data["item"] >= 30)]
    result = leaderboard(some)
    means = by_model(result, "mean")
    assert means["n"].tolist() == [70] * 3
    assert means["unpaired"].to_dict() == {"m0": 30, "m1": 0, "m2": 30}
    assert means["items"].tolist() == [70] * 3
    assert (
        "t, score: left out 30 of 100 items, which not all 3 models have a score for; without m1 "
        "it would be 0."
    ) in result.warnings


def test_models_without_a_common_item_have_no_rank():
    data = right_or_wrong([0.5, 0.6], n=20)
    apart = data[(data["model"] == "m0") == (data["item"] < 10)]
    with pytest.raises(NotEnoughDataError) as caught:
        leaderboard(apart)
    assert str(caught.value) == "nobody can be ranked on t, score: the models share no items."
    one = data[((data["model"] == "m0") == (data["item"] < 10)) | (data["item"] == 3)]
    with pytest.raises(NotEnoughDataError) as caught:
        leaderboard(one)
    assert str(caught.value) == "nobody can be ranked on t, score: 1 shared item."
    # beside a task with ranks they are rows, and said
    result = leaderboard(pd.concat([apart, data.assign(task="u")]))
    lost = result.table[result.table["task"] == "t"]
    assert lost["value"].isna().all()
    assert lost["method"].unique().tolist() == ["undefined: no shared items"]
    assert "t, score: no rank: the models share 0 items." in result.warnings
    assert "No rank: the models share 0 items." in standings_text(result)
    result = leaderboard(pd.concat([one, data.assign(task="u")]))
    ranks = result.quantity("rank")
    ranks = ranks[ranks["task"] == "t"]
    assert ranks[["low", "high"]].to_numpy().tolist() == [[1, 2], [1, 2]]


def test_the_mean_over_tasks_counts_each_task_once():
    one = right_or_wrong([0.5, 0.6, 0.7], n=50, task="one", rng=1)
    two = right_or_wrong([0.5, 0.8, 0.7], n=400, task="two", rng=2)
    three = right_or_wrong([0.5, 0.8], n=40, task="three", rng=3)
    result = leaderboard(pd.concat([one, two, three]))
    whole = result.table[result.table["task"].isna()]
    means = whole[whole["quantity"] == "mean"].set_index("model")
    expected = (wide(one).mean(axis=0) + wide(two).mean(axis=0)) / 2
    assert means["value"].sort_index().tolist() == pytest.approx(expected.tolist())
    # independent tasks: a quarter of each variance
    d = [wide(t)[:, 2] - wide(t)[:, 0] for t in (one, two)]
    se = np.sqrt(sum(x.var(ddof=1) / x.size for x in d) / 4)
    gap = whole[whole["quantity"] == "gap_to_next"]
    assert gap["se"].max() == pytest.approx(se, rel=0.15)
    assert means["items"].tolist() == [450] * 3
    assert (
        "mean over tasks, score: left out 1 task without items that all 3 models share (three)."
    ) in result.warnings
    assert leaderboard(pd.concat([one, two]), weights=None).table["task"].notna().all()


def test_tasks_may_count_by_their_items():
    one = right_or_wrong([0.5, 0.6], n=50, task="one", rng=1)
    two = right_or_wrong([0.5, 0.8], n=150, task="two", rng=2)
    whole = leaderboard(pd.concat([one, two]), weights="items").table
    whole = whole[whole["task"].isna()].set_index(["quantity", "model"])
    pooled = pd.concat([one, two]).groupby("model")["score"].mean()
    assert whole.loc[("mean", "m1"), "value"] == pytest.approx(pooled["m1"])
    assert whole.loc[("mean", "m1"), "method"].endswith("mean of 2 tasks, weighted by their items")
    with pytest.raises(UsageError, match="weights='size' is unknown"):
        leaderboard(one, weights="size")


def test_the_mean_over_tasks_with_seeds_takes_them_as_moving_together():
    one = right_or_wrong([0.5, 0.7], n=100, task="one", seeds=4, seed_sd=0.3, rng=1)
    two = right_or_wrong([0.5, 0.7], n=100, task="two", seeds=4, seed_sd=0.3, rng=2)
    result = leaderboard(pd.concat([one, two]))
    whole = result.table[result.table["task"].isna()]
    assert whole[whole["quantity"] == "mean"]["unit"].unique().tolist() == ["item x seed"]
    assert np.isfinite(whole[whole["quantity"] == "mean"]["low"]).all()


def test_pass_at_k_is_ranked_like_any_mean_over_items():
    several = pd.concat(
        [right_or_wrong([0.3, 0.5], n=60, rng=r).assign(sample=r) for r in range(4)]
    )
    result = leaderboard(several, functional="pass@2")
    best = several.groupby(["model", "item"])["score"].sum()
    c = best["m1"].to_numpy()
    expected = np.mean(1 - (4 - c) * (3 - c) / 12)
    assert by_model(result, "pass@2").loc["m1", "value"] == pytest.approx(expected)
    assert "m1 leads" in standings_text(result) or "Nobody leads" in standings_text(result)


def test_too_few_answers_leave_a_model_without_a_rank_as_without_a_comparison():
    several = pd.concat(
        [right_or_wrong([0.3, 0.5, 0.6], n=60, rng=r).assign(sample=r) for r in range(4)]
    )
    lone = (several["model"] == "m2") & (several["item"] < 5) & (several["sample"] > 0)
    result = leaderboard(several[~lone], functional="pass@2")
    ranks = by_model(result, "rank")
    assert ranks["value"].dropna().index.tolist() == ["m1", "m0"]
    assert ranks.loc["m2", "method"] == (
        "not ranked: pass@2 needs 2 answers to an item, too few for 5 items"
    )
    assert np.isnan(by_model(result, "pass@2").loc["m2", "value"])
    assert by_model(result, "pass@2")["n"].tolist()[:2] == [60, 60]
    assert result.warnings[0] == (
        "t, score: not ranked, because they have too few answers to some items: m2 for 5."
    )
    rows = compare(several[~lone], functional="pass@2").quantity("difference")
    assert (rows["verdict"] == "undefined").sum() == 2
    with pytest.raises(NotEnoughDataError) as caught:
        leaderboard(several, functional="pass@5")
    assert str(caught.value) == (
        "nobody can be ranked on t, score: pass@5 needs 5 answers to an item, too few for 60 items "
        "of m0. Ask for fewer tries."
    )


def test_what_is_no_mean_is_resampled_over_items_for_all_models_at_once():
    source = np.random.default_rng(0)
    ease = source.exponential(size=(80, 1))
    x = ease + source.exponential(size=(80, 4)) + [0.0, 0.0, 0.3, 2.0]
    data = pd.DataFrame(
        {"model": np.repeat(list("abcd"), 80), "task": "t", "item": np.tile(np.arange(80), 4),
         "score": x.T.ravel()}
    )  # fmt: skip
    result = leaderboard(data, functional="median")
    medians = by_model(result, "median")
    for m, name in enumerate("abcd"):
        assert medians.loc[name, "value"] == pytest.approx(np.median(x[:, m]))
    ranks = by_model(result, "rank")
    assert ranks.loc["d", ["low", "high"]].tolist() == [1, 1]
    gaps = by_model(result, "gap_to_next")
    assert gaps["method"].iloc[0] == (
        "t on bootstrap of the median, 9999 resamples; max-T over 6 pairs"
    )
    assert ((gaps["low"] > 0) == (gaps["p_value"] <= 0.05)).all()
    assert result.to_json() == leaderboard(data, functional="median").to_json()

    def first(scores, axis):
        return scores.mean(axis=axis)

    own, mean = leaderboard(data, functional=first), leaderboard(data)
    assert own.settings["functional"] == "first"
    se = by_model(own, "first")["se"] / by_model(mean, "mean")["se"]
    assert se.to_numpy() == pytest.approx(1, abs=0.03)
    with pytest.raises(UsageError, match="median is ranked over items alone"):
        leaderboard(data, functional="median", over=["item", "seed"])


def test_missing_answers_drop_their_item_or_count_as_wrong():
    data = right_or_wrong([0.5, 0.7], n=50)
    data.loc[data.index[:5], "score"] = np.nan
    data = data.assign(score_min=0.0, score_max=1.0)
    assert by_model(leaderboard(data), "mean")["n"].tolist() == [45, 45]
    assert by_model(leaderboard(data, missing="wrong"), "mean")["n"].tolist() == [50, 50]


def test_the_last_checkpoint_counts_and_several_are_refused():
    early = right_or_wrong([0.3, 0.6], rng=1).assign(checkpoint=10)
    late = right_or_wrong([0.7, 0.6], rng=2).assign(checkpoint=20)
    both = pd.concat([early, late])
    assert by_model(leaderboard(both), "rank").index[0] == "m0"
    assert by_model(leaderboard(both, checkpoint=10), "rank").index[0] == "m1"
    with pytest.raises(UsageError) as raised:
        leaderboard(both, checkpoint=[10, 20])
    assert str(raised.value) == (
        "m0, t, score: 2 checkpoints, and a leaderboard ranks one of each model. Name one with "
        "checkpoint (--checkpoint), or compare between='checkpoint' (--between checkpoint)."
    )


def test_same_rng_same_bytes_whatever_else_is_ranked():
    one = right_or_wrong([0.5, 0.6, 0.7], task="one", rng=1)
    two = right_or_wrong([0.5, 0.6, 0.7], task="two", rng=2)
    alone, both = leaderboard(one), leaderboard(pd.concat([one, two]), weights=None)
    assert alone.to_json() == leaderboard(one).to_json()
    part = both.table[both.table["task"] == "one"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, alone.table)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"correction": "tukey"},
            "correction='tukey' is unknown. Use one of max-t, holm, bonferroni.",
        ),
        (
            {"over": "seed"},
            "over='seed': a leaderboard is over item, or item x seed. Compare two models over "
            "other axes with compare.",
        ),
        (
            {"over": ["item", "prompt"]},
            "over='item x prompt': a leaderboard is over item, or item x seed. Compare two models "
            "over other axes with compare.",
        ),
        (
            {"over": "judge"},
            "over='judge': there is no axis 'judge'. Name some of item, seed, prompt, such as "
            "'item x seed'.",
        ),
        (
            {"over": ["item", "seed"]},
            "over names seed, and no model has several seeds. Leave it out.",
        ),
        (
            {"functional": "wins"},
            "functional='wins' is who of two is better, and a leaderboard ranks each by itself. "
            "Use compare, or rank by another functional.",
        ),
        (
            {"model": "m0"},
            "nothing to rank: there is one model only, m0.",
        ),
    ],
)
def test_what_cannot_be_ranked_is_one_line(arguments, message):
    with pytest.raises(UsageError) as raised:
        leaderboard(right_or_wrong([0.5, 0.6], n=20), **arguments)
    assert str(raised.value) == message


def test_reported_values_cannot_be_ranked():
    reported = pd.DataFrame({"model": ["a", "b"], "task": "t", "value": [0.5, 0.6], "n": 10})
    with pytest.raises(NotEnoughDataError, match="this file has no items: a leaderboard pairs"):
        leaderboard(as_evidence(reported=reported))


def test_a_range_that_is_not_known_leaves_identical_models_undecided():
    data = pd.DataFrame(
        {"model": list("aabb"), "task": "t", "item": [0, 1, 0, 1], "score": [2.5, 3.5, 2.5, 3.5]}
    )
    result = leaderboard(data)
    ranks = by_model(result, "rank")
    assert ranks[["value", "low", "high"]].to_numpy().tolist() == [[1.5, 1, 2], [1.5, 1, 2]]
    assert np.isnan(result.quantity("gap_to_next")["p_value"].iloc[0])
    assert np.isnan(result.quantity("decision_accuracy")["value"].iloc[0])


def test_the_mean_of_a_loss_is_as_summary_has_it():
    loss = np.random.default_rng(5).lognormal(size=(40, 2))
    data = pd.DataFrame(
        {"model": np.repeat(["a", "b"], 40), "task": "t", "item": np.tile(np.arange(40), 2),
         "score": loss.T.ravel(), "higher_is_better": False}
    )  # fmt: skip
    ours, theirs = by_model(leaderboard(data), "mean"), summary(data).table.set_index("model")
    names = ["value", "low", "high"]
    assert ours.loc["a", names].tolist() == pytest.approx(theirs.loc["a", names].tolist())


def test_the_table_shows_rank_sets_bars_scores_and_gaps():
    data = right_or_wrong([0.3, 0.6, 0.62, 0.9])
    text = standings_text(leaderboard(data))
    lines = text.splitlines()
    assert lines[0] == "t, score: 4 models on the 200 items that all of them answered"
    assert lines[1].startswith("M3 leads: ahead of m") or lines[1].startswith(
        "m3 leads: ahead of m"
    )
    assert lines[3].split() == [
        "rank", "ties", "model", "score", "interval", "ahead", "of", "next", "by", "interval", "p",
    ]  # fmt: skip
    assert lines[4].split()[:2] == ["1", "m3"]
    assert lines[5].split()[:2] == ["2\u20133", "┌"]
    assert lines[6].split()[:2] == ["2\u20133", "└"]
    assert "max-T over 6 pairs" in text


def test_the_sentence_says_who_is_tied():
    text = standings_text(leaderboard(right_or_wrong([0.6, 0.61, 0.62], n=40)))
    assert "Nobody leads: " in text
    assert "and the other 2 cannot be told apart from it." in text
    text = standings_text(leaderboard(right_or_wrong([0.6, 0.61], n=40)))
    assert "m0 and m1 cannot be told apart." in text or "m1 and m0 cannot be told apart." in text
    text = standings_text(leaderboard(right_or_wrong([0.2, 0.85, 0.86], n=100)))
    assert "Nobody leads alone: " in text


def test_many_tasks_are_a_line_each_and_the_table_of_their_mean():
    data = pd.concat([right_or_wrong([0.4, 0.7], task=f"t{i}", rng=i, n=60) for i in range(4)])
    text = standings_text(leaderboard(data))
    assert text.count(" leads: ahead of ") + text.count("cannot be told apart") == 5
    assert "Name one with --task to see its table." in text
    assert "mean over 4 tasks, score: 2 models on the 240 items" in text


def test_published_answers_of_21_models(shared):
    table = pd.read_parquet(shared / "mmlu_pro_items" / "mmlu_pro.parquet")
    data = table[["model", "task", "item", "score"]].query("task == 'math'")
    result = leaderboard(data)
    ranks = by_model(result, "rank")
    assert len(ranks) == 21
    assert (ranks["low"] <= ranks["value"]).all()
    assert (ranks["value"] <= ranks["high"]).all()
    assert ranks["p_best"].sum() == pytest.approx(1)
    assert any("without DeepSeek-Coder-V2 it would be 0" in w for w in result.warnings)


def test_models_that_hardly_meet_the_others_are_not_ranked_and_named():
    data = right_or_wrong([0.5, 0.6, 0.7, 0.8], n=100)
    few = data[(data["model"] != "m0") | (data["item"] < 30)]
    result = leaderboard(few)
    ranks, means = by_model(result, "rank"), by_model(result, "mean")
    assert ranks.index.tolist() == ["m3", "m2", "m1", "m0"]
    assert means["n"].tolist() == [100, 100, 100, 30]
    # the one without a rank has its own mean, and its row says why
    own = few.loc[few["model"] == "m0", "score"]
    one = midp(int(own.sum()), 30)
    row = means.loc["m0"]
    assert (row["value"], row["low"], row["high"]) == pytest.approx((one.value, one.low, one.high))
    row = ranks.loc["m0"]
    assert row[["value", "low", "high"]].isna().all()
    assert row["method"] == (
        "not ranked: it has 30 of 100 items, and with it the models would share fewer than half"
    )
    labels = ranks[["ranked", "unranked", "unranked_names", "tasks", "tasks_all"]]
    assert labels.drop_duplicates().to_numpy().tolist() == [[3, 1, "m0", 1, 1]]
    text = standings_text(result)
    assert "t, score: 3 of 4 models on the 100 items that all 3 answered" in text
    assert "m0 has too few items in common and is not ranked.\n" in text
    assert text.splitlines()[7].split()[:2] == ["\u2013", "m0"]
    assert standings_text(from_json(result.to_json())) == text
    assert result.warnings[0].startswith("t, score: not ranked")
    assert (
        "t, score: not ranked, because with them the models would share fewer than half of the 100 "
        "items: m0 with 30."
    ) in result.warnings
    # half of the items is enough to keep everybody
    enough = data[(data["model"] != "m0") | (data["item"] < 50)]
    assert by_model(leaderboard(enough), "mean")["n"].tolist() == [50] * 4


def test_the_leader_of_some_is_told_with_their_number():
    data = right_or_wrong([0.5, 0.1, 0.5, 0.9], n=100)
    few = data[(data["model"] != "m0") | (data["item"] < 30)]
    text = standings_text(leaderboard(few))
    assert "\nm3 leads the 3 models ranked: ahead of m2 by " in text


def test_the_mean_over_tasks_says_of_how_many_and_leaves_out_who_would_leave_few():
    tasks = [right_or_wrong([0.2, 0.5, 0.8], n=40, task=f"t{i}", rng=i) for i in range(5)]
    # m0 has one task of five, m1 lacks one
    kept = [t[(t["model"] != "m0") | (i == 0)] for i, t in enumerate(tasks)]
    kept[4] = kept[4][kept[4]["model"] != "m1"]
    kept[4] = pd.concat([kept[4], kept[4].assign(model="m3")])
    result = leaderboard(pd.concat(kept))
    whole = result.table[result.table["task"].isna()]
    ranks = whole[whole["quantity"] == "rank"].set_index("model")
    assert ranks[["tasks", "tasks_all"]].drop_duplicates().to_numpy().tolist() == [[4, 5]]
    assert ranks["value"].dropna().index.tolist() == ["m2", "m1"]
    assert ranks.loc["m0", "method"] == "not ranked: it has a rank on 1 of 5 tasks"
    means = whole[whole["quantity"] == "mean"].set_index("model")
    expected = np.mean([t.loc[t["model"] == "m1", "score"].mean() for t in tasks[:4]])
    assert means.loc["m1", "value"] == pytest.approx(expected)
    assert np.isnan(means.loc["m0", "value"])
    assert (
        "mean over tasks, score: not ranked, because with them the models would share fewer than "
        "half of the 5 tasks: m0 with 1 and m3 with 1."
    ) in result.warnings
    text = standings_text(result)
    assert "mean over 4 of 5 tasks, score: 2 of 4 models on the 160 items that both answered" in (
        text
    )
    assert "m0 and m3 have too few tasks in common and are not ranked." in text


def test_no_mean_over_tasks_is_said_under_the_tables():
    one = right_or_wrong([0.5, 0.7], task="one", rng=1)
    two = right_or_wrong([0.5, 0.7], task="two", rng=2)
    apart = two[(two["model"] == "m0") == (two["item"] < 100)]
    text = standings_text(leaderboard(pd.concat([one, apart])))
    assert text.splitlines()[0] == (
        "mean over tasks, score: none, it needs two tasks with items that all models share."
    )
    percent = two.assign(score=100 * two["score"], score_min=0.0, score_max=100.0)
    result = leaderboard(pd.concat([one, percent]))
    assert result.warnings[0] == (
        "mean over tasks, score: none, the scores of its tasks have different ranges."
    )
    assert result.table["task"].notna().all()
    lower = leaderboard(pd.concat([one, two.assign(higher_is_better=False)]))
    assert lower.warnings[0].endswith("have different orientations.")


def test_what_cannot_be_compared_is_said_and_leaves_the_rest_as_it_is():
    data = pd.concat(
        [right_or_wrong([0.5, 0.6], n=30), right_or_wrong([0.55], n=30, seeds=1)], ignore_index=True
    )
    data["score"] = data["score"] + 3.0 * np.random.default_rng(0).random(len(data))
    first = data[data["model"] == "m1"].iloc[:30]
    data = pd.concat([data.drop_duplicates(["model", "item"]), first.assign(model="twin")])
    result = leaderboard(data)
    assert (
        "t, score: 1 of 3 pairs cannot be compared and counts as tied (first m1 and twin: sparse-t "
        "(all differences equal, range unknown: no interval))."
    ) in result.warnings
    chance = result.quantity("decision_accuracy").iloc[0]
    assert (chance["n"], bool(0.5 < chance["value"] < 1)) == (2, True)
    assert by_model(result, "rank")["method"].unique().tolist() == [
        "rank set, sparse-t; max-T over 2 pairs"
    ]


def test_who_meets_by_hand():
    def has(*items):
        table = np.zeros((10, len(items)), dtype=bool)
        for m, span in enumerate(items):
            table[span, m] = True
        return table

    whole, first, last = slice(0, 10), slice(0, 4), slice(6, 10)
    assert meeting(has(whole, whole)).all()
    assert meeting(has(whole, first, whole)).tolist() == [True, False, True]
    # the two that share no item: both go, and the three that are left share all
    assert meeting(has(whole, first, last, whole, whole)).tolist() == [
        True,
        False,
        False,
        True,
        True,
    ]
    # nobody to leave out that would help
    assert meeting(has(first, last)).all()
    assert meeting(has(first, slice(3, 7), last)).all()


def test_tasks_with_and_without_seeds_leave_their_mean_undefined_and_say_why():
    one = right_or_wrong([0.5, 0.7], n=60, task="one", seeds=3, seed_sd=0.3, rng=1)
    two = right_or_wrong([0.5, 0.7], n=60, task="two", rng=2)
    result = leaderboard(pd.concat([one, two]))
    whole = result.table[result.table["task"].isna() & (result.table["quantity"] == "gap_to_next")]
    assert whole["method"].str.startswith("undefined: a mean over tasks for new items").all()
    over_items = leaderboard(pd.concat([one, two]), over="item")
    whole = over_items.table[over_items.table["task"].isna()]
    assert whole[whole["quantity"] == "gap_to_next"]["p_value"].notna().all()


def test_a_model_that_has_everything_right_is_shown_with_its_exact_bound():
    data = right_or_wrong([0.4, 0.5], n=40)
    perfect = data[data["model"] == "m0"].assign(model="perfect", score=1.0)
    result = leaderboard(pd.concat([data, perfect]))
    mean = by_model(result, "mean").loc["perfect"]
    assert (mean["value"], mean["high"]) == (1, 1)
    assert 0.85 < mean["low"] < 1
    assert "\nperfect leads: ahead of m1 by " in standings_text(result)
    assert from_json(result.to_json()).table["low"].equals(result.table["low"])
    assert standings_text(from_json(result.to_json())) == standings_text(result)


def test_few_seeds_of_a_field_are_adjusted_with_their_own_freedom():
    """As compare adjusts the same pairs."""
    rng = np.random.default_rng(21)
    frame = crossed(
        {m: rng.normal(size=(30, 3)) + 0.5 * rng.normal(size=3) for m in "ABCDE"}, "seed"
    )
    board, pairs = leaderboard(frame).table, compare(frame).quantity("difference_simultaneous")
    adjusted = {frozenset((r["a"], r["b"])): r["p_value"] for _, r in pairs.iterrows()}
    for _, row in board[board["quantity"] == "gap_to_next"].iterrows():
        expected = adjusted[frozenset((row["model"], row["next"]))]
        assert row["p_value"] == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("shared", [True, False])
def test_ranks_of_a_mean_over_tasks_know_whether_the_seeds_are_the_same(shared):
    """As others in each of 10 tasks, half of the equal models were best with 95 %."""
    rng, moves = np.random.default_rng(22), np.random.default_rng(23).normal(0, 0.5, (2, 3))
    frames = []
    for t in range(10):
        scores = {m: 0.3 * rng.normal(size=(30, 3)) + moves[i] for i, m in enumerate("AB")}
        frame = crossed(scores, "seed").assign(task=f"t{t}")
        frames.append(frame if shared else frame.assign(seed=frame["seed"] + 10 * t))
    board = leaderboard(pd.concat(frames)).table
    whole = board[board["task"].isna()].set_index("quantity")
    gap = whole.loc["gap_to_next"]
    expected = reference.norm.cdf(gap["value"] / gap["se"])
    assert whole.loc["mean", "p_best"].max() == pytest.approx(expected, abs=0.02)
