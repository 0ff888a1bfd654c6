"""Designs of a comparison: what so many items, seeds, samples and prompts can show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import floor, inf, isinf, nan, sqrt
from typing import Literal

from evalvar.errors import UsageError, counted
from evalvar.stats.half_widths import (
    HalfWidths,
    NoisePart,
    howe_widths,
    pivotal_widths,
    welch_widths,
)
from evalvar.stats.power import check_power, smallest
from evalvar.stats.power_formulas import check_difference, check_discordance
from evalvar.stats.redrawn import axes_of
from evalvar.stats.variance import mean_variance

Axis = Literal["items", "seeds", "samples", "prompts"]
AXES: tuple[Axis, ...] = ("items", "seeds", "samples", "prompts")
_LEVEL_OF = {"item": "items", "seed": "seeds", "prompt": "prompts"}
# A larger number of items, seeds, ... is not looked for.
UNREACHED = 1e12
_ONE_BY_ONE = 20
# With fewer prompts `difference_over` takes the generalised pivotal interval.
_PROMPTS_FOR_HOWE = 6


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is bought of what, by each of the two systems.

    Parameters
    ----------
    items, seeds, samples, prompts : float
        Items, the same for both; seeds of each; answers to an item under a prompt by one run;
        prompts, the same for both. Whole numbers, or infinite for a limit.
    """

    items: float
    seeds: float = 1
    samples: float = 1
    prompts: float = 1

    def __str__(self) -> str:
        """Return it in words: ``400 items x 5 seeds x 1 sample``; one prompt is left out."""
        return self.text()

    def text(self, *without: Axis) -> str:
        """Return it in words, without some of its axes."""
        sizes = [(axis, getattr(self, axis)) for axis in AXES if axis not in without]
        return " x ".join(
            f"any number of {axis}" if isinf(size) else counted(int(size), axis[:-1])
            for axis, size in sizes
            if axis != "prompts" or size != 1
        )

    @property
    def levels(self) -> dict[str, float]:
        """Numbers of levels as `mean_variance` names them."""
        return {
            **{"item": self.items, "seed": self.seeds},
            **{"prompt": self.prompts, "sample": self.samples},
        }


