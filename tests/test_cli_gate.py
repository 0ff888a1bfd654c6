"""The gate in a pipeline: verdict first, exit code 0, 1, 2, and 3 for bad input."""

import json
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

RULE = ("--rule", "difference >= -0.1")


def answers(model, right, *, n=200, task="t", seed=0, metric="acc"):
    """The first items right, the others wrong."""
    frame = pd.DataFrame({"model": model, "task": task, "metric": metric, "item": range(n)})
    return frame.assign(seed=seed, score=(np.arange(n) < right).astype(float))


def write(path, *parts):
    pd.concat(parts).to_csv(path, index=False)
    return path


@pytest.fixture
def file(tmp_path):
    """Old has 120 of 200 right; same as well, worse 60, close 104, all on the same items."""
    rights = {"old": 120, "same": 120, "worse": 60, "close": 104}
    return write(tmp_path / "runs.csv", *(answers(m, right) for m, right in rights.items()))


@pytest.mark.parametrize(
    ("model", "code", "first"),
    [
        ("same", 0, "PASS: the only row keeps its rule."),
        ("worse", 1, "FAIL: 1 of 1 row breaks its rule."),
        ("close", 2, "INCONCLUSIVE: 1 of 1 row is inconclusive."),
    ],
)
def test_exit_code_and_first_line_are_the_verdict(run, file, model, code, first):
    found, out, _ = run("gate", file, "-a", model, "-b", "old", *RULE)
    assert (found, out.splitlines()[0]) == (code, first)


def test_the_whole_answer(run, file):
    _, out, err = run("gate", file, "-a", "worse", "-b", "old", *RULE)
    lines = out.splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("fail  t, acc: the difference is -0.30 [-0.3")
    assert lines[1].endswith("]; the rule needs at least -0.1.")
    assert lines[2] == (
        "Where all true values keep their rules, a fail comes up with at most 2.5% probability."
    )
    assert err == ""
    assert "\u2212" not in out


@pytest.mark.parametrize(("word", "code"), [("keep", 2), ("pass", 0), ("fail", 1)])
def test_inconclusive_counts_as_asked(run, file, word, code):
    assert run("gate", file, "-a", "close", "-b", "old", *RULE, "--inconclusive", word)[0] == code


def test_many_tasks_fail_by_the_interval_for_all_of_them(run, tmp_path):
    parts = [answers("old", 100, task=f"t{i}") for i in range(6)]
    parts += [answers("new", 100, task=f"t{i}") for i in range(5)]
    parts += [answers("new", 92, task="t5")]
    path = write(tmp_path / "many.csv", *parts)
    words = ("gate", path, "-a", "new", "-b", "old", "--rule", "difference >= -0.01")
    code, out, _ = run(*words)
    assert code == 2
    assert "it fails alone, but not as one of 6 rows" in out.splitlines()[-2]
    assert run(*words, "--correction", "none")[0] == 1
    settings = json.loads(run(*words, "--json")[1])["settings"]
    assert settings["pass_error"] == pytest.approx(0.025)
    assert settings["fail_error"] == pytest.approx(0.025)
    settings = json.loads(run(*words, "--json", "--correction", "max-t")[1])["settings"]
    assert settings["fail_error"] == pytest.approx(0.05)


def test_forms_are_written_and_the_verdict_is_still_printed(run, file, tmp_path):
    targets = [tmp_path / f"gate{suffix}" for suffix in (".md", ".xml", ".json")]
    more = tmp_path / "junit"
    words = ["gate", file, "-a", "worse", "-b", "old", *RULE, "--junit", more]
    code, out, _ = run(*words, *(w for t in targets for w in ("-o", t)))
    assert (code, out.splitlines()[0]) == (1, "FAIL: 1 of 1 row breaks its rule.")
    assert targets[0].read_text(encoding="utf-8").startswith("### FAIL: 1 of 1 row breaks")
    assert targets[1].read_bytes() == more.read_bytes()
    suite = ElementTree.fromstring(more.read_bytes()).find("testsuite")
    assert suite.get("failures") == "1"
    assert json.loads(targets[2].read_text())["settings"]["verdict"] == "fail"


