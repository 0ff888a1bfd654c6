"""How bytes come off the disk: decompression, first bytes, lines, digests."""

import contextlib
import gzip
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import pandas as pd
import zstandard

from evalvar.errors import AdapterError, RecordsError
from evalvar.evidence import Evidence, as_evidence

COMPRESSED = (".gz", ".zst")
_DAMAGED = (EOFError, gzip.BadGzipFile, zstandard.ZstdError)
BOM = b"\xef\xbb\xbf"


def plain_name(path: Path) -> str:
    """Name of the file without the suffix of its compression."""
    return path.name.removesuffix(path.suffix) if path.suffix in COMPRESSED else path.name


def stem(path: Path) -> str:
    """Name of the file without compression and type."""
    return Path(plain_name(path)).stem


def kind(path: Path) -> str:
    """Suffix that tells the type of the file, in lower case: ``.jsonl`` for ``a.JSONL.gz``."""
    return Path(plain_name(path)).suffix.lower()


def opened(path: Path) -> BinaryIO:
    """Open a file for reading bytes, decompressed by its suffix."""
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if path.suffix == ".zst":
        raw = path.open("rb")
        reader = zstandard.ZstdDecompressor().stream_reader(
            raw, read_across_frames=True, closefd=True
        )
        return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader), 1 << 20))
    return path.open("rb", buffering=1 << 20)


def head(path: Path, size: int = 1 << 16) -> bytes:
    """First bytes of a file, decompressed, as far as they can be."""
    start = b""
    with contextlib.suppress(*_DAMAGED), opened(path) as stream:
        while len(start) < size and (piece := stream.read(1 << 12)):
            start += piece
    return start.removeprefix(BOM)


def whole(path: Path) -> bytes:
    """Everything in a file, decompressed.

    Raises
    ------
    AdapterError
        The file is damaged.
    """
    try:
        with opened(path) as stream:
            return stream.read().removeprefix(BOM)
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def chunks(path: Path) -> Iterator[bytes]:
    """Content of a file, decompressed, piece by piece."""
    try:
        with opened(path) as stream:
            while piece := stream.read(1 << 20):
                yield piece
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def lines(path: Path, digest: "hashlib._Hash | None" = None) -> Iterator[bytes]:
    """Lines of a file as they are, without a byte-order mark; empty lines are passed over.

    Parameters
    ----------
    path : Path
        The file.
    digest : hash, optional
        Is fed with the content: that of the file, unless the file is compressed.
    """
    try:
        with opened(path) as stream:
            for number, line in enumerate(stream):
                if digest is not None:
                    digest.update(line)
                if not number:
                    line = line.removeprefix(BOM)
                if not line.isspace():
                    yield line
    except _DAMAGED as error:
        raise _damaged(path, error) from error


def evidence_of(
    path: Path,
    *,
    records: pd.DataFrame | None = None,
    reported: pd.DataFrame | None = None,
    timings: pd.DataFrame | None = None,
    harness: str = "",
    version: str = "",
    remarks: tuple[str, ...] | list[str] = (),
    digest: str = "",
) -> Evidence:
    """Validate what one file holds; repeated keys are left for `load` to judge.

    Raises
    ------
    RecordsError
        A table breaks a rule; the message starts with the path.
    """
    rows = sum(len(table) for table in (records, reported, timings) if table is not None)
    if not digest:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    sources = pd.DataFrame(
        {
            "path": [str(path)],
            "sha256": [digest],
            "rows": [rows],
            "harness": [harness],
            "version": [version],
        }
    )
    try:
        return as_evidence(
            records,
            reported=reported,
            timings=timings,
            sources=sources,
            warnings=remarks,
            duplicates="keep",
        )
    except RecordsError as error:
        raise RecordsError(f"{path}: {error}") from error


def _damaged(path: Path, error: Exception) -> AdapterError:
    if isinstance(error, EOFError):
        return AdapterError(f"{path}: the gzip stream is cut off. Copy the file again.")
    return AdapterError(
        f"{path}: cannot be decompressed ({error}). Copy the file again or unpack it by hand."
    )
