"""The numbers of "Signal and Noise" as its authors make them, for parity."""

from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import ROUNDING, Floats, at_least, check_ddof, finite


def relative_range(scores: ArrayLike) -> float:
    """Largest difference of two models over their mean: the signal of Heineman et al.

    Parameters
    ----------
    scores : float array, shape (n_models,)
        Score of each model.

    Returns
    -------
    float
        NaN where the mean is not above zero, as with log-likelihoods. It grows with the number of
        models: 2.06 standard deviations for 4 normal ones, 3.93 for 25.

    Notes
    -----
    "Signal and Noise" (Heineman et al. 2025), relative dispersion.

    Examples
    --------
    >>> round(relative_range([0.412, 0.455, 0.431, 0.487]), 9)
    0.168067227
    """
    x = finite(scores, "scores")
    at_least(x.size, 1, "a range over models", "model")
    return _over_mean(float(np.ptp(x)), x)


def relative_noise(checkpoints: ArrayLike, *, ddof: int = 0) -> float:
    """Give the sd of the last checkpoints of a run over their mean, as Heineman et al. do.

    Parameters
    ----------
    checkpoints : float array, shape (n_checkpoints,) or (n_runs, n_checkpoints)
        Of several runs the mean of what each of them gives: laid end to end, as their code does at
        small scale, they would show the spread of the models in place of the noise.
    ddof : {0, 1}
        The variance divides by n - ddof; theirs by n.

    Returns
    -------
    float
        NaN where a mean is not above zero.

    Examples
    --------
    >>> round(relative_noise([0.481, 0.476, 0.492, 0.484, 0.479]), 9)
    0.011323798
    """
    y = finite(checkpoints, "checkpoints", ndim=max(1, min(2, np.ndim(checkpoints))))
    check_ddof(ddof)
    runs = np.atleast_2d(y)
    at_least(runs.shape[1], ddof + 1, "the noise of a run", "checkpoint")
    return float(np.mean([_over_mean(float(run.std(ddof=ddof)), run) for run in runs]))


def relative_snr(scores: ArrayLike, checkpoints: ArrayLike, *, ddof: int = 0) -> float:
    """Give `relative_range` over `relative_noise`: the signal-to-noise ratio of Heineman et al.

    Examples
    --------
    >>> run = [0.481, 0.476, 0.492, 0.484, 0.479]
    >>> round(relative_snr([0.412, 0.455, 0.431, 0.487], run), 9)
    14.841948627
    """
    noise = relative_noise(checkpoints, ddof=ddof)
    return relative_range(scores) / noise if noise > 0 else nan


def _over_mean(spread: float, x: Floats) -> float:
    mean = float(x.mean())
    return spread / mean if mean > ROUNDING * float(np.abs(x).max(initial=0.0)) else nan


def strict_decision_accuracy(early: ArrayLike, target: ArrayLike) -> float:
    """Decision accuracy as Heineman et al. count it, for parity: by ">" alone.

    Parameters
    ----------
    early, target : float array, shape (n_models,)
        Scores of the same models.

    Returns
    -------
    float
        With ties it depends on the order of the rows.

    Examples
    --------
    >>> small, large = [0.30, 0.28, 0.33, 0.33, 0.31], [0.52, 0.50, 0.55, 0.56, 0.49]
    >>> strict_decision_accuracy(small, large), strict_decision_accuracy(small[::-1], large[::-1])
    (0.8, 0.7)
    """
    x, y = finite(early, "early"), finite(target, "target")
    if x.size != y.size:
        raise UsageError(f"early scores of {x.size} models have a target of {y.size}.")
    at_least(x.size, 2, "decision accuracy", "model")
    first, second = np.triu_indices(x.size, 1)
    return float(((x[first] > x[second]) == (y[first] > y[second])).mean())
