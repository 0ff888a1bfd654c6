"""ENAMEL's own problems and programs, a few of them: the whole takes minutes."""

import pytest

from evalvar.collect.code_runner import timed_run
from evalvar.collect.findings import statuses

# Two that are wrong under these tests, and one that is right.
CANONICAL = {"HumanEval/22": "wrong", "HumanEval/44": "wrong", "HumanEval/32": "ok"}


@pytest.fixture(scope="module")
def ends(shared, tool):
    tool("bwrap")
    enamel = shared / "enamel"
    names = ("humaneval-canonical", "enamel-references")
    outcome = timed_run(
        enamel / "dataset" / "enamel.csv",
        [enamel / "samples" / f"{name}.json" for name in names],
        problem=CANONICAL,
        repeats=1,
    )
    timings = outcome.evidence.timings
    return {
        (str(model), str(item)): statuses(rows).columns.tolist()
        for (model, item), rows in timings.groupby(["model", "item"], observed=True)
        if model != "reference"
    }


@pytest.mark.parametrize("item", CANONICAL)
def test_canonical_programs_end_as_published(ends, item):
    assert ends["humaneval-canonical", item] == [CANONICAL[item]]


@pytest.mark.parametrize("item", CANONICAL)
def test_references_are_right_as_programs(ends, item):
    assert ends["enamel-references", item] == ["ok"]
