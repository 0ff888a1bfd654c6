"""The peers' intervals and tests, written out from their formulas for many data sets at once.

Each equals what the peer's own code gives, see `peers_check`. Data sets are rows.
"""

import numpy as np
from scipy import special

from benchmarks.calibration.cells import Bounds, Numbers

Z = float(special.ndtri(0.975))
ALPHA = 0.05


def t_crit(df: float | Numbers) -> Numbers:
    """Give the two-sided 5 % point of t."""
    return np.asarray(special.stdtrit(df, 0.975))


def symmetric(mean: Numbers, se: Numbers, crit: float | Numbers) -> Bounds:
    return mean - crit * se, mean + crit * se


def standard_error(x: Numbers) -> Numbers:
    """Give the standard error of the mean (lm-eval ``mean_stderr``, Inspect ``stderr``)."""
    return np.asarray(x.std(axis=1, ddof=1) / np.sqrt(x.shape[1]))


def z_interval(x: Numbers) -> Bounds:
    """Mean plus and minus 1.96 of lm-eval's or Inspect's stderr."""
    return symmetric(x.mean(axis=1), standard_error(x), 1.96)


def t_interval(x: Numbers) -> Bounds:
    """Inspect ``ci``; evalstats where it knows no range."""
    return symmetric(x.mean(axis=1), standard_error(x), t_crit(x.shape[1] - 1))


def wilson(mean: Numbers, n: float | Numbers, crit: float | Numbers = Z) -> Bounds:
    """Wilson's interval of a share (evalstats for 0/1, Inspect ``ci_wilson``)."""
    c = np.asarray(crit) ** 2 / n
    middle = (mean + c / 2) / (1 + c)
    half = np.sqrt(c * mean * (1 - mean) + c * c / 4) / (1 + c)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def wilson_mean(x: Numbers) -> Bounds:
    """Inspect ``ci_wilson`` of scores in 0..1."""
    return wilson(x.mean(axis=1), x.shape[1])


def logit_t(x: Numbers, low: float, high: float, alpha: float | Numbers = ALPHA) -> Bounds:
    """Evalstats' default for scores in a known range: t on the logit of the mean."""
    n, span = x.shape[1], high - low
    u = (x.mean(axis=1) - low) / span
    se = standard_error(x) / span
    crit = special.stdtrit(n - 1, 1 - alpha / 2)
    constant = np.ptp(x, axis=1) == 0
    with np.errstate(all="ignore"):
        reach = crit * se / (u * (1 - u))
        middle = special.logit(u)
        left, right = special.expit(middle - reach), special.expit(middle + reach)
    unseen = (alpha / 2) ** (1 / n)
    left = np.where(constant, unseen * u, left)
    right = np.where(constant, unseen * u + 1 - unseen, right)
    return low + span * left, low + span * right


def nig(d: Numbers, span: float) -> Bounds:
    """Evalstats' default for pairs on a grid (Likert): a normal-inverse-gamma posterior."""
    n = d.shape[1]
    u = (d + span) / (2 * span)
    mean = u.mean(axis=1)
    squares = ((u - mean[:, None]) ** 2).sum(axis=1)
    count, shape = n + 1, 2 + n / 2
    rate = 0.0625 / 4 + squares / 2 + n / (2 * count) * (mean - 0.5) ** 2
    low, high = symmetric(
        (0.5 + n * mean) / count, np.sqrt(rate / (shape * count)), t_crit(2 * shape)
    )
    return 2 * span * low - span, 2 * span * high - span


def bonett_price(n: int, wins: Numbers, losses: Numbers, alpha: float | Numbers = ALPHA) -> Bounds:
    """Evalstats' default for pairs of right and wrong answers."""
    p, q = (wins + 1) / (n + 2), (losses + 1) / (n + 2)
    se = np.sqrt((p + q - (p - q) ** 2) / (n + 2))
    low, high = symmetric(p - q, se, -special.ndtri(alpha / 2))
    return np.maximum(low, -1), np.minimum(high, 1)


def bonett_price_runs(a: Numbers, b: Numbers) -> Bounds:
    """Evalstats' default for 3 runs or more of right and wrong answers: (sets, items, runs)."""
    d = a - b
    item, flips = d.mean(axis=2), np.abs(d).mean(axis=2).sum(axis=1)
    size, squares = item.shape[1] + 2, (item**2).sum(axis=1)
    centre = item.sum(axis=1) / size
    second = (squares + 2 * (squares + 2) / (flips + 2)) / size
    low, high = symmetric(centre, np.sqrt(np.maximum(second - centre**2, 0) / size), Z)
    return np.maximum(low, -1), np.minimum(high, 1)


