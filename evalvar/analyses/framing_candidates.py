"""Which tasks of the data look like two framings of one benchmark?"""

import re
from itertools import combinations

import pandas as pd

from evalvar.evidence import Evidence

# Words of a task's name that say how it asks, and not what.
_ASKED_FREELY = ("cloze", "cf", "completion", "generate", "generation", "gen", "open", "text")
_ASKED_BY_LETTER = ("choice", "mc", "mcf", "mcq", "multiple", "letter", "letters", "standard")
# So many items, and gold answers of two kinds, cannot agree by chance.
_FEWEST = 10
# Gold answers of more kinds are texts, which another manner of asking may put in other words.
_KINDS = 26


def framing_pairs(evidence: Evidence) -> list[tuple[str, str]]:
    """Find pairs of tasks that ask the same questions in two ways.

    Parameters
    ----------
    evidence : Evidence
        Records.

    Returns
    -------
    list of (a, b)
        Tasks with the same items that also agree in all gold answers (of 10 items or more, not all
        alike) or in all texts, or whose names differ only in words for the manner of asking, such
        as ``_cloze`` and ``_choice``. b is the one that is named as asked freely.
    """
    records = evidence.records
    if not len(records):
        return []
    known = [name for name in ("item.gold", "item.text", "item.question") if name in records]
    items = records.drop_duplicates(["task", "item"])[["task", "item", *known]]
    tasks = {
        str(task): group.drop(columns="task").astype({"item": str}).set_index("item")
        for task, group in items.groupby("task", observed=True, sort=True)
    }
    names = {task: frozenset(group.index) for task, group in tasks.items()}
    found = []
    for one, other in combinations(tasks, 2):
        if names[one] == names[other] and (
            _stem(one) == _stem(other) or _agree(tasks[one], tasks[other])
        ):
            found.append((other, one) if _freely(one) > _freely(other) else (one, other))
    return found


def contradictions(one: pd.DataFrame, other: pd.DataFrame, name: str) -> list[str]:
    """Say of items of the same names what tells that they are not the same questions.

    Parameters
    ----------
    one, other : DataFrame
        Records of two tasks on the same items.
    name : str
        The other task.

    Returns
    -------
    list of str
        A counted sentence where gold answers of few kinds are not the same under other names, and,
        where gold answers do not confirm the items, where neither text is part of the other.
    """
    said = []
    golds = _both(one, other, "item.gold")
    agree = False
    if len(golds):
        kinds = golds.nunique()
        if kinds.min() > 1 and (golds["one"] == golds["other"]).all():
            agree = True
        elif kinds.min() > 1 and kinds.max() <= min(_KINDS, len(golds) // 2):
            # "A" of the one may be "0" of the other
            counts = pd.crosstab(golds["one"], golds["other"])
            differ = len(golds) - int(max(counts.max(axis=0).sum(), counts.max(axis=1).sum()))
            agree = differ == 0
            if differ:
                said.append(
                    f"{differ:,} of {len(golds):,} items have another gold answer under {name}, "
                    "whatever the answers are called; make sure that they are the same questions."
                )
    for column in ("item.text", "item.question"):
        texts = _both(one, other, column)
        if agree or not len(texts):
            continue
        apart = sum(
            a not in b and b not in a
            for a, b in zip(map(_plain, texts["one"]), map(_plain, texts["other"]), strict=True)
        )
        if apart:
            said.append(
                f"{apart:,} of {len(texts):,} items have another {column} under {name}; make sure "
                "that they are the same questions."
            )
        break
    return said


def _both(one: pd.DataFrame, other: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return what both know of each item, as strings."""
    if column not in one or column not in other:
        return pd.DataFrame({"one": [], "other": []})
    known = [
        some.drop_duplicates("item").astype({"item": str}).set_index("item")[column].astype(object)
        for some in (one[["item", column]], other[["item", column]])
    ]
    return pd.DataFrame({"one": known[0], "other": known[1]}).dropna().astype(str)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _words(task: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", task.lower()) if word]


def _stem(task: str) -> tuple[str, ...]:
    manners = (*_ASKED_FREELY, *_ASKED_BY_LETTER)
    # a name of nothing but such words has itself for a stem
    return tuple(word for word in _words(task) if word not in manners) or (task,)


def _freely(task: str) -> int:
    """Rank a name by how freely it asks: 1 for cloze, -1 for choice."""
    words = _words(task)
    return any(w in _ASKED_FREELY for w in words) - any(w in _ASKED_BY_LETTER for w in words)


def _agree(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    other = other.loc[one.index]
    for name in one.columns:
        mine, theirs = one[name].astype(object), other[name].astype(object)
        same = bool((mine.notna() & (mine == theirs)).all())
        if same and len(mine) >= _FEWEST and mine.nunique() > 1:
            return True
    return False
