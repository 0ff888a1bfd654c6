"""Items and seeds both drawn again: means, and differences of two models."""

from collections.abc import Iterator

import numpy as np

from benchmarks.calibration import laws, peers
from benchmarks.calibration.cells import (
    HOUSE,
    Bounds,
    Effort,
    Method,
    Numbers,
    Row,
    coverage,
    generator,
    stacked,
)
from evalvar.stats import crossed_difference_ci, crossed_mean_ci

SEEDS, SEED_SDS, ITEMS = (2, 3, 5, 10), (0.05, 0.2, 0.5), (50, 300)
SHARES = (0.5, 0.8, 0.95)
ITEM_SD = 1.0


def crossed_means(effort: Effort, seeds: int) -> Iterator[Row]:
    """Draw normal scores, and answers right or wrong; the seeds' sd in units of the rest's."""
    for seed_sd in SEED_SDS:
        for n in ITEMS:
            cell = f"normal, seed sd {seed_sd:g}, {n} items, {seeds} seeds"
            rng, sets = generator("crossed means", cell), effort.draws(4000)
            _, x = laws.crossed(rng, sets, n, seeds, ITEM_SD, seed_sd)
            regime = f"items x seeds, normal, {_few(seeds)}"
            yield from coverage(regime, cell, mean_methods(False), (x,), 0.0)
            for p in SHARES:
                cell = f"p {p:g}, seed sd {seed_sd:g}, {n} items, {seeds} seeds"
                rng, sets = generator("crossed means", cell), effort.draws(2000)
                _, x = laws.crossed(rng, sets, n, seeds, ITEM_SD, seed_sd)
                right = (x < laws.cut(p, ITEM_SD, seed_sd, 1)) * 1.0
                regime = f"items x seeds, right or wrong, {_few(seeds)}"
                yield from coverage(regime, cell, mean_methods(True), (right,), p)


def crossed_differences(effort: Effort, seeds: int) -> Iterator[Row]:
    """Draw two equal models: seeds of their own, the same seeds, or one against several."""
    for seed_sd in SEED_SDS:
        for n in ITEMS:
            for p in (None, 0.5, 0.9):
                what = f"p {p:g}" if p else "normal"
                cell = f"{what}, seed sd {seed_sd:g}, {n} items"
                rng, sets = generator("crossed differences", f"{cell}, {seeds}"), effort.draws(2000)
                items = ITEM_SD * rng.standard_normal((sets, n, 1))
                a, b, one = (
                    items + laws.seeds_and_rest(rng, sets, n, s, seed_sd) for s in (seeds, seeds, 1)
                )
                # The same seeds move both models together, by half of what they do.
                shared = seed_sd * rng.standard_normal((sets, 1, seeds))
                c, d = a + shared, b + shared
                if p:
                    level, raised = (
                        laws.cut(p, ITEM_SD, seed_sd, 1), laws.cut(p, ITEM_SD, seed_sd, seed_sd, 1)
                    )  # fmt: skip
                    a, b, one, c, d = (
                        (x < edge) * 1.0
                        for x, edge in ((a, level), (b, level), (one, level), (c, raised),
                                        (d, raised))
                    )  # fmt: skip
                known = {"low": -1.0, "high": 1.0} if p else {}
                kind = "right or wrong" if p else "normal"
                for regime, pair, paired, name in (
                    ("own seeds", (a, b), False, f"{seeds} seeds each"),
                    ("the same seeds", (c, d), True, f"{seeds} seeds in common"),
                    ("one against several", (a, one), False, f"{seeds} seeds against one"),
                ):
                    yield from coverage(
                        f"paired items x seeds, {kind}, {regime}",
                        f"{cell}, {name}",
                        difference_methods(bool(p), paired, pair, known),
                        pair,
                        0.0,
                    )


