"""Which files are meant: paths, directories, patterns and archives, each with its reader."""

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalvar.adapters.archives import is_archive, unpack
from evalvar.adapters.files import kind, stem
from evalvar.adapters.remarks import Remark
from evalvar.adapters.unclaimed import is_data, reason
from evalvar.errors import AdapterError, UsageError, counted

if TYPE_CHECKING:
    from evalvar.adapters import Adapter

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}-\d{2}-\d{2}(?:\.\d+)?)?")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read.

    Parameters
    ----------
    path : Path
        Where it lies.
    shown : str
        How remarks and sources name it.
    below : str
        Its path below the given root, in which labels are looked for.
    explicit : bool
        Named by the user, not met in a directory.
    """

    path: Path
    shown: str
    below: str
    explicit: bool


def find(paths: Sequence[str | Path], workspace: Path, remarks: list[str]) -> list[Found]:
    """List the files that paths, directories, patterns and archives stand for.

    Parameters
    ----------
    paths : sequence
        What the user named.
    workspace : Path
        Directory to unpack archives into.
    remarks : list
        Sentences about what was passed over are added here.

    Raises
    ------
    AdapterError
        A path does not exist, cannot be read, or is an empty directory.
    """
    given = [Path(name) for path in paths for name in _expanded(path)]
    if not given:
        raise UsageError("nothing to read: name a file, a directory or a pattern.")
    common = _common(given)
    found: list[Found] = []
    for number, path in enumerate(given):
        below = os.path.relpath(path, common) if len(given) > 1 else ""
        if not path.exists():
            if Path(f"{path}.partial").is_dir():
                raise AdapterError(
                    f"{path}: its run was stopped before the end. Go on with it by the same "
                    "evalvar run-code."
                )
            raise AdapterError(f"{path}: no such file or directory. Check the spelling.")
        if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            raise AdapterError(f"{path}: may not be read. Change its permissions.")
        if path.is_dir():
            name = path.name or path.resolve().name
            found += _walk(path, path, name, below, remarks)
        elif is_archive(path):
            # A model may be called by the directory above it: let it be the archive's name.
            target = workspace / str(number) / stem(path).removesuffix(".tar")
            target.mkdir(parents=True)
            left_out = unpack(path, target)
            if left_out:
                remarks.append(
                    Remark(
                        "{0:member} that {0:is no plain file was/are no plain files were} left out",
                        left_out,
                        file=path,
                    )
                )
            found += _walk(path, target, path.name, below or path.name, remarks)
        else:
            found.append(Found(path, str(path), below or path.name, explicit=True))
    return list({os.path.abspath(file.path): file for file in found[::-1]}.values())[::-1]


def assign(
    found: Sequence[Found],
    adapters: Mapping[str, "Adapter"],
    source: str | None,
    remarks: list[str],
) -> list[tuple[Found, "Adapter"]]:
    """Give every file to the one adapter that claims it, in reading order.

    Raises
    ------
    AdapterError
        Nobody or more than one adapter claims a file that was named, or nobody claims any.
    UsageError
        ``source`` is no adapter.
    """
    if source is not None and source not in adapters:
        raise UsageError(f"no adapter is called '{source}'. There is: {', '.join(adapters)}.")
    pairs: list[tuple[Found, Adapter]] = []
    nobodys: list[Found] = []
    for file in found:
        try:
            claims = [name for name, adapter in adapters.items() if adapter.claims(file.path)]
        except OSError as error:
            raise AdapterError(
                f"{file.shown}: cannot be read ({error.strerror}). Change its permissions."
            ) from error
        if source is not None and (file.explicit or source in claims):
            claims = [source]
        elif source is not None:
            claims = []
        if len(claims) > 1:
            raise AdapterError(
                f"{file.shown}: claimed by the adapters {' and '.join(claims)}. "
                f"Choose one with --source {claims[0]}."
            )
        if claims:
            pairs.append((file, adapters[claims[0]]))
        elif file.explicit:
            why = reason(file.path) or (
                f"no adapter claims this file (known: {', '.join(adapters)}). "
                "Name one with --source."
            )
            raise AdapterError(f"{file.shown}: {why}")
        else:
            nobodys.append(file)
    if not pairs:
        raise AdapterError(_nothing_claimed(nobodys, adapters, source))
    if nobodys:
        kinds = sorted({kind(file.path) or "no suffix" for file in nobodys})
        remarks.append(
            f"{counted(len(nobodys), 'file')} that no adapter claims "
            f"{'was' if len(nobodys) == 1 else 'were'} left out "
            f"({', '.join(file.shown for file in nobodys[:_SHOWN])}"
            f"{', ...' if len(nobodys) > _SHOWN else ''}; kinds {', '.join(kinds)})"
        )
    return sorted(pairs, key=lambda pair: (pair[1].NAME, _date(pair[0]), natural(pair[0].shown)))


def _nothing_claimed(
    files: Sequence[Found], adapters: Mapping[str, "Adapter"], source: str | None
) -> str:
    """Say that no file found is read, on the example of one that holds data."""
    example = next((file for file in files if is_data(file.path)), None)
    if example is None:
        example = next((file for file in files if not _is_about(file.path)), files[0])
    others = f"or any other of the {len(files):,} files found" if len(files) > 1 else ""
    only = "" if others else ", the only file found"
    if source is not None:
        return (
            f"{example.shown}: the adapter '{source}' does not claim this{others and f' {others}'}"
            f"{only}. Check the path, or leave --source out."
        )
    why = reason(example.path)
    if why:
        return f"{example.shown}: {why}{others and f' No adapter claims this {others}.'}"
    return (
        f"{example.shown}: no adapter (known: {', '.join(adapters)}) claims this"
        f"{others and f' {others}'}{only}. Check the path, or name an adapter with --source."
    )


def _is_about(path: Path) -> bool:
    name = path.name.upper()
    return kind(path) in (".md", ".py", ".rst") or name.startswith(("LICENSE", "README", "SOURCE"))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Key that sorts ``step2`` before ``step10``."""
    pieces = re.split(r"(\d+)", name)
    return [(1, int(p), "") if p.isdecimal() else (0, 0, p) for p in pieces]


