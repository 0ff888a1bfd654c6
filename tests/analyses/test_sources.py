"""Components of records: axes, shares, standard errors, remarks, text, bad input."""

import re

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.sources import variance_components
from evalvar.cli.sources import sources_text
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from evalvar.results import from_json
from evalvar.stats import variance_components as components_of

MERGED = "item x seed + sample"


def answers(items=30, seeds=4, samples=1, prompts=1, steps=1, rng=0, model="A"):
    draws = np.random.default_rng(rng)
    shape = (items, seeds, prompts, steps, samples)
    ability = (
        draws.normal(1, 1, size=(items, 1, 1, 1, 1))
        + draws.normal(0, 0.5, shape[1:4])[None, ..., None]
    )
    scores = draws.random(shape) < 1 / (1 + np.exp(-ability))
    item, seed, prompt, step, sample = (axis.ravel() for axis in np.indices(shape))
    frame = pd.DataFrame(
        {"model": model, "task": "t", "item": item, "seed": seed, "checkpoint": 10 * step,
         "prompt": np.char.add("p", prompt.astype(str)), "sample": sample,
         "score": scores.ravel().astype(float)}
    )  # fmt: skip
    return frame, scores.astype(float)


def values(result):
    return result.table.set_index("quantity")


def test_components_shares_and_errors_are_those_of_the_scores():
    frame, scores = answers()
    result = variance_components(frame)
    found = values(result)
    table = components_of(
        scores[..., 0, 0, 0], {"item": np.arange(30)[:, None], "seed": np.arange(4)}
    )
    assert list(found.index) == [
        "var_item", "var_seed", f"var_{MERGED}", "share_item", "share_seed", f"share_{MERGED}",
        "se_item", "se_seed", "se_item x seed",
    ]  # fmt: skip
    for name, estimate in table.estimates().items():
        row = found.loc[f"var_{name}"]
        assert (row["value"], row["low"], row["high"]) == (
            estimate.value, estimate.low, estimate.high
        )  # fmt: skip
        assert found.loc[f"share_{name}", "value"] == pytest.approx(
            estimate.value / table.values.sum()
        )
    assert found.loc["se_item", "value"] == pytest.approx(
        scores[..., 0, 0, 0].mean(axis=1).std(ddof=1) / np.sqrt(30)
    )
    both = found.loc["se_item x seed"]
    assert (both["unit"], both["n"]) == ("item x seed", 4)
    assert both["low"] < both["value"] < both["high"]
    shares = found.loc[[f"var_{name}" for name in table.names], "share_of_mean"]
    assert shares.sum() == pytest.approx(1)
    assert shares.to_numpy() == pytest.approx(
        table.values * table.weights / (table.values @ table.weights)
    )
    labels = found.loc["var_item", ["score", "checkpoint", "items", "seeds", "prompts", "samples"]]
    assert labels.tolist() == [pytest.approx(scores.mean()), 0, 30, 4, 1, 1.0]


def test_prompts_and_samples_have_their_components():
    frame, _ = answers(items=15, seeds=3, prompts=3, samples=2)
    found = values(variance_components(frame))
    assert [name for name in found.index if name.startswith("var_")] == [
        "var_item", "var_seed", "var_prompt", "var_item x seed", "var_item x prompt",
        "var_seed x prompt", "var_item x seed x prompt", "var_sample",
    ]  # fmt: skip
    assert [name for name in found.index if name.startswith("se_")] == [
        "se_item", "se_seed", "se_prompt", "se_item x seed x prompt",
    ]  # fmt: skip
    share = found.loc[[name for name in found.index if name.startswith("share_")], "value"]
    assert share.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "over", [["seed", "item"], ("item", "seed"), {"item", "seed"}, "item x seed", "seed, item"]
)
def test_over_names_what_is_drawn_again_in_any_order(over):
    frame, _ = answers()
    result = variance_components(frame, over=over)
    errors = [name for name in result.table["quantity"] if name.startswith("se_")]
    assert errors == ["se_item x seed"]
    assert result.settings["over"] == ["item", "seed"]


