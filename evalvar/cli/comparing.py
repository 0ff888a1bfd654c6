"""A comparison on the terminal: the sentence, how it was found, and the table behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, Checkpoint, Rng, question
from evalvar.errors import counted
from evalvar.numbers import (
    DASH,
    decimals_for,
    fixed,
    interval,
    listing,
    most_common,
    p_value,
    percent,
)

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# So many pairs get a sentence each, and so many tasks a table each.
_SENTENCES, _TABLES = 6, 3
# Of more readings of one pair than that, the first ones.
_FIRST = 3
_TIES = 8
_QUANTITIES = ("difference", "macro_difference")
_TESTS = ("superiority", "non_inferiority", "equivalence")


@dataclass(frozen=True)
class Pair:
    """A pair on one task: its difference, the row that settles it, and the test of a margin."""

    plain: dict[str, Any]
    judged: dict[str, Any]
    margin: dict[str, Any] | None

    @property
    def place(self) -> tuple[Any, Any]:
        """Task and metric."""
        return self.plain["task"], self.plain["metric"]

    @property
    def shown(self) -> dict[str, Any]:
        """The row whose interval is shown: the adjusted one where it has one."""
        return self.plain if isnan(_number(self.judged["low"])) else self.judged

    @property
    def winner(self) -> str:
        """Who is better, or what the verdict is."""
        verdict = str(self.plain["verdict"])
        known = {"a is better": self.plain["a"], "b is better": self.plain["b"]}
        return str(known.get(verdict, {"cannot be told apart": "tie"}.get(verdict, verdict)))


def compare_text(result: "Result") -> str:
    """Return a comparison as text."""
    pairs = _pairs(result)
    places = list(dict.fromkeys(pair.place for pair in pairs))
    sides = {frozenset((pair.plain["a"], pair.plain["b"])) for pair in pairs}
    if len(sides) == 1:
        head = [pair for pair in pairs if pair.place[0] is None] or pairs
        said = head if len(head) <= _SENTENCES else head[:_FIRST]
        lines = [line for pair in said for line in _said(pair, len(head) > 1)]
        return "\n".join([*lines, "", *_table(pairs)])
    blocks = []
    on_tasks = [place for place in places if place[0] is not None or len(places) == 1]
    few = len(on_tasks) <= _TABLES
    if not few:
        counts = [f"{_named(p)}: {_tally([x for x in pairs if x.place == p])}" for p in on_tasks]
        blocks.append("\n".join([*counts, "Name one with --task to see its table."]))
    for place in places:
        if few or place not in on_tasks:
            mine = [pair for pair in pairs if pair.place == place]
            blocks.append("\n".join([_named(place), *_table(mine), "", *_end(mine)]))
    return "\n\n".join(blocks)


def _pairs(result: "Result") -> list[Pair]:
    rows: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in result.to_dict()["rows"]:
        key = tuple(row[name] for name in result.keys)
        rows.setdefault(key, {})[row["quantity"]] = row
    found = []
    for by_name in rows.values():
        name = next(name for name in _QUANTITIES if name in by_name)
        plain = by_name[name]
        margin = next((by_name[test] for test in _TESTS if test in by_name), None)
        found.append(Pair(plain, by_name.get(f"{name}_simultaneous", plain), margin))
    return found


def _said(pair: Pair, named: bool) -> list[str]:
    """Say how a pair ended, and under it how that was found."""
    row = pair.plain
    sentence = f"{_named(pair.place)}: {row['sentence']}" if named else str(row["sentence"])
    if row["verdict"] == "undefined":
        return [sentence]
    p = _number(pair.judged["p_value"])
    parts = [str(pair.judged["method"])]
    if int(row["n"]):
        parts.append(_basis(row))
    if isfinite(p):
        parts.append(f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}")
    if pair.margin is not None and isfinite(_number(pair.margin["p_value"])):
        p, how = pair.margin["p_value"], str(pair.margin["method"]).rpartition("one-sided at ")[2]
        said = f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}"
        parts.append(f"of the margin one-sided {said}, held against {how}")
    if isfinite(_number(pair.shown["low"])):
        parts.append(f"{percent(row['level'])} interval")
    sure = _number(row["probability_better"])
    if isfinite(sure):
        ahead, surely = (row["a"], sure) if sure >= 0.5 else (row["b"], 1 - sure)
        parts.append(f"confidence {_share(surely)} that {ahead} is better")
    lines = [sentence, f"  {', '.join(parts)}."]
    counts = [_number(row[name]) for name in ("only_a", "only_b", "both", "neither")]
    if all(map(isfinite, counts)):
        alone, other, both, neither = (f"{round(count):,}" for count in counts)
        lines.append(
            f"  {row['a']} alone is right on {alone}, {row['b']} alone on {other}, both on {both}, "
            f"neither on {neither}."
        )
    elif isfinite(_number(row["items_better"])):
        better, worse, equal = (round(row[f"items_{how}"]) for how in ("better", "worse", "equal"))
        lines.append(
            f"  {row['a']} is better on {counted(better, 'item')}, worse on {worse:,}, level on "
            f"{equal:,}."
        )
    return lines


def _basis(row: dict[str, Any]) -> str:
    """Say how many independent units a difference rests on."""
    n, unit = int(row["n"]), str(row["unit"])
    if " x " not in unit:
        return counted(n, unit)
    # n counts the scarcest axis; items are never that, or there would be more seeds than items
    scarce = [axis for axis in unit.split(" x ") if axis != "item"]
    items = f" x {counted(row['items'], 'item')}" if "item" in unit else ""
    return f"{counted(n, scarce[0]) if len(scarce) == 1 else f'{n} {unit}'}{items}"


def _end(pairs: Sequence[Pair]) -> list[str]:
    """Say each pair where they are few, else how many ended how, and the ties."""
    if len(pairs) <= _SENTENCES:
        return [str(pair.plain["sentence"]) for pair in pairs]
    ties = [f"{p.plain['a']} and {p.plain['b']}" for p in pairs if p.winner == "tie"]
    lines = [f"{_tally(pairs)}."]
    if ties:
        lines.append(f"Cannot be told apart: {listing(ties, most=_TIES)}.")
    return lines


def _tally(pairs: Sequence[Pair]) -> str:
    clear = sum(pair.plain["verdict"] in ("a is better", "b is better") for pair in pairs)
    return f"{clear:,} of {counted(len(pairs), 'pair')} told apart"


def _table(pairs: Sequence[Pair]) -> list[str]:
    one = len({(pair.plain["a"], pair.plain["b"]) for pair in pairs}) == 1
    places = len({pair.place for pair in pairs}) > 1
    head = ["on", "a", "b", "mean a", "mean b", "a \u2212 b", "[low, high]", "p", "tasks", "items"]
    head += ["detectable", "better"]
    # what all rows share stands above them
    hidden = {"a", "b"} if one else set()
    hidden |= set() if places else {"on"}
    hidden |= set() if any(pair.plain["items"] for pair in pairs) else {"items"}
    hidden |= set() if any(_partly(pair) for pair in pairs) else {"tasks"}
    shown = [i for i, name in enumerate(head) if name not in hidden]
    digits = _column_digits(pairs)
    cells = [head, *([_named(pair.place), *_cells(pair, digits)] for pair in pairs)]
    rows = [[row[i] for i in shown] for row in cells]
    words = [i for i, name in enumerate(rows[0]) if name in ("on", "a", "b", "better")]
    names = f"a is {pairs[0].plain['a']}, b is {pairs[0].plain['b']}; " if one else ""
    return [names + _caption(pairs), *aligned(rows, left=words)]


def _partly(pair: Pair) -> bool:
    """Tell whether a mean over tasks is not of all tasks."""
    return int(pair.plain["tasks"]) < int(pair.plain["tasks_all"])


def _column_digits(pairs: Sequence[Pair]) -> dict[Any, int]:
    """Give the decimals of all rows in points, and of the others of each task, as most call for."""
    wanted: dict[Any, list[int]] = {}
    for pair in pairs:
        value, se, low, high = _numbers(pair.shown)
        if isfinite(low):
            digits = decimals_for(value, se, low, high, fine=True)
            wanted.setdefault(_scale(pair), []).append(digits)
    return {scale: most_common(digits) for scale, digits in wanted.items()}


def _scale(pair: Pair) -> Any:
    return "points" if pair.plain["in_points"] else pair.place


def _numbers(row: dict[str, Any]) -> tuple[float, float, float, float]:
    factor = 100.0 if row["in_points"] else 1.0
    value, se, low, high = (factor * _number(row[name]) for name in ("value", "se", "low", "high"))
    return value, se, low, high


def _cells(pair: Pair, column: dict[Any, int]) -> list[str]:
    row = pair.shown
    factor = 100.0 if row["in_points"] else 1.0
    value, _, low, high = _numbers(row)
    digits = column.get(_scale(pair), 1)
    # a bound that prints as zero would hide on which side of it the difference is
    near = min(abs(low), abs(high))
    while digits < 6 and 0 < near < 0.5 * 10**-digits:
        digits += 1
    means = [fixed(factor * _number(row[name]), digits) for name in ("mean_a", "mean_b")]
    detectable = factor * _number(row["detectable"])
    tasks = "" if pair.place[0] is not None else f"{row['tasks']} of {row['tasks_all']}"
    return [
        str(row["a"]),
        str(row["b"]),
        *means,
        fixed(value, digits, sign=True),
        interval(low, high, digits, sign=True) or DASH,
        p_value(_number(pair.judged["p_value"])),
        tasks,
        f"{row['items']:,}",
        fixed(detectable, digits),
        pair.winner,
    ]


def _caption(pairs: Sequence[Pair]) -> str:
    """Say what the columns are, and what was adjusted for what."""
    level = percent(pairs[0].plain["level"])
    adjusted = [pair for pair in pairs if pair.judged is not pair.plain]
    points = [bool(pair.plain["in_points"]) for pair in pairs]
    unit = "in points, " if all(points) else "scores between 0 and 1 in points, "
    unit = unit if any(points) else ""
    if not adjusted:
        return f"{unit}{level} intervals"
    name = str(adjusted[0].judged["method"]).rpartition("; ")[2]
    if isnan(_number(adjusted[0].judged["low"])):
        return f"{unit}{level} intervals of each pair alone, p by {name}"
    return f"{unit}{level} intervals that hold together and p, both by {name}"


def _named(place: tuple[Any, Any]) -> str:
    return f"{place[0] or 'mean over tasks'}, {place[1]}"


def _share(probability: float) -> str:
    if probability > 0.999:
        return "> 99.9%"
    return "< 0.1%" if probability < 0.001 else f"{100 * probability:.1f}%"


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


@question(SELECTING, ESTIMATING, text=compare_text)
def compare(
    evidence: "Evidence",
    a: Annotated[
        str | None, typer.Option("-a", metavar="NAME", help="One side; the difference is a - b.")
    ] = None,
    b: Annotated[
        str | None, typer.Option("-b", metavar="NAME", help="The other; without both: all pairs.")
    ] = None,
    between: Annotated[
        str, typer.Option(metavar="AXIS", help="model, checkpoint, prompt, seed or task.")
    ] = "model",
    pairs: Annotated[
        str, typer.Option(metavar="WHICH", help="Without -a and -b: all, or neighbours by score.")
    ] = "all",
    functional: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="mean, median, iqm, trimmed, wins, optimality-gap, pass@5, pass^3, eff@2, gap@2",
        ),
    ] = "mean",
    over: Annotated[
        str | None,
        typer.Option(metavar="AXES", help="What is drawn again: item, seed, prompt; item,seed ..."),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="auto, t, sparse-t, bootstrap, sign-flip, tango, newcombe, bonett-price, "
            "agresti-min, mcnemar or mcnemar-midp.",
        ),
    ] = "auto",
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="Test a margin: in the unit of the scores, in the better direction."
        ),
    ] = None,
    test: Annotated[
        str,
        typer.Option(metavar="NAME", help="superiority, non-inferiority or equivalence by it."),
    ] = "superiority",
    correction: Annotated[
        str,
        typer.Option(metavar="NAME", help="For several pairs: auto, max-t, holm, bh, by, none."),
    ] = "auto",
    family: Annotated[
        str, typer.Option(metavar="WHICH", help="Pairs adjusted together: of a task, or all.")
    ] = "task",
    weights: Annotated[
        str, typer.Option(metavar="WHICH", help="Mean over tasks: equal, items, or none.")
    ] = "equal",
    checkpoint: Checkpoint = None,
    resamples: Annotated[
        int, typer.Option(metavar="N", help="Draws where there is no closed form.")
    ] = 9999,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Is a better than b on the same items?"""
    from evalvar.analyses import comparison

    return comparison.compare(
        evidence,
        a,
        b,
        between=between,  # type: ignore[arg-type]  # compare checks it and names the legal ones
        pairs=pairs,  # type: ignore[arg-type]
        functional=functional,
        over=over,
        method=method,
        margin=margin,
        test=test,
        correction=correction,
        family=family,
        weights=None if weights == "none" else weights,
        checkpoint=checkpoint,
        n_resamples=resamples,
        rng=rng,
        **options,
    )