@dataclass(frozen=True, slots=True)
class DifferenceNoise:
    """Where the noise of a difference comes from.

    Parameters
    ----------
    components : mapping of str to float
        Variance components of the difference, none negative: ``item`` of a - b, ``seed``, ``item x
        seed`` and ``sample`` the sum of both systems', as their runs are their own, and so on.
    over : tuple of {"item", "seed", "prompt"}
        What would be drawn again.
    cluster_size : float
        Items in a cluster, as far as they are one draw; 1 without clusters.
    discordant : bool
        Whether the component ``item`` is the share of items on which 0/1 scores disagree, less the
        `pair_noise`: at a true difference d the variance is then d^2 less.
    """

    components: Mapping[str, float]
    over: tuple[str, ...] = ("item", "seed")
    cluster_size: float = 1.0
    discordant: bool = False

    def __post_init__(self) -> None:
        if not self.over or set(self.over) - set(_LEVEL_OF):
            raise UsageError(f"over={self.over} is unknown. Use item, seed, prompt.")
        bad = {name: v for name, v in self.components.items() if not 0 <= v < inf}
        if bad:
            name, value = next(iter(bad.items()))
            raise UsageError(f"the component {name} is a variance of 0 or more, but is {value}.")
        if self.cluster_size < 1:
            raise UsageError(f"cluster_size must be 1 or more, but is {self.cluster_size:g}.")
        if self.discordant:
            check_discordance(self.components["item"])

    @property
    def largest(self) -> float:
        """Largest difference that the discordance allows, if it is what is known."""
        item = self.components["item"] if self.discordant else inf
        return min(item + pair_noise(self.components), sqrt(item))

    def variance(self, design: Sizes, difference: float = 0.0) -> float:
        """Variance of the estimated difference under the design, where this is the true one."""
        total = mean_variance(self.components, design.levels, self.over)
        return max(total - difference**2 / design.items, 0.0) if self.discordant else total

    def parts(self, design: Sizes) -> list[NoisePart]:
        """Variance of the estimated difference by what is drawn again, as the test will see it.

        Notes
        -----
        Items first, with all that is new with them; then what seeds, then what prompts add. An
        interaction of seeds and prompts stands with the prompts, as in `difference_over`. Each
        system has seeds of its own: two parts of half the seed variance.
        """
        levels, variances, taken = design.levels, dict[str, float](), 0.0
        drawn = [axis for axis in ("item", "prompt", "seed") if axis in self.over]
        for count, axis in enumerate(drawn, start=1):
            upto = mean_variance(self.components, levels, drawn[:count])
            variances[axis], taken = max(upto - taken, 0.0), upto
        found = list[NoisePart]()
        if "item" in variances:
            found.append(NoisePart(variances["item"], design.items / self.cluster_size - 1))
        if "seed" in variances:
            variance, (within, df) = variances["seed"], self._within("seed", variances, levels)
            found += [NoisePart(variance / 2, levels["seed"] - 1, within / 2, df)] * 2
        if "prompt" in variances:
            within, df = self._within("prompt", variances, levels)
            found.append(NoisePart(variances["prompt"], levels["prompt"] - 1, within, df))
        return found

    def test(self, design: Sizes) -> str:
        """Name the test that `compare` runs on such data.

        Returns
        -------
        str
            ``t`` where items or prompts alone are drawn again, ``Welch t`` for seeds alone,
            ``generalised pivotal`` for items and fewer than 6 prompts, else ``Howe``.
        """
        if set(self.over) == {"seed"}:
            return "Welch t"
        if len(self.over) == 1:
            return "t"
        few = set(self.over) == {"item", "prompt"} and design.prompts < _PROMPTS_FOR_HOWE
        return "generalised pivotal" if few else "Howe"

    def half_widths(self, design: Sizes, level: float) -> HalfWidths | None:
        """Give the law of the half-width of that test's interval; none where it is not defined."""
        parts, test = self.parts(design), self.test(design)
        if any(part.df <= 0 for part in parts):
            return None
        if test == "Welch t":
            return welch_widths(parts[0], parts[1], level)
        if test == "generalised pivotal":
            items, prompts = parts
            return pivotal_widths(items, prompts, level)
        items = parts.pop(0) if "item" in self.over else NoisePart(0.0)
        if len(self.over) == 1:
            return howe_widths(items if "item" in self.over else parts[0], [], level)
        return howe_widths(items, parts, level)

    def _within(
        self, axis: str, variances: Mapping[str, float], levels: Mapping[str, float]
    ) -> tuple[float, float]:
        """Give what the mean square between the levels of an axis holds of other parts.

        And its degrees of freedom, Satterthwaite's where it is of two.
        """
        own = {
            name: value if axis in name or name == "sample" else 0.0
            for name, value in self.components.items()
        }
        within = max(mean_variance(own, levels, (axis,)) - variances[axis], 0.0)
        others = ("item", "prompt") if axis == "seed" else ("item",)
        spread = 0.0
        for other in (name for name in others if name in self.over):
            df = (levels[other] - 1) * (levels[axis] - 1)
            share = mean_variance(own, levels, (other,))
            spread += share**2 / df if df > 0 else inf
        return within, within**2 / spread if spread > 0 else inf

    def least(self, axis: Axis) -> int:
        """Smallest number of levels that the test is defined for."""
        if axis == "items":
            return floor(self.cluster_size) + 1 if "item" in self.over else 1
        return 2 if axis in (_LEVEL_OF[name] for name in self.over) else 1


def pair_noise(components: Mapping[str, float]) -> float:
    """Sum what runs, prompts and answers add to the variance of one pair of scores of an item."""
    return sum(
        value
        for name, value in components.items()
        if name == "sample" or ("item" in axes_of(name) and len(axes_of(name)) > 1)
    )


def design_power(
    noise: DifferenceNoise, design: Sizes, difference: float, *, level: float = 0.95
) -> float:
    """Chance that a comparison of this design finds the difference.

    Parameters
    ----------
    noise : DifferenceNoise
        Where the noise comes from.
    design : Sizes
        How much is bought.
    difference : float
        True difference, in the unit of the scores.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        Power of `difference_over` on such data, which over items and seeds is
        `crossed_difference_ci`; NaN where its test is not defined, as with one seed each when seeds
        are drawn again.

    Raises
    ------
    UsageError
        A difference beyond the discordance of 0/1 pairs.

    Notes
    -----
    Scores are taken as normal, and the law of the half-width of the test (`DifferenceNoise.test`)
    is integrated on fixed nodes: Howe's as in `difference_power`; Welch's with the degrees of
    freedom that it estimates, both systems' seeds varying alike; the generalised pivotal one over
    the three mean squares that it is made of. A simulated comparison finds the difference within 2
    points as often (tested).
    Equals `difference_power` of the parts over items, prompts, or items and seeds (tested), and
    `connor_items` read backwards for 0/1 pairs and many items (tested).

    Examples
    --------
    >>> noise = DifferenceNoise({"item": 0.2, "seed": 0.0002})
    >>> round(design_power(noise, Sizes(2000, seeds=5), 0.05), 2)
    0.98
    """
    if noise.discordant:
        check_discordance(noise.largest, difference)
    widths = noise.half_widths(design, level)
    return (
        nan
        if widths is None
        else widths.power(difference, sqrt(noise.variance(design, difference)))
    )