def test_each_model_s_last_checkpoint_counts_unless_one_is_named():
    frame, scores = answers(steps=3)
    last = values(variance_components(frame))
    assert last.loc["var_item", "checkpoint"] == 20
    assert last.loc["var_item", "score"] == pytest.approx(scores[:, :, 0, 2, 0].mean())
    named = values(variance_components(frame, checkpoint=[10]))
    assert named.loc["var_item", "score"] == pytest.approx(scores[:, :, 0, 1, 0].mean())


def test_what_cannot_be_seen_is_said_with_counts():
    frame, _ = answers(items=20, seeds=2)
    frame = frame.assign(cluster=frame["item"] // 2)
    gone = frame[~((frame["item"] == 3) & (frame["seed"] == 1))]
    result = variance_components(gone)
    assert "A, t, score: one prompt: what others would change cannot be seen." in result.warnings
    assert "A, t, score: 1 of 40 item x seed cells have no score." in result.warnings
    assert (
        "A, t, score: items are taken as independent although they share clusters."
        in result.warnings
    )


def test_a_negative_estimate_is_kept_and_said():
    # two seeds that agree on the mean, not on the items
    scores = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 1], [0, 0]], dtype=float)
    item, seed = (axis.ravel() for axis in np.indices(scores.shape))
    frame = pd.DataFrame({"model": "A", "task": "t", "item": item, "seed": seed})
    result = variance_components(frame.assign(score=scores.ravel()))
    found = values(result)
    assert found.loc["var_seed", "value"] < 0
    assert found.loc["share_seed", "value"] < 0
    assert "negative: read as zero" in found.loc["var_seed", "method"]
    assert any(
        re.fullmatch(r"A, t, score: the estimates? of (item, )?seed (is|are) negative: .*",
                     sentence)
        for sentence in result.warnings
    )  # fmt: skip


def test_one_seed_leaves_items_and_says_so():
    frame, scores = answers(seeds=1)
    result = variance_components(frame)
    found = values(result)
    assert list(found.index) == ["var_item + sample", "share_item + sample", "se_item"]
    assert found.loc["var_item + sample", "value"] == pytest.approx(scores.var(ddof=1))
    assert (
        "A, t, score: one seed and one prompt: what others would change cannot be seen."
        in result.warnings
    )
    asked = values(variance_components(frame, over=["seed"])).loc["se_seed"]
    assert np.isnan(asked["value"])
    assert asked["method"] == (
        "undefined: over needs at least 2 seeds, but there is 1: what another seed would change "
        "cannot be seen."
    )


def test_unscored_answers_leave_and_are_counted_or_are_wrong():
    frame, _ = answers(items=10, seeds=2)
    frame.loc[0, "score"] = np.nan
    dropped = variance_components(frame)
    assert any("no score for 1 of 20 answers" in sentence for sentence in dropped.warnings)
    assert "A, t, score: 1 of 20 item x seed cells have no score." in dropped.warnings
    wrong = variance_components(frame, missing="wrong")
    assert not any("cells have no score" in sentence for sentence in wrong.warnings)


def test_reml_is_the_second_opinion():
    frame, _ = answers(items=40, seeds=5)
    ours, theirs = (values(variance_components(frame, method=m)) for m in ("moments", "reml"))
    if (ours["value"] > 0).all():
        np.testing.assert_allclose(theirs["value"], ours["value"], rtol=1e-4)
    assert theirs.loc["var_item", "method"].startswith("REML")


def test_same_input_same_bytes_in_any_order_and_back_from_json():
    frame, _ = answers(samples=2)
    result = variance_components(frame)
    assert variance_components(frame).to_json() == result.to_json()
    shuffled = variance_components(frame.sample(frac=1, random_state=1))
    np.testing.assert_allclose(shuffled.table["value"], result.table["value"], rtol=1e-9)
    assert from_json(result.to_json()).to_json() == result.to_json()


def test_a_model_with_too_little_is_named_and_the_others_stay():
    frame, _ = answers()
    single = frame[:1].assign(model="B")
    result = variance_components(pd.concat([frame, single]))
    assert set(result.table["model"]) == {"A"}
    assert any(
        sentence.startswith("B, t, score: variance components need an axis with 2 levels")
        for sentence in result.warnings
    )
    with pytest.raises(NotEnoughDataError, match=r"^B, t, score: variance components need"):
        variance_components(single)