def cluster_error(x: Numbers, sizes: Numbers) -> Numbers:
    """Inspect ``stderr(cluster=)``; items stand cluster by cluster."""
    starts = np.r_[0, np.cumsum(sizes)[:-1]].astype(int)
    rest = x - x.mean(axis=1)[:, None]
    sums = np.add.reduceat(rest, starts, axis=1)
    count = sizes.size
    return np.asarray(np.sqrt((sums**2).sum(axis=1) * count / (count - 1)) / x.shape[1])


def cluster_z(x: Numbers, sizes: Numbers) -> Bounds:
    return symmetric(x.mean(axis=1), cluster_error(x, sizes), 1.96)


def cluster_t(x: Numbers, sizes: Numbers) -> Bounds:
    """Inspect ``ci(cluster=)``."""
    return symmetric(x.mean(axis=1), cluster_error(x, sizes), t_crit(sizes.size - 1))


def cluster_wilson(x: Numbers, sizes: Numbers) -> Bounds:
    """Inspect ``ci_wilson(cluster=)``: Korn-Graubard, no more than the number of items."""
    mean, variance = x.mean(axis=1), cluster_error(x, sizes) ** 2
    n = float(x.shape[1])
    with np.errstate(all="ignore"):
        size = np.where(
            (mean * (1 - mean) > 0) & (variance > 0),
            np.minimum(mean * (1 - mean) / variance, n),
            n,
        )
    return wilson(mean, size, t_crit(sizes.size - 1))


def unpaired_z(a: Numbers, b: Numbers) -> Bounds:
    """Take the difference of two lm-eval scores, their stderrs added in squares."""
    se = np.sqrt(standard_error(a) ** 2 + standard_error(b) ** 2)
    return symmetric(a.mean(axis=1) - b.mean(axis=1), se, 1.96)


def welch(a: Numbers, b: Numbers) -> Bounds:
    """Evalstats' default for scores of different items."""
    va, vb = standard_error(a) ** 2, standard_error(b) ** 2
    with np.errstate(all="ignore"):
        df = (va + vb) ** 2 / (va**2 / (a.shape[1] - 1) + vb**2 / (b.shape[1] - 1))
    return symmetric(a.mean(axis=1) - b.mean(axis=1), np.sqrt(va + vb), t_crit(df))


def agresti_caffo(right_a: Numbers, n_a: int, right_b: Numbers, n_b: int) -> Bounds:
    """Evalstats' default for right and wrong answers to different items."""
    p, q = (right_a + 1) / (n_a + 2), (right_b + 1) / (n_b + 2)
    se = np.sqrt(p * (1 - p) / (n_a + 2) + q * (1 - q) / (n_b + 2))
    low, high = symmetric(p - q, se, Z)
    return np.maximum(low, -1), np.minimum(high, 1)


def mcnemar_midp(wins: Numbers, losses: Numbers) -> Numbers:
    """Evalstats' test of pairs of right and wrong answers."""
    total, fewer = wins + losses, np.minimum(wins, losses)
    tail = special.bdtr(fewer, total, 0.5)
    seen = np.exp(
        special.gammaln(total + 1) - special.gammaln(fewer + 1)
        - special.gammaln(total - fewer + 1) - total * np.log(2)
    )  # fmt: skip
    return np.where(total == 0, 1.0, 2 * tail - seen)


def textbook(wins: Numbers, losses: Numbers) -> Numbers:
    """Give McNemar's test by chi-square, uncorrected, which power is measured against."""
    total = np.maximum(wins + losses, 1)
    return np.asarray(special.chdtrc(1, (wins - losses) ** 2 / total))


def wilcoxon(d: Numbers) -> Numbers:
    """Evalstats' test of pairs of numeric scores: scipy's signed ranks, its defaults."""
    from scipy import stats

    d = np.round(d, 12)
    p = np.ones(len(d))
    live = (d != 0).any(axis=1)
    p[live] = [stats.wilcoxon(row).pvalue for row in d[live]]
    return p


def sidak(pairs: int) -> float:
    """Give the error of one interval that evalstats uses for several at once, with few items."""
    return float(1 - (1 - ALPHA) ** (1 / pairs))
