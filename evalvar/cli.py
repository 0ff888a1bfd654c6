"""The command line: strings in, the library's calls, text out.

stdout is the answer, stderr is remarks and progress. Exit codes: 0 fine, 3 bad input or usage.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.errors import EvalvarError, UsageError

if TYPE_CHECKING:
    from evalvar.evidence import Evidence
    from evalvar.report.model import Report
    from evalvar.results import Result

BAD_INPUT = 3
_REMARKS_SHOWN = 12

app = typer.Typer(
    help="Know how much of a benchmark score is noise, where the noise comes from, and what to do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich help costs 0.3 s, thrice the rest of the start
    context_settings={"help_option_names": ["-h", "--help"]},
)

Paths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATHS...",
        help="Files, directories, globs or archives of results.",
        show_default=False,
    ),
]
Source = Annotated[
    str | None, typer.Option("--source", help="Adapter to read with, where two could.")
]
From = Annotated[
    list[str] | None,
    typer.Option("--from", metavar="KEY=REGEX", help="Take a key from paths and model names."),
]
Label = Annotated[
    list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Set a key for all rows.")
]
DuplicatesOption = Annotated[
    str, typer.Option("--duplicates", help="The same key twice: error, latest or sample.")
]
MissingOption = Annotated[
    str, typer.Option("--missing", help="Answers without a score: drop, or wrong.")
]
Model = Annotated[list[str] | None, typer.Option("--model", help="Keep this model (repeatable).")]
Task = Annotated[list[str] | None, typer.Option("--task", help="Keep this task (repeatable).")]
Metric = Annotated[
    list[str] | None, typer.Option("--metric", "-M", help="Keep this metric (repeatable).")
]
Prompt = Annotated[list[str] | None, typer.Option("--prompt", help="Keep this prompt.")]
Level = Annotated[float, typer.Option("--level", help="Nominal coverage of the intervals.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Output = Annotated[
    list[Path] | None,
    typer.Option("-o", "--output", help="Write to a file; its suffix picks the form."),
]


@app.command()
def check(
    paths: Paths,
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """Read, validate, and say what is there."""
    from evalvar.analyses.inventory import inventory

    evidence = _load(paths, source, from_, label, duplicates)
    _answer(inventory(evidence), json, output, text=_inventory_text)


@app.command()
def convert(
    paths: Paths,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="records.parquet, .csv, .tsv or .jsonl")
    ],
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
) -> None:
    """Turn any source into evalvar's table."""
    from evalvar.adapters.writing import write_evidence
    from evalvar.analyses.inventory import inventory

    evidence = _load(paths, source, from_, label, duplicates)
    written = write_evidence(evidence, output)
    if json:
        _answer(inventory(evidence), json, None)
    else:
        _remarks(evidence.warnings)
        for path, rows in written:
            print(f"{path}: {rows:,} rows")


