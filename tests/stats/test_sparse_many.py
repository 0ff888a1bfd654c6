"""`sparse_t` of many pairs at once is `sparse_t` of each."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import sparse_t, sparse_t_counts, sparse_t_many

PARTS = ("value", "se", "low", "high", "p_value")


def same(many, singles, **tolerance):
    for part in PARTS:
        expected = [getattr(one, part) for one in singles]
        np.testing.assert_allclose(getattr(many, part), expected, **tolerance)


@given(st.integers(0, 10**6), st.integers(2, 12), st.booleans(),
       st.sampled_from([0.0, 0.1, -2.0]))  # fmt: skip
@settings(derandomize=True, max_examples=100, deadline=None)
def test_many_rows_are_each_row(seed, n, known, null):
    rng = np.random.default_rng(seed)
    d = rng.choice([-1.0, 0.0, 0.25, 0.3 - 0.1, 0.2, 1.0], (7, n), p=[0.1, 0.4, 0.1, 0.1, 0.2, 0.1])
    d[0], d[1] = 0.0, 0.2
    options = {"low": -1, "high": 1} if known else {}
    many = sparse_t_many(d, null=null, level=0.9, **options)
    same(many, [sparse_t(row, null=null, level=0.9, **options) for row in d], rtol=1e-15)


def test_counts_are_the_differences_they_count():
    for n in (2, 3, 10):
        pairs = [(w, x) for w in range(n + 1) for x in range(n + 1 - w)]
        wins, losses = np.array(pairs).T
        many = sparse_t_counts(n, wins, losses, null=0.05)
        rows = [np.r_[np.ones(w), -np.ones(x), np.zeros(n - w - x)] for w, x in pairs]
        singles = [sparse_t(row, low=-1, high=1, null=0.05) for row in rows]
        same(many, singles, rtol=1e-12, atol=1e-14)


def test_counts_keep_the_shape_they_come_in():
    made = sparse_t_counts(100, np.arange(6).reshape(2, 3), 2)
    assert made.p_value.shape == (2, 3)
    assert made.value[1, 2] == 0.03


def test_a_million_items_of_which_one_differs():
    made = sparse_t_counts(10**6, [1, 0, 10**6], [0, 0, 0])
    d = np.zeros(10**6)
    d[5] = 1
    one = sparse_t(d, low=-1, high=1)
    assert made.high[0] == pytest.approx(one.high, rel=1e-9)
    assert (made.low < made.high).all()
    assert made.high[1] < 3e-6
    # 1.5 pseudo-items 2 below: 3/n, and z times their spread of 6^.5/n
    assert 1 - made.low[2] == pytest.approx((3 + 1.959964 * 6**0.5) / 1e6, rel=1e-4)


def test_counts_that_cannot_be_are_refused():
    message = (
        "wins and losses must be whole numbers from 0 with a sum of at most n = 5, but 2 of 3 "
    )
    with pytest.raises(UsageError, match=f"^{re.escape(message)}are not[.]$"):
        sparse_t_counts(5, [1, 4, 0.5], [0, 2, 0])
    with pytest.raises(NotEnoughDataError, match="a paired interval needs at least 2 items"):
        sparse_t_counts(1, [0], [0])
    with pytest.raises(NotEnoughDataError, match="a paired interval needs at least 2 items"):
        sparse_t_many([[1.0]])
    with pytest.raises(UsageError, match="differences needs 2 axes, but has 1"):
        sparse_t_many([1.0, 2.0])