def test_the_error_of_samples_alone_was_that_of_items():
    frame, _ = answers(seeds=1)
    result = variance_components(frame, over="sample")
    row = values(result).loc["se_sample"]
    assert np.isnan(row["value"])
    said = (
        "over sample needs at least 2 answers in a cell, but each has 1: what another answer would "
        "change is one with item."
    )
    assert row["method"] == f"undefined: {said}"
    assert f"A, t, score: {said}" in result.warnings
    frame, _ = answers(items=8, seeds=2, samples=3)
    row = values(variance_components(frame, over="sample")).loc["se_sample"]
    assert row["n"] == 48


def test_rounding_was_shown_as_the_error_of_a_share():
    frame, _ = answers(seeds=3, prompts=2)
    frame["score"] = (frame["prompt"] == frame["prompt"].max()).astype(float)
    seen = np.random.default_rng(2).random(len(frame)) < 0.7
    for part in (frame, frame[seen]):
        found = values(variance_components(part))
        assert not (found["se"] < 1e-6).any()
        assert not (found.loc[found.index.str.startswith("se_"), "value"] < 1e-6).any()


def test_nested_prompts_were_told_as_missing_cells():
    rng = np.random.default_rng(1)
    item = np.repeat(np.arange(30), 2)
    frame = pd.DataFrame({"model": "A", "task": "t", "item": item, "prompt": np.arange(60)})
    said = "A, t, score: each prompt goes with one item: prompt and item x prompt cannot be told "
    result = variance_components(frame.astype({"prompt": str}).assign(score=rng.random(60)))
    assert result.warnings[:2] == (
        "A, t, score: one seed: what others would change cannot be seen.",
        f"{said}apart.",
    )
    assert not any("no score" in sentence for sentence in result.warnings)
    seeds = pd.concat([frame.assign(seed=seed, score=rng.random(60)) for seed in range(3)])
    result = variance_components(seeds.astype({"prompt": str}).iloc[:-4])
    assert f"{said}apart." in result.warnings
    assert "A, t, score: 4 of 180 seed x prompt cells have no score." in result.warnings


def test_bad_input_is_one_line():
    frame, _ = answers()
    with pytest.raises(UsageError) as caught:
        variance_components(frame, over=["item", "run"])
    assert str(caught.value) == (
        "over='item x run': there is no axis 'run'. Name some of item, seed, prompt, sample, such "
        "as 'item x seed'."
    )
    with pytest.raises(UsageError, match=r"^method must be moments or reml, but is 'ml'.$"):
        variance_components(frame, method="ml")
    claims = pd.DataFrame({"model": ["A"], "task": "t", "metric": "acc", "value": [0.5]})
    with pytest.raises(NotEnoughDataError, match=r"^this file has no items: variance components"):
        variance_components(as_evidence(reported=claims))


def test_the_text_of_one_reading():
    frame, scores = answers(items=60, seeds=3, samples=2)
    text = sources_text(variance_components(frame)).splitlines()
    assert text[0] == (
        f"A, t, score, last checkpoint 0: mean {scores.mean():.4f} over 60 items x 3 seeds, "
        "2 answers each"
    )
    assert text[3].split() == ["source", "share", "variance", "interval", "of", "the", "mean's"]
    assert [line.split("  ")[0] for line in text[4:8]] == ["item", "seed", "item x seed", "sample"]
    assert text[10].split() == ["drawn", "again", "error", "interval"]
    assert re.fullmatch(
        r"\d+% of the variance of the mean is seed: more seeds help most.", text[-1]
    )


def test_the_text_of_many_readings_is_a_line_each():
    parts = [answers(rng=i, model=f"m{i}", samples=1 + i % 2)[0] for i in range(4)]
    text = sources_text(variance_components(pd.concat(parts))).splitlines()
    assert text[1].split()[:2] == ["model", "mean"]
    assert [line.split()[0] for line in text[2:6]] == ["m0", "m1", "m2", "m3"]
    assert text[-1] == "Name one (--model, --task, --metric) to see more of it."
