"""Pack the logs of a study into one archive."""

import io
import lzma
import tarfile
from collections.abc import Iterable
from pathlib import Path

ARCHIVE = Path(__file__).parent / "logs" / "study.tar.xz"


def pack(logs: Path) -> None:
    """Write the archive; the same logs give the same bytes.

    Parameters
    ----------
    logs : Path
        Directory of the logs. The one above it is cut from paths inside the files.
    """
    above = f"{logs.resolve().parent}/".encode()
    # files of one kind side by side compress far better
    files = sorted(logs.rglob("*.json*"), key=lambda path: (path.name.rpartition("_")[0], path))
    write(
        ARCHIVE,
        (
            (
                f"{logs.name}/{path.relative_to(logs).as_posix()}",
                path.read_bytes().replace(above, b""),
            )
            for path in files
        ),
    )


def write(archive: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write an archive that tells neither who packed it nor when, as small as it gets."""
    strong = lzma.PRESET_DEFAULT | lzma.PRESET_EXTREME
    with (
        lzma.open(archive, "wb", preset=strong) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as kept,
    ):
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            kept.addfile(member, io.BytesIO(content))
    print(f"{archive.name}: {archive.stat().st_size / 1000:.0f} kB")
