"""Speed beside the peers: python -m benchmarks.speed [NAME ...]."""

import os

# One thread each, so that CPU seconds compare; numpy reads this when it is first imported.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
