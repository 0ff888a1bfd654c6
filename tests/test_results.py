import json
from math import nan

import pandas as pd
import pytest

from evalvar.errors import RecordsError
from evalvar.results import Result, as_text, from_json
from evalvar.stats import Estimate


def result():
    rows = [
        ({"model": "A", "seed": 1}, "mean", Estimate(0.5, 0.05, 0.4, 0.6, 0.95, 100, "item", "t")),
        ({"model": "B", "seed": None}, "mean", Estimate(nan, method="undefined: one seed")),
    ]
    return Result.of(
        "summary", ("model", "seed"), rows, settings={"level": 0.95}, warnings=["1 of 2 <b>"]
    )


def test_json_is_the_contract_of_every_command():
    data = json.loads(result().to_json())
    assert list(data) == ["name", "keys", "settings", "warnings", "sources", "rows"]
    assert data["rows"][0] == {
        **{"model": "A", "seed": 1, "quantity": "mean", "value": 0.5, "se": 0.05},
        **{"low": 0.4, "high": 0.6, "level": 0.95, "n": 100, "unit": "item", "method": "t"},
        "p_value": None,
    }
    assert data["rows"][1]["value"] is None
    assert data["rows"][1]["seed"] is None
    assert data["settings"]["version"] == "0.1.0"


def test_json_comes_back_as_it_went():
    again = from_json(result().to_json())
    pd.testing.assert_frame_equal(again.table, result().table)
    assert again.to_json() == result().to_json()


def test_other_json_is_refused():
    with pytest.raises(RecordsError, match="this is not the JSON of a result"):
        from_json('{"name": "x"}')


def test_text_shows_what_the_standard_error_supports():
    lines = as_text(result()).splitlines()
    assert lines[0].split() == ["model", "seed", "quantity", "value", "interval", "n", "method"]
    assert "0.500" in lines[1]
    assert "[0.400, 0.600]" in lines[1]
    assert "-" in lines[2]


def test_notebook_form_escapes_remarks():
    assert "1 of 2 &lt;b&gt;." in result()._repr_html_()


def test_to_frame_is_a_copy():
    one = result()
    copy = one.to_frame()
    copy.loc[0, "value"] = 9.0
    assert one.table.loc[0, "value"] == 0.5


def test_text_shows_what_tells_rows_apart_that_share_their_keys():
    rows = [({"task": "t"}, "snr", Estimate(value)) for value in (1.0, 2.0)]
    result = Result.of("signal", ("task",), rows, settings={})
    result.table["models"] = 3
    result.table["smoothed"] = [1, 5]
    text = as_text(result)
    assert "smoothed" in text
    assert "models" not in text


def test_text_of_a_key_that_no_row_has_is_left_out():
    result = Result.of(
        "irt", ("task", "seed"), [({"task": "t"}, "reliability", Estimate(0.9))], settings={}
    )
    result.table["seed"] = result.table["seed"].astype("Int64")
    assert as_text(result).splitlines()[0] == "task t"
