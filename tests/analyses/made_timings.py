"""Small tables of timings: programs and references whose times are drawn."""

import numpy as np
import pandas as pd

COLUMNS = (
    *("model", "task", "item", "sample", "run", "phase", "level", "case", "repeat"),
    *("seconds", "limit_s", "status"),
)


def timings(rng, models, *, items=12, samples=6, repeats=6, cases=2, noise=0.05, right=0.7):
    """Return timings at levels 0 to 3 of models, each so many times as slow as the reference.

    A program that is wrong has level 0 only; one past its limit has no later case.
    """
    rows = []
    levels = np.repeat([1, 2, 3], cases)
    base = np.repeat([0.01, 0.1, 1.0], cases)
    case = np.tile(np.arange(cases), 3)

    def drawn(scale, count):
        return scale * base[:, None] * np.exp(noise * rng.standard_normal((base.size, count)))

    for item in range(items):
        unit = 0.01 * rng.lognormal()
        limit = 2.5 * unit
        for model, slow in models.items():
            for sample in range(samples):
                key = model, "t", str(item), sample, ""
                if rng.random() >= right:
                    rows.append((*key, "run", 0, 0, 0, unit, limit, "wrong"))
                    continue
                rows.append((*key, "run", 0, 0, 0, unit, limit, "ok"))
                times = drawn(unit * slow * rng.lognormal(0, 0.3), repeats)
                for c, row in enumerate(times):
                    late = row > limit
                    for r in range(repeats):
                        seconds, status = (np.nan, "timeout") if late[r] else (row[r], "ok")
                        rows.append((*key, "run", levels[c], case[c], r, seconds, limit, status))
                    if late.all():
                        break
        for phase in ("before", "after"):
            key = "reference", "t", str(item), 0, "", phase
            rows += [
                (*key, levels[c], case[c], r, seconds, np.nan, "ok")
                for c, row in enumerate(drawn(unit, repeats))
                for r, seconds in enumerate(row)
            ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
