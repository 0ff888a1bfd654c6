"""Decide what a report says: results in, `Report` out."""

from collections.abc import Callable, Iterable

from evalvar.report import wording
from evalvar.report.model import Report, Section
from evalvar.report.reading import Reading
from evalvar.report.sections import (
    code,
    differences,
    instruments,
    methods,
    missing,
    scores,
    seeds,
    verdicts,
)
from evalvar.results import Result

TITLE = "How much of these scores is noise?"
# In the order of the page.
SECTIONS: tuple[Callable[[Reading], Section | None], ...] = (
    verdicts.section,
    scores.section,
    differences.section,
    seeds.section,
    instruments.section,
    code.section,
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
    return Report(title or TITLE, _lede(reading), _facts(reading), sections, _colophon(reading))


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
    if len(reading.names("seed")) > 1:
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
        metrics = len(reading.names("metric"))
        named = wording.listing(tasks, most=2)
        facts.append(
            (
                wording.count(len(tasks), "benchmark"),
                f"{named}, {wording.count(metrics, 'metric')}" if metrics else named,
            )
        )
    seeds, steps = len(reading.names("seed")), len(reading.names("checkpoint"))
    if seeds or steps:
        rows = sum(len(result.table) for result in reading.results)
        described = wording.count(steps, "checkpoint") if steps else "no checkpoints"
        facts.append(
            (
                wording.count(seeds, "seed") if seeds else "Training",
                f"{described}, {wording.count(rows, 'estimate')}",
            )
        )
    return tuple(facts)


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
