"""Samples files of lm-eval: every score of every document, filter by filter."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from evalvar.adapters import rescore
from evalvar.adapters.choices import DERIVED, Choices, gold_options
from evalvar.adapters.files import stem
from evalvar.adapters.lm_eval_metrics import (
    GUESSED,
    base,
    is_averaged,
    is_higher_better,
    score_range,
)
from evalvar.adapters.lm_eval_results import DATE, Run, named_by_directory, run_of
from evalvar.adapters.lm_eval_rows import Rows, read_rows
from evalvar.adapters.remarks import Remark

_TOLERANCE = 1e-6


@dataclass
class _Scores:
    """Scores of one metric: the rows of the file they belong to, and what describes them."""

    metric: str
    rows: np.ndarray
    values: np.ndarray
    low: float
    high: float
    up: bool
    sample: np.ndarray | int = 0


@dataclass
class _Sheet:
    """One samples file on its way to a table."""

    path: Path
    task: str
    run: Run | None
    rows: Rows
    filters: list[str]
    remarks: list[str]
    scores: list[_Scores] = field(default_factory=list)
    by_row: dict[str, Any] = field(default_factory=dict)

    def remark(self, template: str, *counts: int, example: str = "", file: bool = True) -> None:
        where = self.path if file else None
        self.remarks.append(Remark(template, *counts, file=where, example=example))


def records(path: Path, remarks: list[str]) -> tuple[pd.DataFrame | None, Run | None]:
    """Read a samples file into records.

    Parameters
    ----------
    path : Path
        The file.
    remarks : list
        Remarks are added here.

    Returns
    -------
    table, run
        The run is None where the results file is missing.
    """
    run = run_of(path)
    rows = read_rows(path, remarks)
    if not rows.doc_ids:
        return None, run
    task = _task(path, run)
    sheet = _Sheet(path, task, run, rows, _filters(rows, task, run, path, remarks), remarks)
    _logged(sheet)
    if rows.log_likelihoods:
        _of_choices(sheet)
    if rows.responses:
        _of_repeats(sheet)
    _compare(sheet)
    return _table(sheet), run


def _logged(sheet: _Sheet) -> None:
    """Take the scores as they are written, metric by metric."""
    declared = sheet.run.of_task("higher_is_better", sheet.task) if sheet.run else None
    for name, column in sheet.rows.scores.items():
        if name in sheet.rows.beside:
            continue
        rows, values = _numbers(column)
        if values is None:
            if name != "brier_score":
                sheet.remark(
                    f"{sheet.task}: metric {name} is not one number per item and was left out "
                    "({0} rows)",
                    len(rows),
                    file=False,
                )
            continue
        metric = name
        if name == "perplexity":
            # The harness logs an item's log-likelihood under the name of its aggregate.
            metric = "log_likelihood"
            sheet.remark(
                f"{sheet.task}: metric perplexity holds log-likelihoods of items; they are read "
                "as metric log_likelihood ({0} rows)",
                len(rows),
                file=False,
            )
        low, high = score_range(metric, values)
        up = is_higher_better(metric, declared)
        labels = np.array(sheet.filters, dtype=object)[rows]
        for chosen in dict.fromkeys(labels):
            here = labels == chosen
            label = f"{metric},{chosen}" if chosen else metric
            sheet.scores.append(_Scores(label, rows[here], values[here], low, high, up))


def _of_choices(sheet: _Sheet) -> None:
    """Derive the measures of a multiple-choice task, if the gold option is certain."""
    rows, name = sheet.rows, sheet.task
    first = np.flatnonzero(np.array(sheet.filters, dtype=object) == sheet.filters[0])
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
        sheet.scores.append(_Scores(metric, first, values, low, high, up))
    _brier(sheet, choices, first)
    sheet.by_row["answer.chosen"] = _spread(choices.chosen(), first, len(chance))
    sheet.by_row["item.gold"] = _spread(gold, first, len(chance))


def _underived(sheet: _Sheet, why: str, count: int) -> None:
    sheet.remark(
        f"{sheet.task}: p_correct, nll_correct, confidence and margin were not derived, {why} "
        "({0} rows)",
        count,
        file=False,
    )
    if "brier_score" in sheet.rows.scores:
        _no_brier(sheet)


def _brier(sheet: _Sheet, choices: Choices, rows: np.ndarray) -> None:
    if "brier_score" not in sheet.rows.scores or "brier_score" in sheet.rows.beside:
        return
    if any(base(s.metric) == "brier_score" for s in sheet.scores):
        return
    metric = f"brier_score,{sheet.filters[0]}" if sheet.filters[0] else "brier_score"
    values = choices.brier()
    aggregate = _aggregate(sheet, metric)
    if aggregate is None or abs(aggregate - values.mean()) > _TOLERANCE:
        _no_brier(sheet)
        return
    sheet.scores.append(_Scores(metric, rows, values, 0.0, 2.0, False))


def _no_brier(sheet: _Sheet) -> None:
    sheet.remark(
        f"{sheet.task}: metric brier_score is not one number per item and could not be computed "
        "again; it was left out ({0} rows)",
        len(sheet.rows.doc_ids),
        file=False,
    )


def _of_repeats(sheet: _Sheet) -> None:
    """Score every repeated answer where exact match gives back the logged scores."""
    rows, name = sheet.rows, sheet.task
    config = sheet.run.config(name) if sheet.run is not None else {}
    logged = rows.scores.get(rescore.METRIC)
    normalise = rescore.rule(config)
    numbers = _numbers(logged)[1] if logged is not None else None
    per_item = max(map(len, rows.responses))
    if (
        normalise is None
        or numbers is None
        or len(numbers) < len(rows.doc_ids)
        or not rescore.reproduces(rows.responses, rows.targets, sheet.filters, numbers, config)
    ):
        sheet.remark(
            f"{name}: {per_item} answers per item are in the file, but not their scores; "
            "samples are not told apart ({0} rows)",
            len(rows.doc_ids),
            file=False,
        )
        return
    first = np.flatnonzero(np.array(sheet.filters, dtype=object) == sheet.filters[0])
    found = rescore.scores(
        [rows.responses[row] for row in first], [rows.targets[row] for row in first], normalise
    )
    counts = np.array(list(map(len, found)))
    sample = np.concatenate([np.arange(count) for count in counts])
    values = np.concatenate([np.array(line) for line in found])
    sheet.scores.append(
        _Scores(rescore.METRIC, np.repeat(first, counts), values, 0.0, 1.0, True, sample)
    )
    sheet.remark(
        f"{name}: {per_item} answers per item were scored again by exact match, which reproduces "
        "all {0} logged scores",
        len(rows.doc_ids),
        file=False,
    )


def _compare(sheet: _Sheet) -> None:
    """Say where the aggregates do not follow from the items."""
    if sheet.run is None:
        sheet.remark("no results file of the same date lies beside it: orientation is lm-eval's")
        return
    there = len(set(sheet.rows.doc_ids))
    effective, _ = sheet.run.documents(sheet.task)
    if effective is not None and there != effective:
        sheet.remark("{0} documents, but the results file says {1}", there, int(effective))
        return
    config = sheet.run.config(sheet.task)
    for scores in sheet.scores:
        aggregate = _aggregate(sheet, scores.metric)
        if aggregate is None or not is_averaged(scores.metric, config):
            continue
        mean = float(np.mean(scores.values))
        if not abs(mean - aggregate) <= _TOLERANCE:
            sheet.remark(
                "{0} aggregates disagree with the mean of their items (first {example})",
                1,
                example=f"{sheet.task} {scores.metric}: {aggregate:.6g} reported, {mean:.6g} found",
            )


def _aggregate(sheet: _Sheet, metric: str) -> float | None:
    entry = sheet.run.of_task("results", sheet.task) if sheet.run is not None else None
    value = entry.get(metric) if isinstance(entry, dict) else None
    return float(value) if isinstance(value, int | float) else None


def _table(sheet: _Sheet) -> pd.DataFrame | None:
    if not sheet.scores:
        return None
    parts = sheet.scores
    sizes = [len(part.rows) for part in parts]
    row = np.concatenate([part.rows for part in parts])

    def each(values: list[Any]) -> np.ndarray:
        return np.repeat(np.array(values), sizes)

    def label(values: list[Any]) -> pd.Categorical:
        codes, distinct = pd.factorize(np.array(values, dtype=object))
        return pd.Categorical.from_codes(codes[row], categories=pd.Index(distinct, dtype=object))

    metrics = np.repeat(np.arange(len(parts)), sizes)
    codes, names = pd.factorize(np.array([part.metric for part in parts], dtype=object))
    guessed = each([base(part.metric) in GUESSED for part in parts])
    model = _model(sheet)
    count = len(row)
    columns: dict[str, Any] = {
        "model": _constant(model, count),
        "task": _constant(sheet.task, count),
        "item": label(sheet.rows.doc_ids),
        "metric": pd.Categorical.from_codes(
            codes[metrics], categories=pd.Index(names, dtype=object)
        ),
        "sample": np.concatenate(
            [np.broadcast_to(np.asarray(part.sample), len(part.rows)) for part in parts]
        ).astype("int64"),
        "score": np.concatenate([part.values for part in parts]),
        "score_min": each([part.low for part in parts]),
        "score_max": each([part.high for part in parts]),
        "higher_is_better": each([part.up for part in parts]),
    }
    group = sheet.run.group(sheet.task) if sheet.run is not None else None
    if group is not None:
        columns["group"] = _constant(group, count)
    if "chance" in sheet.by_row:
        columns["chance"] = np.where(guessed, sheet.by_row["chance"][row], np.nan)
    for name in ("answer.chosen", "item.gold"):
        if name in sheet.by_row:
            columns[name] = label(sheet.by_row[name])
    if any(value is not None for value in sheet.rows.hashes):
        columns["item.hash"] = label(sheet.rows.hashes)
    return pd.DataFrame(columns)


def _model(sheet: _Sheet) -> str:
    if sheet.run is not None:
        return sheet.run.model
    directory = sheet.path.absolute().parent
    name, by = named_by_directory(directory, directory.name)
    name = directory.name.replace("__", "/") if name == directory.name else name
    by = "the directory's name" if name == directory.name.replace("__", "/") else by
    sheet.remark(f"the model is called by {by} ({{example}})", example=name)
    return name


def _constant(value: str, count: int) -> pd.Categorical:
    return pd.Categorical.from_codes(
        np.zeros(count, dtype="int8"), categories=pd.Index([value], dtype=object)
    )


def _spread(values: np.ndarray, rows: np.ndarray, count: int) -> list[str | None]:
    out: list[str | None] = [None] * count
    for row, value in zip(rows, values, strict=True):
        out[row] = str(value)
    return out


def _task(path: Path, run: Run | None) -> str:
    name = stem(path)
    if DATE.search(name):
        return DATE.sub("", name).strip("_").removeprefix("samples_")
    known = [task for task in (run.raw["results"] if run is not None else ())]
    fitting = [task for task in known if name == task or name.endswith(f"_{task}")]
    return max(fitting, key=len, default=name.removeprefix("samples_"))


def _filters(rows: Rows, task: str, run: Run | None, path: Path, remarks: list[str]) -> list[str]:
    """Name every row's filter; rows that do not name it are told apart by their order."""
    if all(name is not None for name in rows.filters):
        return [str(name) for name in rows.filters]
    entry = run.of_task("results", task) if run is not None else None
    names = list(
        dict.fromkeys(
            key.partition(",")[2]
            for key in (entry if isinstance(entry, dict) else ())
            if key.partition(",")[2] and base(key) in rows.metrics
        )
    )
    seen: dict[int | str, int] = {}
    turns = []
    for doc in rows.doc_ids:
        turns.append(seen.get(doc, 0))
        seen[doc] = turns[-1] + 1
    found = len(names) or max(turns) + 1
    if not names:
        names = ["none"] if found == 1 else [f"filter{n + 1}" for n in range(found)]
    if found > 1:
        remarks.append(
            Remark(
                f"{task}: the rows do not name their filter; {found} filters ({', '.join(names)}) "
                "were told apart by their order ({0} rows)",
                len(turns),
            )
        )
    return [names[turn % found] for turn in turns]


def _numbers(column: list[Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows that have a value, and the values; no values when one of them is no number."""
    try:
        return np.arange(len(column)), np.array(column, dtype=float)
    except (TypeError, ValueError):
        pass
    rows = [n for n, value in enumerate(column) if value is not msgspec.UNSET]
    words = {"true": 1.0, "false": 0.0, "nan": np.nan, "": np.nan}
    values = []
    for row in rows:
        value = column[row]
        try:
            value = words.get(value.lower(), value) if isinstance(value, str) else value
            values.append(np.nan if value is None else float(value))
        except (TypeError, ValueError):
            return np.array(rows, dtype=int), None
    return np.array(rows, dtype=int), np.array(values, dtype=float)


def _undelimited(options: list[str], sheet: _Sheet) -> list[str]:
    config = sheet.run.config(sheet.task) if sheet.run is not None else {}
    delimiter = config.get("target_delimiter", " ")
    if not isinstance(delimiter, str) or not delimiter:
        return options
    return [option.removeprefix(delimiter) for option in options]
