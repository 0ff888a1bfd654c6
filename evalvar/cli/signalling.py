"""The command signal: which benchmarks tell models apart, a line each, and from which step on."""

from math import isfinite, nan
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.columns import aligned
from evalvar.cli.reading import ESTIMATING, SELECTING, Rng, question
from evalvar.errors import UsageError
from evalvar.numbers import DASH, decimals_for, fixed, interval, p_value, percent

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

_NUMBERS = ("value", "se", "low", "high", "level", "p_value")
# With more pairs than this, only their number is told.
_PAIRS = 28
# With more benchmarks than this, those with the highest ratio.
_LINES = 40

Row = dict[str, Any]
Benchmark = list[Row]


def signal_text(result: "Result") -> str:
    """Return the answer in words, a line a benchmark, and the pairs where there is one."""
    benchmarks: dict[tuple[str, str], Benchmark] = {}
    for row in result.to_dict()["rows"]:
        numbers = {name: nan if row[name] is None else row[name] for name in _NUMBERS}
        benchmarks.setdefault((row["task"], row["metric"]), []).append({**row, **numbers})
    found = list(benchmarks.values())
    if len(found) == 1:
        lines = [_sentence(found[0]), "", *_table(found), *_windows(found[0]), *_pairs(found[0])]
        return "\n".join([*lines, "", *_notes(found)])
    ordered = sorted(found, key=_ratio, reverse=True)
    lines = [_headline(found), "", *_table(ordered[:_LINES])]
    if len(found) > _LINES:
        lines.append(f"... and {len(found) - _LINES} more. Name some with --task or --metric.")
    return "\n".join([*lines, "", *_notes(found)])


def _ratio(benchmark: Benchmark) -> float:
    snr = _one(benchmark, "snr")
    return snr["value"] if snr is not None and isfinite(snr["value"]) else -1.0


def _headline(benchmarks: list[Benchmark]) -> str:
    ratios = [row for row in (_one(b, "snr") for b in benchmarks) if row is not None]
    known = [row for row in ratios if _bounded(row)]
    if not known:
        return _unbounded(benchmarks, [r["value"] for r in ratios if isfinite(r["value"])])
    above = sum(row["low"] > 1 for row in known)
    below = sum(row["high"] < 1 for row in known)
    text = (
        f"On {above} of {len(benchmarks)} readings models are surely further apart than one run "
        f"moves (signal-to-noise above 1, at {percent(known[0]['level'])} for each by itself), on "
        f"{below} surely not"
    )
    unknown = len(benchmarks) - len(known)
    return f"{text}; of {unknown} the noise of a new run is not known." if unknown else f"{text}."


def _unbounded(benchmarks: list[Benchmark], ratios: list[float]) -> str:
    if not ratios:
        return f"Noise is not known for any of {len(benchmarks)} readings: see the remarks."
    ends = dict.fromkeys(fixed(end, 1) for end in (min(ratios), max(ratios)))
    return (
        f"How far a new run would move is not known for any of {len(benchmarks)} readings, as no "
        f"model has several seeds; models spread {' to '.join(ends)} times as far as the last "
        "checkpoints of one run move about a line."
    )


def _sentence(benchmark: Benchmark) -> str:
    snr, first = _one(benchmark, "snr"), benchmark[0]
    text = f"{first['task']}, {first['metric']}: "
    if snr is None or not isfinite(snr["value"]):
        why = snr["method"].removeprefix("undefined: ") if snr else "no noise"
        text += f"no signal-to-noise ratio ({why})"
    else:
        noise = _one(benchmark, "noise")
        text += (
            f"models spread {_number(snr)} {_interval(snr)} times as far as one run moves by "
            "training luck"
            if noise and noise["unit"] == "seed"
            else f"models spread {_number(snr)} times as far as the last checkpoints of one run "
            "move about a line (what a new run would move by is not known: no model has several "
            "seeds)"
        )
    half = _half(benchmark)
    if half is not None:
        text += (
            f"; at checkpoint {half['checkpoint']:,}{_end(benchmark)} {_percent(half)} "
            f"{_percents(half)} of pairs are in their final order"
        )
    apart, pairs = _apart(benchmark), _all(benchmark, "distinguishable_from")
    if pairs:
        what = "pairs of single runs" if any(map(_of_runs, pairs)) else "pairs"
        text += f"; {len(apart)} of {len(pairs)} {what} are apart in the end"
    return text + "."


def _end(benchmark: Benchmark) -> str:
    last = benchmark[0]["last_checkpoint"]
    return "" if last is None else f" of {int(last):,}"


def _table(benchmarks: list[Benchmark]) -> list[str]:
    head = ["task", "metric", "models", "signal", "noise", "snr", "interval", "half-way",
            "interval", "pairs apart", "from"]  # fmt: skip
    small = any(_all(b, "small_decision_accuracy") for b in benchmarks)
    if small:
        head += ["small models", "interval"]
    cells = [head]
    for benchmark in benchmarks:
        rows = {name: _one(benchmark, name) for name in ("signal", "noise", "snr")}
        half, apart = _half(benchmark), _apart(benchmark)
        starts = [row["value"] for row in apart if isfinite(row["value"])]
        pairs = _all(benchmark, "distinguishable_from")
        line = [
            benchmark[0]["task"], benchmark[0]["metric"], str(int(benchmark[0]["models"])),
            *(_number(row) for row in rows.values()), _interval(rows["snr"]),
            _percent(half), _percents(half), f"{len(apart)} of {len(pairs)}" if pairs else DASH,
            f"{median(starts):,.0f}" if starts else DASH,
        ]  # fmt: skip
        if small:
            last = _all(benchmark, "small_decision_accuracy")[-1:]
            line += [_percent(last[0]), _percents(last[0])] if last else [DASH, ""]
        cells.append(line)
    return aligned(cells, left=(0, 1))


