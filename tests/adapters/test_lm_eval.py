import gzip
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalvar.adapters import lm_eval, load
from evalvar.errors import AdapterError, RecordsError
from tests.adapters.conftest import DATA, DATE, choice, generated

MAJORITY = [{"function": "majority_vote"}, {"function": "take_first"}]


def config(filters: list[dict] | None = None, **options) -> dict:
    metric = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, **options}
    listed = {"filter_list": filters} if filters else {}
    return {"configs": {"t": {"task": "t", "metric_list": [metric], **listed}}}


def refused(path: Path) -> str:
    with pytest.raises((AdapterError, RecordsError)) as error:
        load(path)
    return str(error.value)


def scores(evidence, metric: str) -> list[float]:
    return evidence.records.query("metric == @metric")["score"].tolist()


# Recorded logs


def test_the_recorded_slice_gives_the_golden_tables(study_slice):
    evidence = load(study_slice)
    for name in ("records", "reported"):
        frame = getattr(evidence, name)
        golden = pd.read_csv(DATA / f"study_{name}.csv", dtype=str, keep_default_na=False)
        found = pd.read_csv(  # through text, as the golden file went
            pd.io.common.StringIO(frame.to_csv(index=False)), dtype=str, keep_default_na=False
        )
        pd.testing.assert_frame_equal(found, golden)


def test_the_study_is_read_whole(shared):
    evidence = load(shared / "lm_eval_native" / "study_5seeds_10steps.tar.xz")
    assert evidence.warnings == (
        "tiny_sum: 8 answers per item were scored again by exact match, which reproduces all "
        "5,000 logged scores",
        "seed taken from the model's name in 150 files (0, 1, 2, 3, 4)",
        "checkpoint taken from the model's name in 150 files "
        "(150, 300, 450, 600, 750, ... 1500; 10 values)",
    )
    records = evidence.records
    # 9 metrics of 120 choices; of 50 sums 2 filters and 8 samples; in 50 runs
    assert len(records) == 50 * (9 * 120 + (2 + 8) * 50)
    assert list(records["model"].unique()) == ["ck"]
    assert evidence.sources["rows"].sum() == len(records) + len(evidence.reported)
    cells = records.groupby(["task", "metric", "seed", "checkpoint"], observed=True)["score"].mean()
    reported = evidence.reported.set_index(["task", "metric", "seed", "checkpoint"])["value"]
    assert len(reported) == 250
    assert np.allclose(cells[reported.index], reported, atol=1e-6, rtol=0)


def test_derived_measures_follow_from_the_logged_log_likelihoods(shared):
    root = shared / "lm_eval_native" / "study_small"
    evidence = load(root)
    checked = 0
    for path in root.rglob("samples_tiny_color_*.jsonl"):
        seed, step = int(path.parts[-4][4:]), int(path.parts[-3][4:])
        run = evidence.select(seed=seed, checkpoint=step).records
        found = run[run["sample"] == 0]
        table = found.pivot_table(index="item", columns="metric", values="score", observed=True)
        about = found.drop_duplicates("item").set_index("item")
        for line in path.read_text().splitlines():
            row = json.loads(line)
            logs = [float(answer[0]) for answer in row["filtered_resps"]]
            texts = [a["arg_1"].removeprefix(" ") for a in row["arguments"].values()]
            gold = int(row["target"])
            total = sum(map(math.exp, logs))
            each = [math.exp(value / len(text)) for value, text in zip(logs, texts, strict=True)]
            expected = {
                "p_correct": math.exp(logs[gold]) / total,
                "p_correct_per_char": each[gold] / sum(each),
                "nll_correct": -logs[gold],
                "nll_correct_per_char": -logs[gold] / len(texts[gold]),
                "confidence": math.exp(max(logs)) / total,
                "margin": logs[gold] - max(v for n, v in enumerate(logs) if n != gold),
                "acc,none": row["acc"],
                "acc_norm,none": row["acc_norm"],
            }
            item = str(row["doc_id"])
            for metric, value in expected.items():
                assert table.loc[item, metric] == pytest.approx(value, rel=1e-12), metric
            assert about.loc[item, "item.gold"] == str(gold)
            assert about.loc[item, "answer.chosen"] == str(logs.index(max(logs)))
            assert (about.loc[item, "answer.chosen"] == str(gold)) == row["acc"]
            checked += 1
    assert checked == 360


