"""Noise by the names of the literature: data and prediction, sign test, clusters."""

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import Floats, at_least, finite, same_size

_SPLITS = ("plain", "K-unbiased", "unbiased")


@dataclass(frozen=True, slots=True)
class NoiseSplit:
    """Variance of one answer, or of a difference of two, over items and over answers.

    Parameters
    ----------
    total, data, prediction : float
        Variance when items and answers are drawn again; of it, what lies in the items, and what in
        drawing the answers. Unbiased parts may be negative. NaN where every item has one answer.
    n : int
        Number of items.
    method : str
        How they were estimated, and why parts are undefined.
    """

    total: float
    data: float
    prediction: float
    n: int
    method: str

    def se(self, samples: float = 1) -> float:
        """Give the standard error of a mean over items, each the mean of so many answers.

        Parameters
        ----------
        samples : float
            Answers an item (of each model). 1 needs no parts; infinity leaves the data noise, as
            scores by the probability of the answer have.

        Returns
        -------
        float
            sqrt((data + prediction / samples) / n); a negative variance counts as zero.
        """
        if not samples > 0:
            raise UsageError(f"samples must be positive, but is {samples}.")
        variance = self.total if samples == 1 else self.data + self.prediction / samples
        return float(np.sqrt(max(variance, 0.0) / self.n)) if variance == variance else nan


def noise_split(
    a: ArrayLike, b: ArrayLike | None = None, *, method: str = "K-unbiased"
) -> NoiseSplit:
    """Split the variance of a score, or of a paired difference, into data and prediction noise.

    Parameters
    ----------
    a : float array, shape (n_items, K)
        Answers of a model to each item; NaN where an item has fewer.
    b : float array, shape (n_items, K_b), optional
        Answers of another model to the same items; the split is then that of a - b.
    method : {"plain", "K-unbiased", "unbiased"}
        Freed of the bias of few answers (K-unbiased), and of few items too (unbiased).

    Returns
    -------
    NoiseSplit
        Of a model against itself: prediction twice that of the model alone, data 0.

    Raises
    ------
    UsageError
        Different numbers of items, an item without an answer, an infinite score.
    NotEnoughDataError
        Fewer than two items.

    Notes
    -----
    "Measuring all the noises of LLM evals" (Wang 2025). x_i the mean, v_i the variance (ddof 0) of
    the K_i answers to item i. Plain: data = var(x_a - x_b), prediction = mean v_a + mean v_b, total
    = their sum. K-unbiased: the same total; prediction = mean of v_i K_i/(K_i - 1), for scores of 0
    and 1 x(1 - x) K/(K - 1), over items with two answers; data = total - prediction. Unbiased: data
    = var1(x_a - x_b) - mean of v_i/(K_i - 1), ddof 1 over items. Plain data noise does not tend to
    the truth with more items; "K-unbiased" is the paper's choice.
    Unbiased equals `variance_components` over item (tested).

    Examples
    --------
    >>> split = noise_split([[1, 1, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 1, 1]])
    >>> round(split.data, 6), round(split.prediction, 6)
    (0.0975, 0.15)
    """
    if method not in _SPLITS:
        raise UsageError(f"method must be {', '.join(_SPLITS)}, but is {method!r}.")
    models = [_answers(scores, name) for scores, name in ((a, "a"), (b, "b")) if scores is not None]
    n = models[0].means.size
    if any(model.means.size != n for model in models):
        raise UsageError(f"a and b need the same items, but have {n} and {models[1].means.size}.")
    at_least(n, 2, "a split of noise", "item")
    x = models[0].means - models[1].means if len(models) > 1 else models[0].means
    plain = float(x.var() + sum(model.spread.mean() for model in models))
    if any(not (model.counts > 1).any() for model in models):
        total = float(x.var(ddof=1)) if method == "unbiased" else plain
        return NoiseSplit(total, nan, nan, n, f"{method}: one answer an item, parts undefined")
    if method == "plain":
        data = float(x.var())
        return NoiseSplit(plain, data, plain - data, n, method)
    prediction = sum(model.within for model in models)
    if method == "K-unbiased":
        return NoiseSplit(plain, plain - prediction, prediction, n, method)
    data = float(x.var(ddof=1)) - sum(model.of_means for model in models)
    return NoiseSplit(data + prediction, data, prediction, n, method)


