"""Programs that are out for more than they earn, timed and scored."""

import pytest

from evalvar.analyses import timing_scores
from evalvar.collect.code_runner import timed_run
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Limits
from tests.collect import hostile
from tests.collect.toys import toys

# The limit is long beside what the clock can tell, and the honest loop past it at every level.
SIZES = (10, 500, 501, 4_000)
PROBLEM = Problem(
    "hostile",
    hostile.PROMPT,
    hostile.ENTRY_POINT,
    hostile.GENERATOR,
    SIZES,
    hostile.REFERENCE,
    hostile.CHECKER,
)
BY_INPUT = """
_seen, _honest = {}, smaller
def smaller(numbers):
    key = tuple(numbers)
    if key not in _seen:
        _seen[key] = _honest(numbers)
    return _seen[key]
"""
TAKE_OVER = """
import gc, os, struct, time, types
_honest = smaller
def smaller(numbers):
    out = _honest(numbers)
    for held in gc.get_objects():
        if isinstance(held, types.FunctionType) and held.__name__ == "answer":
            for cell in held.__closure__ or ():
                if isinstance(cell.cell_contents, types.BuiltinFunctionType):
                    if cell.cell_contents.__name__ == "perf_counter":
                        cell.cell_contents = lambda: 0.0
    return out
"""
CHEATS = {
    **{name: cheat.program for name, cheat in hostile.CHEATS.items()},
    **{name: cheat.program for name, cheat in hostile.BYTES.items()},
    "cache by input within a process": hostile.HONEST + BY_INPUT,
    "hold the clock that was taken before": hostile.HONEST + TAKE_OVER,
}


@pytest.fixture(scope="module")
def scores(tool):
    """Score of every cheat, of its honest self, and of the reference as a program."""
    tool("bwrap")
    programs = [hostile.REFERENCE, hostile.HONEST, *CHEATS.values()]
    outcome = timed_run(
        toys(PROBLEM), {"m": {"hostile": programs}}, repeats=2, limits=Limits(load_s=2.0)
    )
    with pytest.MonkeyPatch.context() as patch:
        # also on a machine that is too busy to tell these times
        patch.setattr(timing_scores, "RESOLUTIONS", 0)
        records = timing_scores.score_timings(outcome.evidence).records
    wide = records.pivot(index="sample", columns="metric", values="score")
    timings = outcome.evidence.timings
    first = timings[(timings["model"] == "m") & (timings["level"] == 1)]
    wide["quickest"] = first.groupby("sample")["seconds"].min()
    wide["limit"] = outcome.facts[0]["limit_s"]
    return dict(zip(("reference", "honest", *CHEATS), wide.to_dict("records"), strict=True))


def test_the_honest_self_is_right_and_too_slow(scores):
    quick, honest = scores["reference"], scores["honest"]
    assert quick["passed"] == honest["passed"] == 1
    assert quick["quickest"] < quick["limit"] < honest["quickest"]
    assert honest["efficiency"] == 0


@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_scores_above_its_honest_self(scores, name):
    assert scores[name]["efficiency"] == 0
    quick = scores[name]["quickest"] <= scores[name]["limit"]  # not so where it was stopped
    assert not (scores[name]["passed"] and quick)


@pytest.mark.parametrize(
    "name",
    ["always equal", "always equal in a list", "lazy", "lazy generator", "return an early answer",
     "return the last answer", "forge a huge frame", *hostile.BYTES],
)  # fmt: skip
def test_what_is_no_right_answer_does_not_pass(scores, name):
    assert scores[name]["passed"] == 0
