import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evalvar.errors import UsageError
from evalvar.report import build, to_html, to_markdown, to_pdf, write
from evalvar.report.model import (
    Cell,
    Column,
    Figure,
    Report,
    Row,
    Section,
    Span,
    Table,
    Text,
    Verdict,
)
from evalvar.report.pdf import to_typst
from tests.report import report_samples as samples
from tests.report import study_samples, timing_samples

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = """<script>alert("x")</script> & 'q' #let x = 1 *b* _i_ @ref $m$ \\n `c` [l](u) | // ~"""
VOID = {"meta", "link", "br", "img", "input", "hr", "wbr"}


class Balance(HTMLParser):
    """Collects ids and scripts, and fails where tags do not close in order."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.scripts, self.text = [], [], 0, []
        self.attributes = set()

    def handle_starttag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.attributes |= {name for name, _ in attrs}
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(page):
    found = Balance()
    found.feed(page)
    found.close()
    assert found.open == []
    return found


def every_block(word="plain"):
    """A report with every block of the model, and a word in every place for words."""
    spans = (Span(word, "strong"), Span(f" {word}", "quiet"), Span(word, "name"), Span(f" {word}"))
    rows = (
        Row((Cell(word), Cell("1.0", 1.0), Cell("", 1.0, 0.5, 1.5), Cell(word, tone="warn")), word),
        Row((Cell(word), Cell("\u2013"), Cell(""), Cell(word, tone="tie")), word),
    )
    columns = (Column(word, "name"), Column(word), Column(word, "interval"), Column(word, "text"))
    ladder = {"rows": ((word, 1.0, 0.5, 1.5, "+1.0", True),), "unit": word, "zero": True}
    panel = {
        "title": word, "subtitle": word, "runs": (((1.0, 2.0), (2.0, 3.0)),) * 2,
        "curve": ((1.0, 2.0, 1.0, 3.0, 0.5), (2.0, 3.0, 2.0, 4.0, 0.5)), "percent": True,
        "chance": 2.0, "value": "3", "spread": "s", "interval": "i", "alt": word,
    }  # fmt: skip
    series = tuple((f"{word} {i}", ((1.0, 1.0, 0.5, 1.5), (10.0, 2.0, 1.5, 2.5))) for i in range(7))
    bars = {"rows": ((1.0, "1", word, "seed"), (0.0, "0", word, "faint"))}
    mini, more = Figure("mini_interval", ladder, alt=word), Figure("mini_bars", bars, alt=word)
    blocks = (
        Text("verdicts", (Verdict(word, "clear", spans, word, "one", mini),
                          Verdict(word, "warn", spans, word, "one", more),
                          Verdict(word, "tie", spans, word))),
        *(Text(kind, (spans, spans), title=word)
          for kind in ("paragraphs", "list", "numbered", "aside", "heading")),
        Text("list", (spans, spans), folded=word),
        Table("grid", columns, rows, word, (word,), word, scale=(0.0, 2.0), note=word),
        Table("folded", columns, rows, word, folded=word, sortable=False),
        Figure("ladder", ladder, word, word, word),
        Figure("panels", {"panels": (panel, panel, None, panel)}, word, word),
        Figure("curves", {"series": series, "family": "pass@", "percent": True}, word, word),
    )  # fmt: skip
    return Report(
        word, word, ((word, word),), (Section("one", word, word, blocks, (word,)),), (word,)
    )


def test_every_block_is_rendered_in_every_form():
    report = every_block("Zebra")
    assert parsed(to_html(report)).text.count("Zebra") > 40
    assert to_markdown(report).count("Zebra") > 30
    assert to_pdf(report).startswith(b"%PDF-")


def test_hostile_words_stay_words_in_html():
    page = to_html(every_block(HOSTILE))
    found = parsed(page)
    assert found.scripts == 1
    assert "<script>alert" not in page
    assert sum(HOSTILE in " ".join(text.split()) for text in found.text) > 20
    found = parsed(to_html(every_block('" onload="x" \' onclick=\'y')))
    assert not [name for name in found.attributes if name.startswith("on")]


def test_hostile_words_stay_words_in_typst():
    source = to_typst(every_block(HOSTILE))
    literal = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    assert literal in source
    assert HOSTILE not in source
    assert to_pdf(every_block(HOSTILE)).startswith(b"%PDF-")
    assert to_pdf(every_block("line\nbreak \x00 \u2028 \u4e2d\u6587 \u0645 ^{")).startswith(
        b"%PDF-"
    )


def test_hostile_words_stay_words_in_markdown():
    text = to_markdown(every_block("a|b <i> *c* `d` [e](f)"))
    assert "a\\|b \\<i\\> \\*c\\* \\`d\\` \\[e\\](f)" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


def test_a_hostile_model_name_goes_through_the_whole_chain():
    name = """x<script>alert(1)</script>"'$a_b$ ` d="M0" #"""
    results = [
        samples.summary(models=(name, "beta")),
        samples.compare(models=(name, "beta")),
        samples.checkpoints(model=name),
        samples.code_metrics(models=(name, "b", "c")),
    ]
    report = build(results)
    found = parsed(to_html(report))
    assert found.scripts == 1
    assert any(name in text for text in found.text)
    assert to_pdf(report).startswith(b"%PDF-")
    assert to_markdown(report)


