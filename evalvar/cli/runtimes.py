"""A comparison of run times as text: who is faster, by what factor, level by level."""

from math import isfinite, nan
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import fitted
from evalvar.cli.reading import SELECTING, Checkpoint, question
from evalvar.cli.tries import Alpha
from evalvar.errors import counted
from evalvar.numbers import DASH, fixed, interval, p_value, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

# So many problems are shown, those with the smallest p, and what p is said to tell them apart.
_SHOWN, _CLEAR = 8, 0.05
_HEAD = ("", "ratio", "[low, high]", "p", "log-rank p", "mean a", "mean b", "stopped")
_P = ("p", "log-rank p")
Rows = dict[str, dict[str, Any]]


def runtimes_text(result: "Result") -> str:
    """Return a sentence a pair, a table by level, and the problems on which they differ most."""
    pairs: dict[tuple[Any, ...], dict[Any, Rows]] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in ("value", "low",
                   "high", "se", "p_value", "p_holm")}  # fmt: skip
        place = row["task"], row["a"], row["b"]
        pairs.setdefault(place, {}).setdefault(row["item"], {})[row["quantity"]] = {
            **row,
            **numbers,
        }
    blocks = [_pair(place, by_item) for place, by_item in pairs.items()]
    if len(pairs) > 1:
        blocks.append(f"Not adjusted for the {len(pairs)} pairs, nor for levels.")
    return "\n\n".join(blocks)


def _pair(place: tuple[Any, ...], by_item: dict[Any, Rows]) -> str:
    task, a, b = place
    whole = by_item[None]
    lines = [_sentence(task, a, b, whole)]
    levels = [name.partition("@")[2] for name in whole if name.startswith("rmst_ratio@")]
    names = {"": "slowest", **{f"@{one}": f"level {one}" for one in levels}}
    counts = [counted(whole["rmst_ratio"][f"programs_{side}"], "program") for side in "ab"]
    lines += ["", f"a is {a} ({counts[0]}), b is {b} ({counts[1]}); times in units of the "
              "reference's slowest case"]  # fmt: skip
    lines += fitted([list(_HEAD), *([name, *_cells(whole, suffix)]
                                    for suffix, name in names.items())])  # fmt: skip
    return "\n".join([*lines, *_problems(by_item)])


def _problems(by_item: dict[Any, Rows]) -> list[str]:
    """Return the problems with the smallest p, which are adjusted for how many there are."""
    tested = [item for item, rows in by_item.items()
              if item is not None and isfinite(rows["log_rank"]["p_value"])]  # fmt: skip
    if not tested:
        return []
    tested.sort(key=lambda item: float(by_item[item]["log_rank"]["p_value"]))
    clear = sum(by_item[item]["log_rank"]["p_holm"] <= _CLEAR for item in tested)
    by = f"log-rank p of at most {_CLEAR:g}, adjusted by Holm for {len(tested):,}"
    if not clear:
        return ["", f"No problem by itself tells them apart ({by}); --json has each."]
    head = ["problem", *(name for name in _HEAD[1:] if name not in _P), "programs", "Holm p"]
    rows = []
    for item in tested[:_SHOWN]:
        cells = dict(zip(_HEAD[1:], _cells(by_item[item], ""), strict=True))
        adjusted = p_value(by_item[item]["log_rank"]["p_holm"])
        ratio = by_item[item]["rmst_ratio"]
        of = f"{ratio['programs_a']:,} : {ratio['programs_b']:,}"
        rows.append([str(item), *(cells[name] for name in head[1:-2]), of, adjusted])
    apart = "tell" if clear > 1 else "tells"
    each = "themselves" if clear > 1 else "itself"
    return [
        "",
        f"{clear:,} of {counted(len(tested), 'problem')} by {each} {apart} them apart ({by}); the "
        f"first {len(rows)} by p, intervals not adjusted:",
        *fitted([head, *rows]),
    ]


def _sentence(task: str, a: str, b: str, whole: Rows) -> str:
    row, test = whole["rmst_ratio"], whole["log_rank"]
    ratio, low, high = row["value"], row["low"], row["high"]
    bounds = f", {percent(row['level'])} interval {interval(low, high, 3)}" if isfinite(low) else ""
    told = f"{fixed(ratio, 3)} times as long as {b}'s{bounds}"
    sure = isfinite(low) and (high < 1 or low > 1)
    end = "" if sure or not isfinite(low) else ": cannot be told apart"
    wrong = f"left out as wrong: {row['wrong_a']:,} of {a}, {row['wrong_b']:,} of {b}"
    p = test["p_value"]
    ranked = f"; log-rank p {_equals(p)}" if isfinite(p) else ""
    return (
        f"{task}: {a}'s right programs take {told}{end} "
        f"({counted(row['problems'], 'problem')} that both solve{ranked}; {wrong})."
    )


def _equals(p: float) -> str:
    return p_value(p) if p < 0.001 else f"= {p_value(p)}"


def _cells(rows: Rows, suffix: str) -> list[str]:
    ratio, test = rows[f"rmst_ratio{suffix}"], rows[f"log_rank{suffix}"]
    return [
        fixed(ratio["value"], 3),
        interval(ratio["low"], ratio["high"], 3) or DASH,
        p_value(ratio["p_value"]) or DASH,
        p_value(test["p_value"]) or DASH,
        f"{ratio['rmst_a']:.3g}",
        f"{ratio['rmst_b']:.3g}",
        f"{ratio['stopped_a']:,} : {ratio['stopped_b']:,}",
    ]


@question(SELECTING, text=runtimes_text)
def runtimes(
    evidence: "Evidence",
    a: Annotated[
        str | None, typer.Option("-a", metavar="NAME", help="One model; the ratio is a over b.")
    ] = None,
    b: Annotated[
        str | None, typer.Option("-b", metavar="NAME", help="The other; without: all pairs.")
    ] = None,
    alpha: Alpha = 2.0,
    weights: Annotated[
        str,
        typer.Option(metavar="NAME", help="Of the test: log-rank, gehan-wilcoxon, tarone-ware."),
    ] = "log-rank",
    level: Annotated[
        float, typer.Option(metavar="SHARE", help="Nominal coverage of the intervals.")
    ] = 0.95,
    checkpoint: Checkpoint = None,
    **options: Any,
) -> "Result":
    """Whose right programs are faster, where some were stopped?"""
    from evalvar.analyses import runtimes as analysis

    options.pop("metric", None)
    return analysis.runtimes(
        evidence,
        a,
        b,
        alpha=alpha,
        weights=weights,  # type: ignore[arg-type]  # checked there, with the legal ones named
        level=level,
        checkpoint=checkpoint,
        **options,
    )
