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
        *("summary", "seed_variance", "checkpoints", "compare", "compare", "compare"),
        *("code_metrics", "coverage"),
    ]
    one_run = grid(models=("A",), seeds=1, steps=1)
    assert names(overview(one_run)) == ["summary", "coverage"]


def test_many_models_are_compared_with_the_best():
    frame = grid(models=[f"m{i:02}" for i in range(12)], seeds=1, steps=1, items=30)
    pairs = next(r for r in overview(frame) if r.name == "compare").quantity("difference")
    assert len(pairs) == 11
    means = frame.groupby("model")["score"].mean()
    assert means[pairs["a"].iloc[0]] == means.max()


def test_aggregates_alone_have_an_overview():
    claims = pd.DataFrame(
        {"model": "A", "task": "t", "metric": "acc", "value": [0.1, 0.2], "seed": [0, 1]}
    )
    assert names(overview(as_evidence(reported=claims))) == ["summary", "seed_variance", "coverage"]
