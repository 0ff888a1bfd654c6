"""What can be said of differences: the leader, the ties, the last steps of training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Figure, Verdict
from evalvar.report.reading import basis, missing
from evalvar.report.sections.chosen import selection
from evalvar.report.sections.claims import claim, quiet
from evalvar.report.sections.contests import Contest, Pair
from evalvar.report.sections.sides import sided_methods


def differences(found: Sequence[Contest]) -> list[Verdict]:
    """Return at most three verdicts: the clearest pair, and a count where there are many."""
    mine = [c for c in found if c.between != "checkpoint"]
    heads = sorted(_heads(mine), key=lambda contest: (contest.between != "model", contest.tier))
    verdicts = []
    if len(heads) == 1 or (len(heads) == 2 and all(len(c.pairs) == 1 for c in heads)):
        verdicts = [_pair(contest, _first(contest)) for contest in heads]
    elif clear := [c for c in heads if _first(c).status == "clear"]:
        # A loss opens the page only where nothing else is told apart.
        least = min(contest.tier for contest in clear)
        top = max(
            (c for c in clear if c.tier == least), key=lambda contest: _distance(_first(contest))
        )
        chosen = _pair(top, _first(top))
        remark = (
            f" The clearest lead, by size over width of interval, of {len(heads)} benchmarks; not "
            "adjusted for that choice."
        )
        verdicts = [replace(chosen, method=chosen.method + remark)]
    if len(heads) > 2 or any(len(c.pairs) > 1 for c in heads):
        verdicts.append(_tally(heads, mine))
    return verdicts


def last_steps(found: Sequence[Contest]) -> list[Verdict]:
    """Return what the last checkpoint gained over the one before, over all benchmarks."""
    mine = [c for c in found if c.between == "checkpoint" and len(c.pairs) == 1]
    heads = _heads(mine)
    if len(heads) == 1:
        return [_pair(heads[0], heads[0].pairs[0])]
    return [_tally(heads, mine)] if heads else []


def _heads(found: Sequence[Contest]) -> list[Contest]:
    """Keep one metric a task, its first: the table has the others."""
    heads: dict[tuple[str, str, str], Contest] = {}
    for contest in found:
        ladder, stepped = contest.ladder()
        # who leads is said of the top step alone: where that is undefined, nobody is said to lead
        told = ladder[:1] if stepped else ladder
        if any(pair.status != "undefined" for pair in told):
            heads.setdefault((contest.between, contest.model, contest.task), contest)
    return list(heads.values())


def _first(contest: Contest) -> Pair:
    """Return the step at the top of the ladder: the leader, or the hub, against the next."""
    ladder, stepped = contest.ladder()
    known = [pair for pair in ladder if pair.status != "undefined"]
    if stepped or not contest.hub:
        return known[0]
    sign = 1 if contest.higher else -1
    return max(known, key=lambda pair: sign * pair.means[pair.names[0] == contest.hub])


def _distance(pair: Pair) -> float:
    """Order pairs by the size of the difference in widths of its interval."""
    width = pair.row["high"] - pair.row["low"]
    return abs(pair.row["value"]) / width if isfinite(width) and width > 0 else 0.0


def _pair(contest: Contest, pair: Pair) -> Verdict:
    clear = pair.status == "clear"
    if clear and pair.winner != pair.names[0]:
        # Told from the better side, so that the sentence has the winner as its subject.
        pair = pair.turned
    first, second = pair.names
    unit = contest.unit
    text = unit.of(contest.text(pair, sign=not clear))
    bounds = quiet(f" {contest.interval(pair, sign=not clear)}".rstrip())
    items = str(pair.row["unit"]) == "item" and pair.row["n"] > 0
    basis = wording.count(float(pair.row["n"]), "item") if items else "items"
    rests = f"on the {basis} both answered."
    where = contest.place if contest.between == "model" else f"{contest.place} of {contest.model}"
    if clear and contest.higher:
        said = claim(f"{first} leads {where} by {text}", bounds, f" over {second}, {rests}")
    elif clear:
        drop = text.lstrip(wording.MINUS)
        # The interval of a drop is told as a drop too: both lose their sign and change places.
        bounds = quiet(f" {contest.interval(pair.turned, sign=False)}".rstrip())
        said = claim(
            f"{first} is lower, which is better, on {where} by {drop}",
            bounds,
            f" than {second}, {rests}",
        )
    else:
        how = f" after {pair.correction}\u2019s adjustment" if pair.undecided else ""
        but = ", although its own interval leaves out 0" if pair.undecided else ""
        said = claim(
            f"{first} and {second} cannot be told apart on {where}{how}:",
            f" {text}",
            bounds,
            f"{but}, {rests}",
        )
    graphic = Figure(
        "mini_interval",
        {"rows": (("", *unit.bounds(pair.told), contest.text(pair), clear),)},
        alt=f"{contest.text(pair)} {contest.interval(pair)}".rstrip(),
    )
    if clear:
        return Verdict("Clear", "clear", said, _method(contest, pair), "differences", graphic)
    return Verdict("1 tie", "tie", said, _method(contest, pair), "differences", graphic)


def _method(contest: Contest, pair: Pair) -> str:
    parts = [
        pair.method,
        basis(pair.row),
        pair.p_text,
        f"{wording.percent(pair.row['level'])} interval",
    ]
    text = wording.sentence(", ".join(part for part in parts if part and part != wording.DASH))
    unpaired = pair.row.get("unpaired")
    if not missing(unpaired) and float(str(unpaired)) > 0:
        left = wording.count(float(str(unpaired)), "item")
        text += f" {left} without a score on both sides left out."
    return f"{text} {selection([contest])}".rstrip()


def _tally(heads: Sequence[Contest], mine: Sequence[Contest]) -> Verdict:
    """Count clear pairs and ties over the first metric of every benchmark, and name it."""
    tally = sum((c.tally() for c in heads), Counter[str]())
    clear, ties = tally["clear"], tally["tie"]
    lone = all(len(c.pairs) == 1 for c in heads)
    noun = "benchmark" if lone else "pair"
    if not lone and all(c.chained for c in heads):
        noun = "pair of neighbours"
    # Pairs within a model are told by its name, so those of several models are only counted.
    within = {c.model for c in heads if c.between != "model"}
    if lone and len(within) > 1:
        noun = f"pair of {heads[0].between}s"
    total = wording.count(
        clear + ties, noun, noun.replace("pair ", "pairs ") if " " in noun else ""
    )
    tied = "1 is a tie" if ties == 1 else f"{ties:,} are ties"
    apart = "1 is" if clear == 1 else f"{clear:,} are"
    over = "" if lone else f" on {wording.count(len(heads), 'benchmark')}"
    over += f" of {len(within):,} models" if lone and len(within) > 1 else ""
    where = f"{over} ({_metrics(heads)})" if len(heads) > 1 else f" on {heads[0].place}"
    strong = f"Of {total}{where}, {apart} told apart and {tied}."
    names = {c.pairs[0].names for c in heads} if lone and len(within) < 2 else set()
    rest = ""
    if len(names) == 1:
        first, second = next(iter(names))
        model = heads[0].model if heads[0].between != "model" else ""
        subject = f"{model}: {first}" if model else first
        if not clear:
            strong = f"{subject} and {second} cannot be told apart on any of {total}{where}."
        else:
            strong = f"{subject} and {second} are told apart on {clear:,} of {total}{where}."
        wins = Counter(c.pairs[0].winner for c in heads if c.pairs[0].status == "clear")
        rest = "; ".join(f"{name} is better on {n}" for name, n in wins.most_common())
        rest = f" {rest}." if rest else ""
    graphic = Figure(
        "mini_bars",
        {
            "rows": (
                (float(clear), f"{clear:,}", "told apart", "blue"),
                (float(ties), f"{ties:,}", "tie" if ties == 1 else "ties", "faint"),
            )
        },
        alt=f"{clear:,} told apart, {ties:,} ties",
    )
    return Verdict(
        wording.count(ties, "tie") if ties else "All clear",
        "tie" if ties else "clear",
        claim(strong, rest + _others(heads, mine)),
        _tally_method(heads),
        "differences",
        graphic,
    )


def _metrics(heads: Sequence[Contest]) -> str:
    """Name the metrics that a tally rests on."""
    tasks: dict[str, list[str]] = {}
    for contest in heads:
        tasks.setdefault(contest.metric, []).append(contest.task)
    if len(tasks) == 1:
        return heads[0].metric
    few = len(heads) <= 3
    shown = [f"{m} on {wording.listing(on) if few else len(on)}" for m, on in tasks.items()]
    return wording.listing(shown, most=3)


def _others(heads: Sequence[Contest], mine: Sequence[Contest]) -> str:
    """Say how the count goes with every metric, where there are more than were counted."""
    if len(mine) <= len(heads):
        return ""
    tally = sum((c.tally() for c in mine), Counter[str]())
    total = tally["clear"] + tally["tie"]
    return (
        f" With every metric, which are readings of the same answers, {tally['clear']:,} of "
        f"{total:,} are told apart."
    )


def _tally_method(heads: Sequence[Contest]) -> str:
    pairs = [pair for c in heads for pair in c.pairs if pair.status != "undefined"]
    method = wording.listing(sided_methods(pair.used for pair in pairs), most=2)
    names = list(dict.fromkeys(pair.correction for pair in pairs if pair.correction))
    if names:
        method += f"; verdicts by {wording.listing(names)} over the pairs of a benchmark"
    if len(heads) > 1:
        method += "; not adjusted over benchmarks"
    level = wording.percent(1 - heads[0].pairs[0].row["level"])
    text = wording.sentence(f"{method}; two-sided at {level}")
    undecided = sum(pair.undecided for pair in pairs)
    if undecided:
        ties = "1 tie has" if undecided == 1 else f"{undecided:,} ties have"
        text += f" {ties} an unadjusted interval that leaves out 0."
    return f"{text} {selection(heads)}".rstrip()
