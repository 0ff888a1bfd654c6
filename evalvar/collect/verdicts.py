"""Answers checked: in a sandbox of their own, each distinct one once."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from types import TracebackType

from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import Case, said
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Box, Limits, Session

# For the reference's answers a checker gets as long as the first; for what a program answered in
# one pass, so many times as long as it took for those, within these bounds.
CHECK_S = 20.0
_TIMES, _LEAST_S, _MOST_S = 20, 5.0, 60.0
_BATCH_BYTES = 1 << 24

# A case, which of its inputs, and what was returned for it.
Output = tuple[Case, int, bytes]
_Seen = tuple[tuple[int, int], int, bytes]


@dataclass(slots=True)
class Checker:
    """The checker of one problem; what it said of an output is kept, and never asked twice.

    A program's output is data alone, so that one process may check the outputs of all programs.
    One program's outputs of a pass may take it `limit_s`. What it failed with the last time stands
    in `failure`.
    """

    box: Box
    problem: Problem
    limits: Limits
    session: Session | None = None
    failure: str = ""
    _said: dict[_Seen, bool] = field(default_factory=dict)
    limit_s: float = CHECK_S
    _left_s: float = CHECK_S
    _late: bool = False

    def __enter__(self) -> "Checker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def accepts(self, outputs: Sequence[Output]) -> list[bool]:
        """Say of each output of one program whether it is right.

        One that the checker fails on is not, nor is what comes behind it, of which it is not asked;
        where its time is over, nor is what it was asked of together with that one.
        """
        keys = [(case.key, draw, hashlib.sha256(text).digest()) for case, draw, text in outputs]
        self._left_s = self.limit_s
        for batch in self._batches(dict(zip(keys, outputs, strict=True))):
            if not self._answered(batch):
                break
        return [self._said.get(key, False) for key in keys]

    def measure(self, outputs: Sequence[Output]) -> list[bool]:
        """Say of the reference's answers whether they are right, and set the time for others'."""
        verdicts = self.accepts(outputs)
        self.limit_s = min(max(_TIMES * (CHECK_S - self._left_s), _LEAST_S), _MOST_S)
        return verdicts

    def _batches(self, outputs: Mapping[_Seen, Output]) -> Iterator[dict[_Seen, Output]]:
        batch: dict[_Seen, Output] = {}
        size = 0
        for key, output in outputs.items():
            if key in self._said:
                continue
            batch[key] = output
            size += len(output[2]) + len(output[0].inputs[output[1]])
            if size > _BATCH_BYTES:
                yield batch
                batch, size = {}, 0
        if batch:
            yield batch

    def _answered(self, batch: Mapping[_Seen, Output]) -> bool:
        """Ask of a batch, and where the checker raises, of each output alone until it does so."""
        verdicts = self._verdicts(list(batch.values()))
        if verdicts is not None:
            self._said.update(zip(batch, verdicts, strict=True))
            return True
        for key, output in batch.items():
            if self._late:
                break
            alone = self._verdicts([output]) if len(batch) > 1 else None
            if not self._late:
                self._said[key] = alone == [True]
            if alone is None:
                break
        return False

    def _verdicts(self, outputs: list[Output]) -> list[bool] | None:
        if self.session is None:
            self.session = Session(
                self.box,
                "check",
                {"prompt": self.problem.prompt, "checker": self.problem.checker},
                replace(self.limits, load_s=max(self.limits.load_s, CHECK_S)),
            )
            self.session.__enter__()
            reply = self.session.load()
            if reply.status != "ok":
                self._failed(reply)
                return None
        parts = [
            part
            for case, draw, text in outputs
            for part in (case.inputs[draw], case.answers[draw], text)
        ]
        began = monotonic()
        reply = self.session.ask(parts, max(0.0, self._left_s))
        self._left_s -= monotonic() - began
        if reply.status != "ok" or len(reply.parts) != len(outputs):
            self._failed(reply)
            return None
        return [part == b"true" for part in reply.parts]

    def _failed(self, reply: Reply) -> None:
        self.failure, self._late = said(reply), reply.status == "timeout"
        self._close()

    def _close(self) -> None:
        if self.session is not None:
            self.session.__exit__(None, None, None)
            self.session = None
