"""python -m benchmarks.code.record TIMINGS: keep a run's table as the recorded one.

Keeps what scores are made of, with times rounded to 2**-23 s (0.12 microseconds), so that the file
stays small; the raw clocks are dropped.
"""

import argparse
from pathlib import Path

import pandas as pd
import pyarrow
from pyarrow import parquet

from benchmarks.code.build import HERE

RECORDED = HERE / "timings.parquet"
STEP = 2.0**-23
TIMES = ("seconds", "limit_s", "resolution_s")
DROPPED = ["inside_s", "outside_s"]


def kept(timings: pd.DataFrame) -> pd.DataFrame:
    """Return the table without raw clocks, times in whole steps."""
    table = timings.drop(columns=DROPPED)
    return table.assign(**{name: (table[name] / STEP).round() * STEP for name in TIMES})


def main() -> None:
    said = argparse.ArgumentParser(prog="python -m benchmarks.code.record")
    said.add_argument("timings", type=Path, help="what evalvar run-code wrote, as parquet")
    table = pyarrow.Table.from_pandas(
        kept(pd.read_parquet(said.parse_args().timings)), preserve_index=False
    )
    names = [name for name in table.column_names if name not in TIMES]
    # Rounded numbers end in zero bytes, which compress well once they stand side by side.
    parquet.write_table(
        table,
        RECORDED,
        compression="zstd",
        compression_level=19,
        use_dictionary=names,
        column_encoding=dict.fromkeys(TIMES, "BYTE_STREAM_SPLIT"),
    )
    print(f"wrote {RECORDED.name}: {len(table)} rows, {RECORDED.stat().st_size} bytes")


if __name__ == "__main__":
    main()
