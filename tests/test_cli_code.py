"""The command line's code: timings and scores, what is asked of k tries, refusals."""

import json

import pandas as pd
import pytest

from tests.analyses.test_code_sensitivity import timings


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "timings.parquet"
    timings().timings.to_parquet(path)
    return path


def test_timings_are_read_directly_and_the_gap_stands_beside(run, table):
    code, out, err = run("code", table, "-k", "1,2")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "t: 2 models, 4 problems"
    assert lines[1].startswith("A: right 1.00 [")
    assert "efficiency" in lines[1]
    assert lines[1].endswith("137] at one try, not clearly above 0.")
    assert "being slow costs 0.28 [" in lines[2]
    head = next(line for line in lines if line.startswith("model"))
    assert head.split() == ["model", "k", "pass@k", "interval", "eff@k", "interval", "gap@k",
                            "interval"]  # fmt: skip
    assert len(lines) < 15


def test_a_gap_that_drift_can_make_is_no_cost(run, table, tmp_path):
    frame = pd.read_parquet(table)
    before = frame[frame["phase"] == "before"]
    after = before.assign(phase="after", seconds=1.4 * before["seconds"])
    drifted = tmp_path / "drifted.parquet"
    pd.concat([frame, after], ignore_index=True).to_parquet(drifted)
    code, out, _ = run("code", drifted, "-k", "1")
    assert code == 0
    assert "being slow costs" not in out
    told = "at one try, not clearly above the 0.400 that the drift of the references can make."
    assert out.count(told) == 2
    page = tmp_path / "page.md"
    for command in ("report", "code"):
        assert run(command, drifted, "-o", page)[0] == 0
        text = page.read_text(encoding="utf-8")
        assert "Right, less fast" not in text
        assert "what the drift of the references\u2019 own times could make, 0.400" in text


def test_scores_beside_the_timings_of_others_have_no_drift(run, table, tmp_path):
    scores = tmp_path / "scores.csv"
    rows = [
        ("C", "t", item, sample, metric, worth * float((item + sample) % 3 > 0))
        for item in range(6)
        for sample in range(3)
        for metric, worth in (("passed", 1), ("efficiency", 0.5))
    ]
    names = ["model", "task", "item", "sample", "metric", "score"]
    pd.DataFrame(rows, columns=names).to_csv(scores, index=False)
    code, out, _ = run("code", table, scores, "--model", "C")
    assert code == 0
    assert "being slow costs 0.33 [" in out


def test_check_counts_timings(run, table):
    code, out, _ = run("check", table)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert out.splitlines()[0] == (
        "1 file read (1 of table): 2 models and the references on 1 task."
    )
    assert out.splitlines()[1] == (
        "Everywhere 4 items, 1 seed, 1 checkpoint, 1 prompt, 1 run, 4 levels and 2 repeats."
    )
    assert lines[2][:5] == ["model", "task", "timings", "samples", "programs"]
    assert lines[3][:4] == ["A", "t", "208", "4"]
    programs, *ends = map(int, lines[3][4:])
    assert programs == 16 == sum(ends)


def test_coverage_counts_what_timings_are_scored_to(run, table):
    code, out, _ = run("coverage", table)
    assert code == 0
    assert "0 runs" not in out


def test_more_tries_than_answers_are_refused_in_one_line(run, table, tmp_path):
    code, out, err = run("code", table, "-k", "9")
    assert (code, out) == (3, "")
    told = "evalvar: -k 9: best of 9 needs 9 answers to an item; too few for 4 of 4"
    assert err.startswith(told)
    assert err.count("\n") == 1
    named = tmp_path / "named.csv"
    named.write_text("model,task,item,score\nbest of breed,t,1,1\nbest of breed,t,2,0\n")
    _, _, err = run("code", named, "-k", "9")
    assert "-k 9: best of 9 needs 9 answers" in err


def test_a_page_of_one_metric_of_timings_scores_them_first(run, table, tmp_path):
    page = tmp_path / "page.md"
    code, _, _ = run("report", table, "--metric", "passed", "-o", page)
    assert code == 0
    text = page.read_text(encoding="utf-8")
    assert "t, 1 metric" in text
    assert "eff@1" not in text


def test_best_of_k_efficient_programs_ranks_no_other_metric(run, table):
    code, out, err = run("rank", table, "--functional", "eff@2")
    assert code == 0
    assert "t, passed" not in out
    assert "remark: eff@2 is of efficiency; left out passed.\n" in err


def test_remarks_of_models_alike_are_one_sentence(run, table):
    _, _, err = run("code", table)
    assert len([line for line in err.splitlines() if "no score for" in line]) <= 1


