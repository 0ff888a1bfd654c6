"""What can be said: at most six sentences that may be repeated, and what cannot be said."""

from collections import Counter
from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Block, Figure, Phrase, Section, Span, Text, Verdict
from evalvar.report.reading import Reading, base, missing, records
from evalvar.report.sections import code, instruments, scores
from evalvar.report.sections.contests import Contest, Pair, contests

MOST = 6


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no sentence can be said."""
    found = [
        *_differences(reading),
        *_seed_noise(reading),
        *_signal(reading),
        *_tries(reading),
        *_at_chance(reading),
    ]
    if not found:
        found = _measured(reading)
    blocks: list[Block] = []
    if found:
        blocks.append(Text("verdicts", tuple(found[:MOST])))
    silent = _silent(reading)
    if silent:
        blocks.append(Text("aside", silent, title="What these data cannot say"))
    if not found:
        return None
    return Section("verdicts", "What can be said", "", tuple(blocks), short="What can be said")


def _claim(strong: str, *rest: tuple[str, str] | str) -> Phrase:
    spans = [Span(strong, "strong")]
    for part in rest:
        spans.append(Span(part) if isinstance(part, str) else Span(part[0], "quiet"))
    return tuple(spans)


def _quiet(text: str) -> tuple[str, str]:
    return (text, "quiet")


def _differences(reading: Reading) -> list[Verdict]:
    found = contests(reading)
    verdicts: list[Verdict] = []
    # One metric a task here: its first; the table has the others.
    heads: dict[tuple[str, str], Contest] = {}
    for contest in found:
        heads.setdefault((contest.between, contest.task), contest)
    singles = [c for c in heads.values() if len(c.pairs) == 1 and c.pairs[0].status != "undefined"]
    if len(singles) <= 2:
        verdicts += [_pair(c, c.pairs[0]) for c in singles]
    else:
        top = max(singles, key=_distance)
        verdicts += [_pair(top, top.pairs[0]), _tally(singles, "benchmarks")]
    for contest in [c for c in heads.values() if len(c.pairs) > 1][:2]:
        ladder = [pair for pair in contest.ladder() if pair.status != "undefined"]
        if ladder:
            verdicts += [_pair(contest, ladder[0]), _tally([contest], "pairs")]
    return verdicts[:4]


def _distance(contest: Contest) -> float:
    """Order contests by how many half-widths the difference is from zero."""
    row = contest.pairs[0].row
    width = row["high"] - row["low"]
    return abs(row["value"]) / width if isfinite(width) and width > 0 else 0.0


def _pair(contest: Contest, pair: Pair) -> Verdict:
    first, second = pair.names
    unit, told = contest.unit, pair.told
    if pair.status == "clear" and pair.winner != first:
        # Told from the better side, so that the sentence has the winner as its subject.
        turned = Pair(pair.row, pair.holm, not pair.flipped)
        first, second, told = *turned.names, turned.told
    bounds = unit.interval(told, sign=pair.status == "tie")
    rests = f"on the {wording.basis(pair.row['n'], str(pair.row['unit']))} both answered"
    if str(pair.row["unit"]) != "item":
        rests = "on the items both answered"
    text = unit.cell(told, sign=pair.status == "tie").text
    hint = "" if contest.higher else " (lower is better)"
    place = f"{contest.task} {contest.metric}{hint}"
    if pair.status == "clear" and contest.higher:
        claim = _claim(
            f"{first} leads {place} by {unit.of(text)}",
            _quiet(f" {bounds}"),
            f" over {second}, {rests}.",
        )
    elif pair.status == "clear":
        text = text.lstrip(wording.MINUS)
        claim = _claim(
            f"{first} is better than {second} on {place}, lower by {unit.of(text)}",
            _quiet(f" {bounds}"),
            f", {rests}.",
        )
    else:
        claim = _claim(
            f"{first} and {second} cannot be told apart on {place}:",
            f" {unit.of(text)}",
            _quiet(f" {bounds}"),
            f", {rests}.",
        )
    parts = [
        str(pair.row["method"]),
        wording.basis(pair.row["n"], str(pair.row["unit"])),
        pair.p_text,
        f"{wording.percent(pair.row['level'])} interval",
    ]
    unpaired = pair.row.get("unpaired")
    if not missing(unpaired) and float(unpaired) > 0:
        parts.append(f"{wording.count(float(unpaired), 'item')} answered by one only left out")
    method = wording.sentence(", ".join(part for part in parts if part))
    value, low, high = unit.bounds(told)
    graphic = Figure(
        "mini_interval",
        {
            "rows": (
                ("", value, low, high, unit.cell(told, sign=True).text, pair.status == "clear"),
            )
        },
        alt=f"{unit.cell(told, sign=True).text} {unit.interval(told, sign=True)}",
    )
    tone, status = ("clear", "Clear") if pair.status == "clear" else ("tie", "1 tie")
    return Verdict(status, tone, claim, method, "differences", graphic)  # type: ignore[arg-type]


def _tally(found: list[Contest], what: str) -> Verdict:
    tally = sum((c.tally() for c in found), Counter[str]())
    clear, ties = tally["clear"], tally["tie"]
    total = clear + ties
    place = f"{found[0].task} {found[0].metric}: of " if what == "pairs" else "Of "
    tied = "1 is a tie" if ties == 1 else f"{ties:,} are ties"
    strong = (
        f"{place}{total:,} {what}, {clear:,} {'is' if clear == 1 else 'are'} told apart and {tied}."
    )
    rest = ""
    if what == "benchmarks":
        wins = Counter(c.pairs[0].winner for c in found if c.pairs[0].status == "clear")
        rest = (
            " "
            + wording.sentence(
                ", ".join(f"{name} is better on {n}" for name, n in wins.most_common())
            )
            if wins
            else ""
        )
    method = str(found[0].pairs[0].row["method"])
    holm = (
        ", verdicts by Holm over all pairs of the benchmark"
        if any(isfinite(p.holm) for c in found for p in c.pairs)
        else ""
    )
    level = wording.percent(found[0].pairs[0].row["level"])
    graphic = Figure(
        "mini_bars",
        {
            "rows": (
                (float(clear), f"{clear:,}", "told apart", "blue"),
                (float(ties), f"{ties:,}", "ties", "faint"),
            )
        },
        alt=f"{clear:,} told apart, {ties:,} ties",
    )
    status = "All clear" if not ties else wording.count(ties, "tie")
    tone = "tie" if ties else "clear"
    return Verdict(
        status,
        tone,
        _claim(strong, rest),
        wording.sentence(f"{method}{holm}, {level}"),
        "differences",
        graphic,
    )  # type: ignore[arg-type]


def _seed_noise(reading: Reading) -> list[Verdict]:
    found = instruments.readings(reading)
    ratios = {p: instruments.value(c, "noise_ratio") for p, c in found.items()}
    ratios = {p: r for p, r in ratios.items() if isfinite(r) and reading.discrete(p[1], p[2])} or {
        p: r for p, r in ratios.items() if isfinite(r)
    }
    if not ratios:
        return []
    top = max(ratios, key=lambda place: ratios[place])
    cells, unit = found[top], reading.unit(top[1], top[2])
    sd = unit.deviation(instruments.value(cells, "seed_sd"))
    half = unit.deviation(instruments.value(cells, "item_half_width"))
    seeds, steps = (instruments.label(cells, name) for name in ("seeds", "checkpoints"))
    row = cells["noise_ratio"]
    bounds = wording.interval(row["low"], row["high"], 1)
    place = f"{top[1]} {top[2]}"
    above = sum(ratio > 1 for ratio in ratios.values())
    method = wording.sentence(
        f"1.96 × seed sd over the half-width of the item interval, both means over {wording.count(steps, 'checkpoint')}; {wording.count(seeds, 'seed')}, ddof = 1"
    )
    graphic = Figure(
        "mini_bars",
        {
            "rows": (
                (
                    instruments.value(cells, "noise_ratio"),
                    wording.ratio(ratios[top]),
                    "seeds",
                    "seed",
                ),
                (1.0, "1", "items", "blue"),
            )
        },
        alt=f"Seed noise is {wording.ratio(ratios[top])} times item noise",
    )
    if above:
        claim = _claim(
            f"On {place} training luck moves the score {wording.ratio(ratios[top])} times as much as the choice of items does",
            _quiet(f" {bounds}" if bounds else ""),
            f": the seed sd is {unit.of(sd)}, the item interval ± {half}. The same holds for {above} of {wording.count(len(ratios), 'reading')}.",
        )
        return [Verdict("Seed-limited", "warn", claim, method, "instruments", graphic)]
    claim = _claim(
        f"On no benchmark do seeds move the score more than the choice of items: at most {wording.ratio(ratios[top])} times, on {place}.",
        f" The seed sd there is {unit.of(sd)}, the item interval ± {half}.",
    )
    return [Verdict("Item-limited", "clear", claim, method, "instruments", graphic)]


def _signal(reading: Reading) -> list[Verdict]:
    found = instruments.readings(reading)
    pairs = []
    for place, cells in found.items():
        if not reading.discrete(place[1], place[2]) or any(place[:2] == p[0][:2] for p in pairs):
            continue
        beside = instruments.partner(reading, found, place)
        if beside is None:
            continue
        snr, other = instruments.value(cells, "snr"), instruments.value(beside, "snr")
        if isfinite(snr) and isfinite(other):
            pairs.append((place, snr, other, str(next(iter(beside.values()))["metric"]), cells))
    if not pairs:
        return []
    up = [pair for pair in pairs if pair[2] > pair[1]]
    place, snr, other, name, cells = (
        max(pairs, key=lambda pair: pair[2] / pair[1]) if up else pairs[0]
    )
    seeds = wording.count(instruments.label(cells, "seeds"), "seed")
    numbers = f" Signal to noise on {place[1]} is {wording.ratio(other)} for {name} and {wording.ratio(snr)} for {place[2]}."
    method = f"Mean over sd of {seeds} at the last checkpoint. A ratio of two such numbers is rough with few seeds; no interval is claimed."
    graphic = Figure(
        "mini_bars",
        {
            "rows": (
                (snr, wording.ratio(snr), base(place[2]), "faint"),
                (other, wording.ratio(other), base(name), "faint"),
            )
        },
        alt=f"Signal to noise {wording.ratio(snr)} for {place[2]}, {wording.ratio(other)} for {name}",
    )
    where = place[1] if len(pairs) == 1 else f"{len(up)} of {len(pairs)} benchmarks"
    if up:
        strong = f"The continuous metric has more signal to noise on {where}."
        return [Verdict("Calmer", "clear", _claim(strong, numbers), method, "instruments", graphic)]
    where = place[1] if len(pairs) == 1 else f"any of {len(pairs)} benchmarks"
    strong = f"The continuous metric does not calm the seeds on {where}."
    return [Verdict("No gain", "tie", _claim(strong, numbers), method, "instruments", graphic)]


def _tries(reading: Reading) -> list[Verdict]:
    found = code.curves(reading)
    ends = code.leaders(found) if found else None
    if ends is None:
        return []
    low, high, one, many = ends
    row = dict(one.points)[low]
    method = wording.sentence(
        f"{row['method']}, {wording.basis(row['n'], str(row['unit']))}; the pair is the leader at each k, not adjusted for that choice"
    )
    if one.model == many.model:
        claim = _claim(
            f"{one.model} is ahead on {one.task} at every number of tries looked at:",
            f" pass@{low} {code.at(one, low)}, pass@{high} {code.at(one, high)}.",
        )
        return [Verdict("Any k", "clear", claim, method, "code")]
    claim = _claim(
        "The best code model depends on the number of tries.",
        f" {one.model} has the highest pass@{low}, {code.at(one, low)}; {many.model} the highest pass@{high}, {code.at(many, high)}.",
    )
    return [Verdict("Depends on k", "warn", claim, method, "code")]


def _at_chance(reading: Reading) -> list[Verdict]:
    places = list(
        dict.fromkeys(
            f"{row['task']} {row['metric']}"
            for row in records(reading.table("seed_variance"))
            if not missing(row["at_chance"]) and bool(row["at_chance"])
        )
    )
    if not places:
        return []
    verb = "cannot be told from guessing"
    claim = _claim(
        f"{wording.listing(places)} {verb}.",
        " Its seed noise says little about the benchmark."
        if len(places) == 1
        else " Their seed noise says little about the benchmarks.",
    )
    return [
        Verdict(
            "At chance",
            "warn",
            claim,
            "The declared chance level lies in the interval of the last score, or above it.",
            "instruments",
        )
    ]


def _measured(reading: Reading) -> list[Verdict]:
    all_scores = scores.last_scores(reading)
    verdicts = []
    for task in list(dict.fromkeys(score.task for score in all_scores))[:3]:
        score = scores.headline(reading, all_scores, task)
        if score is None:
            continue
        unit = reading.unit(task, score.metric)
        text, bounds = unit.cell(score.row).text, unit.interval(score.row)
        claim = _claim(
            f"{score.model} scored {text} on {task} {score.metric}",
            _quiet(f" {bounds}"),
            f", over {score.basis}.",
        )
        method = wording.sentence(f"{score.row['method']}, {wording.percent(score.row['level'])}")
        verdicts.append(Verdict("Measured", "tie", claim, method, "scores"))
    return verdicts


def _silent(reading: Reading) -> tuple[Phrase, ...]:
    phrases: list[Phrase] = []
    seeds = [s for s in reading.names("seed")]
    spread = instruments.readings(reading)
    if len(seeds) <= 1 and not any(instruments.label(c, "seeds") > 1 for c in spread.values()):
        phrases.append(_claim("Training noise:", " one seed per model, so no run-to-run spread."))
    prompts = reading.names("prompt")
    if len(prompts) <= 1 and len(reading.table("summary")):
        phrases.append(_claim("Prompt noise:", " one prompt per task."))
    if len(reading.names("checkpoint")) <= 1 and len(reading.table("summary")):
        phrases.append(_claim("Whether the benchmark rises with training:", " one checkpoint."))
    if not len(reading.table("compare")) and len(reading.names("model")) > 1:
        phrases.append(_claim("Which model is better:", " no paired comparison was made."))
    return tuple(phrases)
