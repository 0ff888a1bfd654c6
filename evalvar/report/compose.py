"""Decide what a report says: results in, `Report` out."""

from collections.abc import Callable, Iterable

import pandas as pd

from evalvar.report import wording
from evalvar.report.model import Report, Section, Text, Verdict, plain
from evalvar.report.reading import Reading
from evalvar.report.sections import (
    code,
    code_runs,
    differences,
    framings,
    instruments,
    leaders,
    methods,
    missing,
    next_steps,
    noise,
    prompting,
    questions,
    recipes,
    scores,
    seeds,
    shorter,
    verdicts,
)
from evalvar.results import Result

TITLE = "How much of these scores is noise?"
# In the order of the page.
SECTIONS: tuple[Callable[[Reading], Section | None], ...] = (
    verdicts.section,
    leaders.section,
    scores.section,
    differences.section,
    noise.section,
    seeds.section,
    instruments.section,
    recipes.section,
    framings.section,
    prompting.section,
    questions.section,
    shorter.section,
    code.section,
    code_runs.section,
    next_steps.section,
    missing.section,
    methods.section,
    methods.sources,
)


def build(results: Result | Iterable[Result], *, title: str | None = None) -> Report:
    """Say what the results say, in the order of the page.

    Parameters
    ----------
    results : Result or iterable of Result
        In any order; several of one name are read as one table, unknown names give their
        methods, settings, warnings and sources only.
    title : str, optional
        Head of the page.

    Returns
    -------
    Report
        Sections without content are left out; undefined cells are dashes and their reasons stand
        in "What is missing".
    """
    reading = Reading((results,) if isinstance(results, Result) else tuple(results))
    sections = tuple(found for make in SECTIONS if (found := make(reading)) is not None)
    return Report(
        title or _title(reading), _lede(reading), _facts(reading), sections, _colophon(reading)
    )


def findings(report: Report) -> list[str]:
    """Return what a page says, without its look: what can be said, then each section's answer.

    Parameters
    ----------
    report : Report
        From `build`.

    Returns
    -------
    list of str
        The verdicts as ``Status. Claim``, then the answer lines, in the order of the page.
    """
    verdicts = [
        f"{wording.sentence(item.status)} {plain(item.claim)}"
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Text)
        for item in block.items
        if isinstance(item, Verdict)
    ]
    return verdicts + [section.answer for section in report.sections if section.answer]


def _title(reading: Reading) -> str:
    """Name the two sides where the page is of one comparison."""
    table = reading.table("compare")
    sides = {frozenset((str(a), str(b))) for a, b in zip(table["a"], table["b"], strict=True)}
    if len(sides) == 1 and {result.name for result in reading.results} == {"compare"}:
        return f"{' against '.join(str(table[side].iloc[0]) for side in ('a', 'b'))}"
    return TITLE


def _lede(reading: Reading) -> str:
    models, tasks = reading.names("model"), reading.names("task")
    what = []
    if models:
        what.append(wording.count(len(models), "model"))
    if tasks:
        what.append(wording.count(len(tasks), "benchmark"))
    subject = " on ".join(what) or "The results"
    lead, _, rest = subject.partition(" ")
    subject = f"{wording.spelled(int(lead))} {rest}" if lead.isdigit() else subject
    drawn = ["the questions"]
    if max(reading.most("seed").values(), default=0) > 1:
        drawn.append("the training seeds")
    if len(reading.table("code_metrics")):
        drawn.append("the samples")
    return (
        f"{subject}, read for one purpose: which differences would survive if "
        f"{wording.listing(drawn).replace(' and ', ' or ')} were drawn again."
    )


def _facts(reading: Reading) -> tuple[tuple[str, str], ...]:
    facts = []
    models = [str(name) for name in reading.names("model")]
    if models:
        facts.append((wording.count(len(models), "model"), wording.listing(models, most=2)))
    tasks = [str(name) for name in reading.names("task")]
    if tasks:
        # A difference of two metrics is no third one.
        names = set(map(str, reading.names("metric")))
        metrics = len(names - {f"{a} - {b}" for a in names for b in names})
        named = wording.listing(tasks, most=2)
        facts.append(
            (
                wording.count(len(tasks), "benchmark"),
                f"{named}, {wording.count(metrics, 'metric')}" if metrics else named,
            )
        )
    seeds, steps = _each(reading, "seed"), _each(reading, "checkpoint")
    runs = f" {wording.TIMES} ".join(filter(None, (seeds, steps)))
    items = _items(reading)
    if runs:
        # What both are counted by is said once.
        once = runs.replace(" a model ", " ") if runs.endswith(" a model") else runs
        facts.append((once, items or "scores as reported, items not known"))
    elif items:
        facts.append(("Items", items))
    return tuple(facts)


def _items(reading: Reading) -> str:
    """Count the items of a benchmark, the most that any result of it names."""
    most: dict[str, float] = {}
    # The designs of a plan name items that nobody asked, and a signal counts prompts apart.
    for name in dict.fromkeys(r.name for r in reading.results):
        if name in ("plan", "signal", "subset"):
            continue
        table = reading.table(name)
        places = {"n": table["unit"] == "item", "items": table["unit"].notna()}
        if name == "coverage":
            places = {"value": table["quantity"] == "items"}
        for column, rows in places.items():
            if column in table:
                counts = pd.to_numeric(table.loc[rows, column]).groupby(table["task"]).max()
                for task, count in counts[counts > 0].items():
                    most[str(task)] = max(most.get(str(task), 0.0), float(count))
    if not most:
        return ""
    low, high = min(most.values()), max(most.values())
    text = wording.count(high, "item")
    if low < high:
        text = f"{wording.count(low)} to {text}"
    return text if len(most) == 1 else f"{text} a benchmark"


def _each(reading: Reading, noun: str) -> str:
    """Count the seeds or checkpoints of a model, as ``5 seeds`` or ``1 to 5 seeds a model``."""
    counts = reading.most(noun)
    if not counts:
        return ""
    low, high = min(counts.values()), max(counts.values())
    text = wording.count(high, noun) if low == high else f"{low:,} to {wording.count(high, noun)}"
    return text if len(counts) == 1 else f"{text} a model"


def _colophon(reading: Reading) -> tuple[str, ...]:
    facts = []
    for name, said in (("version", "evalvar {}"), ("level", "level {}"), ("rng", "rng {}")):
        values = {
            str(r.settings[name]) for r in reading.results if r.settings.get(name) is not None
        }
        if values:
            facts.append(said.format(", ".join(sorted(values))))
    facts.append("Same input, same bytes")
    facts.append("Set in Source Serif 4 and Source Sans 3 (SIL OFL 1.1)")
    return tuple(facts)