def _expanded(path: str | Path) -> list[str]:
    text = str(path)
    if glob.has_magic(text) and not os.path.exists(text):
        matches = sorted(glob.glob(text, recursive=True), key=natural)
        if not matches:
            raise AdapterError(f"{text}: the pattern matches no file. Check the spelling.")
        return matches
    return [text]


def _common(given: Sequence[Path]) -> Path:
    absolute = [os.path.abspath(path) for path in given]
    common = Path(os.path.commonpath([os.path.dirname(path) for path in absolute]))
    return Path(os.path.relpath(common))


def _walk(given: Path, root: Path, name: str, below: str, remarks: list[str]) -> Iterator[Found]:
    files: list[Path] = []
    hidden = packed = 0
    for folder, folders, names in os.walk(root, onerror=_unreadable):
        hidden += sum(entry.startswith(".") for entry in (*folders, *names))
        folders[:] = sorted(entry for entry in folders if not entry.startswith("."))
        for entry in names:
            path = Path(folder, entry)
            if entry.startswith("."):
                continue
            if is_archive(path):
                packed += 1
            elif path.is_file():
                files.append(path)
    if hidden:
        remarks.append(
            Remark(
                "{0} hidden {0:file or directory was/files and directories were} left out", hidden
            )
        )
    if packed:
        remarks.append(
            Remark(
                "{0} {0:archive inside a directory was/archives inside directories were} left out: "
                "name {0:it to read it/them to read them}",
                packed,
            )
        )
    if not files:
        raise AdapterError(f"{given}: the directory holds no file to read. Check the path.")
    for path in sorted(files, key=lambda path: natural(str(path))):
        inner = path.relative_to(root).as_posix()
        yield Found(path, f"{name}/{inner}", f"{below}/{inner}" if below else inner, False)


def _unreadable(error: OSError) -> None:
    raise AdapterError(f"{error.filename}: may not be read. Change its permissions.") from error


def _date(file: Found) -> str:
    match = _DATE.search(file.path.name)
    return match[0] if match else ""
