"""Programs run and timed: problems and samples in, timings out."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, astuple, dataclass, replace
from math import isfinite
from pathlib import Path
from secrets import randbelow
from typing import Any

from evalvar.adapters.writing import FORMS, write_evidence
from evalvar.collect import machine
from evalvar.collect.blocks import SIZE, Block, Settings
from evalvar.collect.findings import crashes, remarks, scoring_remarks, sources, table
from evalvar.collect.jobs import Task, at_once, check_jobs, one_by_one
from evalvar.collect.journal import Journal
from evalvar.collect.problems import ProblemSet, read_problems
from evalvar.collect.samples import Samples, fitted, read_samples
from evalvar.collect.sandbox import UNPROTECTED, Box, Limits
from evalvar.collect.trials import Program
from evalvar.errors import UsageError, counted
from evalvar.evidence import REFERENCE, Evidence, as_evidence

LIMITS = Limits(load_s=5.0)
_SEEDS = 1 << 32

Given = str | Path | Samples


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found.

    Parameters
    ----------
    evidence : Evidence
        The timings, and the remarks.
    machine : str
        What they were taken on.
    facts : list of dict
        Of every block of programs of one problem; see `Block`.
    seed : int
        Of the inputs.
    """

    evidence: Evidence
    machine: str
    facts: list[dict[str, Any]]
    seed: int


def run_code(
    problems: str | Path | ProblemSet,
    samples: Given | Sequence[Given] | Mapping[str, Mapping[str, Sequence[str | None]]],
    *,
    output: str | Path | None = None,
    model: str | Sequence[str] | None = None,
    task: str | None = None,
    only: str | Path | Sequence[int | str] | None = None,
    exclude: str | Path | Sequence[int | str] | None = None,
    problem: Iterable[str] = (),
    repeats: int = 6,
    alpha: float = 2.0,
    seed: int | None = 0,
    jobs: int = 1,
    run: str | None = None,
    python: str | Path | None = None,
    unsafe_local: bool = False,
    limits: Limits = LIMITS,
    progress: Callable[[int, int], None] | None = None,
) -> Evidence:
    """Run programs in sandboxes and time them beside the reference solutions.

    Parameters
    ----------
    problems : path or ProblemSet
        A file in ENAMEL's columns, or what `read_problems` made of it.
    samples : path, Samples, list of these, or mapping
        Programs of one or several models; a mapping is model -> task_id -> list of programs.
    output : path, optional
        Where to write the timings, a file that is not there yet; beside it lies, until they are
        whole, what is done, and a run that was ended goes on with it.
    model : str or list of str, optional
        Names of the models, one for each of `samples`; default: the names of the files.
    task : str, optional
        Default: the name of the file of problems.
    only, exclude, problem : optional
        Which problems of a file; see `read_problems`.
    repeats : int
        How often each program and, before and after them, each reference is timed.
    alpha : float
        Times the reference's slowest case is the limit; programs are stopped at twice that.
    seed : int, optional
        Of the inputs. Programs that were written before a seed was drawn hold no answers to its
        inputs; to those of a seed that is known, as the default is, they may. None draws one.
    jobs : int
        Programs timed at a time, each on a core of its own.
    run : str, optional
        Name of the sitting; default: a digest of all that it depends on.
    python : path, optional
        Interpreter of the programs; default: this one.
    unsafe_local : bool
        Do without a sandbox: see `evalvar.collect.sandbox.UNPROTECTED`.
    limits : Limits
        What a program may use.
    progress : callable, optional
        Is called with the number of programs done and of all.

    Returns
    -------
    Evidence
        With timings: seconds of every case, level and repeat, the reference's beside them.

    Raises
    ------
    AdapterError, UsageError
        What is given cannot be read, or cannot be done.
    ToolError
        There is no sandbox on this machine.
    JournalError
        What lies beside the output is of another run.

    Notes
    -----
    Every repeat of every program has a sandbox and a process of its own. The program's own clock
    counts, unless the one outside shows more than what the reference needs beside its calls: then
    a repeat counts as the slowest of the others while those are a third or more, and else as the
    clock outside says.
    """
    return timed_run(
        problems,
        samples,
        output=output,
        model=model,
        task=task,
        only=only,
        exclude=exclude,
        problem=problem,
        repeats=repeats,
        alpha=alpha,
        seed=seed,
        jobs=jobs,
        run=run,
        python=python,
        unsafe_local=unsafe_local,
        limits=limits,
        progress=progress,
    ).evidence


