"""The installed lm-eval writes what the adapter reads."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from evalvar.adapters import load


def test_a_fresh_run_of_the_harness_is_read(tmp_path):
    if find_spec("lm_eval") is None:
        if os.environ.get("CI"):
            pytest.fail("lm_eval must be installed in CI")
        pytest.skip("needs lm_eval")
    script = Path(__file__).parent / "live_lm_eval.py"
    # Its own process: the harness warns, and caches data sets below the home directory.
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env={**os.environ, "HF_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    evidence = load(tmp_path / "out")
    records = evidence.records
    assert list(records["model"].unique()) == ["out"]
    assert list(records["seed"].unique()) == [1, 2]
    cells = records.groupby(["task", "metric", "seed"], observed=True)["score"].mean()
    reported = evidence.reported.set_index(["task", "metric", "seed"])["value"]
    assert set(reported.index.get_level_values("metric")) == {
        *("acc,none", "acc_norm,none", "brier_score,none"),
        *("exact_match,first", "exact_match,maj"),
    }
    assert np.allclose(cells[reported.index], reported, atol=1e-9, rtol=0)
    assert set(records.query("metric == 'exact_match'")["sample"]) == {0, 1, 2}
    assert {"p_correct", "nll_correct_per_char", "margin"} <= set(records["metric"])
    assert (
        "live_generate: 3 answers per item were scored again by exact match, which reproduces all "
        "36 logged scores" in evidence.warnings
    )
