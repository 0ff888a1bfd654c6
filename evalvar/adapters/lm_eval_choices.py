"""What lm-eval's multiple-choice tasks log beyond right and wrong."""

from operator import methodcaller

import numpy as np

from evalvar.adapters.choices import DERIVED, Choices, gold_by_number, gold_by_text
from evalvar.adapters.lm_eval_metrics import base
from evalvar.adapters.lm_eval_sheet import Scores, Sheet

_TOLERANCE = 1e-6


def derive(sheet: Sheet) -> None:
    """Derive the measures of a multiple-choice task, if the gold option is certain."""
    rows, first = sheet.rows, sheet.first_filter()
    sizes = np.array(rows.sizes)
    starts = (np.cumsum(sizes) - sizes)[first]
    sizes = sizes[first]
    if "acc_mutual_info" in rows.metrics:
        sizes //= 2  # the second half are the same options without their question
    sheet.by_row["chance"] = np.full(len(rows.doc_ids), np.mean(1.0 / sizes))
    cells = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
    logs = np.array(rows.log_likelihoods)[cells]
    texts = _undelimited([rows.options[cell] for cell in cells], sheet)
    lengths = np.array(list(map(len, texts)))
    targets = [rows.targets[row] for row in first]
    checked = next(
        (s for s in sheet.scores if base(s.metric) in ("acc", "acc_norm")),
        None,
    )
    why = _doubt(sheet, checked, len(first))
    if checked is None or why:
        _underived(sheet, why, len(first))
        return
    if lengths.min() < 1 or not np.isfinite(logs).all():
        _underived(sheet, "an option is empty or has an infinite log-likelihood", len(first))
        return
    wrong = len(first)
    for by_text in (False, True):
        gold = gold_by_text(targets, texts, sizes) if by_text else gold_by_number(targets, sizes)
        choices = Choices(logs, lengths, sizes, gold)
        right = choices.chosen(per_char=base(checked.metric) == "acc_norm") == gold
        wrong = min(wrong, int(((gold < 0) | (right != (checked.values == 1.0))).sum()))
        if not wrong:
            break
    else:
        _underived(
            sheet, f"the log-likelihoods do not reproduce {base(checked.metric)} in all rows", wrong
        )
        return
    for metric, values in choices.derived().items():
        low, high, up = DERIVED[metric]
        sheet.scores.append(Scores(metric, first, values, low, high, up))
    _brier(sheet, choices, first)
    sheet.by_row["answer.chosen"] = _spread(choices.chosen(), first, len(rows.doc_ids))
    sheet.by_row["item.gold"] = _spread(gold, first, len(rows.doc_ids))


def _doubt(sheet: Sheet, checked: Scores | None, documents: int) -> str:
    if sheet.rows.several_inputs:
        return "several inputs per option: the right one is not in the file"
    if checked is None:
        return "no acc to check the right option against"
    if len(checked.values) != documents:
        return "acc is missing in some rows"
    return ""


def _underived(sheet: Sheet, why: str, count: int) -> None:
    sheet.remark(
        f"p_correct, nll_correct, confidence and margin were not derived, {why} ({{0:row}})",
        count,
    )


def _brier(sheet: Sheet, choices: Choices, rows: np.ndarray) -> None:
    if "brier_score" not in sheet.rows.scores or "brier_score" in sheet.rows.beside:
        return
    if any(base(s.metric) == "brier_score" for s in sheet.scores):
        return
    metric = f"brier_score,{sheet.filters[0]}" if sheet.filters[0] else "brier_score"
    values = choices.brier()
    aggregate = sheet.aggregate(metric)
    if aggregate is not None and abs(aggregate - values.mean()) <= _TOLERANCE:
        sheet.scores.append(Scores(metric, rows, values, 0.0, 2.0, False))


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> np.ndarray:
    names = np.array([str(option) for option in range(int(values.max()) + 1)], dtype=object)
    out = np.full(count, None, dtype=object)
    out[rows] = names[values]
    return out


def _undelimited(texts: list[str], sheet: Sheet) -> list[str]:
    """Options without the text that is in front of every one of them."""
    given = sheet.config().get("target_delimiter", " ")
    if isinstance(given, str) and given and all(map(methodcaller("startswith", given), texts)):
        return [text[len(given) :] for text in texts]
    return texts
