"""What a run found, in sentences and counts."""

import pandas as pd

from evalvar.collect.findings import remarks, statuses

FINE = {"refused": "", "limit_s": 1.0, "resolution_share": 0.01, "open_share": 0.05, "drift": 0.01}


def facts(**by_item):
    return [{**FINE, "item": item, **changes} for item, changes in by_item.items()]


def test_a_quiet_run_tells_its_drift_alone():
    assert remarks(facts(a={}, b={"drift": -0.2}, c={"drift": 0.04})) == [
        "references before and after the programs differ by 4.0% at the median, by more than 10% "
        "in 1 of 3 blocks; most, -20%, in b."
    ]


def test_a_refused_problem_is_named_once():
    refused = {"refused": "the generator does not load (crash: no)", "limit_s": None}
    assert remarks([*facts(a=refused), *facts(a=refused)]) == [
        "a was refused and none of its programs run: the generator does not load (crash: no)."
    ]


def test_a_limit_that_the_clock_cannot_tell_is_named():
    short = {"resolution_share": 1.5, "open_share": 20.0}
    found = remarks(facts(**{name: short for name in "abcdefg"}, h={}))
    assert found[0] == (
        "the limit is below what the outer clock can tell in 7 problems: a, b, c, d, e and 2 more; "
        "they are not scored for efficiency."
    )


def test_what_a_liar_could_hide_is_told():
    found = remarks(facts(a={"resolution_share": 0.2, "open_share": 0.9}, b={"open_share": 0.4}))
    assert found[0] == (
        "in 1 of 2 problems a program that lies about its clock could hide more than 10% of the "
        "limit, and in 2 if it could also read its inputs and write its answers in no time."
    )


def test_a_reference_that_takes_no_time_is_named():
    found = remarks(facts(a={"limit_s": 0.0}, b={}))
    assert found[0] == (
        "the reference took no time that the clock can tell in 1 problem: a; they have no "
        "efficiency."
    )


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