def timed_run(
    problems: str | Path | ProblemSet,
    samples: Given | Sequence[Given] | Mapping[str, Mapping[str, Sequence[str | None]]],
    *,
    output: str | Path | None = None,
    model: str | Sequence[str] | None = None,
    task: str | None = None,
    only: str | Path | Sequence[int | str] | None = None,
    exclude: str | Path | Sequence[int | str] | None = None,
    problem: Iterable[str] = (),
    repeats: int = 6,
    alpha: float = 2.0,
    seed: int | None = 0,
    jobs: int = 1,
    run: str | None = None,
    python: str | Path | None = None,
    unsafe_local: bool = False,
    limits: Limits = LIMITS,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Run programs and time them: `run_code`, with what is known beside the timings."""
    settings = Settings(repeats, alpha, randbelow(_SEEDS) if seed is None else seed)
    _check(settings)
    cores = check_jobs(jobs)
    target = _target(output)
    chosen = _chosen(problems, only=only, exclude=exclude, problem=problem)
    given = _given(samples, chosen, model)
    box = Box.find(python, unsafe_local=unsafe_local)
    described = machine.described(box)
    digests = {
        "problems": _digest([astuple(each) for each in chosen.wanted]),
        "samples": _digest([[each.model, each.programs] for each in given]),
        "settings": _settings(settings, limits, box, drawn=seed is None),
        "machine": described,
    }
    about = f"{described}, {machine.clocks(replace(box, cpu=cores[0]))}"
    tasks = _tasks(chosen, given)
    with ExitStack() as stack:
        journal = None
        if target is not None:
            beside = target.with_name(f"{target.name}.partial")
            journal = stack.enter_context(Journal.open(beside, digests, about, seed=settings.seed))
            about, settings = journal.about, replace(settings, seed=journal.seed)
        desk = _Desk(tasks, {} if journal is None else journal.blocks(), journal, progress)
        work = [tasks[name] for name in desk.left]
        said = []
        if jobs > 1 and work:
            slowdown = at_once(work, box, limits, settings, desk.done, cores=cores)
            said.append(_together(jobs, slowdown))
        else:
            one_by_one(work, box, limits, settings, desk.done, core=cores[0])
        found = [(name, desk.blocks[name]) for name in tasks]
        facts = [block.facts for _, block in found]
        timings = table(
            found,
            tags={each.task_id: each.tag for each in chosen.wanted},
            task=task or chosen.name,
            run=run or _digest({**digests, "settings": _settings(settings, limits, box)})[:8],
            machine=about,
        )
        read = [*chosen.remarks, *(remark for each in given for remark in each.remarks)]
        evidence = as_evidence(
            timings=timings,
            sources=sources(chosen, given),
            warnings=[
                *[*read, *remarks(facts), *crashes(facts), *said, *scoring_remarks(timings, alpha)],
                *([UNPROTECTED] if unsafe_local else []),
            ],
        )
        if target is not None and journal is not None:
            write_evidence(evidence, target)
            journal.remove()
    return Outcome(evidence, about, facts, settings.seed)


class _Desk:
    """What is done and what is left to do."""

    def __init__(
        self,
        tasks: Mapping[str, Task],
        blocks: dict[str, Block],
        journal: Journal | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.blocks, self._journal, self._progress = blocks, journal, progress
        self.left = [name for name in tasks if name not in blocks]
        self._programs = {name: len(programs) for name, (_, programs) in tasks.items()}
        self._done = sum(self._programs[name] for name in blocks)
        self._tell()

    def done(self, number: int, block: Block) -> None:
        """Keep a block."""
        name = self.left[number]
        self.blocks[name] = block
        if self._journal is not None:
            self._journal.add(name, block)
        self._done += self._programs[name]
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, sum(self._programs.values()))


def _chosen(problems: str | Path | ProblemSet, **selection: Any) -> ProblemSet:
    if not isinstance(problems, ProblemSet):
        return read_problems(problems, **selection)
    asked = [name for name, value in selection.items() if value]
    if asked:
        raise UsageError(f"{asked[0]} is for a file of problems, not for a set of them.")
    return problems


def _check(settings: Settings) -> None:
    if settings.repeats < 1:
        raise UsageError(f"--repeats {settings.repeats}: expected at least 1, such as 6.")
    if not (isfinite(settings.alpha) and settings.alpha > 1):
        raise UsageError(f"--alpha {settings.alpha:g}: expected a number above 1, such as 2.")


def _target(output: str | Path | None) -> Path | None:
    if output is None:
        return None
    target = Path(output)
    if target.suffix not in FORMS:
        raise UsageError(f"{target}: unknown form '{target.suffix}'. Use {', '.join(FORMS)}.")
    if not target.parent.is_dir():
        raise UsageError(f"{target}: the directory {target.parent} does not exist. Make it.")
    if target.exists():
        raise UsageError(
            f"{target}: the timings of a run lie there. Give another -o, or move or remove them."
        )
    return target


def _given(samples: Any, problems: ProblemSet, model: str | Sequence[str] | None) -> list[Samples]:
    names = [model] if isinstance(model, str) else list(model or ())
    if isinstance(samples, Mapping):
        odd = next((name for name, v in samples.items() if not isinstance(v, Mapping)), None)
        if odd is not None:
            raise UsageError(
                f"samples of '{odd}': expected lists of programs by task_id, found a "
                f"{type(samples[odd]).__name__}. Files are given as samples=[file], model=[name]."
            )
        given = [fitted(name, programs, problems) for name, programs in samples.items()]
    else:
        several = [samples] if isinstance(samples, str | Path | Samples) else list(samples)
        if names and len(names) != len(several):
            raise UsageError(
                f"{counted(len(names), 'name')} of models for {counted(len(several), 'file')} of "
                "samples. Give a name for each, in their order, or none."
            )
        called: list[str | None] = [*names] if names else [None] * len(several)
        given = [
            each if isinstance(each, Samples) else read_samples(each, problems, model=name)
            for each, name in zip(several, called, strict=True)
        ]
    named = [each.model for each in given]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two models are called '{twice}'. Name them: --model A --model B.")
    if REFERENCE in named:
        raise UsageError(f"'{REFERENCE}' is the name of the reference solutions. Give another.")
    if not given:
        raise UsageError("no samples are given. Name a file: --samples FILE.")
    return given


def _tasks(problems: ProblemSet, given: Sequence[Samples]) -> dict[str, Task]:
    """Return the blocks of work by name; models take turns, so that all meet the same hours."""
    tasks: dict[str, Task] = {}
    for place, problem in enumerate(problems.wanted):
        most = max(len(each.programs[problem.task_id]) for each in given)
        programs = [
            Program(each.model, number, each.programs[problem.task_id][number])
            for number in range(most)
            for each in given
            if number < len(each.programs[problem.task_id])
        ]
        for block, first in enumerate(range(0, len(programs), SIZE)):
            tasks[f"{place}.{block}"] = problem, programs[first : first + SIZE]
    return tasks


def _settings(settings: Settings, limits: Limits, box: Box, *, drawn: bool = False) -> str:
    given = {**asdict(settings), **({"seed": None} if drawn else {})}
    return _digest([given, asdict(limits), str(box.python)])


def _digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _together(jobs: int, slowdown: float) -> str:
    return (
        f"{jobs} programs were timed at a time, each on a core of its own: while the others were "
        f"busy, one took {slowdown:.3g} times as long as alone."
    )
