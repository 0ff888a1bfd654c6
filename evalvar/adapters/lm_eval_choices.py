"""What lm-eval's multiple-choice tasks log beyond right and wrong."""

import numpy as np

from evalvar.adapters.choices import DERIVED, Choices, gold_options
from evalvar.adapters.lm_eval_metrics import base
from evalvar.adapters.lm_eval_sheet import Scores, Sheet

_TOLERANCE = 1e-6


def derive(sheet: Sheet) -> None:
    """Derive the measures of a multiple-choice task, if the gold option is certain."""
    rows = sheet.rows
    first = sheet.first_filter()
    logs = [rows.log_likelihoods[row] for row in first]
    texts = [_undelimited(rows.options[row], sheet) for row in first]
    if "acc_mutual_info" in rows.metrics:
        # The second half are the same options without their question.
        logs = [values[: len(values) // 2] for values in logs]
        texts = [options[: len(options) // 2] for options in texts]
    sizes = np.array(list(map(len, logs)))
    chance = np.full(len(rows.doc_ids), np.nan)
    chance[:] = float(np.mean(1.0 / sizes))
    sheet.by_row["chance"] = chance
    lengths = [list(map(len, options)) for options in texts]
    targets = [rows.targets[row] for row in first]
    checked = next((m for m in ("acc", "acc_norm") if m in rows.scores), None)
    if rows.several_inputs or checked is None:
        why = "several inputs per option" if rows.several_inputs else "no acc to check against"
        _underived(sheet, f"{why}: the right option is not in the file", len(first))
        return
    if min(map(min, lengths)) < 1 or not np.isfinite(np.concatenate(logs)).all():
        _underived(sheet, "an empty option or an infinite log-likelihood", len(first))
        return
    logged = next(s for s in sheet.scores if base(s.metric) == checked).values
    wrong = len(first)
    for by_text in (False, True):
        gold = gold_options(targets, texts, by_text=by_text)
        choices = Choices(logs, lengths, gold)
        right = choices.chosen(per_char=checked == "acc_norm") == gold
        wrong = min(wrong, int(((gold < 0) | (right != (logged == 1.0))).sum()))
        if not wrong:
            break
    else:
        _underived(sheet, f"the log-likelihoods do not reproduce {checked} in all rows", wrong)
        return
    for metric, values in choices.derived().items():
        low, high, up = DERIVED[metric]
        sheet.scores.append(Scores(metric, first, values, low, high, up))
    _brier(sheet, choices, first)
    sheet.by_row["answer.chosen"] = _spread(choices.chosen(), first, len(chance))
    sheet.by_row["item.gold"] = _spread(gold, first, len(chance))


def _underived(sheet: Sheet, why: str, count: int) -> None:
    sheet.remark(
        f"p_correct, nll_correct, confidence and margin were not derived, {why} ({{0}} rows)",
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


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> list[str | None]:
    out: list[str | None] = [None] * count
    for row, value in zip(rows, values, strict=True):
        out[row] = str(value)
    return out


def _undelimited(options: list[str], sheet: Sheet) -> list[str]:
    delimiter = sheet.config().get("target_delimiter", " ")
    if not isinstance(delimiter, str) or not delimiter:
        return options
    return [option.removeprefix(delimiter) for option in options]