def test_help_cuts_no_command_short(run):
    assert "..." not in run("--help")[1].partition("Commands:")[2]


def test_json_is_one_result_with_its_settings(run, table):
    code, out, _ = run(
        "code", table, "-k", "1,9", "--alpha", "1.5", "--hardness", "1,1,8", "--json"
    )
    data = json.loads(out)
    assert code == 0
    assert data["settings"]["alpha"] == 1.5
    assert data["settings"]["hardness"] == [1, 1, 8]
    rows = {(row["model"], row["quantity"]): row for row in data["rows"]}
    assert {name for _, name in rows} == {
        *("pass@1", "pass@9", "eff@1", "eff@9", "gap@1", "gap@9")
    }  # fmt: skip
    assert rows["A", "eff@9"]["value"] is None
    assert rows["A", "eff@9"]["method"].startswith("undefined: k is larger")


def test_e03_a_k_beyond_n_has_a_line_and_a_reason(run, table):
    _, out, err = run("code", table, "-k", "1,9")
    assert "Undefined: k is larger than the number of answers to some item." in out
    assert "best of 9 needs 9 answers to an item; too few for 4 of 4 items (smallest: 4)" in err


def test_other_questions_are_asked_by_word(run, table):
    code, out, _ = run("code", table, "-k", "3", "--quantity", "all", "--quantity", "bayes")
    assert code == 0
    assert "pass^k" in out
    assert "worst@k" in out
    assert "Bayes@N" in out
    code, _, err = run("code", table, "--quantity", "most")
    assert (code, err.strip()) == (
        3, "evalvar: quantity 'most' is unknown. Use best, all, share, mean-share, majority, bayes."
    )  # fmt: skip


def test_sensitivity_says_who_leads_whatever_the_weights(run, table):
    code, out, _ = run("code", table, "--sensitivity")
    assert code == 0
    assert out.startswith("t: ")
    assert all(line.endswith(".") for line in out.split("\n\n")[0].splitlines())
    assert "A over B: +" in out
    assert "bounds are of the weights alone, not intervals" in out
    assert "eff@1 by alpha" in out
    assert "eff@1 by hardness, alpha 2" in out
    code, out, _ = run("code", table, "--sensitivity", "--json")
    assert json.loads(out)["name"] == "efficiency_sensitivity"


def test_of_many_models_the_best_is_spoken_of_at_any_number_of_tries(run, tmp_path):
    rows = [(m, "t", i, s, float((i + s) % 5 <= place)) for place, m in enumerate("ADBC")
            for i in range(10) for s in range(3)]  # fmt: skip
    path = tmp_path / "scores.csv"
    names = ["model", "task", "item", "sample", "score"]
    pd.DataFrame(rows, columns=names).to_csv(path, index=False)
    for words in ((), ("-k", "2")):
        code, out, _ = run("code", path, *words)
        assert code == 0
        assert out.splitlines()[1].startswith("C: right ")
        assert not out.splitlines()[2]


def test_scores_of_programs_without_timings(run, tmp_path):
    path = tmp_path / "scores.csv"
    rows = [("m", "t", i, s, float((i + s) % 3 > 0)) for i in range(5) for s in range(4)]
    pd.DataFrame(rows, columns=["model", "task", "item", "sample", "score"]).to_csv(
        path, index=False
    )
    code, out, _ = run("code", path)
    assert code == 0
    assert out.startswith("t: 1 model, 5 problems\nm: right 0.")
    code, _, err = run("code", path, "--alpha", "1.5")
    assert code == 3
    assert "alpha and hardness score timings anew" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--hardness", "3,x"), "--hardness 3,x: expected a number a level"),
        (("--hardness", "3,3"), "hardness has 2 weights"),
        (("--alpha", "1"), "alpha must be a finite number above 1"),
        (("-k", "a"), "-k a: expected whole numbers"),
    ],
)
def test_nonsense_is_one_line(run, table, words, said):
    code, out, err = run("code", table, *words)
    assert code == 3
    assert not out
    assert said in err
    assert "Traceback" not in err


def test_a_rule_on_right_programs_says_nothing_of_efficiency(run, table):
    _, out, err = run("gate", table, "--rule", "pass@1>=0.1")
    assert "A: pass@1 is 1.00" in out
    assert "gap@k" not in err
    assert "in efficiency" not in err


