"""A leaderboard as text: who leads in one sentence, then rank sets, tie bars, scores and gaps."""

from math import isfinite
from typing import TYPE_CHECKING, Any

from evalvar.cli.columns import aligned
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
    from evalvar.results import Result

# With more boards than this, one line each instead of a table.
_TABLES = 3
_HEAD = ("rank", "ties", "model", "score", "interval", "ahead of next by", "interval", "p")
_BESIDE = ("rank", "gap_to_next", "decision_accuracy")

Board = list[dict[str, Any]]


def standings_text(result: "Result") -> str:
    """Return a table a board, or a line a board and the table of the mean over tasks."""
    boards = _boards(result)
    tables = boards if len(boards) <= _TABLES else [b for b in boards if b[0]["task"] is None]
    lines = []
    if len(tables) < len(boards):
        lines += [f"{_place(board)}: {_sentence(board)}" for board in boards if board not in tables]
        lines.append("Name one with --task to see its table.")
    # why there is no table of the mean over tasks
    lines += [w for w in result.warnings if w.startswith("mean over tasks, ") and ": none, " in w]
    blocks = ["\n".join(lines)] if lines else []
    return "\n\n".join([*blocks, *map(_table, tables)])


def _boards(result: "Result") -> list[Board]:
    """Give the models of each board, best first, as what was estimated by quantity."""
    found: dict[tuple[Any, Any], dict[Any, dict[str, Any]]] = {}
    columns = [str(column) for column in result.table.columns]
    for values in result.table.itertuples(index=False, name=None):
        row = dict(zip(columns, values, strict=True))
        key = {name: row[name] if isinstance(row[name], str) else None for name in result.keys}
        board = found.setdefault((key["task"], key["metric"]), {})
        # what is ranked is named after its functional
        name = row["quantity"] if row["quantity"] in _BESIDE else "score"
        model = board.setdefault(key["model"], {**row, **key})
        model[name] = _ahead(row) if name == "gap_to_next" else row
    return [list(board.values()) for board in found.values()]


