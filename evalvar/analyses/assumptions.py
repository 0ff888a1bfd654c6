"""What a plan may assume of the noise of a difference, where no pilot says it."""

from collections.abc import Mapping

from evalvar.errors import UsageError
from evalvar.stats.planning import DifferenceNoise
from evalvar.stats.power_formulas import check_discordance, design_effect

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
        if not low <= float(value) <= high or float(value) == float("inf"):
            span = f"between {low:g} and {high:g}" if high < float("inf") else f"{low:g} or more"
            raise UsageError(f"assume {name} must be {span}, but is {value}.")
        given[name] = float(value)
    for names in (("item", "discordance", "mean"), ("seed", "seed_sd")):
        twice = [name for name in names if name in given]
        if len(twice) > 1:
            raise UsageError(f"assume says {' and '.join(twice)}: give one of them.")
    if ("icc" in given) != ("cluster_size" in given):
        raise UsageError("assume needs both cluster_size and icc, or neither.")
    if "discordance" in given:
        check_discordance(given["discordance"])
    return given


def assumed_noise(
    given: Mapping[str, float], pilot: Mapping[str, float], cluster_size: float = 1.0
) -> DifferenceNoise:
    """Return the noise as assumed, and as the pilot says where nothing is assumed.

    Parameters
    ----------
    given : mapping of str to float
        As `checked` returns it.
    pilot : mapping of str to float
        Components of the pilot; empty without one. Negative ones count as zero.
    cluster_size : float
        Items in a cluster of the pilot.

    Raises
    ------
    UsageError
        Nothing is said of items.
    """
    components = {name: max(value, 0.0) for name, value in pilot.items()}
    named = {name: value for name, value in given.items() if name in COMPONENTS}
    if "discordance" in given:
        named["item"] = given["discordance"]
    if "mean" in given:
        p, rho = given["mean"], given.get("correlation", CORRELATION)
        named["item"] = 2 * p * (1 - p) * (1 - rho)
    if "seed_sd" in given:
        named["seed"] = 2 * given["seed_sd"] ** 2
    for name, value in named.items():
        replaced = [old for old in components if old.partition(" + ")[0] == name]
        for old in replaced:
            del components[old]
        components[name] = value
    item = next((name for name in components if name.partition(" + ")[0] == "item"), None)
    if item is None:
        raise UsageError(
            "no data and no assumption about items: read a pilot, or assume discordance=0.2 "
            "(share of items that one solves and the other does not), mean=0.7 (of both, about), "
            "or item=0.2 (variance of an item's difference)."
        )
    if "icc" in given:
        cluster_size = given["cluster_size"]
        components[item] *= design_effect([cluster_size], given["icc"])
    axes = {axis for name in components for axis in name.replace(" + ", " x ").split(" x ")}
    over = ("item", "seed") if "seed" in axes else ("item",)
    discordant = "discordance" in given and "icc" not in given
    return DifferenceNoise(components, over, cluster_size, discordant)
