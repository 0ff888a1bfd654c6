"""The items' family of the calibration study, with a twentieth of its data sets."""

import numpy as np

from benchmarks.calibration.cells import HOUSE, Effort
from benchmarks.calibration.items import items


def test_intervals_cover_and_flags_are_rarely_false():
    rows = [row for row in items(Effort(0.05)) if row.by == HOUSE]
    covers = [row for row in rows if row.measure == "coverage"]
    assert {row.regime for row in covers} == {
        "items: item-rest r", "items: item-total r", "items: upper-lower index", "items: alpha",
        "items: error of measurement",
    }  # fmt: skip
    for row in covers:
        # the items of a data set share their respondents: they count as one draw
        assert row.share >= 0.93 - 4 * np.sqrt(0.93 * 0.07 / row.replications), row.cell
    for row in rows:
        if row.measure == "error rate":
            assert row.share <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / row.replications), row.cell