def test_metrics_are_described(study_slice):
    facts = load(study_slice).records.drop_duplicates(["task", "metric"]).set_index("metric")
    columns = ["score_min", "score_max", "higher_is_better", "chance"]
    described = facts[columns].astype(object).where(facts[columns].notna(), None)
    assert described.loc["acc,none"].tolist() == [0.0, 1.0, True, 0.25]
    assert described.loc["nll_correct"].tolist() == [0.0, None, False, None]
    assert described.loc["margin"].tolist() == [None, None, True, None]
    assert described.loc["p_correct_per_char"].tolist() == [0.0, 1.0, True, 0.25]
    assert described.loc["confidence"].tolist() == [0.0, 1.0, True, None]
    assert described.loc["exact_match,maj@8"].tolist() == [0.0, 1.0, True, None]


def test_runs_of_an_object_without_name_become_one_model_with_seeds(custom_lm):
    evidence = load(custom_lm)
    for table in (evidence.records, evidence.reported):
        assert list(table["model"].unique()) == ["custom_lm"]
        assert list(table["seed"].unique()) == [1, 2]
    first = "custom_lm/seed1/bz9vogs9/results_2026-11-20T11-50-57.196728.json"
    assert evidence.warnings == (
        f"2 files (first {first}): the file does not name its model: it is called by the "
        "directories above the harness's random id (custom_lm/seed1)",
        f"2 files (first {first}): 6 tasks were evaluated on a part of their documents, a limit "
        "was set (first tiny_color: 20 of 120)",
        "tiny_sum: 8 answers per item were scored again by exact match, which reproduces all 80 "
        "logged scores",
        "tiny_sum_pass: 8 answers per item are in the file, but not their scores; samples are not "
        "told apart (40 rows)",
        "seed taken from the model's name in 8 files (1, 2)",
    )
    logged = evidence.records.query("metric == 'pass@4,all' and seed == 1")["score"]
    assert logged.mean() == pytest.approx(0.88)


def test_pythia_checkpoints_are_as_published(shared):
    root = shared / "pythia_checkpoints"
    evidence = load(root / "native" / "pythia-410m" / "zero-shot")
    figures = json.loads((root / "figures.json").read_text())["pythia-410m_zero_shot"]
    table = evidence.reported.set_index(["checkpoint", "task", "metric"])
    compared = 0
    for step, tasks in figures.items():
        for task, entry in tasks.items():
            row = table.loc[(int(step), task, "acc")]
            assert row["value"] == entry["acc"]
            assert row["se"] == entry["acc_stderr"]
            compared += 1
    assert compared > 30
    assert list(table["model"].unique()) == ["EleutherAI/pythia-v1.1-410m"]
    assert set(table["shots"]) == {0.0}
    lower = table.query("not higher_is_better").index.get_level_values("metric").unique()
    assert set(lower) == {"ppl", "likelihood_difference", "pct_stereotype"}


def test_two_numbers_of_shots_need_a_label(shared):
    root = shared / "pythia_checkpoints" / "native" / "pythia-410m"
    message = refused(root)
    assert message.endswith(
        "They differ in their number of shots (5 and 0): tell them apart by a prompt label, for "
        "example --from 'prompt=(zero|five)-shot'."
    )
    evidence = load(root, from_={"prompt": "(zero|five)-shot"})
    assert set(evidence.reported["prompt"]) == {"zero", "five"}


def test_other_layouts_in_the_wild_are_read(shared):
    root = shared / "native_formats"
    bloom = load(root / "bigscience_lm_eval").reported
    axb = bloom.query("task == 'axb' and prompt == 'GPT-3 style' and metric == 'acc'").iloc[0]
    assert (axb["model"], axb["value"]) == ("bloom_bslmeval", 0.43931159420289856)
    assert len(load(root / "lm_eval_testdata").reported) == 19
    new = load(root / "lm_eval_new")
    name = "lm_eval_new/samples_math_perturbed_full_2026-01-21T03-44-18.458309.jsonl"
    assert f"{name}: 10 documents, but the results file says 5,000" in new.warnings
    assert list(new.sources["version"]) == ["0.4.9.2"] * 2


# Traps, on files made here


