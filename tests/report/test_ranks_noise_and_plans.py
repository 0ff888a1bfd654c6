"""The sections that say who is ahead, where the noise comes from and what to buy."""

import numpy as np
import pandas as pd
import pytest

from evalvar import compare, leaderboard, overview, plan, report, variance_components
from evalvar.report import findings
from evalvar.report.drawing import NARROW, WIDE, draw
from evalvar.report.model import Figure, Table, Text, plain


def answers(models=("A", "B", "C"), items=200, seeds=1, tasks=("quiz",), gap=0.2, luck=0.0):
    rng = np.random.default_rng(3)
    rows = []
    for task in tasks:
        ease = rng.normal(size=items)
        for m, model in enumerate(models):
            for seed in range(seeds):
                shift = luck * rng.normal()
                right = ease + rng.normal(size=items) + shift > gap * m
                rows += [(model, task, i, seed, float(r)) for i, r in enumerate(right)]
    return pd.DataFrame(rows, columns=["model", "task", "item", "seed", "score"])


def of(page, name):
    return next(section for section in page.sections if section.name == name)


def test_ranks_say_who_leads_and_who_shares():
    frame = answers(models=("A", "B", "C", "D"), gap=0.02, items=400)
    frame.loc[frame["model"] == "D", "score"] *= 0.2
    page = report.build(leaderboard(frame))
    section = of(page, "leaders")
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert section.answer == (
        "On quiz (score) nobody leads alone: 1 model has a rank of its own, 3 share theirs, in 1 "
        "group."
    )
    ranks = {row.cells[2].text: (row.cells[0].text, row.cells[1].text) for row in table.rows}
    assert ranks["D"] == ("4", "")
    assert {ranks[name] for name in "ABC"} == {("1\u20133", "a")}


def test_two_models_are_told_in_one_line():
    clear = report.build(leaderboard(answers(models=("A", "B"), gap=1.5)))
    assert of(clear, "leaders").answer == "On quiz (score), A leads."
    tied = report.build(leaderboard(answers(models=("A", "B"), gap=0.0)))
    assert of(tied, "leaders").answer.endswith("has the higher mean; the two cannot be told apart.")


def test_the_mean_over_tasks_stands_for_them_and_the_rest_is_folded():
    page = report.build(leaderboard(answers(tasks=("x", "y", "z"), gap=0.6)))
    first, further = (b for b in of(page, "leaders").blocks if isinstance(b, Table))
    assert {row.group for row in first.rows} == {"the mean over tasks (score)"}
    assert all("." not in row.cells[3].text for row in first.rows)  # percent, se of a few points
    verdict = of(page, "verdicts").blocks[0].items[0]
    said = plain(verdict.claim)
    assert said.startswith("A leads the mean over tasks (score) by ")
    assert said.endswith(" over B.")
    tied = report.build(leaderboard(answers(tasks=("x", "y"), gap=0.05)))
    said = plain(of(tied, "verdicts").blocks[0].items[0].claim)
    assert said.startswith("Nobody leads the mean over tasks (score) alone: ")
    assert further.folded == "Ranks on 3 further readings"
    assert not further.note


def test_noise_names_the_largest_part_of_the_error():
    page = report.build(variance_components(answers(models=("A",), seeds=6, luck=0.8)))
    section = of(page, "noise")
    assert section.answer.startswith(
        "Most of the squared error of the score on quiz (score) is training seed: "
    )
    figure, table = section.blocks
    assert isinstance(figure, Figure)
    shares = [dict(parts) for panel in figure.data["panels"] for _, parts in panel["rows"]]
    assert all(sum(share.values()) == pytest.approx(1) for share in shares)
    assert "training seed" in table.rows[0].cells[-1].text


def test_leads_of_losses_are_told_as_leads():
    frame = answers(models=("A", "B"), tasks=("x", "y"), gap=0.8)
    frame["score"] = 3 - frame["score"]
    frame["higher_is_better"] = False
    page = report.build(leaderboard(frame))
    said = plain(of(page, "verdicts").blocks[0].items[0].claim)
    assert said.startswith("A leads the mean over tasks (score), lower is better, by 0.")
    gap = of(page, "leaders").blocks[0].rows[0].cells[-2]
    assert gap.value > 0
    assert "\u2212" not in gap.text


