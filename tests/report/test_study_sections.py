"""The sections that say what a training study, its questions and its prompts tell."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evalvar.report import build, findings, to_html, to_markdown
from evalvar.report.model import Figure, Table, Text, plain
from evalvar.results import from_json
from tests.report import report_samples
from tests.report import study_samples as samples

NAMES = {
    "signal": "recipes", "framing": "framing", "prompt_sensitivity": "prompts", "items": "items",
    "irt": "items", "subset": "shorter",
}  # fmt: skip


def changed(result, change):
    return replace(result, table=change(result.table.copy()))


def of(page, name):
    return next(section for section in page.sections if section.name == name)


def answer(result):
    return of(build(result), NAMES[result.name]).answer


def tables(page, name):
    return [block for block in of(page, name).blocks if isinstance(block, Table)]


def verdicts(page):
    return [
        (verdict.status, plain(verdict.claim))
        for section in page.sections
        for block in section.blocks
        if isinstance(block, Text) and block.kind == "verdicts"
        for verdict in block.items
    ]


def column(table, name):
    place = [column.name for column in table.columns].index(name)
    return [row.cells[place].text for row in table.rows]


def test_recipes_are_told_apart_or_not():
    assert answer(samples.signal()) == (
        "arc (acc) tells 3 of 3 pairs of models apart at the end of training."
    )
    assert answer(samples.signal(tasks=("arc", "sums"))) == (
        "arc (acc) tells 3 of 3 pairs of models apart at the end of training, the most; over all "
        "readings 6 of 6."
    )
    assert answer(samples.signal(clear=False)) == (
        "No benchmark tells two of the models apart at the end of training."
    )
    assert answer(samples.signal(pairs=1)) == (
        "arc (acc) tells the two models apart at the end of training."
    )
    assert answer(samples.signal(pairs=1, clear=False)) == (
        "No benchmark tells the two models apart at the end of training."
    )


def test_recipes_show_the_rows_of_the_result():
    spread, pairs = tables(build(samples.signal()), "recipes")
    assert column(spread, "Spread of models") == ["0.10"]
    assert column(spread, "Spread / noise") == ["5.0"]
    assert column(spread, "Right at half, %") == ["70 [62, 78]"]
    assert column(pairs, "Apart from checkpoint") == ["600", "600", "600"]
    assert column(pairs, "p, last") == ["0.001"] * 3


def test_how_early_models_are_ordered_is_said_of_several_pairs_only():
    said = verdicts(build(samples.signal()))
    assert said == [
        (
            "Early order",
            "At checkpoint 600, 50% of training, 70% [62, 78] of the pairs of models on arc (acc) "
            "stand as in the end; 3 of 3 pairs are told apart in the end.",
        )
    ]
    assert verdicts(build(samples.signal(pairs=1))) == []


@pytest.mark.parametrize(
    ("result", "status", "said"),
    [
        (
            samples.framing(),
            "Framing",
            "How the questions are asked moves the score: with tiny (acc), cloze leads choice by "
            "20 points [15, 25].",
        ),
        (
            samples.framing(gap=-0.1, turn=250),
            "Framing",
            "How the questions are asked moves the score: with tiny (acc), choice leads cloze by "
            "10 points [5, 15]; the order turns at checkpoint 250.",
        ),
        (
            samples.framing(gap=0.01),
            "1 tie",
            "With tiny (acc), choice and cloze cannot be told apart: \u22121 points "
            "[\u22126, +4], 80 items.",
        ),
        (
            samples.framing(models=("m1", "m2", "m3")),
            "Framing",
            "How the questions are asked moves the score: with m1 (acc), cloze leads choice by 20 "
            "points [15, 25]; the same way and clear in 3 of 3 readings.",
        ),
    ],
)
def test_two_framings_are_said_to_differ_or_to_tie(result, status, said):
    assert verdicts(build(result)) == [(status, said)]


def test_a_lower_score_may_be_the_better_framing():
    lower = changed(samples.framing(), lambda t: t.assign(higher_is_better=False))
    assert answer(lower) == "With tiny (acc), choice leads cloze by 20 points [15, 25]."


def test_an_undefined_framing_says_so():
    def undefined(table):
        mine = table["quantity"] == "difference"
        table.loc[mine, ["value", "se", "low", "high"]] = np.nan
        return table

    result = changed(samples.framing(), undefined)
    assert answer(result) == "choice and cloze of tiny (acc) have no paired difference."
    assert verdicts(build(result)) == []


def test_framings_are_drawn_over_checkpoints_and_over_models():
    page = build(samples.framing(models=("m1", "m2", "m3")))
    curves, over_models = (b for b in of(page, "framing").blocks if isinstance(b, Figure))
    panel = curves.data["panels"][0]
    assert panel["chance"] == (25.0, "chance")
    assert [one["name"] for one in panel["series"]] == ["choice", "cloze"]
    assert panel["series"][1]["points"][-1][1] == pytest.approx(60.0)
    assert over_models.data["panels"][0]["subtitle"] == "3 models, r 0.92 [0.87, 0.97]"


def test_prompts_name_the_widest_range():
    said = answer(samples.prompts())
    assert said.startswith("The 4 prompts of arc (acc) lie 20.0 points apart for a1")


def test_items_say_what_they_are_worth_together():
    page = build(samples.items())
    assert of(page, "items").answer == (
        "The 12 items of arc (acc) order 8 models with reliability 0.84 [0.79, 0.89]; 2 items "
        "nobody gets right and 1 item everybody gets right; 1 item may be labelled wrongly."
    )
    whole, flagged = tables(page, "items")
    assert column(whole, "r, halves") == ["0.31"]
    assert column(flagged, "Item") == ["arc, q3"]


def test_halves_of_the_respondents_are_drawn_with_the_range_of_r():
    figures = [b for b in of(build(samples.items()), "items").blocks if isinstance(b, Figure)]
    halves = next(f for f in figures if f.caption.startswith("Discrimination found on one half"))
    random, weak = halves.data["panels"]
    assert random["subtitle"] == "r 0.31 [0.21, 0.41]"
    assert weak["subtitle"] == "r 0.04"
    assert len(random["groups"][0][1]) == 12
    assert weak["groups"][0][1][1] == pytest.approx((0.25, -0.25))
    halves = ["half_a_r", "half_b_r", "weak_r", "strong_r"]
    old = changed(samples.items(), lambda t: t.drop(columns=halves))
    figures = [b for b in of(build(old), "items").blocks if isinstance(b, Figure)]
    assert not any(f.caption.startswith("Discrimination found") for f in figures)


def test_response_curves_stand_beside_shuffled_answers():
    page = build(samples.irt())
    assert of(page, "items").answer == (
        "9 of the 12 items of arc (acc) clearly tell abler models from others; with answers "
        "shuffled among the models it would be 1."
    )
    (table,) = tables(page, "items")
    cells = [cell.text for cell in table.rows[0].cells]
    assert cells == ["arc, acc", "12", "1.20", "0.01", "9", "1", "0.910", "0.020", "1", "0"]
    ability, information = (b for b in of(page, "items").blocks if isinstance(b, Figure))
    assert [row[0] for row in ability.data["rows"]] == ["m0", "m1", "m2", "m3"]
    assert ability.data["rows"][0][4] == "all right, +1.50"
    assert information.alt == "Information by ability. arc most at 0."


def test_curves_follow_the_items_where_both_are_there():
    both = of(build([samples.items(), samples.irt()]), "items")
    assert both.answer.startswith("The 12 items of arc (acc) order 8 models")
    names = [block.name for block in both.blocks if isinstance(block, Table)]
    assert names == ["items-table", "flagged-table", "irt-table"]


def test_a_fit_that_did_not_converge_is_named():
    result = changed(samples.irt(), lambda t: t.assign(control_converged=0.0))
    (table,) = tables(build(result), "items")
    assert table.footnotes[0].endswith("Not converged: arc (acc).")


@pytest.mark.parametrize(
    ("beyond", "said"),
    [
        (
            "no better",
            "no way to choose them has a clearly smaller error than the mean of random items",
        ),
        (
            "better",
            "anchors errs less than the mean of random items of that number, but none orders",
        ),
    ],
)
def test_shorter_benchmarks_stand_beside_random_items(beyond, said):
    result = samples.subset(beyond)
    assert said in answer(result)
    (table,) = tables(build(result), "shorter")
    assert {row.group for row in table.rows} == {"arc (acc): 20 of 80 items"}
    assert column(table, "Mean error") == ["6.0", "5.0", "\u2013"]
    assert column(table, "Error, by choice") == ["", beyond, ""]
    assert column(table, "Error, in all") == ["", beyond, ""]


def test_a_choice_may_be_no_better_where_its_estimate_is():
    result = changed(
        samples.subset("no better"),
        lambda t: t.assign(beyond_mean=t["beyond_random"].replace({"no better": "better"})),
    )
    (table,) = tables(build(result), "shorter")
    assert column(table, "Error, by choice") == ["", "no better", ""]
    assert column(table, "Error, in all") == ["", "better", ""]
    assert table.rows[1].cells[1].tone == "strong"
    assert "anchors errs less than the mean of random items" in answer(result)


def test_methods_keep_their_colours_in_all_panels():
    (figure,) = (b for b in of(build(samples.subset()), "shorter").blocks if isinstance(b, Figure))
    colours = [{s["name"]: s["colour"] for s in p["series"]} for p in figure.data["panels"]]
    assert colours[0] == colours[1] == {"random": "muted", "anchors": "blue"}


def test_many_shorter_benchmarks_are_folded():
    tasks = tuple(f"task{i}" for i in range(6))
    shown, more = tables(build(samples.subset(tasks=tasks)), "shorter")
    assert len({row.group for row in shown.rows}) == 4
    assert more.folded == "6 further rows of other benchmarks"


NUMBERS = ["value", "se", "low", "high", "p_value"]
CHANGES = {
    "read back": lambda result: from_json(result.to_json()),
    "no numbers": lambda result: changed(
        result, lambda t: t.assign(**dict.fromkeys(NUMBERS, np.nan))
    ),
    "no labels": lambda result: changed(
        result, lambda t: t[[*result.keys, "quantity", *samples.FIELDS]]
    ),
    "no rows": lambda result: changed(result, lambda t: t.iloc[:0]),
    "no model": lambda result: changed(
        result, lambda t: t.assign(model=None) if "model" in t else t
    ),
    "one quantity": lambda result: changed(
        result, lambda t: t[t["quantity"] == t["quantity"].iloc[0]]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", samples.SAMPLES)
@pytest.mark.parametrize("change", CHANGES)
def test_pages_stand_whatever_is_missing(name, change):
    result = samples.SAMPLES[name]()
    page = build(CHANGES[change](result))
    if change == "read back":
        assert findings(page) == findings(build(result))
    to_markdown(page)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", to_html(page), flags=re.DOTALL)
    assert not re.search(r"(?<![\w-])nan(?![\w-])", text)


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_names_are_escaped(name):
    evil = "<img src=x onerror=alert(1)>"
    result = changed(samples.SAMPLES[name](), lambda t: t.replace({"arc": evil, "tiny": evil}))
    page = to_html(build(result))
    assert "<img" not in page
    assert "&lt;img" in page


def test_long_tables_fold_what_derived_metrics_repeat():
    metrics = {"acc,none": 0.9, "p_correct": 0.7, **{f"extra{i}": 0.5 for i in range(4)}}
    page = build(report_samples.seed_variance(metrics=metrics))
    shown, more, _ = tables(page, "instruments")
    assert column(shown, "Metric") == ["acc,none", "p_correct"] * 2
    assert more.folded == "8 further readings of other metrics"
    assert len(more.rows) == 8
    assert not more.footnotes


def with_rows(result, rows):
    """Add quantities to every model, task and metric of a hand-made result."""
    table = result.table
    first = table[table["quantity"] == "final_mean"]
    added = [first.assign(quantity=name, **values) for name, values in rows.items()]
    return replace(result, table=pd.concat([table, *added], ignore_index=True))


def test_what_seeds_are_to_each_other():
    result = with_rows(
        report_samples.seed_variance(),
        {
            "seed_sd_independent": dict(value=0.02),
            "seed_sd_real": dict(value=0.05, low=0.0, high=0.2, p_value=0.2),
            "kappa": dict(value=0.4),
            "churn": dict(value=0.25),
            "best_of_seeds_gain": dict(value=0.08),
            "combined_half_width": dict(value=0.15),
        },
    )
    result = changed(result, lambda t: t.assign(against_chance="barely above", outlying="3"))
    page = build(result)
    table = tables(page, "instruments")[-1]
    assert table.name == "seed-pairs-table"
    cells = [cell.text for cell in table.rows[0].cells]
    assert cells == [
        "acc,none", "7.9", "2.0", "5.0", "[0.0, 20.0]", "0.200", "25%", "0.40", "8.0", "seed 3",
    ]  # fmt: skip
    instruments = tables(page, "instruments")[0]
    assert column(instruments, "One run \u00b1\u00a095%")[0] == "15.0"
    assert column(instruments, "Chance")[0] == "25, barely above"


def test_trends_say_how_many_seeds_rise_beyond_drift():
    result = report_samples.checkpoints(tasks=("arc",), metrics=["acc,none"])
    one = result.table[result.table["quantity"] == "kendall_tau"]
    tests = [
        one.assign(quantity="trend_test", seed=seed, value=0.5, p_value=p)
        for seed, p in enumerate((0.001, 0.01, 0.2))
    ]
    gain = one.assign(quantity="smoothing_gain", value=1.4, low=1.1, high=1.9)
    more = replace(result, table=pd.concat([result.table, *tests, gain], ignore_index=True))
    (table,) = tables(build(more), "seeds")
    assert column(table, "Beyond drift") == ["2 of 3"]
    assert column(table, "Smoothing gain") == ["1.4"]
    assert "No-trend sd of tau" not in [column.name for column in table.columns]


def test_methods_that_differ_in_numbers_are_told_once():
    result = samples.items(tasks=("arc", "sums"))
    counts = {"arc": "alpha of 80 items, mid-p", "sums": "alpha of 40 items, mid-p"}
    result = changed(result, lambda t: t.assign(method=t["task"].map(counts)))
    text = to_markdown(build(result))
    assert "alpha of \u2026 items, mid-p" in text
    assert "alpha of 40" not in text


def test_lone_pairs_stand_in_a_table_without_heads():
    several = report_samples.compare(models=("m1", "m2", "m3"))
    lone = report_samples.compare(models=("m1", "m2"), tasks=("sums", "facts"))
    lone = changed(lone, lambda t: t.assign(between="checkpoint", model="m1", a="20", b="10"))
    grouped, flat = tables(build([several, lone]), "differences")
    assert [grouped.name, flat.name] == ["difference-table", "difference-table-lone"]
    assert len(grouped.rows) == 6
    assert [row.group for row in flat.rows] == ["m1: sums, acc", "m1: facts, acc"]
    assert not grouped.footnotes
    assert flat.footnotes