def test_filters_are_never_merged(write_run):
    rows = [
        generated(doc, "1", ["1"], float(score), filter=name)
        for name, score in (("strict", 0), ("flexible", 1))
        for doc in range(3)
    ]
    evidence = load(write_run(rows, {"exact_match,strict": 0.0, "exact_match,flexible": 1.0}))
    assert scores(evidence, "exact_match,strict") == [0.0] * 3
    assert scores(evidence, "exact_match,flexible") == [1.0] * 3
    assert evidence.warnings == ()


def test_filters_without_a_name_are_told_apart_by_their_order(write_run):
    rows = [generated(doc, "1", ["1"], s) for s in (0.0, 1.0) for doc in range(3)]
    for row in rows:
        del row["filter"], row["metrics"]
    results = {"exact_match,strict": 0.0, "exact_match,flexible": 1.0}
    evidence = load(write_run(rows, results))
    assert scores(evidence, "exact_match,strict") == [0.0] * 3
    assert scores(evidence, "exact_match,flexible") == [1.0] * 3
    assert evidence.warnings == (
        "t: the rows do not name their filter; 2 filters (strict, flexible) were told apart by "
        "their order (6 rows)",
    )
    single = load(write_run(rows[:3], {"exact_match,strict": 0.0}, folder="one"))
    assert scores(single, "exact_match,strict") == [0.0] * 3
    assert single.warnings == ()


def test_samples_appended_twice_are_refused_with_the_file(write_run):
    rows = [choice(doc, [-1.0, -2.0], 0) for doc in range(4)]
    path = write_run(rows + rows, {"acc,none": 1.0})
    assert refused(path) == (
        f"{path}: a key is repeated within one file in 28 rows, first model "
        f"org/m, task t, item 0, metric "
        "acc,none, seed 0, checkpoint 0, sample 0. Was the file written to twice? Read one run "
        "only, label the runs, or say what a repeat means: duplicates 'latest' or 'sample' "
        "(--duplicates latest)."
    )
    assert len(load(path, duplicates="latest").records) == 28
    assert set(load(path, duplicates="sample").records["sample"]) == {0, 1}


def test_a_cut_off_last_line_is_left_out_and_counted(write_run):
    path = write_run([choice(doc, [-1.0, -2.0], 0) for doc in range(3)], {"acc,none": 1.0})
    path.write_text(path.read_text()[:-40])
    evidence = load(path)
    assert scores(evidence, "acc,none") == [1.0, 1.0]
    assert evidence.warnings == (f"{path}: the last line is cut off and was left out (1 line)",)


def test_a_broken_line_in_the_middle_is_refused(write_run):
    path = write_run([choice(doc, [-1.0, -2.0], 0) for doc in range(2)])
    first, second = path.read_text().splitlines()
    path.write_text(f"{first[:-9]}\n{second}\n")
    assert refused(path).startswith(f"{path}: line 1 is no JSON (")
    path.write_text(f"{first}\n[1]\n")
    assert refused(path) == (
        f"{path}: expected a sample of lm-eval in line 2, found a list. "
        "Name the adapter that reads this file with --source."
    )


def test_results_that_are_no_json_are_refused(tmp_path):
    path = tmp_path / f"results_{DATE}.json"
    path.write_text('{"results": {"t": {"acc,none": 0.5')
    assert refused(path) == (
        f"{path}: expected the JSON of an lm-eval results file, found a damaged one "
        "(Expecting ',' delimiter: line 1 column 35 (char 34)). "
        "The run may have been stopped while writing: evaluate again or leave it out."
    )


def test_an_unknown_layout_is_refused_with_what_was_found(tmp_path):
    path = tmp_path / f"results_{DATE}.json"
    path.write_text('{"scores": {}, "model": "m"}')
    assert refused(path) == (
        f"{path}: expected an lm-eval results file with 'results' or samples with 'doc_id', found "
        "an object with 'scores', 'model'. Name the adapter that reads it with --source."
    )
    path.write_text("[1]")
    assert "found a list." in refused(path)
    path.unlink()
    samples = tmp_path / f"samples_t_{DATE}.jsonl"
    samples.write_text('{"id": 1, "text": "x"}\n')
    assert refused(samples) == (
        f"{samples}: expected samples of lm-eval with 'doc_id', found an object with 'id', "
        "'text'. Name the adapter that reads it with --source."
    )


