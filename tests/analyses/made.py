"""Small tables of records for the tests of comparisons."""

import numpy as np
import pandas as pd


def records(models, **columns):
    """Return one row per model and item from lists of scores."""
    rows = [
        {"model": model, "task": "t", "item": i, "score": score}
        for model, scores in models.items()
        for i, score in enumerate(scores)
    ]
    return pd.DataFrame(rows).assign(**columns)


def crossed(models, *axes):
    """Return records from arrays (items, *axes), such as seeds, prompts or samples."""
    frames = []
    for model, scores in models.items():
        at = dict(zip(("item", *axes), (i.ravel() for i in np.indices(scores.shape)), strict=True))
        frames.append(pd.DataFrame({"model": model, "task": "t", **at, "score": scores.ravel()}))
    return pd.concat(frames, ignore_index=True)


def right(rng, n, p, *more):
    """Return answers that are right with chance p."""
    return (rng.random((n, *more)) < p).astype(float)


def one(result, quantity="difference"):
    """Return the only row of a quantity."""
    rows = result.quantity(quantity)
    assert len(rows) == 1
    return rows.iloc[0]


def ends(row):
    """Return value, bounds and p-value."""
    return tuple(row[name] for name in ("value", "low", "high", "p_value"))


def of(estimate):
    """Return the same of an Estimate."""
    return (estimate.value, estimate.low, estimate.high, estimate.p_value)
