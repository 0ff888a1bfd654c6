"""The command about programs: how good the best of k tries is."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import answer
from evalvar.cli.best_of import best_text
from evalvar.cli.hardening import sensitivity_text
from evalvar.cli.reading import ANSWERING, ESTIMATING, READING, SELECTING, Checkpoint, load, shares
from evalvar.cli.tags import tags_text
from evalvar.cli.tries import HARDNESS, Alpha, Hardness, Tries, numbers_of, weights_of
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.numbers import listing

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

_TAU = 0.5


@shares(SELECTING, ESTIMATING, READING, ANSWERING)
def code(
    paths: list[str],
    k: Tries = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            help="Asked of k tries: best, all, share, mean-share, majority, bayes (repeatable).",
        ),
    ] = None,
    tau: Annotated[
        float, typer.Option(metavar="SHARE", help="What share must be right, for 'share'.")
    ] = _TAU,
    alpha: Alpha = 2.0,
    hardness: Hardness = HARDNESS,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Of timings: how eff@k moves with these two.")
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Split by an attribute of the items, such as tag; one try unless -k.",
        ),
    ] = None,
    checkpoint: Checkpoint = None,
    **options: Any,
) -> None:
    """How good is the best of k tries (pass@k, eff@k)?"""
    json: bool = options.pop("json")
    output: list[Path] | None = options.pop("output")
    weights, tries = weights_of(hardness), numbers_of(k)
    asked = {"--quantity": bool(quantity), "--tau": tau != _TAU}
    if sensitivity:
        asked |= {"--by": by is not None, "--metric": bool(options.pop("metric")),
                  "--missing": options.pop("missing") != "drop",
                  f"-k {' '.join(k or ())}": len(tries or ()) > 1}  # fmt: skip
        _refuse("--sensitivity is of eff@k at one number of tries", asked)
    elif by is not None:
        _refuse("--by is of the best of k", asked)
    elif "share" not in (quantity or ()):
        _refuse("a share is asked for by --quantity share", {"--tau": tau != _TAU})
    evidence = load(paths, options)
    options |= {"alpha": alpha, "hardness": weights, "checkpoint": checkpoint}
    if sensitivity:
        from evalvar.analyses.code_sensitivity import efficiency_sensitivity

        moved = efficiency_sensitivity(evidence, k=(tries or [1])[0], **options)
        answer(moved, json, output, sensitivity_text)
    elif by is not None:
        from evalvar.analyses.code_tags import code_by_tag

        answer(code_by_tag(evidence, by, k=tries or [1], **options), json, output, tags_text)
    else:
        from evalvar.analyses.code import code_metrics

        result = code_metrics(evidence, k=tries, asked=quantity or "best", tau=tau, **options)
        _check_any(result, k)
        runs = cache(lambda: _runs(evidence, result))
        answer(result, json, output, lambda found: best_text(found, _drifts(runs())), runs)


def _runs(evidence: "Evidence", result: "Result") -> "list[Result]":
    """Return how the programs ran, which tells what of a gap the references' drift can make."""
    if evidence.timings.empty or not result.table["quantity"].str.startswith("gap@").any():
        return []
    from evalvar.analyses.timed_runs import timed_runs

    names = ("alpha", "hardness", "model", "task", "checkpoint", "level", "missing")
    try:
        return [timed_runs(evidence, **{name: result.settings[name] for name in names})]
    except NotEnoughDataError:
        return []  # these models' scores were read as such, beside timings of others


def _drifts(runs: "list[Result]") -> dict[str, float]:
    """Return by task what the drift of the references can make, by the rule of the page."""
    from evalvar.report.reading import Reading
    from evalvar.report.sections.code_curves import drifts

    return drifts(Reading(tuple(runs)))


def _refuse(why: str, given: dict[str, bool]) -> None:
    """Refuse the options that would go unheard."""
    named = [name for name, is_given in given.items() if is_given]
    if named:
        raise UsageError(f"{why}. Leave {listing(named)} out, or ask for each by itself.")


def _check_any(result: "Result", k: list[str] | None) -> None:
    """Refuse more tries than there are answers, where nothing else was asked for."""
    if k and not result.table["value"].notna().any():
        few = [said[said.rindex("best of") :] for said in result.warnings if "best of" in said]
        if few:
            raise NotEnoughDataError(f"-k {' '.join(k)}: {few[0]} Ask for fewer tries.")