def test_the_page_asks_the_network_for_nothing():
    page = to_html(build(samples.everything()))
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//""", page)
    assert not re.search(r"url\(\s*[\"']?(?!data:|#)", page)
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_the_policy_names_the_hash_of_the_only_script():
    import base64
    import hashlib

    page = to_html(build(samples.summary()))
    script = re.search(r"<script>(.*?)</script>", page, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_ids_are_unique_and_references_lead_somewhere():
    page = to_html(build(samples.everything()))
    found = parsed(page)
    assert len(found.ids) == len(set(found.ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', page)) <= set(found.ids)


def test_drawings_follow_the_colours_of_the_page():
    page = to_html(build(samples.everything()))
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--seed)" in drawn
    assert not re.search(r"#[0-9a-f]{6}", drawn)
    assert all(label for label in re.findall(r'<svg[^>]* aria-label="([^"]*)"', page))


def test_structure_for_those_who_do_not_see_the_page():
    page = to_html(build(samples.everything()))
    assert page.count("<h1") == 1
    assert page.count("<main") == page.count("<nav") == 1
    assert page.count("<table") == page.count("<caption>")
    assert 'class="skip" href="#main"' in page
    assert 'aria-sort="none"' in page
    filtered = to_html(build(samples.summary(models=[f"model {i}" for i in range(9)])))
    assert 'role="status" aria-live="polite"' in filtered


def test_numbers_on_the_page_equal_the_results():
    result = samples.compare(models=("a", "b", "c"), tasks=("arc",))
    page = to_html(build(result))
    for value in result.quantity("difference")["value"]:
        assert f'data-v="{value * 100:.6g}"' in page


def test_same_input_same_bytes():
    first, second = build(samples.everything()), build(samples.everything())
    assert to_html(first) == to_html(second)
    assert to_pdf(first) == to_pdf(second)
    assert to_markdown(first) == to_markdown(second)


def test_same_bytes_in_another_process_with_another_hash_seed(root):
    code = (
        "import hashlib; from evalvar.report import build, to_html, to_pdf;"
        "from tests.report import report_samples as s; r = build([s.study()[0], s.compare()]);"
        "print([hashlib.sha256(x).hexdigest() for x in (to_html(r).encode(), to_pdf(r))])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("name", ["everything", "study", "timings"])
def test_golden_page(name):
    made = {
        "everything": samples.everything,
        "study": lambda: [*samples.study(), *(make() for make in study_samples.SAMPLES.values())],
        "timings": lambda: [
            timing_samples.tries(),
            timing_samples.timed_runs(),
            timing_samples.noise(),
            timing_samples.races(),
            timing_samples.tags(),
            timing_samples.leads(),
        ],
    }
    text = to_markdown(build(made[name]()))
    path = GOLDEN / f"{name}.md"
    if os.environ.get("EVALVAR_ACCEPT"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "EVALVAR_ACCEPT=1 pytest accepts the new page"


def test_sixty_models_on_thirty_tasks_stay_a_page():
    models = [f"model-{i:02d}" for i in range(60)]
    tasks = [f"task_{i:02d}" for i in range(30)]
    report = build([samples.summary(models, tasks), samples.compare(models[:30], tasks)])
    page = to_html(report)
    parsed(page)
    assert len(page.encode()) < 3_000_000
    assert "all 13,050 pairs are in the results" in page


def test_write_chooses_the_form_by_the_suffix(tmp_path):
    for suffix, head in ((".html", b"<!doctype html>"), (".pdf", b"%PDF-"), (".md", b"# ")):
        path = write(samples.summary(), tmp_path / f"report{suffix}", title="Title")
        assert path.read_bytes().startswith(head)


def test_write_names_the_legal_suffixes(tmp_path):
    with pytest.raises(UsageError) as caught:
        write(samples.summary(), tmp_path / "report.docx")
    assert str(caught.value) == (
        "a report is written as .html, .pdf, .md, and 'report.docx' ends in none of them."
    )
    assert list(tmp_path.iterdir()) == []


def test_importing_the_report_loads_no_drawing_library():
    code = (
        "import sys, evalvar.report, evalvar.report.compose, evalvar.report.html;"
        "heavy = {'matplotlib', 'jinja2', 'typst'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
