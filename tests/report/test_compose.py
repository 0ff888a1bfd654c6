from math import nan

import numpy as np
import pytest

from evalvar.report import build
from evalvar.report.model import Figure, Table, Text, plain
from evalvar.results import Result, from_json
from evalvar.stats.estimate import Estimate
from tests.report import report_samples as samples

MAKERS = [
    samples.summary,
    samples.compare,
    samples.seed_variance,
    samples.checkpoints,
    samples.code_metrics,
    samples.coverage,
]
MINUS = "\u2212"


def section(report, name):
    return next((s for s in report.sections if s.name == name), None)


def table(report, name):
    tables = [b for s in report.sections for b in s.blocks if isinstance(b, Table)]
    return next(t for t in tables if t.name == name)


def texts(found, column):
    place = [c.name for c in found.columns].index(column)
    return [row.cells[place].text for row in found.rows]


def claims(report):
    verdicts = section(report, "verdicts").blocks[0]
    return {v.status: plain(v.claim) for v in verdicts.items}


def test_sections_stand_in_the_order_of_the_page():
    report = build(samples.everything())
    assert [s.name for s in report.sections] == [
        "verdicts",
        "scores",
        "differences",
        "seeds",
        "instruments",
        "code",
        "efficiency",
        "missing",
        "methods",
        "sources",
    ]


def test_sections_without_content_are_left_out():
    names = [s.name for s in build(samples.summary()).sections]
    assert names == ["verdicts", "scores", "methods"]
    assert [s.name for s in build([]).sections] == ["methods"]


@pytest.mark.parametrize("make", MAKERS)
def test_empty_results_give_a_page(make):
    full = make()
    empty = Result(full.name, full.keys, full.table.iloc[:0], full.settings)
    assert [s.name for s in build(empty).sections] == ["methods"]


@pytest.mark.parametrize("make", MAKERS)
def test_results_that_hold_nothing_but_nan_say_why(make):
    full = make()
    fields = ["value", "se", "low", "high", "p_value"]
    frame = full.table.assign(**dict.fromkeys(fields, nan))
    if "verdict" in frame:
        frame["verdict"] = "undefined"
    result = Result(full.name, full.keys, frame, full.settings, ("arc: there are no items.",))
    report = build(result)
    assert [s.name for s in report.sections][:1] == ["missing"]
    assert plain(section(report, "missing").blocks[-1].items[0]) == "arc: there are no items."


def test_every_warning_stands_once():
    a, b = samples.compare(), samples.compare(seed=1)
    warned = [Result(r.name, r.keys, r.table, r.settings, ("one.", "two.")) for r in (a, b)]
    block = section(build(warned), "missing").blocks[-1]
    assert [plain(phrase) for phrase in block.items] == ["one.", "two."]


def test_a_clear_difference_is_told_from_the_better_side():
    result = samples.compare(tasks=("arc",), gap=0.1)  # beta is ahead; the row is alpha - beta
    claim = claims(build(result))["Clear"]
    assert claim == (
        "beta leads arc (acc) by 10.0 points [7.6, 12.4] over alpha, on the 2,480 items both "
        "answered."
    )


def test_a_tie_is_not_called_equal():
    claim = claims(build(samples.compare(tasks=("arc",), gap=-0.01)))["1 tie"]
    assert claim == (
        f"alpha and beta cannot be told apart on arc (acc): +1.0 points [{MINUS}1.4, +3.4], on the "
        "2,480 items both answered."
    )


def test_lower_is_better_is_respected_and_said():
    result = samples.compare(tasks=("arc",), metric="nll_correct", higher=False, gap=0.1)
    report = build(result)
    assert claims(report)["Clear"].startswith(
        "alpha is lower, which is better, on arc (nll_correct) by 0.100 [0.076, 0.124] than beta"
    )
    assert table(report, "difference-table").rows[0].group == "arc, nll_correct, lower is better"
    assert texts(table(report, "difference-table"), "Better") == ["alpha"]
    assert texts(table(report, "difference-table"), "Difference") == [f"{MINUS}0.100"]


