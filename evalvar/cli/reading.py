"""The options that every question shares, and the reading they ask for."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import answer
from evalvar.errors import UsageError

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.results import Result

Options = dict[str, Any]
Checkpoint = Annotated[
    list[int] | None, typer.Option(metavar="STEP", help="Keep this checkpoint; default: the last.")
]
Rng = Annotated[int, typer.Option(metavar="N", help="Seed of what draws.")]


def _option(
    name: str, kind: Any, default: Any, declaration: str, help: str, **more: Any
) -> inspect.Parameter:
    short = more.pop("short", None)
    declarations = [declaration] if short is None else [short, declaration]
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(*declarations, help=help, **more)],
    )


PATHS = inspect.Parameter(
    "paths",
    inspect.Parameter.KEYWORD_ONLY,
    annotation=Annotated[
        list[str],
        typer.Argument(
            metavar="PATHS",
            help="Files, directories, globs or archives of results.",
            show_default=False,
        ),
    ],
)
OPTIONAL_PATHS = PATHS.replace(
    default=None,
    annotation=Annotated[
        list[str] | None,
        typer.Argument(metavar="PATHS", help="Results of a pilot, if any.", show_default=False),
    ],
)
READING = (
    _option(
        "source",
        str | None,
        None,
        "--source",
        "Adapter to read with, where two could.",
        metavar="NAME",
    ),
    _option(
        *("from_", list[str] | None, None, "--from", "Take a key from paths and model names."),
        metavar="KEY=REGEX",
    ),
    _option(
        *("label", list[str] | None, None, "--label", "Set a key for all rows."),
        metavar="KEY=VALUE",
    ),
    _option(
        *("column", list[str] | None, None, "--column"),
        "What a table's column means, as seed=Run (repeatable).",
        metavar="KEY=NAME",
    ),
    _option(
        *("lower_is_better", list[str] | None, None, "--lower-is-better"),
        "Lower is better for this metric (repeatable).",
        metavar="METRIC",
    ),
    _option(
        *("duplicates", str, "error", "--duplicates"),
        "The same key twice: error, latest or sample.",
        metavar="WORD",
    ),
)
SELECTING = (
    _option(
        "model", list[str] | None, None, "--model", "Keep this model (repeatable).", metavar="NAME"
    ),
    _option(
        "task", list[str] | None, None, "--task", "Keep this task (repeatable).", metavar="NAME"
    ),
    _option(
        *("metric", list[str] | None, None, "--metric", "Keep this metric (repeatable)."),
        short="-M",
        metavar="NAME",
    ),
    _option(
        "prompt",
        list[str] | None,
        None,
        "--prompt",
        "Keep this prompt (repeatable).",
        metavar="NAME",
    ),
)
ESTIMATING = (
    _option(
        *("level", float, 0.95, "--level", "Nominal coverage of the intervals."), metavar="SHARE"
    ),
    _option(
        *("missing", str, "drop", "--missing", "Answers without a score: drop, or wrong."),
        metavar="WORD",
    ),
)
ANSWERING = (
    _option("json", bool, False, "--json", "Print the result as JSON."),
    _option(
        *("output", list[Path] | None, None, "--output"),
        "Write to a file; its suffix picks the form.",
        short="-o",
        metavar="FILE",
    ),
)


def shares(
    *groups: tuple[inspect.Parameter, ...], paths: inspect.Parameter = PATHS
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command, behind its own options, those of the groups; they arrive as keywords."""

    def give(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            p.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for p in inspect.signature(command).parameters.values()
            if p.kind is not inspect.Parameter.VAR_KEYWORD and p.name != "paths"
        ]
        shared = [p for group in groups for p in group if p.name not in {o.name for o in own}]
        parameters = [paths, *own, *shared]

        def run(**options: Any) -> None:
            command(**options)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return give


def question(
    *groups: tuple[inspect.Parameter, ...], text: "Callable[[Result], str] | None" = None
) -> Callable[[Callable[..., "Result"]], Callable[..., None]]:
    """Make a command of a function from evidence and options to a result."""

    def ask(function: Callable[..., "Result"]) -> Callable[..., None]:
        own = list(inspect.signature(function).parameters.values())[1:]

        def command(
            paths: list[str], json: bool, output: list[Path] | None, **options: Any
        ) -> None:
            evidence = load(paths, options)
            answer(function(evidence, **options), json, output, text)

        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
        return shares(*groups, READING, ANSWERING)(command)

    return ask


def load(paths: list[str], options: Options) -> "Evidence":
    """Read the paths as the options say, and take what was used out of them."""
    from evalvar import adapters

    _check(options)
    with progress_bar("reading") as progress:
        evidence = adapters.load(
            *paths,
            source=options.pop("source", None),
            from_=_pairs(options.pop("from_", None), "--from"),
            label=_pairs(options.pop("label", None), "--label"),
            column=_several(options.pop("column", None), "--column"),
            lower_is_better=options.pop("lower_is_better", None) or (),
            duplicates=options.pop("duplicates", "error"),
            progress=progress,
        )
    return evidence.select(prompt=options.pop("prompt", None))


def _check(options: Options) -> None:
    legal = {"duplicates": ("error", "latest", "sample"), "missing": ("drop", "wrong")}
    for name, words in legal.items():
        if options.get(name, words[0]) not in words:
            listed = ", ".join(words[:-1]) + f" or {words[-1]}"
            raise UsageError(f"--{name} {options[name]} is unknown. Use {listed}.")
    level = options.get("level", 0.95)
    if not 0 < level < 1:
        raise UsageError(f"--level {level:g}: a share between 0 and 1 is expected, such as 0.95.")


def _pairs(options: list[str] | None, name: str) -> dict[str, str]:
    return {key: values[-1] for key, values in _several(options, name).items()}


def _several(options: list[str] | None, name: str) -> dict[str, list[str]]:
    pairs: dict[str, list[str]] = {}
    for option in options or ():
        key, equals, value = option.partition("=")
        if not equals or not value:
            raise UsageError(f"{name} {option}: expected KEY=VALUE, such as seed=3.")
        pairs.setdefault(key, []).append(value)
    return pairs


@contextmanager
def progress_bar(doing: str) -> Iterator[Callable[[int, int], None] | None]:
    """Give a bar on a terminal, and silence elsewhere."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
