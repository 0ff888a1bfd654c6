"""What a plan may assume of the noise of a difference, where no pilot says it."""

from collections.abc import Mapping

from evalvar.errors import UsageError
from evalvar.stats.planning import DifferenceNoise, pair_noise
from evalvar.stats.power_formulas import check_discordance, design_effect
from evalvar.stats.redrawn import enters
from evalvar.stats.variance import mean_variance

COMPONENTS = (
    *("item", "seed", "prompt", "item x seed", "item x prompt", "seed x prompt"),
    *("item x seed x prompt", "sample"),
)
OTHERS = ("discordance", "mean", "correlation", "seed_sd", "cluster_size", "icc")
# Of the scores of an item in two models, where nothing is said: the median over pairs is 0.37 for
# 21 models on MMLU-Pro and 0.32 for 93 on LiveBench; nine tenths of the pairs lie below 0.46.
CORRELATION = 0.35
_BOUNDS = {
    "discordance": (0.0, 1.0), "mean": (0.0, 1.0), "correlation": (-1.0, 1.0),
    "icc": (-1.0, 1.0), "cluster_size": (1.0, float("inf")),
}  # fmt: skip


def checked(assume: Mapping[str, float] | None) -> dict[str, float]:
    """Return the assumptions as numbers.

    Raises
    ------
    UsageError
        An unknown name, a number outside its range, or two answers to one question.
    """
    given: dict[str, float] = {}
    for name, value in (assume or {}).items():
        if name not in (*COMPONENTS, *OTHERS):
            legal = ", ".join((*OTHERS, *COMPONENTS))
            raise UsageError(f"assume has '{name}', which is unknown. Use {legal}.")
        low, high = _BOUNDS.get(name, (0.0, float("inf")))
        number = as_number(f"assume {name}", value)
        if not low <= number <= high or number == float("inf"):
            span = f"between {low:g} and {high:g}" if high < float("inf") else f"{low:g} or more"
            raise UsageError(f"assume {name} must be {span}, but is {value}.")
        given[name] = number
    for names in (("item", "discordance", "mean"), ("seed", "seed_sd")):
        twice = [name for name in names if name in given]
        if len(twice) > 1:
            raise UsageError(f"assume says {' and '.join(twice)}: give one of them.")
    if ("icc" in given) != ("cluster_size" in given):
        raise UsageError("assume needs both cluster_size and icc, or neither.")
    if "icc" in given:
        design_effect([given["cluster_size"]], given["icc"])  # refuses what cannot be
    if "discordance" in given:
        check_discordance(given["discordance"])
    return given


def as_number(name: str, value: object) -> float:
    """Return a number that somebody gave.

    Raises
    ------
    UsageError
        It is none.
    """
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise UsageError(f"{name} must be a number, but is {value!r}.") from None


def assumed_noise(
    given: Mapping[str, float],
    pilot: Mapping[str, float],
    cluster_size: float = 1.0,
    over: tuple[str, ...] | None = None,
) -> DifferenceNoise:
    """Return the noise as assumed, and as the pilot says where nothing is assumed.

    Parameters
    ----------
    given : mapping of str to float
        As `checked` returns it.
    pilot : mapping of str to float
        Components of the pilot; empty without one. Negative ones count as zero. If ``icc`` is
        given, those of a pilot without clusters.
    cluster_size : float
        Items in a cluster of the pilot.
    over : tuple of str, optional
        What is drawn again; default: items, and seeds where their variance is known.

    Raises
    ------
    UsageError
        Nothing is said of items, or of an axis that is drawn again; less discordance than the
        noise of runs and answers makes alone; items whose differences do not vary.
    """
    components = {name: max(value, 0.0) for name, value in pilot.items()}
    named = {name: value for name, value in given.items() if name in COMPONENTS}
    if "seed_sd" in given:
        named["seed"] = 2 * given["seed_sd"] ** 2
    for name, value in named.items():
        _replace(components, name, value)
    discordant = "discordance" in given and "icc" not in given
    if "discordance" in given:
        _replace(components, "item", _less_noise("discordance", given["discordance"], components))
    if "mean" in given:
        p, rho = given["mean"], given.get("correlation", CORRELATION)
        pair = 2 * p * (1 - p) * (1 - rho)
        _replace(components, "item", _less_noise("mean", pair, components))
    item = next((name for name in components if name.partition(" + ")[0] == "item"), None)
    if item is None and (over is None or "item" in over or "icc" in given):
        raise UsageError(
            "no data and no assumption about items: read a pilot, or assume discordance=0.2 "
            "(share of items that one solves and the other does not), mean=0.7 (of both, about), "
            "or item=0.2 (variance of an item's difference)."
        )
    if item is not None and "icc" in given:
        cluster_size = given["cluster_size"]
        components[item] *= design_effect([cluster_size], given["icc"])
    if over is None:
        axes = {axis for name in components for axis in name.replace(" + ", " x ").split(" x ")}
        over = ("item", "seed") if "seed" in axes else ("item",)
    for axis in over:
        if not any(axis in name for name in components):
            raise UsageError(
                f"over has {axis}, but nothing is known of what another {axis} would change. "
                f"Measure two {axis}s, or assume it."
            )
    ones = dict.fromkeys(("item", "seed", "prompt", "sample"), 1.0)
    if "item" in over and mean_variance(components, ones, ("item",)) == 0:
        raise UsageError(
            "items that all differ alike need no plan: one would do. Assume another mean, "
            "correlation or variance, or leave item out of over."
        )
    return DifferenceNoise(components, over, cluster_size, discordant)


def without_part(given: Mapping[str, float], noise: DifferenceNoise) -> list[str]:
    """Return the assumptions that play no part, as what they are of is not drawn again."""
    of = {"seed_sd": "seed", "discordance": "item", "mean": "item", "icc": "item"}
    return [
        name
        for name in given
        if (name in of or name in COMPONENTS) and not enters(of.get(name, name), noise.over)
    ]


def _replace(components: dict[str, float], name: str, value: float) -> None:
    for old in [old for old in components if old.partition(" + ")[0] == name]:
        del components[old]
    components[name] = value


def _less_noise(name: str, pair: float, components: Mapping[str, float]) -> float:
    """Take off what runs and answers add to the variance of a pair: only the rest is the item's."""
    added = pair_noise(components)
    if added > 0 and added >= pair:
        raise UsageError(
            f"assume {name} makes a variance of {pair:.3g} for a pair of scores, but runs, prompts "
            f"and answers alone add {added:.3g}, as measured or assumed: give another {name}."
        )
    return pair - added
