"""The command that makes timings: programs in, a table and a short account out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalvar.cli.answering import remark, say
from evalvar.cli.columns import aligned
from evalvar.cli.reading import progress_bar
from evalvar.cli.tries import Alpha
from evalvar.errors import UsageError, counted
from evalvar.numbers import listing

if TYPE_CHECKING:
    from evalvar.results import Result

# As for other bad input.
_NOTHING_RUN = 3
_STOPPED = (
    "A timeout was stopped at twice the limit or more: if not at level 0, it was right so far, and "
    "counts as right and slow."
)


def run_code(
    problems: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Problems in ENAMEL's columns: .jsonl or .csv."),
    ],
    samples: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="A model's programs: ENAMEL, HumanEval, EvalPlus, bigcode (repeatable).",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help="timings.parquet, .csv, .tsv or .jsonl"
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name of the model, one for each --samples."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the task; default: the file's.")
    ] = None,
    only: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep these: a JSON list of positions or task_ids."),
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave these out: a JSON list of the same kind."),
    ] = None,
    problem: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Keep this problem (repeatable).")
    ] = None,
    repeats: Annotated[int, typer.Option(metavar="N", help="How often each program is timed.")] = 6,
    alpha: Alpha = 2.0,
    seed: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Seed of the inputs, or random: a known one lets programs hold prepared answers.",
        ),
    ] = "0",
    jobs: Annotated[
        int, typer.Option(metavar="N", help="Programs timed at a time, each on its own core.")
    ] = 1,
    run: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of this sitting; default: a digest of its input."),
    ] = None,
    python: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Interpreter of the programs.")
    ] = None,
    unsafe_local: Annotated[
        bool, typer.Option("--unsafe-local", help="Do without a sandbox: NOT for others' programs.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """Run programs in a sandbox, timed beside the references."""
    from evalvar.collect.account import account
    from evalvar.collect.code_runner import timed_run

    drawn = _seed(seed)
    try:
        with progress_bar("running") as progress:
            outcome = timed_run(
                problems, samples, output=output, model=model, task=task, only=only,
                exclude=exclude, problem=problem or (), repeats=repeats, alpha=alpha, seed=drawn,
                jobs=jobs, run=run, python=python, unsafe_local=unsafe_local, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        remark([f"stopped; the same command goes on with what lies in {output}.partial."])
        raise
    result = account(outcome, output=output)
    remark(result.warnings)
    say([result.to_json() if json else account_text(result)])
    if result.table.empty:
        raise typer.Exit(_NOTHING_RUN)


def _seed(word: str) -> int | None:
    if word == "random":
        return None
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"--seed {word}: expected a whole number, or random.") from None


def account_text(result: "Result") -> str:
    """Return how many programs came to which end, what that took, and what to do next."""
    settings = result.settings
    table = result.table
    if table.empty:
        number = settings["refused"]
        all_of_them = "the problem was" if number == 1 else f"all {number:,} problems were"
        return (
            f"No program was run: {all_of_them} refused, see the remarks. {settings['output']} "
            "holds no timings of programs."
        )
    programs = int(table.loc[table["quantity"] == "programs", "value"].sum())
    ends = table[table["quantity"] != "programs"].groupby("quantity", sort=False)["value"].sum()
    said = [f"{count:,.0f} {end}" for end, count in ends.items() if count]
    number = settings["refused"]
    was = "was" if number == 1 else "were"
    refused = f"; {counted(number, 'problem')} {was} refused" if number else ""
    spent = settings["seconds"]
    parts = [f"{what} {seconds:,.0f} s" for what, seconds in spent.items() if seconds >= 0.5]
    taken = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    lines = [
        f"{counted(programs, 'program')} of {counted(settings['problems'], 'problem')}: "
        f"{listing(said, most=len(said)) or 'none could be run'}{refused}.",
        *([_STOPPED] if ends.get("timeout") else []),
        f"{sum(spent.values()):,.0f} s of work{taken} on {settings['machine']}.",
        f"Inputs by seed {settings['seed']}: a seed that the programs cannot know (--seed random) "
        "keeps them from holding prepared answers.",
    ]
    if table["model"].nunique() > 1:
        wide = table.pivot(index="model", columns="quantity", values="value")
        names = [name for name in table["quantity"].unique() if wide[name].any()]
        cells = [["model", *names]]
        cells += [[str(m), *(f"{wide.loc[m, n]:,.0f}" for n in names)] for m in wide.index]
        lines += ["", *aligned(cells)]
    return "\n".join([*lines, "", f"Next: evalvar code {settings['output']}"])
