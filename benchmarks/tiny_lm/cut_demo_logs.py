"""Cut the slice of the recorded logs that ships with the package: every second checkpoint.

Usage: python -m benchmarks.tiny_lm.cut_demo_logs
"""

import lzma
import re
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
STUDY = HERE / "logs" / "study.tar.xz"
SLICE = HERE.parents[1] / "evalvar" / "demo_logs.tar.xz"


def main() -> None:
    """Write the slice; the same study gives the same bytes."""
    strong = lzma.PRESET_DEFAULT | lzma.PRESET_EXTREME
    with (
        tarfile.open(STUDY) as study,
        lzma.open(SLICE, "wb", preset=strong) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as kept,
    ):
        # files of one kind side by side compress far better
        for member in sorted(study.getmembers(), key=lambda m: (Path(m.name).name[:14], m.name)):
            step = re.search(r"step(\d+)/", member.name)
            if member.isfile() and step and int(step[1]) % 300 == 0:
                member.uid = member.gid = member.mtime = 0
                member.uname = member.gname = ""
                kept.addfile(member, study.extractfile(member))
    print(f"{SLICE.name}: {SLICE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
