"""What is said, and how it looks: results in, one HTML, PDF or Markdown file out.

`build` decides what is said, and `findings` returns it as sentences; `to_html`, `to_pdf` and
`to_markdown` render it; `write` chooses the form by the suffix. `evalvar.plot`
(`evalvar.report.figures`) draws single figures.
"""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalvar.errors import UsageError
from evalvar.report.model import Report

if TYPE_CHECKING:
    from evalvar.report import figures
    from evalvar.report.compose import build, findings
    from evalvar.report.html import to_html
    from evalvar.report.markdown import to_markdown
    from evalvar.report.pdf import to_pdf
    from evalvar.results import Result

__all__ = ["Report", "build", "figures", "findings", "to_html", "to_markdown", "to_pdf", "write"]

_HOMES = {
    "build": "evalvar.report.compose",
    "findings": "evalvar.report.compose",
    "to_html": "evalvar.report.html",
    "to_markdown": "evalvar.report.markdown",
    "to_pdf": "evalvar.report.pdf",
}
_FORMS = {".html": "to_html", ".pdf": "to_pdf", ".md": "to_markdown"}


def write(
    report: "Report | Result | Iterable[Result]", path: str | Path, *, title: str | None = None
) -> Path:
    """Write a report; the suffix of the path chooses the form.

    Parameters
    ----------
    report : Report, Result or iterable of Result
        Results are built into a report first.
    path : str or Path
        Ends in ``.html``, ``.pdf`` or ``.md``.
    title : str, optional
        Head of the page, where results are given.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    UsageError
        The suffix is none of the three.
    """
    target = Path(path)
    form = _FORMS.get(target.suffix.lower())
    if form is None:
        raise UsageError(
            f"a report is written as {', '.join(_FORMS)}, and '{target.name}' ends in none of them."
        )
    if not isinstance(report, Report):
        report = import_module(_HOMES["build"]).build(report, title=title)
    rendered = getattr(import_module(_HOMES[form]), form)(report)
    target.write_bytes(rendered if isinstance(rendered, bytes) else rendered.encode())
    return target


def __getattr__(name: str) -> Any:
    if name == "figures":
        return import_module("evalvar.report.figures")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'evalvar.report' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
