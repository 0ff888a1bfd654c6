"""The demo says what a separate reading of the raw logs says."""

import re
import subprocess
import sys
from html import unescape

import pytest

import evalvar as ev
from tests.raw_study import last_step, pass_at_k, read, seed_noise

SEED_METRICS = ["acc,none", "acc_norm,none", "p_correct", "p_correct_per_char", "nll_correct"]


@pytest.fixture(scope="module")
def raw(study):
    return read(study)


@pytest.fixture(scope="module")
def evidence(study):
    return ev.load(study)


@pytest.fixture(scope="module")
def results(evidence):
    return ev.overview(evidence)


def quantities(results, name):
    return next(result for result in results if result.name == name).table


def test_every_logged_score_was_read(evidence, raw):
    scores, right = raw
    records = evidence.records
    assert set(records["model"]) == {"ck"}
    for metric, runs in scores.items():
        part = records[records["metric"] == metric]
        key = ["seed", "checkpoint", "item"]
        found = part.set_index(part[key].astype(str).agg("/".join, axis=1))["score"].to_dict()
        wanted = {
            f"{seed}/{step}/{item}": score
            for seed, steps in runs.items()
            for step, items in steps.items()
            for item, score in items.items()
        }
        assert found.keys() == wanted.keys(), metric
        assert all(abs(found[k] - wanted[k]) < 1e-12 for k in wanted), metric
    assert sum(len(steps) for steps in right.values()) == 50


@pytest.mark.parametrize("metric", [*SEED_METRICS, "exact_match,first", "exact_match,maj@8"])
def test_seed_tables_are_those_of_the_raw_logs(results, raw, metric):
    table = quantities(results, "seed_variance")
    found = table[table["metric"] == metric].set_index("quantity")["value"]
    for quantity, wanted in seed_noise(raw[0][metric], metric).items():
        assert found[quantity] == pytest.approx(wanted, rel=1e-10), quantity


@pytest.mark.parametrize("metric", [*SEED_METRICS, "exact_match,first", "exact_match,maj@8"])
def test_last_two_checkpoints_are_compared(results, raw, metric):
    table = quantities(results, "compare")
    row = table[table["metric"] == metric].iloc[0]
    assert (row["a"], row["b"]) == ("1500", "1350")
    assert row["value"] == pytest.approx(last_step(raw[0][metric]), abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_pass_at_k_is_that_of_the_raw_answers(results, raw, k):
    table = quantities(results, "code_metrics")
    rows = table[(table["quantity"] == f"pass@{k}") & (table["metric"] == "exact_match")]
    for seed, wanted in pass_at_k(raw[1], k).items():
        found = rows.loc[(rows["seed"] == seed).fillna(False), "value"]
        assert found.tolist() == pytest.approx([wanted], abs=1e-12)


def test_rescoring_is_remarked(evidence):
    assert any(
        "8 answers per item were scored again by exact match" in sentence
        and "reproduces all 5,000 logged scores" in sentence
        for sentence in evidence.warnings
    )


@pytest.fixture(scope="module")
def written(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "evalvar.cli", "demo", str(study), "-o", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return folder, done.stdout


def rows_of(page):
    """Return the text and the sortable numbers of every table row of the page."""
    rows = re.findall(r"<tr\b.*?</tr>", page.replace("<wbr>", ""), flags=re.DOTALL)
    return [
        (
            " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()),
            [float(number) for number in re.findall(r'data-v="([^"]+)"', row)],
        )
        for row in rows
    ]


def shown(rows, names, wanted):
    """Tell whether one row names them all and is sorted by the wanted numbers, as share or in %."""
    return any(
        all(name in text.split() for name in names)
        and all(
            any(
                number in (pytest.approx(w, rel=1e-5), pytest.approx(w / 100, rel=1e-5))
                for number in numbers
            )
            for w in wanted
        )
        for text, numbers in rows
    )


def test_demo_prints_its_paths_and_three_sentences(written):
    folder, out = written
    lines = out.splitlines()
    assert lines[:2] == [str(folder / "demo.html"), str(folder / "demo.pdf")]
    assert len(lines) == 5
    assert all(line.endswith((".", "]")) for line in lines[2:])


def test_the_page_shows_the_numbers_of_the_raw_logs(written, raw):
    folder, _ = written
    rows = rows_of((folder / "demo.html").read_text(encoding="utf-8"))
    noise = {metric: seed_noise(raw[0][metric], metric) for metric in SEED_METRICS}
    for metric in ("acc,none", "acc_norm,none", "p_correct", "p_correct_per_char"):
        n = noise[metric]
        table1 = [100 * n["final_mean"], 100 * n["seed_sd"], n["monotonicity"]]
        assert shown(rows, [metric], table1), metric
    for metric, continuous in (("acc,none", "p_correct"), ("acc_norm,none", "p_correct_per_char")):
        n = noise[metric]
        table2 = [100 * n["final_seed_sd"], n["snr"], noise[continuous]["snr"]]
        assert shown(rows, [metric, continuous], table2), metric
        step = 100 * last_step(raw[0][metric])
        assert any(metric in text and f"{step:+.1f}" in text.split() for text, _ in rows)
    for k in (1, 2, 5, 8):
        mean_over_seeds = 100 * sum(pass_at_k(raw[1], k).values()) / 5
        assert any(
            number == pytest.approx(mean_over_seeds, rel=1e-5)
            for _, numbers in rows
            for number in numbers
        ), k


def test_the_page_carries_every_remark(written, results):
    folder, _ = written
    text = unescape(re.sub(r"<[^>]+>", " ", (folder / "demo.html").read_text(encoding="utf-8")))
    text = " ".join(text.split())
    for result in results:
        for sentence in result.warnings:
            assert " ".join(sentence.split()) in text


def test_the_slice_in_the_package_has_a_demo_of_its_own(tmp_path):
    command = [sys.executable, "-m", "evalvar.cli", "demo", "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 5
    assert (tmp_path / "demo.pdf").read_bytes().startswith(b"%PDF")


def test_the_committed_example_is_what_the_code_says(root, study, monkeypatch):
    monkeypatch.chdir(study.parent)  # sources are named as they are given
    results = ev.overview(ev.load(study.name))
    title = "A small language model, trained five times"
    page = ev.report.to_markdown(ev.report.build(results, title=title))
    committed = (root / "reports" / "demo.md").read_text(encoding="utf-8")
    assert page == committed, "run `make reports` and read the difference"


def test_v14_a_task_without_a_continuous_metric_shows_a_dash(written):
    folder, _ = written
    rows = rows_of((folder / "demo.html").read_text(encoding="utf-8"))
    table2 = [text for text, _ in rows if text.startswith("exact_match,first 74 ")]
    assert any(text.endswith("\N{EN DASH}") for text in table2)