def _windows(benchmark: Benchmark) -> list[str]:
    """Show what averaging the last checkpoints buys."""
    head = ["mean of the last", "snr", "interval", "half-way", "interval"]
    cells = [head]
    for window in sorted({int(row["smoothed"]) for row in benchmark if row["smoothed"]}):
        snr, half = _one(benchmark, "snr", window), _half(benchmark, window)
        if half is not None or (snr is not None and isfinite(snr["value"])):
            cells.append([str(window), _number(snr), _interval(snr), _percent(half),
                          _percents(half)])  # fmt: skip
    return ["", *aligned(cells)] if len(cells) > 2 else []


def _pairs(benchmark: Benchmark) -> list[str]:
    pairs = _all(benchmark, "distinguishable_from")
    varied = {(row["a"], row["b"]): row for row in _all(benchmark, "total_variation")}
    if not 0 < len(pairs) <= _PAIRS:
        return []
    cells = [["a", "b", "apart from", "p", *(["answers differ", "p"] if varied else [])]]
    for row in pairs:
        start = f"{row['value']:,.0f}" if isfinite(row["value"]) else DASH
        if row["better"] is not None and start == DASH:
            start = "ends only"
        line = [row["a"], row["b"], start, p_value(row["p_value"])]
        other = varied.get((row["a"], row["b"]))
        if varied:
            line += [_percent(other), p_value(other["p_value"])] if other else [DASH, DASH]
        cells.append(line)
    return ["", *aligned(cells, left=(0, 1))]


def _notes(benchmarks: list[Benchmark]) -> list[str]:
    notes = [
        "signal: sd over models, freed of noise; noise: sd of one run; half-way: share of pairs of "
        "models in their final order at half of training."
    ]
    pairs = next((rows for b in benchmarks if (rows := _all(b, "distinguishable_from"))), [])
    if pairs:
        notes.append(
            "apart from: the checkpoint from which on the difference is clear of zero through to "
            f"the end, at {percent(pairs[0]['level'])} for all pairs of a benchmark together."
            if any("Bonferroni" in row["method"] for row in pairs)
            else "apart from: the checkpoint from which on the difference is clear of zero through "
            f"to the end, at {percent(pairs[0]['level'])} for each pair by itself."
        )
    if any(map(_of_runs, pairs)):
        notes.append(
            "With one seed each, what is apart are these runs; two runs of one recipe may be, too."
        )
    return notes


def _all(benchmark: Benchmark, quantity: str) -> Benchmark:
    return [row for row in benchmark if row["quantity"] == quantity]


def _one(benchmark: Benchmark, quantity: str, window: int = 1) -> Row | None:
    rows = [row for row in _all(benchmark, quantity) if row["smoothed"] == window]
    return rows[0] if rows else None


def _half(benchmark: Benchmark, window: int = 1) -> Row | None:
    """Give the decision accuracy at the last checkpoint of the first half of training."""
    rows = [row for row in _all(benchmark, "decision_accuracy") if row["smoothed"] == window]
    early = [row for row in rows if (row["share_of_training"] or 0) <= 0.5]
    return early[-1] if early else None


def _apart(benchmark: Benchmark) -> Benchmark:
    rows = _all(benchmark, "distinguishable_from")
    return [row for row in rows if row["better"] is not None]


def _of_runs(pair: Row) -> bool:
    return "these runs" in pair["method"]


def _bounded(row: Row) -> bool:
    return isfinite(row["low"]) and isfinite(row["high"])


def _number(row: Row | None) -> str:
    if row is None or not isfinite(row["value"]):
        return DASH
    return fixed(row["value"], _digits(row))


def _interval(row: Row | None) -> str:
    return "" if row is None else interval(row["low"], row["high"], _digits(row))


def _digits(row: Row) -> int:
    return decimals_for(row["value"], row["se"], row["low"], row["high"], fine=True)


def _percent(row: Row | None) -> str:
    return DASH if row is None or not isfinite(row["value"]) else percent(round(row["value"], 2))


def _percents(row: Row | None) -> str:
    if row is None or not _bounded(row):
        return ""
    return f"[{round(100 * row['low'])}, {round(100 * row['high'])}]"


@question(SELECTING, ESTIMATING, text=signal_text)
def signal(
    evidence: "Evidence",
    last: Annotated[
        int, typer.Option(metavar="N", help="How many last checkpoints are the noise.")
    ] = 5,
    small: Annotated[
        list[str] | None,
        typer.Option(metavar="SMALL=LARGE", help="A small model and its large one (repeatable)."),
    ] = None,
    smooth: Annotated[
        list[int] | None,
        typer.Option(
            metavar="STEP",
            help="Average so many last checkpoints (repeatable); default: 1, 2, 3, 5.",
        ),
    ] = None,
    correction: Annotated[
        str, typer.Option(metavar="NAME", help="Over pairs: bonferroni or none.")
    ] = "bonferroni",
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Can this benchmark tell models apart, and from which step on?"""
    from evalvar.analyses import signals

    return signals.signal(
        evidence,
        last=last,
        small=_pairing(small),
        smooth=tuple(smooth or (1, 2, 3, 5)),
        correction=correction,  # type: ignore[arg-type]  # checked there, with the legal ones named
        rng=rng,
        **options,
    )


def _pairing(options: list[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for option in options or ():
        one, equals, other = option.partition("=")
        if not (equals and one and other):
            raise UsageError(f"--small {option}: expected SMALL=LARGE, two names of models.")
        if one in found:
            raise UsageError(f"--small {option}: {one} stands for {found[one]} already.")
        found[one] = other
    return found
