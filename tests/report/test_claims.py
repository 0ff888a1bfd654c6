"""Every sentence of a page holds against the results that it was made from."""

from math import nan

import pytest

from evalvar.report import build, findings, to_html, to_markdown
from evalvar.report.model import Table, Text, plain
from evalvar.results import Result
from evalvar.stats.estimate import Estimate
from tests.report import report_samples as samples

PLACE = ("model", "task", "metric")


def said(report):
    """Return every sentence of the page, without its look."""
    return to_markdown(report).replace("\\", "")


def claim(report, status):
    found = [sentence for sentence in findings(report) if sentence.startswith(f"{status}. ")]
    assert found, findings(report)
    return found[0]


def changed(result, **columns):
    frame = result.table.assign(**columns).reset_index(drop=True)
    return Result(result.name, result.keys, frame, result.settings, result.warnings, result.sources)


def set_rows(result, quantity, **columns):
    frame = result.table.copy()
    for where, values in columns.items():
        frame.loc[frame["quantity"] == quantity, where] = values
    return changed(result, **{name: frame[name] for name in columns})


def scored(rows, **labels):
    """Return a summary of (model, task, value, n) with further keys."""
    made = [
        (
            {"metric": "acc", "seed": 0, "checkpoint": 0, "prompt": "", **key},
            "mean",
            Estimate(value, 0.02, value - 0.04, value + 0.04, n=n, method="mid-p"),
        )
        for key, value, n in rows
    ]
    keys = (*PLACE, "seed", "checkpoint", "prompt")
    return samples.labelled(Result.of("summary", keys, made, settings={}), **labels)


def tried(values, half=0.04):
    """Return pass@k of models by k."""
    rows = [
        (
            {"model": model, "task": "problems", "metric": "passed"},
            f"pass@{k}",
            Estimate(value, half / 2, value - half, value + half, n=118, method="bootstrap"),
        )
        for model, by_k in values.items()
        for k, value in by_k.items()
    ]
    return Result.of("code_metrics", (*PLACE, "seed"), rows, settings={})


def test_items_are_not_called_scores():
    answer = build(samples.coverage(gaps=False)).sections[0].answer
    assert "scores were read" not in answer
    assert "5,000 items asked in 2 cells" in answer


def test_a_declared_chance_level_is_not_called_missing():
    page = build([samples.seed_variance(tasks=("quiz",), metrics=("acc",), seeds=1),
                  scored([({"model": "tiny", "task": "quiz"}, 0.5, 120)])])  # fmt: skip
    assert "no chance level" not in said(page)
    result = samples.labelled(
        samples.seed_variance(tasks=("quiz",), metrics=("acc",)), at_chance=None
    )
    assert "on quiz the mean over seeds has no interval to hold against chance" in said(
        build(result)
    )
    bare = changed(result, chance=nan)
    assert "no chance level is declared for quiz" in said(build(bare))


def test_every_number_of_tries_is_looked_at():
    steady = tried({"a": {1: 0.6, 10: 0.7, 100: 0.9}, "b": {1: 0.4, 10: 0.5, 100: 0.7}})
    assert " at k = 1, 10 and 100: pass@1 60" in claim(build(steady), "Same leader")
    between = tried({"a": {1: 0.6, 10: 0.7, 100: 0.9}, "b": {1: 0.4, 10: 0.85, 100: 0.7}})
    assert "a has the highest pass@1" in claim(build(between), "Depends on k")
    assert "b has the highest pass@10" in claim(build(between), "Depends on k")


def test_two_at_the_top_are_level_there_and_nobody_leads():
    level = build(tried({"a": {1: 0.6, 10: 0.8, 100: 1.0}, "b": {1: 0.4, 10: 0.6, 100: 1.0}}))
    told = claim(level, "Same leader")
    assert " at k = 1 and 10: pass@1 60" in told
    assert "At k = 100 a and b are level." in told
    both = build(tried({"a": {1: 0.6, 10: 0.8}, "b": {1: 0.6, 10: 0.8}}))
    assert "highest estimate" not in said(both)


def test_code_models_whose_intervals_overlap_are_not_ordered():
    close = tried({"a": {1: 0.60, 10: 0.70}, "b": {1: 0.59, 10: 0.71}})
    page = build(close)
    assert "depends on the number" not in said(page)
    assert "leads" not in said(page)
    assert "changes hands" in claim(page, "Not settled")
    assert "not compared pair by pair here" in claim(page, "Not settled")
    same = build(tried({"a": {1: 0.60, 10: 0.70}, "b": {1: 0.59, 10: 0.69}}))
    assert "highest estimate of pass@k" in claim(same, "Same leader")
    assert "At k = 1 and 10 the interval of the highest overlaps" in claim(same, "Same leader")


