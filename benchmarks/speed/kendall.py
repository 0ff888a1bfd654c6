"""Kendall's tau-b of many curves against time, beside a loop over scipy's."""

import numpy as np
from scipy import stats

from benchmarks.speed.timing import measure, row
from evalvar.stats import kendall_tau

CURVES = 100_000
PEER_CURVES = 1_000


def main() -> None:
    rng = np.random.default_rng(0)
    for checkpoints, target in ((21, 1500), (200, None)):
        curves = rng.normal(size=(CURVES, checkpoints))
        few, time = curves[:PEER_CURVES], np.arange(checkpoints)

        def loop(few: np.ndarray = few, time: np.ndarray = time) -> list[float]:
            return [stats.kendalltau(time, curve).statistic for curve in few]

        np.testing.assert_allclose(kendall_tau(few), loop(), rtol=0, atol=1e-12)
        ours = measure(lambda curves=curves: kendall_tau(curves))
        peer = measure(loop, repeat=3).times(CURVES / PEER_CURVES)
        row(f"tau-b, {CURVES:,} curves x {checkpoints}, scipy loop", ours, peer, target=target)


if __name__ == "__main__":
    main()
