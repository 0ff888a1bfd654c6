"""The pages open where a reader opens them."""

import subprocess

import pytest

import evalvar as ev

CHROMIUM = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="module")
def page(study, tmp_path_factory):
    one = {"model": "tiny-plain", "task": "tiny_cloze"}
    results = [ev.seed_variance(ev.load(study), **one, metric=["acc,none", "p_correct"])]
    report = ev.report.build(results, title="Seeds of <two> metrics & more")
    folder = tmp_path_factory.mktemp("pages")
    for suffix in ("html", "pdf"):
        ev.report.write(report, folder / f"page.{suffix}")
    return folder, results[0]


def test_a_browser_runs_the_script_that_the_policy_names(page, tool, tmp_path):
    folder, _ = page
    dom = subprocess.run(
        [
            tool("chromium"), *CHROMIUM, f"--user-data-dir={tmp_path}", "--dump-dom",
            f"file://{folder / 'page.html'}",
        ],
        capture_output=True, text=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    assert "has-script" in dom[:2000]
    assert "Seeds of &lt;two&gt; metrics &amp; more" in dom


def test_the_pdf_is_text_with_the_numbers_of_the_result(page, tool):
    folder, result = page
    text = subprocess.run(
        [tool("pdftotext"), "-layout", str(folder / "page.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    table = result.table.set_index(["metric", "quantity"])["value"]
    assert "Seeds of <two> metrics & more" in text
    assert f"{table['acc,none', 'monotonicity']:.2f}" in text
    assert f"{100 * table['acc,none', 'final_seed_sd']:.1f}" in text
