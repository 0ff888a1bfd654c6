"""Designs of a comparison: what so many items, seeds, samples and prompts can show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import floor, inf, isinf, nan, sqrt
from typing import Literal

from evalvar.errors import UsageError, counted
from evalvar.stats.power import NoisePart, check_power, howe_test, smallest
from evalvar.stats.power_formulas import check_difference, check_discordance
from evalvar.stats.variance import mean_variance

Axis = Literal["items", "seeds", "samples", "prompts"]
AXES: tuple[Axis, ...] = ("items", "seeds", "samples", "prompts")
_LEVEL_OF = {"item": "items", "seed": "seeds", "prompt": "prompts"}
_UNREACHED = 1e12


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
        Whether the component ``item`` is the share of items on which 0/1 scores disagree: at a
        true difference d the variance is then d^2 less.
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

    def variance(self, design: Sizes, difference: float = 0.0) -> float:
        """Variance of the estimated difference under the design, where this is the true one."""
        total = mean_variance(self.components, design.levels, self.over)
        return max(total - difference**2 / design.items, 0.0) if self.discordant else total

    def parts(self, design: Sizes) -> list[NoisePart]:
        """Variance of the estimated difference by what is drawn again, as the test will see it.

        Notes
        -----
        Items first, with all that is new with them; then what seeds, then what prompts add. Each
        system has seeds of its own: two parts of half the seed variance, as in Howe's test, or
        where nothing else is drawn again one with the degrees of freedom of both, as in Welch's.
        """
        levels, found, taken = design.levels, list[NoisePart](), 0.0
        drawn = [axis for axis in _LEVEL_OF if axis in self.over]
        for count, axis in enumerate(drawn, start=1):
            upto = mean_variance(self.components, levels, drawn[:count])
            variance, taken = max(upto - taken, 0.0), upto
            if axis == "item":
                found.append(NoisePart(variance, design.items / self.cluster_size - 1))
                continue
            own = {
                name: value if axis in name or name == "sample" else 0.0
                for name, value in self.components.items()
            }
            within = max(mean_variance(own, levels, (axis,)) - variance, 0.0)
            df = levels[axis] - 1
            if axis == "prompt":
                found.append(NoisePart(variance, df, within))
            elif drawn == ["seed"]:
                found.append(NoisePart(variance, 2 * df))
            else:
                found += [NoisePart(variance / 2, df, within / 2)] * 2
        return found

    def least(self, axis: Axis) -> int:
        """Smallest number of levels that the test is defined for."""
        if axis == "items":
            return floor(self.cluster_size) + 1 if "item" in self.over else 1
        return 2 if axis in (_LEVEL_OF[name] for name in self.over) else 1


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
        Power of `crossed_difference_ci` on such data; NaN where its test is not defined, as with
        one seed each when seeds are drawn again.

    Raises
    ------
    UsageError
        A difference beyond the discordance of 0/1 pairs.

    Notes
    -----
    `difference_power` of the parts of the design. Scores are taken as normal.
    Equals `connor_items` read backwards for 0/1 pairs and many items (tested).

    Examples
    --------
    >>> noise = DifferenceNoise({"item": 0.2, "seed": 0.0002})
    >>> round(design_power(noise, Sizes(2000, seeds=5), 0.05), 2)
    0.97
    """
    if noise.discordant:
        check_discordance(noise.components["item"], difference)
    test = howe_test(noise.parts(design), level)
    return test(difference, sqrt(noise.variance(design, difference)))


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
    0.0451
    """
    check_power(power, level)
    parts = noise.parts(design)
    if any(part.df <= 0 for part in parts):
        return nan
    test = howe_test(parts, level)
    most = noise.components["item"] if noise.discordant else inf
    if not isinf(most) and test(most, sqrt(noise.variance(design, most))) < power:
        return nan
    return smallest(
        lambda d: test(min(d, most), sqrt(noise.variance(design, min(d, most)))),
        power, sqrt(noise.variance(design)), level,
    )  # fmt: skip


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
        number is the floor); NaN where the test of the rest is not defined.

    Raises
    ------
    UsageError
        A difference of zero, a power outside its range, or an unknown axis.

    Notes
    -----
    Doubling and bisection on `design_power`, which rises with each axis.
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
    if limit < power:
        return inf
    small: float = noise.least(axis)
    if enough(small):
        return float(small)
    large = 2 * small
    while not enough(large):
        small, large = large, 2 * large
        if large > _UNREACHED:
            return inf
    return float(fewest(enough, small, large))


def fewest(enough: Callable[[float], bool], small: float, large: float) -> float:
    """Find the smallest whole number that is enough, between one that is not and one that is."""
    while large - small > 1:
        middle = (small + large) // 2
        small, large = (small, middle) if enough(middle) else (middle, large)
    return large
