"""Results against rules: a verdict for every row, and one for all."""

from collections.abc import Iterable
from math import isfinite, isnan
from typing import Literal

import pandas as pd

from evalvar import numbers
from evalvar.errors import UsageError
from evalvar.gating.matching import DIFFERENCES, SIMULTANEOUS, Matched, at_once, matched
from evalvar.gating.rules import parse_rule
from evalvar.results import Result
from evalvar.stats.estimate import Estimate

Inconclusive = Literal["keep", "pass", "fail"]
EXIT_CODES = {"pass": 0, "fail": 1, "inconclusive": 2}
# All true ranks lie in their sets at once, and either end is wrong with the whole of 1 - level.
_RANKS = ("rank",)


def gate(
    results: Result | Iterable[Result],
    rules: str | Iterable[str],
    *,
    familywise: Result | Iterable[Result] = (),
    inconclusive: Inconclusive = "keep",
) -> Result:
    """Decide whether the true values keep the rules.

    Parameters
    ----------
    results : Result or iterable of Result
        What was estimated, by `compare`, `summary`, `seed_variance` or any other analysis.
    rules : str or iterable of str
        Such as ``difference >= -0.01``, ``mean[task=gsm8k] >= 0.7``, ``rank <= 3``,
        ``change >= -noise``; see `parse_rule`. All must hold, each for all rows it matches.
    familywise : Result or iterable of Result
        The same results at a level that holds for all rows at once. A row then fails only if it
        fails there too. Rows ``difference_simultaneous`` with an interval serve alike.
    inconclusive : {"keep", "pass", "fail"}
        What an inconclusive row counts as in the verdict on all; the row itself keeps its own.

    Returns
    -------
    Result
        One row per rule and row it matches, in the order of the rules; a difference of a metric of
        which less is better has its sign turned. Labels: ``margin``, ``turned``, ``verdict``,
        ``reason``. ``settings`` has the ``verdict`` on all, and beside it ``pass_error`` and
        ``fail_error``, which bound the probability that a pass or a fail is wrong.

    Raises
    ------
    UsageError
        A text that is no rule, a rule that matches no row, a difference whose metric does not say
        whether higher is better, or a result that is a gate's.

    Notes
    -----
    *One row.* ``>= m`` passes if low >= m, fails if high < m, else it is inconclusive, and so is
    an interval that is not defined. The estimate itself is never compared. From a two-sided
    interval at `level`, either verdict is wrong with probability (1 - level) / 2 at most.

    *Several rows.* All pass only where each passes. If one true value breaks its rule, all pass at
    most as often as that one does, so a wrong pass has probability (1 - level) / 2 without any
    correction, however many rows there are and however they depend. Source: the intersection-union
    test, Berger 1982, "Multiparameter hypothesis testing and acceptance sampling". But one failing
    row is enough to fail: T rows that all keep their rules fail with up to T (1 - level) / 2. So
    a row should fail by an interval made for T rows: at level 1 - (1 - level) / T (Bonferroni) the
    chance is (1 - level) / 2 again; simultaneous by max-T it is 1 - level at most. Without either,
    a row fails by its own interval, and ``fail_error`` says what that may cost. A row that fails
    alone and not among all is inconclusive.

    The verdict on all is fail if a row fails, else inconclusive if one is, else pass.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalvar.analyses.comparison import compare
    >>> frame = pd.DataFrame({"model": ["new"] * 50 + ["old"] * 50, "task": "quiz",
    ...     "item": [*range(50)] * 2, "score": [1.0] * 49 + [0.0] * 2 + [1.0] * 49})
    >>> gate(compare(frame, "new", "old"), "difference >= -0.2").settings["verdict"]
    'pass'
    """
    if inconclusive not in ("keep", "pass", "fail"):
        raise UsageError(f"inconclusive='{inconclusive}' is unknown. Use keep, pass or fail.")
    held = _listed(results)
    if any(each.name == "gate" for each in held):
        raise UsageError(
            "a result of a gate holds verdicts already. Gate the results that it was made of."
        )
    wide = at_once(held, _listed(familywise))
    parsed = [parse_rule(text) for text in ([rules] if isinstance(rules, str) else rules)]
    if not parsed:
        raise UsageError("a gate needs a rule, such as 'difference >= -0.01', and has none.")
    rows = [row for rule in dict.fromkeys(parsed) for row in matched(rule, held, wide)]
    decided = [_decide(row, len(rows)) for row in rows]
    result = Result.of(
        "gate",
        ("rule", *dict.fromkeys(key for row in rows for key in row.key)),
        [({"rule": row.rule.text, **row.key}, row.rule.quantity, row.estimate) for row in rows],
        settings={
            "rules": [rule.text for rule in parsed],
            "inconclusive": inconclusive,
            "verdict": _on_all([verdict for verdict, _ in decided], inconclusive),
            "pass_error": round(max(map(_error, rows)), 12),
            "fail_error": _fail_error(rows),
        },
        warnings=[sentence for each in held for sentence in each.warnings],
        sources=_sources(held),
    )
    result.table["margin"] = [row.margin for row in rows]
    result.table["turned"] = [row.turned for row in rows]
    result.table["verdict"] = [verdict for verdict, _ in decided]
    result.table["reason"] = [reason for _, reason in decided]
    return result


