"""Tables."""

from pathlib import Path
from evalvar.evidence import Evidence

NAME = "table"


def claims(path: Path) -> bool:
    return False


def read(path: Path) -> Evidence:
    raise NotImplementedError
