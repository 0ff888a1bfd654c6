"""Methods and settings, and the sources: how was it done, and on what?"""

from typing import Any

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Block, Cell, Column, Row, Section, Span, Table, Text
from evalvar.report.reading import Reading, missing, records
from evalvar.report.sections.sides import sided_methods

MOST_SOURCES = 12
_TITLES = {
    "summary": "Scores",
    "seed_variance": "Seed noise",
    "checkpoints": "Checkpoints",
    "compare": "Differences",
    "code_metrics": "Tries",
    "coverage": "Coverage",
    "leaderboard": "Ranks",
    "variance_components": "Sources of noise",
    "plan": "What to buy",
    "gate": "Gate",
}
_WORDS = {
    "mean": "the mean",
    "final_mean": "the mean at the last checkpoint",
    "final_seed_sd": "the sd over seeds at the last checkpoint",
    "seed_sd": "the sd over seeds",
    "item_half_width": "the half-width over items",
    "noise_ratio": "the ratio of seed to item noise",
    "snr": "signal to noise",
    "difference": "the difference",
    "difference_simultaneous": "adjusted for several pairs",
    "macro_difference": "the difference averaged over tasks",
    "macro_difference_simultaneous": "the same, adjusted for several pairs",
    "kendall_tau": "tau",
    "kendall_tau_null_sd": "the no-trend sd of tau",
    "kendall_tau_a": "tau-a",
    "spearman": "Spearman\u2019s rank correlation",
    "monotonicity": "monotonicity",
    "items_missing": "missing items",
    "unscored": "unscored answers",
    "step_noise_sd": "the step noise",
    "snr_last": "signal to noise of the last steps",
    "rise_share": "the share of steps that rise",
    "rank": "the rank",
    "gap_to_next": "the lead over the next",
    "decision_accuracy": "the chance that an order is right",
    "detectable_difference": "the detectable difference",
    "superiority": "superiority",
    "non_inferiority": "non-inferiority",
    "equivalence": "equivalence",
}
# Quantities that name what they are of: var_seed, se_item x seed.
_OF = {"var_": "variance of", "share_": "share of", "se_": "standard error over"}


def section(reading: Reading) -> Section:
    """Return the section; every report has one."""
    blocks: list[Block] = []
    phrases = [phrase for name in _names(reading) if (phrase := _methods(reading, name))]
    if phrases:
        blocks.append(Text("paragraphs", tuple(phrases)))
    settings = _settings(reading)
    if settings.rows:
        blocks.append(settings)
    count = wording.count(len(_names(reading)), "analysis", "analyses")
    return Section(
        "methods",
        "Methods and settings",
        f"The page rests on {count}, each with the methods and arguments named here.",
        tuple(blocks),
        short="Methods and settings",
    )


def sources(reading: Reading) -> Section | None:
    """Return the files that were read, or None where no result names one."""
    frames = [result.sources.astype(object) for result in reading.results if len(result.sources)]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    known = [name for name in ("path", "sha256") if name in frame]
    frame = frame.drop_duplicates(subset=known or None, ignore_index=True)
    columns, rows = _source_rows(frame)
    table = Table(
        "source-table",
        columns,
        rows,
        caption="Files that were read",
        footnotes=("First 12 digits of SHA-256.",) if "sha256" in frame else (),
        sortable=False,
    )
    answer = f"{wording.count(len(rows), 'file')} {'was' if len(rows) == 1 else 'were'} read."
    if len(rows) <= MOST_SOURCES:
        return Section("sources", "Sources", answer, (table,), short="Sources")
    first, last = rows[0].cells[0].text, rows[-1].cells[0].text
    ends = Text("paragraphs", ((Span(f"The first is {first}, the last {last}."),),))
    full = Table(
        table.name,
        columns,
        rows,
        table.caption,
        table.footnotes,
        sortable=False,
        folded=f"All {wording.count(len(rows), 'file')}",
    )
    return Section("sources", "Sources", answer, (ends, full), short="Sources")


