"""Output of the lm-evaluation-harness, versions 0.3 to 0.4.13: results and samples files."""

import re
from pathlib import Path

from evalvar.adapters import lm_eval_samples
from evalvar.adapters.files import evidence_of, head, kind, plain_name
from evalvar.adapters.lm_eval_results import DATE, Run, read_run, reported
from evalvar.adapters.remarks import Remark
from evalvar.evidence import Evidence

NAME = "lm_eval"

_RESULTS = re.compile(rb'\s*\{\s*"results"\s*:\s*\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:\s*\{)')
_SAMPLES = re.compile(rb'\s*\[?\s*\{\s*"doc_id"\s*:\s*[^,{\[]+,\s*"doc"\s*:')


def claims(path: Path) -> bool:
    """Whether the name or the first bytes are those of a results or samples file."""
    form = kind(path)
    if form not in (".json", ".jsonl"):
        return False
    name = plain_name(path)
    if name.startswith(("results_", "samples_")) and DATE.search(name):
        return True
    start = head(path)
    return bool(_SAMPLES.match(start) or (form == ".json" and _RESULTS.match(start)))


def read(path: Path) -> Evidence:
    """Read one results file into `reported`, or one samples file into `records`.

    Parameters
    ----------
    path : Path
        A samples file is tied to the results file of the same date beside it.

    Raises
    ------
    AdapterError
        The file is damaged or of an unknown layout.
    """
    remarks: list[str] = []
    if kind(path) == ".jsonl" or _SAMPLES.match(head(path)):
        table, run, digest = lm_eval_samples.records(path, remarks)
        version = run.version if run is not None else ""
        return evidence_of(
            path, records=table, harness=NAME, version=version, remarks=remarks, digest=digest
        )
    run = read_run(path)
    table = reported(run, remarks)
    if run.named_by:
        remarks.append(
            Remark(
                f"the file does not name its model: it is called by {run.named_by} ({{example}})",
                file=path,
                example=run.model,
                made_up="model",
            )
        )
    _remark_on_limits(run, remarks)
    return evidence_of(path, reported=table, harness=NAME, version=run.version, remarks=remarks)


def _remark_on_limits(run: Run, remarks: list[str]) -> None:
    limited = [
        f"{task}: {used} of {there}"
        for task in run.raw["results"]
        for used, there in [run.documents(task)]
        if used is not None and there is not None and used < there
    ]
    if limited:
        remarks.append(
            Remark(
                "{0:task} {0:was/were} evaluated on a part of {0:its/their} documents, "
                "a limit was set (first {example})",
                len(limited),
                file=run.path,
                example=limited[0],
            )
        )
