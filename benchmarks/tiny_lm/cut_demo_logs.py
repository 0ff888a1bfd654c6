"""Cut the slice of the recorded logs that ships with the package.

It has all models and seeds, three checkpoints, and the common prompt.

Usage: python -m benchmarks.tiny_lm.cut_demo_logs
"""

import re
import tarfile
from pathlib import Path

from benchmarks.tiny_lm.pack import ARCHIVE, write

SLICE = Path(__file__).parents[2] / "evalvar" / "demo_logs.tar.xz"
_KEPT = re.compile(r"/prompt=common/seed\d+/step(300|900|1500)/")


def main() -> None:
    """Write the slice; the same study gives the same bytes."""
    with tarfile.open(ARCHIVE) as study:
        members = [member for member in study if _KEPT.search(member.name)]
        write(SLICE, ((member.name, study.extractfile(member).read()) for member in members))


if __name__ == "__main__":
    main()
