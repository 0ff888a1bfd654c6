"""The k of pass@k and eff@k: what it may be, and whether there are enough answers for it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalvar.errors import NotEnoughDataError, UsageError

Ints = NDArray[np.int64]
Tries = int | Sequence[int]
Undefined = Literal["raise", "nan"]


def as_tries(k: Tries) -> Ints:
    """Return k as an array, or say what it may be."""
    tries = np.atleast_1d(np.asarray(k))
    if tries.ndim != 1 or not tries.size or tries.dtype.kind not in "iu" or (tries < 1).any():
        raise UsageError(f"k must be whole numbers of at least 1, but is {k}.")
    return tries.astype(np.int64)


def enough_samples(answers: Ints, tries: Ints, undefined: Undefined, name: str) -> None:
    """Refuse a k above the number of answers, unless the result is to be NaN there."""
    if undefined not in ("raise", "nan"):
        raise UsageError(f"undefined must be 'raise' or 'nan', but is '{undefined}'.")
    if undefined == "nan" or not answers.size or tries.max() <= answers.min():
        return
    k = int(tries[tries > answers.min()].min())
    raise NotEnoughDataError(
        f"{name.format(k)} needs at least {k} samples per item, but "
        f"{int((answers < k).sum())} of {answers.size} items have fewer "
        f"(smallest: {int(answers.min())})."
    )
