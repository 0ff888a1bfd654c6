"""Which Python runs the programs, and which parts of the machine's files that takes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evalvar.errors import ToolError

# What every sandbox sees; an interpreter below it needs nothing more.
SYSTEM = Path("/usr")

_ASK = """
import json, site, sys
version = [sys.implementation.name, *sys.version_info[:2]]
print(json.dumps([getattr(sys, "_base_executable", None) or sys.executable, sys.base_prefix,
                  sys.base_exec_prefix, site.getsitepackages(), version]))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python: its file, the directories it needs outside `SYSTEM`, and its packages'.

    `others` are directories of packages that lie in these and that it is not to see.
    """

    executable: Path
    trees: tuple[Path, ...]
    packages: tuple[str, ...]
    others: tuple[Path, ...]


def find_interpreter(python: str | Path | None) -> Interpreter:
    """Describe an interpreter: by default this one without its packages, else one with them."""
    named = sys.executable if python is None else str(python)
    try:
        asked = [named, "-I", "-c", _ASK]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
        executable, prefix, exec_prefix, packages, version = json.loads(told.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise ToolError(f"{named}: expected a Python interpreter, 3.9 or later.") from None
    if version[0] != "cpython" or version[1:] < [3, 9]:
        found = f"{version[0]} {version[1]}.{version[2]}"
        raise ToolError(f"{named} is {found}. Programs need CPython 3.9 or later: name another.")
    named_packages = [] if python is None else filter(os.path.isdir, packages)
    packages = tuple(str(Path(path).resolve()) for path in named_packages)
    trees = _outermost(Path(path).resolve() for path in (prefix, exec_prefix, *packages))
    return Interpreter(Path(executable).resolve(), trees, packages, _others(trees, packages))


def _others(trees: Iterable[Path], packages: Iterable[str]) -> tuple[Path, ...]:
    """Return directories of packages in what is seen that are not asked for, nor hold what is."""
    places = (SYSTEM, SYSTEM / "local", *trees)
    globbed = [path for place in places for path in place.glob("lib*/python3*/*-packages")]
    found = {path.resolve() for path in globbed if path.is_dir()}
    lent = [Path(path) for path in packages]
    seen = [path for path in found if any(path.is_relative_to(place) for place in places)]
    return tuple(sorted(path for path in seen if not any(_overlap(path, one) for one in lent)))


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _outermost(trees: Iterable[Path]) -> tuple[Path, ...]:
    """Return the directories that are below no other of them, nor below the system's."""
    kept: list[Path] = []
    for tree in sorted(set(trees)):
        if not any(tree.is_relative_to(other) for other in (SYSTEM, *kept)):
            kept.append(tree)
    return tuple(kept)