def test_losses_are_never_shown_in_percent():
    found = table(build(samples.seed_variance()), "instrument-table")
    at = {row.cells[0].text: row.cells[3].text for row in found.rows[:3]}
    assert at == {"acc,none": "90", "nll_correct, lower is better": "0.40", "p_correct": "75"}


def test_all_pairs_become_a_ladder_of_neighbours():
    models = ("a", "b", "c", "d")
    report = build(samples.compare(models=models, tasks=("arc",), gap=-0.02))
    figure = next(b for b in section(report, "differences").blocks if isinstance(b, Figure))
    rows = figure.data["rows"]
    assert [row[0] for row in rows] == [f"a {MINUS} b", f"b {MINUS} c", f"c {MINUS} d"]
    assert [row[4] for row in rows] == ["tie", "tie", "tie"]
    assert claims(report)["3 ties"] == ("Of 6 pairs on arc (acc), 3 are told apart and 3 are ties.")


def test_one_model_against_the_others_stays_that():
    full = samples.compare(models=("a", "b", "c", "d"), tasks=("arc",), gap=-0.05)
    star = full.table[full.table["a"] == "a"].reset_index(drop=True)
    report = build(Result(full.name, full.keys, star, full.settings))
    figure = next(b for b in section(report, "differences").blocks if isinstance(b, Figure))
    assert [row[0] for row in figure.data["rows"]] == [f"a {MINUS} {x}" for x in "bcd"]


def test_a_comparison_of_checkpoints_names_its_model():
    full = samples.compare(models=("1500", "1350"), tasks=("arc",), gap=-0.005)
    frame = full.table.assign(between="checkpoint")
    settings = {**full.settings, "model": "tiny"}
    report = build(Result(full.name, full.keys, frame, settings))
    assert "checkpoint 1,500 and checkpoint 1,350 cannot be told apart" in claims(report)["1 tie"]
    assert "of tiny" in claims(report)["1 tie"]


def test_discrete_metrics_stand_left_of_their_continuous_reading():
    figure = next(
        b for b in section(build(samples.checkpoints()), "seeds").blocks if isinstance(b, Figure)
    )
    panels = figure.data["panels"]
    assert [(p["title"], p["subtitle"]) for p in panels] == [
        ("tiny_color", "acc,none, discrete"),
        ("tiny_color", "p_correct, continuous"),
        ("tiny_sum", "acc,none, discrete"),
        ("tiny_sum", "p_correct, continuous"),
    ]
    assert [len(p["runs"]) for p in panels] == [5, 5, 5, 5]
    assert panels[0]["spread"].endswith("sd of runs")
    assert panels[0]["interval"].startswith("mean [")


def test_the_only_continuous_metric_is_the_reading_of_any_discrete_one():
    result = samples.seed_variance(metrics=("exact_match,strict", "p_gold"))
    frame = result.table.assign(discrete=result.table["metric"] == "exact_match,strict")
    found = table(build(Result(result.name, result.keys, frame)), "signal-table")
    assert texts(found, "Continuous metric") == ["p_gold", "p_gold"]


def test_without_a_continuous_metric_there_is_a_dash():
    found = table(build(samples.seed_variance(metrics=("acc",))), "instrument-table")
    assert texts(found, "tau, cont.") == ["\u2013", "\u2013"]


def test_numbers_in_the_tables_are_those_of_the_result():
    result = samples.seed_variance()
    found = table(build(result), "instrument-table")
    mine = result.table
    for row in found.rows:
        metric = row.cells[0].text.split(", lower")[0]
        rows = mine[(mine["task"] == row.group) & (mine["metric"] == metric)]
        value = rows.set_index("quantity")["value"]
        assert row.cells[6].value == value["noise_ratio"]
        assert row.cells[4].value == value["seed_sd"]


def test_one_seed_has_curves_and_no_seed_noise():
    report = build([samples.checkpoints(seeds=1), samples.seed_variance(seeds=1)])
    assert section(report, "instruments") is None
    figure = next(b for b in section(report, "seeds").blocks if isinstance(b, Figure))
    assert figure.data["panels"][0]["runs"] == ()
    aside = section(report, "verdicts")
    if aside is not None:
        assert "one seed" in " ".join(plain(p) for b in aside.blocks if isinstance(b, Text)
                                      and b.kind == "aside" for p in b.items)  # fmt: skip


