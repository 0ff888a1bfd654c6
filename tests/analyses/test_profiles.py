"""DPS of EvalPerf: means, differences on shared items, and whether it follows from the clusters."""

import json

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.profiles import efficiency_profiles, profile_records
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import sparse_t


@pytest.fixture(scope="module")
def evalperf(shared):
    folder = shared / "evalperf"
    tables = [pd.read_parquet(folder / f"{name}.parquet") for name in ("profiled_samples", "items")]
    figures = json.loads((folder / "figures.json").read_text())["models"]
    return *tables, figures


def small(dps_norm=(50.0, 75.0)):
    profiles = pd.DataFrame(
        {"model": ["A", "A", "B", "B"], "item": "x", "sample": [0, 1, 0, 1],
         "cluster_idx": [0, 2, 1, 3]}
    )  # fmt: skip
    published = pd.DataFrame(
        {"model": ["A", "B"], "item": "x", "dps": [40.0, 70.0], "dps_norm": dps_norm}
    )
    return profiles, published


def value(result, **key):
    table = result.table
    for name, wanted in key.items():
        table = table[table[name].isna() if wanted is None else table[name] == wanted]
    assert len(table) == 1
    return table.iloc[0]


def test_the_rank_of_the_matched_reference_over_their_number():
    # (1 + 3)/2 of 4 references, (2 + 4)/2 of 4
    result = efficiency_profiles(profile_records(*small()))
    for model, norm in (("A", 50.0), ("B", 75.0)):
        row = value(result, model=model, against=None, metric="dps_norm", quantity="recomputed")
        assert row["value"] == pytest.approx(norm)


def test_what_does_not_follow_from_the_clusters_is_said():
    result = efficiency_profiles(profile_records(*small((50.0, 70.0))))
    assert "dps_norm of 1 item does not follow from the clusters." in result.warnings
    assert not (result.table["quantity"] == "recomputed").any()


def test_the_published_summaries_and_every_item_of_25_models_are_met(evalperf):
    profiles, items, figures = evalperf
    result = efficiency_profiles(profile_records(profiles, items), level=0.9)
    for name, said in figures.items():
        for metric in ("dps", "dps_norm"):
            key = {"model": name, "against": None, "metric": metric, "task": None}
            mean = value(result, quantity="mean", **key)
            assert mean["value"] == pytest.approx(said["published_summary"][metric], abs=1e-9)
            assert mean["n"] == said["n_with_dps"]
            kept = value(result, quantity="share_kept", **key)
            assert kept["value"] == pytest.approx(said["n_with_dps"] / 118)
            assert value(result, quantity="largest_error", **key)["value"] < 1e-9
    norm = result.table[result.table["metric"] == "dps_norm"]
    found = norm[(norm["quantity"] == "recomputed") & norm["task"].isna()]
    assert int(found["items"].sum()) == items["dps_norm"].notna().sum() == 2701


def test_models_are_compared_on_the_items_that_both_keep(evalperf):
    profiles, items, _ = evalperf
    names = sorted(items["model"].unique())[:2]
    few = items[items["model"].isin(names)]
    result = efficiency_profiles(profile_records(profiles[profiles["model"].isin(names)], few))
    wide = few.pivot(index="item", columns="model", values="dps").dropna()
    expected = sparse_t((wide[names[0]] - wide[names[1]]).to_numpy(), low=-100, high=100)
    row = value(result, quantity="difference", metric="dps", task=None)
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert row["items"] == len(wide)


def test_bad_input_is_refused():
    profiles, published = small()
    with pytest.raises(UsageError, match="profiles lacks cluster_idx"):
        profile_records(profiles.drop(columns="cluster_idx"), published)
    other = pd.DataFrame({"model": "A", "task": "t", "item": range(3), "score": np.ones(3)})
    with pytest.raises(NotEnoughDataError, match="there is no dps or dps_norm"):
        efficiency_profiles(other)


def test_one_item_has_its_value_and_no_interval():
    profiles, published = small()
    result = efficiency_profiles(profile_records(profiles, published))
    row = value(result, model="A", against=None, metric="dps", quantity="mean")
    assert (row["value"], row["items"]) == (40.0, 1)
    assert row["method"] == "undefined: one item has no interval"
    row = value(result, model="A", against="B", metric="dps", quantity="difference")
    assert (row["value"], row["method"]) == (-30.0, "undefined: 1 shared item")


def test_items_that_are_not_kept_are_counted_once_whatever_is_published():
    profiles, published = small()
    more = pd.concat([published, published.assign(item="y", dps=np.nan, dps_norm=[60.0, np.nan])])
    result = efficiency_profiles(profile_records(profiles, more))
    assert any(said.startswith("left out 2 items of models") for said in result.warnings)
