"""The gate: rules in, verdict on stdout, exit code for the pipeline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalvar.cli.answering import check_suffixes, remark, say
from evalvar.cli.judging import FALSE_ALARM, Trial, beside, judge, learn, saved_results
from evalvar.cli.reading import ESTIMATING, READING, SELECTING, Checkpoint, Rng, load, shares
from evalvar.errors import UsageError
from evalvar.numbers import DASH, MINUS, count, decimals_for, fixed

if TYPE_CHECKING:
    from evalvar.results import Result

FORMS = (".md", ".xml", ".json")
_CORRECTIONS = ("bonferroni", "max-t", "none")
# What a saved result can be gated with; all else is for runs.
_FOR_SAVED = ("paths", "rule", "inconclusive", "junit", "output", "json")
_FOR_HISTORY = ("learned", "false_alarm")


@shares(SELECTING, ESTIMATING, READING)
def gate(
    ctx: typer.Context,
    paths: list[str],
    rule: Annotated[
        list[str],
        typer.Option(
            metavar="RULE",
            help="What must hold: 'difference >= -0.01', 'mean[task=x] >= 0.7', 'rank <= 3', "
            "'pass@1 > 0.4', 'final_seed_sd < 0.02', 'change >= -noise' (repeatable).",
        ),
    ],
    a: Annotated[str | None, typer.Option("-a", metavar="NAME", help="What is on trial.")] = None,
    b: Annotated[
        str | None, typer.Option("-b", metavar="NAME", help="What it is compared with.")
    ] = None,
    between: Annotated[
        str, typer.Option(metavar="AXIS", help="What -a and -b name: model, checkpoint, prompt ...")
    ] = "model",
    baseline: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Read -b from here; its model may have the same name."),
    ] = None,
    history: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Earlier runs of the same system, one a path ('nightly/*'), or what was learned.",
        ),
    ] = None,
    learned: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep what the history taught as .json."),
    ] = None,
    false_alarm: Annotated[
        float,
        typer.Option(metavar="SHARE", help="How often history may stop an unchanged system."),
    ] = FALSE_ALARM,
    correction: Annotated[
        str, typer.Option(metavar="NAME", help="For fails of many rows: bonferroni, max-t or none.")
    ] = "bonferroni",
    inconclusive: Annotated[
        str, typer.Option(metavar="WORD", help="What inconclusive counts as: keep, pass or fail.")
    ] = "keep",
    checkpoint: Checkpoint = None,
    rng: Rng = 0,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML for the CI system.")
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="summary.md, .xml (JUnit) or .json (repeatable)."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    **options: Any,
) -> None:
    """Are the rules kept? Exit code 0 yes, 1 no, 2 inconclusive."""
    from evalvar import gating
    from evalvar.results import write_json

    rules = [gating.parse_rule(text) for text in rule]
    if correction not in _CORRECTIONS:
        raise UsageError(f"--correction {correction} is unknown. Use bonferroni, max-t or none.")
    if inconclusive not in ("keep", "pass", "fail"):
        raise UsageError(f"--inconclusive {inconclusive} is unknown. Use keep, pass or fail.")
    targets = list(output or ())
    check_suffixes(targets, FORMS)
    check_suffixes([learned] if learned else [], (".json",))
    taught = None
    given = _given(ctx)
    saved = saved_results(paths)
    if saved:
        idle = [option for name, option in given.items() if name not in _FOR_SAVED]
        if idle:
            raise UsageError(
                f"{paths[0]} is a saved result, and {idle[0]} is for runs. Leave it out, or name "
                "the runs."
            )
        result = gating.gate(saved, rule, inconclusive=inconclusive)  # type: ignore[arg-type]
    else:
        idle = [given[name] for name in _FOR_HISTORY if name in given]
        if idle and not history:
            raise UsageError(f"{idle[0]} is for earlier runs. Name them with --history.")
        reading = {p.name: options.pop(p.name) for p in READING}
        trial = Trial(a, b, between, checkpoint, correction, rng, options)
        evidence = load(paths, {**reading, "prompt": options.pop("prompt")})
        if baseline:
            evidence, trial = beside(evidence, load(baseline, dict(reading)), trial)
        if history:
            asked = false_alarm if "false_alarm" in given else None
            taught = learn(history, reading, trial, asked)
        result = judge(evidence, rules, trial, taught, inconclusive)
    remark(result.warnings)
    for target in targets:
        if target.suffix == ".json":
            write_json(result, target)
        else:
            form = gating.to_markdown if target.suffix == ".md" else gating.to_junit
            target.write_text(form(result), encoding="utf-8")
    if junit:
        junit.write_text(gating.to_junit(result), encoding="utf-8")
    if learned and taught is not None:
        write_json(taught, learned)
    if json:
        say([result.to_json()])
    else:
        # a plain minus, as the rules are typed, for terminals of any encoding
        text = "\n".join([gating.as_text(result), *_lessons(taught, result)])
        say([text.replace(MINUS, "-").replace(DASH, "-")])
    raise typer.Exit(gating.EXIT_CODES[result.settings["verdict"]])


def _given(ctx: typer.Context) -> dict[str, str]:
    """Return the parameters that were typed, and how their options are called."""
    return {
        str(p.name): p.opts[0] if p.name in ("a", "b") else max(p.opts, key=len)
        for p in ctx.command.params
        if getattr(ctx.get_parameter_source(str(p.name)), "name", "") == "COMMANDLINE"
    }


def _lessons(taught: "Result | None", result: "Result") -> list[str]:
    """Say, task by task, what the earlier runs taught of the rows that were tested."""
    if taught is None:
        return []
    tested = set(zip(result.table["task"], result.table["metric"], strict=True))
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in taught.table.to_dict("records"):
        if (row["task"], row["metric"]) not in tested:
            continue
        key = tuple(str(row[name]) for name in taught.keys if row[name])
        found.setdefault(key, {})[str(row["quantity"])] = row
    lines = []
    for key, learned in found.items():
        spread, limit, noise = (learned[name] for name in ("run_sd", "drop_limit", "noise"))
        runs = count(noise["n"], "earlier run")
        if noise["value"] != noise["value"]:
            lines.append(f"learned  {', '.join(key)}: nothing from {runs} ({noise['method']}).")
            continue
        digits = decimals_for(spread["value"], spread["se"], spread["low"], spread["high"]) + 1
        sd, worse, margin = (fixed(row["value"], digits) for row in (spread, limit, noise))
        lines.append(
            f"learned  {', '.join(key)}: noise {margin} from {runs}, which differ by a standard "
            f"deviation of {sd}; an unchanged one is at most {worse} worse."
        )
    return lines