def test_one_checkpoint_draws_no_curve():
    assert section(build(samples.checkpoints(steps=(1500,))), "seeds") is None


def test_at_most_six_verdicts_and_six_benchmarks_are_drawn():
    tasks = tuple(f"task{i:02d}" for i in range(20))
    report = build([samples.seed_variance(tasks), samples.checkpoints(tasks, seeds=2),
                    samples.compare(tasks=tasks), samples.code_metrics()])  # fmt: skip
    assert len(section(report, "verdicts").blocks[0].items) <= 6
    figure = next(b for b in section(report, "seeds").blocks if isinstance(b, Figure))
    assert len(figure.data["panels"]) == 12
    assert section(report, "seeds").notes == (
        "14 further benchmarks not drawn; the tables have all.",
    )


def test_the_order_of_code_models_may_depend_on_k():
    assert claims(build(samples.code_metrics()))["Depends on k"] == (
        "Which model is ahead on problems (passed) depends on the number of tries. coder-a has the "
        "highest pass@1, 70 [66, 74]; coder-c has the highest pass@100, 97 [93, 100]. At k = 1, 10 "
        "and 100 the interval of the highest overlaps with another\u2019s; models are not compared "
        "pair by pair here."
    )


def test_an_undefined_k_is_a_dash():
    def row(model, k, value):
        bounds = (value - 0.04, value + 0.04)
        key = {"model": model, "task": "t", "metric": "p"}
        return key, f"pass@{k}", Estimate(value, 0.02, *bounds, n=9)

    rows = [row("m", 1, 0.5), row("m", 10, nan)]
    other = [row("o", 1, 0.6), row("o", 10, 0.6)]
    keys = ("model", "task", "metric", "seed")
    report = build(Result.of("code_metrics", keys, rows + other, settings={}))
    assert texts(table(report, "code-table-1"), "pass@10") == ["60", "\u2013"]


def test_coverage_counts_what_is_missing():
    report = build(samples.coverage())
    assert section(report, "missing").answer.startswith(
        "4,980 items asked in 2 cells; 20 missing, 3 without score"
    )
    complete = section(build(samples.coverage(gaps=False)), "missing")
    assert complete.answer.startswith("5,000 items asked in 2 cells, each with a score")


def test_many_sources_are_counted_and_folded():
    result = samples.seed_variance()
    many = samples.SOURCES.loc[np.repeat(range(10), 3)].reset_index(drop=True)
    many["path"] = [f"file{i}.json" for i in range(30)]
    report = build(Result(result.name, result.keys, result.table, result.settings, (), many))
    sources = section(report, "sources")
    assert sources.answer == "30 files were read."
    assert plain(sources.blocks[0].items[0]) == "The first is file0.json, the last file29.json."
    assert sources.blocks[1].folded == "All 30 files"


def test_results_that_went_through_json_say_the_same():
    results = samples.everything()
    again = [from_json(result.to_json()) for result in results]
    assert [s.answer for s in build(again).sections] == [s.answer for s in build(results).sections]


@pytest.mark.parametrize(
    ("scale", "low", "high", "status"),
    [
        (1.0, 1.2, 2.5, "Seed-limited"),
        (1.0, 0.3, 2.5, "Not settled"),
        (0.1, 0.05, 0.3, "Item-limited"),
        (0.1, 0.05, 1.3, "Not settled"),
    ],
)
def test_seeds_are_blamed_only_where_the_interval_says_so(scale, low, high, status):
    full = samples.seed_variance(metrics=("acc",))
    frame = full.table.copy()
    ratio = frame["quantity"] == "noise_ratio"
    frame.loc[ratio, ["value", "low", "high"]] = [1.7 * scale, low, high]
    report = build(Result(full.name, full.keys, frame, full.settings))
    assert status in claims(report)


def test_one_pair_on_many_benchmarks_is_named_once():
    found = table(build(samples.compare()), "difference-table")
    assert found.columns[0].name == "Difference"
    assert found.footnotes[0].startswith("alpha minus beta, in points")
