import numpy as np
import pandas as pd

from evalvar.analyses.inventory import inventory
from evalvar.analyses.missing import coverage
from evalvar.analyses.overview import overview
from evalvar.evidence import as_evidence


def grid(models=("A", "B"), seeds=2, steps=3, items=12, samples=1, rng=0):
    draws = np.random.default_rng(rng)
    rows = [
        (m, "t", i, s, t, k, float(draws.random() < 0.5))
        for m in models
        for s in range(seeds)
        for t in range(steps)
        for i in range(items)
        for k in range(samples)
    ]
    names = ["model", "task", "item", "seed", "checkpoint", "sample", "score"]
    return pd.DataFrame(rows, columns=names)


def names(results):
    return [result.name for result in results]


def test_items_asked_missing_and_unscored_add_up():
    frame = grid(models=("A",), seeds=2, steps=1, items=5)
    frame.loc[frame.index[0], "score"] = np.nan
    frame = frame[~((frame["seed"] == 1) & (frame["item"] == 3))]
    table = coverage(frame).table.pivot(index="seed", columns="quantity", values="value")
    assert table.loc[0].to_dict() == {"items": 5, "items_missing": 0, "unscored": 1}
    assert table.loc[1].to_dict() == {"items": 4, "items_missing": 1, "unscored": 0}


def test_a_reported_n_is_counted_where_there_are_no_items():
    claims = pd.DataFrame(
        {"model": ["A"], "task": "t", "metric": "acc", "value": [0.5], "n": [100]}
    )
    assert coverage(as_evidence(reported=claims)).table["value"].tolist() == [100]


def test_inventory_counts_every_axis():
    table = inventory(grid(samples=3)).table
    counts = table[table["model"] == "A"].set_index("quantity")["value"].to_dict()
    assert counts == {
        **{"rows": 216, "items": 12, "seeds": 2, "checkpoints": 3, "prompts": 1},
        **{"samples": 3, "unscored": 0},
    }


def test_overview_runs_what_the_data_support():
    assert names(overview(grid(samples=2))) == [
        *("summary", "seed_variance", "checkpoints", "signal", "variance_components"),
        *("leaderboard", "compare", "compare", "compare", "plan", "code_metrics", "coverage"),
    ]
    one_run = grid(models=("A",), seeds=1, steps=1)
    assert names(overview(one_run)) == ["summary", "plan", "coverage"]


def test_overview_asks_about_variants_of_the_same_questions():
    frame = grid(models=("A",), seeds=1, steps=1)
    both = pd.concat([frame.assign(task="t_choice"), frame.assign(task="t_cloze")])
    assert "framing" in names(overview(both))
    prompts = pd.concat([frame.assign(prompt="short"), frame.assign(prompt="long")])
    assert "prompt_sensitivity" in names(overview(prompts))


def test_overview_asks_about_questions_where_enough_answered_them():
    asked = {"items", "irt", "subset"}
    few = grid(models=("A", "B", "C", "D"), seeds=1, steps=1)
    assert not asked & set(names(overview(few)))
    some = grid(models=[f"m{i}" for i in range(5)], seeds=1, steps=1)
    assert asked & set(names(overview(some))) == {"items", "subset"}
    many = grid(models=[f"m{i:02}" for i in range(30)], seeds=1, steps=1)
    assert asked & set(names(overview(many))) == asked
    runs = grid(models=("A",), seeds=3, steps=3)
    assert asked & set(names(overview(runs))) == {"subset"}


def test_questions_of_scores_that_are_not_0_or_1_are_left_to_their_own_commands():
    frame = grid(models=[f"m{i}" for i in range(5)], seeds=1, steps=1)
    assert "items" not in names(overview(frame.assign(score=frame["score"] * 0.7 + 0.1)))


def test_many_models_are_compared_with_the_next_by_score():
    frame = grid(models=[f"m{i:02}" for i in range(12)], seeds=1, steps=1, items=30)
    pairs = next(r for r in overview(frame) if r.name == "compare").quantity("difference")
    assert len(pairs) == 11
    means = frame.groupby("model")["score"].mean()
    assert means[pairs["a"].iloc[0]] == means.max()
    assert (pairs["mean_a"] >= pairs["mean_b"]).all()
    assert pairs["b"].tolist()[:-1] == pairs["a"].tolist()[1:]


def test_aggregates_alone_have_an_overview():
    claims = pd.DataFrame(
        {"model": "A", "task": "t", "metric": "acc", "value": [0.1, 0.2], "seed": [0, 1]}
    )
    assert names(overview(as_evidence(reported=claims))) == ["summary", "seed_variance", "coverage"]


def test_overview_goes_on_where_one_question_cannot_be_answered():
    disjoint = pd.concat(
        [
            grid(models=("A",), steps=1).assign(task="x"),
            grid(models=("B",), steps=1).assign(task="y"),
        ]
    )
    results = overview(disjoint)
    assert "compare" not in names(results)
    assert any(
        "no two models share a task and metric" in sentence for sentence in results[-1].warnings
    )


def test_overview_compares_the_last_two_checkpoints_that_a_task_has():
    early = grid(models=("A",), steps=2).assign(task="x")
    late = grid(models=("A",), steps=1).assign(task="y", checkpoint=9)
    found = [r for r in overview(pd.concat([early, late])) if r.name == "compare"]
    assert found[0].table[["a", "b"]].to_numpy().tolist()[0] == ["1", "0"]


def test_missing_as_wrong_is_said_once_and_the_same_everywhere():
    frame = grid(models=("A",), seeds=1, steps=1)
    frame.loc[frame.index[0], "score"] = np.nan
    found = [result for result in overview(frame, missing="wrong") if result.name != "plan"]
    said = {s for result in found for s in result.warnings}
    assert said == {"counted as wrong: 1 answer without a score."}


def test_overview_of_nothing_is_empty():
    assert all(len(result.table) == 0 for result in overview(as_evidence()))


def test_models_of_different_benchmarks_make_a_page():
    frame = pd.DataFrame(
        [
            {"model": m, "task": t, "item": str(i), "metric": metric, "score": float(i % 2)}
            for m, t, metric in (("a", "x", "acc"), ("b", "y", "em"), ("c", "z", "f1"))
            for i in range(6)
        ]
    )
    assert "summary" in [result.name for result in overview(frame)]
