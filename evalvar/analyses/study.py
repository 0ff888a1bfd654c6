"""One task and metric of a plan: every design that is looked at, and what it shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import inf, isfinite, isnan, nan
from typing import Any

from evalvar.errors import counted
from evalvar.stats.allocation import Costs, cheapest
from evalvar.stats.difference_noise import PilotNoise
from evalvar.stats.estimate import Estimate
from evalvar.stats.pilot_interval import detectable_interval
from evalvar.stats.planning import (
    AXES,
    UNREACHED,
    Axis,
    DifferenceNoise,
    Sizes,
    design_detectable,
    design_power,
    needed,
)

# Below this a plan for items rests on scores being normal.
_FEW_ITEMS = 15
_GRID: dict[Axis, tuple[float, ...]] = {
    "items": (0.5, 1, 2, 4, 10),  # times the items of the design
    "seeds": (1, 2, 3, 5, 10),
    "samples": (1, 4, 16),
    "prompts": (1, 2, 4, 8),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of every task and metric; the parameters of `plan`."""

    difference: float | None
    power: float
    level: float
    costs: Costs | None
    most: Sizes
    assume: Mapping[str, float]
    over: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the result, with its labels."""

    key: dict[str, str | None]
    quantity: str
    estimate: Estimate
    labels: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """One task and metric: its noise, the design it starts from, and what is wanted."""

    task: str | None
    metric: str | None
    noise: DifferenceNoise
    base: Sizes
    role: str
    percent: bool
    pilot: PilotNoise | None
    pilot_items: int
    wanted: Wanted
    own_remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Task and metric, where there are data."""
        named = [part for part in (self.task, self.metric) if part is not None]
        return ", ".join(named) if named else "assumptions"

    @property
    def free(self) -> tuple[Axis, ...]:
        """What can be planned: the axes whose noise is known."""
        known: list[Axis] = ["items"]
        if "seed" in self.noise.over:
            known.append("seeds")
        if "sample" in self.noise.components:
            known.append("samples")
        if "prompt" in self.noise.over:
            known.append("prompts")
        return tuple(known)

    def method(self, sizes: Sizes) -> str:
        """Say what the numbers are the power of: the test that `compare` runs on such data."""
        drawn = [f"{axis}s" for axis in self.noise.over]
        named = " and ".join(filter(None, (", ".join(drawn[:-1]), drawn[-1])))
        return f"power {self.wanted.power:g} of {self.noise.test(sizes)} over {named}"

    def lines(self) -> list[Line]:
        """Return what is needed, then the cheapest design, then the grid."""
        lines: list[Line] = []
        if self.wanted.difference is not None:
            lines += list(self._needed(self.wanted.difference))
            if self.wanted.costs is not None:
                lines += self._cheapest(self.wanted.difference, self.wanted.costs)
        for sizes in self.grid():
            role = self.role if sizes == self.base else "grid"
            lines.append(self._line(sizes, "detectable_difference", self._detectable(sizes), role))
            if self.wanted.difference is not None:
                lines.append(self._line(sizes, "power", self._power(sizes), role))
            if self.wanted.costs is not None:
                cost = self._number(self.wanted.costs.of(sizes), "total of both models")
                lines.append(self._line(sizes, "cost", cost, role))
        return lines

    def remarks(self, lines: list[Line]) -> list[str]:
        """Return what the reader must know, a floor included that no number of items beats."""
        said = list(self.own_remarks)
        needed_items = (line.estimate.value for line in lines if line.labels["items"] is None)
        if any(value < _FEW_ITEMS for value in needed_items):
            said.append(
                f"a plan for fewer than {_FEW_ITEMS} items takes their scores as normal, and so "
                "few scores of 0 and 1 are not."
            )
        difference = self.wanted.difference
        if difference is not None and "seeds" in self.free:
            floor = self.shown(replace(self.base, items=inf))
            if floor > abs(difference):
                said.append(
                    f"no number of items shows a difference of {self.amount(difference)} with "
                    f"{counted(int(self.base.seeds), 'seed')} each; the floor is "
                    f"{self.amount(floor)}."
                )
        return said

    def shown(self, sizes: Sizes) -> float:
        """Return the smallest difference that the design shows with the power."""
        return design_detectable(
            self.noise, sizes, power=self.wanted.power, level=self.wanted.level
        )

    def amount(self, value: float) -> str:
        """Return a difference in words."""
        return f"{100 * abs(value):.2g} points" if self.percent else f"{abs(value):.3g}"

    def grid(self) -> Iterator[Sizes]:
        """Every design of the grid, the base first among its like."""
        axes = []
        for axis in AXES:
            here = getattr(self.base, axis)
            tried: set[float] = {here}
            if axis == "items":
                least = self.noise.least("items")
                tried |= {max(round(here * factor), least) for factor in _GRID["items"]}
            elif axis in self.free:
                tried |= set(_GRID[axis])
            axes.append(sorted(tried))
        for prompts, samples, seeds, items in product(axes[3], axes[2], axes[1], axes[0]):
            yield Sizes(items, seeds, samples, prompts)

    def _needed(self, difference: float) -> Iterator[Line]:
        for axis in self.free:
            others = [self.base]
            if axis == "items" and "seeds" in self.free:
                tried = {self.base.seeds, *_GRID["seeds"]} - {1}
                others = [replace(self.base, seeds=seeds) for seeds in sorted(tried)]
            for sizes in others:
                found = needed(
                    self.noise, axis, sizes, difference,
                    power=self.wanted.power, level=self.wanted.level,
                )  # fmt: skip
                floor = self.shown(replace(sizes, **{axis: inf}))
                if isnan(found):
                    method = f"undefined: {self._why_not(sizes)}"
                elif isfinite(found):
                    method = self.method(replace(sizes, **{axis: found}))
                elif floor > abs(difference):
                    method = f"undefined: no number of {axis} is enough; the floor is {floor:.4g}"
                else:
                    method = f"undefined: more than {UNREACHED:.0e} {axis} are needed"
                estimate = self._number(found if isfinite(found) else nan, method)
                yield self._line(sizes, f"{axis}_needed", estimate, "needed", axis, floor)

    def _cheapest(self, difference: float, costs: Costs) -> list[Line]:
        pinned = {axis: getattr(self.base, axis) for axis in AXES if axis not in self.free}
        floors = {axis: self.noise.least(axis) for axis in AXES}
        limit = {axis: getattr(self.wanted.most, axis) for axis in AXES}
        largest = Sizes(**{**limit, **pinned})
        short = [axis for axis in self.free if limit[axis] < floors[axis]]
        found = None
        if not short:
            found = cheapest(
                self.noise, difference, costs, most=largest, least=Sizes(**{**floors, **pinned}),
                power=self.wanted.power, level=self.wanted.level,
            )  # fmt: skip
        if found is None:
            method = (
                f"undefined: out of reach; the most there can be shows {self.shown(largest):.4g}"
            )
            if short:
                method = (
                    f"undefined: the test needs at least {floors[short[0]]:g} {short[0]}, and at "
                    f"most {limit[short[0]]:g} may be had"
                )
            return [self._line(largest, "cost", self._number(nan, method), "cheapest")]
        design = found.design
        return [
            self._line(design, "cost", self._number(found.cost, "cheapest"), "cheapest"),
            self._line(design, "power", self._power(design), "cheapest"),
            self._line(design, "detectable_difference", self._detectable(design), "cheapest"),
        ]

    def _detectable(self, sizes: Sizes) -> Estimate:
        value, method = self.shown(sizes), self.method(sizes)
        low = high = nan
        if isnan(value):
            method = f"undefined: {self._why_not(sizes)}"
        elif self.percent and value > 1:
            value, method = (
                nan,
                "undefined: no difference of scores between 0 and 1 is large enough",
            )
        elif self.pilot is None:
            method += ", noise assumed"
        else:
            ends = detectable_interval(
                self.pilot, self.noise, sizes, power=self.wanted.power, level=self.wanted.level
            )
            low, high = (min(end, 1.0) if self.percent else end for end in ends)
            if not (isfinite(low) and isfinite(high)):
                low = high = nan
                method += " (no interval: the pilot hardly shows its variance)"
        return Estimate(
            value, nan, low, high, self.wanted.level, self.pilot_items,
            " x ".join(self.noise.over), method,
        )  # fmt: skip

    def _power(self, sizes: Sizes) -> Estimate:
        difference = self.wanted.difference or nan
        value = design_power(self.noise, sizes, difference, level=self.wanted.level)
        method = f"undefined: {self._why_not(sizes)}" if isnan(value) else self.method(sizes)
        return self._number(value, method.replace(f"power {self.wanted.power:g} of ", "power of "))

    def _number(self, value: float, method: str) -> Estimate:
        unit = " x ".join(self.noise.over)
        level, n = self.wanted.level, self.pilot_items
        return Estimate(float(value), level=level, n=n, unit=unit, method=method)

    def _line(
        self, sizes: Sizes, quantity: str, estimate: Estimate, role: str,
        without: Axis | None = None, floor: float = nan,
    ) -> Line:  # fmt: skip
        design = str(sizes) if without is None else sizes.text(without)
        key = {"task": self.task, "metric": self.metric, "design": design}
        labels: dict[str, Any] = {"role": role, "percent": self.percent, "floor": floor}
        for axis in AXES:
            labels[axis] = None if axis == without else int(getattr(sizes, axis))
        return Line(key, quantity, estimate, labels)

    def _why_not(self, sizes: Sizes) -> str:
        few = [axis for axis in AXES if getattr(sizes, axis) < self.noise.least(axis)]
        if "seeds" in few:
            return "with one seed each a study cannot see what seeds add"
        if few:
            return f"too few {few[0]} for a test"
        return "no difference that the discordance allows is large enough"
