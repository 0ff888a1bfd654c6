"""Pages of scores that came without items, and pages of very many scores."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from evalvar.report import build, findings, to_html, to_markdown, to_pdf
from evalvar.report.model import Table
from evalvar.report.pdf import to_typst
from evalvar.results import Result
from evalvar.stats.estimate import Estimate
from tests.report import report_samples as samples


def reported(models, tasks, steps=(1,), metrics=("acc",), interval=True, lower=()):
    """Return what `summary` and `checkpoints` give for values that came without their items."""
    places = [
        (model, task, metric, step)
        for model in models
        for task in tasks
        for metric in metrics
        for step in steps
    ]
    frame = pd.DataFrame(places, columns=["model", "task", "metric", "checkpoint"])
    value = [0.2 + 0.6 * (i % 97) / 97 for i in range(len(frame))]
    frame = frame.assign(
        seed=0, prompt="", quantity="mean", value=value, se=0.01 if interval else float("nan"),
        level=0.95, n=0, unit="item", method="z, reported standard error",
        p_value=float("nan"), higher_is_better=~frame["metric"].isin(lower),
    )  # fmt: skip
    frame["low"], frame["high"] = frame["value"] - 2 * frame["se"], frame["value"] + 2 * frame["se"]
    keys = ("model", "task", "metric", "seed", "checkpoint", "prompt")
    return [
        Result(name, keys, frame, {"level": 0.95}, (), pd.DataFrame())
        for name in ("summary", "checkpoints")[: 1 + (len(steps) > 1)]
    ]


def score_table(page):
    blocks = [block for section in page.sections for block in section.blocks]
    return next(b for b in blocks if isinstance(b, Table) and b.name == "score-table")


def test_scores_without_items_stand_as_reported():
    page = build(reported(["A"], ["arc"]))
    assert findings(page)[0].endswith(" on arc (acc) [18, 22], as reported.")
    table = score_table(page)
    assert "Rests on" not in [column.name for column in table.columns]
    assert {len(row.cells) for row in table.rows} == {len(table.columns)}
    assert "as reported (z, reported standard error)" in table.footnotes[0]
    assert page.facts[-1][1] == "scores as reported, items not known"


def test_what_is_missing_of_reported_scores_is_said():
    page = build(reported(["A", "B"], ["arc"]))
    assert findings(page)[-2] == (
        "The items behind all 2 scores are missing, so the values stand as reported."
    )
    bare = build(reported(["A", "B"], ["arc"], interval=False))
    assert "the values stand as reported, without intervals" in to_markdown(bare)


@pytest.mark.parametrize(
    ("metrics", "first"),
    [
        (("likelihood_difference", "pct_stereotype"), "pct_stereotype"),
        (("acc_norm", "acc", "ppl"), "acc"),
        (("bleu", "exact_match,strict"), "exact_match,strict"),
        (("f1", "pass@1"), "pass@1"),
        (("ppl",), "ppl"),
    ],
)
def test_an_accuracy_stands_for_its_benchmark_and_a_loss_only_alone(metrics, first):
    page = build(reported(["A"], ["arc"], metrics=metrics))
    assert f"on arc ({first})" in findings(page)[0]


def test_benchmarks_of_losses_come_after_those_of_accuracies():
    loss, acc = reported(["A"], ["pile"], metrics=("ppl",)), reported(["A"], ["arc"])
    assert " on arc (acc)" in findings(build([*loss, *acc]))[0]


def test_some_reported_scores_without_interval_are_counted():
    known, bare = reported(["A"], ["arc", "pile"]), reported(["A"], ["sums"], interval=False)
    assert "all 3 scores are missing, so the values stand as reported; 1 of them has no" in (
        to_markdown(build([*known, *bare]))
    )


def test_a_clear_loss_does_not_open_a_page_that_has_a_clear_accuracy():
    loss = samples.compare(tasks=("pile",), metric="ppl", higher=False, gap=0.4)
    acc = samples.compare(tasks=("arc",), gap=0.1)
    assert " arc (acc) " in findings(build([loss, acc]))[0]


def sampled(task="sums"):
    key = {"model": "tiny", "task": task, "metric": "passed"}
    rows = [
        (
            key,
            f"pass@{k}",
            Estimate(0.5 + k / 10, 0.1, 0.4, 0.9, n=5, unit="item x seed", method="t"),
        )
        for k in (1, 2)
    ]
    made = Result.of("code_metrics", ("model", "task", "metric", "seed"), rows, settings={})
    return samples.labelled(made, items=120)


def test_tries_name_what_their_intervals_rest_on():
    page = build(sampled())
    section = next(section for section in page.sections if section.name == "code")
    assert (section.title, section.short) == ("How many tries matter", "Tries")
    assert "intervals over 5 seeds \u00d7 120 items." in section.blocks[0].note
    assert "intervals over 5 seeds \u00d7 120 items (t)" in section.blocks[1].footnotes[0]


def test_seeds_of_sampled_answers_hold_decoding_noise():
    said = "every seed drew its own answers"
    assert said in to_markdown(build([samples.seed_variance(tasks=("sums",)), sampled()]))
    assert said not in to_markdown(build([samples.seed_variance(tasks=("sums",))]))
    assert said not in to_markdown(build([samples.seed_variance(tasks=("other",)), sampled()]))
    # Asked under two prompts, a seed drew twice, and the draws are told from its training.
    asked = samples.summary(models=("tiny",), tasks=("sums",))
    for prompts, expected in (("",), True), (("p", "q"), False):
        table = pd.concat([asked.table.assign(prompt=name) for name in prompts])
        again = replace(asked, table=table.reset_index(drop=True))
        page = to_markdown(build([samples.seed_variance(tasks=("sums",)), sampled(), again]))
        assert (said in page) is expected


def test_many_models_tasks_and_checkpoints_stay_a_page():
    models = [f"model-{i:02d}" for i in range(20)]
    tasks = [f"task_{i:03d}" for i in range(100)]
    page = build(reported(models, tasks, steps=range(1, 28)))
    assert len(score_table(page).rows) == 2000
    assert len(to_html(page).encode()) < 2_000_000
    paper = to_pdf(page)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) < 8
    assert len(paper) < 500_000


def test_paper_says_how_many_rows_it_leaves_out():
    source = to_typst(build(reported([f"m{i}" for i in range(60)], ["arc"])))
    assert "The first 40 rows; 20 more stand in the HTML form of this report." in source
    assert "more stand in" not in to_typst(build(reported(["A"], ["arc"])))
