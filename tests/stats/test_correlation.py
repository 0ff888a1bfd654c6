import numpy as np
import pytest
from scipy import stats as reference

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import pearson_ci


@pytest.mark.parametrize("n", [4, 10, 70])
def test_against_scipy(n):
    x, y = np.random.default_rng(n).normal(size=(2, n))
    y = y + x
    for scale in (1.0, 1e-160):
        found = pearson_ci(scale * x, y, level=0.9)
        theirs = reference.pearsonr(x, y)
        assert found.value == pytest.approx(theirs.statistic)
        assert (found.low, found.high) == pytest.approx(tuple(theirs.confidence_interval(0.9)))
    assert (found.n, found.unit, found.method) == (n, "model", "Fisher z")


def test_what_has_no_interval_says_so():
    assert pearson_ci([1, 2, 3], [1, 3, 2]).method == "Fisher z (3 models: no interval)"
    found = pearson_ci([1, 2, 3, 4], [2, 4, 6, 8])
    assert (found.value, found.method) == (1.0, "Fisher z (all on one line: no interval)")
    found = pearson_ci([1, 1, 1, 1], [2, 4, 6, 8])
    assert np.isnan(found.value)
    assert found.method == "undefined: one of the scores is equal for all 4 models"


def test_bad_input():
    with pytest.raises(NotEnoughDataError, match="a correlation needs at least 3 models"):
        pearson_ci([1, 2], [1, 2])
    with pytest.raises(UsageError, match="x and y need the same shape"):
        pearson_ci([1, 2, 3], [1, 2])