def test_a_baseline_may_carry_the_same_name(run, tmp_path):
    new = write(tmp_path / "new.csv", answers("m", 60))
    old = write(tmp_path / "old.csv", answers("m", 120))
    code, out, _ = run("gate", new, "--baseline", old, *RULE, "--json")
    row = json.loads(out)["rows"][0]
    assert (code, row["a"], row["b"], row["value"]) == (1, "m", "m (baseline)", -0.3)
    assert run("gate", old, "--baseline", new, *RULE)[0] == 0


def test_rules_of_several_analyses(run, file):
    words = ["gate", file, "-a", "same", "-b", "old", *RULE]
    code, out, _ = run(*words, "--rule", "mean >= 0.5", "--rule", "rank <= 3")
    assert (code, out.splitlines()[0]) == (0, "PASS: all 3 rows keep their rules.")
    code, out, _ = run("gate", file, "--rule", "mean[model=worse] >= 0.5")
    assert code == 1
    code, out, _ = run("gate", file, "--rule", "mean >= 0.45")
    assert (code, out.splitlines()[0]) == (
        1,
        "FAIL: 1 of 4 rows breaks its rule, 3 of 4 rows keep their rules.",
    )


@pytest.fixture
def logs(root):
    return root / "evalvar" / "demo_logs.tar.xz"


def test_the_last_checkpoint_is_on_trial(run, logs):
    words = ("gate", logs, "--model", "tiny-plain", "--task", "tiny_cloze", "-M", "acc,none")
    code, out, _ = run(*words, "--rule", "mean >= 0.6", "--rule", "final_mean >= 0.5")
    assert (code, len(out.splitlines())) == (0, 8)  # five seeds, and all of them
    assert run(*words, "--checkpoint", 300, "--rule", "mean >= 0.6")[0] == 1


def test_two_checkpoints_of_one_run(run, logs):
    words = ("gate", logs, "--model", "tiny-plain", "--task", "tiny_cloze", "-M", "acc,none")
    words = (*words, "--between", "checkpoint", "-a", 1500, "-b")
    assert run(*words, 300, "--rule", "difference >= 0.3")[0] == 0
    assert run(*words, 900, "--rule", "difference >= 0.2")[0] == 2


def test_tries(run, logs):
    words = ("gate", logs, "--model", "tiny-plain", "-M", "exact_match", "--rule")
    code, out, _ = run(*words, "pass@1 > 0.3", "--rule", "pass@4 > 0.6")
    assert (code, len(out.splitlines())) == (0, 4)


@pytest.fixture
def nightly(tmp_path):
    """Five earlier runs of one system under the same labels."""
    (tmp_path / "nightly").mkdir()
    for night, right in enumerate((120, 124, 116, 122, 118)):
        write(tmp_path / "nightly" / f"{night}.csv", answers("m", right))
    return tmp_path / "nightly"


@pytest.mark.parametrize(
    ("right", "within", "strict"), [(119, 0, 2), (112, 2, 1), (60, 1, 1), (150, 0, 0)]
)
def test_history_sets_the_margin(run, nightly, tmp_path, right, within, strict):
    new = write(tmp_path / "new.csv", answers("m", right))
    words = ("gate", new, "--history", nightly / "*.csv", "--rule")
    code, out, _ = run(*words, "change >= -noise")
    assert code == within
    # 200 sd = sqrt(10); the limit is 2.1318 sqrt(10 (1 + 1/5)) / 200 = 0.0369
    assert out.splitlines()[-1] == (
        "learned  t, acc: noise 0.0738 from 5 earlier runs, which differ by a standard deviation "
        "of 0.0158; an unchanged one is at most 0.0369 worse."
    )
    assert run(*words, "change >= 0")[0] == strict


def test_what_was_learned_is_kept_and_read(run, nightly, tmp_path):
    new, kept = write(tmp_path / "new.csv", answers("m", 112)), tmp_path / "learned.json"
    rule = ("--rule", "change >= -noise")
    fresh = run("gate", new, "--history", nightly / "*", "--learned", kept, *rule)
    assert run("gate", new, "--history", kept, *rule) == fresh
    assert json.loads(kept.read_text())["name"] == "history"


