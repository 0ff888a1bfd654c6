import numpy as np
import pandas as pd
import pytest

import evalvar as ev
from evalvar.analyses.prompts import prompt_sensitivity
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.stats import (
    best_prompt_bias,
    crossed_mean_ci,
    fill_prompts,
    kendall_w,
    prompt_spread,
    sd_ci,
    variance_components,
)

GOLDEN = [0.62, 0.55, 0.71, 0.48, 0.66, 0.60]


def answers(model="A", n=40, prompts=5, rng=0, spread=0.15):
    """Return records and their table (prompts, items)."""
    draws = np.random.default_rng(rng)
    chance = 0.5 + spread * np.linspace(-1, 1, prompts)[:, None]
    scores = (draws.random((prompts, n)) < chance) * 1.0
    prompt, item = (axis.ravel() for axis in np.indices(scores.shape))
    frame = pd.DataFrame({"model": model, "task": "t", "metric": "acc", "item": item})
    return frame.assign(prompt=[f"p{k}" for k in prompt], score=scores.ravel()), scores


def values(result, model="A"):
    table = result.table
    table = table[table["model"].isna() if model is None else table["model"] == model]
    return table.set_index("quantity")


def test_the_golden_templates_as_reported():
    rows = [
        {"model": "A", "task": "t", "metric": "acc", "prompt": f"p{k}", "value": value}
        for k, value in enumerate(GOLDEN)
    ]
    result = prompt_sensitivity(ev.as_evidence(reported=pd.DataFrame(rows)))
    found = values(result)
    assert found.loc["prompt_range", "value"] == pytest.approx(0.23)
    assert found.loc["prompt_sd", "value"] == pytest.approx(0.081158282, abs=1e-9)
    assert found.loc["q50", "value"] == pytest.approx(0.61)
    assert found.loc["mean_over_prompts", "value"] == pytest.approx(np.mean(GOLDEN))
    assert found.loc["prompt_sd_real", "method"] == "undefined: no items"
    assert np.isnan(found.loc["best_prompt_bias", "value"])
    assert (found.loc["q50", "best_prompt"], found.loc["q50", "worst_prompt"]) == ("p2", "p3")
    assert result.warnings == (
        "A, t, acc: no items: the noise of the items cannot be told from the prompts.",
    )


def test_a_whole_table_has_plain_means():
    frame, scores = answers()
    found = values(prompt_sensitivity(frame))
    means = scores.mean(axis=1)
    spread = prompt_spread(means)
    assert found.loc["prompt_sd", "value"] == pytest.approx(means.std(ddof=1))
    assert found.loc["prompt_sd", "high"] == pytest.approx(sd_ci(means).high)
    assert found.loc["q95", "value"] == pytest.approx(spread.quantiles[0.95])
    assert found.loc["q95", "low"] < found.loc["q95", "value"] < found.loc["q95", "high"]
    over = crossed_mean_ci(scores.T, low=0, high=1)
    mean = found.loc["mean_over_prompts"]
    assert (mean["value"], mean["low"], mean["high"]) == pytest.approx(
        (over.value, over.low, over.high)
    )
    assert (mean["unit"], mean["prompts"], mean["items"]) == ("item x prompt", 5, 40)
    prompt, item = np.indices(scores.shape)
    parts = variance_components(scores, {"item": item, "prompt": prompt})
    part = dict(zip(parts.names, parts.values, strict=True))
    assert found.loc["prompt_sd_real", "value"] == pytest.approx(np.sqrt(part["prompt"]))
    noise = part["item x prompt + sample"] / 40
    assert noise == pytest.approx(means.var(ddof=1) - part["prompt"])
    luck = best_prompt_bias(means.std(ddof=1), noise, 5, noise_df=4 * 39)
    assert found.loc["best_prompt_bias", "value"] == pytest.approx(luck.value)
    assert found.loc["best_prompt_bias", "high"] == pytest.approx(luck.high)


def test_prompts_that_do_nothing_have_no_spread_of_their_own():
    zero = 0
    for rng in range(6):
        frame, _ = answers(rng=rng, spread=0.0)
        found = values(prompt_sensitivity(frame)).loc["prompt_sd_real"]
        zero += found["value"] == 0
        assert found["low"] == 0
    assert zero


@pytest.mark.parametrize(("prompts", "link"), [(6, "logit"), (3, "identity")])
def test_holes_are_filled_by_a_fit_that_is_named(prompts, link):
    frame, scores = answers(prompts=prompts)
    kept = np.random.default_rng(1).random(scores.shape) < 0.6
    kept[0] |= ~kept.any(axis=0)
    result = prompt_sensitivity(frame[kept.ravel()])
    found = values(result)
    by_name = np.argsort(np.arange(scores.shape[1]).astype(str))
    means = fill_prompts(np.where(kept, scores, np.nan)[:, by_name], link=link)
    assert found.loc["prompt_sd", "value"] == pytest.approx(means.std(ddof=1))
    assert found.loc["mean_over_prompts", "value"] == pytest.approx(means.mean())
    assert found.loc["mean_over_prompts", "low"] < means.mean()
    named = {"logit": "additive logistic fit (PromptEval)", "identity": "additive fit"}[link]
    unasked = int((~kept).sum())
    share = f"{named} of {unasked / kept.size:.0%} of the cells, which were not asked"
    assert found.loc["prompt_sd", "method"] == f"chi-square, {share}"
    assert result.warnings == (
        f"A, t, acc: {unasked} of {kept.size} prompt x item cells have no score; they are filled "
        "by a fit.",
    )


