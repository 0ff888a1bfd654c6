"""pass@k and eff@k on the problems of each tag, and the differences there."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code import code_metrics
from evalvar.analyses.code_tags import code_by_tag
from evalvar.analyses.comparison import compare
from evalvar.errors import UsageError
from tests.analyses.made import one
from tests.analyses.test_gaps import programs

FRAME = programs(np.random.default_rng(3), {"A": 0.7, "B": 0.4}, n_items=24)
TAGS = {item: ("algorithm", "implementation")[item % 2] for item in range(23)}
TAGGED = FRAME.assign(**{"item.tag": FRAME["item"].map(TAGS)})


def part(tag):
    return FRAME[FRAME["item"].map(TAGS) == tag]


def rows(result, tag, against=False):
    table = result.table
    return table[(table["tag"] == tag) & (table["against"].notna() == against)]


@pytest.mark.parametrize("tag", ["algorithm", "implementation"])
def test_each_tag_has_the_metrics_of_its_problems(tag):
    found = rows(code_by_tag(TAGGED, k=[1, 3]), tag)
    expected = code_metrics(part(tag), k=[1, 3]).table
    assert found["quantity"].tolist() == expected["quantity"].tolist()
    for name in ("value", "low", "high"):
        assert found[name].tolist() == pytest.approx(expected[name].tolist())


@pytest.mark.parametrize("name", ["pass@3", "eff@3", "gap@3"])
def test_models_differ_on_the_problems_of_a_tag_as_compare_says(name):
    found = rows(code_by_tag(TAGGED, k=3), "algorithm", against=True)
    row = found[found["quantity"] == name].iloc[0]
    metric = {"pass@3": "passed", "eff@3": "efficiency"}.get(name)
    expected = one(compare(part("algorithm"), "A", "B", functional=name, metric=metric))
    assert (row["value"], row["low"], row["high"]) == pytest.approx(
        (expected["value"], expected["low"], expected["high"])
    )
    assert (row["model"], row["against"], row["items"]) == ("A", "B", 12)


def test_the_tags_add_up_to_the_whole():
    found = code_by_tag(TAGGED, k=2, model="A", metric="passed").table
    whole = code_metrics(FRAME[FRAME["item"] < 23], k=2, model="A", metric="passed").table
    total = (found["value"] * found["items"]).sum() / found["items"].sum()
    assert total == pytest.approx(whole["value"].iloc[0])


def test_problems_without_a_tag_are_counted_and_none_refused():
    assert "left out 1 problem without item.tag." in code_by_tag(TAGGED, k=1).warnings
    with pytest.raises(UsageError, match=r"no attribute 'item.kind'; there is: item.tag"):
        code_by_tag(TAGGED, "kind", k=1)


def test_the_command_prints_a_line_a_tag(tmp_path, run):
    path = tmp_path / "records.parquet"
    TAGGED.to_parquet(path)
    code, out, _ = run("code", path, "--by", "tag", "-k", "3")
    assert code == 0
    said, table = (block.splitlines() for block in out.split("\n\n")[:2])
    assert [line.partition(" has eff@3 ")[0] for line in said] == ["t: A", "t: B"]
    assert " on algorithm" in said[0]
    assert " on implementation" in said[0]
    assert table[1].split() == ["value", "interval", "problems"]
    assert (table[2], table[6]) == ("algorithm", "implementation")
    assert table[9].startswith("  A \u2212 B")


def test_of_many_models_and_tags_the_best_is_spoken_of_by_its_ends(tmp_path, run):
    rows = [
        {"model": model, "task": "t", "item": item, "item.tag": f"kind {item % 6}",
         "sample": sample, "score": float((item * (sample + 1)) % 6 <= place)}
        for place, model in enumerate("ABCD") for item in range(24) for sample in range(2)
    ]  # fmt: skip
    path = tmp_path / "records.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    code, out, _ = run("code", path, "--by", "tag")
    assert code == 0
    said = out.split("\n\n")[0].splitlines()
    assert len(said) == 1
    assert said[0].startswith("t: D has pass@1 1.00 [")
    assert said[0].endswith(", best and worst of 6 tags.")
    assert "others" not in said[0]


def test_a_tag_whose_problems_two_models_do_not_share_has_no_difference_and_says_why():
    alone = TAGGED.assign(**{"item.tag": TAGGED["item"].map({0: "one", 1: "apart", 2: "apart"})})
    apart = alone[~((alone["model"] == "B") & (alone["item"] == 1))]
    apart = apart[~((apart["model"] == "A") & (apart["item"] == 2))]
    found = code_by_tag(apart, k=1)
    for tag, why in (("one", "at least 2 items"), ("apart", "no shared items")):
        assert len(rows(found, tag)) == 6
        differences = rows(found, tag, against=True)
        assert differences["quantity"].tolist() == ["pass@1", "eff@1", "gap@1"]
        assert differences["value"].isna().all()
        assert differences["method"].str.startswith("undefined: ").all()
        assert differences["method"].str.contains(why).all()
