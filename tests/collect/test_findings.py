"""What a run found, in sentences and counts."""

import pandas as pd

from evalvar.collect.findings import crashes, remarks, statuses

FINE = {"refused": "", "limit_s": 1.0, "open_share": 0.05}


def facts(**by_item):
    return [{**FINE, "item": item, **changes} for item, changes in by_item.items()]


def test_a_quiet_run_has_nothing_to_say():
    assert remarks(facts(a={}, b={}, c={"limit_s": 0.0})) == []


def test_a_refused_problem_is_named_once():
    refused = {"refused": "the generator does not load (crash: no)", "limit_s": None}
    assert remarks([*facts(a=refused), *facts(a=refused)]) == [
        "a was refused and none of its programs run: the generator does not load (crash: no)."
    ]


def test_what_a_forged_clock_could_hide_is_told():
    found = remarks(facts(a={"open_share": 0.9}, b={}, c={"open_share": 0.4}) + facts(a={}))
    assert found == [
        "in 2 of 3 problems calls are short beside reading inputs and writing answers: a program "
        "that forges its clock and reads in no time could hide more than 10% of the limit there. "
        "Other programs are timed right; larger sizes of the timed levels leave less to hide."
    ]


def test_what_programs_crashed_with_is_told_by_how_often():
    numpy = "ModuleNotFoundError: No module named 'numpy'"
    ends = [["m", n, "crash", text] for n, text in enumerate([numpy, numpy, "a: 1", "b", "c", "d"])]
    ends += [["m", 9, "timeout", "stopped after 1 s"]]
    assert crashes([{"failed": ends[:4]}, {"failed": ends[4:]}, {"refused": "no"}]) == [
        "6 programs crashed: ModuleNotFoundError: No module named 'numpy' (2); a: 1 (1); b (1); "
        "others (2).",
        "2 programs crashed for want of a package: programs have the standard library alone, "
        "unless --python names an interpreter with packages.",
    ]
    assert crashes([{"failed": ends[2:3]}]) == ["1 program crashed: a: 1."]
    assert crashes([{"failed": ends[6:]}]) == []


def test_what_programs_returned_that_cannot_be_checked_is_told():
    """As those do that return numbers of numpy's."""
    told = [f"returned {what}: only plain data" for what in ("an int64", "an int64", "a map")]
    ends = [["m", n, "wrong", text] for n, text in enumerate(told)]
    assert crashes([{"failed": ends}]) == [
        "3 programs wrong by the type of an answer, which is no plain data of Python's own: "
        "returned an int64 (2); returned a map (1)."
    ]


def test_a_program_ends_as_its_worst_row():
    rows = [
        *[("m", 0, 1, 0, r, "ok") for r in range(3)],
        *[("m", 1, 1, 0, 0, "timeout"), ("m", 1, 1, 0, 1, "ok"), ("m", 1, 1, 0, 2, "ok")],
        *[("m", 2, 1, 0, 0, "timeout"), ("m", 2, 1, 1, 1, "timeout"), ("m", 2, 1, 0, 1, "ok")],
        *[("m", 3, 3, 0, 0, "timeout")],
        *[("m", 4, 1, 0, 0, "memory"), ("m", 4, 2, 0, 0, "wrong")],
        *[("n", 0, 0, 0, 0, "missing")],
        *[("reference", 0, 0, 0, 0, "crash")],
    ]
    names = ["model", "sample", "level", "case", "repeat", "status"]
    table = statuses(
        pd.DataFrame(rows, columns=names).assign(item="i").astype({"model": "category"})
    )
    assert table.loc["m"].to_dict() == {"missing": 0, "ok": 2, "timeout": 2, "wrong": 1}
    assert table.loc["n"].to_dict() == {"missing": 1, "ok": 0, "timeout": 0, "wrong": 0}