def test_the_noise_of_history_is_a_margin_of_differences_too(run, nightly, tmp_path):
    new, old = (write(tmp_path / f"{n}.csv", answers(n, 120)) for n in ("new", "old"))
    code, out, _ = run(
        *("gate", new, "--baseline", old, "--history", nightly / "*"),
        *("--rule", "difference >= -noise"),
    )
    assert code == 0
    assert "the rule needs at least -0.0738, from the noise of the earlier runs." in out


def test_a_saved_result_is_gated_as_it_is(run, file, tmp_path):
    saved = tmp_path / "compare.json"
    saved.write_text(run("compare", file, "-a", "worse", "-b", "old", "--json")[1])
    assert run("gate", saved, *RULE)[0] == 1
    run("report", file, "-o", tmp_path / "all.json")
    assert run("gate", tmp_path / "all.json", "--rule", "mean[model=same] >= 0.4")[0] == 0


def fails(run, *words):
    code, out, err = run("gate", *words)
    assert (code, out) == (3, "")
    last = err.splitlines()[-1]
    assert last.startswith("evalvar: ")
    return last.removeprefix("evalvar: ")


def test_bad_input_is_one_line_and_exit_3(run, file, nightly, tmp_path):
    sides = ("-a", "same", "-b", "old")
    assert fails(run, file, *sides) == "Missing option '--rule'. See evalvar --help."
    assert fails(run, file, *sides, "--rule", "difference") == (
        "rule 'difference': expected QUANTITY >= NUMBER, such as 'difference >= -0.01', and found "
        "no >=, <=, > or <."
    )
    assert fails(run, file, *sides, *RULE, "--correction", "x") == (
        "--correction x is unknown. Use bonferroni, max-t or none."
    )
    assert fails(run, file, *sides, *RULE, "--inconclusive", "x") == (
        "--inconclusive x is unknown. Use keep, pass or fail."
    )
    assert fails(run, file, *RULE) == (
        "a rule on the difference needs both sides: -a names what is on trial, -b what it is "
        "compared with. There is: old, same, worse, close."
    )
    assert fails(run, file, "-a", "nobody", "-b", "old", *RULE) == (
        "no model 'nobody' in the data. There is: close, old, same, worse."
    )
    assert fails(run, file, *sides, "--rule", "luck > 0").startswith(
        "rule 'luck > 0': no analysis is known to give 'luck'. Use difference, macro_difference, "
        "mean, rank, change, final_mean,"
    )
    assert fails(run, file, "-a", "same", "--rule", "change >= 0") == (
        "a rule on the change needs earlier runs of the same system. Name them with --history."
    )
    assert fails(run, file, *sides, "--rule", "difference >= -noise") == (
        "rule 'difference >= -noise': no noise was learned for task t, metric acc. Give earlier "
        "runs of the same tasks and metrics as history, or write a number."
    )
    assert fails(run, file, *RULE, "--history", nightly / "*.json", "-a", "same") == (
        f"--history {nightly / '*.json'}: no path matches. Check the pattern."
    )
    assert fails(run, file, "--baseline", nightly / "0.csv", *RULE) == (
        "there are 4 models (old, same, worse, close). Name one with -a."
    )
    assert fails(run, file, "--baseline", file, "-a", "new", *RULE) == (
        "no model 'new' in the data. There is: old, same, worse, close."
    )
    assert fails(run, file, "--baseline", file, "--between", "seed", *RULE) == (
        "--baseline reads another model, and --between seed is of one. Leave one of them out."
    )
    assert fails(run, file, *sides, *RULE, "-o", "x.html") == (
        "x.html: unknown form '.html'. Use .md, .xml, .json."
    )


def test_saved_results_and_runs_are_not_mixed(run, file, tmp_path):
    saved = tmp_path / "compare.json"
    saved.write_text(run("compare", file, "-a", "worse", "-b", "old", "--json")[1])
    assert fails(run, saved, "-a", "same", *RULE) == (
        f"{saved} is a saved result, and -a is for runs. Leave it out, or name the runs."
    )
    assert fails(run, saved, file, *RULE) == (
        f"{file} is no saved result, and {saved} is one. Name one kind only."
    )
    assert fails(run, file, "--history", saved, "-a", "same", "--rule", "change >= 0") == (
        "the result 'compare' holds no learned thresholds. Make it with evalvar.learn_threshold."
    )


