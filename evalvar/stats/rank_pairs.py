"""How far subsets of the items order held-out models as all items do."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, check_level
from evalvar.stats.estimate import Estimate
from evalvar.stats.quantiles import t_quantile

# Predictions that differ by less are ties: sums of the same numbers in another order.
_DIGITS = 11
_FEWEST = 4  # units of which an error can be told


@dataclass(frozen=True)
class RankAgreement:
    """Kendall's tau-b of the order of models by subsets and by all items.

    Parameters
    ----------
    predicted : float array, shape (B, R)
        Score of every model by every subset, rounded.
    full : float array, shape (R,)
        By all items.
    folds, choices : int array, shape (B, R)
        Only models of one fold are compared; models of one choice of a repeat met one subset.
    at : int array, shape (R,)
        Which unit each model belongs to, from 0.
    """

    predicted: Floats
    full: Floats
    folds: NDArray[np.int64]
    choices: NDArray[np.int64]
    at: NDArray[np.int64]

    @property
    def units(self) -> int:
        """How many units there are."""
        return int(self.at.max(initial=-1)) + 1

    @cached_property
    def _truth(self) -> Floats:
        return np.asarray(np.sign(self.full[:, None] - self.full))

    @cached_property
    def _member(self) -> Floats:
        return np.asarray((self.at[:, None] == np.arange(self.units)).astype(np.float64))

    @cached_property
    def tau(self) -> Floats:
        """Tau-b of each repeat, shape (B,); NaN where all are tied."""
        return np.array([self._tau(*self._signs(b)[:2]) for b in range(len(self.predicted))])

    @cached_property
    def usual(self) -> Floats:
        """What each pair of units adds to the mean tau where it is compared, shape (U, U)."""
        total, share = np.zeros((self.units, self.units)), np.zeros((self.units, self.units))
        for b in range(len(self.predicted)):
            if np.isfinite(self.tau[b]):
                pairs, mine = self.parts(b)
                total, share = total + pairs, share + (mine > 0)
        return np.asarray(total / np.maximum(share, 1))

    @property
    def mean(self) -> float:
        """Mean tau-b over the repeats that have one."""
        known = self.tau[np.isfinite(self.tau)]
        return float(known.mean()) if known.size else float("nan")

    def parts(self, b: int) -> tuple[Floats, Floats]:
        """Give what each pair of units moves a repeat's tau from the mean, and its share of pairs.

        Both are symmetric, (U, U); the sum over pairs i < j, with half of the diagonal, is tau less
        the mean, and 1.
        """
        mine, truth, same = self._signs(b)
        member, tau = self._member, self.tau[b]
        share = member.T @ same.astype(np.float64) @ member
        share *= 2 / share.sum()
        one, other = mine**2, truth**2
        sums = one.sum() * other.sum()
        # the derivative of tau by the weight of each pair of models
        influence = 2 * (mine * truth) / np.sqrt(sums)
        influence -= tau * (one / one.sum() + other / other.sum())
        return np.asarray(member.T @ influence @ member + (tau - self.mean) * share), share

    def _signs(self, b: int) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Give who is ahead in each pair, by a subset and by all, and which pairs are compared."""
        x = self.predicted[b]
        same = self.folds[b][:, None] == self.folds[b]
        np.fill_diagonal(same, val=False)
        return np.sign(x[:, None] - x) * same, self._truth * same, same

    @staticmethod
    def _tau(mine: Floats, truth: Floats) -> float:
        sums = np.count_nonzero(mine) * np.count_nonzero(truth)
        return float(np.vdot(mine, truth) / np.sqrt(sums)) if sums else float("nan")


