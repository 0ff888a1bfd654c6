from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalvar.adapters import load
from evalvar.analyses.means import summary
from evalvar.errors import RecordsError, UsageError
from evalvar.evidence import (
    as_evidence,
    as_records,
    as_timings,
    count_missing_as_wrong,
    merge,
    score_range,
    unscored,
)
from evalvar.results import from_json


def table(**columns):
    return pd.DataFrame({"model": "A", "task": "t", "item": [1, 2], "score": [1.0, 0.0]} | columns)


def refused(frame, **arguments):
    with pytest.raises(RecordsError) as caught:
        as_records(frame, **arguments)
    return str(caught.value)


def test_defaults_complete_the_key():
    records = as_records(table())
    assert records.columns.tolist() == [
        *("model", "task", "item", "metric", "seed", "checkpoint", "prompt", "sample", "score")
    ]
    assert records["metric"].tolist() == ["score", "score"]
    assert records["item"].tolist() == ["1", "2"]
    assert records["seed"].dtype == "int64"
    assert records["model"].dtype == "category"


def test_input_is_not_changed():
    frame = table()
    before = frame.copy(deep=True)
    as_records(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_rows_keep_together_whatever_the_index():
    twice = pd.concat([table(prompt="x"), table(prompt="y", score=[0.25, 0.75])])
    records = as_records(twice)
    assert records["prompt"].tolist() == ["x", "x", "y", "y"]
    assert records["score"].tolist() == [1.0, 0.0, 0.25, 0.75]


def test_an_empty_table_is_legal():
    assert len(as_records(table().iloc[:0])) == 0
    assert len(as_evidence().reported) == 0


def test_missing_column_is_named_beside_those_found():
    assert refused(table().drop(columns="item")) == (
        "records: missing column 'item'; found 'model', 'task', 'score'. Rename or add it."
    )


def test_a_column_that_occurs_twice_is_refused():
    frame = pd.DataFrame(
        [["A", "t", 1, 1.0, 0.0]], columns=["model", "task", "item", *["score"] * 2]
    )
    with pytest.raises(RecordsError, match="records: column 'score' occurs twice"):
        as_records(frame)


def test_key_is_never_null():
    assert refused(table(item=["x", None])) == (
        "records: no item in 1 row, first row 2. Fill the column or leave those rows out."
    )


def test_infinity_is_refused():
    assert refused(table(score=[1.0, np.inf])) == (
        "records: infinite score in 1 row, first row 2. Write NaN for an answer that has no score."
    )


def test_text_in_score_is_refused():
    assert refused(table(score=["1", "good"])) == (
        "records: column score must hold numbers; it does not in 1 row, first row 2: 'good'."
    )


def test_half_a_seed_is_refused():
    assert refused(table(seed=[0, 0.5])) == (
        "records: column seed must hold whole numbers; it does not in 1 row, first row 2: 0.5."
    )


def test_same_key_twice_is_an_error_that_says_what_to_do():
    assert refused(table(item=[1, 1], seed=3)) == (
        "records: a key that must be unique is repeated in 1 row, first model A, task t, item 1, "
        "metric score, seed 3, checkpoint 0, sample 0. Read one run only, label the runs, or say "
        "what a repeat means: duplicates 'latest' or 'sample' (--duplicates latest)."
    )


def test_latest_keeps_the_last_row_and_counts_the_rest():
    found = as_evidence(table(item=[1, 1]), duplicates="latest")
    assert found.records["score"].tolist() == [0.0]
    assert found.warnings == ("records: 1 row replaced by a later one of the same key.",)


def test_sample_keeps_every_row_as_a_further_answer():
    found = as_evidence(table(item=[1, 1]), duplicates="sample")
    assert found.records["sample"].tolist() == [0, 1]
    assert found.warnings == ("records: 1 row of a repeated key taken as more samples.",)


def test_ids_of_mixed_type_are_read_with_a_remark():
    found = as_evidence(table(item=[1, "x"]))
    assert found.records["item"].tolist() == ["1", "x"]
    assert found.warnings == (
        "records: column item mixes int and str (2 different values); all were read as text.",
    )


def test_ids_that_collide_as_text_are_refused():
    assert refused(table(item=[1, "1"])) == (
        "records: different values of item read the same as text: '1' (int and str). "
        "Write the column with one type."
    )


def test_ids_read_as_floats_are_whole_again():
    assert as_records(table(item=[1.0, 2.0]))["item"].tolist() == ["1", "2"]


def test_both_orientations_of_one_metric_are_refused():
    assert refused(table(higher_is_better=[True, False])) == (
        "metric 'score' of task 't' is declared both higher-is-better and lower-is-better. "
        "Set higher_is_better to one of them in every row."
    )


def test_an_attribute_is_a_function_of_what_it_describes():
    frame = table(item=[1, 1], seed=[0, 1], **{"item.gold": ["A", "B"]})
    assert refused(frame) == (
        "records: item.gold has two values for one item (task t, item 1; 1 such). "
        "An attribute must be a function of what it describes: "
        "leave the column out, or give each of the two its own item."
    )


def test_an_answer_has_attributes_of_its_own():
    frame = table(item=[1, 1], seed=[0, 1], **{"answer.chosen": ["A", "B"]})
    assert as_records(frame)["answer.chosen"].tolist() == ["A", "B"]


def test_unknown_status_of_a_timing_is_refused():
    frame = pd.DataFrame({"model": ["A"], "task": "t", "item": 1, "seconds": 0.1, "status": "okay"})
    with pytest.raises(RecordsError, match=r"status 'okay' is unknown\. Use one of ok, wrong"):
        as_timings(frame)


def timed(**columns):
    frame = pd.DataFrame({"model": ["A", "reference"], "task": "t", "item": "1", "seconds": 0.1})
    return frame.assign(**{"status": "ok", **columns})


def test_two_sittings_time_the_same_case_twice():
    twice = pd.concat([timed(run="monday"), timed(run="tuesday")])
    assert as_timings(twice)["run"].value_counts().to_dict() == {"monday": 2, "tuesday": 2}
    with pytest.raises(RecordsError, match="timings: a key that must be unique is repeated in 2"):
        as_timings(pd.concat([timed(), timed()]))


def test_raw_clocks_and_attributes_of_items_stay_with_timings():
    kept = as_timings(timed(inside_s="0.09", calls=3, resolution_s=1e-6, **{"item.tag": "dp"}))
    assert kept.iloc[0][["inside_s", "calls", "item.tag"]].tolist() == [0.09, 3.0, "dp"]
    with pytest.raises(RecordsError, match=r"timings: item\.tag has two values for one item"):
        as_timings(timed(**{"item.tag": ["dp", "graphs"]}))


def test_the_timings_of_the_reference_stay_when_a_model_is_selected():
    frame = pd.concat([timed(checkpoint=[7, 0]), timed(checkpoint=[7, 0], item="2")])
    evidence = as_evidence(timings=frame)
    kept = evidence.select(model="A", checkpoint=7, item="1").timings
    assert kept["model"].tolist() == ["A", "reference"]
    assert kept["item"].tolist() == ["1", "1"]


def test_merge_keeps_every_row_and_fills_what_one_part_lacks():
    one = as_evidence(table(), warnings=["first"])
    two = as_evidence(table(model="B", chance=0.25, higher_is_better=False, metric="nll"))
    both = merge([one, two])
    assert len(both.records) == 4
    assert both.records["higher_is_better"].tolist() == [True, True, False, False]
    assert both.records["chance"].isna().tolist() == [True, True, False, False]
    assert both.warnings == ("first",)
    assert both.records["model"].dtype == "category"


def test_merge_sees_a_key_that_two_files_hold():
    with pytest.raises(RecordsError, match="is repeated in 2 rows"):
        merge([as_evidence(table()), as_evidence(table())])


def test_select_lists_what_there_is():
    evidence = as_evidence(table())
    assert len(evidence.select(item="1").records) == 1
    assert len(evidence.select(seed=0, item=None).records) == 2
    with pytest.raises(UsageError) as caught:
        evidence.select(model="C")
    assert str(caught.value) == "no model 'C' in the data. There is: A."


def test_a_filter_left_out_of_a_metric_is_offered():
    evidence = as_evidence(table(metric=["acc,none", "f1,none"]))
    with pytest.raises(UsageError) as caught:
        evidence.select(metric="acc")
    assert str(caught.value) == (
        "no metric 'acc' in the data. Did you mean 'acc,none'? There is: acc,none, f1,none."
    )


def test_unscored_answers_are_counted_by_model():
    assert unscored(as_records(table(score=[1, None]))) == [
        "A: no score for 1 of 2 answers (50.0 %), left out of the mean and its n."
    ]


def test_unscored_answers_are_counted_by_metric_and_once_for_models_alike():
    frame = pd.DataFrame(
        [
            {"model": model, "task": "t", "item": item, "metric": metric, "score": score}
            for model in "AB"
            for item in "xy"
            for metric, score in (("passed", 1), ("efficiency", None if item == "x" else 0.5))
        ]
    )
    assert unscored(as_records(frame)) == [
        "2 models (first A): no score for 1 of 2 answers in efficiency (50.0 %), left out of the "
        "mean and its n."
    ]


def test_missing_as_wrong_uses_the_worst_of_the_range():
    up = count_missing_as_wrong(as_evidence(table(score=[1, None])))
    assert up.records["score"].tolist() == [1.0, 0.0]
    down = as_evidence(table(score=[3, None], score_min=0, score_max=9, higher_is_better=False))
    assert count_missing_as_wrong(down).records["score"].tolist() == [3.0, 9.0]
    assert "counted as wrong: 1 answer without a score" in up.warnings[0]


def test_missing_as_wrong_needs_a_range():
    with pytest.raises(RecordsError, match="range of metric 'score' is not declared"):
        count_missing_as_wrong(as_evidence(table(score=[0.3, None])))


def test_range_of_binary_scores_is_taken_and_others_are_unknown():
    low, high = score_range(as_records(table()))
    assert (low.tolist(), high.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    low, _ = score_range(as_records(table(score=[0.5, 1])))
    assert low.isna().all()


def test_a_score_outside_its_declared_range_is_refused():
    assert refused(table(score=[0.5, 1.4], score_min=0, score_max=1)) == (
        "records: score outside its declared range [0, 1] in 1 row, first row 2: 1.4. "
        "Correct score_min and score_max, or the score."
    )


def test_two_ranges_of_one_metric_are_refused():
    assert refused(table(score_min=0, score_max=[1, 2])) == (
        "records: metric 'score' of task 't' is declared with two ranges. "
        "Set score_min and score_max alike in all its rows."
    )


def test_sample_numbers_of_keys_that_are_not_repeated_stay():
    frame = pd.concat([table(sample=[3, 4]), table(sample=[3, 9], item=[1, 3])])
    found = as_evidence(frame, duplicates="sample")
    assert found.records["sample"].tolist() == [0, 4, 1, 9]


def test_what_is_no_table_is_told_from_one():
    with pytest.raises(RecordsError) as said:
        as_evidence([{"model": "A"}])
    assert str(said.value) == (
        "records: expected a DataFrame, but found a list. Build one with pandas.DataFrame(...)."
    )
    with pytest.raises(UsageError) as said:
        summary(None)
    assert str(said.value) == (
        "expected what load() gives or a DataFrame of records, but found NoneType. Read files with "
        "evalvar.load(path)."
    )
    with pytest.raises(UsageError) as said:
        load(pd.DataFrame({"model": ["A"]}))
    assert str(said.value) == (
        "load() reads files, and got a DataFrame. Hand a DataFrame of records to any question as "
        "it is, or to evalvar.as_evidence(table) first."
    )
    with pytest.raises(RecordsError, match="expected the text of a result, but found a PosixPath"):
        from_json(Path("result.json"))


def test_evidence_says_what_it_holds():
    assert repr(as_evidence(table(score=[1, None]))) == "Evidence(2 records of 1 model)"
    assert repr(as_evidence()) == "Evidence(nothing)"
