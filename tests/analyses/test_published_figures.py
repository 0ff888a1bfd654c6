"""Results of other people's models give the figures that were computed apart from us."""

import json

import numpy as np
import pandas as pd
import pytest

from evalvar.adapters import load
from evalvar.analyses.code import code_metrics
from evalvar.analyses.comparison import compare
from evalvar.analyses.means import summary
from evalvar.analyses.seeds import seed_variance
from evalvar.analyses.training import checkpoints
from evalvar.evidence import as_evidence


def figures(folder):
    return json.loads((folder / "figures.json").read_text(encoding="utf-8"))


def test_cruxeval_pass_at_k_is_the_published_one(shared):
    folder = shared / "cruxeval_codellama7b"
    native = json.loads(next(folder.glob("sample_scored*.json")).read_text(encoding="utf-8"))
    rows = [
        ("codellama-7b", "cruxeval-i", item, i, float(right))
        for item, answers in native["raw_scored_generations"].items()
        for i, right in enumerate(answers)
    ]
    frame = pd.DataFrame(rows, columns=["model", "task", "item", "sample", "score"])
    result = code_metrics(frame, k=[1, 2, 5, 10])
    found = result.table.set_index("quantity")["value"]
    assert 100 * found["pass@1"] == pytest.approx(native["pass_at_1"], abs=1e-9)
    assert 100 * found["pass@1"] == pytest.approx(35.95, abs=1e-9)
    assert 100 * found["pass@5"] == pytest.approx(44.991071428571416, abs=1e-9)
    for k in (1, 2, 5, 10):
        assert found[f"pass@{k}"] == pytest.approx(figures(folder)[f"pass_at_{k}"], abs=1e-12)


def test_pythia_checkpoints_as_the_harness_reported_them(shared):
    folder = shared / "pythia_checkpoints"
    evidence = load(folder / "native" / "pythia-410m" / "zero-shot")
    wanted = figures(folder)["pythia-410m_zero_shot"]
    table = evidence.reported.set_index(["checkpoint", "task", "metric"])
    assert evidence.reported["model"].nunique() == 1
    for step, tasks in wanted.items():
        for task, claims in tasks.items():
            row = table.loc[(int(step), task, "acc")]
            assert row["value"] == claims["acc"]
            if claims["acc_stderr"] > 0:
                assert row["se"] == claims["acc_stderr"]
    assert sorted(evidence.reported["checkpoint"].unique())[:4] == [0, 1, 2, 4]


def test_pythia_curves_rise_as_counted_apart(shared):
    folder = shared / "pythia_checkpoints"
    table = pd.read_parquet(folder / "pythia_v1.parquet")
    table = table[(table["folder"] == "zero-shot") & (table["metric"] == "acc")]
    reported = table.rename(columns={"step": "checkpoint"})
    reported = reported[["model", "task", "metric", "checkpoint", "value"]]
    result = checkpoints(as_evidence(reported=reported)).quantity("rise_share")
    over_seeds = result[result["seed"].isna()].set_index(["model", "task"])["value"]
    counted = figures(folder)["adjacent_increase_fraction"]
    assert len(counted) == 8
    for name, entry in counted.items():
        model, _, task = name.split("/")
        wanted = (entry["increases"] + entry["ties"] / 2) / (entry["n_steps"] - 1)
        assert over_seeds[(model, task)] == pytest.approx(wanted, abs=1e-12)


def test_bigscience_final_scores_over_63_checkpoints(shared):
    folder = shared / "bigscience_checkpoints"
    table = pd.read_parquet(folder / "tr3d_oscar.parquet")
    tasks = figures(folder)["final"]
    kept = table[table["task"].isin(tasks)]
    reported = kept.rename(columns={"step": "checkpoint", "stderr": "se"})
    reported = reported[["model", "task", "metric", "checkpoint", "value", "se"]]
    result = checkpoints(as_evidence(reported=reported), task=list(tasks))
    last = int(reported["checkpoint"].max())
    means = result.quantity("mean")
    final = means[means["seed"].notna() & (means["checkpoint"] == last)]
    found = final.set_index(["task", "metric"])
    assert table["step"].nunique() == figures(folder)["n_checkpoints"] == 63
    assert table["task"].nunique() == figures(folder)["n_tasks"] == 28
    for task, claims in tasks.items():
        for metric in [name for name in claims if not name.endswith("_stderr")]:
            assert found.loc[(task, metric), "value"] == claims[metric]
            assert found.loc[(task, metric), "se"] == claims[f"{metric}_stderr"]
    rises = result.quantity("trend_test").set_index(["task", "metric"])
    assert rises.loc[("hellaswag", "acc_norm"), "p_value"] < 0.05
    # perplexity falls, and nobody declared that lower is better
    assert any("lambada, ppl: the score falls" in sentence for sentence in result.warnings)