def near_copies(effort: Effort, seeds: int) -> Iterator[Row]:
    """Draw two models under the same seeds, the second with a few answers turned around."""
    p = 0.9
    for n in ITEMS:
        for share in (0.005, 0.02, 0.1):
            cell = f"{share:.1%} of answers turned, p .9, {n} items, {seeds} seeds in common"
            rng, sets = generator("crossed copies", cell), effort.draws(2000)
            _, x = laws.crossed(rng, sets, n, seeds, ITEM_SD, 0.3)
            a = x < laws.cut(p, ITEM_SD, 0.3, 1)
            b = a ^ (rng.random(a.shape) < share)
            pair = (a * 1.0, b * 1.0)
            methods = difference_methods(True, True, pair, {"low": -1.0, "high": 1.0})
            yield from coverage("paired items x seeds, nearly identical", cell, methods, pair,
                                share * (2 * p - 1))  # fmt: skip


def mean_methods(binary: bool) -> list[Method]:
    """Give the default, and what users of the peers do: average the seeds, or the items."""
    known = {"low": 0.0, "high": 1.0} if binary else {}

    def house(x: Numbers) -> Bounds:
        return stacked(crossed_mean_ci(one, **known) for one in x)

    name = "generalised pivotal, from 6 seeds Howe"
    items = (
        Method("Wilson on item means", "evalstats", lambda x: peers.wilson_mean(x.mean(axis=2)))
        if binary
        else Method("t on item means", "evalstats", lambda x: peers.t_interval(x.mean(axis=2)))
    )
    return [
        Method(name, HOUSE, house),
        items,
        Method("ci on item means", "Inspect", lambda x: peers.t_interval(x.mean(axis=2))),
        Method("stderr of one seed x 1.96", "lm-eval", _one_seed),
        Method("1.96 sd over seeds / sqrt(S)", "practice",
               lambda x: peers.z_interval(x.mean(axis=1))),
        Method("t over seeds", "practice", lambda x: peers.t_interval(x.mean(axis=1))),
    ]  # fmt: skip


def _one_seed(x: Numbers) -> Bounds:
    """Take the mean over seeds, and the stderr that lm-eval prints for each of them."""
    se = x.std(axis=1, ddof=1).mean(axis=1) / np.sqrt(x.shape[1])
    return peers.symmetric(x.mean(axis=(1, 2)), se, 1.96)


def difference_methods(
    binary: bool, paired: bool, pair: tuple[Numbers, Numbers], known: dict[str, float]
) -> list[Method]:
    def house(a: Numbers, b: Numbers) -> Bounds:
        return stacked(
            crossed_difference_ci(x, y, paired_seeds=paired, **known)
            for x, y in zip(a, b, strict=True)
        )

    def averaged(a: Numbers, b: Numbers) -> Bounds:
        return peers.t_interval(a.mean(axis=2) - b.mean(axis=2))

    def logit(a: Numbers, b: Numbers) -> Bounds:
        return peers.logit_t(a.mean(axis=2) - b.mean(axis=2), -1, 1)

    def unpaired(a: Numbers, b: Numbers) -> Bounds:
        return peers.unpaired_z(a.mean(axis=2), b.mean(axis=2))

    def over_seeds(a: Numbers, b: Numbers) -> Bounds:
        return peers.welch(a.mean(axis=1), b.mean(axis=1))

    same = pair[0].shape == pair[1].shape
    if not binary:
        peer = Method("t on item means", "evalstats", averaged)
    elif same and pair[0].shape[2] >= 3:
        peer = Method("Bonett-Price of runs", "evalstats", peers.bonett_price_runs)
    else:
        peer = Method("logit-t on item means", "evalstats", logit)
    made = [
        Method("sparse-t with seeds", HOUSE, house),
        peer,
        Method("two stderrs, unpaired", "lm-eval", unpaired),
    ]
    if same:
        made.append(Method("Welch over seed means", "practice", over_seeds))
    return made


def _few(seeds: int) -> str:
    return f"S {seeds}" if seeds < 5 else "S 5-10"
