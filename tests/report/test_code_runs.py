"""The page of timed programs: right against fast, levels, problems, times and how they ended."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from evalvar.analyses.overview import overview
from evalvar.report import build, drawing, to_html, to_pdf
from evalvar.report.model import Figure, Table, plain
from tests.report import report_samples as samples
from tests.report import timing_samples as timings


def section(*results):
    (found,) = (s for s in build(list(results)).sections if s.name == "efficiency")
    return found


def figures(*results):
    return {b.kind: b for b in section(*results).blocks if isinstance(b, Figure)}


def tables(*results):
    return {b.name: b for b in section(*results).blocks if isinstance(b, Table)}


def test_the_answer_sets_what_is_right_against_what_is_fast():
    answer = section(timings.tries(), timings.timed_runs()).answer
    assert answer.startswith(
        "Of 20 tries of coder-a on humaneval, one is right in 89% of the problems,"
    )
    assert "but the best reaches 0.63 [0.57, 0.69] of the reference\u2019s efficiency" in answer
    assert answer.endswith("the most of 3 models.")


def test_the_answer_sets_nothing_against_what_its_intervals_do_not_tell_apart():
    answer = section(timings.tries(loss=0.01)).answer
    assert ", and the best reaches" in answer


def test_who_loses_the_most_is_named_where_the_most_efficient_loses_nothing():
    results = timings.tries()
    lead = (results.table["model"] == "coder-a") & results.table["quantity"].str.startswith("gap")
    kept = {name: results.table[name].mask(lead, 0.0) for name in ("value", "low", "high")}
    answer = section(replace(results, table=results.table.assign(**kept))).answer
    assert ", and the best reaches" in answer
    assert answer.endswith(" coder-c loses the most by being slow: gap@1 0.23 [0.17, 0.29].")


def test_who_is_right_in_the_most_is_named_beside_the_most_efficient():
    results = timings.tries()
    most = (results.table["model"] == "coder-b") & (results.table["quantity"] == "pass@20")
    table = results.table.assign(value=results.table["value"].mask(most, 0.95))
    answer = section(replace(results, table=table)).answer
    assert answer.endswith(" coder-b is right in the most, 95%, and reaches 0.54 [0.48, 0.60].")


def test_what_slowness_costs_is_said_where_it_is_clear():
    def said(*results):
        page = build(list(results)).sections[0].blocks[0].items
        return [verdict for verdict in page if verdict.status == "Right, less fast"]

    (verdict,) = said(timings.tries(), timings.timed_runs())
    assert "the best reaches 0.63" in plain(verdict.claim)
    assert (
        "pass@20 \u2212 eff@20 is 0.27 [0.21, 0.33]. By hand, 12 items. The high" in verdict.method
    )
    assert not said(timings.tries(loss=0.01))
    alone = timings.tries()
    table = alone.table[~alone.table["quantity"].str.startswith("gap")]
    (verdict,) = said(replace(alone, table=table))
    assert verdict.method.startswith("The intervals of pass@20 and eff@20 lie apart. By hand")


def test_a_gap_within_the_drift_of_the_references_is_not_clear():
    made = timings.timed_runs()
    middle = (made.table["quantity"] == "drift") & made.table["item"].isna()
    far = made.table.assign(upper_quartile=made.table["upper_quartile"].mask(middle, 1.25))
    steady, drifted = (timings.tries(), made), (timings.tries(), replace(made, table=far))
    for results, tone, bound in ((steady, "strong", "0.030"), (drifted, "tie", "0.250")):
        table = tables(*results)["gap-table"]
        assert table.rows[0].cells[-2].tone == tone
        assert f"the references\u2019 own times could make, {bound}." in table.footnotes[0]
    assert ", but the best reaches" in section(*steady).answer
    assert ", and the best reaches" in section(*drifted).answer


def test_models_that_what_is_right_and_what_is_fast_order_otherwise_are_told():
    def turns(models):
        page = build(overview(timings.evidence(models=models, problems=12, samples=8)))
        found = page.sections[0].blocks[0].items
        return [plain(one.claim) for one in found if one.status == "Order turns"]

    (told,) = turns({"sure": (0.98, 0.0, 2.5), "quick": (0.7, 1.0, 1.0)})
    assert told.startswith("sure is right more often than quick on problems, and less efficient:")
    assert told.endswith(" less, on the problems both answered.")
    assert not turns({"sure": (0.98, 1.0, 1.0), "slow": (0.7, 0.0, 2.5)})


def test_shares_of_the_error_are_told_as_estimated():
    made = timings.noise()
    shares = {"share_problem": -0.23, "share_sample": 1.22, "share_timing": np.nan}
    value = made.table["quantity"].map(shares)
    told = made.table["quantity"].isin(shares)
    table = made.table.assign(value=made.table["value"].mask(told, value))
    found = tables(timings.tries(), replace(made, table=table))["efficiency-noise-table"]
    assert [cell.text for cell in found.rows[0].cells[-4:]] == [
        "\u221223%", "122%", "\u2013", "0%",
    ]  # fmt: skip


def test_the_gap_stands_in_a_table_and_not_among_the_tries():
    table = tables(timings.tries(), timings.timed_runs())["gap-table"]
    assert [cell.text for cell in table.rows[0].cells] == [
        "coder-a", "0.20", "[0.14, 0.26]", "0.24", "[0.18, 0.30]", "0.27", "[0.21, 0.33]",
    ]  # fmt: skip
    report = build([timings.tries(), timings.timed_runs()])
    (tried,) = (s for s in report.sections if s.name == "code")
    assert [b.data["family"] for b in tried.blocks if isinstance(b, Figure)] == ["pass@", "eff@"]


def test_one_try_is_a_program_and_is_drawn_as_a_ladder():
    results = timings.tries(models=("coder-a",), ks=(1,)), timings.timed_runs(("coder-a",))
    assert section(*results).answer.startswith(
        "A program of coder-a on humaneval is right in 65% of"
    )
    rows = figures(*results)["ladder"].data["rows"]
    assert [row[0] for row in rows] == ["coder-a, pass@1", "coder-a, eff@1"]


def test_what_has_one_try_only_is_not_headed_by_how_many_there_are():
    def head(**options):
        page = build([timings.tries(**options), timings.timed_runs()])
        return next((s.title, s.short) for s in page.sections if s.name == "code")

    assert head(ks=(1,)) == ("How good one try is", "One try")
    assert head() == ("How many tries matter", "Tries")


def test_a_model_with_one_try_stands_in_the_table_beside_curves():
    results = timings.tries()
    table = results.table
    many = (table["model"] == "coder-c") & ~table["quantity"].str.endswith("@1")
    some = replace(results, table=table[~many])
    figure = figures(some)["lines"]
    assert [p["title"] for p in figure.data["panels"]] == ["coder-a", "coder-b"]
    assert figure.note.endswith("One try only, not drawn: coder-c.")
    rows = {row.cells[0].text: row.cells for row in tables(some)["gap-table"].rows}
    assert [cell.text for cell in rows["coder-c"][-4:]] == ["\u2013"] * 4
    assert rows["coder-a"][-2].text == "0.27"


def test_a_model_with_one_try_does_not_head_the_tries():
    results = timings.tries()
    table = results.table
    one = (table["model"] == "coder-a") & ~table["quantity"].str.endswith("@1")

    def tried(table):
        page = build([replace(results, table=table)])
        return next(s for s in page.sections if s.name == "code")

    assert tried(table[~one]).answer.startswith(
        "The highest estimate of pass@k on humaneval (passed) is that of coder-b at k = 1, 5 and "
        "20; of eff@k on humaneval (efficiency), that of coder-b at k = 1, 5 and 20. coder-a has "
        "one try only."
    )
    alone = table[~one & (table["model"] != "coder-c")]
    assert tried(alone).answer.startswith("coder-b on humaneval (")


def test_a_difference_of_metrics_is_no_metric_and_items_are_named_once():
    results = timings.tries()
    exact = results.table["quantity"] == "pass@1"
    table = results.table.assign(method=results.table["method"].mask(exact, "exact"))
    page = build([replace(results, table=table)])
    assert dict(page.facts)["1 benchmark"] == "humaneval, 2 metrics"
    (tried,) = (s for s in page.sections if s.name == "code")
    notes = [b.note for b in tried.blocks if isinstance(b, Figure)]
    assert all("over 12 items." in note for note in notes)


def test_ranks_of_efficiency_stand_beside_those_of_what_is_right():
    page = build(overview(timings.evidence(problems=6, samples=2)))
    (ranks,) = (s for s in page.sections if s.name == "leaders")
    (table,) = ranks.blocks
    assert not table.folded
    assert {row.group for row in table.rows} == {"problems, passed", "problems, efficiency"}
    assert "On problems (passed)" in ranks.answer
    assert "On problems (efficiency)" in ranks.answer


def test_scores_that_the_ranks_have_are_not_told_again():
    results = overview(timings.evidence(problems=6, samples=2))
    right = results[0].table[results[0].table["metric"] == "passed"].reset_index(drop=True)
    results[0] = replace(results[0], table=right)
    assert "scores" not in {s.name for s in build(results).sections}
    of_own = results[0].table.assign(n=results[0].table["n"] + 1)
    more = [replace(results[0], table=of_own), *results[1:]]
    assert "scores" in {s.name for s in build(more).sections}


def test_bounds_without_a_level_have_none_in_the_methods():
    leads = timings.leads()
    free = replace(leads, table=leads.table.assign(level=np.nan))
    page = to_html(build([timings.tries(), free]))
    assert "nan%" not in page


def test_timings_without_efficiency_say_so():
    answer = section(timings.timed_runs()).answer
    assert answer == (
        "The programs of coder-a, coder-b and coder-c were timed on humaneval, and no efficiency "
        "of them is known."
    )


def test_nothing_timed_is_no_section():
    assert "efficiency" not in [s.name for s in build(samples.summary()).sections]


def test_both_families_of_a_model_stand_in_one_panel_on_one_scale():
    panels = figures(timings.tries(), timings.timed_runs())["lines"].data["panels"]
    assert [p["title"] for p in panels] == ["coder-a", "coder-b", "coder-c"]
    assert {tuple(s["name"] for s in p["series"]) for p in panels} == {("pass@k", "eff@k")}
    assert all(p["log"] and p["within"] == (0.0, p["most"]) for p in panels)


def test_few_problems_do_not_squeeze_the_lines():
    results = timings.tries()
    fast = results.table["quantity"].str.startswith("eff")
    wide = results.table.assign(
        high=results.table["high"].where(~fast, 6.3), n=results.table["n"].where(~fast, 2)
    )
    figure = figures(replace(results, table=wide))["lines"]
    assert figure.data["panels"][0]["most"] < 1.3
    assert figure.note.startswith("Bands: 95% intervals over 12 items (pass@k) and 2 items (eff@k)")
    assert figure.note.endswith("Bands are cut at the top.")
    answer = section(replace(results, table=wide)).answer
    assert "efficiency on the 2 that can be scored for it, the most of 3" in answer


def test_shares_that_cancel_are_not_told():
    made = timings.noise()
    broken = (made.table["quantity"] == "share_sample") & (made.table["model"] == "coder-b")
    table = made.table.assign(value=made.table["value"].where(~broken, 22.9))
    found = tables(timings.tries(), replace(made, table=table))["efficiency-noise-table"]
    assert [cell.text for cell in found.rows[1].cells[-4:]] == ["\u2013"] * 4


def test_a_machine_that_drifts_is_named_on_the_first_page():
    def silent(result):
        blocks = build([timings.tries(), result]).sections[0].blocks
        return " ".join(plain(phrase) for b in blocks if b.kind == "aside" for phrase in b.items)

    made = timings.timed_runs()
    assert "How fast programs are" not in silent(made)
    many = made.table["quantity"] == "drifted"
    drifted = replace(made, table=made.table.assign(value=made.table["value"].mask(many, 9.0)))
    said = (
        "on humaneval the references moved by more than 10% in 9 of 12 problems, so what this page"
    )
    assert f"How fast programs are in another sitting: {said}" in silent(drifted)


def test_the_level_profile_says_what_a_level_can_tell():
    figure = figures(timings.tries(), timings.timed_runs())["curves"]
    assert "0.19 at level 1, 0.50 at level 2 and 1.00 at level 3" in figure.caption
    assert [k for k, *_ in figure.data["series"][0][1]] == [1.0, 2.0, 3.0]


def test_problems_are_sorted_and_what_is_not_scored_is_marked():
    figure = figures(timings.tries(), timings.timed_runs())["strips"]
    of_model = np.array([s["inner"] for s in figure.data["strips"]])
    mean = of_model.mean(axis=0)
    assert (np.diff(mean[np.isfinite(mean)]) >= 0).all()
    assert np.isnan(mean).sum() == 1
    assert "Diamond: not scored" in figure.caption
    assert "Widest between right and fast: humaneval/" in figure.note


def test_a_quantile_past_the_limit_is_not_drawn_as_a_time():
    rows = figures(timings.tries(), timings.timed_runs())["times"].data["rows"]
    name, spread, past, text = rows[0]
    assert (name, past, text) == ("coder-a", 0.07, "7%")
    assert spread[:2] == (0.05, 0.3)
    assert np.isinf(spread[-1])


def test_the_error_of_an_efficiency_is_taken_apart():
    table = tables(timings.tries(), timings.noise())["efficiency-noise-table"]
    assert [cell.text for cell in table.rows[0].cells] == [
        "coder-a", "[0.40, 0.52]", "[0.43, 0.49]", "[0.4596, 0.4604]", "81%", "19%",
        "< 1%", "0%",
    ]  # fmt: skip
    assert len(table.rows) == 2


def test_run_times_of_two_models_stand_beside_each_other():
    (row,) = tables(timings.tries(), timings.races())["runtimes-table"].rows
    assert [cell.text for cell in row.cells] == [
        "coder-a", "coder-b", "0.69", "[0.60, 0.78]", "< 0.001", "23 of 180", "41 of 100", "20",
    ]  # fmt: skip
    assert row.cells[2].tone == "strong"


def test_kinds_of_problems_are_told_apart():
    table = tables(timings.tries(), timings.tags())["tags-table"]
    assert [cell.text for cell in table.rows[0].cells] == [
        "design", "coder-a", "8", "0.70", "0.40", "[0.35, 0.45]", "0.30", "[0.25, 0.35]",
    ]  # fmt: skip
    assert len(table.rows) == 4


def test_an_order_that_hangs_on_the_weights_is_named():
    def note(low):
        return figures(timings.tries(), timings.timed_runs(), timings.leads(low))["curves"].note

    assert note(0.02).endswith("which is no interval.")
    assert "the order of coder-a and coder-b (lead [\u22120.03, +0.15]) may turn" in note(-0.03)


def test_what_they_were_timed_on_is_named():
    result = timings.timed_runs()
    table = result.table.assign(machine=None)
    whole = table[table["quantity"] == "drifted"].assign(
        quantity="problems", machine="a processor, 2 cores"
    )
    notes = section(replace(result, table=pd.concat([table, whole]))).notes
    assert notes[0] == "Timed on: a processor, 2 cores."


def test_every_program_stands_in_the_table_of_ends():
    table = tables(timings.tries(), timings.timed_runs())["ends-table"]
    assert [c.name for c in table.columns] == [
        "Model", "Programs", "In time", "Past limit", "at 1", "at 2", "at 3", "Wrong", "Crash",
        "Timeout", "Missing",
    ]  # fmt: skip
    assert [cell.text for cell in table.rows[1].cells] == [
        "coder-b", "240", "107", "36", "1", "8", "27", "70", "20", "5", "2",
    ]  # fmt: skip


def test_drift_and_problems_under_the_clock_stand_in_the_notes():
    notes = " ".join(section(timings.tries(), timings.timed_runs()).notes)
    assert "+1.2% in the median problem (middle half \u22121.0% to +3.0%)" in notes
    assert "1 of 12 problems moved by more than 10%" in notes
    assert (
        "humaneval: not scored for efficiency 1 of 12 problems (humaneval/6): limit below what"
        in notes
    )
    assert "Limit: 2 \u00d7 the reference\u2019s slowest case" in notes
    assert "by weights 3, 3 and 4" in notes


@pytest.mark.parametrize("width", [690, 336])
@pytest.mark.parametrize("problems", [2, 142])
def test_words_stay_inside_the_drawings(width, problems):
    models = ("a-very-long-model-name-with-many-parts-instruct-v0.1-2024-09-12-chat", "b")
    results = timings.tries(models=models), timings.timed_runs(models, problems)
    for figure in figures(*results).values():
        sheet = drawing.draw(figure, width)
        renderer = FigureCanvasAgg(sheet).get_renderer()
        for axes in sheet.axes:
            for text in axes.texts:
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1, (figure.kind, text.get_text())
                assert box.x1 <= width + 1, (figure.kind, text.get_text())


@pytest.mark.parametrize("width", [336, 690])
def test_a_mark_at_the_left_edge_has_its_word_inside(width):
    figure = figures(timings.tries(), timings.timed_runs())["times"]
    near = tuple((name, (0.49, 0.5, 0.52, 0.6, 0.9), past, text)
                 for name, _, past, text in figure.data["rows"])  # fmt: skip
    sheet = drawing.draw(replace(figure, data={**figure.data, "rows": near}), width)
    renderer = FigureCanvasAgg(sheet).get_renderer()
    boxes = [text.get_window_extent(renderer) for axes in sheet.axes for text in axes.texts]
    assert min(box.x0 for box in boxes) >= -1


def test_a_strip_of_many_problems_stays_small():
    figure = figures(timings.tries(), timings.timed_runs(problems=1000))["strips"]
    assert len(drawing.svg(figure, 690, prefix="a", css=True)) < 500_000


def test_two_problem_sets_are_read_apart_and_rendered():
    results = [
        timings.tries(), timings.timed_runs(),
        timings.tries(task="mbpp"), timings.timed_runs(task="mbpp", alpha=3.0),
    ]  # fmt: skip
    found = section(*results)
    kinds = [b.kind for b in found.blocks if isinstance(b, Figure)]
    assert kinds == ["lines", "lines", *["curves", "strips", "times"] * 2]
    groups = [row.group for row in tables(*results)["ends-table"].rows]
    assert groups == ["humaneval"] * 3 + ["mbpp"] * 3
    assert "Limit: 3 \u00d7" in found.notes[-1]
    report = build(results)
    assert to_html(report)
    assert to_pdf(report).startswith(b"%PDF-")


def test_an_efficiency_is_told_alike_on_the_whole_page_and_drawn_among_the_ranks():
    page = build(overview(timings.evidence(problems=6, samples=2)))
    found = {s.name: [b for b in s.blocks if isinstance(b, Table)] for s in page.sections}
    (ranks,) = found["leaders"]
    rows = [row for row in ranks.rows if row.group == "problems, efficiency"]
    told = {row.cells[2].text: row.cells[3].text for row in rows}
    tried = next(b for b in found["code"] if "eff@1" in {c.name for c in b.columns})
    assert told == {row.cells[0].text: row.cells[1].text for row in tried.rows}
    drawn = rows[0].cells[4]
    assert drawn.value == pytest.approx(100 * rows[0].cells[3].value)
    assert "1 = the reference" in ranks.footnotes[-1]


def test_two_that_scored_alike_have_no_higher_mean():
    models = {"one": (1.0, 1.0, 1.0), "other": (1.0, 1.0, 1.0)}
    page = build(overview(timings.evidence(models=models, problems=6, samples=1)))
    (ranks,) = (s for s in page.sections if s.name == "leaders")
    assert "On problems (passed), one and other scored alike; the two cannot be" in ranks.answer


@pytest.mark.parametrize(
    ("result", "answer", "table"),
    [
        (timings.races, "coder-a\u2019s right programs on humaneval take 0.69 [0.60, 0.78] times",
         "runtimes-table"),
        (timings.noise, "eff@1 of coder-a on humaneval is 0.46 [0.40, 0.52] for new problems; [0.4",
         "efficiency-noise-table"),
        (timings.tags, "coder-a on humaneval: pass@1 0.70 [0.65, 0.75] on problems of design and",
         "tags-table"),
        (timings.leads, "coder-a is ahead of coder-b on humaneval by any weights of the levels: [+",
         None),
    ],
)  # fmt: skip
def test_each_analysis_of_programs_makes_a_page_by_itself(result, answer, table):
    found = section(result())
    assert found.answer.startswith(answer)
    assert list(tables(result())) == ([table] if table else [])


def test_a_ratio_of_times_without_an_interval_has_no_gap_in_its_sentence():
    made = timings.races()
    bare = replace(made, table=made.table.assign(low=np.nan, high=np.nan))
    assert " take 0.69 times as long as coder-b\u2019s." in section(bare).answer