@app.command()
def summary(
    paths: Paths,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    level: Level = 0.95,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """What did each model score, and how surely?"""
    from evalvar.analyses import means

    evidence = _load(paths, source, from_, label, duplicates, prompt)
    found = means.summary(
        evidence, model=model, task=task, metric=metric, level=level, missing=_missing(missing)
    )
    _answer(found, json, output)


@app.command()
def seeds(
    paths: Paths,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    level: Level = 0.95,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """How much of a score is training luck?"""
    from evalvar.analyses.seeds import seed_variance

    evidence = _load(paths, source, from_, label, duplicates, prompt)
    found = seed_variance(
        evidence, model=model, task=task, metric=metric, level=level, missing=_missing(missing)
    )
    _answer(found, json, output)


@app.command()
def checkpoints(
    paths: Paths,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    last: Annotated[int, typer.Option(help="How many last checkpoints are the noise.")] = 5,
    level: Level = 0.95,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """Does the benchmark rise while the model learns?"""
    from evalvar.analyses import training

    evidence = _load(paths, source, from_, label, duplicates, prompt)
    found = training.checkpoints(
        evidence,
        model=model,
        task=task,
        metric=metric,
        last=last,
        level=level,
        missing=_missing(missing),
    )
    _answer(found, json, output)


@app.command()
def compare(
    paths: Paths,
    a: Annotated[str | None, typer.Option("-a", help="One side; the difference is a - b.")] = None,
    b: Annotated[str | None, typer.Option("-b", help="The other; without both: all pairs.")] = None,
    between: Annotated[
        str, typer.Option(help="What a and b are: model, checkpoint, prompt, seed or task.")
    ] = "model",
    method: Annotated[str, typer.Option(help="auto, t, mcnemar or sign-flip.")] = "auto",
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    checkpoint: Annotated[
        list[int] | None, typer.Option(help="Keep this checkpoint; default: the last.")
    ] = None,
    level: Level = 0.95,
    rng: Annotated[int, typer.Option(help="Seed of what draws.")] = 0,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """Is a better than b on the same items?"""
    from evalvar.analyses import comparison

    evidence = _load(paths, source, from_, label, duplicates, prompt)
    found = comparison.compare(
        evidence,
        a,
        b,
        between=between,  # type: ignore[arg-type]  # compare checks it and names the legal ones
        method=method,  # type: ignore[arg-type]
        model=model,
        task=task,
        metric=metric,
        checkpoint=checkpoint,
        level=level,
        rng=rng,
        missing=_missing(missing),
    )
    _answer(found, json, output)


@app.command()
def code(
    paths: Paths,
    k: Annotated[
        list[str] | None, typer.Option("-k", help="Numbers of tries: 1,5,10 (repeatable).")
    ] = None,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    checkpoint: Annotated[
        list[int] | None, typer.Option(help="Keep this checkpoint; default: the last.")
    ] = None,
    level: Level = 0.95,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """How good is the best of k tries (pass@k, eff@k)?"""
    from evalvar.analyses.code import code_metrics

    evidence = _load(paths, source, from_, label, duplicates, prompt)
    found = code_metrics(
        evidence,
        k=_numbers(k),
        model=model,
        task=task,
        metric=metric,
        checkpoint=checkpoint,
        level=level,
        missing=_missing(missing),
    )
    _answer(found, json, output)


@app.command()
def coverage(
    paths: Paths,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
    output: Output = None,
) -> None:
    """Which cells are missing?"""
    from evalvar.analyses import missing

    evidence = _load(paths, source, from_, label, duplicates)
    _answer(missing.coverage(evidence, model=model, task=task, metric=metric), json, output)


@app.command()
def report(
    paths: Paths,
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", help="report.html, .pdf, .md or .json (repeatable)."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Title of the page.")] = None,
    model: Model = None,
    task: Task = None,
    metric: Metric = None,
    prompt: Prompt = None,
    level: Level = 0.95,
    rng: Annotated[int, typer.Option(help="Seed of what draws.")] = 0,
    missing: MissingOption = "drop",
    source: Source = None,
    from_: From = None,
    label: Label = None,
    duplicates: DuplicatesOption = "error",
    json: Json = False,
) -> None:
    """Write all that the data can support on one page."""
    from evalvar.analyses.overview import overview

    targets = [] if json and not output else output or [Path("report.html")]
    _check_suffixes(targets)
    evidence = _load(paths, source, from_, label, duplicates, prompt)
    evidence = evidence.select(model=model, task=task, metric=metric)
    results = overview(evidence, level=level, rng=rng, missing=_missing(missing))
    _remarks(_warnings(results))
    _write_report(results, targets, title)
    if json:
        print("[" + ",\n".join(result.to_json() for result in results) + "]")
    else:
        for target in targets:
            print(target)


@app.command()
def demo(
    logs: Annotated[
        str | None, typer.Argument(help="Recorded logs; default: a slice that comes along.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Directory to write to.")] = Path(),
) -> None:
    """Report on recorded logs of a small language model."""
    from evalvar.analyses.overview import overview

    found = logs or str(Path(__file__).parent / "demo_logs.tar.xz")
    results = overview(_load([found], None, None, None, "error"))
    output.mkdir(parents=True, exist_ok=True)
    targets = [output / "demo.html", output / "demo.pdf"]
    page = _write_report(results, targets, "A small language model, trained five times")
    for target in targets:
        print(target)
    for sentence in _findings(page)[:3]:
        print(sentence)


def main() -> None:
    """Run the command line and turn every user error into one line and exit code 3."""
    try:
        code = app(standalone_mode=False)
    except EvalvarError as error:
        code = _fail(str(error))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # the reader of stdout has gone, as `head` does; that is no error of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        # typer brings its own copy of click, so a usage error is known by what it can do
        if not hasattr(error, "format_message"):
            raise
        code = _fail(f"{error.format_message().rstrip('.')}. See evalvar --help.")
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> int:
    print(f"evalvar: {' '.join(message.split())}", file=sys.stderr)
    return BAD_INPUT


def _load(
    paths: list[str],
    source: str | None,
    from_: list[str] | None,
    label: list[str] | None,
    duplicates: str,
    prompt: list[str] | None = None,
) -> "Evidence":
    from evalvar import adapters

    if duplicates not in ("error", "latest", "sample"):
        raise UsageError(f"--duplicates {duplicates} is unknown. Use error, latest or sample.")
    with _progress() as progress:
        evidence = adapters.load(
            *paths,
            source=source,
            from_=_pairs(from_, "--from"),
            label=_pairs(label, "--label"),
            duplicates=duplicates,  # type: ignore[arg-type]
            progress=progress,
        )
    return evidence.select(prompt=prompt)


class _progress:
    """A bar on a terminal, silence elsewhere."""

    def __enter__(self) -> Callable[[int, int], None] | None:
        self.bar: Any = None
        if not sys.stderr.isatty() or os.environ.get("CI"):
            return None
        from rich.console import Console
        from rich.progress import Progress

        self.bar = Progress(console=Console(stderr=True), transient=True)
        self.bar.start()
        task = self.bar.add_task("reading", total=None)
        return lambda done, total: self.bar.update(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


def _pairs(options: list[str] | None, name: str) -> dict[str, str]:
    pairs = {}
    for option in options or ():
        key, equals, value = option.partition("=")
        if not equals or not value:
            raise UsageError(f"{name} {option}: expected KEY=VALUE, such as seed=3.")
        pairs[key] = value
    return pairs


def _numbers(options: list[str] | None) -> list[int] | None:
    if not options:
        return None
    words = [word for option in options for word in option.replace(",", " ").split()]
    if not all(word.isdigit() for word in words):
        raise UsageError(f"-k {' '.join(options)}: expected whole numbers, such as -k 1,5,10.")
    return [int(word) for word in words]


def _missing(word: str) -> Any:
    if word not in ("drop", "wrong"):
        raise UsageError(f"--missing {word} is unknown. Use drop or wrong.")
    return word


def _answer(
    result: "Result",
    json: bool,
    output: Iterable[Path] | None,
    text: "Callable[[Result], str] | None" = None,
) -> None:
    """Print the answer, or write it to the files asked for."""
    from evalvar import results

    targets = list(output or ())
    _check_suffixes(targets, tables=True)
    _remarks(result.warnings)
    for target in targets:
        if target.suffix == ".json":
            results.write_json(result, target)
        elif target.suffix in (".csv", ".tsv"):
            separator = "," if target.suffix == ".csv" else "\t"
            result.table.to_csv(target, index=False, sep=separator)
        elif target.suffix == ".parquet":
            result.table.to_parquet(target, index=False)
        else:
            _write_report([result], [target], None)
    if json:
        print(result.to_json())
    elif not targets:
        print((text or results.as_text)(result))
    else:
        for target in targets:
            print(target)


def _inventory_text(result: "Result") -> str:
    wide = result.table.pivot(index=list(result.keys), columns="quantity", values="value")
    order = [name for name in dict.fromkeys(result.table["quantity"]) if name in wide]
    counts = wide[order].map(lambda value: "" if value != value else f"{value:,.0f}")
    files = result.sources
    kinds = files["harness"].value_counts().to_dict() if len(files) else {}
    read = ", ".join(f"{count} of {kind}" for kind, count in kinds.items())
    heading = f"{len(files)} {'file' if len(files) == 1 else 'files'} read" + (
        f" ({read})" if read else ""
    )
    return f"{heading}\n{counts.reset_index().to_string(index=False)}"


def _check_suffixes(targets: Iterable[Path], *, tables: bool = False) -> None:
    legal = [".html", ".pdf", ".md", ".json", *([".csv", ".tsv", ".parquet"] if tables else [])]
    for target in targets:
        if target.suffix not in legal:
            raise UsageError(f"{target}: unknown form '{target.suffix}'. Use {', '.join(legal)}.")
        if not target.parent.is_dir():
            raise UsageError(f"{target}: the directory {target.parent} does not exist. Make it.")


def _findings(page: "Report") -> list[str]:
    """Return what the page says first, and after that the answer of each section."""
    from evalvar.report.model import Text, Verdict, plain

    blocks = [block for section in page.sections for block in section.blocks]
    verdicts = [
        item
        for block in blocks
        if isinstance(block, Text)
        for item in block.items
        if isinstance(item, Verdict)
    ]
    answers = [section.answer for section in page.sections if section.answer]
    return [f"{verdict.status}. {plain(verdict.claim)}" for verdict in verdicts] + answers


def _write_report(results: "list[Result]", targets: Iterable[Path], title: str | None) -> "Report":
    from evalvar import report
    from evalvar.results import write_json

    page = report.build(results, title=title)
    for target in targets:
        if target.suffix == ".json":
            write_json(results, target)
        else:
            report.write(page, target)
    return page


def _warnings(results: "Iterable[Result]") -> list[str]:
    return list(dict.fromkeys(sentence for result in results for sentence in result.warnings))


def _remarks(warnings: Iterable[str]) -> None:
    sentences = list(warnings)
    for sentence in sentences[:_REMARKS_SHOWN]:
        print(f"remark: {sentence}", file=sys.stderr)
    if len(sentences) > _REMARKS_SHOWN:
        rest = len(sentences) - _REMARKS_SHOWN
        print(f"remark: {rest} more; all stand in the JSON and on the page.", file=sys.stderr)


if __name__ == "__main__":
    main()
