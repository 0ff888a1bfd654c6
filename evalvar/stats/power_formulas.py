"""Textbook formulas of sample size: in closed form, for items alone, with variances known."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from evalvar.errors import UsageError
from evalvar.stats.arguments import check_level, finite
from evalvar.stats.power import check_power
from evalvar.stats.quantiles import normal_quantile


def answer_variance(
    item_variance: float,
    *,
    noise_a: float = 0.0,
    noise_b: float = 0.0,
    samples_a: float = 1,
    samples_b: float = 1,
) -> float:
    """Variance of one item's difference when each system answers it several times.

    Parameters
    ----------
    item_variance : float
        Variance over items of the difference of the two expected scores (omega^2).
    noise_a, noise_b : float
        Mean over items of the variance of one answer of a, of b (sigma^2).
    samples_a, samples_b : float
        Answers of each to an item (K).

    Returns
    -------
    float
        omega^2 + sigma_a^2 / K_a + sigma_b^2 / K_b.

    Raises
    ------
    UsageError
        A negative variance, or less than one answer.

    Notes
    -----
    Source: Miller, "Adding Error Bars to Evals" (2024), section 5. omega^2 estimated from means of
    K answers holds their noise already; take it off first.

    Examples
    --------
    >>> round(answer_variance(1 / 9, noise_a=1 / 6, noise_b=1 / 6), 6)
    0.444444
    """
    if min(item_variance, noise_a, noise_b) < 0:
        raise UsageError(
            "variances must not be negative, but they are "
            f"{item_variance:g}, {noise_a:g} and {noise_b:g}."
        )
    if min(samples_a, samples_b) < 1:
        raise UsageError(f"each item needs an answer, but samples are {samples_a}, {samples_b}.")
    return item_variance + noise_a / samples_a + noise_b / samples_b


def miller_items(
    difference: float, variance: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Items at which a z test of a paired difference has the power; not rounded up.

    Parameters
    ----------
    difference : float
        True difference, not zero.
    variance : float
        Variance of one item's difference, as of `answer_variance`; times the `design_effect` where
        items share clusters.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        (z_level + z_power)^2 variance / difference^2.

    Raises
    ------
    UsageError
        A difference of zero, a variance that is not positive, or a power outside its range.

    Notes
    -----
    Source: Miller, "Adding Error Bars to Evals" (2024), section 5. The wrong tail is left out.

    Examples
    --------
    >>> round(miller_items(0.03, 1 / 9), 3)
    968.997
    """
    check_difference(difference)
    _check_variance(variance)
    return (_quantiles(power, level) / difference) ** 2 * variance


