"""Which items look wrong, and why: flags and what they rest on, item by item."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalvar.analyses.respondents import Responses
from evalvar.errors import counted
from evalvar.stats import falling_p, repeats_p, rest_scores, same_columns

# Where the question itself may stand.
_TEXTS = ("item.text", "item.question", "item.prompt", "item.hash")
# Responses as rare as this on either side recur by chance alone.
_FEWEST = 3
# Share of the answers whose score may disagree with "chosen is gold".
_DISAGREE = 0.01


@dataclass(frozen=True, slots=True)
class Labels:
    """Flags of J items.

    Parameters
    ----------
    flags : dict of str to bool array, shape (J,)
        ``dead``, ``saturated``, ``flipped``, ``suspect_label``, ``duplicate``,
        ``conflicting_gold``, ``same_answers``.
    tested : dict of str to int
        Of how many items each could be told.
    q : dict of str to float array, shape (J,)
        Adjusted p-values of ``flipped``, ``suspect_label``; NaN where not tested.
    columns : dict of str to object array, shape (J,)
        ``gold``, ``chosen_instead``, ``duplicate_of``, ``text``.
    remarks : tuple of str
        What cannot be told.
    """

    flags: dict[str, np.ndarray]
    tested: dict[str, int]
    q: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]
    remarks: tuple[str, ...]


def item_labels(found: Responses, records: pd.DataFrame, fdr: float) -> Labels:
    """Flag the items of one task and metric; `records` are the answers behind the responses."""
    y = found.oriented
    n = np.isfinite(y).sum(axis=0)
    flags = _same_from_all(found, n)
    _, rest = rest_scores(y)
    falling = falling_p(y, rest)
    q = {"flipped": _adjusted(falling)}
    remarks = _hopeless(found, falling, fdr)
    about = _about_items(records, found.items)
    options, why = _options(found, records, about.get("gold"))
    remarks += why
    if options is None:
        low, high = found.facts.low, found.facts.high
        middle = found.facts.sign * (low + high) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            hard = np.nansum(y, axis=0) / n < middle
        suspect = np.where(hard, falling, np.nan)
        chosen = np.full(len(found.items), None, dtype=object)
    else:
        suspect, chosen = _agreed_on_another(options, rest, np.asarray(about["gold"]))
    q["suspect_label"] = _adjusted(suspect)
    flags |= {name: np.nan_to_num(value, nan=1.0) <= fdr for name, value in q.items()}
    tested = {name: int(np.isfinite(value).sum()) for name, value in q.items()}
    repeated, duplicate_of = _repeated_text(about, found.items)
    flags |= repeated
    flags["same_answers"], same_as = _same_answers(found, fdr)
    text = about.get("text", np.full(len(found.items), None, dtype=object))
    columns = {
        "gold": about.get("gold", np.full(len(found.items), None, dtype=object)),
        "chosen_instead": _only(chosen, flags["suspect_label"]),
        "duplicate_of": np.where(repeated["duplicate"], duplicate_of, same_as),
        "text": text,
    }
    ranged = np.isfinite([found.facts.low, found.facts.high]).all()
    several = int((n > 1).sum()) if ranged else 0
    tested |= {
        **dict.fromkeys(("dead", "saturated", "same_answers"), several),
        **dict.fromkeys(repeated, len(found.items) if about.get("key") is not None else 0),
    }
    return Labels(flags, tested, q, columns, tuple(remarks))


def _same_from_all(found: Responses, n: np.ndarray) -> dict[str, np.ndarray]:
    """Tell the items that nobody or everybody gets right; of one respondent that says nothing."""
    worst, best = sorted((found.facts.sign * found.facts.low, found.facts.sign * found.facts.high))
    y = found.oriented
    several = n > 1
    return {
        "dead": several & (np.where(np.isfinite(y), y, worst) == worst).all(axis=0),
        "saturated": several & (np.where(np.isfinite(y), y, best) == best).all(axis=0),
    }


def _adjusted(p: np.ndarray) -> np.ndarray:
    """Adjust p-values by Benjamini and Hochberg; NaN stay out."""
    from scipy.stats import false_discovery_control

    q, known = np.full(p.size, np.nan), np.isfinite(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q


def _hopeless(found: Responses, p: np.ndarray, fdr: float) -> list[str]:
    """Say where so few respondents could not flip any item, whatever they answered."""
    from scipy.special import comb

    tested = int(np.isfinite(p).sum())
    size = len(found.names)
    if not tested or not found.binary:
        return []
    if tested / comb(size, size // 2) <= fdr:
        return []
    return [
        f"{counted(size, found.unit)} cannot show a single one of {counted(tested, 'item')} to be "
        f"flipped or mislabelled at a false discovery rate of {fdr:g}, whatever they answer; more "
        f"{found.unit}s can."
    ]


def _about_items(records: pd.DataFrame, items: pd.Index) -> dict[str, np.ndarray]:
    """Give gold answer, question and what tells questions apart, where they are known."""
    named = [name for name in ("item.gold", *_TEXTS) if name in records]
    if not named:
        return {}
    first = records.drop_duplicates("item")
    first = first.set_axis(pd.Index(first["item"].astype(str))).reindex(items)
    about = {}
    if "item.gold" in named:
        about["gold"] = _strings(first["item.gold"])
    texts = [name for name in named if name in _TEXTS]
    if texts:
        about["key"] = _strings(first[texts[0]])
        if texts[0] != "item.hash":
            about["text"] = about["key"]
    return about


def _only(values: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Keep some values, and None elsewhere."""
    kept = np.full(values.shape, None, dtype=object)
    kept[where] = values[where]
    return kept


