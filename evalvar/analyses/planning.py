"""How many items, seeds, samples and prompts does it take to show a difference?"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from math import isfinite, nan

import pandas as pd

from evalvar.analyses.assumptions import CORRELATION, assumed_noise, checked
from evalvar.analyses.intake import as_tuple, by_reason, intake, last_checkpoint
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
    over: Collection[str] | None = None,
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
        models' scores of an item, 0.35) and ``item``; ``seed_sd`` (of one model's score over its
        seeds); ``cluster_size`` and ``icc`` (of the difference); any component of the difference
        by its name, as a variance. ``correlation`` is also that of one pilot model with another.
    missing : {"drop", "wrong"}
        What an answer without a score means; dropped items leave the pilot.

    Returns
    -------
    Result
        By task, metric and design:

        ``detectable_difference``
            The smallest true difference found with the power, on a grid of designs; the interval
            is what the pilot leaves open about the noise.
        ``power``, ``cost``
            On the same grid, where a difference and costs are given.
        ``items_needed``, ``seeds_needed``, ``samples_needed``, ``prompts_needed``
            Fewest that find the difference, the rest of the design as it stands.

        Labels: items, seeds, samples, prompts (null: what is asked for), role (``this data``,
        ``asked``, ``grid``, ``needed``, ``cheapest``), percent (scores lie in [0, 1]), floor
        (of what is needed: the difference that no number of it shows less of).

    Raises
    ------
    UsageError
        A difference of 0, a power outside its range, an unknown or negative cost, an unknown
        assumption, more than two models, neither data nor an assumption about items, or a number
        of seeds, samples or prompts whose noise nobody knows.
    NotEnoughDataError
        There are no items.

    Notes
    -----
    Components of the difference by `pilot_noise`, power by `design_power`: that of the test which
    `compare` runs, over items and seeds of each model's own. The interval takes Satterthwaite's
    chi-square for the variance.

    Examples
    --------
    >>> found = plan(assume={"discordance": 0.2}, difference=0.05)
    >>> int(found.quantity("items_needed")["value"].iloc[0])
    628
    """
    check_power(power, level)
    if difference is not None:
        check_difference(difference)
    given, price = checked(assume), _costs(costs)
    asked = _sizes({"items": items, "seeds": seeds, "samples": samples, "prompts": prompts})
    bounds = _bounds(most)
    wanted = Wanted(difference, power, level, price, bounds, given, over)
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
        correlation = given.get("correlation", CORRELATION) if len(models) == 1 else None
        found = list(pilots(evidence, models, correlation))
        said += [pilot for pilot in found if not isinstance(pilot, Pilot)]
        studies = [
            _from_pilot(pilot, wanted, asked, models) for pilot in found if isinstance(pilot, Pilot)
        ]
        if not studies:
            raise NotEnoughDataError("; ".join(f"{name}: {reason}" for name, reason in said))
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
        **{"over": None if over is None else list(over), "costs": dict(costs or {})},
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
    return Costs(**{name: float(cost) for name, cost in costs.items()})


def _sizes(sizes: Mapping[str, float | None]) -> dict[str, float | None]:
    for name, size in sizes.items():
        if size is not None and (size < 1 or size != int(size)):
            raise UsageError(f"{name} must be a whole number of 1 or more, but is {size}.")
    return dict(sizes)


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
            "Name two with a and b, or one like both with a."
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
    noise = assumed_noise(wanted.assume, pilot.noise.components, pilot.cluster_size)
    noise = _over(noise, wanted.over)
    replaced = set(wanted.assume) - {"correlation"}
    remarks = list(pilot.remarks)
    found, at = pilot.noise.components, pilot.sizes
    if "seed" not in noise.over and "seed" not in (wanted.over or ()):
        if not any("seed" in name for name in found):
            remarks.append(
                "one seed each says nothing of what seeds add: the plan is for these runs, over "
                "items only. Train another, or assume seed_sd."
            )
    elif found.get("seed", 0.0) < 0 and "seed" not in noise.components.keys() & replaced:
        remarks.append("seeds differ no more than their answers explain; they count as adding 0.")
    if "sample" not in noise.components:
        remarks.append(
            "one answer to an item by a run: more samples cannot be planned. Log several."
        )
    base = at
    if "seed" in noise.over and at.seeds < 2:
        base = replace(base, seeds=_SEEDS)
    base = _asked(base, asked, noise)
    study = Study(
        pilot.task, pilot.metric, noise, base, "this data" if base == at else "asked",
        pilot.percent, None if replaced else pilot.noise, int(at.items), wanted, (),
    )  # fmt: skip
    if len(models) == 1:
        remarks.append(_other_correlations(study, pilot, models[0]))
    return replace(study, own_remarks=tuple(remarks))


def _other_correlations(study: Study, pilot: Pilot, model: str) -> str:
    """Say what was assumed of the other model, and what else would follow."""
    rho = study.wanted.assume.get("correlation", CORRELATION)
    shown = study.shown(study.base)
    others = []
    for other in _OTHER_CORRELATIONS:
        factor = (1 - other) / (1 - rho) if rho < 1 else nan
        shared = {
            name: value * (factor if not {"seed", "sample"} & set(name.split(" x ")) else 1.0)
            for name, value in study.noise.components.items()
        }
        changed = (
            replace(study, noise=replace(study.noise, components=shared)) if rho < 1 else study
        )
        others.append(f"{study.amount(changed.shown(study.base))} at {other:g}")
    return (
        f"{model} stands for two models like it, whose scores of an item correlate at {rho:g}, as "
        f"assumed: it shows {study.amount(shown)}; {', '.join(others)}."
    )


def _from_assumptions(wanted: Wanted, asked: Mapping[str, float | None]) -> Study:
    noise = _over(assumed_noise(wanted.assume, {}), wanted.over)
    remarks = []
    if "seed" not in noise.over:
        remarks.append("nothing is assumed of seeds: the plan is for two runs, over items only.")
    if "mean" in wanted.assume and "correlation" not in wanted.assume:
        remarks.append(f"correlation of the two scores of an item taken as {CORRELATION:g}.")
    seeds = _SEEDS if "seed" in noise.over else 1
    base = Sizes(_ITEMS, seeds, 1, 2 if "prompt" in noise.over else 1)
    base = _asked(base, asked, noise)
    if asked["items"] is None:
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
                base = replace(sizes, items=found)
                break
        else:
            remarks.append(f"the designs shown are around {_ITEMS:,} items.")
    percent = bool({"discordance", "mean"} & set(wanted.assume))
    return Study(None, None, noise, base, "asked", percent, None, 0, wanted, tuple(remarks))


def _over(noise: DifferenceNoise, over: Collection[str] | None) -> DifferenceNoise:
    if over is None:
        return noise
    chosen = tuple(axis for axis in ("item", "seed", "prompt") if axis in over)
    if len(chosen) != len(set(over)) or not chosen:
        raise UsageError(f"over={', '.join(over)} is unknown. Use item, seed, prompt.")
    for axis in chosen:
        if not any(axis in name for name in noise.components):
            raise UsageError(
                f"over has {axis}, but nothing is known of what another {axis} would change. "
                f"Measure two {axis}s, or assume it."
            )
    return replace(noise, over=chosen)


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
