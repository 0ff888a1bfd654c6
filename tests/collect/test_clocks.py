"""What counts where the two clocks of a call do not agree."""

from math import isnan, nan

import pytest

from evalvar.collect.clocks import Timed, beside, seconds, slowest
from evalvar.stats import hodges_lehmann

WORK, READING, BOUND = 1.0, 0.3, 0.4


def case(pairs, *, calls=1, level=1):
    """Rows of one case from (inside, outside) of each repeat."""
    return [
        Timed(level, 0, repeat, "ok", calls, inside, outside)
        for repeat, (inside, outside) in enumerate(pairs)
    ]


HONEST = (WORK, WORK + READING)
LIE = (0.0, WORK + READING)


def test_the_inner_clock_counts_where_the_outer_one_can_explain_the_rest():
    assert seconds(case([(1.0, 1.3), (1.1, 1.49)], calls=2), BOUND) == [0.5, 0.55]


def test_a_hiccup_of_the_machine_counts_as_the_slowest_of_the_other_repeats():
    rows = case([(1.0, 1.3), (1.1, 1.4), (1.05, 9.0), (1.0, 1.3)])
    assert seconds(rows, BOUND) == [1.0, 1.1, 1.1, 1.0]
    assert seconds(case([(1.0, 1.3), (2.0, 9.0)]), BOUND) == [1.0, 2.0]


@pytest.mark.parametrize("lies", range(7))
def test_a_lie_in_any_number_of_repeats_hides_no_more_than_the_bound(lies):
    found = seconds(case([LIE] * lies + [HONEST] * (6 - lies)), BOUND)
    hidden = WORK - float(hodges_lehmann(found))
    assert 0 <= hidden <= BOUND - READING + 1e-12


def test_repeats_without_a_time_are_not_counted_among_the_others():
    found = seconds(case([HONEST, HONEST, LIE, (nan, nan), (nan, nan), (nan, nan)]), BOUND)
    assert found[:3] == pytest.approx([WORK, WORK, WORK + READING - BOUND])
    assert all(map(isnan, found[3:]))


def test_the_limit_rests_on_both_phases_of_the_reference():
    before, after = case([(1.0, 1.3)] * 3), case([(2.0, 2.3)] * 3)
    around = beside([*before, *after])
    assert around[1, 0].typical_s == pytest.approx(READING)
    assert slowest([before], around) == 1
    assert slowest([before, after], around) == pytest.approx(1.5)
