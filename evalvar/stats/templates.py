"""How much a score depends on the prompt it was asked with."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from evalvar.errors import UsageError
from evalvar.stats.arguments import at_least, finite, same_size


@dataclass(frozen=True, slots=True)
class PromptSpread:
    """How far the scores of prompts lie apart.

    Parameters
    ----------
    n : int
        Number of prompts; the range grows with it.
    range, sd : float
        Largest less smallest mean; standard deviation of the means (ddof 1).
    quantiles : dict of float to float
        Of the means, by linear interpolation.
    variance : float
        Variance between prompts freed of the noise of each mean, may be negative; NaN where the
        errors are not known.
    """

    n: int
    range: float
    sd: float
    quantiles: dict[float, float]
    variance: float


def prompt_spread(
    means: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    quantiles: Sequence[float] = (0.05, 0.5, 0.95),
) -> PromptSpread:
    """Describe the sensitivity of a score to its prompt.

    Parameters
    ----------
    means : float array, shape (n_prompts,)
        Mean score under each prompt.
    errors : float array, shape (n_prompts,), optional
        Standard error of each mean, of items drawn anew for each prompt. Prompts on the same items
        share what the items do: there take the prompt component of `variance_components`.
    quantiles : sequence of float in [0, 1]
        Which to give.

    Raises
    ------
    NotEnoughDataError
        Fewer than two prompts.

    Notes
    -----
    variance = var1(means) - mean of errors^2.

    Examples
    --------
    >>> round(prompt_spread([0.62, 0.55, 0.71, 0.48, 0.66, 0.60]).range, 6)
    0.23
    """
    x = finite(means, "means")
    at_least(x.size, 2, "the spread of prompts", "prompt")
    if not all(0 <= q <= 1 for q in quantiles):
        raise UsageError(f"quantiles must lie in [0, 1], but are {list(quantiles)}.")
    variance = nan
    if errors is not None:
        se = finite(errors, "errors")
        same_size(x, se, "means and errors")
        variance = float(x.var(ddof=1) - (se**2).mean())
    found = {
        float(q): float(value)
        for q, value in zip(quantiles, np.quantile(x, quantiles), strict=True)
    }
    return PromptSpread(x.size, float(np.ptp(x)), float(x.std(ddof=1)), found, variance)
