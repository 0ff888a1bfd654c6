"""What a comparison leaves out, in sentences: what changes the answer first."""

from collections.abc import Sequence

from evalvar.analyses.intake import by_reason
from evalvar.analyses.outcome import Outcome
from evalvar.analyses.pairing import Key, Sides
from evalvar.errors import counted
from evalvar.numbers import listing

# So many pairs get a sentence each.
FEW_PAIRS = 3


def absent(places: Sequence[tuple[Key, Sides]]) -> list[str]:
    """Say which sides are compared on some tasks and lack others."""
    every = {label for _, sides in places for label in sides}
    said = []
    for key, sides in places:
        lacking = sorted(str(label) for label in every - sides.keys())
        if lacking:
            where = ", ".join(filter(None, key))
            said.append((where, f"no scores of {listing(lacking)}, not compared there."))
    return by_reason(said)


def left_out(found: Sequence[Outcome]) -> list[str]:
    """Say what was left out: of means over tasks first, pair by pair where they are few."""
    reasons = [(pair.name, reason) for pair in found for reason in pair.remarks]
    ragged = [pair for pair in found if pair.unpaired and pair.quantity == "difference"]
    if len(ragged) <= FEW_PAIRS:
        said = [
            f"{pair.name}: {counted(pair.unpaired, 'item')} without a score on both sides left "
            f"out, {pair.items:,} compared."
            for pair in ragged
        ]
    else:
        counts = [pair.unpaired for pair in ragged]
        few, many = min(counts), max(counts)
        said = [
            f"{len(ragged):,} pairs (first {ragged[0].name}): "
            f"{f'{few:,} to ' if few < many else ''}{counted(many, 'item')} without a score on "
            "both sides left out; the label unpaired counts them."
        ]
    return [*_partly(found), *said, *by_reason(reasons, "pairs")]


def _partly(found: Sequence[Outcome]) -> list[str]:
    """Say which means over tasks are not of all tasks."""
    pairs = [pair for pair in found if len(pair.meetings) < pair.tasks_all]
    if len(pairs) <= FEW_PAIRS:
        return [
            f"{pair.name}: the mean over tasks is of {len(pair.meetings)} of {pair.tasks_all}; "
            "they share no items, or one, of the others."
            for pair in pairs
        ]
    counts = [len(pair.meetings) for pair in pairs]
    few, many, whole = min(counts), max(counts), max(pair.tasks_all for pair in pairs)
    return [
        f"{len(pairs):,} pairs (first {pairs[0].name}): the mean over tasks is of "
        f"{few if few == many else f'{few} to {many}'} of {whole}; they share no items, or one, of "
        "the others; the label tasks counts them."
    ]
