"""Figures of a single result, public as ``evalvar.plot``.

Each function takes a `Result` (or several) and returns a `matplotlib.figure.Figure`, drawn as in
a report: ``evalvar.plot.differences(result).savefig("differences.pdf")``. pyplot is not used.
"""

from collections.abc import Iterable

from matplotlib.figure import Figure as Sheet

from evalvar.errors import UsageError
from evalvar.report import drawing, wording
from evalvar.report.model import Figure
from evalvar.report.reading import Reading
from evalvar.report.sections import (
    code,
    code_curves,
    code_runs,
    framings,
    questions,
    recipes,
    scored,
    seeds,
    shorter,
)
from evalvar.report.sections import differences as ladders
from evalvar.report.sections.code_run_figures import right_and_fast
from evalvar.report.sections.contests import contests
from evalvar.results import Result

__all__ = [
    "decision_curves",
    "differences",
    "efficiency_curves",
    "framing_curves",
    "item_scatter",
    "level_profile",
    "pass_curves",
    "problem_strips",
    "pruning_curve",
    "run_times",
    "score_intervals",
    "seed_curves",
    "subset_error",
]


def __dir__() -> list[str]:
    return __all__


_MOST_ROWS = 60
_RUNS = "no program that was timed; pass a result of timed_runs()"


def seed_curves(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw every seed's score by checkpoint, with the mean and both bands.

    Parameters
    ----------
    results : Result of `checkpoints`, or several
        Up to six benchmarks are drawn.
    width : float
        In pixels; text keeps its size.
    """
    figure = seeds.figure(_read(results))
    return _drawn(figure, "no metric with two checkpoints; pass a result of checkpoints()", width)


def differences(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the paired differences of a `compare` result, as a ladder for several models."""
    figures = ladders.figures_of(contests(_read(results)))
    found = figures[0] if figures else None
    return _drawn(found, "no difference; pass a result of compare()", width)


def score_intervals(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the score of every model at its last checkpoint, best first within a benchmark."""
    reading = _read(results)
    rows = []
    found = scored.last_scores(reading)
    models = {score.model for score in found}
    units = {reading.unit(score.task, score.metric) for score in found}
    for score in found[:_MOST_ROWS]:
        unit = reading.unit(score.task, score.metric)
        name = f"{score.task}, {score.metric}"
        label = name if len(models) == 1 else f"{score.model}, {name}"
        label += score.mark
        rows.append((label, *unit.bounds(score.row), unit.cell(score.row).text, True))
    unit_name = "%" if {unit.percent for unit in units} == {True} else ""
    data = {"rows": tuple(rows), "unit": unit_name, "zero": False}
    alt = "; ".join(f"{label} {text}" for label, *_, text, _ in rows[:12])
    figure = Figure("ladder", data, alt=wording.sentence(alt)) if rows else None
    return _drawn(figure, "no score; pass a result of summary()", width)


def pass_curves(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw pass@k or eff@k by number of tries, k on a log axis."""
    figures = code.figures_of(code_curves.scores(_read(results)))
    found = figures[0] if figures else None
    return _drawn(found, "no score at two values of k; pass a result of code_metrics()", width)


def efficiency_curves(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw pass@k and eff@k of each model in one panel, k on a log axis; a ladder at k = 1."""
    found = next(right_and_fast(code_curves.gaps(_read(results))), None)
    needed = "no model with pass@k and eff@k; pass a result of code_metrics() on timings"
    return _drawn(found, needed, width)


def level_profile(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the mean efficiency of every model by level of input, of a `timed_runs` result."""
    return _drawn(_of_runs(results, "curves"), _RUNS, width)


def problem_strips(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw how often programs are right and how fast, a bar a problem and a strip a model."""
    return _drawn(_of_runs(results, "strips"), _RUNS, width)


def run_times(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw how long right programs take beside their limit, with the share past it."""
    return _drawn(_of_runs(results, "times"), _RUNS, width)


def framing_curves(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the scores of two ways to ask by checkpoint; of single seeds with `checkpoints` too.

    Parameters
    ----------
    results : Result of `framing`, or several
        Up to four readings are drawn.
    width : float
        In pixels; text keeps its size.
    """
    figure = framings.curves(_read(results))
    return _drawn(figure, "no two variants at two checkpoints; pass a result of framing()", width)


def decision_curves(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw how many pairs of models stand as in the end, by checkpoint of a `signal` result."""
    figure = recipes.decisions(_read(results))
    needed = "no order of 3 models at 3 checkpoints; pass a result of signal()"
    return _drawn(figure, needed, width)


def item_scatter(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the difficulty of each item of an `items` result against its discrimination."""
    figure = questions.scatter(_read(results))
    return _drawn(figure, "no item with a discrimination; pass a result of items()", width)


def pruning_curve(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw what pruning items of low discrimination does to the mean, beside random pruning."""
    figure = questions.pruned_figure(_read(results))
    return _drawn(figure, "no item was pruned; pass a result of items()", width)


def subset_error(results: Result | Iterable[Result], *, width: float = drawing.WIDE) -> Sheet:
    """Draw the error of a shorter benchmark by its number of items, beside random items."""
    figure = shorter.figure(_read(results))
    return _drawn(figure, "no shorter benchmark of two sizes; pass a result of subset()", width)


def _of_runs(results: Result | Iterable[Result], kind: str) -> Figure | None:
    """Return the first figure of a kind among those of timed runs, whatever else was given."""
    runs = [result for result in _read(results).results if result.name == "timed_runs"]
    drawn = code_runs.figures_of(Reading(tuple(runs)))
    return next((figure for figure in drawn if figure.kind == kind), None)


def _read(results: Result | Iterable[Result]) -> Reading:
    found = (
        (results,) if isinstance(results, Result) or not isinstance(results, Iterable) else results
    )
    every = tuple(found)
    for result in every:
        if not isinstance(result, Result):
            raise UsageError(
                f"a figure is of results, as code_metrics(...) and others return them, but found "
                f"{type(result).__name__}."
            )
    return Reading(every)


def _drawn(figure: Figure | None, problem: str, width: float) -> Sheet:
    if figure is None:
        raise UsageError(f"there is nothing to draw: {problem}.")
    return drawing.draw(figure, width)
