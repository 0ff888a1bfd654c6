"""Archives that are named explicitly, unpacked to a directory of their own."""

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from evalvar.adapters.files import opened
from evalvar.errors import AdapterError

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst", ".zip")


def is_archive(path: Path) -> bool:
    """Whether the name is that of an archive."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(path: Path, target: Path) -> int:
    """Write the regular files of an archive below a directory.

    Parameters
    ----------
    path : Path
        The archive.
    target : Path
        An existing, empty directory.

    Returns
    -------
    int
        How many members were left out: links, devices and names that point outside.

    Raises
    ------
    AdapterError
        The archive is damaged.
    """
    left_out = 0
    try:
        with _members(path) as members:
            for name, stream in members:
                place = _inside(name)
                if stream is None or place is None:
                    left_out += 1
                    continue
                file = target / place
                file.parent.mkdir(parents=True, exist_ok=True)
                with stream, file.open("wb") as out:
                    shutil.copyfileobj(stream, out, 1 << 20)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise AdapterError(
            f"{path}: cannot be unpacked ({error}). Copy the archive again or unpack it by hand."
        ) from error
    return left_out


@contextmanager
def _members(path: Path) -> Iterator[Iterator[tuple[str, IO[bytes] | None]]]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            yield (
                (member.filename, archive.open(member))
                for member in archive.infolist()
                if not member.is_dir()
            )
    elif path.name.lower().endswith(".zst"):
        with opened(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            yield _of_tar(archive)
    else:
        with tarfile.open(path, mode="r:*") as archive:
            yield _of_tar(archive)


def _of_tar(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes] | None]]:
    for member in archive:
        if not member.isdir():
            yield member.name, archive.extractfile(member) if member.isfile() else None


def _inside(name: str) -> Path | None:
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or ":" in pure.parts[0]:
        return None
    return Path(*pure.parts)