def test_bert_seed_spread(shared):
    folder = shared / "bert_100seeds"
    evidence = load(
        folder / "berts_of_a_feather_accuracies_by_run.csv",
        column={"seed": "Run", "value": "*"},
        label={"model": "bert-base"},
    )
    wanted = figures(folder)
    # 4 summary rows and 7 blank ones below the runs, in 38 columns
    assert len(wanted["other_rows"]) * len(wanted["per_column"]) == 418
    assert any("418 rows whose seed is no number behind 'Run'" in s for s in evidence.warnings)
    result = seed_variance(evidence)
    found = result.table.pivot(index="task", columns="quantity", values="value")
    assert set(found.index) == set(wanted["per_column"])
    for task, facts in wanted["per_column"].items():
        assert found.loc[task, "final_mean"] == pytest.approx(facts["mean"], abs=1e-12)
        assert found.loc[task, "final_seed_sd"] == pytest.approx(facts["sd_ddof1"], rel=1e-9)
    assert set(result.quantity("final_seed_sd")["n"]) == {wanted["n_runs"]}
    equal = result.quantity("final_seed_sd").set_index("task").loc["ce_adverb"]
    assert (equal["value"], np.isnan(equal["low"])) == (0, True)


def test_bert_items(shared):
    folder = shared / "bert_100seeds"
    counts = pd.read_csv(folder / "mnli_item_counts.csv.gz")
    wanted = figures(folder)
    share = counts["n_correct"] / counts["n_seeds"]
    assert len(share) == wanted["n_items"]
    assert share.mean() == pytest.approx(wanted["mean_item_accuracy"], abs=1e-12)
    assert int((share == 1).sum()) == wanted["items_always_right"]
    assert int((share == 0).sum()) == wanted["items_never_right"]


def test_nanogpt_final_losses(shared):
    folder = shared / "nanogpt_seeds"
    evidence = load(
        folder / "val_loss.parquet",
        column={"model": ["model", "total_steps"], "seed": "seed", "value": "val_loss"},
        lower_is_better=["val_loss"],
    )
    assert evidence.reported["seed"].nunique() == 198
    result = seed_variance(evidence).table
    found = result.pivot(index="model", columns="quantity", values="value")
    n = result[result["quantity"] == "final_seed_sd"].set_index("model")["n"]
    assert len(found) == len(figures(folder))
    for name, wanted in figures(folder).items():
        model = name.replace(" @ ", " ").removesuffix(" steps")
        assert n[model] == wanted["n_runs"]
        assert found.loc[model, "final_mean"] == pytest.approx(wanted["final_val_loss_mean"])
        assert found.loc[model, "final_seed_sd"] == pytest.approx(wanted["sd_ddof1"], rel=1e-6)
        assert found.loc[model, "monotonicity"] > 0.95  # lower is better: the loss falls


def test_atari_final_returns(shared):
    folder = shared / "atari_5seeds"
    wanted = figures(folder)
    evidence = load(folder / "dopamine.parquet").select(task=list(wanted))
    result = seed_variance(evidence).table
    found = result.pivot(index=["task", "model"], columns="quantity", values="value")
    n = result[result["quantity"] == "final_seed_sd"].set_index(["task", "model"])["n"]
    assert len(found) == 18
    for task, agents in wanted.items():
        for agent, facts in agents.items():
            row = found.loc[(task, agent)]
            assert n[(task, agent)] == facts["n_runs"]
            # the table holds float32
            assert row["final_mean"] == pytest.approx(facts["final_mean"], rel=1e-6)
            assert row["final_seed_sd"] == pytest.approx(facts["final_sd_ddof1"], rel=1e-6)


@pytest.fixture(scope="module")
def mmlu_pro(shared):
    frame = load(shared / "mmlu_pro_items" / "mmlu_pro.parquet").records
    return frame.assign(task="mmlu_pro", item=frame["task"].astype(str) + frame["item"].astype(str))


def test_mmlu_pro_accuracy(shared, mmlu_pro):
    wanted = figures(shared / "mmlu_pro_items")["models"]
    found = summary(mmlu_pro).table.set_index("model")
    assert len(found) == 21
    for model, facts in wanted.items():
        assert found.loc[model, "n"] == facts["n"]
        assert found.loc[model, "value"] == pytest.approx(facts["accuracy"], abs=1e-12)


def test_mmlu_pro_pairs_only_what_both_answered(mmlu_pro):
    result = compare(mmlu_pro, "gemini-1.5-flash-002", "DeepSeek-Coder-V2")
    row = result.table.iloc[0]
    by_model = {
        m: g.set_index("item")["score"] for m, g in mmlu_pro.groupby("model", observed=True)
    }
    a, b = by_model["gemini-1.5-flash-002"], by_model["DeepSeek-Coder-V2"]
    shared_items = a.index.intersection(b.index)
    assert row["n"] == len(shared_items)
    assert row["value"] == pytest.approx((a[shared_items] - b[shared_items]).mean())
    assert row["unpaired"] == len(a.index.union(b.index)) - len(shared_items)
    assert row["verdict"] == "a is better"