def _source_rows(frame: pd.DataFrame) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    titles = {"path": "File", "sha256": "SHA-256", "rows": "Rows", "harness": "Harness"}
    shown = [name for name in titles if name in frame]
    version = "version" if "version" in frame else "harness_version"
    rows = []
    for row in records(frame):
        cells = []
        for name in shown:
            text = "" if missing(row[name]) else str(row[name])
            number = float(row[name]) if name == "rows" and text else float("nan")
            if name == "sha256":
                text = text[:12]
            elif name == "rows" and text:
                text = wording.count(number)
            elif name == "harness" and not missing(row.get(version)):
                text = f"{text} {row[version]}".strip()
            cells.append(Cell(text or wording.DASH, number))
        rows.append(Row(tuple(cells)))
    roles: dict[str, Any] = {"path": "name", "rows": "number"}
    columns = tuple(Column(titles[n], roles.get(n, "text"), secondary=n == "sha256") for n in shown)
    return columns, tuple(rows)


def _word(quantity: str) -> str:
    """Return a quantity in words.

    >>> _word("se_item x seed"), _word("pass@5")
    ('standard error over item \u00d7 seed', 'pass@5')
    """
    for start, words in _OF.items():
        if quantity.startswith(start):
            return f"{words} {wording.crossed(quantity.removeprefix(start))}"
    return _WORDS.get(quantity, quantity)


def _names(reading: Reading) -> list[str]:
    return list(dict.fromkeys(result.name for result in reading.results))


def _methods(reading: Reading, name: str) -> tuple[Span, ...]:
    """Say which method each quantity used, quantities of one method together."""
    table = reading.table(name)
    bounded = table.assign(bound=table["low"].notna() & table["high"].notna())
    used: dict[str, dict[str, None]] = {}
    known = bounded[~bounded["method"].astype(str).str.match("undefined|$")]
    for (quantity, bound), group in known.groupby(["quantity", "bound"], sort=False):
        # Two sides are in the methods of comparisons only; a long table has few distinct methods.
        distinct = group[["method", "a", "b"]].drop_duplicates()
        sides = ((str(row["method"]), str(row["a"]), str(row["b"])) for row in records(distinct))
        for told in sided_methods(sides):
            shown = f" ({wording.percent(group['level'].max())} intervals)" if bound else ""
            used.setdefault(str(quantity), {}).setdefault(told + shown)
    together: dict[tuple[str, ...], list[str]] = {}
    for quantity, methods in used.items():
        together.setdefault(tuple(methods), []).append(_word(quantity))
    if not together:
        return ()
    parts = [
        f"{wording.listing(quantities, most=8)}: {wording.listing(list(methods), most=3)}"
        for methods, quantities in together.items()
    ]
    return (
        Span(f"{_TITLES.get(name, name)}. ", "strong"),
        Span(wording.sentence("; ".join(parts))),
    )


def _settings(reading: Reading) -> Table:
    found: dict[tuple[str, str], list[str]] = {}
    for result in reading.results:
        for name, value in result.settings.items():
            if value is None or (isinstance(value, dict | list | tuple) and not value):
                continue
            found.setdefault((str(name), _plain(value)), []).append(result.name)
    names = _names(reading)
    rows = []
    for (name, value), users in found.items():
        used = list(dict.fromkeys(users))
        who = "all" if set(used) == set(names) else ", ".join(used)
        rows.append(Row((Cell(name), Cell(value), Cell(who))))
    return Table(
        "settings-table",
        (Column("Setting", "name"), Column("Value", "text"), Column("Analysis", "text")),
        tuple(rows),
        caption="Settings of every analysis",
        footnotes=("Arguments that were not given are left out.",),
        sortable=False,
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_plain(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(v) for v in value) or "none"
    if isinstance(value, set | frozenset):
        return ", ".join(sorted(_plain(v) for v in value)) or "none"
    return str(value)
