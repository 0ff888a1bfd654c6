"""What can be said: at most six sentences that may be repeated, and what cannot be said."""

from evalvar.report import wording
from evalvar.report.model import Block, Phrase, Section, Text, Verdict
from evalvar.report.reading import Reading, missing, records
from evalvar.report.sections import code, instruments, scores
from evalvar.report.sections.claims import claim, quiet
from evalvar.report.sections.contests import contests
from evalvar.report.sections.said_differences import differences, last_steps
from evalvar.report.sections.said_seeds import at_chance, seed_noise, signal

MOST = 6


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no sentence can be said."""
    compared = contests(reading)
    found = [
        *differences(compared),
        *seed_noise(reading),
        *signal(reading),
        *_tries(reading),
        *at_chance(reading),
        *last_steps(compared),
    ] or _measured(reading)
    if not found:
        return None
    blocks: list[Block] = [Text("verdicts", tuple(found[:MOST]))]
    silent = _silent(reading)
    if silent:
        blocks.append(Text("aside", silent, title="What these data cannot say"))
    return Section("verdicts", "What can be said", "", tuple(blocks))


def _tries(reading: Reading) -> list[Verdict]:
    found = code.curves(reading)
    ends = code.leaders(found)
    if ends is None:
        return []
    low, high, one, many = ends
    row = dict(one.points)[low]
    basis = wording.basis(row["n"], str(row["unit"]))
    known = wording.sentence(f"{row['method']}, {basis}")
    method = f"{known} The pair is the leader at each k, not adjusted for that choice."
    if one.model == many.model:
        said = claim(
            f"{one.model} has the highest score on {one.place} at every number of tries looked at:",
            f" pass@{low} {code.at(one, low)}, pass@{high} {code.at(one, high)}.",
        )
        return [Verdict("Any k", "tie", said, method, "code")]
    said = claim(
        "The best code model depends on the number of tries.",
        f" {one.model} has the highest pass@{low}, {code.at(one, low)}; {many.model} the highest "
        f"pass@{high}, {code.at(many, high)}, on {one.place}.",
    )
    return [Verdict("Depends on k", "warn", said, method, "code")]


def _measured(reading: Reading) -> list[Verdict]:
    """Say the scores alone, where nothing else can be said."""
    all_scores = scores.last_scores(reading)
    verdicts = []
    for task in list(dict.fromkeys(score.task for score in all_scores))[:3]:
        score = scores.headline(reading, all_scores, task)
        if score is None:
            continue
        unit = reading.unit(task, score.metric)
        text, bounds = unit.cell(score.row).text, unit.interval(score.row)
        said = claim(
            f"{score.model} scored {text} on {wording.place(task, score.metric)}",
            quiet(f" {bounds}" if bounds else ""),
            f", over {score.basis}.",
        )
        level = wording.percent(score.row["level"])
        method = wording.sentence(f"{score.row['method']}, {level}")
        verdicts.append(Verdict("Measured", "tie", said, method, "scores"))
    return verdicts


def _silent(reading: Reading) -> tuple[Phrase, ...]:
    phrases: list[Phrase] = []
    spread = instruments.readings(reading)
    scored = len(reading.table("summary")) > 0
    seeds = len(reading.names("seed"))
    if seeds <= 1 and not any(instruments.label(c, "seeds") > 1 for c in spread.values()):
        phrases.append(claim("Training noise:", " one seed per model, so no run-to-run spread."))
    if len(reading.names("prompt")) <= 1 and scored:
        phrases.append(claim("Prompt noise:", " one prompt per task."))
    if len(reading.names("checkpoint")) <= 1 and scored:
        phrases.append(claim("Whether a benchmark rises with training:", " one checkpoint."))
    if not len(reading.table("compare")) and len(reading.names("model")) > 1:
        phrases.append(claim("Which model is better:", " no paired comparison was made."))
    unclear = [
        str(row["task"])
        for row in records(reading.rows("seed_variance", "final_mean"))
        if "at_chance" in row
        and missing(row["at_chance"])
        and reading.discrete(row["task"], row["metric"])
    ]
    if unclear:
        named = wording.listing(list(dict.fromkeys(unclear)), most=2)
        phrases.append(claim("Whether a score beats guessing:", f" no chance level for {named}."))
    return tuple(phrases)
