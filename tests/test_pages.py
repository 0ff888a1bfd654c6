"""The pages open where a reader opens them."""

import subprocess

import pytest

import evalvar as ev
from evalvar.report.model import Cell, Column, Report, Row, Section, Table

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


def test_a_short_table_has_its_notes_on_its_page(tool, tmp_path):
    columns, row = (Column("Model", "name"), Column("Score")), Row((Cell("A"), Cell("1")))
    tables = tuple(
        Table(f"t{n}", columns, (row,) * (3 + n % 4), footnotes=(f"Footnote {n}. " + "Why. " * 60,))
        for n in range(24)
    )
    path = tmp_path / "tables.pdf"
    ev.report.write(Report("Tables", "", (), (Section("s", "S", "", tables),)), path)
    text = subprocess.run(
        [tool("pdftotext"), "-layout", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = [page.split() for page in text.split("\f") if page.strip()]
    assert len(pages) > 2
    assert not [page for page in pages if page[0] == "Footnote"]
