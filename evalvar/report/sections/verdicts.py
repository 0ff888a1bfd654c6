"""What can be said: at most six sentences that may be repeated, and what cannot be said."""

from math import isfinite

from evalvar.report import wording
from evalvar.report.model import Block, Phrase, Section, Text, Verdict
from evalvar.report.reading import Reading, basis, missing, records
from evalvar.report.sections import code, code_runs, leaders, scored
from evalvar.report.sections.claims import claim, quiet
from evalvar.report.sections.code_curves import at, scores
from evalvar.report.sections.contests import contests
from evalvar.report.sections.said_differences import differences, last_steps
from evalvar.report.sections.said_framings import early, framed
from evalvar.report.sections.said_seeds import at_chance, seed_noise, signal

MOST = 6


def section(reading: Reading) -> Section | None:
    """Return the section, or None where no sentence can be said."""
    compared = contests(reading)
    found = [
        *leaders.lead(reading),
        *differences(compared),
        *seed_noise(reading),
        *at_chance(reading),
        *framed(reading),
        *early(reading),
        *signal(reading),
        *code_runs.turned(compared),
        *_tries(reading),
        *code_runs.slowness(reading),
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
    leads = code.leaders(scores(reading))
    if leads is None:
        return []
    place = leads.curves[0].place
    low, one = leads.by_k[0]
    row = dict(one.points)[low]
    known = wording.sentence(f"{row['method']}, {basis(row)}")
    method = f"{known} The highest estimate at each k, not adjusted for that choice."
    single = [c.model for c in scores(reading) if c.place == place and len(c.points) == 1]
    if single:
        method += f" Not {wording.listing(single)}: one try only."
    remark = f" {leads.remark}" if leads.remark else ""
    if len(leads.names) == 1:
        ends = dict.fromkeys((low, leads.by_k[-1][0]))
        said = claim(
            f"{one.model} has the highest estimate of pass@k on {place} at "
            f"{leads.held(one.model)}:",
            f" {', '.join(f'pass@{k} {at(one, k)}' for k in ends)}.{remark}",
        )
        return [Verdict("Same leader", "tie", said, method, "code")]
    crossed = leads.crossed
    best = dict(leads.by_k)
    if crossed:
        strong = f"Which model is ahead on {place} depends on the number of tries."
        shown = crossed
    else:
        strong = (
            f"The highest estimate of pass@k on {place} changes hands with the number of tries."
        )
        other = next(k for k, curve in leads.by_k if curve.model != one.model)
        shown = (low, other)
    parts = [f"{best[k].model} has the highest pass@{k}, {at(best[k], k)}" for k in shown]
    said = claim(strong, f" {'; '.join(parts)}.{remark}")
    status = "Depends on k" if crossed else "Not settled"
    return [Verdict(status, "warn" if crossed else "tie", said, method, "code")]


def _measured(reading: Reading) -> list[Verdict]:
    """Say the scores alone, where nothing else can be said."""
    verdicts = []
    for score in scored.heads_of(reading, scored.last_scores(reading))[:3]:
        task, unit = score.task, reading.unit(score.task, score.metric)
        text, bounds = unit.cell(score.row).text, unit.interval(score.row)
        said = claim(
            f"{score.model} scored {text} on {wording.place(task, score.metric)}",
            quiet(f" {bounds}" if bounds else ""),
            f", {'' if score.reported else 'over '}{score.basis}.",
        )
        level = wording.percent(score.row["level"])
        method = str(score.row["method"])
        method = wording.sentence(f"{level} interval by {method}" if bounds else method)
        shown = "leaders" if len(reading.table("leaderboard")) else "scores"
        verdicts.append(Verdict("Measured", "tie", said, method, shown))
    return verdicts


def _silent(reading: Reading) -> tuple[Phrase, ...]:
    phrases: list[Phrase] = []
    scored = len(reading.table("summary")) > 0
    seeds = reading.most("seed")
    lone = [model for model, count in seeds.items() if count == 1]
    compared = reading.rows("compare", "difference")
    if lone and len(lone) == len(seeds):
        phrases.append(claim("Training noise:", " one seed per model, so no run-to-run spread."))
    elif lone:
        named = wording.listing(lone)
        phrases.append(claim("Training noise of every model:", f" one seed only of {named}."))
    elif not seeds and len(compared) and not compared["unit"].str.contains("seed").any():
        phrases.append(claim("Training noise:", " these differences rest on items alone."))
    if max(reading.most("prompt").values(), default=1) <= 1 and scored:
        phrases.append(claim("Prompt noise:", " one prompt per task."))
    if max(reading.most("checkpoint").values(), default=1) <= 1 and scored:
        phrases.append(
            claim("Whether a benchmark rises with training:", " one checkpoint per model.")
        )
    if not len(reading.table("compare")) and len(reading.names("model")) > 1:
        phrases.append(claim("Which model is better:", " no paired comparison was made."))
    return (*phrases, *_sampled(reading), *_chance(reading), *code_runs.unsteady(reading))


def _sampled(reading: Reading) -> list[Phrase]:
    """Say where seeds hold decoding noise too: every seed drew several samples an item, once.

    Where a seed was asked under several prompts it drew again, and what that changes is not taken
    for its training.
    """
    tries = reading.rows("code_metrics")
    # With one sample an item, no pass@k beyond k = 1 is defined.
    several = tries[~tries["quantity"].astype(str).str.fullmatch(r"[a-z]+[@^]1")]
    seeds = reading.rows("seed_variance", "final_mean")
    asked = reading.table("summary").groupby(["model", "task"])["prompt"].nunique()
    again = set(asked[asked > 1].index)
    places = {(row["model"], row["task"]) for row in records(seeds) if row["n"] > 1} - again
    tasks = dict.fromkeys(
        str(row["task"]) for row in records(several) if (row["model"], row["task"]) in places
    )
    if not tasks:
        return []
    alone = len(tasks) == seeds["task"].nunique()
    where = "" if alone else f" on {wording.listing(list(tasks), most=2)}"
    return [
        claim(
            "Training noise apart from decoding noise:", f"{where} every seed drew its own answers."
        )
    ]


def _chance(reading: Reading) -> list[Phrase]:
    """Say where a score was not held against guessing, and why not."""
    undeclared: dict[str, None] = {}
    untested: dict[str, None] = {}
    for row in records(reading.rows("seed_variance", "final_mean")):
        task, metric = row["task"], row["metric"]
        if missing(row["at_chance"]) and reading.discrete(task, metric):
            declared = isfinite(reading.chance(task, metric))
            (untested if declared else undeclared).setdefault(str(task))
    phrases = []
    what = "Whether a score beats guessing:"
    if undeclared:
        named = wording.listing(list(undeclared), most=2)
        phrases.append(claim(what, f" no chance level is declared for {named}."))
    if untested:
        named = wording.listing(list(untested), most=2)
        phrases.append(
            claim(what, f" on {named} the mean over seeds has no interval to hold against chance.")
        )
    return phrases
