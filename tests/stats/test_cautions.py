"""Cautions: said where the interval fails, silent where it holds."""

import re

import numpy as np
import pytest

from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    cluster_cautions,
    difference_cautions,
    seed_cautions,
    skew_cautions,
    sparse_t,
)

RANGE = {"low": -1, "high": 1}


def test_a_hidden_tail_is_named_where_the_interval_misses():
    rng = np.random.default_rng(0)
    missed = named = 0
    for _ in range(400):
        d = np.where(rng.random(15) < 0.1, 0.9, -0.1) * rng.uniform(0.8, 1.2, 15)
        estimate = sparse_t(d, low=-1.1, high=1.1)
        if not estimate.low <= 0 <= estimate.high:
            missed += 1
            named += bool(difference_cautions(d, estimate, low=-1.1, high=1.1))
    assert missed > 40
    assert named > 0.95 * missed


def test_ordinary_differences_need_no_caution():
    rng = np.random.default_rng(1)
    answers = rng.choice([1.0, 0.0, -1.0], 200, p=[0.02, 0.96, 0.02])
    assert difference_cautions(answers, sparse_t(answers, **RANGE), **RANGE) == []
    scores = rng.normal(0.1, 0.3, 100)
    assert difference_cautions(scores, sparse_t(scores)) == []
    nothing = np.zeros(10)
    assert difference_cautions(nothing, sparse_t(nothing)) == []


def test_one_item_that_makes_the_spread_is_named():
    assert skew_cautions([0.5] * 3 + [0.6] * 20 + [40.0]) == [
        "One score of 24 (40) makes 96% of the spread: such a tail shows itself late, "
        "and the interval may be too narrow."
    ]
    assert skew_cautions(np.random.default_rng(2).exponential(size=200)) == []
    assert skew_cautions([3.0] * 5) == []


def test_clusters_that_are_few_equal_or_dominated_are_named():
    labels = np.repeat(np.arange(10), 3)
    x = np.ones(30)
    x[0] = 0
    assert cluster_cautions(x, labels, low=0, high=1) == [
        "1 of 10 clusters is not wholly at one end of the range: "
        "the spread between clusters is hardly seen."
    ]
    assert cluster_cautions(x, labels) == []
    mixed = np.tile([0.0, 1.0, 1.0], 10)
    assert cluster_cautions(mixed, labels, low=0, high=1) == []
    assert cluster_cautions(mixed, np.where(labels < 6, 0, labels)) == [
        "One cluster holds 18 of 30 items: the mean is mostly its own."
    ]
    assert cluster_cautions(mixed, labels // 3) == [
        "4 clusters are few: the interval is wide because the spread between them is hardly known."
    ]


def test_seeds():
    assert seed_cautions([1, 1]) == [
        "A single seed: what another seed would give is not in the interval."
    ]
    assert seed_cautions([2, 9]) == [
        "Two seeds hardly show the spread over seeds: the interval is wide for want of a third."
    ]
    assert seed_cautions([]) == []


def test_nothing_to_look_at_is_refused():
    with pytest.raises(NotEnoughDataError, match="a caution needs at least 1 items, but has 0"):
        skew_cautions([])
    with pytest.raises(UsageError, match=re.escape("but have (2,) and (3,).")):
        cluster_cautions([0.0, 1.0], [0, 1, 2])