def test_samples_without_their_results_are_read_and_remarked(write_run):
    path = write_run([choice(doc, [-1.0, -2.0], 0) for doc in range(2)])
    evidence = load(path)
    assert set(evidence.records["model"]) == {"org/m"}
    assert evidence.warnings == (
        f"{path}: the model is called by the directory's name (org/m)",
        f"{path}: no results file of the same date lies beside it",
    )


@pytest.mark.parametrize("form", ["plain", "marked", "cut", "array", "packed"])
def test_the_digest_is_that_of_the_file_as_it_lies(write_run, form):
    path = write_run([choice(doc, [-1.0, -2.0], 0) for doc in range(70)], {"acc,none": 1.0})
    lines = path.read_bytes()
    content = {
        "marked": b"\xef\xbb\xbf\n" + lines,
        "cut": lines[:-9],
        "array": b"[" + lines.strip().replace(b"\n", b",\n") + b"]",
        "packed": gzip.compress(lines),
    }.get(form, lines)
    if form == "packed":
        path = path.rename(path.with_name(path.name + ".gz"))
    path.write_bytes(content)
    evidence = load(path)
    assert evidence.sources["sha256"].tolist() == [hashlib.sha256(content).hexdigest()]
    assert evidence.records["item"].nunique() == 70 - (form == "cut")


def test_an_aggregate_that_disagrees_with_its_items_is_remarked(write_run):
    path = write_run([choice(doc, [-1.0, -2.0], doc) for doc in range(2)], {"acc,none": 0.75})
    assert load(path).warnings == (
        f"{path}: 1 aggregate disagrees with the mean of its items (first t acc,none: 0.75 "
        "reported, 0.5 found)",
    )


def test_absent_scores_stay_absent_and_infinite_ones_are_refused(write_run):
    rows = [generated(0, "1", ["1"], 1.0), generated(1, "1", ["1"], math.nan)]
    found = scores(load(write_run(rows, {"exact_match,none": math.nan})), "exact_match,none")
    assert found[0] == 1.0
    assert math.isnan(found[1])
    rows[1]["exact_match"] = math.inf
    path = write_run(rows)
    assert refused(path) == (
        f"{path}: line 2 holds Infinity, which is no score. "
        "Write NaN for an answer that has no score."
    )


def test_numbers_as_text_and_truth_are_read(write_run):
    rows = [generated(n, "1", ["1"], s) for n, s in enumerate(["0.5", True, "False", None, ""])]
    found = scores(load(write_run(rows)), "exact_match,none")
    assert found[:3] == [0.5, 1.0, 0.0]
    assert np.isnan(found[3:]).all()


def test_metrics_that_are_no_numbers_are_left_out_by_name(write_run):
    rows = [
        choice(d, [-1.0, -2.0], 0, f1=[0, 1], metrics=["acc", "f1"], note="x") for d in range(2)
    ]
    evidence = load(write_run(rows, {"acc,none": 1.0}))
    assert evidence.warnings == (
        "t: metric f1 is not one number per item and was left out (2 rows)",
        "t: field note is no metric and was left out (2 rows)",
    )


def test_brier_is_computed_again_only_where_it_gives_the_aggregate(write_run):
    rows = [
        choice(
            d,
            [math.log(0.8), math.log(0.2)],
            d,
            metrics=["acc", "brier_score"],
            brier_score=[d, "[0.8 0.2]"],
        )
        for d in range(2)
    ]
    per_item = [0.08, 1.28]  # (0.2, 0.2) and (0.8, -0.8) squared and summed
    results = {"acc,none": 0.5, "brier_score,none": 0.68}
    evidence = load(write_run(rows, results))
    assert scores(evidence, "brier_score,none") == pytest.approx(per_item)
    assert not evidence.records.query("metric == 'brier_score,none'")["higher_is_better"].any()
    wrong = load(write_run(rows, results | {"brier_score,none": 0.7}, folder="wrong"))
    assert wrong.warnings == (
        "t: metric brier_score is not one number per item and was left out (2 rows)",
    )


def test_metrics_that_later_rows_bring_are_read_too(write_run):
    rows = [choice(d, [-1.0, -2.0], 0) for d in range(3)]
    rows[2] |= {"extra": 0.5, "metrics": ["acc", "extra"]}
    evidence = load(write_run(rows, {"acc,none": 1.0}))
    assert scores(evidence, "extra,none") == [0.5]
    assert scores(evidence, "acc,none") == [1.0] * 3


