"""Samples files of lm-eval: every score of every document, filter by filter."""

from pathlib import Path

import numpy as np
import pandas as pd

from evalvar.adapters import lm_eval_choices, lm_eval_repeats
from evalvar.adapters.files import stem
from evalvar.adapters.lm_eval_metrics import base, is_averaged, is_higher_better, score_range
from evalvar.adapters.lm_eval_results import DATE, Run, named_by_directory, run_of
from evalvar.adapters.lm_eval_rows import Rows, read_rows
from evalvar.adapters.lm_eval_sheet import Scores, Sheet, numbers
from evalvar.adapters.remarks import Remark

_TOLERANCE = 1e-6


def records(path: Path, remarks: list[str]) -> tuple[pd.DataFrame | None, Run | None, str]:
    """Read a samples file into records.

    Parameters
    ----------
    path : Path
        The file.
    remarks : list
        Remarks are added here.

    Returns
    -------
    table, run, digest
        The run is None where the results file is missing; the digest is that of the file, empty
        where reading did not give it.
    """
    run = run_of(path)
    rows = read_rows(path, remarks)
    if not rows.doc_ids:
        return None, run, rows.digest
    task = _task(path, run)
    model = run.model if run is not None else _model(path, remarks)
    filters = _filters(rows, task, run, remarks)
    sheet = Sheet(path, task, model, run, rows, filters, remarks)
    _logged(sheet)
    if rows.sizes:
        lm_eval_choices.derive(sheet)
    if rows.responses:
        lm_eval_repeats.score(sheet)
    _remark_on_rest(sheet)
    _compare(sheet)
    return sheet.table(), run, rows.digest


def _logged(sheet: Sheet) -> None:
    """Take the scores as they are written, metric by metric."""
    declared = sheet.run.of_task("higher_is_better", sheet.task) if sheet.run else None
    for name, column in sheet.rows.scores.items():
        if name in sheet.rows.beside:
            continue
        rows, values = numbers(column)
        if values is None:
            if name != "brier_score":
                sheet.remark(
                    f"metric {name} is not one number per item and was left out ({{0:row}})",
                    len(rows),
                )
            continue
        metric = name
        if name == "perplexity":
            # The harness logs an item's log-likelihood under the name of its aggregate.
            metric = "log_likelihood"
            sheet.remark(
                "metric perplexity holds log-likelihoods of items; they are read "
                "as metric log_likelihood ({0:row})",
                len(rows),
            )
        low, high = score_range(metric, values)
        up = is_higher_better(metric, declared)
        labels = np.array(sheet.filters, dtype=object)[rows]
        for chosen in dict.fromkeys(labels):
            here = labels == chosen
            label = f"{metric},{chosen}" if chosen else metric
            sheet.scores.append(Scores(label, rows[here], values[here], low, high, up))


def _remark_on_rest(sheet: Sheet) -> None:
    """Name the metrics and fields that did not become scores."""
    read = {base(scores.metric) for scores in sheet.scores} | {"perplexity"}
    for name in sheet.rows.metrics:
        if name in sheet.rows.beside:
            sheet.remark(f"field {name} is no metric and was left out ({{0:row}})", _count(sheet))
        elif name not in read:
            sheet.remark(
                f"metric {name} is not one number per item and was left out ({{0:row}})",
                _count(sheet),
            )


def _count(sheet: Sheet) -> int:
    return len(sheet.rows.doc_ids)


def _compare(sheet: Sheet) -> None:
    """Say where the aggregates do not follow from the items."""
    if sheet.run is None:
        sheet.remark("no results file of the same date lies beside it", file=True)
        return
    there = len(set(sheet.rows.doc_ids))
    effective, _ = sheet.run.documents(sheet.task)
    if effective is not None and there != effective:
        sheet.remark(
            "{0:document}, but the results file says {1}", there, int(effective), file=True
        )
        return
    config = sheet.run.config(sheet.task)
    for scores in sheet.scores:
        aggregate = sheet.aggregate(scores.metric)
        if aggregate is None or not is_averaged(scores.metric, config):
            continue
        mean = float(np.mean(scores.values))
        if not abs(mean - aggregate) <= _TOLERANCE:
            sheet.remark(
                "{0:aggregate} {0:disagrees/disagree} with the mean of {0:its/their} items "
                "(first {example})",
                1,
                example=f"{sheet.task} {scores.metric}: {aggregate:.6g} reported, {mean:.6g} found",
                file=True,
            )


def _model(path: Path, remarks: list[str]) -> str:
    directory = path.absolute().parent
    name, by = named_by_directory(directory, directory.name)
    if name == directory.name:
        # The harness writes the slashes of a model's name as two underscores.
        name, by = name.replace("__", "/"), "the directory's name"
    remarks.append(
        Remark(
            f"the model is called by {by} ({{example}})", file=path, example=name, made_up="model"
        )
    )
    return name


def _task(path: Path, run: Run | None) -> str:
    name = stem(path)
    if DATE.search(name):
        return DATE.sub("", name).strip("_").removeprefix("samples_")
    known = [task for task in (run.raw["results"] if run is not None else ())]
    fitting = [task for task in known if name == task or name.endswith(f"_{task}")]
    return max(fitting, key=len, default=name.removeprefix("samples_"))


def _filters(rows: Rows, task: str, run: Run | None, remarks: list[str]) -> list[str]:
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
                "were told apart by their order ({0:row})",
                len(turns),
            )
        )
    return [names[turn % found] for turn in turns]