def _ahead(gap: dict[str, Any]) -> dict[str, Any]:
    """Return a lead as a positive number where lower is better too."""
    if gap["higher_is_better"]:
        return gap
    return {**gap, "value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}


def _models(board: Board) -> Board:
    """Give those that are ranked; all of them where nobody is."""
    models = [model for model in board if model["model"] is not None]
    return [model for model in models if _is_ranked(model)] or models


def _away(board: Board) -> Board:
    """Give those that are not ranked although others are."""
    return [model for model in board if "rank" in model and not _is_ranked(model)]


def _is_ranked(model: dict[str, Any]) -> bool:
    return "rank" in model and isfinite(model["rank"]["value"])


def _place(board: Board) -> str:
    task, metric = board[0]["task"], board[0]["metric"]
    if task:
        return f"{task}, {metric}"
    few, whole = int(board[0]["tasks"]), int(board[0]["tasks_all"])
    return f"mean over {few if few == whole else f'{few} of {whole}'} tasks, {metric}"


def _sentence(board: Board) -> str:
    """Say who leads whom, and who is not ranked at all."""
    models, away = _models(board), _away(board)
    if "rank" not in models[0]:
        return f"no rank: the models share {counted(models[0]['items'], 'item')}."
    names = [str(model["model"]) for model in models]
    what = models[0]["score"]["quantity"]
    tied = [str(m["model"]) for m in models[1:] if m["verdict"] == "tied for the lead"]
    if not tied:
        field = f" the {len(models)} models ranked" if away else ""
        said = f"{names[0]} leads{field}: ahead of {names[1]} by {_gap(models[0])}"
    elif len(models) == 2:
        said = f"nobody leads: {names[0]} and {names[1]} cannot be told apart"
    elif len(tied) == len(models) - 1:
        said = (
            f"nobody leads: {names[0]} has the best {what}, and the other {len(tied)} cannot be "
            "told apart from it"
        )
    else:
        said = (
            f"nobody leads alone: {names[0]} has the best {what}, and {listing(tied)} cannot be "
            "told apart from it"
        )
    if not away:
        return f"{said}."
    lacking = listing([str(model["model"]) for model in away])
    few = f"{'tasks' if board[0]['task'] is None else 'items'} in common"
    if all("answers to an item" in str(model["rank"]["method"]) for model in away):
        few = "answers to an item"
    have = "has" if len(away) == 1 else "have"
    are = "is" if len(away) == 1 else "are"
    return f"{said}. {lacking} {have} too few {few} and {are} not ranked."


def _gap(model: dict[str, Any]) -> str:
    gap = model["gap_to_next"]
    sign = 1 if gap["value"] >= 0 else -1
    low, high = sorted((sign * gap["low"], sign * gap["high"]))
    digits = max(_places(gap), _telling(gap))
    bounds = interval(low, high, digits)
    return f"{fixed(sign * gap['value'], digits)}{' ' * bool(bounds)}{bounds}"


def _table(board: Board) -> str:
    models = _models(board)
    text = _sentence(board)
    away = _away(board)
    many = f"{len(models)} of {len(models) + len(away)}" if away else f"{len(models)}"
    where = "by their seeds"
    if models[0]["items"] or "rank" not in models[0]:
        items = counted(models[0]["items"], "item")
        who = f"all {len(models)}" if away else "all of them"
        where = f"on the {items} that {'both' if len(models) == 2 else who} answered"
    heading = [
        f"{_place(board)}: {many} models {where}",
        text if text.startswith(str(models[0]["model"])) else text[:1].upper() + text[1:],
    ]
    if "rank" not in models[0]:
        return "\n".join(heading)
    bars = _bars([model["ties"].split() for model in models])
    digits = _column_digits([*models, *away])
    cells = [list(_HEAD)]
    cells += [_cells(m, bar, *digits) for m, bar in zip(models, bars, strict=True)]
    cells += [_unranked(model, digits[0]) for model in away]
    if len(models) == 2:
        cells = [row[:1] + row[2:] for row in cells]
    lines = aligned(cells, left=range(1, cells[0].index("score")))
    rank, level = models[0]["rank"], percent(models[0]["rank"]["level"])
    accuracy = next((m["decision_accuracy"] for m in board if "decision_accuracy" in m), None)
    method = rank["method"].removeprefix("rank set, ")
    notes = [f"Ranks and gaps hold together at {level} ({method}), each score by itself."]
    if accuracy is not None and isfinite(accuracy["value"]):
        notes.append(
            f"The order seen of a pair is the true one with a chance {_chance(accuracy['value'])}, "
            "on average over the pairs."
        )
    return "\n".join([*heading, "", *lines, "", *notes])


def _chance(value: float) -> str:
    """Return a chance, which is never certain.

    >>> _chance(0.833), _chance(0.99999)
    ('of 83.3%', 'above 99.9%')
    """
    return "above 99.9%" if value > 0.9995 else f"of {percent(round(value, 3))}"


def _column_digits(models: Board) -> tuple[int, int]:
    """Give the decimals of the scores and of the gaps: one for a column, as most rows call for."""
    scores = [
        decimals_for(m["value"], m["se"], m["low"], m["high"], fine=True)
        for m in (model["score"] for model in models)
        if isfinite(m["low"])
    ]
    gaps = [model["gap_to_next"] for model in models if "gap_to_next" in model]
    digits = most_common([_places(gap) for gap in gaps if isfinite(gap["low"])] or [3])
    return most_common(scores or [3]), max([digits, *map(_telling, gaps)])


def _telling(gap: dict[str, Any]) -> int:
    """Give the decimals below which the p-value and the bounds would say different things."""
    near, digits = min(abs(gap["low"]), abs(gap["high"])), 0
    # a bound that prints as zero would hide on which side of it the gap is
    while digits < 6 and 0 < near < 0.5 * 10**-digits:
        digits += 1
    return digits


def _cells(model: dict[str, Any], bar: str, scores: int, gaps: int) -> list[str]:
    rank, mean = model["rank"], model["score"]
    low, high = round(rank["low"]), round(rank["high"])
    cells = [
        f"{low}" if low == high else f"{low}{DASH}{high}", bar, str(model["model"]),
        fixed(mean["value"], scores), interval(mean["low"], mean["high"], scores),
    ]  # fmt: skip
    if "gap_to_next" not in model:
        return [*cells, "", "", ""]
    gap = model["gap_to_next"]
    return [
        *cells, fixed(gap["value"], gaps), interval(gap["low"], gap["high"], gaps),
        p_value(gap["p_value"]),
    ]  # fmt: skip


def _unranked(model: dict[str, Any], scores: int) -> list[str]:
    mean = model["score"]
    return [
        DASH, "", str(model["model"]), fixed(mean["value"], scores),
        interval(mean["low"], mean["high"], scores), "not ranked", "", "",
    ]  # fmt: skip


def _places(gap: dict[str, Any]) -> int:
    return decimals_for(gap["value"], gap["se"], gap["low"], gap["high"], fine=True)


def _bars(ties: list[list[str]]) -> list[str]:
    """Draw a bar through the models of each tie, as few side by side as will do."""
    runs: dict[str, list[int]] = {}
    for place, letters in enumerate(ties):
        for letter in letters:
            runs.setdefault(letter, []).append(place)
    lanes: list[list[str]] = []
    ends: list[int] = []
    for places in runs.values():
        start, stop = places[0], places[-1]
        lane = next((i for i, end in enumerate(ends) if end < start), len(lanes))
        if lane == len(lanes):
            lanes.append([" "] * len(ties))
            ends.append(stop)
        ends[lane] = stop
        lanes[lane][start : stop + 1] = ["┌", *"│" * (stop - start - 1), "└"]
    return ["".join(lane[i] for lane in lanes).rstrip() for i in range(len(ties))]