def test_perplexity_of_an_item_is_a_log_likelihood(write_run):
    rows = [generated(d, "1", ["1"], 0.0, perplexity=-2.5) for d in range(2)]
    for row in rows:
        row["metrics"] = ["perplexity"]
        del row["exact_match"]
    evidence = load(write_run(rows, {"perplexity,none": 12.18}))
    assert scores(evidence, "log_likelihood,none") == [-2.5, -2.5]
    assert evidence.records["higher_is_better"].all()
    assert evidence.warnings == (
        "t: metric perplexity holds log-likelihoods of items; they are read as metric "
        "log_likelihood (2 rows)",
    )


def test_measures_are_not_derived_where_acc_is_not_reproduced(write_run):
    rows = [choice(0, [-1.0, -2.0], 0), choice(1, [-1.0, -2.0], 0, acc=0.0)]
    evidence = load(write_run(rows, {"acc,none": 0.5}))
    assert set(evidence.records["metric"]) == {"acc,none"}
    assert evidence.warnings == (
        "t: p_correct, nll_correct, confidence and margin were not derived, the log-likelihoods "
        "do not reproduce acc in all rows (1 row)",
    )


def test_measures_are_not_derived_from_several_inputs(write_run):
    rows = [choice(d, [-1.0, -2.0], 0) for d in range(2)]
    for row in rows:
        row["arguments"]["gen_args_1"] = {"arg_0": "other", "arg_1": " a"}
    evidence = load(write_run(rows, {"acc,none": 1.0}))
    assert set(evidence.records["metric"]) == {"acc,none"}
    assert set(evidence.records["chance"]) == {0.5}
    assert evidence.warnings == (
        "t: p_correct, nll_correct, confidence and margin were not derived, several inputs per "
        "option: the right one is not in the file (2 rows)",
    )


def test_the_gold_option_may_be_given_as_text(write_run):
    rows = [choice(d, [-1.0, -2.0, -3.0], 1, target="bb") for d in range(2)]
    records = load(write_run(rows, {"acc,none": 0.0})).records
    assert set(records["item.gold"]) == {"1"}
    assert scores(load(write_run(rows)), "nll_correct") == [2.0, 2.0]


def test_mutual_information_doubles_are_cut(write_run):
    rows = []
    for doc in range(2):
        row = choice(doc, [-1.0, -2.0, -9.0, -9.0], 0, acc=1.0)
        for n in (2, 3):
            row["arguments"][f"gen_args_{n}"] = {"arg_0": "", "arg_1": f" {'ab'[n - 2]}"}
        rows.append(row | {"acc_mutual_info": 1.0, "metrics": ["acc", "acc_mutual_info"]})
    evidence = load(write_run(rows, {"acc,none": 1.0, "acc_mutual_info,none": 1.0}))
    assert set(evidence.records["chance"].dropna()) == {0.5}
    assert scores(evidence, "p_correct") == pytest.approx([1 / (1 + math.exp(-1))] * 2)


def test_chance_is_the_mean_over_the_items(write_run):
    rows = [choice(0, [-1.0, -2.0], 0), choice(1, [-1.0, -2.0, -3.0, -4.0], 0)]
    records = load(write_run(rows, {"acc,none": 1.0})).records
    assert set(records.query("metric == 'acc,none'")["chance"]) == {0.375}