def design_detectable(
    noise: DifferenceNoise, design: Sizes, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Smallest true difference that a comparison of this design finds with the power.

    Parameters
    ----------
    noise : DifferenceNoise
        Where the noise comes from.
    design : Sizes
        How much is bought; an infinite number gives the floor that this axis cannot beat.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        In the unit of the scores; NaN where the test is not defined, or where no difference that
        the discordance allows is large enough.

    Raises
    ------
    UsageError
        A power outside its range.

    Notes
    -----
    The difference at which `design_power` is the power (tested).

    Examples
    --------
    >>> noise = DifferenceNoise({"item": 0.2, "seed": 0.0002})
    >>> round(design_detectable(noise, Sizes(float("inf"), seeds=3)), 4)
    0.0382
    """
    check_power(power, level)
    widths = noise.half_widths(design, level)
    if widths is None:
        return nan
    most, total = noise.largest, noise.variance(design)

    def power_at(difference: float) -> float:
        d = min(difference, most)
        known = d**2 / design.items if noise.discordant else 0.0
        return widths.power(d, sqrt(max(total - known, 0.0)))

    if not isinf(most) and power_at(most) < power:
        return nan
    return smallest(power_at, power, sqrt(total), level)


def needed(
    noise: DifferenceNoise,
    axis: Axis,
    design: Sizes,
    difference: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
) -> float:
    """Smallest number of items, seeds, samples or prompts that shows a difference.

    Parameters
    ----------
    noise : DifferenceNoise
        Where the noise comes from.
    axis : {"items", "seeds", "samples", "prompts"}
        What to buy.
    design : Sizes
        What stays as it is; its own number on the axis does not matter.
    difference : float
        True difference, not zero.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        A whole number; infinite where no number is enough (`design_detectable` with an infinite
        number is the floor), or none up to 1e12; NaN where the test of the rest is not defined.

    Raises
    ------
    UsageError
        A difference of zero, a power outside its range, or an unknown axis.

    Notes
    -----
    Doubling and bisection on `design_power`: a number that is enough where one fewer is not. It is
    the smallest where power rises with the number, as it does but for a few thousandths where it is
    small, and with 2 prompts for a percent. Seeds, samples and prompts are therefore tried one by
    one up to 20 (tested).
    Equals `miller_items` rounded up, but for the few items that t needs more (tested).

    Examples
    --------
    >>> needed(DifferenceNoise({"item": 1 / 9}, over=("item",)), "items", Sizes(1), 0.03)
    971.0
    """
    if axis not in AXES:
        raise UsageError(f"axis='{axis}' is unknown. Use {', '.join(AXES)}.")
    check_difference(difference)
    check_power(power, level)

    def enough(size: float) -> bool:
        changed = replace(design, **{axis: size})
        return design_power(noise, changed, difference, level=level) >= power

    limit = design_power(noise, replace(design, **{axis: inf}), difference, level=level)
    if limit != limit:
        return nan
    small: float = noise.least(axis)
    for count in range(int(small), max(int(small), 1 if axis == "items" else _ONE_BY_ONE) + 1):
        if enough(count):
            return float(count)
        small = count
    if limit < power:
        return inf
    large = 2 * small
    while not enough(large):
        small, large = large, 2 * large
        if large > UNREACHED:
            return inf
    return float(fewest(enough, small, large))


def fewest(enough: Callable[[float], bool], small: float, large: float) -> float:
    """Find the smallest whole number that is enough, between one that is not and one that is."""
    while large - small > 1:
        middle = (small + large) // 2
        small, large = (small, middle) if enough(middle) else (middle, large)
    return large
