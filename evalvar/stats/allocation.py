"""The cheapest design that shows a difference."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from math import floor, inf

from evalvar.errors import UsageError
from evalvar.stats.planning import AXES, DifferenceNoise, Sizes, design_power, fewest, needed
from evalvar.stats.power import check_power
from evalvar.stats.power_formulas import check_difference

# Numbers of seeds, prompts and samples that are tried first: a good start prunes the search.
_STARTS = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100)


@dataclass(frozen=True, slots=True)
class Costs:
    """What a comparison of two systems costs, in any one unit.

    Parameters
    ----------
    item : float
        One item, written or licensed once for both systems.
    seed : float
        One training run of one system; each system needs one a seed.
    sample : float
        One answer: of one run, to one item, under one prompt.
    prompt : float
        One prompt, written once for both systems.
    """

    item: float = 0.0
    seed: float = 0.0
    sample: float = 0.0
    prompt: float = 0.0

    def __post_init__(self) -> None:
        named = [(name, getattr(self, name)) for name in self.__slots__]
        for name, cost in named:
            if not 0 <= cost < inf:
                raise UsageError(f"the cost of each {name} must be 0 or more, but is {cost:g}.")
        if not any(cost for _, cost in named):
            raise UsageError("all costs are 0: say what an item, seed, sample or prompt costs.")

    def of(self, design: Sizes) -> float:
        """Cost of a design: items and prompts once, runs and their answers for both systems."""
        answers = self.sample * design.items * design.prompts * design.samples
        once = self.item * design.items + self.prompt * design.prompts
        return once + 2 * design.seeds * (self.seed + answers)

    def affordable_items(self, budget: float, design: Sizes) -> float:
        """Largest number of items, with the rest of the design, that the budget pays."""
        rest = self.of(replace(design, items=0))
        each = self.of(replace(design, items=1)) - rest
        if rest > budget:
            return 0
        return floor((budget - rest) / each * (1 + 1e-12)) if each > 0 else inf


@dataclass(frozen=True, slots=True)
class Allocation:
    """The cheapest design, what it costs, and its power."""

    design: Sizes
    cost: float
    power: float


def cheapest(
    noise: DifferenceNoise,
    difference: float,
    costs: Costs,
    *,
    most: Sizes,
    least: Sizes | None = None,
    power: float = 0.8,
    level: float = 0.95,
) -> Allocation | None:
    """Cheapest number of items, seeds, samples and prompts that shows a difference.

    Parameters
    ----------
    noise : DifferenceNoise
        Where the noise comes from.
    difference : float
        True difference, not zero.
    costs : Costs
        What each costs.
    most : Sizes
        The most there can be of each; equal to `least` for what cannot be bought.
    least : Sizes, optional
        The least of each; default: the fewest that the test is defined for.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    Allocation or None
        None where no design within the bounds shows the difference. Of equally cheap designs the
        one with fewer seeds, then prompts, samples, items.

    Raises
    ------
    UsageError
        A difference of zero, a power outside its range, or a least beyond its most.

    Notes
    -----
    Minimises item n + prompt P + 2 S (seed + sample n P K) over whole n, S, P, K under
    `design_power` >= power. S, P, K are enumerated, and left as soon as the items that they need at
    the very least cost more than the best design so far; n is found by bisection. That is exact
    where power rises with each number, as it does but for little (`needed`): there the design is
    enough, but a slightly cheaper one may be.
    Equals the cheapest of all designs within small bounds (tested).

    Examples
    --------
    >>> noise = DifferenceNoise({"item": 0.2, "seed": 0.0002})
    >>> costs = Costs(item=1, seed=500)
    >>> print(cheapest(noise, 0.05, costs, most=Sizes(10_000, 20)).design)
    1,450 items x 3 seeds x 1 sample
    """
    check_difference(difference)
    check_power(power, level)
    floors = Sizes(*(max(noise.least(axis), 1) for axis in AXES))
    least = floors if least is None else _larger(floors, least)
    for axis in AXES:
        if getattr(least, axis) > getattr(most, axis):
            raise UsageError(
                f"at least {getattr(least, axis):g} {axis} are needed, but at most "
                f"{getattr(most, axis):g} are allowed."
            )

    def enough(design: Sizes) -> bool:
        return design_power(noise, design, difference, level=level) >= power

    def improved(best: Allocation | None, rest: Sizes) -> Allocation | None:
        budget = inf if best is None else best.cost
        top = min(most.items, costs.affordable_items(budget, rest) if best else most.items)
        if top < least.items or not enough(replace(rest, items=top)):
            return best
        items = least.items
        if not enough(replace(rest, items=items)):
            items = fewest(lambda n: enough(replace(rest, items=n)), items, top)
        found = replace(rest, items=items)
        new = Allocation(
            found, costs.of(found), design_power(noise, found, difference, level=level)
        )
        return new if best is None or _order(new) < _order(best) else best

    def items_at_least(design: Sizes) -> float:
        found = needed(noise, "items", design, difference, power=power, level=level)
        return max(least.items, found) if reached else least.items

    best: Allocation | None = None
    for seeds, prompts, samples in _starts(least, most):
        best = improved(best, Sizes(most.items, seeds, samples, prompts))
    reached = enough(most)  # if not, but less is enough, the most of each bounds nothing
    if best is None and not reached:
        return None
    fewest_items = items_at_least(most)
    for seeds in _range(least.seeds, most.seeds):
        # what every design with so many seeds or more costs at the very least
        if best and costs.of(replace(least, items=fewest_items, seeds=seeds)) > best.cost:
            break
        with_seeds = items_at_least(replace(most, seeds=seeds))
        for prompts in _range(least.prompts, most.prompts):
            bound = replace(least, items=with_seeds, seeds=seeds, prompts=prompts)
            if best and costs.of(bound) > best.cost:
                break
            n = items_at_least(replace(most, seeds=seeds, prompts=prompts))
            for samples in _range(least.samples, most.samples):
                rest = Sizes(n, seeds, samples, prompts)
                if best and costs.of(rest) > best.cost:
                    break
                best = improved(best, rest)
    return best


def _range(least: float, most: float) -> range:
    return range(int(least), int(most) + 1)


def _starts(least: Sizes, most: Sizes) -> Iterator[tuple[float, float, float]]:
    axes = ("seeds", "prompts", "samples")
    yield from product(
        *(
            sorted(
                {min(max(start, getattr(least, axis)), getattr(most, axis)) for start in _STARTS}
            )
            for axis in axes
        )
    )


def _larger(a: Sizes, b: Sizes) -> Sizes:
    return Sizes(*(max(getattr(a, axis), getattr(b, axis)) for axis in AXES))


def _order(found: Allocation) -> tuple[float, ...]:
    design = found.design
    return found.cost, design.seeds, design.prompts, design.samples, design.items