IDLE = {
    "--task": "nosuch",
    "--model": "old",
    "--metric": "acc",
    "--prompt": "p",
    "--level": 0.95,
    "--missing": "drop",
    "--checkpoint": 7,
    "--correction": "none",
    "--learned": "l.json",
    "--false-alarm": 0.1,
    "--rng": 1,
    "--between": "seed",
    "--duplicates": "latest",
    "--label": "model=x",
}


@pytest.mark.parametrize("option", IDLE)
def test_options_for_runs_were_ignored_beside_a_saved_result(run, file, tmp_path, option):
    saved = tmp_path / "summary.json"
    saved.write_text(run("summary", file, "--json")[1])
    assert fails(run, saved, "--rule", "mean >= 0.4", option, IDLE[option]) == (
        f"{saved} is a saved result, and {option} is for runs. Leave it out, or name the runs."
    )
    kept = ("--inconclusive", "fail", "--junit", tmp_path / "j.xml", "-o", tmp_path / "s.md")
    assert run("gate", saved, "--rule", "mean[model=old] >= 0.4", *kept)[0] == 0


def test_what_was_asked_of_a_history_was_ignored(run, file, nightly, tmp_path):
    new, kept = write(tmp_path / "new.csv", answers("m", 112)), tmp_path / "learned.json"
    rule = ("--rule", "change >= -noise")
    run("gate", new, "--history", nightly / "*", "--learned", kept, *rule)
    assert fails(run, new, "--history", kept, "--false-alarm", "0.2", *rule) == (
        f"{kept} was learned with --false-alarm 0.05, and 0.2 is asked for. Name the runs with "
        "--history, or leave it out."
    )
    assert fails(run, new, "--history", kept, "--missing", "wrong", *rule) == (
        f"{kept} was learned with --missing drop, and wrong is asked for. Name the runs with "
        "--history, or leave it out."
    )
    assert run("gate", new, "--history", kept, "--false-alarm", "0.05", *rule)[0] == 2
    for words in (("--false-alarm", "0.2"), ("--learned", "l.json")):
        assert fails(run, file, "-a", "same", "-b", "old", *RULE, *words) == (
            f"{words[0]} is for earlier runs. Name them with --history."
        )


def test_a_file_of_the_history_was_judged_by_itself(run, nightly):
    words = ("--history", nightly / "*", "--rule", "change >= -noise")
    assert fails(run, nightly / "2.csv", *words).endswith(
        "2.csv is of the new run and of the earlier ones too. Leave it out of the history."
    )


def test_quantities_with_spaces_could_not_be_gated(run, tmp_path):
    rng = np.random.default_rng(0)
    item, seed = (axis.ravel() for axis in np.indices((60, 4)))
    frame = pd.DataFrame({"model": "m", "task": "t", "item": item, "seed": seed})
    runs = write(tmp_path / "runs.csv", frame.assign(score=rng.random(240)))
    saved = tmp_path / "variance.json"
    saved.write_text(run("variance", runs, "--json")[1])
    for path in (runs, saved):
        code, out, _ = run("gate", path, "--rule", "se_item x seed <= 0.5")
        assert code == 0
        assert "the se item x seed is 0.0" in out
        assert run("gate", path, "--rule", "var_item x seed  +  sample [task=t] <= 0.01")[0] == 1
    assert fails(run, saved, "--rule", "se_item x prompt <= 0.5").startswith(
        "rule 'se_item x prompt <= 0.5' matches no row: there is no quantity 'se_item x prompt'."
    )


def test_too_few_runs_were_told_that_more_data_decide(run, nightly, tmp_path):
    new = write(tmp_path / "new.csv", answers("m", 112))
    words = ("gate", new, "--history", nightly / "0.csv", "--rule", "change >= -noise")
    code, out, _ = run(*words)
    assert code == 2
    assert out.splitlines()[:3] == [
        "INCONCLUSIVE: 1 of 1 row is inconclusive.",
        "inconclusive  t, acc: the change is -0.0400, without an interval (undefined: the noise "
        "of a run needs at least 3 runs, but has 1.); the noise of the earlier runs is not known.",
        "Inconclusive: nothing to decide by; the reasons say what is missing.",
    ]
