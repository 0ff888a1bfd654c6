"""Repeated answers of lm-eval's generation tasks, scored one by one where that is certain."""

import numpy as np

from evalvar.adapters import rescore
from evalvar.adapters.lm_eval_sheet import Scores, Sheet, numbers


def score(sheet: Sheet) -> None:
    """Score every repeated answer where exact match gives back the logged scores."""
    rows, config = sheet.rows, sheet.config()
    logged = rows.scores.get(rescore.METRIC)
    normalise = rescore.rule(config)
    known = numbers(logged)[1] if logged is not None else None
    per_item = max(map(len, rows.responses))
    if (
        normalise is None
        or known is None
        or len(known) < len(rows.doc_ids)
        or not rescore.reproduces(rows.responses, rows.targets, sheet.filters, known, config)
    ):
        sheet.remark(
            f"{per_item} answers per item are in the file, but not their scores; "
            "samples are not told apart ({0:row})",
            len(rows.doc_ids),
        )
        return
    first = sheet.first_filter()
    found = rescore.scores(
        [rows.responses[row] for row in first], [rows.targets[row] for row in first], normalise
    )
    counts = np.array(list(map(len, found)))
    sample = np.concatenate([np.arange(count) for count in counts])
    values = np.concatenate([np.array(line) for line in found])
    sheet.scores.append(
        Scores(rescore.METRIC, np.repeat(first, counts), values, 0.0, 1.0, True, sample)
    )
    sheet.remark(
        f"{per_item} answers per item were scored again by exact match, which reproduces "
        "{0:the/all} {0:logged score}",
        len(rows.doc_ids),
    )
