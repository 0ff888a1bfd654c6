"""Adapter for files of dots and crosses: each character is an item, right or wrong."""

from pathlib import Path

import pandas as pd

from evalvar.evidence import Evidence, as_evidence

NAME = "dots"


def claims(path: Path) -> bool:
    """Whether the file starts with dots and crosses."""
    return path.suffix in (".dots", ".csv") and path.read_bytes()[:2] in (b".x", b"..")


def read(path: Path) -> Evidence:
    """Read the file; the model is called by the file's name."""
    marks = path.read_text().strip()
    records = pd.DataFrame(
        {
            "model": path.stem,
            "task": "dots",
            "item": range(len(marks)),
            "score": [float(mark == ".") for mark in marks],
        }
    )
    sources = pd.DataFrame(
        {
            "path": [str(path)],
            "sha256": [""],
            "rows": [len(marks)],
            "harness": [NAME],
            "version": ["1.0"],
        }
    )
    return as_evidence(records, sources=sources, warnings=[f"{path}: read as dots"])
