"""The commands: each is the question it answers, and one call of the library."""

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import (
    PAGES,
    answer,
    check_suffixes,
    gaps_text,
    remark,
    say,
    write_report,
)
from evalvar.cli.code_noise import code_noise
from evalvar.cli.coding import code
from evalvar.cli.comparing import compare
from evalvar.cli.counting import inventory_text
from evalvar.cli.curving import checkpoints, phases
from evalvar.cli.gating import gate
from evalvar.cli.latent import irt
from evalvar.cli.planning import plan
from evalvar.cli.prompting import prompts
from evalvar.cli.questions import items
from evalvar.cli.reading import (
    ESTIMATING,
    READING,
    SELECTING,
    Checkpoint,
    Rng,
    load,
    question,
    shares,
)
from evalvar.cli.running import run_code
from evalvar.cli.runtimes import runtimes
from evalvar.cli.seeding import seeds_text
from evalvar.cli.shortening import subset
from evalvar.cli.signalling import signal
from evalvar.cli.sources import sources_text
from evalvar.cli.standings import standings_text
from evalvar.cli.tries import HARDNESS, Alpha, Hardness, weights_of
from evalvar.cli.variants import framing

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

app = typer.Typer(
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich help costs 0.3 s, thrice the rest of the start
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def about(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Know how much of a benchmark score is noise, where it comes from, and what to do."""
    if version:
        say([f"evalvar {metadata.version('evalvar')}"])
        raise typer.Exit


@app.command()
@question(text=inventory_text)
def check(evidence: "Evidence") -> "Result":
    """Read, validate, and say what is there."""
    from evalvar.analyses.inventory import inventory

    return inventory(evidence)


@app.command()
@shares(READING)
def convert(
    paths: list[str],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="records.parquet, .csv, .tsv or .jsonl"
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print what was read as JSON.")] = False,
    **options: Any,
) -> None:
    """Turn any source into evalvar's table."""
    from evalvar.adapters.writing import write_evidence
    from evalvar.analyses.inventory import inventory

    evidence = load(paths, options)
    written = write_evidence(evidence, output)
    if json:
        answer(inventory(evidence), json, None)
    else:
        remark(evidence.warnings)
        say(f"{path}: {rows:,} rows" for path, rows in written)


@app.command()
@question(SELECTING, ESTIMATING)
def summary(
    evidence: "Evidence",
    checkpoint: Annotated[
        list[int] | None, typer.Option(metavar="STEP", help="Keep this checkpoint; default: all.")
    ] = None,
    **options: Any,
) -> "Result":
    """What did each model score, and how surely?"""
    from evalvar.analyses import means

    return means.summary(evidence, checkpoint=checkpoint, **options)


@app.command()
@question(SELECTING, ESTIMATING, text=seeds_text)
def seeds(evidence: "Evidence", **options: Any) -> "Result":
    """How much of a score is training luck?"""
    from evalvar.analyses.seeds import seed_variance

    return seed_variance(evidence, **options)


@app.command()
@question(SELECTING, ESTIMATING, text=sources_text)
def variance(
    evidence: "Evidence",
    over: Annotated[
        list[str] | None,
        typer.Option(metavar="AXES", help="What is drawn again: item; 'item x seed' (repeatable)."),
    ] = None,
    method: Annotated[str, typer.Option(metavar="NAME", help="moments or reml.")] = "moments",
    checkpoint: Checkpoint = None,
    **options: Any,
) -> "Result":
    """Where does the noise come from?"""
    from evalvar.analyses import sources

    return sources.variance_components(
        evidence,
        over=over or None,
        method=method,  # type: ignore[arg-type]  # checked there, with the legal ones named
        checkpoint=checkpoint,
        **options,
    )


app.command()(checkpoints)
app.command()(compare)
app.command()(code_noise)
app.command()(runtimes)
app.command()(phases)
app.command()(signal)
app.command()(framing)
app.command()(prompts)
app.command()(items)
app.command()(irt)


@app.command()
@question(SELECTING, ESTIMATING, text=standings_text)
def rank(
    evidence: "Evidence",
    over: Annotated[
        str | None,
        typer.Option(metavar="AXES", help="What is drawn again: item, or item,seed."),
    ] = None,
    functional: Annotated[
        str, typer.Option(metavar="NAME", help="mean, median, iqm, pass@5, pass^3, eff@2, gap@2")
    ] = "mean",
    correction: Annotated[
        str, typer.Option(metavar="NAME", help="Over all pairs: max-t, holm or bonferroni.")
    ] = "max-t",
    weights: Annotated[
        str, typer.Option(metavar="WHICH", help="Mean over tasks: equal, items, or none.")
    ] = "equal",
    checkpoint: Checkpoint = None,
    rng: Rng = 0,
    **options: Any,
) -> "Result":
    """Who is ahead, and who is tied?"""
    from evalvar.analyses import ranking

    return ranking.leaderboard(
        evidence,
        over=over,
        functional=functional,
        correction=correction,  # type: ignore[arg-type]  # checked there, with the legal ones named
        weights=None if weights == "none" else weights,
        checkpoint=checkpoint,
        rng=rng,
        **options,
    )


app.command()(code)


@app.command()
@question(SELECTING, text=gaps_text)
def coverage(evidence: "Evidence", **options: Any) -> "Result":
    """Which cells are missing?"""
    from evalvar.analyses import missing

    return missing.coverage(evidence, **options)


app.command()(gate)
app.command()(plan)
app.command()(run_code)
app.command()(subset)


@app.command()
@shares(SELECTING, ESTIMATING, READING)
def report(
    paths: list[str],
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="report.html, .pdf, .md or .json (repeatable)."
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title of the page.")] = None,
    alpha: Alpha = 2.0,
    hardness: Hardness = HARDNESS,
    rng: Rng = 0,
    json: Annotated[bool, typer.Option("--json", help="Print all results as JSON.")] = False,
    **options: Any,
) -> None:
    """Write all that the data can support on one page."""
    from evalvar.analyses.overview import overview

    targets = [] if json and not output else output or [Path("report.html")]
    check_suffixes(targets, PAGES)
    weights = weights_of(hardness)
    evidence = load(paths, options)
    wanted = {name: options.pop(name) for name in ("model", "task")}
    results = overview(evidence.select(**wanted), rng=rng, alpha=alpha, hardness=weights, **options)
    remark(sentence for result in results for sentence in result.warnings)
    write_report(results, targets, title)
    if json:
        say(["[" + ",\n".join(result.to_json() for result in results) + "]"])
    else:
        say(targets)


@app.command()
def demo(
    logs: Annotated[
        str | None, typer.Argument(help="Recorded logs; default: a slice that comes along.")
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Directory to write to.")
    ] = Path(),
) -> None:
    """Report on recorded logs of small language models."""
    from evalvar.analyses.overview import overview
    from evalvar.report import findings

    results = overview(load([logs or str(Path(__file__).parents[1] / "demo_logs.tar.xz")], {}))
    output.mkdir(parents=True, exist_ok=True)
    targets = [output / "demo.html", output / "demo.pdf"]
    page = write_report(results, targets, "Two recipes of a small language model, five seeds each")
    say([*targets, *findings(page)[:3]])