def test_a_plan_of_a_model_with_one_try_says_whose_it_is(run, tmp_path):
    rows = [f"A,t,{i},{s},{(i + s) % 2}" for i in range(9) for s in range(3)]
    rows += [f"B,t,{i},0,{i % 3 % 2}" for i in range(9)]
    path = tmp_path / "tries.csv"
    path.write_text("\n".join(["model,task,item,sample,score", *rows]))
    _, _, err = run("plan", path, "-a", "A", "-b", "B")
    assert "at least one of the two models has one answer to an item by a run" in err


def test_the_noise_of_a_score_fits_a_terminal_and_says_first_what_would_help(run, table):
    code, out, _ = run("code-noise", table, "-k", "1")
    assert code == 0
    first = out.split("\n\n")[0].splitlines()
    assert first[0].startswith("t, eff@1: 4 problems, 4 answers each")
    assert first[1].startswith("More ")
    assert max(map(len, out.split("\n\n")[1].splitlines())) <= 80
    assert "share of squared error  problems  samples  timings  references" in out


def test_the_seed_of_what_the_noise_draws_can_be_given(run, table):
    code, out, _ = run("code-noise", table, "-k", "1", "--rng", "7", "--json")
    assert code == 0
    assert json.loads(out)["settings"]["rng"] == 7
    assert run("code-noise", table, "--rng", "-1")[0] == 3


def test_noise_of_more_tries_than_answers_is_refused_in_one_line(run, table):
    code, out, err = run("code-noise", table, "-k", "9")
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith("evalvar: -k 9: too few answers for 4 items")


def test_long_names_stand_above_their_numbers(run, table, tmp_path):
    frame = pd.read_parquet(table)
    long = tmp_path / "long.parquet"
    names = frame["model"].astype(str).replace({"A": "an-instructed-model-of-thirty-billions"})
    frame.assign(model=names).to_parquet(long)
    for words in (("code", "-k", "1,4"), ("code-noise", "-k", "1"), ("runtimes",)):
        code, out, _ = run(words[0], str(long), *words[1:])
        assert code == 0
        lines = [line for line in out.splitlines() if "[" in line and ":" not in line]
        assert lines
        assert max(map(len, lines)) <= 80


def test_run_times_of_no_clear_problem_are_not_listed(run, table):
    code, out, _ = run("runtimes", table)
    assert code == 0
    assert "No problem by itself tells them apart (log-rank p" in out
    assert "; --json has each." in out


def test_check_folds_many_lines_and_says_what_is_alike_once(run, tmp_path):
    rows = [{"model": f"m{m}", "task": f"t{t}", "item": i, "score": 1.0}
            for m in range(30) for t in range(3) for i in range(4 + t)]  # fmt: skip
    path = tmp_path / "many.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    code, out, _ = run("check", str(path))
    assert code == 0
    assert "Everywhere 1 seed, 1 checkpoint, 1 prompt and 1 sample." in out
    lines = [line.split() for line in out.splitlines()]
    assert ["t2", "score", "30", "6", "6"] in lines
    assert out.startswith("1 file read (1 of table): 30 models on 3 tasks.\n")
    assert "Folded from 90 of a model, task and metric" in out


def test_a_page_takes_the_limit_and_weights_that_are_asked_for(run, table, tmp_path):
    code, out, _ = run("report", table, "--alpha", "1.5", "--hardness", "1,1,2", "--json")
    assert code == 0
    found = {one["name"]: one["settings"] for one in json.loads(out)}
    for name in ("timed_runs", "code_noise", "code_metrics", "efficiency_sensitivity"):
        assert (found[name]["alpha"], found[name]["hardness"]) == (1.5, [1.0, 1.0, 2.0])
    assert found["runtimes"]["alpha"] == 1.5
    alone = json.loads(run("code", table, "--alpha", "1.5", "--hardness", "1,1,2", "--json")[1])
    page = next(one for one in json.loads(out) if one["name"] == "code_metrics")
    assert page["rows"] == alone["rows"]
    code, _, err = run("report", table, "--hardness", "x", "-o", tmp_path / "p.html")
    assert code == 3
    assert "--hardness x: expected a number a level" in err
    code, _, err = run("report", table, "--hardness", "3,3,4", "-o", tmp_path / "p.html")
    assert code == 0
    code, _, err = run("report", table, "--hardness", "1,2,3,4", "-o", tmp_path / "p.html")
    assert code == 3
    assert "hardness has 4 weights" in err
    scores = tmp_path / "scores.csv"
    scores.write_text("model,task,item,score\nA,t,1,1\nA,t,2,0\n")
    code, _, err = run("report", scores, "--alpha", "3", "-o", tmp_path / "p.html")
    assert code == 3
    assert "alpha and hardness score timings, and there are none." in err


