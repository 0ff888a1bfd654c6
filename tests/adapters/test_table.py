import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalvar.adapters import load, table
from evalvar.adapters.writing import write_evidence
from evalvar.errors import AdapterError, RecordsError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def csv(text: str, name: str = "f.csv") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def jsonl(*rows: dict, name: str = "f.jsonl") -> Path:
    path = Path(name)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def refused(path: Path) -> str:
    with pytest.raises((AdapterError, RecordsError)) as error:
        load(path)
    return str(error.value)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("model,task,item,score", "item"),
        ("model,task_name,id,epoch,score", "item"),
        ("Model,Benchmark_ID,example_id,pass1", "item"),
        ("model,dataset,question_id,correct", "item"),
        ("model,benchmark,doc_id,value", "item"),
        ("model,task,item_id,sample_idx,score", "item"),
        ("model,task,input,trial,score", "item"),
    ],
)
def test_the_names_in_use_are_understood(header, key):
    row = ",".join("1" for _ in header.split(","))
    records = load(csv(f"{header}\n{row}\n")).records
    assert list(records[key]) == ["1"]
    assert list(records["score"]) == [1.0]
    assert list(records["task"]) == ["1"]


def test_inspect_frames_give_one_metric_per_scorer():
    path = csv(
        "model,task_name,sample_id,id,epoch,score_match,score_grade,input\n"
        "m,t,u1,q1,1,C,0.5,text\nm,t,u2,q2,1,I,,text\n"
    )
    evidence = load(path)
    records = evidence.records.set_index(["metric", "item"])["score"]
    assert records["match"].to_dict() == {"q1": 1.0, "q2": 0.0}
    assert records["grade"]["q1"] == 0.5
    assert np.isnan(records["grade"]["q2"])
    assert evidence.warnings == (
        "f.csv: columns that mean nothing to evalvar were left out: sample_id, input",
        "f.csv: 2 scores are Inspect's letters, read as C = 1, P = 0.5, I = N = 0",
    )


def test_rows_without_item_are_reported_values():
    evidence = load(csv("model,task,step,mean,std_err,count\nm,t,100,0.5,0.1,20\n"))
    assert not len(evidence.records)
    row = evidence.reported.iloc[0]
    assert row[["checkpoint", "value", "se", "n"]].tolist() == [100, 0.5, 0.1, 20.0]


def test_rows_with_seconds_and_status_are_timings():
    evidence = load(csv("model,task,item,level,case,repeat,seconds,status\nm,t,1,2,3,4,0.5,ok\n"))
    assert evidence.timings[["level", "case", "repeat", "seconds"]].values.tolist() == [
        [2, 3, 4, 0.5]
    ]


def test_columns_of_timings_are_kept_and_others_named():
    evidence = load(
        csv(
            "model,task,item,run,seconds,status,limit_s,inside_s,outside_s,calls,resolution_s,"
            "item.tag,host\nm,t,1,monday,,timeout,2,0.5,0.6,1,,dp,here\n"
        )
    )
    row = evidence.timings.iloc[0]
    assert row[["run", "limit_s", "outside_s", "calls", "item.tag"]].tolist() == [
        *("monday", 2.0, 0.6, 1.0, "dp")
    ]
    assert np.isnan(row["seconds"])
    assert np.isnan(row["resolution_s"])
    assert evidence.warnings == ("f.csv: columns that mean nothing to evalvar were left out: host",)


def test_a_label_names_the_model_and_leaves_the_reference():
    path = csv("model,task,item,seconds,status\nm,t,1,0.5,ok\nreference,t,1,0.5,ok\n")
    assert load(path, label={"model": "x"}).timings["model"].tolist() == ["x", "reference"]


def test_known_columns_are_kept_and_others_named():
    path = csv(
        "model,task,item,score,group,cluster,chance,score_min,score_max,higher_is_better,"
        "item.topic,factor.shots,answer.length,comment,author\n"
        "m,t,1,1,g,c,0.25,0,1,false,math,5,12,x,y\n"
    )
    evidence = load(path)
    kept = ("group", "cluster", "chance", "score_max", "higher_is_better", "item.topic")
    assert evidence.records.iloc[0][list(kept)].tolist() == ["g", "c", 0.25, 1.0, False, "math"]
    assert evidence.warnings == (
        "f.csv: columns that mean nothing to evalvar were left out: comment, author",
    )


def test_missing_model_and_task_are_made_up_and_said():
    evidence = load(csv("item,score\n1,1\n", "base-seed3.csv"))
    assert evidence.records.iloc[0][["model", "task", "seed"]].tolist() == ["base", "task", 3]
    assert evidence.warnings == (
        "base-seed3.csv: no column names the model: it is called base-seed3",
        "base-seed3.csv: no column names the task: it is called task",
        "seed taken from the model's name in 1 file (3)",
    )


