import copy
import doctest
import random

import pandas as pd
import pytest

from benchmarks.code import build
from benchmarks.code.record import RECORDED
from benchmarks.code.sources import problems
from evalvar.collect.problems import read_problems
from evalvar.collect.samples import read_samples

EVERY = problems()
CASES = (8, 4, 4, 4)
PLAIN = (type(None), bool, int, float, str, list, tuple, dict)


class Equal:
    """What a cheating program could return."""

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.fixture(params=EVERY, ids=lambda problem: problem.task_id)
def problem(request):
    return request.param


def program(problem, name):
    scope = {}
    exec(problem.prompt + problem.solutions[name], scope)
    return scope[problem.entry_point]


def tool(problem, name):
    scope = {}
    exec(problem.prompt + problem.generator + problem.checker, scope)
    return scope[name]


def case(problem, level, number, seed=0):
    random.seed(f"{seed} {level} {number}")
    return tool(problem, "generate_input")(problem.levels[level], level, number)


def inputs(problem, levels):
    return [case(problem, level, number) for level in levels for number in range(CASES[level])]


def plain(value):
    if type(value) is dict:
        return all(plain(key) and plain(item) for key, item in value.items())
    if type(value) in (list, tuple):
        return all(map(plain, value))
    return type(value) in PLAIN


def accepted(problem, name, given):
    check = tool(problem, "__check")
    answer = program(problem, "reference")(*copy.deepcopy(given))
    return check(given, answer, program(problem, name)(*copy.deepcopy(given)))


def test_the_set_covers_eight_families():
    families = [problem.family for problem in EVERY]
    assert len(EVERY) >= 24
    assert len(set(families)) == 8
    assert min(families.count(family) for family in families) >= 3
    assert len({problem.task_id for problem in EVERY}) == len(EVERY)
    assert {problem.tag for problem in EVERY} == {"algorithm design", "implementation optimisation"}


def test_built_files_are_up_to_date():
    for path, text in build.files().items():
        assert (build.HERE / path).read_bytes() == text.encode(), "run python -m benchmarks.code"


def test_the_runner_reads_all_files():
    read = read_problems(build.HERE / "problems.jsonl")
    assert read.every == read_problems(build.HERE / "problems.csv").every
    assert not read.remarks
    for name, drawn in (*((name, build.DRAWS) for name in build.MIXTURES), ("expert", 1)):
        samples = read_samples(build.HERE / "samples" / f"{name}.jsonl", read)
        assert not samples.remarks
        assert {len(programs) for programs in samples.programs.values()} == {drawn}


def test_sizes_rise(problem):
    assert len(problem.levels) == 4
    assert list(problem.levels[1:]) == sorted(set(problem.levels[1:]))


def test_inputs_are_plain_and_the_same_for_the_same_seed(problem):
    for level, count in enumerate(CASES):
        for number in range(count):
            given = case(problem, level, number)
            assert type(given) is tuple
            assert plain(given)
            assert case(problem, level, number) == given


def test_fast_references_can_be_timed_on_many_inputs(problem):
    for number in range(CASES[1]):
        drawn = [repr(case(problem, 1, number, seed)) for seed in range(6)]
        assert len(set(drawn)) >= 4


def test_generators_leave_the_seed_to_their_caller(problem):
    assert "seed(" not in problem.generator


def test_examples_hold_for_every_solution(problem):
    for name in problem.solutions:
        found = doctest.DocTestFinder(exclude_empty=False).find(
            program(problem, name), problem.entry_point, globs={}
        )
        for example in found:
            example.globs[problem.entry_point] = program(problem, name)
            assert len(example.examples) >= 1
            assert doctest.DocTestRunner(verbose=False).run(example).failed == 0, name


def test_references_are_accepted_at_all_levels(problem):
    assert all(accepted(problem, "reference", given) for given in inputs(problem, range(4)))


@pytest.mark.parametrize(("name", "timed"), [("mid", 4), ("naive", 2)])
def test_right_solutions_agree(problem, name, timed):
    larger = [case(problem, 1, number) for number in range(timed)]
    assert all(accepted(problem, name, given) for given in inputs(problem, (0,)) + larger)


def test_the_wrong_solution_is_caught(problem):
    assert not all(accepted(problem, "fast_wrong", given) for given in inputs(problem, range(4)))


def test_checkers_reject_what_is_no_answer(problem):
    check = tool(problem, "__check")
    for given in inputs(problem, (0,)):
        answer = program(problem, "reference")(*copy.deepcopy(given))
        for output in (None, Equal(), [answer], (answer,), {}, object(), float("nan"), 0.5j):
            assert not check(given, answer, output)
        if type(answer) is int:
            assert not check(given, answer, str(answer))
            assert not check(given, answer, answer + 1)
            assert not check(given, answer, bool(answer))
        elif type(answer) is list:
            assert not check(given, answer, [*answer, 0])
            assert not check(given, answer, tuple(answer))
            assert not answer or not check(given, answer, [Equal() for _ in answer])
        elif type(answer) is str:
            assert not check(given, answer, answer + "L")
            assert not check(given, answer, list(answer))
        else:
            assert not check(given, answer, answer * 1.01 + 0.01)


def test_paths_and_parts_are_judged_by_themselves():
    by_name = {problem.entry_point: problem for problem in EVERY}
    check = tool(by_name["cheapest_walk"], "__check")
    assert check((["11", "11"],), "RD", "DR")
    assert not check((["11", "19"],), "RD", "RR")
    assert not check((["11", "11"],), "RD", "RDUD")
    check = tool(by_name["longest_repeat"], "__check")
    assert check(("abXabYcdZcd",), "ab", "cd")
    assert not check(("abXabYcdZcd",), "ab", "bX")
    check = tool(by_name["solve_linear"], "__check")
    assert check(([[1.0, 1.0], [1.0, -1.0]], [2.0, 0.0]), [1.0, 1.0], [1.0 + 1e-12, 1])
    assert not check(([[1.0, 1.0], [1.0, -1.0]], [2.0, 0.0]), [1.0, 1.0], [1.0, 1.001])


def test_the_recorded_run_is_of_these_problems_and_small():
    timings = pd.read_parquet(RECORDED)
    assert set(timings["item"]) == {problem.task_id for problem in EVERY}
    assert set(timings["model"]) == {"reference", "expert", *build.MIXTURES}
    assert RECORDED.stat().st_size < 150_000


def test_one_simulated_model_is_right_more_often_and_the_other_faster():
    timings = pd.read_parquet(RECORDED)
    said = timings["status"].astype(str)
    programs = timings.assign(right=said != "wrong", fast=said == "ok").groupby(
        ["model", "item", "sample"], observed=True
    )
    share = programs[["right", "fast"]].all().groupby("model", observed=True).mean()
    assert share.loc["mixed_a", "right"] < share.loc["mixed_b", "right"]
    assert share.loc["mixed_a", "fast"] > share.loc["mixed_b", "fast"]
    assert share.loc["expert", "right"] == 1