def miller_detectable(
    items: float, variance: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Difference that a z test over so many items finds with the power.

    Parameters
    ----------
    items : float
        Number of items.
    variance : float
        Variance of one item's difference.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        (z_level + z_power) sqrt(variance / items).

    Raises
    ------
    UsageError
        No items, a variance that is not positive, or a power outside its range.

    Notes
    -----
    Source: Miller, "Adding Error Bars to Evals" (2024), section 5. The inverse of `miller_items`.

    Examples
    --------
    >>> round(miller_detectable(198, 1 / 9 + 1 / 3), 6)
    0.132733
    """
    _check_variance(variance)
    _check_items(items)
    return _quantiles(power, level) * sqrt(variance / items)


def miller_power(difference: float, items: float, variance: float, *, level: float = 0.95) -> float:
    """Power of a z test over so many items, without the wrong tail.

    Parameters
    ----------
    difference : float
        True difference.
    items : float
        Number of items.
    variance : float
        Variance of one item's difference.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        Phi(|difference| / se - z_level).

    Raises
    ------
    UsageError
        No items, a variance that is not positive, or a level outside (0, 1).

    Notes
    -----
    Source: Miller, "Adding Error Bars to Evals" (2024), section 5; `difference_power` has both
    tails, and the t test.

    Examples
    --------
    >>> round(miller_power(0.1, 198, 1 / 9 + 1 / 3), 6)
    0.559903
    """
    check_level(level)
    _check_variance(variance)
    _check_items(items)
    se = sqrt(variance / items)
    return float(special.ndtr(abs(difference) / se - normal_quantile(level)))


def connor_items(
    difference: float, discordance: float, *, power: float = 0.8, level: float = 0.95
) -> float:
    """Pairs of 0/1 scores at which a difference is found, from their rate of disagreement alone.

    Parameters
    ----------
    difference : float
        True difference of the two rates, not zero.
    discordance : float
        Share of items that one system solves and the other does not.
    power : float in (1 - level, 1)
        Share of studies that are to find it.
    level : float in (0, 1)
        Coverage of the interval that is to leave out zero.

    Returns
    -------
    float
        (z_level sqrt(discordance) + z_power sqrt(discordance - difference^2))^2 / difference^2, not
        rounded up.

    Raises
    ------
    UsageError
        A difference of zero or beyond the discordance, a discordance outside (0, 1], or a power
        outside its range.

    Notes
    -----
    Source: Connor, "Sample size for testing differences in proportions for the paired-sample
    design" (1987). The variance of a pair is the discordance if there is no difference, and
    difference^2 less if there is.

    Examples
    --------
    >>> round(connor_items(0.05, 0.2), 3)
    625.547
    """
    check_difference(difference)
    check_discordance(discordance, difference)
    check_power(power, level)
    none, some = sqrt(discordance), sqrt(discordance - difference**2)
    root = normal_quantile(level) * none + float(special.ndtri(power)) * some
    return (root / difference) ** 2


def design_effect(cluster_sizes: ArrayLike, icc: float) -> float:
    """Factor by which clusters raise the variance of a mean over items.

    Parameters
    ----------
    cluster_sizes : float array, shape (n_clusters,)
        Items of each cluster.
    icc : float in [-1, 1]
        Correlation of two items of a cluster; in clusters of m items at least -1 / (m - 1).

    Returns
    -------
    float
        1 + (sum m^2 / sum m - 1) icc.

    Raises
    ------
    UsageError
        A cluster without items, or a correlation that items of such clusters cannot have.

    Notes
    -----
    Source: Kish, "Survey Sampling" (1965), section 5.4; exact for the mean of equally correlated
    items of equal variance.

    Examples
    --------
    >>> design_effect([5, 5, 5], 0.5)
    3.0
    """
    sizes = finite(cluster_sizes, "cluster_sizes")
    if not sizes.size or (sizes <= 0).any():
        raise UsageError("cluster_sizes needs at least one cluster, each with an item or more.")
    if not -1 <= icc <= 1:
        raise UsageError(f"icc must lie between -1 and 1, but is {icc:g}.")
    if icc < 0 and 1 + (sizes.max() - 1) * icc < 0:
        raise UsageError(
            f"icc must be at least {-1 / (sizes.max() - 1):.3g} in clusters of {sizes.max():g}, "
            f"but is {icc:g}: so many items cannot be less alike."
        )
    return float(1 + (np.sum(sizes**2) / np.sum(sizes) - 1) * icc)


def check_difference(difference: float) -> None:
    """Refuse a difference that no study could show."""
    if not (np.isfinite(difference) and difference != 0):
        raise UsageError(
            f"difference must be a number other than 0, but is {difference:g}: name the smallest "
            "one that matters, such as 0.02."
        )


def check_discordance(discordance: float, difference: float = 0.0) -> None:
    """Refuse a rate of disagreement that is none, or too small for the difference."""
    if not 0 < discordance <= 1:
        raise UsageError(f"discordance must lie between 0 and 1, but is {discordance:g}.")
    if abs(difference) > discordance:
        raise UsageError(
            f"a difference of {difference:g} needs at least that discordance, but it is "
            f"{discordance:g}."
        )


def _check_variance(variance: float) -> None:
    if not (np.isfinite(variance) and variance > 0):
        raise UsageError(f"variance must be positive, but is {variance:g}.")


def _check_items(items: float) -> None:
    if not items > 0:
        raise UsageError(f"items must be positive, but are {items:g}.")


def _quantiles(power: float, level: float) -> float:
    check_power(power, level)
    return normal_quantile(level) + float(special.ndtri(power))
