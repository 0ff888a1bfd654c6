"""What a checker says of outputs, and what it is not asked."""

import time

import pytest

from evalvar.collect.code_runner import LIMITS, timed_run
from evalvar.collect.inputs import Case
from evalvar.collect.inside.wire import encode
from evalvar.collect.references import prepare
from evalvar.collect.verdicts import Checker
from tests.collect.toys import RIGHT, TOTAL, renamed, toys

# Right is what is right; a negative output holds the checker up, and None makes it raise.
MOODY = renamed(
    TOTAL,
    "moody",
    checker="def __check(input, answer, output):\n"
    "    while output is not None and output < 0:\n        pass\n"
    "    return abs(output - answer) < 1e-4\n",
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("evalvar.collect.verdicts._LEAST_S", 1.0)


@pytest.fixture
def checker(box):
    case = Case(0, 0, (encode(([1, 2],)), encode(([3, 4],))), (encode(3), encode(7)))
    with Checker(box, MOODY, LIMITS) as opened:
        assert opened.measure([(case, 0, encode(3)), (case, 1, encode(7))]) == [True, True]
        yield opened, lambda draw, output: (case, draw, encode(output))


def test_a_checker_that_does_not_end_is_waited_for_once(checker):
    checker, output = checker
    began = time.monotonic()
    assert checker.accepts([output(0, 3.0 + 1e-6), output(0, -1), output(1, -2)]) == [False] * 3
    assert 0.9 < time.monotonic() - began < 3
    assert checker.failure.startswith("timeout")
    assert checker.accepts([output(0, 3.0 + 1e-6), output(1, 8)]) == [True, False]


def test_no_further_batch_is_asked_of_once_one_has_failed(checker, monkeypatch):
    monkeypatch.setattr("evalvar.collect.verdicts._BATCH_BYTES", 0)
    checker, output = checker
    began = time.monotonic()
    assert checker.accepts([output(n % 2, -n) for n in range(1, 9)]) == [False] * 8
    assert time.monotonic() - began < 3


def test_an_output_on_which_the_checker_raises_is_wrong_and_those_before_it_are_not(checker):
    checker, output = checker
    given = [output(0, 3.0 + 1e-6), output(1, None), output(0, 3.0)]
    assert checker.accepts(given) == [True, False, False]
    assert "TypeError" in checker.failure
    assert checker.accepts([output(0, 3.0), output(1, None)]) == [True, False]


def test_the_time_for_outputs_follows_that_of_the_references_answers(box):
    cases = prepare(box, TOTAL, LIMITS, seed=0)
    outputs = [(case, 0, case.answers[0]) for case in cases]
    slow = TOTAL.checker.replace("    return", "    import time; time.sleep(0.02)\n    return")
    with Checker(box, renamed(TOTAL, "slow", checker=slow), LIMITS) as checker:
        assert all(checker.measure(outputs))
        assert 8 < checker.limit_s < 20


def test_a_program_that_holds_up_the_checker_is_wrong_and_the_others_are_not():
    late = "def total(numbers):\n    return sum(numbers) if len(numbers) < 500 else -1\n"
    near = "def total(numbers):\n    return sum(numbers) + 1e-6\n"
    began = time.monotonic()
    outcome = timed_run(toys(MOODY), {"m": {"moody": [late, near, RIGHT]}}, repeats=2)
    assert time.monotonic() - began < 8
    timings = outcome.evidence.timings
    timings = timings[timings["model"] == "m"]
    ends = timings.groupby("sample")["status"].agg(lambda s: "wrong" in set(s))
    assert ends.tolist() == [True, False, False]