def test_few_answers_an_item_are_filled_by_the_linear_fit():
    frame, scores = answers(prompts=8, n=200)
    kept = np.random.default_rng(1).random(scores.shape) < 0.3
    found = values(prompt_sensitivity(frame[kept.ravel()]))
    assert ", additive fit of " in found.loc["prompt_sd", "method"]


def test_the_luck_of_the_best_of_few_cells_is_what_it_is_on_average():
    rng = np.random.default_rng(41)
    luck, told = [], []
    for _ in range(60):
        item, prompt = rng.normal(0, 0.25, 100), rng.normal(0, 0.05, 8)
        chance = np.clip(0.5 + item + prompt[:, None] + rng.normal(0, 0.1, (8, 100)), 0.02, 0.98)
        at = np.argwhere(rng.random((8, 100)) < 0.15)
        scores = (rng.random(len(at)) < chance[at[:, 0], at[:, 1]]) * 1.0
        frame = pd.DataFrame(
            {"model": "A", "task": "t", "metric": "acc", "item": at[:, 1],
             "prompt": [f"p{k}" for k in at[:, 0]], "score": scores}
        )  # fmt: skip
        found = values(prompt_sensitivity(frame))
        best = found.loc["best_prompt_bias"]
        if not np.isfinite(best["value"]):
            continue
        y = np.full((8, 100), np.nan)
        y[at[:, 0], at[:, 1]] = scores
        means = fill_prompts(y[:, np.isfinite(y).any(axis=0)], link="identity")
        k = int(means.argmax())
        assert best["best_prompt"] == f"p{k}"
        luck.append(means[k] - means.mean() - (prompt[k] - prompt.mean()))
        told.append(best["value"])
    assert len(luck) > 50
    assert np.mean(told) == pytest.approx(np.mean(luck), rel=0.1)


def test_the_noise_of_a_whole_table_is_the_residual_over_the_items():
    frame, scores = answers(prompts=6)
    found = values(prompt_sensitivity(frame)).loc["best_prompt_bias"]
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    noise = (rest**2).sum() / (5 * 39) / 40
    sd = scores.mean(axis=1).std(ddof=1)
    assert found["value"] == pytest.approx(best_prompt_bias(sd, noise, 6).value)


def test_prompts_without_an_item_in_common_are_not_compared():
    frame, _ = answers(prompts=2)
    frame.loc[frame["prompt"] == "p1", "item"] += 100
    result = prompt_sensitivity(frame)
    assert result.table["value"].isna().all()
    assert result.warnings == (
        "A, t, acc: prompts 0 and 1 have no item in common, not even by way of other prompts: "
        "they cannot be compared. Ask both some of the same items.",
    )


def test_models_that_every_prompt_orders_alike_or_otherwise():
    frames, tables = zip(
        *(answers(m, rng=k, n=80, spread=s) for k, (m, s) in enumerate(
            [("A", 0.3), ("B", -0.3), ("C", 0.0)]
        )),
        strict=True,
    )  # fmt: skip
    result = prompt_sensitivity(pd.concat(frames), n_resamples=199)
    found = values(result, None)
    means = np.stack([table.mean(axis=1) for table in tables], axis=1)
    assert found.loc["kendall_w", "value"] == pytest.approx(kendall_w(means))
    assert np.isnan(found.loc["kendall_w", "p_value"])
    effect = means - means.mean(axis=0) - means.mean(axis=1)[:, None] + means.mean()
    moved = found.loc["prompt_x_model_sd"]
    assert moved["value"] == pytest.approx(np.sqrt((effect**2).sum() / 8))
    assert moved["p_value"] == pytest.approx(1 / 200)
    again = prompt_sensitivity(pd.concat(frames), n_resamples=199)
    pd.testing.assert_frame_equal(result.table, again.table)


def test_shuffling_finds_nothing_where_prompts_do_nothing():
    small = 0
    for rng in range(10):
        frames = [answers(m, rng=[rng, k], n=30, spread=0.0)[0] for k, m in enumerate("ABC")]
        found = values(prompt_sensitivity(pd.concat(frames), n_resamples=99), None)
        small += found.loc["prompt_x_model_sd", "p_value"] <= 0.05
    assert small <= 3


def test_seeds_are_averaged_and_the_last_checkpoint_counts():
    frame, scores = answers()
    other = frame.assign(seed=1, score=1 - frame["score"])
    found = values(prompt_sensitivity(pd.concat([frame.assign(seed=0), other])))
    assert found.loc["mean_over_prompts", "value"] == pytest.approx(0.5)
    assert found.loc["prompt_range", "value"] == pytest.approx(0)
    early = frame.assign(checkpoint=1, score=0.0)
    found = values(prompt_sensitivity(pd.concat([frame.assign(checkpoint=2), early])))
    assert found.loc["mean_over_prompts", "value"] == pytest.approx(scores.mean())


def test_one_item():
    frame, _ = answers(n=1)
    found = values(prompt_sensitivity(frame))
    assert np.isnan(found.loc["prompt_sd_real", "value"])
    assert found.loc["prompt_sd_real", "method"].startswith("undefined: ")


def test_one_prompt_says_what_is_needed():
    frame, _ = answers(prompts=1)
    with pytest.raises(NotEnoughDataError) as raised:
        prompt_sensitivity(frame)
    assert str(raised.value) == (
        "prompt sensitivity needs the same items under 2 prompts or more, and everything here was "
        "asked under one. Log runs with several templates or few-shot draws, and name them with "
        "--label prompt=NAME."
    )
    two = pd.concat([answers()[0], frame.assign(model="B")])
    assert "B, t, acc: one prompt: what others would change cannot be seen." in (
        prompt_sensitivity(two).warnings
    )


def test_unknown_labels_are_refused():
    with pytest.raises(UsageError, match="no model 'C' in the data"):
        prompt_sensitivity(answers()[0], model="C")
