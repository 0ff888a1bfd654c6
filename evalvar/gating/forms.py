"""The verdicts as text, as Markdown for pull requests, and as JUnit XML for CI systems."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from evalvar import numbers
from evalvar.results import Result

_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "❔ inconclusive"}
_DONE = {
    "fail": ("breaks its rule", "break their rules"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
    "pass": ("keeps its rule", "keep their rules"),
}
# What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~$&])")


def as_text(result: Result) -> str:
    """Return the verdict, a line a row, and how far the verdict can be trusted.

    Parameters
    ----------
    result : Result
        Of `gate`.
    """
    result = _worst_first(result)
    table = result.table
    width = max(map(len, table["verdict"]))
    rows = [
        f"{verdict.ljust(width)}  {name}: {reason}"
        for verdict, name, reason in zip(
            table["verdict"], names(result), table["reason"], strict=True
        )
    ]
    return "\n".join([headline(result), *rows, trust(result)])


def _worst_first(result: Result) -> Result:
    """Order the rows as they matter to a reader: what fails, what is open, what holds."""
    order = result.table["verdict"].map(list(_DONE).index)
    return replace(result, table=result.table.loc[order.sort_values(kind="stable").index])


def to_markdown(result: Result) -> str:
    """Return a short summary for a pull request: the verdict, a row each, the error rates."""
    result = _worst_first(result)
    table = result.table
    lines = [f"### {_md(headline(result))}", "", "| verdict | rule | about | reason |"]
    lines.append("| --- | --- | --- | --- |")
    for verdict, rule, name, reason in zip(
        table["verdict"], table["rule"], names(result), table["reason"], strict=True
    ):
        cells = (_MARKS[verdict], f"`{rule}`".replace("|", "\\|"), _md(name), _md(reason))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _md(trust(result))]) + "\n"


def to_junit(result: Result) -> str:
    """Return JUnit XML: a suite, and in it a test case a row.

    A failed row is a ``failure``. An inconclusive row counts as the gate was told: an ``error``,
    which CI systems show in red beside failures but apart from them, where it is kept; ``skipped``
    where it passes; a ``failure`` where it fails. So the colour of the suite is the exit code's.
    Same result, same bytes: there are no times in it.
    """
    table = result.table
    as_asked = {"keep": "error", "pass": "skipped", "fail": "failure"}
    tags = {
        "pass": None,
        "fail": "failure",
        "inconclusive": as_asked[result.settings["inconclusive"]],
    }
    found = [tags[verdict] for verdict in table["verdict"]]
    counts = {
        "tests": len(found),
        "failures": found.count("failure"),
        "errors": found.count("error"),
        "skipped": found.count("skipped"),
        "time": 0,
    }
    total = {name: str(count) for name, count in counts.items()}
    root = ElementTree.Element("testsuites", {"name": "evalvar", **total})
    suite = ElementTree.SubElement(root, "testsuite", {"name": "evalvar gate", **total})
    rows = zip(table["rule"], names(result), table["reason"], table["verdict"], found, strict=True)
    for rule, name, reason, verdict, tag in rows:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": _xml(rule), "name": _xml(name), "time": "0"}
        )
        if tag is None:
            ElementTree.SubElement(case, "system-out").text = _xml(reason)
            continue
        told = ElementTree.SubElement(case, tag, {"message": _xml(reason)})
        if tag != "skipped":
            told.set("type", verdict)
            told.text = _xml(reason)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def headline(result: Result) -> str:
    """Return the verdict on all and what it rests on, in one line."""
    verdict, rows = result.settings["verdict"], len(result.table)
    counts = result.table["verdict"].value_counts().to_dict()
    kept = numbers.count(rows, "row")
    if counts.get("pass", 0) == rows:
        every = {1: "the only row keeps its rule", 2: "both rows keep their rules"}
        said = every.get(rows, f"all {kept} keep their rules")
    else:
        said = ", ".join(
            f"{counts[word]} of {kept} {_DONE[word][counts[word] > 1]}"
            for word in ("fail", "inconclusive", "pass")
            if word in counts
        )
    asked = result.settings["inconclusive"]
    if "inconclusive" in counts and asked != "keep":
        said += f"; inconclusive counts as {asked}"
    return f"{verdict.upper()}: {said}."


def trust(result: Result) -> str:
    """Return how often a verdict like this one is wrong, in one line."""
    settings = result.settings
    verdict = settings["verdict"]
    rates = {"pass": settings["pass_error"], "fail": settings["fail_error"]}
    if verdict == "inconclusive":
        return _undecided(result.table[result.table["verdict"] == "inconclusive"])
    if settings["inconclusive"] == verdict and "inconclusive" in set(result.table["verdict"]):
        return f"Inconclusive rows were told to count as {verdict}: the data do not show it."
    share = numbers.percent(rates[verdict])
    true = {"pass": "some true value breaks its rule", "fail": "all true values keep their rules"}
    return f"Where {true[verdict]}, a {verdict} comes up with at most {share} probability."


def _undecided(rows: pd.DataFrame) -> str:
    """Say what inconclusive rows lack: data, or an interval and a margin to decide by."""
    low, high, margin = (rows[name].to_numpy(np.float64) for name in ("low", "high", "margin"))
    without = ~(np.isfinite(low) | np.isfinite(high)) | np.isnan(margin)
    if without.all():
        return "Inconclusive: nothing to decide by; the reasons say what is missing."
    if without.any():
        some = f"{int(without.sum())} of {numbers.count(len(rows), 'row')}"
        return (
            f"Inconclusive: nothing to decide by in {some}, as the reasons say; in the others "
            "these data allow both, and more of them will decide."
        )
    return "Inconclusive: these data allow both; more of them will decide."


def names(result: Result) -> list[str]:
    """Return what each row is about: its keys that differ between rows, else its task."""
    table = result.table
    keys = [key for key in result.keys if key != "rule"]
    telling = [key for key in keys if table[key].astype(str).nunique() > 1]
    usual = [key for key in ("task", "metric") if key in keys]
    return [
        _name(row, telling) or _name(row, usual) or str(row["quantity"])
        for row in table.to_dict("records")
    ]


def _name(row: Mapping[Hashable, Any], keys: Sequence[str]) -> str:
    said = [(key, str(row[key])) for key in keys if pd.notna(row[key]) and str(row[key])]
    return ", ".join(
        value if key in ("task", "metric", "model") else f"{key} {value}" for key, value in said
    )


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _md(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
