"""What a run has found so far, kept beside its output, so that a run that ends early goes on."""

import fcntl
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

import pandas as pd

from evalvar.collect.blocks import Block
from evalvar.errors import EvalvarError, UsageError

_FORMAT = 2
_HEADER, _LOCK, _BLOCKS = "run.json", "lock", "*.block.json"


class JournalError(EvalvarError):
    """What lies beside the output is another run's, or cannot be written."""


@dataclass(slots=True)
class Journal:
    """A directory with one file for every block that is done.

    A file appears whole or not at all, so that the run or the machine may end at any moment.
    """

    path: Path
    lock: TextIO
    about: str
    seed: int

    @classmethod
    def open(
        cls, path: Path, digests: Mapping[str, str], about: str, *, seed: int = 0
    ) -> "Journal":
        """Open the journal of a run, or begin it.

        Parameters
        ----------
        path : Path
            The directory.
        digests : mapping
            What the run depends on, by name: another journal is refused by what differs.
        about : str
            What the run is taken on; a journal that is there keeps its own.
        seed : int
            Of the inputs; likewise.

        Raises
        ------
        JournalError
            It belongs to a run with other arguments, or that run is still going on.
        """
        if not path.parent.is_dir():
            raise UsageError(f"{path}: the directory {path.parent} does not exist. Make it.")
        path.mkdir(exist_ok=True)
        lock = (path / _LOCK).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise JournalError(
                f"{path}: another run is writing there. Wait for it, or give another -o."
            ) from None
        header = {"format": _FORMAT, **digests}
        if (path / _HEADER).exists():
            found = json.loads((path / _HEADER).read_bytes())
            other = [name for name in header if found.get(name) != header[name]]
            if other:
                lock.close()
                raise JournalError(
                    f"{path}: a run that did not end lies there, with other {' and '.join(other)}. "
                    "Give the same to go on with it, give another -o, or remove the directory."
                )
        else:
            # left by a removal that was cut short: nothing says which run they are of
            for file in path.glob(_BLOCKS):
                file.unlink()
            found = {**header, "about": about, "seed": seed}
            _write(path / _HEADER, found)
        return cls(path, lock, found["about"], found["seed"])

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lock.close()

    def blocks(self) -> dict[str, Block]:
        """Return what is done, by name."""
        found = {}
        for file in self.path.glob(_BLOCKS):
            data = json.loads(file.read_bytes())
            timings = pd.DataFrame(data["timings"])
            found[file.name.removesuffix(".block.json")] = Block(timings, data["facts"])
        return found

    def add(self, name: str, block: Block) -> None:
        """Keep a block that is done."""
        data = {"facts": block.facts, "timings": block.timings.to_dict("list")}
        _write(self.path / f"{name}.block.json", data)

    def remove(self) -> None:
        """Remove the journal of a run whose output is written."""
        shutil.rmtree(self.path)


def _write(path: Path, data: object) -> None:
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("w") as file:
            file.write(json.dumps(data))  # knows NaN, and floats come back exactly
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise JournalError(
            f"{path}: cannot be written ({error.strerror}). Make room or give rights: then the "
            "same command goes on with what is done."
        ) from None