@dataclass(frozen=True, slots=True)
class _Answers:
    """Answers by item: how many, their mean, their variance (ddof 0)."""

    counts: Floats
    means: Floats
    spread: Floats

    @property
    def within(self) -> float:
        """Mean over items with two answers of their variance (ddof 1)."""
        several = self.counts > 1
        k = self.counts[several]
        return float((self.spread[several] * k / (k - 1)).mean())

    @property
    def of_means(self) -> float:
        """Mean over items of the variance of their mean; an item with one answer has the mean's."""
        several = self.counts > 1
        own = np.full(self.counts.size, self.within)
        own[several] = self.spread[several] / (self.counts[several] - 1)
        return float(own.mean())


def _answers(scores: ArrayLike, name: str) -> _Answers:
    x = np.asarray(scores, dtype=np.float64)
    if x.ndim != 2 or np.isinf(x).any():
        raise UsageError(f"{name} needs 2 axes, items and answers, and no infinite score.")
    seen = ~np.isnan(x)
    counts = seen.sum(axis=1).astype(np.float64)
    empty = int((counts == 0).sum())
    if empty:
        raise UsageError(
            f"{name} needs an answer to every item, but {empty} of {len(x)} have none. "
            "Leave them out."
        )
    means = np.where(seen, x, 0).sum(axis=1) / counts
    return _Answers(
        counts, means, (np.where(seen, x - means[:, None], 0) ** 2).sum(axis=1) / counts
    )


def sign_test_se(a: ArrayLike, b: ArrayLike) -> float:
    """Give the standard error of a difference that the sign test sees: sqrt(wins + losses) / n.

    Parameters
    ----------
    a, b : float array, shape (n_items,)
        Mean score of each item in [0, 1]; of several answers, a wins with probability a (1 - b).

    Returns
    -------
    float
        Never smaller than the paired standard error (ddof 0).

    Notes
    -----
    "Measuring all the noises of LLM evals" (Wang 2025).

    Examples
    --------
    >>> sign_test_se([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]) == 2**0.5 / 4
    True
    """
    x, y = finite(a, "a"), finite(b, "b")
    same_size(x, y, "a and b")
    at_least(x.size, 1, "a sign test", "item")
    return float(np.sqrt((x * (1 - y) + (1 - x) * y).sum())) / x.size


def clustered_se(scores: ArrayLike, clusters: ArrayLike, *, method: str = "CR0") -> float:
    """Give the standard error of a mean of clustered items in the forms that papers print.

    Parameters
    ----------
    scores : float array, shape (n_items,)
        One score per item.
    clusters : array, shape (n_items,)
        Cluster label of each item.
    method : {"CR0", "eq4"}
        The sandwich, or Miller's equation 4. For an interval use `clustered_mean_ci`.

    Returns
    -------
    float
        In the unit of the scores; too small with few clusters. Equation 4 may be the root of a
        negative number where scores in a cluster repel each other: NaN.

    Notes
    -----
    CR0: (1/n) sqrt(sum over clusters of (sum of residuals)^2). Eq. 4 of "Adding Error Bars to
    Evals" (Miller 2024) differs from it on the diagonal, n(n-1) for n^2, though the paper takes
    them as equal.

    Examples
    --------
    >>> round(clustered_se([1.0, 1.0, 0.0, 0.0], [0, 0, 1, 1]), 6)
    0.353553
    """
    if method not in ("CR0", "eq4"):
        raise UsageError(f"method must be CR0 or eq4, but is {method!r}.")
    x, labels = finite(scores, "scores"), np.asarray(clusters)
    if labels.shape != x.shape:
        raise UsageError(
            f"scores and clusters need the same shape, but have {x.shape} and {labels.shape}."
        )
    at_least(x.size, 2, "a clustered standard error", "item")
    n, u = x.size, x - x.mean()
    sums = np.bincount(np.unique(labels, return_inverse=True)[1], weights=u)
    own = float((u**2).sum())
    variance = float((sums**2).sum()) / n**2
    if method == "eq4":
        variance += own / (n * (n - 1)) - own / n**2
    return float(np.sqrt(variance)) if variance >= 0 else nan
