import re

import numpy as np
import pandas as pd
import pytest

import evalvar as ev
from evalvar.analyses.phase import phases
from evalvar.errors import UsageError
from evalvar.evidence import as_evidence

LEVELS = np.repeat([0.2, 0.5, 0.9], 6)


def evidence(ways, *, noise=0.01, tasks=("a", "b"), **columns):
    rng = np.random.default_rng(0)
    rows = [
        {"model": "A", "task": task, "metric": "acc", "seed": s, "checkpoint": 10 * t, "value": v}
        for task in tasks
        for s, way in enumerate(ways)
        for t, v in enumerate(way + noise * rng.normal(size=len(way)))
    ]
    return as_evidence(reported=pd.DataFrame(rows).assign(**columns))


def of(result, quantity):
    return result.quantity(quantity)


def test_three_known_phases_and_the_way_through_them():
    result = phases(evidence([LEVELS] * 3), most_states=5, restarts=3)
    chosen = of(result, "n_states").iloc[0]
    assert chosen["value"] == 3
    assert chosen["path"] == "1 2 3"
    states = of(result, "state")
    assert len(states) == 54
    assert states[states["seed"] == 1]["value"].tolist() == [1] * 6 + [2] * 6 + [3] * 6
    assert (of(result, "state_probability")["value"] > 0.9).all()
    assert of(result, "returns")["value"].tolist() == [0, 0, 0]
    move = of(result, "transition")
    move = move[(move["from_state"] == 1) & (move["to_state"] == 2)].iloc[0]
    assert (move["n"], move["runs"]) == (3, 3)
    assert move["value"] == pytest.approx(1 / 6, abs=0.01)
    assert set(of(result, "bic")["states"]) >= {1, 2, 3}


def test_a_run_that_goes_back_takes_a_detour_and_few_runs_are_said_to_be_few():
    back = np.repeat([0.2, 0.5, 0.2, 0.9], [6, 4, 3, 5])
    result = phases(evidence([LEVELS, LEVELS, back]), scale="model", most_states=4, restarts=3)
    runs = of(result, "returns").set_index("seed")
    assert runs.loc[2, "value"] == 1
    assert runs.loc[2, "path"] == "1 2 1 3"
    assert runs.loc[2, "detour"] == "back to 1"
    assert runs.loc[0, "detour"] == ""
    assert (
        "A: 2 of 4 moves between phases were made by one run only; 3 runs are too few to "
        "determine the table of transitions." in result.warnings
    )


def test_scaled_within_runs_a_level_of_its_own_does_not_matter():
    ways = [LEVELS, LEVELS + 0.3, LEVELS - 0.1]
    within = phases(evidence(ways), most_states=5, restarts=3)
    assert set(of(within, "returns")["path"]) == {"1 2 3"}


def test_pieces_of_a_steady_rise_are_said_to_be_such():
    rise = phases(evidence([np.linspace(0.2, 0.9, 20)] * 4, noise=0.02), most_states=4, restarts=2)
    assert of(rise, "n_states")["value"].item() > 1
    said = "a straight line through each feature describes the runs better than phases (BIC)"
    assert any(said in warning for warning in rise.warnings)
    steps = phases(evidence([LEVELS] * 4), most_states=4, restarts=2)
    assert not any(said in warning for warning in steps.warnings)


def test_one_run_is_a_sketch():
    result = phases(evidence([LEVELS], tasks=("a",)), most_states=4, restarts=2)
    assert "A: one run does not tell the usual way from a detour; train other seeds." in (
        result.warnings
    )
    assert any("free parameters of 3 states are few" in w for w in result.warnings)


def test_same_rng_same_bytes_and_a_public_name():
    data = evidence([LEVELS] * 2)
    assert ev.phases is phases
    one, other = (phases(data, most_states=3, restarts=2, rng=5).to_json() for _ in range(2))
    assert one == other
    assert phases(data, most_states=3, restarts=2, rng=5).settings["rng"] == 5


def test_features_that_are_missing_or_constant_are_left_out_and_counted():
    table = evidence([LEVELS] * 2).reported
    flat = table[table["task"] == "a"].assign(task="flat", value=0.5)
    rare = table[(table["task"] == "a") & (table["checkpoint"] < 40)].assign(task="rare")
    short = table[~((table["task"] == "b") & (table["seed"] == 1) & (table["checkpoint"] == 50))]
    result = phases(as_evidence(reported=pd.concat([short, flat, rare])), restarts=2, most_states=4)
    said = " ".join(result.warnings)
    assert "1 of 4 features left out, measured at fewer than half of the checkpoints" in said
    assert "1 of 4 features left out, the same at all checkpoints (flat, acc)" in said
    assert "1 of 36 checkpoints of the runs left out, since a feature is missing there" in said
    assert len(of(result, "state")) == 35


@pytest.mark.parametrize(
    ("way", "why"),
    [
        (np.array([0.1, 0.2]), "phases need 3 checkpoints of a run, found 2."),
        (np.full(6, 0.5), "phases need a feature that changes, but there is none."),
    ],
)
def test_too_little_to_tell(way, why):
    result = phases(evidence([way], noise=0, tasks=("a",)))
    row = result.table.iloc[0]
    assert np.isnan(row["value"])
    assert row["method"] == f"undefined: {why}"
    assert f"A: {why}" in result.warnings


def test_an_unknown_scale_is_refused():
    message = "scale must be 'run' or 'model', but is 'seed'."
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        phases(evidence([LEVELS]), scale="seed")
