"""Do the formulas of `peers` equal the peers' own code?

`python -m benchmarks.calibration.peers_check`: each peer is installed into an environment of its
own in the cache folder, is given some hundred data sets, and its answers are compared with ours.
Writes `peers.json`: versions and differences.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration import laws, many, peers, resampled
from benchmarks.calibration.cells import SEED, Bounds, Numbers, generator
from benchmarks.calibration.page import RECORD

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "evalvar" / "peers"
ENVIRONMENTS = {
    "evalstats": ["evalstats==0.3.3"],
    "inspect_ai": ["inspect_ai==0.3.285"],
    "arch": ["arch", "pandas<3"],
    "lm_eval": [],
    "scipy": [],
}
RUNNER = Path(__file__).with_name("peers_run.py")
SIZES = np.array([5, 5, 30, 5, 5, 5])


def data_sets() -> dict[str, Numbers]:
    """Draw the data sets, some of them constant or at a bound."""
    rng = generator("peers check", "data")
    right = (rng.random((60, 20)) < rng.choice([0.02, 0.5, 0.9, 1.0], (60, 1))) * 1.0
    parts = rng.beta(8, 2, (60, 20))
    parts[:10] = np.where(rng.random((10, 20)) < 0.9, 1.0, parts[:10])
    parts[0] = 1.0
    z = laws.linked(rng, (60, 30), 2, 0.5)
    three = (rng.random((8, 3, 30)) < np.array([[0.8], [0.6], [0.5]])) * 1.0
    many_items = (rng.random((8, 3, 100)) < np.array([[0.8], [0.6], [0.5]])) * 1.0
    runs = (rng.random((40, 2, 25, 4)) < rng.beta(2, 1, (40, 2, 25, 1))) * 1.0
    chance = np.repeat(rng.beta(1.2, 0.4, (60, SIZES.size)), SIZES, axis=1)
    return {
        "right": right,
        "parts": parts,
        "loss": rng.lognormal(size=(60, 20)),
        "a": (z[0] < 1.0) * 1.0,
        "b": (z[1] < 0.8) * 1.0,
        "x": laws.as_beta(z[0], 4, 2),
        "y": laws.as_beta(z[1], 4, 3),
        "grades": np.round(4 * laws.as_beta(z[0], 3, 2)) / 4,
        "graded": np.round(4 * laws.as_beta(z[1], 3, 2)) / 4,
        "runs": runs,
        "three": three,
        "many_items": many_items,
        "clustered": (rng.random(chance.shape) < chance) * 1.0,
        "clusters": np.repeat(np.arange(SIZES.size), SIZES),
    }


def ours(data: dict[str, Numbers]) -> dict[str, dict[str, Numbers]]:
    """Answer the same questions by our formulas."""
    right, parts, loss, a, b = (data[name] for name in ("right", "parts", "loss", "a", "b"))
    x, y = data["x"], data["y"]
    wins, losses = ((a > b).sum(axis=1), (b > a).sum(axis=1))
    runs, clustered = data["runs"], data["clustered"]
    rng = np.random.default_rng(SEED)
    both = resampled.both(loss, rng)
    return {
        "evalstats": {
            "wilson": _table(peers.wilson_mean(right)),
            "logit_t": _table(peers.logit_t(parts, 0, 1)),
            "t": _table(peers.t_interval(loss)),
            "bonett_price": _table(peers.bonett_price(30, wins, losses)),
            "paired logit_t": _table(peers.logit_t(x - y, -1, 1)),
            "nig": _table(peers.nig(data["grades"] - data["graded"], 1.0)),
            "runs": _table(peers.bonett_price_runs(runs[:, 0], runs[:, 1])),
            "mcnemar": peers.mcnemar_midp(wins, losses),
            "agresti_caffo": _table(peers.agresti_caffo(a.sum(1), 30, b.sum(1), 30)),
            "welch": _table(peers.welch(x, y)),
            "compare, right or wrong": np.c_[
                _table(peers.bonett_price(30, wins, losses)), peers.mcnemar_midp(wins, losses)
            ][:8],
            "compare, fractions": np.c_[_table(peers.logit_t(x - y, -1, 1)), peers.wilcoxon(x - y)][
                :8
            ],
            "compare, 3 models": _pairs(data["three"]),
            "compare, 3 models, bootstrap": _pairs(data["many_items"]),
        },
        "inspect_ai": {
            "stderr": peers.standard_error(parts),
            "ci": _table(peers.t_interval(parts)),
            "ci_wilson": _table(peers.wilson_mean(parts)),
            "stderr(cluster)": peers.cluster_error(clustered, SIZES),
            "ci(cluster)": _table(peers.cluster_t(clustered, SIZES)),
            "ci_wilson(cluster)": _table(peers.cluster_wilson(clustered, SIZES)),
        },
        "lm_eval": {"mean_stderr": peers.standard_error(parts)},
        # Bootstraps draw, so theirs and ours agree up to what another draw would change.
        "arch": {"basic": _table(both[1])},
        "scipy": {"BCa": _table(both[0])},
    }


def theirs(peer: str, data: dict[str, Numbers]) -> tuple[dict[str, Numbers], dict[str, str]]:
    """Run the peer's own code in its environment."""
    python = _environment(peer)
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "data.npz", Path(folder) / "found.npz"
        np.savez(given, **data)
        subprocess.run([python, "-P", RUNNER, peer, given, found], check=True, cwd=folder)
        with np.load(found) as held:
            answers = {name: held[name] for name in held.files}
    versions = json.loads(str(answers.pop("versions")))
    return answers, versions


def _environment(peer: str) -> str:
    if not ENVIRONMENTS[peer]:
        return sys.executable
    home = CACHE / peer
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *ENVIRONMENTS[peer]], check=True)
    return str(python)


def _pairs(x: Numbers) -> Numbers:
    return np.stack(many.evalstats_at_once(x, "right or wrong"), axis=2).reshape(-1, 2)


def _table(ends: Bounds) -> Numbers:
    return np.stack(ends, axis=1)


def main() -> None:
    data = data_sets()
    record: dict[str, dict[str, str]] = {"versions": {}, "largest difference": {}}
    mine: dict[str, Any] = ours(data)
    for peer, answers in mine.items():
        found, versions = theirs(peer, data)
        record["versions"].update(versions)
        for name, answer in answers.items():
            apart = np.abs(answer - found[name])
            drawn = peer in ("arch", "scipy") or "bootstrap" in name
            if drawn:
                apart = apart / np.ptp(found[name], axis=1)[:, None]
                said = f"{apart.mean():.3f} of the width on average: each draws for itself"
            else:
                said = f"{float(apart.max()):.1e}"
            record["largest difference"][f"{peer} {name}"] = said
            print(f"{peer} {name}: {said} ({len(answer)} data sets)")
            if not drawn and not apart.max() < 1e-9:
                raise SystemExit(f"{peer} {name} is not what we wrote out.")
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
