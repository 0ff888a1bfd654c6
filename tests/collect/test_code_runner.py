"""Programs in, timings out: rows, statuses, problems that are refused, and what is remarked."""

import json

import numpy as np
import pytest

import evalvar as ev
from evalvar.collect import trials
from evalvar.collect.account import account
from evalvar.collect.code_runner import timed_run
from evalvar.collect.sandbox import Limits, Reply, Session
from evalvar.errors import EvalvarError, UsageError
from tests.collect.toys import HOPELESS, PARITY, RIGHT, SLOW, TOTAL, renamed, toys

pytestmark = pytest.mark.usefixtures("sandbox")
REPEATS = 3


@pytest.fixture(scope="module")
def sandbox(tool):
    return tool("bwrap")


ENDS = {
    "right": (RIGHT, "ok"),
    "body": ("    return sum(numbers)\n", "ok"),
    "slow": (SLOW, "ok"),
    "hopeless": (HOPELESS, "timeout"),
    "hopeless at once": ("def total(numbers):\n    while True:\n        pass\n", "timeout"),
    "wrong": ("def total(numbers):\n    return 0\n", "wrong"),
    "wrong late": (
        "def total(numbers):\n    return sum(numbers) + (len(numbers) == 500)\n",
        "wrong",
    ),
    "crash": ("def total(numbers):\n    return numbers[10 ** 6]\n", "crash"),
    "crash late": (
        "def total(numbers):\n    return sum(numbers) + 0 // (len(numbers) - 500)\n",
        "crash",
    ),
    "memory late": (
        "def total(numbers):\n    held = len(numbers) > 1000 and bytearray(1 << 40)\n"
        "    return sum(numbers)\n",
        "memory",
    ),
    "syntax": ("def total(numbers):\n    return sum(numbers\n", "crash"),
    "name": ("def other(numbers):\n    return sum(numbers)\n", "crash"),
    "empty": ("", "crash"),
    "no text": ("x = '\ud800'", "crash"),
    "hole": (None, "missing"),
    "object": ("def total(numbers):\n    return object()\n", "wrong"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ended():
    """One run over programs that end in all the ways there are."""
    samples = {"m": {TOTAL.task_id: [text for text, _ in ENDS.values()]}}
    return timed_run(toys(TOTAL), samples, repeats=REPEATS)


def rows_of(timings, name):
    return timings[(timings["model"] == "m") & (timings["sample"] == list(ENDS).index(name))]


def test_every_program_ends_as_it_does(ended):
    found = dict.fromkeys(ENDS, "ok")
    for name in ENDS:
        bad = set(rows_of(ended.evidence.timings, name)["status"]) - {"ok"}
        found[name] = "+".join(sorted(bad)) or "ok"
    assert found == {name: end for name, (_, end) in ENDS.items()}


def test_the_rows_of_a_program_are_those_of_its_cases(ended):
    rows = rows_of(ended.evidence.timings, "right")
    keys = set(zip(rows["level"], rows["case"], rows["repeat"], strict=True))
    first = {(0, case, 0) for case in range(8)}
    timed = {(n, c, r) for n in (1, 2, 3) for c in range(4) for r in range(REPEATS)}
    assert keys == first | timed
    assert len(rows) == len(keys)
    assert (rows["phase"] == "run").all()
    assert (rows["seconds"] > 0).all()
    assert (rows["seconds"] <= rows["outside_s"]).all()
    assert (rows["seconds"] >= rows["inside_s"]).all()


def test_a_program_goes_no_further_than_it_ended(ended):
    timings = ended.evidence.timings
    hole = rows_of(timings, "hole")
    assert (len(hole), hole["seconds"].isna().all()) == (1, True)
    assert hole[["level", "case", "repeat"]].to_numpy().tolist() == [[0, 0, 0]]
    assert len(rows_of(timings, "syntax")) == len(rows_of(timings, "empty")) == 1
    assert rows_of(timings, "wrong")["level"].max() == 0
    late = rows_of(timings, "wrong late")
    assert set(late.loc[late["status"] == "wrong", "level"]) == {2}
    assert late["repeat"].max() == 0
    crash = rows_of(timings, "crash late")
    assert (crash["level"].max(), crash["repeat"].max()) == (2, 0)
    at_once = rows_of(timings, "hopeless at once")
    assert at_once[["level", "case", "repeat"]].to_numpy().tolist() == [[0, 0, 0]]


def test_a_stop_is_confirmed_once_and_the_levels_below_are_timed_to_the_end(ended):
    rows = rows_of(ended.evidence.timings, "hopeless")
    stopped = rows[rows["status"] == "timeout"]
    assert stopped[["level", "case", "repeat"]].to_numpy().tolist() == [[3, 0, 0], [3, 0, 1]]
    below = rows[rows["level"].isin((1, 2))]
    assert len(below) == 2 * 4 * REPEATS
    memory = rows_of(ended.evidence.timings, "memory late")
    assert memory[memory["level"] == 3]["status"].tolist() == ["memory"]
    assert len(memory[memory["level"].isin((1, 2))]) == 2 * 4 * REPEATS


def test_much_to_be_checked_does_not_wait(monkeypatch):
    monkeypatch.setattr(trials, "_HELD_BYTES", 20)
    programs = [
        "def total(numbers):\n    return sum(numbers) if len(numbers) < 10 else [0] * 10\n",
        RIGHT,
        "def total(numbers):\n    return float(sum(numbers))\n",
    ]
    samples = {"m": {TOTAL.task_id: programs}}
    timings = ev.run_code(toys(TOTAL), samples, repeats=1).timings
    wrong, right, other = (timings[timings["sample"] == n] for n in range(3))
    assert wrong[wrong["model"] == "m"]["status"].tolist() == ["ok"] * 8 + ["wrong"]
    assert len(right[right["model"] == "m"]) == len(other) == 20
    assert set(other["status"]) == {"ok"}


def test_the_reference_is_timed_before_and_after(ended):
    timings = ended.evidence.timings
    reference = timings[timings["model"] == "reference"]
    counts = reference.groupby(["phase", "level"], observed=True).size().unstack()
    assert counts.loc["before"].tolist() == counts.loc["after"].tolist() == [8, *[4 * REPEATS] * 3]
    assert set(reference["status"]) == {"ok"}
    assert set(timings["run"]) == {timings["run"].iloc[0]}
    assert set(timings["item.tag"]) == {"sums"}
    assert timings["machine"].iloc[0] == ended.machine
    assert "CPython" in ended.machine
    assert "clock" in ended.machine


def test_the_limit_is_known_of_every_row(ended):
    timings = ended.evidence.timings
    known = timings[timings["model"] == "reference"]
    slowest = known[known["level"] > 0].groupby(["level", "case"])["seconds"].median().max()
    assert (timings["limit_s"] > 2 * slowest).all()
    assert timings.groupby(["level", "case"])["limit_s"].nunique().eq(1).all()


def test_what_ended_a_program_is_kept(ended):
    failed = {
        list(ENDS)[sample]: (status, message)
        for fact in ended.facts
        for _, sample, status, message in fact["failed"]
    }
    assert failed["crash"][0] == "crash"
    assert "IndexError" in failed["crash"][1]
    assert "SyntaxError" in failed["syntax"][1]
    assert failed["no text"] == ("crash", "the text is no UTF-8")
    assert "does not define `total`" in failed["name"][1]


def test_the_account_counts_programs_by_their_end(ended):
    result = account(ended, output="t.parquet")
    counts = dict(zip(result.table["quantity"], result.table["value"], strict=True))
    expected = {end: 0 for end in ("ok", "wrong", "timeout", "memory", "crash", "missing")}
    for _, end in ENDS.values():
        expected[end] += 1
    assert counts == {"programs": len(ENDS), **expected}
    assert json.loads(result.to_json())["settings"]["blocks"][0]["item"] == "toys/total"


def test_a_quick_function_is_called_often_with_fresh_inputs():
    timings = ev.run_code(
        toys(PARITY), {"m": {PARITY.task_id: ["    return number & 1\n"]}}, repeats=2
    ).timings
    timed = timings[timings["level"] > 0]
    assert timed["calls"].min() > 20
    assert (timings[timings["level"] == 0]["calls"] == 1).all()
    assert timed["seconds"].median() < 2e-6
    assert set(timings["status"]) == {"ok"}


def test_a_generator_without_other_inputs_leaves_one_call():
    same = renamed(
        PARITY, "same", generator="def generate_input(size, lid, cid):\n    return size,"
    )
    evidence = ev.run_code(toys(same), {"m": {"same": ["    return number % 2\n"]}}, repeats=2)
    assert (evidence.timings["calls"] == 1).all()
    # in the words of what scores it
    assert set(ev.score_timings(evidence.timings).warnings) <= set(evidence.warnings)
    assert any(
        "1 of 1 problem has a limit below twice what the clock can tell: its efficiency is not "
        "scored (same)" in sentence
        for sentence in evidence.warnings
    )


def test_a_program_that_spoils_its_input_finds_it_whole_again():
    sort = renamed(
        TOTAL,
        "toys/sort",
        reference="    return [numbers == sorted(numbers), sorted(numbers)]\n",
    )
    spoil = (
        "def total(numbers):\n    was = numbers == sorted(numbers)\n    numbers.sort()\n"
        "    return [was, numbers]\n"
    )
    timings = ev.run_code(toys(sort), {"m": {"toys/sort": [spoil]}}, repeats=2).timings
    assert set(timings["status"]) == {"ok"}


def test_a_checker_may_accept_what_differs():
    near = renamed(
        TOTAL,
        "near",
        checker="def __check(input, answer, output):\n    return abs(output - answer) < 1e-4\n",
    )
    programs = ["    return sum(numbers) + 1e-6\n", "    return sum(numbers) + 1\n"]
    timings = ev.run_code(toys(near), {"m": {"near": programs}}, repeats=1).timings
    ends = timings[timings["model"] == "m"].groupby("sample")["status"].unique()
    assert [sorted(end) for end in ends] == [["ok"], ["wrong"]]


def test_a_problem_that_cannot_be_run_is_refused_by_name_and_the_others_go_on():
    boom = "    raise ValueError('boom')\n"
    bad = {
        "generator fails": {"generator": f"def generate_input(size, lid, cid):\n{boom}"},
        "generator lacks": {"generator": "x = 1"},
        "reference fails": {"reference": boom},
        "reference lacks": {"reference": "    pass", "prompt": "def other():\n"},
        "reference differs": {"reference": "    import os\n    return list(os.urandom(4))\n"},
        "checker fails": {"checker": f"def __check(input, answer, output):\n{boom}"},
        "checker rejects": {"checker": "def __check(input, answer, output):\n    return False\n"},
    }
    problems = [TOTAL, *(renamed(TOTAL, name, **changes) for name, changes in bad.items())]
    samples = {"m": {problem.task_id: [RIGHT] for problem in problems}}
    outcome = timed_run(toys(*problems), samples, repeats=1)
    timings = outcome.evidence.timings
    assert set(timings.loc[timings["model"] == "m", "item"]) == {TOTAL.task_id}
    refused = timings[timings["item"] != TOTAL.task_id]
    assert refused.groupby("item", observed=True).size().eq(1).all()
    assert dict(zip(refused["item"], refused["status"], strict=True)) == {
        "generator fails": "missing",
        "generator lacks": "missing",
        "reference fails": "crash",
        "reference lacks": "crash",
        "reference differs": "wrong",
        "checker fails": "missing",
        "checker rejects": "wrong",
    }
    said = {s.partition(" was refused")[0]: s for s in outcome.evidence.warnings}
    assert said["generator fails"] == (
        "generator fails was refused and none of its programs run: the generator fails at level 0, "
        "case 0 (crash: ValueError: boom)."
    )
    assert "answers differ from run to run" in said["reference differs"]
    assert "the checker rejects the reference's answer at level 0" in said["checker rejects"]
    scored = ev.score_timings(outcome.evidence) if hasattr(ev, "score_timings") else None
    assert scored is None or set(scored.records["item"]) == {TOTAL.task_id}


def test_several_models_take_turns_and_large_ones_are_cut_into_blocks(monkeypatch):
    from evalvar.collect import code_runner

    monkeypatch.setattr(code_runner, "SIZE", 3)
    samples = {"a": {TOTAL.task_id: [RIGHT, RIGHT]}, "b": {TOTAL.task_id: [RIGHT, None, RIGHT]}}
    timings = timed_run(toys(TOTAL), samples, repeats=1).evidence.timings
    programs = timings[timings["model"] != "reference"]
    runs = sorted(set(timings["run"]), key=len)
    assert (len(runs), runs[1]) == (2, f"{runs[0]}.1")
    met = [
        sorted(set(zip(rows["model"], rows["sample"], strict=True)))
        for _, rows in programs.groupby("run", observed=True)
    ]
    assert met == [[("a", 0), ("a", 1), ("b", 0)], [("b", 1), ("b", 2)]]
    for run in runs:
        assert (timings.loc[timings["run"] == run, "model"] == "reference").any()


def test_inputs_depend_on_the_seed_alone():
    from evalvar.collect.references import prepare
    from evalvar.collect.sandbox import Box

    box = Box.find()
    first, again, other = (prepare(box, TOTAL, Limits(), seed=seed) for seed in (0, 0, 1))
    assert [case.inputs[0] for case in first] == [case.inputs[0] for case in again]
    assert all(a.inputs[0] != b.inputs[0] for a, b in zip(first, other, strict=True))
    assert len({case.inputs[0] for case in first}) == len(first) == 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repeats": 0}, "--repeats 0: expected at least 1"),
        ({"alpha": 1.0}, "--alpha 1: expected a number above 1"),
        ({"jobs": 1000}, "--jobs 1000: expected 1 to"),
        ({"jobs": 0}, "--jobs 0: expected 1 to"),
        ({"output": "timings.xlsx"}, "unknown form '.xlsx'"),
        ({"output": "nowhere/t.csv"}, "nowhere/t.csv: the directory nowhere does not exist"),
        ({"output": "there.csv"}, "there.csv: the timings of a run lie there. Give another -o"),
        ({"only": [0]}, "only is for a file of problems"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_runs(
    options, message, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.csv").write_text("model\n")
    with pytest.raises(UsageError, match=message):
        timed_run(toys(TOTAL), {"m": {TOTAL.task_id: [RIGHT]}}, **options)


def test_names_of_models_are_checked():
    samples = {TOTAL.task_id: [RIGHT]}
    with pytest.raises(UsageError, match="'reference' is the name of the reference solutions"):
        timed_run(toys(TOTAL), {"reference": samples})
    with pytest.raises(UsageError, match="samples of 'm': expected lists of programs by task_id"):
        timed_run(toys(TOTAL), {"m": "m.jsonl"})
    with pytest.raises(UsageError, match="no samples are given"):
        timed_run(toys(TOTAL), {})
    with pytest.raises(EvalvarError, match="no sample of any of 1 problem"):
        timed_run(toys(TOTAL), {"m": {"other": [RIGHT]}})


def test_a_time_that_is_a_lie_is_the_time_outside():
    lie = (
        "import time\n"
        "def total(numbers):\n"
        "    time.sleep(0.0005 if len(numbers) > 10 else 0)\n"
        "    for name in ('time', 'perf_counter', 'monotonic'):\n"
        "        setattr(time, name, lambda: 0.0)\n"
        "    return sum(numbers)\n"
    )
    timings = ev.run_code(toys(TOTAL), {"m": {TOTAL.task_id: [lie]}}, repeats=2).timings
    slept = timings[(timings["model"] == "m") & (timings["level"] > 0)]
    assert (slept["seconds"].dropna() > 0.0003).all()  # a stopped one has none


def test_times_are_not_lost_on_the_way_through_a_file(ended, tmp_path):
    from evalvar.adapters.writing import write_evidence

    for suffix in ("parquet", "csv", "jsonl"):
        path = tmp_path / f"t.{suffix}"
        write_evidence(ended.evidence, path)
        back = ev.load(path)
        assert back.warnings == ()
        assert list(back.timings) == list(ended.evidence.timings)
        for column in ("seconds", "inside_s", "outside_s", "resolution_s"):
            np.testing.assert_array_equal(back.timings[column], ended.evidence.timings[column])
        assert back.timings["status"].tolist() == ended.evidence.timings["status"].tolist()


@pytest.mark.parametrize(
    ("times", "refused"), [(1, ""), (2, "the reference does not load (timeout")]
)
def test_a_reference_that_was_not_in_time_has_a_second_chance(monkeypatch, times, refused):
    load, held = Session.load, []

    def loading(self):
        if b"held up" in self._source and len(held) < times:
            held.append(self)
            self.close()
            self._over = Reply("timeout", "stopped after 5 s")
        return load(self)

    monkeypatch.setattr(Session, "load", loading)
    slow = renamed(TOTAL, "slow", reference=f"{TOTAL.reference}    # held up\n")
    outcome = timed_run(toys(slow), {"m": {"slow": [RIGHT]}}, repeats=1)
    assert len(held) == times
    assert outcome.facts[0]["refused"].startswith(refused)
    assert bool(outcome.facts[0]["refused"]) == bool(refused)


def test_a_program_that_the_machine_did_not_let_load_has_a_second_chance(monkeypatch):
    load, held = Session.load, []

    def loading(self):
        if b"held up" in self._source and not held:
            held.append(self)
            self.close()
            self._over = Reply("timeout", "stopped after 5 s")
        return load(self)

    monkeypatch.setattr(Session, "load", loading)
    samples = {"m": {TOTAL.task_id: [f"{RIGHT}# held up\n"]}}
    timings = ev.run_code(toys(TOTAL), samples, repeats=1).timings
    assert len(held) == 1
    assert timings[timings["model"] == "m"]["status"].tolist() == ["ok"] * 20


def test_no_program_is_loaded_while_another_one_is_timed(monkeypatch):
    alive, most = set(), []
    load, close = Session.load, Session.close

    def loading(self):
        if self._parts_each == 1 and b"generate_input" not in self._source:
            alive.add(id(self))
            most.append(len(alive))
        return load(self)

    def closing(self):
        alive.discard(id(self))
        return close(self)

    monkeypatch.setattr(Session, "load", loading)
    monkeypatch.setattr(Session, "close", closing)
    samples = {"m": {TOTAL.task_id: [RIGHT, SLOW]}, "n": {TOTAL.task_id: [RIGHT]}}
    timed_run(toys(TOTAL), samples, repeats=REPEATS)
    assert set(most) == {1}
    assert len(most) >= 3 * REPEATS