def test_files_named_by_their_seed_are_one_model():
    Path("base").mkdir()
    for seed in (1, 2):
        csv("task,item,score\nt,1,1\n", f"base/seed{seed}.csv")
    records = load("base").records
    assert list(records["model"]) == ["base", "base"]
    assert list(records["seed"]) == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "model,task,item,id,score\nm,t,1,1,1\n",
            "f.csv: the columns 'item' and 'id' both mean item. Say which: --column item=item.",
        ),
        (
            "model,task,item,score,score\nm,t,1,1,1\n",
            "f.csv: the column 'score' occurs 2 times. Rename or remove all but one.",
        ),
        (
            "model,task,item,score\nm,t,1,1\nm,t,2,good\nm,t,3,bad\n",
            "f.csv: records: column score must hold numbers; it does not in 2 "
            "rows, first in line 3: 'good'.",
        ),
        (
            "model,task,item,score\nm,t,1,inf\n",
            "f.csv: records: infinite score in 1 row, first in line 2. "
            "Write NaN for an answer that has no score.",
        ),
        (
            "model,task,item,score\nm,t,,1\n",
            "f.csv: records: no item in 1 row, first in line 2. "
            "Fill the column or leave those rows out.",
        ),
        (
            "model,task,item,seed,score\nm,t,1,a,1\n",
            "f.csv: records: column seed must hold whole numbers; it does not in "
            "1 row, first in line 2: 'a'. Number the seeds, or read the file with --column "
            "seed=NAME, which numbers names.",
        ),
        (
            "model,task,item,score\nm,t\nm,t,2,1\n",
            "f.csv: 1 row without the 4 cells of the header, first in line 2 with 2. "
            "Repair the file.",
        ),
        (
            "model,task,item,score\nm,t,1,1,5\nm,t,2,1\nm,t,2,1,3,4\n",
            "f.csv: 2 rows without the 4 cells of the header, first in line 2 with 5. "
            "Repair the file.",
        ),
        (
            "model,task,item,metric,score_a,score_b\nm,t,1,x,1,2\n",
            "f.csv: a column metric and the score columns score_a, score_b contradict each other. "
            "Remove the column metric, or write one row per metric.",
        ),
        (
            "model,task,item,score\nm,t,1,1\nm,t,1,1\n",
            "f.csv: a key is repeated within one file in 1 row, first model m, "
            "task t, item 1, metric "
            "score, seed 0, checkpoint 0, sample 0. Was the file written to twice? Read one run "
            "only, label the runs, or say what a repeat means: duplicates 'latest' or 'sample' "
            "(--duplicates latest).",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(text, message):
    assert refused(csv(text)) == message


REPEATED = (
    "f.csv: a key is repeated within one file in 1 row, first model m, task t, item 1, metric "
    "score, seed 0, checkpoint 0, sample 0. "
)
POLICY = (
    "Read one run only, label the runs, or say what a repeat means: duplicates 'latest' or "
    "'sample' (--duplicates latest)."
)


@pytest.mark.parametrize(
    ("header", "rows", "hint"),
    [
        (
            "num_fewshot,folder,note",
            ("0,a,x", "5,b,x"),
            "The rows differ in num_fewshot and folder, which mean nothing to evalvar: rename one "
            "to prompt (or seed, sample).",
        ),
        (
            "temperature",
            ("0", "0.5"),
            "The rows differ in temperature, which means nothing to evalvar: rename it to prompt "
            "(or seed, sample).",
        ),
        (
            ",".join(f"c{n}" for n in range(11)),
            (",".join("a" * 11), ",".join("b" * 11)),
            "The rows differ in c0, c1, c2, c3, c4, c5, c6, c7 and 3 more, which mean nothing to "
            "evalvar: rename one to prompt (or seed, sample).",
        ),
        ("note", ("x", "x"), f"Was the file written to twice? {POLICY}"),
    ],
)
def test_a_repeated_key_says_which_columns_tell_the_rows_apart(header, rows, hint):
    lines = "".join(f"m,t,1,1,{row}\n" for row in rows)
    assert refused(csv(f"model,task,item,score,{header}\n{lines}")) == REPEATED + hint


def test_rows_that_differ_in_their_score_alone_were_not_written_twice():
    assert refused(csv("model,task,item,score\nm,t,1,1\nm,t,1,0\n")) == REPEATED + POLICY


def test_left_out_columns_tell_the_rows_of_two_files_apart():
    csv("model,task,item,score,split\nm,t,1,1,dev\n")
    jsonl({"model": "m", "task": "t", "item": 1, "score": 1, "split": "test"}, name="g.jsonl")
    with pytest.raises(RecordsError) as error:
        load("f.csv", "g.jsonl")
    assert str(error.value) == (
        "f.csv and g.jsonl: the same key in both, in 1 row, first model m, task t, item 1, metric "
        "score, seed 0, checkpoint 0, sample 0. The rows differ in split, which means nothing to "
        "evalvar: rename it to prompt (or seed, sample)."
    )


def test_reported_values_that_differ_in_shots_say_so():
    assert refused(csv("model,task,value,shots\nm,t,1,0\nm,t,1,5\n")) == (
        "f.csv: a key is repeated within one file in 1 row, first model m, task t, metric score, "
        "seed 0, checkpoint 0. The rows differ in shots, which is no part of the key: rename it "
        "to prompt (or seed, sample)."
    )


def test_an_aggregate_has_no_samples():
    with pytest.raises(RecordsError) as error:
        load(csv("model,task,value\nm,t,0.5\nm,t,0.7\nm,u,1\n"), duplicates="sample")
    assert str(error.value) == (
        "f.csv: duplicates 'sample' cannot number reported values, an aggregate has no samples: "
        "2 rows of a repeated key, first model m, task t, metric score, seed 0, checkpoint 0. "
        "Read the items, label the runs (--from 'seed=...'), or use 'latest'."
    )


def test_an_aggregate_that_two_files_hold_names_both():
    for name, task in (("a.csv", "t"), ("b.csv", "u"), ("c.csv", "t"), ("d.csv", "u")):
        csv(f"model,task,value\nm,{task},0.5\n", name)
    with pytest.raises(RecordsError) as error:
        load("a.csv", "b.csv", "c.csv", "d.csv", duplicates="sample")
    assert str(error.value) == (
        "a.csv and c.csv: duplicates 'sample' cannot number reported values, an aggregate has no "
        "samples: 4 rows of a repeated key, first model m, task t, metric score, seed 0, "
        "checkpoint 0. Read the items, label the runs (--from 'seed=...'), or use 'latest'."
    )


@pytest.mark.parametrize("duplicates", ["error", "latest", "sample"])
def test_a_repeated_timing_is_refused_whatever_a_repeat_means(duplicates):
    path = csv("model,task,item,seconds,status\nm,t,1,0.5,ok\nm,t,1,0.6,ok\n")
    with pytest.raises(RecordsError) as error:
        load(path, duplicates=duplicates)
    assert str(error.value) == (
        "f.csv: a key is repeated within one file in 1 row, first model m, task t, item 1, seed 0, "
        "checkpoint 0, sample 0, phase run, level 0, case 0, repeat 0. "
        "Number the runs in a column repeat."
    )


def test_a_byte_order_mark_is_passed_over():
    path = Path("f.csv")
    path.write_bytes(b"\xef\xbb\xbfmodel,task,item,score\nm,t,1,1\n")
    evidence = load(path)
    assert len(evidence.records) == 1
    assert evidence.warnings == ("f.csv: a byte-order mark was passed over",)


def test_text_that_is_not_utf8_is_refused_with_the_place():
    path = Path("f.csv")
    path.write_bytes("model,task,item,score\nm,t,caf\u00e9,1\n".encode("latin1"))
    assert refused(path) == (
        "f.csv: not UTF-8 text, the first fault is at byte 29. "
        "Convert it, for example with 'iconv -f latin1 -t utf-8'."
    )
    path.write_text("model,task,item,score\nm,t,1,1\n", encoding="utf-16")
    assert refused(path).startswith("f.csv: not UTF-8 text, the first fault is at byte 0.")


def test_a_cut_off_last_line_is_left_out_and_counted():
    path = Path("f.jsonl")
    path.write_text('{"model": "m", "item": 1, "score": 1}\n{"model": "m", "item": 2, "sco')
    evidence = load(path)
    assert len(evidence.records) == 1
    assert "f.jsonl: the last line is cut off and was left out (1 line)" in evidence.warnings
    evidence = load(csv("model,task,item,score\nm,t,1,1\nm,t"))
    assert len(evidence.records) == 1
    assert evidence.warnings == ("f.csv: the last line is cut off and was left out (1 line)",)


def test_a_broken_line_in_the_middle_is_refused():
    path = Path("f.jsonl")
    path.write_text('{"model": "m", "item": 1, "score": 1}\n{"model": \n{"item": 3, "score": 1}\n')
    assert refused(path) == (
        "f.jsonl: line 2 is no JSON (Expecting value: line 2 column 1 (char 11)). "
        "Repair or remove the line."
    )
    path.write_text('{"model": "m", "item": 1, "score": 1}\n[1]\n')
    assert refused(path) == (
        "f.jsonl: expected an object in line 2, found a list. Write one object a line."
    )


def test_the_line_of_a_file_is_named_not_the_row_of_its_table():
    text = '"model",task,item,score,comment\nm,t,1,1,"two\nlines"\n\nm,t,2,good,\n'
    assert refused(csv(text)) == (
        "f.csv: records: column score must hold numbers; it does not in 1 row, "
        "first in line 5: 'good'."
    )
    wide = "model,task,item,score_a,score_b\nm,t,1,1,1\nm,t,2,1,bad\n"
    assert refused(csv(wide)) == (
        "f.csv: records: column score must hold numbers; it does not in 1 row, "
        "first in line 3: 'bad'."
    )
    path = jsonl(*({"task": "t", "item": n, "score": s} for n, s in enumerate([1, "x"])))
    path.write_text("\n" + path.read_text())
    assert refused(path) == (
        "f.jsonl: records: column score must hold numbers; it does not in 1 row, "
        "first in line 3: 'x'."
    )
    pd.DataFrame({"task": "t", "item": [1, 2], "score": ["1", "x"]}).to_parquet("f.parquet")
    assert refused(Path("f.parquet")) == (
        "f.parquet: records: column score must hold numbers; it does not in 1 row, "
        "first row 2: 'x'."
    )


def test_a_score_outside_its_range_names_file_and_line():
    good = csv("model,task,item,score,score_min,score_max\na,t,1,1,0,1\na,t,2,0,0,1\n", "a.csv")
    bad = csv("model,task,item,score,score_min,score_max\nb,t,1,1,0,1\nb,t,2,1.5,0,1\n", "b.csv")
    said = (
        "b.csv: records: score outside its declared range [0, 1] in 1 row, first in line 3: 1.5. "
        "Correct score_min and score_max, or the score."
    )
    assert refused(bad) == said
    with pytest.raises(RecordsError) as error:
        load(good, bad)
    assert str(error.value) == said


def test_absent_scores_stay_absent():
    words = ("", "nan", "NA", "null", "None")
    text = "".join(f"m,t,{n},{word}\n" for n, word in enumerate(words))
    assert load(csv(f"model,task,item,score\n{text}")).records["score"].isna().all()
    path = Path("f.jsonl")
    path.write_text('{"model": "m", "task": "t", "item": 1, "score": NaN}\n')
    assert load(path).records["score"].isna().all()


def test_truth_and_text_are_numbers():
    rows = [True, False, "True", "False", "0.5", 1]
    path = jsonl(*({"task": "t", "item": n, "score": value} for n, value in enumerate(rows)))
    assert load(path).records["score"].tolist() == [1.0, 0.0, 1.0, 0.0, 0.5, 1.0]


def test_ids_of_mixed_type_are_remarked_and_colliding_ones_refused():
    mixed = load(jsonl(*({"model": "m", "task": "t", "item": i, "score": 1} for i in (1, "x"))))
    assert mixed.warnings == (
        "records: column item mixes int and str (2 different values); all were read as text.",
    )
    path = jsonl(*({"model": "m", "task": "t", "item": i, "score": 1} for i in (1, "1")))
    assert refused(path) == (
        "f.jsonl: records: different values of item read the same as text: '1' (int and str). "
        "Write the column with one type."
    )


def test_text_ids_keep_their_zeros():
    assert load(csv("task,item,score\nt,007,1\n")).records["item"].tolist() == ["007"]


def test_files_without_any_row_are_refused_and_others_remarked():
    path = csv("model,task,item,score\n")
    assert refused(path) == ("f.csv: the file holds no rows. Write them, or name another file.")
    other = csv("model,task,item,score\n", "g.csv")
    with pytest.raises(AdapterError) as error:
        load(path, other)
    assert str(error.value) == (
        "f.csv: neither this nor any other of the 2 files read holds rows. Name files that do."
    )
    full = csv("model,task,item,score\nm,t,1,1\n", "h.csv")
    assert load(path, full).warnings == ("f.csv: the file has a header and no rows",)


def test_a_loss_without_an_orientation_is_remarked():
    rows = "m,t,1,ppl,2\nm,t,2,ppl,3\nm,t,1,word_error_rate,1\nm,t,1,waters,1\n"
    assert load(csv(f"model,task,item,metric,score\n{rows}")).warnings == (
        "f.csv: metric ppl has no higher_is_better column and is read as higher is better "
        "(2 rows); add the column if lower is better",
        "f.csv: metric word_error_rate has no higher_is_better column and is read as higher is "
        "better (1 row); add the column if lower is better",
    )
    evidence = load(csv("model,task,item,score_loss\nm,t,1,2\n"))
    assert "higher_is_better" not in evidence.records
    assert evidence.warnings == (
        "f.csv: metric loss has no higher_is_better column and is read as higher is better "
        "(1 row); add the column if lower is better",
    )
    text = "model,task,metric,value,higher_is_better\nm,t,nll,2,false\nm,u,nll,2,\n"
    assert load(csv(text)).warnings[0] == (
        "f.csv: metric nll has no value in column higher_is_better and is read as higher is "
        "better (1 row); fill it if lower is better"
    )


def test_later_lines_may_add_columns():
    path = jsonl(
        {"model": "m", "task": "t", "item": 1, "score": 1},
        {"model": "m", "task": "t", "item": 2, "score": 1, "item.topic": ["a", "b"]},
    )
    assert load(path).records["item.topic"].tolist()[1] == '["a", "b"]'


@pytest.mark.parametrize(
    "text",
    [
        '{"doc_id": 0, "doc": {}, "arguments": {}, "resps": [], "acc": 1.0, "score": 1}\n',
        '{"task_id": "HumanEval/0", "completion": "x", "score": 1, "item": 1}\n',
        '{"instance_id": "a", "model_patch": "b", "score": 1, "id": 1}\n',
        '{"question": 1, "answer": 2}\n',
        "[1, 2]\n",
        "",
    ],
)
def test_files_of_harnesses_and_without_scores_are_not_claimed(text):
    path = Path("f.jsonl")
    path.write_text(text)
    assert not table.claims(path)


def test_only_tables_with_scores_are_claimed():
    assert not table.claims(csv("Run,MNLI dev acc.\nRun 0,0.8\n"))
    assert not table.claims(csv("item,comment\n1,x\n"))
    assert not table.claims(csv("item,score\n1,1\n", "f.txt"))
    assert table.claims(csv("item\tscore\n1\t1\n", "f.tsv"))
    long = csv('{"item": 1, "text": "' + "x" * 200_000 + '", "score": 1}\n', "long.jsonl")
    assert not table.claims(long)
    first = csv('{"item": 1, "score": 1, "text": "' + "x" * 200_000 + '"}\n', "first.jsonl")
    assert table.claims(first)


def test_parquet_keeps_types_and_reads_only_what_it_needs():
    frame = pd.DataFrame({"model": pd.Categorical(["m"] * 2), "task": "t", "item": [1, 2]})
    frame.assign(score=[True, False], prompt=[None, "p"], text="x").to_parquet("f.parquet")
    records = load("f.parquet").records
    assert records[["item", "prompt", "score"]].values.tolist() == [["1", "", 1.0], ["2", "p", 0.0]]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv"])
def test_what_evalvar_writes_is_read_back(custom_lm, suffix):
    evidence = load(custom_lm)
    written = [path for path, _ in write_evidence(evidence, f"all{suffix}")]
    again = load(*written)
    assert again.warnings == ()
    for name in ("records", "reported"):
        pd.testing.assert_frame_equal(
            getattr(again, name)[getattr(evidence, name).columns],
            getattr(evidence, name),
            check_dtype=False,
            check_categorical=False,
        )


def test_files_of_different_kinds_are_put_together(custom_lm):
    written = [path for path, _ in write_evidence(load(custom_lm), "all.parquet")]
    with pytest.raises(
        RecordsError, match=r"^custom_lm/seed1/bz9vogs9/samples_\S+ and all\.parquet: "
    ):
        load(*written, custom_lm)
    both = load(*written, custom_lm, duplicates="latest")
    assert len(both.records) == len(load(custom_lm).records)


def test_damaged_parquet_is_refused():
    Path("f.parquet").write_bytes(b"PAR1 nothing")
    assert refused(Path("f.parquet")).startswith("f.parquet: cannot be read as Parquet (")


def test_published_tables_are_read(shared):
    mmlu = load(shared / "mmlu_pro_items" / "mmlu_pro.parquet")
    assert len(mmlu.records) == 250_971
    message = refused(shared / "livebench_items" / "livebench.parquet")
    assert "livebench.parquet: a key is repeated within one file in 590 rows" in message
    message = refused(shared / "bigscience_checkpoints" / "tr3d_oscar.parquet")
    assert message.endswith(
        "the columns 'step' and 'tokens' both mean checkpoint. Say which: --column checkpoint=step."
    )