def _strings(column: pd.Series) -> np.ndarray:
    text = column.astype(object)
    return np.array([None if v is None or v != v else str(v) for v in text], dtype=object)


def _options(
    found: Responses, records: pd.DataFrame, gold: np.ndarray | None
) -> tuple[np.ndarray | None, list[str]]:
    """Give the option each respondent chose most often, shape (R, J), or why it cannot be used."""
    if gold is None or "answer.chosen" not in records:
        return None, []
    rows = records[records["answer.chosen"].notna() & records["score"].notna()]
    score = rows["score"].to_numpy(dtype=np.float64)
    if not len(rows) or not np.isin(score, (0.0, 1.0)).all():
        return None, []  # such a score does not say that the choice was right
    item = found.items.get_indexer(pd.Index(rows["item"].astype(str)))
    labels = rows[found.unit].astype(str) if found.unit == "model" else rows[found.unit]
    respondent = found.names.get_indexer(pd.Index(labels))
    option = rows["answer.chosen"].astype(str).to_numpy(dtype=object)
    differ = int(((option == gold[item]) != (score == max(found.facts.sign, 0.0))).sum())
    if differ > _DISAGREE * len(rows):
        return None, [
            f"{differ:,} of {len(rows):,} scores do not follow from answer.chosen and item.gold; "
            "options are not looked at."
        ]
    votes = pd.DataFrame({"r": respondent, "j": item, "option": option})
    votes = votes[(votes["r"] >= 0) & (votes["j"] >= 0)]
    counts = votes.groupby(["r", "j", "option"], sort=True).size().reset_index(name="n")
    modal = counts.sort_values("n", ascending=False, kind="stable").drop_duplicates(["r", "j"])
    options = np.full(found.scores.shape, None, dtype=object)
    options[modal["r"], modal["j"]] = modal["option"]
    return options, []


def _agreed_on_another(
    options: np.ndarray, rest: np.ndarray, gold: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Test whether the wrong option chosen most is chosen by the better respondents.

    Only where more chose it than the gold one; both counts say nothing of who chose, so the test is
    as honest among these items as among all.
    """
    flat, names = pd.factorize(options.ravel())
    codes: np.ndarray = flat.reshape(options.shape)
    keys = pd.Index(names)
    right = np.where(pd.isna(gold), -1, keys.get_indexer(pd.Index(gold)))
    empty = keys.get_indexer(pd.Index([""]))[0]
    votes = np.zeros((len(names), options.shape[1]), dtype=np.int64)
    for number in range(len(names)):
        votes[number] = (codes == number).sum(axis=0)
    at = np.arange(options.shape[1])
    for_gold = np.where(right >= 0, votes[right, at], 0)
    others = votes.copy()
    others[right[right >= 0], at[right >= 0]] = -1
    if empty >= 0:
        others[empty] = -1
    most = others.argmax(axis=0)
    candidate = (others[most, at] > for_gold) & ~pd.isna(gold)
    chose = np.where(codes >= 0, (codes == most).astype(np.float64), np.nan)
    p = np.where(candidate, falling_p(-chose, rest), np.nan)
    return p, np.asarray(names, dtype=object)[most]


def _repeated_text(
    about: dict[str, np.ndarray], items: pd.Index
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Find items with the same question, and among them those with different gold answers."""
    nothing = np.zeros(len(items), dtype=bool)
    key = about.get("key")
    if key is None:
        none = np.full(len(items), None, dtype=object)
        return {"duplicate": nothing, "conflicting_gold": nothing.copy()}, none
    series = pd.Series(key)
    codes, _ = pd.factorize(series)
    size = np.bincount(codes[codes >= 0], minlength=1)
    repeated = (codes >= 0) & (size[codes] > 1)
    first = pd.Series(items).groupby(codes).transform("first").to_numpy(dtype=object)
    conflict = nothing.copy()
    if "gold" in about:
        golds = pd.Series(about["gold"]).groupby(codes).transform("nunique").to_numpy()
        conflict = repeated & (golds > 1)
    return {"duplicate": repeated, "conflicting_gold": conflict}, _only(first, repeated)


def _same_answers(found: Responses, fdr: float) -> tuple[np.ndarray, np.ndarray]:
    """Find items that all respondents answer alike, more often than chance would have it."""
    y = found.scores
    groups = same_columns(y)
    middle = (found.facts.low + found.facts.high) / 2
    right = np.where(np.isnan(y), np.nan, y > middle)
    q = _adjusted(repeats_p(right, groups, fewest=_FEWEST))
    flagged = np.nan_to_num(q, nan=1.0)[groups] <= fdr
    first = pd.Series(found.items).groupby(groups).transform("first").to_numpy(dtype=object)
    return flagged, _only(first, flagged)
