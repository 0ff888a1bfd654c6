"""The rate of right answers as a Bayesian sees it: Bayes@N."""

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.estimate import Estimate


def bayes_at_n(
    counts: ArrayLike, *, weights: ArrayLike = (0.0, 1.0), prior: ArrayLike | None = None
) -> Estimate:
    """Mean score of these problems under a uniform prior on each problem's law of answers.

    Parameters
    ----------
    counts : int array, shape (n_items, n_categories)
        How many answers to each problem fall into each category; the numbers of answers may differ.
    weights : float array, shape (n_categories,)
        Score of each category; wrong 0 and right 1 by default.
    prior : int array, shape of `counts`, optional
        Counts of earlier answers, such as greedy ones, that enter the prior.

    Returns
    -------
    Estimate
        Posterior mean and its standard deviation: the noise of answers to these very problems, and
        not of problems drawn anew. Without an interval.

    Raises
    ------
    NotEnoughDataError
        No problem.
    UsageError
        Counts that are not whole or below 0, or shapes that do not go together.

    Notes
    -----
    nu = counts + 1 (+ prior), T_a = sum_j nu_aj; mu = sum_a E_a/M with E_a = sum_j (nu_aj/T_a) w_j,
    sigma^2 = sum_a (sum_j (nu_aj/T_a) w_j^2 - E_a^2)/(T_a + 1)/M^2: "Don't Pass@k" (Hariri et al.
    2025). Ranks models as the mean score does where all have as many answers.
    Equals the mean of Beta(1 + c, 1 + n - c) for right and wrong (tested).

    Examples
    --------
    >>> found = bayes_at_n([[1, 3], [3, 1], [0, 4]])
    >>> round(found.value, 9), round(found.se, 9)
    (0.611111111, 0.096225045)
    """
    seen = _counts(counts, "counts")
    w = np.asarray(weights, dtype=np.float64)
    if w.shape != seen.shape[1:] or not np.isfinite(w).all():
        raise UsageError(
            f"weights need {seen.shape[1]} finite numbers, one a category, but are {weights!r}."
        )
    nu = seen + 1
    if prior is not None:
        before = _counts(prior, "prior")
        if before.shape != seen.shape:
            raise UsageError(
                f"counts and prior need the same shape, but have {seen.shape} and {before.shape}."
            )
        nu = nu + before
    total = nu.sum(axis=1)
    share = nu / total[:, None]
    gain = w - w[0]  # about the first weight, so that equal weights give no variance
    mean = share @ gain
    variance = (share @ gain**2 - mean**2) / (total + 1)
    items = len(seen)
    return Estimate(
        float(w[0] + mean.sum() / items),
        float(np.sqrt(variance.sum()) / items),
        n=items,
        unit="sample",
        method="Bayes@N, uniform prior" if prior is None else "Bayes@N, prior with earlier answers",
    )


def _counts(counts: ArrayLike, name: str) -> Floats:
    array = np.asarray(counts, dtype=np.float64)
    if array.ndim != 2 or array.shape[-1] < 2:
        raise UsageError(f"{name} needs items x categories, 2 of these at least.")
    if not len(array):
        raise NotEnoughDataError("Bayes@N needs at least 1 item, but has 0.")
    bad = int((~((array >= 0) & (array == np.floor(array)) & np.isfinite(array))).sum())
    if bad:
        raise UsageError(
            f"{name} must hold whole numbers of at least 0, but {bad} of {array.size} are not."
        )
    return array