def test_seeds_are_counted_within_a_model():
    page = build(scored([({"model": "A", "task": "arc", "seed": 1}, 0.5, 100),
                         ({"model": "B", "task": "arc", "seed": 2}, 0.6, 100)]))  # fmt: skip
    assert "training seeds" not in page.lede
    assert "one seed per model" in said(page)
    assert page.facts[-1] == ("1 seed \u00d7 1 checkpoint a model", "100 items")
    more = build(scored([({"model": m, "task": "arc", "seed": s}, 0.5, 100)
                         for m, s in (("A", 1), ("A", 2), ("B", 2))]))  # fmt: skip
    assert "training seeds" in more.lede
    assert "one seed only of B" in said(more)


def test_a_pair_that_rests_on_seeds_is_not_called_one_seed():
    full = samples.compare()
    assert "these differences rest on items alone" in said(build(full))
    assert "Training noise" not in said(build(changed(full, unit="item x seed", n=5)))


def test_a_task_measured_at_an_earlier_step_only_is_told():
    rows = [({"model": "m", "task": task, "checkpoint": step}, 0.5, 100)
            for task, step in (("arc", 100), ("arc", 200), ("sums", 100))]  # fmt: skip
    page = build(scored(rows))
    table = next(b for s in page.sections for b in s.blocks if isinstance(b, Table))
    names = [(row.group, row.cells[0].text) for row in table.rows]
    assert names == [("arc", "acc"), ("sums", "acc, checkpoint 100")]


def test_a_tally_names_its_metric_and_counts_the_others():
    first = changed(samples.compare(tasks=("arc", "sums"), gap=-0.01), between="checkpoint")
    second = changed(
        samples.compare(tasks=("arc", "sums"), metric="p_correct", gap=-0.1), between="checkpoint"
    )
    page = build([first, second])
    assert "on any of 2 benchmarks (acc)." in claim(page, "2 ties")
    assert "With every metric, which are readings of the same answers, 2 of 4 are told apart" in (
        claim(page, "2 ties")
    )
    answer = next(s.answer for s in page.sections if s.name == "differences")
    assert "unadjusted" in answer
    assert "readings of the same answers" in answer


def test_a_tally_over_models_is_not_told_of_one_of_them():
    made = [changed(samples.compare(gap=-0.01), between="checkpoint") for _ in range(2)]
    made = [Result(r.name, r.keys, r.table, {**r.settings, "model": m})
            for r, m in zip(made, ("ant", "bee"), strict=True)]  # fmt: skip
    assert claim(build(made), "4 ties").startswith(
        "4 ties. Of 4 pairs of checkpoints of 2 models (acc), 0 are told apart and 4 are ties."
    )


@pytest.mark.parametrize(
    ("discrete", "continuous", "status"),
    [
        ((10.6, 3.6, 17.7), (8.5, 2.9, 14.2), "Not settled"),
        ((4.0, 2.0, 5.0), (12.0, 6.0, 18.0), "Calmer"),
        ((12.0, 6.0, 18.0), (4.0, 2.0, 5.0), "No gain"),
    ],
)
def test_signal_to_noise_is_ordered_only_where_intervals_lie_apart(discrete, continuous, status):
    made = samples.seed_variance(tasks=("quiz",), metrics=("acc", "p_correct"))
    frame = made.table.copy()
    for metric, values in (("acc", discrete), ("p_correct", continuous)):
        at = (frame["quantity"] == "snr") & (frame["metric"] == metric)
        frame.loc[at, ["value", "low", "high"]] = values
    sentence = next(s for s in findings(build(changed(made, **frame))) if "signal to noise" in s)
    assert sentence.startswith(f"{status}. ")
    assert "8.5 [2.9, 14] for p_correct" in sentence or status != "Not settled"
    other = changed(made, **frame.assign(metric=frame["metric"].replace("p_correct", "p_other")))
    assert not [s for s in findings(build(other)) if "signal to noise" in s]


def test_the_models_at_chance_are_named():
    one = samples.labelled(samples.seed_variance(("quiz",), "small", metrics=("acc",)),
                           at_chance=True)  # fmt: skip
    two = samples.seed_variance(("quiz",), "large", metrics=("acc",))
    sentence = claim(build([one, two]), "At chance")
    assert sentence.startswith("At chance. small on quiz (acc) (1 of 2 models) cannot be told")


def test_scores_on_fewer_items_are_marked_and_never_the_highest():
    page = build(scored([({"model": "whole", "task": "eng"}, 0.4, 968),
                         ({"model": "part", "task": "eng"}, 0.5, 143)]))  # fmt: skip
    table = next(b for s in page.sections for b in s.blocks if isinstance(b, Table))
    cells = {row.cells[0].text: row.cells[-1].text for row in table.rows}
    assert cells == {"part \u2020": "143 of 968 items", "whole": "968 items"}
    assert any(note.startswith("\u2020 Rests on fewer items") for note in table.footnotes)
    assert "the highest" not in " ".join(s.answer for s in page.sections)


def test_a_comparison_with_the_leader_only_says_how_it_was_chosen():
    full = samples.compare(models=("a", "b", "c", "d"), tasks=("arc",), gap=-0.05)
    star = Result(full.name, full.keys, full.table[full.table["a"] == "a"].reset_index(drop=True),
                  full.settings)  # fmt: skip
    words = "Every model against a only, the leader on arc (acc) in the same data; the choice of"
    assert words in said(build(star))
    assert "Every model against" not in said(build(full))