def test_parts_of_noise_are_parts_of_a_whole_though_an_estimate_is_negative():
    frame = answers(models=("A",), items=40, seeds=3)
    result = variance_components(frame)
    assert (result.quantity("share_seed")["value"] < 0).all()
    section = of(report.build(result), "noise")
    share = float(section.answer.rsplit(" ", 1)[1].rstrip("%."))
    assert share <= 100


def test_an_answer_alone_tells_no_source_and_heads_no_section():
    frame = answers(models=("A", "B"), items=40, seeds=3)
    frame = frame[(frame["model"] == "B") | (frame["seed"] == 0)]
    few = variance_components(frame[frame["model"] == "A"].assign(sample=0))
    many = variance_components(frame[frame["model"] == "B"])
    section = of(report.build([few, many]), "noise")
    assert "(score, B)" in section.answer
    assert section.answer.endswith("in the only reading that tells sources apart.")


def test_one_pair_on_many_benchmarks_is_drawn_in_one_direction():
    frame = answers(models=("A", "B"), tasks=("x", "y"), gap=0.8)
    turned = frame["task"] == "y"
    frame.loc[turned, "model"] = frame.loc[turned, "model"].map({"A": "B", "B": "A"})
    section = of(report.build(compare(frame, weights=None)), "differences")
    (figure,) = (block for block in section.blocks if isinstance(block, Figure))
    values = [row[1] for row in figure.data["rows"]]
    assert len(values) == 2
    assert values[0] * values[1] < 0


def test_the_page_of_one_comparison_names_its_sides():
    page = report.build(compare(answers(models=("A", "B"))))
    assert page.title == "A against B"


def test_next_step_is_the_axis_that_gains_most():
    seeds = report.build(plan(answers(models=("A", "B"), seeds=4, luck=0.8)))
    steps = [plain(phrase) for phrase in of(seeds, "next").blocks[0].items]
    assert steps[0].startswith("Buy seeds first on quiz (score): 10 seeds instead of 4 takes the ")
    items = report.build(plan(answers(models=("A", "B"))))
    steps = [plain(phrase) for phrase in of(items, "next").blocks[0].items]
    assert steps[0].startswith("Buy items first on quiz (score): 10 times the items takes the ")


def test_a_page_of_everything_has_the_new_sections_in_order():
    page = report.build(overview(answers(seeds=3, luck=0.3)))
    order = [section.name for section in page.sections]
    wanted = ["verdicts", "leaders", "differences", "noise", "next", "missing"]
    assert [name for name in order if name in wanted] == wanted
    assert "scores" not in order  # the ranks have them
    few = answers(seeds=3, luck=0.3)
    few = few[(few["model"] != "A") | (few["item"] != few["item"].iloc[0])]
    scores = of(report.build(overview(few)), "scores").blocks[0]
    assert scores.folded == "Scores on each model\u2019s own items"
    facts = dict(page.facts)
    assert facts["3 seeds \u00d7 1 checkpoint a model"] == "200 items"
    assert any(line.startswith("On quiz (score)") for line in findings(page))


def test_all_pairs_are_drawn_from_five_models_on():
    few = report.build(compare(answers(models=tuple("ABCD"))))
    many = report.build(compare(answers(models=tuple("ABCDEF"))))
    kinds = [
        {b.kind for b in of(page, "differences").blocks if isinstance(b, Figure)}
        for page in (few, many)
    ]
    assert kinds == [{"ladder"}, {"ladder", "triangle"}]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_new_drawing_stays_inside_its_sheet(width):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    models = tuple(f"a-model-with-a-rather-long-name-{i}" for i in range(6))
    page = report.build(overview(answers(models=models, seeds=3, luck=0.3)))
    drawn = [b for s in page.sections for b in s.blocks if isinstance(b, Figure)]
    assert {figure.kind for figure in drawn} >= {"shares", "planned", "triangle"}
    for figure in drawn:
        sheet = draw(figure, width)
        renderer = FigureCanvasAgg(sheet).get_renderer()
        for axes in sheet.axes:
            for text in axes.texts:
                box = text.get_window_extent(renderer)
                assert box.x0 >= -1, (figure.kind, text.get_text())
                assert box.x1 <= width + 1, (figure.kind, text.get_text())


def test_every_form_of_the_new_sections_is_written_twice_alike(tmp_path):
    page = report.build(overview(answers(seeds=3, luck=0.3)))
    for suffix in (".html", ".pdf", ".md"):
        first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        report.write(page, first)
        report.write(page, second)
        assert first.read_bytes() == second.read_bytes()
    assert any(isinstance(b, Text) for b in of(page, "next").blocks)