def _decide(row: Matched, rows: int) -> tuple[str, str]:
    """Return the verdict on a row, and the reason as one sentence."""
    rule, e = row.rule, row.estimate
    # pass@1 is a name
    name = "@" in rule.quantity or "^" in rule.quantity
    said = f"{'' if name else 'the '}{_words(rule.quantity)} {_stated(e, row)}"
    unknown = "the noise of the earlier runs is not known"
    demand = _demand(row) if isfinite(row.margin) else unknown
    if not (isfinite(e.low) or isfinite(e.high)):
        return "inconclusive", f"{said}, without an interval ({e.method}); {demand}."
    if not isfinite(row.margin):
        return "inconclusive", f"{said}; {demand}."
    verdict = rule.verdict(e.low, e.high, row.margin)
    if verdict == "pass" and row.unranked:
        # Whoever is not ranked may be ahead of all.
        return "inconclusive", f"{said}; {demand}; {row.unranked} could not be ranked beside it."
    if verdict == "fail" and row.at_once is not None:
        among = row.at_once.estimate
        verdict = rule.verdict(among.low, among.high, row.margin)
        if verdict != "fail":
            bounds = _bounds(among, _digits(among, row.margin))
            alone = f"it fails alone, but not as one of {rows} rows {bounds}".rstrip()
            return "inconclusive", f"{said}; {demand}; {alone}."
    return verdict, f"{said}; {demand}."


def _stated(e: Estimate, row: Matched) -> str:
    digits = _digits(e, row.margin)
    value = f"is {numbers.fixed(e.value, digits)}"
    bounds = _bounds(e, digits)
    turned = "with its sign turned, for lower is better" if row.turned else ""
    return " ".join(filter(None, (value, bounds, turned)))


def _bounds(e: Estimate, digits: int) -> str:
    """Return the interval; a side without a bound in words, and nothing where neither has one."""
    if not (isfinite(e.low) or isfinite(e.high)):
        return ""
    ends = [
        numbers.fixed(end, digits) if isfinite(end) else "unknown" if isnan(end) else "unbounded"
        for end in (e.low, e.high)
    ]
    return f"[{', '.join(ends)}]"


def _demand(row: Matched) -> str:
    rule, margin = row.rule, row.margin
    demand = f"the rule needs {rule.needs(float(f'{margin:.3g}') if rule.noise else margin)}"
    if rule.noise:
        demand += ", from the noise of the earlier runs"
    if rule.quantity in DIFFERENCES and rule.at_least and margin > 0:
        return f"{demand}, which asks for an improvement"
    if rule.quantity in DIFFERENCES and not rule.at_least and margin < 0:
        return f"{demand}, which asks for a loss"
    return demand


def _digits(e: Estimate, margin: float) -> int:
    """Return decimals that keep a bound apart from a margin that it does not equal."""
    if isnan(e.se) and all(
        isfinite(number) and number == round(number) for number in (e.value, e.low, e.high, margin)
    ):
        return 0  # ranks
    digits = numbers.decimals_for(e.value, e.se, e.low, e.high, fine=True)
    apart = [bound for bound in (e.low, e.high) if isfinite(bound) and bound != margin]
    while digits < 6 and any(
        numbers.fixed(bound, digits) == numbers.fixed(margin, digits) for bound in apart
    ):
        digits += 1
    return digits


def _words(quantity: str) -> str:
    return quantity.removesuffix(SIMULTANEOUS).replace("_", " ")


def _on_all(verdicts: list[str], inconclusive: Inconclusive) -> str:
    counted = {
        inconclusive if verdict == "inconclusive" and inconclusive != "keep" else verdict
        for verdict in verdicts
    }
    return next(word for word in ("fail", "inconclusive", "pass") if word in counted)


def _error(row: Matched) -> float:
    beyond = 1 - row.estimate.level
    return beyond if row.rule.quantity in _RANKS else beyond / 2


def _fail_error(rows: list[Matched]) -> float:
    """Bound the chance that rows which all keep their rules fail: the sum over rows or families."""
    families: dict[object, float] = {}
    total = 0.0
    for row in rows:
        if row.rule.quantity in _RANKS:
            families[row.key.get("task"), row.key.get("metric")] = _error(row)
        elif row.at_once is None:
            total += _error(row)
        elif row.at_once.family:
            families[row.at_once.family] = 1 - row.at_once.estimate.level
        else:
            total += (1 - row.at_once.estimate.level) / 2
    return min(1.0, round(total + sum(families.values()), 12))


def _sources(results: list[Result]) -> pd.DataFrame:
    tables = [result.sources for result in results if len(result.sources)]
    return pd.concat(tables, ignore_index=True).drop_duplicates() if tables else pd.DataFrame()


def _listed(results: Result | Iterable[Result]) -> list[Result]:
    return [results] if isinstance(results, Result) else list(results)
