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
    """Return the text of every table row of the page."""
    rows = re.findall(r"<tr\b.*?</tr>", page.replace("<wbr>", ""), flags=re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def test_demo_prints_its_paths_and_three_sentences(written):
    folder, out = written
    lines = out.splitlines()
    assert lines[:2] == [str(folder / "demo.html"), str(folder / "demo.pdf")]
    assert len(lines) == 5
    assert all(line.endswith((".", "]")) for line in lines[2:])


def test_the_page_shows_the_numbers_of_the_raw_logs(written, raw):
    folder, _ = written
    rows = rows_of((folder / "demo.html").read_text(encoding="utf-8"))
    for metric in ("acc,none", "p_correct"):
        noise = seed_noise(raw[0][metric], metric)
        table1 = [
            f"{100 * noise['final_mean']:.0f}",
            f"{100 * noise['seed_sd']:.1f}",
            f"{noise['monotonicity']:.2f}",
        ]
        assert any(
            metric in row and all(number in row.split() for number in table1) for row in rows
        ), (metric, table1)
        table2 = [f"{100 * noise['final_seed_sd']:.1f}"]
        assert any(metric in row and table2[0] in row.split() for row in rows), (metric, table2)
    step = 100 * last_step(raw[0]["acc,none"])
    assert any("acc,none" in row and f"{step:+.1f}" in row for row in rows)


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