def rank_agreement(
    predicted: ArrayLike,
    full: ArrayLike,
    *,
    folds: ArrayLike | None = None,
    choices: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> RankAgreement:
    """Compare the order of models by subsets with that by all items.

    Parameters
    ----------
    predicted : float array, shape (n_subsets, n_models)
        Score of every model by every subset.
    full : float array, shape (n_models,)
        By all items.
    folds : int array, shape (n_subsets, n_models), optional
        Only models of one fold, which one subset was chosen for, are compared. Default: all.
    choices : int array, shape (n_subsets, n_models), optional
        Which subset of its repeat each model met, as for `held_out_mean`. Default: one a repeat.
    clusters : int array, shape (n_models,), optional
        Models that are one unit, such as the checkpoints of a run. Default: each alone.

    Returns
    -------
    RankAgreement
        `tau`, shape (n_subsets,), is Kendall's tau-b over the pairs; NaN where all are tied.

    Notes
    -----
    tau-b = (concordant - discordant) / sqrt(pairs untied by the subset x untied by all items).
    Equals `scipy.stats.kendalltau` with one fold (tested).

    Examples
    --------
    >>> rank_agreement([[0.1, 0.3, 0.2]], [0.1, 0.2, 0.3]).tau.round(3).tolist()
    [0.333]
    """
    x: Floats = np.asarray(np.round(np.asarray(predicted), _DIGITS), dtype=np.float64)
    y: Floats = np.asarray(np.round(np.asarray(full), _DIGITS), dtype=np.float64)
    if x.ndim != 2 or x.shape[1:] != y.shape:
        raise UsageError(f"predicted and full need the same models: {x.shape} and {y.shape}.")
    one = np.zeros(x.shape, dtype=np.int64)
    _, at = np.unique(np.arange(y.size) if clusters is None else clusters, return_inverse=True)
    return RankAgreement(
        x, y, one if folds is None else np.asarray(folds),
        one if choices is None else np.asarray(choices), np.asarray(at, dtype=np.int64),
    )  # fmt: skip


def mean_rank_agreement(
    ours: RankAgreement,
    *,
    against: RankAgreement | None = None,
    level: float = 0.95,
    unit: str = "model",
) -> Estimate:
    """Mean tau-b over subsets, for new subsets and new models of the kind.

    Parameters
    ----------
    ours : RankAgreement
    against : RankAgreement, optional
        Of other subsets on the same models, such as random ones: the value is then the difference.
    level : float in (0, 1)
        Nominal coverage.
    unit : str
        What a unit is.

    Returns
    -------
    Estimate
        n = number of units, method ``mean tau-b, t over pairs of models and subsets``; no interval
        with fewer than 3 units, or where nothing differs. That of a value is cut to [-1, 1].

    Notes
    -----
    tau is a mean over pairs of models, the influence of each pair linearised. Its variance is the
    sum of products of the influences of pairs that share a model, of those that share a subset,
    less those that share both (two-way clustering: Cameron, Gelbach and Miller 2011; pairs of
    units: Aronow, Samii and Assenova 2015), with U (U - 1) / (U - 2)^2 for U models, as in the
    jackknife of a mean over pairs, and n / (n - 1) for subsets; no less than if pairs were
    independent. To a difference the variance of the others' mean over their
    subsets is added. The t has Satterthwaite's degrees of freedom. For a tau
    itself, whose law is skewed, a pair counts at both its ends, as in the jackknife.

    Examples
    --------
    >>> found = rank_agreement([[0.1, 0.3, 0.2, 0.4]], [0.1, 0.2, 0.3, 0.4])
    >>> round(mean_rank_agreement(found).value, 3)
    0.667
    """
    check_level(level)
    value, units = ours.mean, ours.units
    method = f"mean tau-b, t over pairs of {unit}s and subsets"
    extra, others = 0.0, 1
    if against is not None:
        known = against.tau[np.isfinite(against.tau)]
        value, others = value - against.mean, max(known.size - 1, 1)
        extra = float(known.var(ddof=1)) / known.size if known.size > 1 else 0.0
    if units < _FEWEST or not np.isfinite(value):
        method += f" (fewer than {_FEWEST} {unit}s: no interval)"
        return Estimate(value, level=level, n=units, unit=unit, method=method)
    repeats = np.flatnonzero(np.isfinite(ours.tau))
    mean, both, sums = np.zeros((units, units)), 0.0, []
    for b in repeats.tolist():
        part, share = ours.parts(b)
        if against is not None:
            part = part - against.usual * (share > 0)
        part = part / repeats.size
        mean += part
        both += _sharing_a_unit(part)
        sums += _by_choice(part, ours.choices[b], ours.at)
    models = _sharing_a_unit(mean) if against is not None else float((mean.sum(axis=1) ** 2).sum())
    models *= units * (units - 1) / (units - 2) ** 2
    subsets = float(np.square(sums).sum()) * len(sums) / max(len(sums) - 1, 1)
    if len(sums) < 2:
        subsets = both = 0.0
    alone = float((mean**2).sum() / 2)
    variance = max(models + subsets - both, alone) + extra
    if variance <= ROUNDING**2:
        method += " (nothing differs: no interval)"
        return Estimate(value, level=level, n=units, unit=unit, method=method)
    pieces = ((max(models, alone), units - 1), (subsets, max(len(sums) - 1, 1)), (extra, others))
    df = sum(v for v, _ in pieces) ** 2 / sum(v**2 / d for v, d in pieces)
    se = float(np.sqrt(variance))
    half = t_quantile(level, float(df)) * se
    end = 1.0 if against is None else 2.0
    return Estimate(
        value, se, max(value - half, -end), min(value + half, end), level, units, unit, method
    )


def _sharing_a_unit(part: Floats) -> float:
    """Sum the products of the parts of all two pairs that share a unit, a pair with itself once."""
    return float((part.sum(axis=1) ** 2).sum() - (part**2).sum() / 2)


def _by_choice(part: Floats, chosen: NDArray[np.int64], at: NDArray[np.int64]) -> list[float]:
    """Sum the parts of the pairs that each subset of a repeat judged."""
    of_unit = np.zeros(len(part), dtype=np.int64)
    of_unit[at] = chosen
    return [
        float(part[np.ix_(of_unit == one, of_unit == one)].sum() / 2) for one in np.unique(of_unit)
    ]
