"""How eff@k moves with its limit and weights: against scoring anew, and over all weights."""

import numpy as np
import pandas as pd
import pytest

from evalvar.analyses.code import code_metrics
from evalvar.analyses.code_sensitivity import efficiency_sensitivity
from evalvar.errors import NotEnoughDataError, UsageError
from evalvar.evidence import as_evidence
from tests.analyses.made_timings import timings as made
from tests.analyses.test_timing_scores import joined, program, reference


def timings(stopped=False, seed=0):
    rng = np.random.default_rng(seed)
    parts = [reference(item) for item in "pqrs"]
    for model, slow in (("A", 1.2), ("B", 1.5)):
        for item in "pqrs":
            for sample in range(4):
                end = (3, "timeout") if stopped and sample == 0 else None
                factor = {level: slow * rng.uniform(0.7, 1.3) for level in range(4)}
                parts.append(program(factor, end, sample=sample, model=model, item=item))
    return as_evidence(timings=joined(*parts).assign(task="t", limit_s=1.2))


def values(result, quantity, **labels):
    table = result.quantity(quantity)
    for name, value in labels.items():
        table = table[table[name] == value]
    return table.set_index("model")["value"]


@pytest.mark.parametrize("k", [1, 3])
def test_every_choice_is_what_scoring_anew_gives(k):
    data = timings()
    found = efficiency_sensitivity(data, k=k, alphas=(1.5, 3), weights=(1, 5))
    for alpha, hardness in ((1.5, (3, 3, 4)), (3, (3, 3, 4)), (2, (5, 3, 4)), (2, (3, 3, 1))):
        text = ",".join(map(str, hardness))
        mine = values(found, f"eff@{k}", alpha=alpha, hardness=text)
        anew = code_metrics(data, k=k, alpha=alpha, hardness=hardness).quantity(f"eff@{k}")
        pd.testing.assert_series_equal(mine, anew.set_index("model")["value"], check_exact=False)


@pytest.mark.parametrize("k", [1, 3])
def test_a_program_timed_in_two_sittings_is_one_program(k):
    sittings = [timings(seed=seed).timings.assign(run=str(seed)) for seed in (0, 1)]
    data = as_evidence(timings=pd.concat(sittings))
    mine = values(efficiency_sensitivity(data, k=k, alphas=(2,)), f"eff@{k}", hardness="3,3,4")
    anew = code_metrics(data, k=k).quantity(f"eff@{k}").set_index("model")["value"]
    pd.testing.assert_series_equal(mine, anew, check_exact=False)


def test_e14_a_limit_that_stopped_programs_might_be_within_has_no_value():
    found = efficiency_sensitivity(timings(stopped=True), alphas=(1.5, 2, 3))
    by_alpha = found.quantity("eff@1")
    by_alpha = by_alpha[by_alpha["hardness"] == "3,3,4"].set_index(["model", "alpha"])
    assert np.isnan(by_alpha.loc[("A", 3.0), "value"])
    assert by_alpha.loc[("A", 3.0), "method"] == (
        "undefined: programs were stopped before this limit"
    )
    assert np.isfinite(by_alpha["value"].drop(3.0, level=1)).all()


def test_e16_and_e17_the_lead_of_all_weights_lies_between_those_of_the_levels():
    data = timings()
    found = efficiency_sensitivity(data)
    lead = found.quantity("lead").iloc[0]
    rng = np.random.default_rng(1)
    assert (lead["model"], lead["other"]) == ("A", "B")
    for weights in (*np.eye(3), *rng.dirichlet(np.full(3, 0.3), 30)):
        eff = code_metrics(data, k=1, hardness=tuple(weights)).quantity("eff@1")
        a, b = eff.set_index("model")["value"][["A", "B"]]
        assert lead["low"] - 1e-12 <= a - b <= lead["high"] + 1e-12
    means = [values(found, f"level_mean@{level}") for level in (1, 2, 3)]
    gaps = [mean["A"] - mean["B"] for mean in means]
    assert (lead["low"], lead["high"]) == pytest.approx((min(gaps), max(gaps)))
    assert np.isnan(lead["level"])
    assert not len(efficiency_sensitivity(data, k=2).quantity("lead"))


def test_e27_how_well_each_level_tells_speeds_apart():
    table = efficiency_sensitivity(timings()).table
    shares = table[table["quantity"].str.startswith("level_share")]
    assert shares["value"].tolist() == pytest.approx([0.04, 0.2, 1])
    assert shares["lower_quartile"].tolist() == pytest.approx([0.04, 0.2, 1])
    assert shares["model"].isna().all()


def test_the_last_checkpoint_counts():
    data = timings()
    early = data.timings[data.timings["model"] == "A"].assign(checkpoint=0)
    late = data.timings.assign(checkpoint=np.where(data.timings["model"] == "A", 9, 0))
    early["seconds"] *= 5
    both = as_evidence(timings=pd.concat([late, early]).assign(limit_s=9.0))
    found = efficiency_sensitivity(both)
    expected = efficiency_sensitivity(data)
    assert values(found, "level_mean@1").to_dict() == values(expected, "level_mean@1").to_dict()


def test_k_beyond_n_is_undefined():
    row = efficiency_sensitivity(timings(), k=9).quantity("eff@9").iloc[0]
    assert np.isnan(row["value"])
    assert row["method"] == "undefined: k is larger than the number of answers to some item"


def test_what_cannot_be_is_refused():
    with pytest.raises(NotEnoughDataError, match="there are no timings"):
        efficiency_sensitivity(as_evidence())
    with pytest.raises(UsageError, match="k=0"):
        efficiency_sensitivity(timings(), k=0)
    with pytest.raises(UsageError, match="each must be a finite number above 1"):
        efficiency_sensitivity(timings(), alphas=(0.5,))


def test_no_interval_reaches_below_a_score_of_0():
    slow = made(np.random.default_rng(2), {"A": 1.99}, items=6, samples=3, right=0.1)
    table = efficiency_sensitivity(slow).table
    eff = table[table["quantity"].eq("eff@1") & table["value"].notna()]
    assert (eff["low"] >= 0).all()
    assert (eff["low"] == 0).any()