def test_repeated_answers_are_scored_where_the_rule_is_certain(write_run):
    answers = [["A", "b.", "a"], ["x", "a", "x"]]
    filters = [
        {"name": "first", "filter": [{"function": "take_first"}]},
        {"name": "maj", "filter": MAJORITY},
    ]
    logged = {"first": [1.0, 0.0], "maj": [1.0, 0.0]}
    rows = [
        generated(d, "a", answers[d], logged[name][d], filter=name)
        for name in logged
        for d in range(2)
    ]
    rule = config(filters, ignore_case=True, ignore_punctuation=True)
    evidence = load(write_run(rows, {"exact_match,first": 0.5, "exact_match,maj": 0.5}, **rule))
    sampled = evidence.records.query("metric == 'exact_match'")
    assert sampled["score"].tolist() == [1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    assert sampled["sample"].tolist() == [0, 1, 2, 0, 1, 2]
    assert evidence.warnings == (
        "t: 3 answers per item were scored again by exact match, which reproduces all 4 logged "
        "scores",
    )


@pytest.mark.parametrize(
    ("filters", "options", "logged"),
    [
        ([{"name": "none", "filter": [{"function": "regex"}, {"function": "take_first"}]}], {}, 1),
        ([{"name": "none", "filter": [{"function": "take_first"}]}], {}, 0),
        ([{"name": "none", "filter": [{"function": "take_first"}]}], {"unknown": 1}, 1),
        ([{"name": "other", "filter": [{"function": "take_first"}]}], {}, 1),
    ],
)
def test_repeated_answers_are_not_scored_where_it_is_not(write_run, filters, options, logged):
    rows = [generated(0, "a", ["a", "b"], float(logged))]
    evidence = load(
        write_run(rows, {"exact_match,none": float(logged)}, **config(filters, **options))
    )
    assert set(evidence.records["metric"]) == {"exact_match,none"}
    assert evidence.warnings == (
        "t: 2 answers per item are in the file, but not their scores; samples are not told apart "
        "(1 row)",
    )


def test_another_document_under_the_same_id_is_refused(write_run):
    rows = [choice(d, [-1.0, -2.0], 0) for d in range(2)]
    write_run(rows, {"acc,none": 1.0}, model="a")
    changed = [row | {"doc_hash": "new"} for row in rows]
    path = write_run(changed, {"acc,none": 1.0}, model="b")
    root = path.parents[1]
    assert refused(root) == (
        f"{path.relative_to(root.parent)}: records: a different document under the same item id "
        "(task t, item 0; 2 such). The runs used two "
        "versions of the data set: read them apart, or leave the older run out."
    )


def test_reruns_keep_the_latest_by_date(write_run):
    for day, acc in (("03", 1.0), ("01", 0.0), ("02", 0.0)):
        date = f"2026-01-{day}T00-00-00.000000"
        path = write_run([choice(0, [-1.0 - acc, -2.0 + acc], 1)], {"acc,none": acc}, date=date)
    evidence = load(path.parents[1], duplicates="latest")
    assert scores(evidence, "acc,none") == [1.0]
    assert evidence.reported["value"].tolist() == [1.0]
    repeated = load(path.parents[1], duplicates="sample")
    assert sorted(scores(repeated, "acc,none")) == [0.0, 0.0, 1.0]
    assert not len(repeated.reported)
    assert repeated.warnings == (
        "records: 14 rows of a repeated key taken as more samples.",
        "reported: 3 rows of a repeated key left out, the items of the runs are read as samples.",
    )


# Results files


def test_facts_of_the_run_are_kept(write_run):
    path = write_run(
        [],
        {"acc,none": 0.5, "acc_stderr,none": "N/A", "ter,none": 3.0, "alias": " - t"},
        **{"n-shot": {"t": 5}, "task_hashes": {"t": "abc"}, "versions": {"t": 2}},
        **{"higher_is_better": {"t": {"acc": True, "ter": None}}, "chat_template": "{{x}}"},
        **{"n-samples": {"t": {"original": 8, "effective": 8}}},
    )
    reported = load(path.parent / f"results_{DATE}.json").reported.set_index("metric")
    row = reported.loc["acc,none"]
    assert row[["value", "n", "shots", "task_hash"]].tolist() == [0.5, 8.0, 5.0, "abc"]
    assert row[["harness_version", "chat_template"]].tolist() == ["0.4.13", True]
    assert math.isnan(row["se"])
    assert reported["higher_is_better"].to_dict() == {"acc,none": True, "ter,none": False}


def test_a_standard_error_of_exactly_zero_is_unknown(write_run):
    entry = {"acc,none": 0.5, "acc_stderr,none": 0.0, "em,none": 0.0, "em_stderr,none": 0.0}
    path = write_run([], entry).parent / f"results_{DATE}.json"
    evidence = load(path)
    assert math.isnan(evidence.reported["se"][0])
    assert evidence.reported["se"][1] == 0.0
    assert evidence.warnings == (
        f"{path}: 1 standard error of exactly 0 for a value strictly inside (0, 1) is unknown "
        "(first t acc,none)",
        "2 values read without items (first t acc,none): good for means and over seeds, not for "
        "pairing items or pass@k.",
    )


def test_averages_over_groups_are_left_out_and_name_the_suite(write_run):
    raw = {
        "results": {"suite": {"acc,none": 0.5}, "t": {"acc,none": 0.4}, "alone": {"acc,none": 1}},
        "group_subtasks": {"suite": ["t"], "alone": []},
    }
    path = write_run([choice(0, [-1.0, -2.0], 0)], {}).parent
    results = path / f"results_{DATE}.json"
    results.write_text(json.dumps(json.loads(results.read_text()) | raw))
    evidence = load(path)
    assert list(evidence.reported["task"]) == ["t", "alone"]
    assert evidence.reported["group"].astype(object).fillna("").tolist() == ["suite", ""]
    assert set(evidence.records["group"]) == {"suite"}
    assert (
        f"{path.name}/results_{DATE}.json: 1 average over groups was left out: it follows from "
        "its tasks (first suite)" in evidence.warnings
    )


@pytest.mark.parametrize(
    ("arguments", "name", "expected"),
    [
        ("pretrained=org/m,dtype=float32", "org/m", "org/m"),
        ({"pretrained": "org/m", "revision": "main"}, "org/m", "org/m"),
        ("pretrained=org/m,peft=org/lora", "org/lora", "org/lora"),
        ("model=gpt-x", "gpt-x", "gpt-x"),
        ("pretrained=org/m,revision=v2", "org/m", "org/m,revision=v2"),
        (None, "my-model", "my-model"),
    ],
)
def test_models_are_named_as_the_harness_names_them(tmp_path, arguments, name, expected):
    path = tmp_path / f"results_{DATE}.json"
    raw = {"results": {"t": {"acc,none": 1}}, "config": {"model_args": arguments}}
    path.write_text(json.dumps(raw | {"model_name": name}))
    assert list(lm_eval.read(path).reported["model"]) == [expected]


# Older layouts


def test_version_0_4_0_is_read(tmp_path):
    rows = [
        {
            **{"doc_id": d, "doc": {}, "target": 0},
            "arguments": [["q", " yes"], ["q", " no"]],
            "resps": [[[-1.0, True]], [[-2.0 - d, False]]],
            "filtered_resps": [[-1.0, True], [-2.0 - d, False]],
            "acc": 1.0,
        }
        for d in range(3)
    ]
    (tmp_path / "pretrained__org__m_big_task.jsonl").write_text(json.dumps(rows, indent=2))
    results = {
        "results": {"task": {"acc,none": 0.0}, "big_task": {"acc,none": 1.0}},
        "config": {"model_args": "pretrained=org/m"},
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    evidence = load(tmp_path)
    assert list(evidence.records["task"].unique()) == ["big_task"]
    assert scores(evidence, "acc,none") == [1.0] * 3
    assert scores(evidence, "nll_correct_per_char") == pytest.approx([1 / 3] * 3)
    assert set(evidence.records["model"]) == {"org/m"}
    assert evidence.warnings == (
        "1 value read without items (first task acc,none): good for means and over seeds, not for "
        "pairing items or pass@k.",
    )


def test_samples_are_known_by_their_content_whatever_their_suffix(write_run):
    samples = write_run([choice(0, [-1.0, -2.0], 0)], {"acc,none": 1.0})
    samples.rename(samples.with_suffix(".json"))
    assert scores(load(samples.parent), "acc,none") == [1.0]


def test_a_cut_off_array_is_refused(tmp_path):
    path = tmp_path / "m_t.jsonl"
    path.write_text('[\n  {\n    "doc_id": 0,\n    "doc": {},\n    "acc": 1.0\n  },\n  {"doc')
    assert refused(path) == (
        f"{path}: expected an array of samples (lm-eval 0.4.0 to 0.4.2), but it is cut off. "
        "Evaluate again or leave the file out."
    )


def test_output_beside_a_named_file_is_tied_by_date(tmp_path, write_run):
    samples = write_run([choice(0, [-1.0, -2.0], 0)], {"acc,none": 1.0})
    results = samples.parent / f"results_{DATE}.json"
    results.rename(samples.parent / f"mine_{DATE}.json")
    evidence = load(samples.parent)
    assert evidence.warnings == ()
    assert set(evidence.records["model"]) == {"org/m"}