def test_a_score_without_an_interval_says_why(run, table, tmp_path):
    frame = pd.read_parquet(table)
    of_a = (frame["model"] == "A") & (frame["level"] == 0)
    broken = tmp_path / "broken.parquet"
    frame[of_a | (frame["model"] == "reference")].assign(
        status=frame["status"].astype(str).mask(of_a, "crash"), seconds=frame["seconds"].mask(of_a)
    ).to_parquet(broken)
    code, out, _ = run("code", broken, "-k", "1")
    assert code == 0
    assert "No interval of eff@1 (A): all scores alike." in out
    page = tmp_path / "page.md"
    assert run("report", broken, "-o", page)[0] == 0
    assert "No interval: all scores alike. A dash: not defined" in page.read_text()


def test_the_noise_of_two_scores_of_the_same_answers_stands_apart(run, tmp_path):
    rows = [
        {"model": "A", "task": "t", "item": i, "sample": s, "metric": metric, "score": by + i + s}
        for metric, by in (("dps", 70), ("dps_norm", 20))
        for i in range(5)
        for s in range(2)
    ]
    path = tmp_path / "scores.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    code, out, _ = run("code-noise", path, "-k", "1")
    assert code == 0
    heads = [line for line in out.splitlines() if line.startswith("t, ")]
    assert heads == [f"t, eff@1 of {m}: 5 problems, 2 answers each" for m in ("dps", "dps_norm")]
    assert [line.split()[1][:2] for line in out.splitlines() if line.startswith("A  ")][::2] == [
        "72", "22",
    ]  # fmt: skip


def test_differences_of_an_efficiency_are_never_points(run, table):
    code, out, _ = run("compare", table, "-a", "A", "-b", "B", "--metric", "efficiency")
    assert code == 0
    assert "A leads B by 0." in out
    assert "points" not in out


def test_a_lead_is_positive_where_lower_is_better(run, tmp_path):
    rows = [{"model": m, "task": "t", "item": i, "metric": "nll", "higher_is_better": False,
             "score": 1.0 + by + i % 3 / 9} for m, by in (("A", 0), ("B", 1), ("C", 2))
            for i in range(12)]  # fmt: skip
    path = tmp_path / "nll.csv"
    pd.DataFrame(rows).assign(score=lambda x: x["score"] + x.index % 5 / 50).to_csv(
        path, index=False
    )
    code, out, _ = run("rank", path)
    assert code == 0
    (lead,) = (line for line in out.splitlines() if " A  " in line and "[" in line)
    assert "\u2212" not in lead
    assert "A leads: ahead of B by 1.0" in out


def test_what_timings_lack_is_said(run, table, tmp_path):
    frame = pd.read_parquet(table)
    path = tmp_path / "t.csv"
    frame.rename(columns={"seconds": "secs"}).to_csv(path, index=False)
    code, _, err = run("code", path)
    assert code == 3
    assert "expected a column seconds with the times of programs, found 'model'" in err
    frame[frame["model"] != "reference"].to_csv(path, index=False)
    code, out, _ = run("code", path)
    assert code == 0
    assert "No efficiency could be scored: the remarks say why." in out
    assert "No efficiency" not in run("code", table)[1]


def test_an_efficiency_of_fewer_problems_says_of_how_many(run, table):
    assert " of 4 problems" not in run("code", table)[1]
    frame = pd.read_parquet(table)
    blurred = frame["item"] == frame["item"].iloc[0]
    frame.assign(resolution_s=blurred * 100.0).to_parquet(table)
    lines = run("code", table)[1].splitlines()
    assert lines[0] == "t: 2 models, 4 problems"
    assert ", on 3 of 4 problems; gap" in lines[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sensitivity", "--by", "tag"), "Leave --by out"),
        (("--sensitivity", "-k", "1,2"), "Leave -k 1,2 out"),
        (("--sensitivity", "--quantity", "all", "--metric", "passed"),
         "Leave --quantity and --metric out"),
        (("--by", "tag", "--quantity", "all"), "--by is of the best of k. Leave --quantity out"),
        (("--tau", "0.8"), "a share is asked for by --quantity share. Leave --tau out"),
    ],
)  # fmt: skip
def test_options_that_would_go_unheard_are_refused(run, table, words, said):
    code, out, err = run("code", table, *words)
    assert (code, out) == (3, "")
    assert said in err


def test_a_dash_of_too_few_tries_is_not_called_stopped(run, table):
    code, out, _ = run("code", table, "--sensitivity", "-k", "9")
    assert code == 0
    assert "\u2013: k is larger than the number of answers to some item." in out