def test_neighbours_by_score_are_said_to_be_chosen_by_it():
    full = samples.compare(models=("a", "b", "c", "d"), tasks=("arc", "sums"), gap=-0.05)
    steps = full.table[[b == chr(ord(a) + 1) for a, b in zip(full.table["a"], full.table["b"],
                                                             strict=True)]]  # fmt: skip
    chain = Result(full.name, full.keys, steps.reset_index(drop=True), full.settings)
    page = said(build(chain))
    assert "Of 6 pairs of neighbours on 2 benchmarks (acc)" in page
    assert page.count("Each model against the next only, in the order of the scores") == 3
    assert "Each model against the next" not in said(build(full))


def test_the_clearest_lead_is_a_clear_one_and_called_so():
    ties = build(samples.compare(tasks=("arc", "sums", "quiz"), gap=-0.01))
    assert "learest lead" not in said(ties)
    clear = said(build(samples.compare(tasks=("arc", "sums", "quiz"), gap=-0.1)))
    assert "widest lead" not in clear
    assert "The clearest lead, by size over width of interval, of 3 benchmarks" in clear


def test_a_tie_by_adjustment_says_that_its_interval_leaves_out_zero():
    full = samples.compare(models=("a", "b", "c"), tasks=("arc",), gap=-0.025)
    frame = full.table.assign(verdict="cannot be told apart", low=0.001)
    page = said(build(changed(full, **frame)))
    assert "after Holm\u2019s adjustment" in page
    assert "although its own interval leaves out 0" in page
    assert "| tie (Holm) |" in page


def test_the_seed_sd_is_not_called_luck():
    page = build(set_rows(samples.seed_variance(), "noise_ratio", low=1.2, high=2.5))
    assert "training luck" not in said(page).lower()
    assert "run-to-run spread on these items (decoding noise included)" in said(page)
    assert "The largest of 2 discrete readings, not adjusted for that choice." in said(page)


def test_a_bound_beside_one_does_not_read_as_one():
    made = samples.seed_variance(metrics=("acc",))
    assert "[1.020, 2.500]" in said(build(set_rows(made, "noise_ratio", low=1.02, high=2.5)))
    alone = build(set_rows(made, "noise_ratio", low=nan, high=nan))
    assert "with no interval to settle which is larger" in claim(alone, "Not settled")


def test_the_spread_without_trend_is_called_a_lower_bound():
    assert "checkpoints of one run depend on each other" in said(build(samples.checkpoints()))
    assert "lower bound" in said(build(samples.checkpoints()))


def test_methods_use_the_names_of_the_sides():
    method = "Howe; seed spread of a taken from b; the one seed of a not drawn again"
    page = said(build(changed(samples.compare(), method=method)))
    assert "of a " not in page
    assert page.count("seed spread of alpha taken from beta; the one seed of alpha not") == 4


def test_what_is_drawn_is_said_where_it_is_drawn():
    result = samples.summary()
    assert "Drawn from" not in to_markdown(build(result))
    assert 'class="axis"' in to_html(build(result))


def test_the_number_of_items_stands_beside_that_of_seeds():
    page = said(build(changed(samples.seed_variance(), unit="item x seed")))
    assert "5 seeds \u00d7 120 items" in page


def test_the_interval_above_one_is_said_in_words():
    answer = build(set_rows(samples.seed_variance(), "noise_ratio", low=1.2, high=2.5)).sections
    text = next(s.answer for s in answer if s.name == "instruments")
    assert "beyond its interval" not in text
    assert "the whole interval of the ratio above 1 in 2 of them" in text


def test_remarks_of_a_kind_are_told_once_and_all_stand_on_the_page():
    kind = tuple(
        f"alpha against {name} on arc, acc: {n} item{'s' * (n > 1)} left out, {900 - n} compared."
        for n, name in enumerate(("beta", "gamma", "delta", "x-7b"), start=1)
    )
    remarks = (*kind, "the file has no header.")
    made = samples.compare(models=("alpha", "beta", "gamma", "delta", "x-7b"), tasks=("arc",))
    page = build(Result(made.name, made.keys, made.table, made.settings, remarks))
    block = next(s for s in page.sections if s.name == "missing").blocks
    told, full = (b for b in block if isinstance(b, Text))
    assert [plain(item) for item in told.items] == [
        f"{remarks[0]} 3 further remarks of this kind.",
        remarks[-1],
    ]
    assert [plain(item) for item in full.items] == list(remarks)
    html = to_html(page)
    assert "<summary>All 5 remarks</summary>" in html
    assert all(remark in html for remark in remarks)


def test_findings_are_the_verdicts_and_the_answers():
    page = build(samples.everything())
    found = findings(page)
    verdicts = page.sections[0].blocks[0].items
    assert found[: len(verdicts)] == [f"{v.status}. {plain(v.claim)}" for v in verdicts]
    assert found[len(verdicts) :] == [s.answer for s in page.sections if s.answer]
    assert findings(build([])) == [s.answer for s in build([]).sections]
