from math import inf, nan

import pytest

from evalvar.report import wording
from evalvar.report.reading import Unit


@pytest.mark.parametrize(
    ("value", "se", "text"),
    [
        (65.76, 0.5, "65.8"),
        (88.7, 5.0, "89"),
        (65.76, 12.0, "66"),
        (0.4567, 0.0123, "0.46"),
        (1234.5, 20.0, "1,235"),
        (-2.26, 0.3, "\u22122.3"),
        (-0.04, 0.3, "0.0"),
    ],
)
def test_digits_follow_the_standard_error(value, se, text):
    decimals = wording.decimals_for(value, se, nan, nan)
    assert wording.fixed(value, decimals) == text


def test_digits_come_from_the_interval_where_there_is_no_standard_error():
    assert wording.decimals_for(65.76, nan, 64.8, 66.7) == 1
    assert wording.decimals_for(65.76, nan, nan, nan, default=1) == 1
    assert wording.decimals_for(0.4567, nan, nan, nan) == 3


def test_bounds_never_print_alike():
    unit = Unit(100.0, "points")
    row = {"value": 1.0, "se": nan, "low": 0.9969, "high": 1.0}
    assert unit.cell(row).text == "100.00"
    assert unit.interval(row) == "[99.69, 100.00]"
    tight = {"value": 0.5, "se": 0.05, "low": 0.49999, "high": 0.50001}
    low, high = unit.interval(tight)[1:-1].split(", ")
    assert low != high


def test_a_difference_keeps_a_digit_more_where_rounding_costs_most():
    row = {"value": 0.0132, "se": 0.0242, "low": -0.0351, "high": 0.0613}
    unit = Unit(100.0, "points")
    assert unit.cell(row, sign=True, fine=True).text == "+1.3"
    assert unit.interval(row, sign=True, fine=True) == "[\u22123.5, +6.1]"
    assert unit.cell(row).text == "1"


def test_undefined_is_a_dash_and_infinite_is_not_a_number():
    assert wording.fixed(nan, 1) == "\u2013"
    assert wording.fixed(-inf, 1) == "\u2212\u221e"
    assert wording.interval(nan, 1.0, 1) == ""
    assert wording.ratio(nan) == wording.deviation(nan) == wording.p_value(nan) == "\u2013"
    assert wording.count(nan, "item") == wording.basis(0, "item") == "\u2013"


def test_zero_has_no_sign():
    assert wording.fixed(0.0, 1, sign=True) == "0.0"
    assert wording.fixed(-0.001, 1, sign=True) == "0.0"
    assert wording.fixed(0.26, 1, sign=True) == "+0.3"


def test_p_values():
    assert [wording.p_value(p) for p in (0.0, 0.00099, 0.001, 0.04999, 1.0)] == [
        "< 0.001",
        "< 0.001",
        "0.001",
        "0.050",
        "1.000",
    ]
    assert wording.p_clause("Holm p", 0.0001) == "Holm p < 0.001"
    assert wording.p_clause("p", nan) == ""


def test_what_an_estimate_rests_on():
    assert wording.basis(5, "item x seed") == "5 seeds \u00d7 items"
    assert wording.basis(1, "cluster") == "1 cluster"


def test_listing_names_the_first_and_counts_the_rest():
    assert wording.listing([]) == ""
    assert wording.listing(["a", "b", "c", "d", "e"]) == "a, b, c, d and e"
    assert wording.listing(list("abcdef")) == "a, b, c, d and 2 others"
