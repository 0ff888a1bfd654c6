"""How many items, seeds, samples and prompts does it take to show a difference?"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import isfinite

import pandas as pd

from evalvar.analyses.assumptions import (
    CORRELATION,
    as_number,
    assumed_noise,
    checked,
    without_part,
)
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
from evalvar.analyses.pair_estimates import axes_of
from evalvar.analyses.pilot import Pilot, pilots
from evalvar.analyses.study import Line, Study, Wanted
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import Evidence, Missing, not_there
from evalvar.results import Result, Row
from evalvar.stats.allocation import Costs
from evalvar.stats.planning import AXES, DifferenceNoise, Sizes, needed
from evalvar.stats.power import check_power
from evalvar.stats.power_formulas import check_difference

KEYS = ("task", "metric", "design")
# What there can be at most where nothing is said, and what a plan without a pilot starts from.
_MOST: dict[str, int] = {"items": 10**7, "seeds": 50, "samples": 64, "prompts": 20}
_SEEDS, _MORE_SEEDS, _ITEMS = 3, (5, 10), 1000
_OTHER_CORRELATIONS = (0.0, 0.9)


def plan(
    data: Evidence | pd.DataFrame | None = None,
    *,
    a: str | None = None,
    b: str | None = None,
    model: str | list[str] | None = None,
    task: str | list[str] | None = None,
    metric: str | list[str] | None = None,
    checkpoint: int | list[int] | None = None,
    difference: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
    items: int | None = None,
    seeds: int | None = None,
    samples: int | None = None,
    prompts: int | None = None,
    over: str | Collection[str] | None = None,
    costs: Mapping[str, float] | None = None,
    most: Mapping[str, float] | None = None,
    assume: Mapping[str, float] | None = None,
    missing: Missing = "drop",
) -> Result:
    """Report what designs of a comparison can show, and what it takes to show a difference.

    Parameters
    ----------
    data : Evidence or DataFrame, optional
        A pilot: records of two models, or of one that stands for two like it.
    a, b : str, optional
        The models of the difference, where the data have more than two; a alone is one model.
    model, task, metric, checkpoint : optional
        What to keep. Unless checkpoints are named, each model's last one counts.
    difference : float, optional
        The difference that matters, in the unit of the scores; 0.02 for 2 points of accuracy.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.
    items, seeds, samples, prompts : int, optional
        The design to look at; default: that of the pilot. Seeds are runs of each model.
    over : collection of {"item", "seed", "prompt"}, optional
        What would be drawn again. Default: items, and seeds where their variance is known.
    costs : mapping, optional
        ``item`` (written once), ``seed`` (one training run of one model), ``sample`` (one answer),
        ``prompt`` (written once), in any one unit; what is not named costs nothing. Total:
        item n + prompt P + 2 S (seed + sample n P K), what is there already included.
    most : mapping, optional
        The most ``items``, ``seeds``, ``samples``, ``prompts`` the cheapest design may have;
        default 10,000,000, 50, 64, 20.
    assume : mapping, optional
        Instead of a pilot, or of what it says. One of ``discordance`` (share of items that one
        solves and the other does not), ``mean`` (of 0/1 scores; with ``correlation`` of the two
        models' scores of an item, 0.35) and ``item``, where the first two are of single scores:
        what runs, prompts and answers add to a pair, as measured or assumed, is taken off;
        ``seed_sd`` (of one model's score over its seeds); ``cluster_size`` and ``icc`` (of the
        difference), in place of the clusters of a pilot; any component of the difference by its
        name, as a variance. ``correlation`` is also that of one pilot model with another.
    missing : {"drop", "wrong"}
        What an answer without a score means; dropped items leave the pilot.

    Returns
    -------
    Result
        By task, metric and design:

        ``detectable_difference``
            The smallest true difference found with the power, on a grid of designs; the interval
            is what the pilot leaves open about the noise, of its few seeds too.
        ``power``, ``cost``
            On the same grid, where a difference and costs are given.
        ``items_needed``, ``seeds_needed``, ``samples_needed``, ``prompts_needed``
            Fewest that find the difference, the rest of the design as it stands.

        Labels: items, seeds, samples, prompts (null: what is asked for), role (``this data``,
        ``asked``, ``example`` where nobody named a design, ``grid``, ``needed``, ``cheapest``),
        percent (scores lie in [0, 1]), floor
        (of what is needed: the difference that no number of it shows less of).

    Raises
    ------
    UsageError
        A difference of 0 or, of scores in [0, 1], beyond 1; a power outside its range; an unknown
        or negative cost; an unknown or contradictory assumption; items that all differ alike; more
        than two models; neither data nor an assumption about items; a number of seeds, samples or
        prompts whose noise nobody knows.
    NotEnoughDataError
        There are no items, or too few.

    Notes
    -----
    Components of the difference by `pilot_noise`, power by `design_power`: that of the test which
    `compare` runs, over items and seeds of each model's own. Interval by `detectable_interval`.

    Examples
    --------
    >>> found = plan(assume={"discordance": 0.2}, difference=0.05)
    >>> int(found.quantity("items_needed")["value"].iloc[0])
    628
    """
    check_power(power, level)
    if difference is not None:
        check_difference(difference)
    given, price, drawn = checked(assume), _costs(costs), axes_of(over)
    asked = _sizes({"items": items, "seeds": seeds, "samples": samples, "prompts": prompts})
    wanted = Wanted(difference, power, level, price, _bounds(most), given, drawn)
    warnings: list[str] = []
    said: list[tuple[str, str]] = []
    sources = None
    if data is None:
        _need_no_data(a=a, b=b, model=model, task=task, metric=metric, checkpoint=checkpoint)
        studies = [_from_assumptions(wanted, asked)]
    else:
        evidence = intake(
            data, missing=missing, model=model, task=task, metric=metric, checkpoint=checkpoint
        )
        evidence, models = _models(evidence, a, b, checkpoint)
        if len(models) == 2 and "correlation" in given and "mean" not in given:
            raise UsageError(
                "assume has correlation, but the two models of the pilot show it themselves: leave "
                "it out, or name one model with a."
            )
        studies, refused = list[Study](), list[UsageError]()
        for pilot in pilots(evidence, models, clustered="icc" not in given):
            if not isinstance(pilot, Pilot):
                said.append(pilot)
                continue
            try:
                studies.append(_from_pilot(pilot, wanted, asked, models))
            except UsageError as error:
                said.append((pilot.name, f"no plan: {error}"))
                refused.append(error)
        if refused and not studies:
            raise refused[0]
        if not studies:
            told = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in said)
            raise NotEnoughDataError(f"{told}.")
        warnings, sources = list(evidence.warnings), evidence.sources
    lines: list[Line] = []
    for study in studies:
        found_lines = study.lines()
        lines += found_lines
        said += [(study.name, remark) for remark in study.remarks(found_lines)]
    settings = {
        **{"a": a, "b": b, "model": as_tuple(model), "task": as_tuple(task)},
        **{"metric": as_tuple(metric), "checkpoint": as_tuple(checkpoint), "missing": missing},
        **{"difference": difference, "power": power, "level": level, **asked},
        **{"over": None if drawn is None else list(drawn), "costs": dict(costs or {})},
        **{"most": dict(most or {}), "assume": given},
    }
    rows: list[Row] = [(line.key, line.quantity, line.estimate) for line in lines]
    result = Result.of(
        "plan", KEYS, rows, settings=settings, warnings=[*warnings, *by_reason(said)],
        sources=sources,
    )  # fmt: skip
    for name in AXES:
        sizes = [line.labels[name] for line in lines]
        result.table[name] = pd.Series(sizes, dtype="Int64")
    for label, kind in (("role", "object"), ("percent", "object"), ("floor", "float64")):
        values = [line.labels[label] for line in lines]
        result.table[label] = pd.Series(values, dtype=kind)
    return result


def _need_no_data(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name}={value} is of data, and there are none: read a pilot.")


def _costs(costs: Mapping[str, float] | None) -> Costs | None:
    if costs is None:
        return None
    legal = Costs.__slots__
    for name in costs:
        if name not in legal:
            raise UsageError(f"costs has '{name}', which is unknown. Use {', '.join(legal)}.")
    return Costs(**{name: as_number(f"the cost of each {name}", costs[name]) for name in costs})


def _sizes(sizes: Mapping[str, float | None]) -> dict[str, float | None]:
    for name, size in sizes.items():
        if size is not None and not _whole(as_number(name, size)):
            raise UsageError(f"{name} must be a whole number of 1 or more, but is {size}.")
    return dict(sizes)


def _whole(size: float) -> bool:
    return isfinite(size) and size >= 1 and size == int(size)


def _bounds(most: Mapping[str, float] | None) -> Sizes:
    for name in most or ():
        if name not in AXES:
            raise UsageError(f"most has '{name}', which is unknown. Use {', '.join(AXES)}.")
    _sizes(most or {})
    bounds: dict[str, float] = {**_MOST, **(most or {})}
    return Sizes(**bounds)


def _models(
    evidence: Evidence, a: str | None, b: str | None, checkpoint: int | list[int] | None
) -> tuple[Evidence, list[str]]:
    """Return the records to plan from, and the one or two models in them."""
    if not len(evidence.records):
        raise NotEnoughDataError(
            "this file has no items: a plan needs the scores of items. Log the samples (lm-eval: "
            "--log_samples), or plan from assumptions without data."
        )
    present = sorted(map(str, evidence.records["model"].unique()))
    named = [name for name in (a, b) if name is not None]
    for name in named:
        if name not in present:
            raise not_there("model", name, present)
    if len(named) == 2 and a == b:
        raise UsageError(f"a and b are both '{a}': name two different models.")
    models = named or present
    if len(models) > 2:
        raise UsageError(
            f"a plan is for two models, and there are {len(present)}: {', '.join(present[:8])}. "
            "Name two with a and b (-a, -b), or one like both with a."
        )
    records = evidence.select(model=models).records
    behind: list[str] = []
    if checkpoint is None:
        records, behind = last_checkpoint(records)
    steps = records.groupby(["model", "task", "metric"], observed=True)["checkpoint"].nunique()
    if (steps > 1).any():
        raise UsageError("a plan is from one checkpoint of each model: name one with checkpoint.")
    return replace(evidence, records=records).plus(*behind), models


def _from_pilot(
    pilot: Pilot, wanted: Wanted, asked: Mapping[str, float | None], models: list[str]
) -> Study:
    rho = wanted.assume.get("correlation", CORRELATION)
    measured = pilot.noise.alike(rho) if len(models) == 1 else pilot.noise
    replaced = set(wanted.assume) - {"correlation"}
    noise = assumed_noise(wanted.assume, measured.components, pilot.cluster_size, wanted.over)
    remarks = [*pilot.remarks, *_no_part(wanted, noise)]
    found, at = measured.components, pilot.sizes
    if "seed" not in noise.over and "seed" not in (wanted.over or ()):
        if not any("seed" in name for name in found):
            remarks.append(
                "one seed each says nothing of what seeds add: the plan is for these runs, over "
                "items only. Train another, or assume seed_sd (--assume seed_sd=0.005)."
            )
    elif found.get("seed", 0.0) < 0 and "seed" not in noise.components.keys() & replaced:
        remarks.append("seeds differ no more than their answers explain; they count as adding 0.")
    if "sample" not in noise.components:
        who = "the model" if len(models) < 2 else "at least one of the two models"
        remarks.append(
            f"{who} has one answer to an item by a run: more samples cannot be planned. Log "
            "several."
        )
    if noise.cluster_size > 1 and set(noise.over) > {"item"}:
        remarks.append(
            f"clusters are planned for, but over {' x '.join(noise.over)} compare takes items as "
            "independent."
        )
    base = at
    if "seed" in noise.over and at.seeds < 2:
        base = replace(base, seeds=_SEEDS)
    base = _asked(base, asked, noise)
    role = "this data" if base == at else "asked" if any(asked.values()) else "example"
    study = Study(
        pilot.task, pilot.metric, noise, base, role, pilot.percent,
        None if replaced else measured, int(at.items), wanted, (),
    )  # fmt: skip
    _check_reach(study)
    if len(models) == 1:
        remarks.append(_other_correlations(study, pilot, models[0]))
    return replace(study, own_remarks=tuple(remarks))


def _other_correlations(study: Study, pilot: Pilot, model: str) -> str:
    """Say what was assumed of the other model, and what else would follow."""
    assume = study.wanted.assume
    others = []
    for rho in _OTHER_CORRELATIONS:
        noise = assumed_noise(
            {**assume, "correlation": rho}, pilot.noise.alike(rho).components, pilot.cluster_size,
            study.wanted.over,
        )  # fmt: skip
        shown = replace(study, noise=noise).shown(study.base)
        others.append(f"{study.amount(shown)} at {rho:g}")
    rho = assume.get("correlation", CORRELATION)
    return (
        f"{model} stands for two models like it, whose scores of an item correlate at {rho:g}, as "
        f"assumed: it shows {study.amount(study.shown(study.base))}; {', '.join(others)}."
    )


def _from_assumptions(wanted: Wanted, asked: Mapping[str, float | None]) -> Study:
    if "correlation" in wanted.assume and "mean" not in wanted.assume:
        raise UsageError("assume has correlation, which is of mean or of one pilot model: add it.")
    noise = assumed_noise(wanted.assume, {}, over=wanted.over)
    remarks = _no_part(wanted, noise)
    if "seed" not in noise.over:
        remarks.append("nothing is assumed of seeds: the plan is for two runs, over items only.")
    if "mean" in wanted.assume and "correlation" not in wanted.assume:
        remarks.append(f"correlation of the two scores of an item taken as {CORRELATION:g}.")
    seeds = _SEEDS if "seed" in noise.over else 1
    base = Sizes(_ITEMS, seeds, 1, 2 if "prompt" in noise.over else 1)
    base = _asked(base, asked, noise)
    percent = bool({"discordance", "mean"} & set(wanted.assume))
    role = "asked" if any(asked.values()) else "example"
    study = Study(None, None, noise, base, role, percent, None, 0, wanted, tuple(remarks))
    _check_reach(study)
    if asked["items"] is not None:
        return study
    if wanted.difference is None:
        raise UsageError("nothing to plan for: give difference=, or items= to look at.")
    tried = [base]
    if "seed" in noise.over and asked["seeds"] is None:
        tried += [replace(base, seeds=more) for more in _MORE_SEEDS]
    for sizes in tried:
        found = needed(
            noise, "items", sizes, wanted.difference, power=wanted.power, level=wanted.level
        )
        if isfinite(found):
            return replace(study, base=replace(sizes, items=found))
    remarks.append(f"the designs shown are around {_ITEMS:,} items.")
    return replace(study, own_remarks=tuple(remarks))


def _check_reach(study: Study) -> None:
    difference = study.wanted.difference
    if study.percent and difference is not None and abs(difference) > 1:
        raise UsageError(
            f"difference must lie between -1 and 1 for scores between 0 and 1, but is "
            f"{difference:g}: 2 points are 0.02."
        )


def _no_part(wanted: Wanted, noise: DifferenceNoise) -> list[str]:
    return [
        f"{name} is assumed but plays no part over {' x '.join(noise.over)}: name over to change "
        "what is drawn again."
        for name in without_part(wanted.assume, noise)
    ]


def _asked(base: Sizes, asked: Mapping[str, float | None], noise: DifferenceNoise) -> Sizes:
    """Return the design asked for, where the noise of all it changes is known."""
    changed = {axis: float(size) for axis, size in asked.items() if size is not None}
    for axis, size in changed.items():
        name = axis[:-1]
        known = axis == "items" or any(name in component for component in noise.components)
        if axis == "samples" and "sample" not in noise.components:
            known = False
        if not known and size != getattr(base, axis):
            hint = "seed_sd" if axis == "seeds" else name
            raise UsageError(
                f"{axis}={size:g}, but nothing is known of what another {name} would change: "
                f"measure two, or assume {hint}."
            )
    return replace(base, **changed)
