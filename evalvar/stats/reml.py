"""Variance components by restricted maximum likelihood: the second opinion, for small tables."""

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats.arguments import Floats
from evalvar.stats.design import Subset

# MixedLM and the information are dense in the number of scores.
MOST_SCORES = 4_000


def reml_components(
    scores: Floats, axes: Mapping[str, ArrayLike], subsets: list[Subset], *, replicated: bool
) -> tuple[Floats, Floats]:
    """Fit the components with statsmodels' MixedLM.

    Parameters
    ----------
    scores : float array, any shape
        As for `variance_components`.
    axes : mapping of str to array
        The same.
    subsets : list of tuple of str
        The axes of every component but sample.
    replicated : bool
        Whether sample is a component of its own; else it is in the last of the subsets.

    Returns
    -------
    values, covariance : float arrays, shapes (C,) and (C, C)
        None is negative; the covariance is the inverse of the expected information.

    Raises
    ------
    UsageError
        More scores than a dense fit can bear.
    NotEnoughDataError
        The fit does not converge.
    """
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    x = scores.ravel()
    if x.size > MOST_SCORES:
        raise UsageError(
            f"method 'reml' takes at most {MOST_SCORES:,} scores, but has {x.size:,}. "
            "Use 'moments'."
        )
    codes = [_codes(scores, axes, subset) for subset in subsets]
    effects = [np.eye(code.max() + 1)[code] for code in (codes if replicated else codes[:-1])]
    scale = float(x.std())
    if scale == 0 or not effects:
        raise NotEnoughDataError("method 'reml' needs scores that differ, and 2 components.")
    names = [str(c) for c in range(len(effects))]
    columns = [[[str(level) for level in range(z.shape[1])]] for z in effects]
    spec = VCSpec(names, columns, [[z] for z in effects])
    one = np.ones((x.size, 1))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = MixedLM((x - x.mean()) / scale, one, groups=np.ones(x.size), exog_vc=spec)
        fit = model.fit(reml=True, gtol=1e-10, ftol=1e-14, maxiter=1000)
    if not fit.converged:
        reason = str(said[-1].message) if said else "no reason given"
        raise NotEnoughDataError(f"method 'reml' does not converge ({reason}). Use 'moments'.")
    values = np.append(fit.vcomp, fit.scale) * scale**2
    same = [z @ z.T for z in effects] + [np.eye(x.size)]
    return values, _covariance(values, same)


def _codes(scores: Floats, axes: Mapping[str, ArrayLike], subset: Subset) -> np.ndarray:
    columns = [
        np.unique(np.broadcast_to(np.asarray(axes[axis]), scores.shape), return_inverse=True)[1]
        for axis in subset
    ]
    stacked = np.stack([column.ravel() for column in columns], axis=1)
    return np.asarray(np.unique(stacked, axis=0, return_inverse=True)[1]).ravel()


def _covariance(values: Floats, same: list[Floats]) -> Floats:
    """Invert the expected information of the restricted likelihood, tr(P A P B) / 2."""
    sigma = sum(value * alike for value, alike in zip(values, same, strict=True))
    inverse = np.linalg.inv(np.asarray(sigma))
    ones = inverse.sum(axis=1)
    projected = inverse - np.outer(ones, ones) / ones.sum()
    left = [projected @ alike for alike in same]
    information = np.array([[float((a * b.T).sum()) / 2 for b in left] for a in left])
    return np.asarray(np.linalg.inv(information))
