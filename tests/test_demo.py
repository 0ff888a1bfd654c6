"""The demo says what a separate reading of the raw logs says."""

import re
import subprocess
import sys
from html import unescape

import pytest

import evalvar as ev
from tests.raw_study import between, commonly, last_step, pass_at_k, read, seed_noise

MODELS = ("tiny-plain", "tiny-quiz")
CHOICES = ("tiny_choice", "tiny_cloze")
METRICS = [
    *((task, m) for task in CHOICES for m in ("acc,none", "p_correct", "nll_correct")),
    ("tiny_cloze", "p_correct_per_char"),
    *(("tiny_sum", metric) for metric in ("exact_match,first", "exact_match,maj@8")),
]


@pytest.fixture(scope="module")
def raw(study):
    return read(study)


@pytest.fixture(scope="module")
def evidence(study):
    return ev.load(study)


@pytest.fixture(scope="module")
def results(evidence):
    return ev.overview(evidence)


def quantities(results, name, **settings):
    return next(
        result.table
        for result in results
        if result.name == name and settings.items() <= dict(result.settings).items()
    )


def test_every_logged_score_was_read(evidence, raw):
    scores, right = raw
    records = evidence.records
    assert set(records["model"]) == set(MODELS)
    key = ["seed", "checkpoint", "prompt", "item"]
    for (model, task, metric), runs in scores.items():
        of = records[["model", "task", "metric"]].astype(str) == [model, task, metric]
        part = records[of.all(axis=1)]
        found = part.set_index(part[key].astype(str).agg("/".join, axis=1))["score"].to_dict()
        wanted = {
            f"{seed}/{step}/{prompt}/{item}": score
            for seed, steps in runs.items()
            for step, items in steps.items()
            for (prompt, item), score in items.items()
        }
        assert found.keys() == wanted.keys(), metric
        assert all(abs(found[k] - wanted[k]) < 1e-12 for k in wanted), metric
    assert sum(len(steps) for runs in right.values() for steps in runs.values()) == 100


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_seed_tables_are_those_of_the_raw_logs(results, raw, model, task, metric):
    table = quantities(results, "seed_variance")
    table = table[(table["model"] == model) & (table["task"] == task)]
    found = table[table["metric"] == metric].set_index("quantity")["value"]
    for quantity, wanted in seed_noise(commonly(raw[0][model, task, metric]), metric).items():
        assert found[quantity] == pytest.approx(wanted, rel=1e-10), quantity


@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_the_recipes_are_compared(results, raw, task, metric):
    table = quantities(results, "compare", between="model")
    row = table[(table["task"] == task) & (table["metric"] == metric)].iloc[0]
    assert {row["a"], row["b"]} == set(MODELS)
    wanted = between(*(raw[0][model, task, metric] for model in (row["a"], row["b"])))
    assert row["value"] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("task", "metric"), METRICS)
def test_last_two_checkpoints_are_compared(results, raw, model, task, metric):
    table = quantities(results, "compare", between="checkpoint", model=model)
    row = table[(table["task"] == task) & (table["metric"] == metric)].iloc[0]
    assert (row["a"], row["b"]) == ("1500", "1350")
    wanted = last_step(commonly(raw[0][model, task, metric]))
    assert row["value"] == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_pass_at_k_is_that_of_the_raw_answers(results, raw, model, k):
    table = quantities(results, "code_metrics")
    of = (table["quantity"] == f"pass@{k}") & (table["metric"] == "exact_match")
    rows = table[of & (table["model"] == model)]
    for seed, wanted in pass_at_k(raw[1][model], k).items():
        found = rows.loc[(rows["seed"] == seed).fillna(False), "value"]
        assert found.tolist() == pytest.approx([wanted], abs=1e-12)


def test_rescoring_is_remarked(evidence):
    assert any(
        "8 answers per item were scored again by exact match" in sentence
        and "reproduces all 8,800 logged scores" in sentence
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


@pytest.mark.parametrize("model", MODELS)
def test_the_page_shows_the_numbers_of_the_raw_logs(written, raw, model):
    folder, _ = written
    rows = rows_of((folder / "demo.html").read_text(encoding="utf-8"))
    for task in CHOICES:
        noise = {
            metric: seed_noise(commonly(raw[0][model, task, metric]), metric)
            for metric in ("acc,none", "p_correct")
        }
        for metric, n in noise.items():
            table1 = [100 * n["final_mean"], 100 * n["seed_sd"], n["monotonicity"]]
            assert shown(rows, [metric], table1), (task, metric)
        n = noise["acc,none"]
        table2 = [100 * n["final_seed_sd"], n["snr"], noise["p_correct"]["snr"]]
        assert shown(rows, ["acc,none", "p_correct"], table2), task
        step = 100 * last_step(commonly(raw[0][model, task, "acc,none"]))
        assert shown(rows, [f"{model}:", f"{task},", "acc,none"], [step]), task
    for k in (1, 2, 5, 8):
        mean_over_seeds = 100 * sum(pass_at_k(raw[1][model], k).values()) / 5
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
    title = "Two recipes of a small language model, five seeds each"
    page = ev.report.to_markdown(ev.report.build(results, title=title))
    committed = (root / "reports" / "demo.md").read_text(encoding="utf-8")
    assert page == committed, "run `make reports` and read the difference"


def test_v14_a_task_without_a_continuous_metric_shows_a_dash(written):
    folder, _ = written
    rows = rows_of((folder / "demo.html").read_text(encoding="utf-8"))
    table2 = [text for text, _ in rows if "exact_match,first" in text and text.count("[") == 1]
    assert any(text.endswith("\N{EN DASH} \N{EN DASH} \N{EN DASH}") for text in table2)
