"""Answers checked: in a sandbox of their own, each distinct one once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from evalvar.collect.exchange import Reply
from evalvar.collect.inputs import Case, said
from evalvar.collect.problems import Problem
from evalvar.collect.sandbox import Box, Limits, Session

# A checker gets as long as this for a batch; one answer that takes longer is no right one.
CHECK_S = 20.0
_BATCH_BYTES = 1 << 24

# A case, which of its inputs, and what was returned for it.
Output = tuple[Case, int, bytes]
_Seen = tuple[tuple[int, int], int, bytes]


@dataclass(slots=True)
class Checker:
    """The checker of one problem; what it said of an output is kept, and never asked twice.

    A program's output is data alone, so that one process may check the outputs of all programs.
    """

    box: Box
    problem: Problem
    limits: Limits
    session: Session | None = None
    failure: str = ""
    _said: dict[_Seen, bool] = field(default_factory=dict)

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
        """Say of each output whether it is right; one that the checker fails on is not.

        Nor is what comes behind that one, of which it is not asked. What it failed with the last
        time stands in `failure`.
        """
        keys = [(case.key, draw, hashlib.sha256(text).digest()) for case, draw, text in outputs]
        batch: dict[_Seen, Output] = {}
        size = 0
        for key, output in zip(keys, outputs, strict=True):
            if key in self._said or key in batch:
                continue
            batch[key] = output
            size += len(output[2]) + len(output[0].inputs[output[1]])
            if size > _BATCH_BYTES:
                self._ask(batch)
                batch, size = {}, 0
        if batch:
            self._ask(batch)
        return [self._said.get(key, False) for key in keys]

    def _ask(self, batch: dict[_Seen, Output]) -> None:
        verdicts = self._verdicts(list(batch.values()))
        if verdicts is not None:
            self._said.update(zip(batch, verdicts, strict=True))
            return
        for key, output in batch.items():
            alone = self._verdicts([output]) if len(batch) > 1 else None
            self._said[key] = alone == [True]
            if alone is None:
                return

    def _verdicts(self, outputs: list[Output]) -> list[bool] | None:
        if self.session is None:
            self.session = Session(
                self.box,
                "check",
                {"prompt": self.problem.prompt, "checker": self.problem.checker},
                self.limits,
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
        reply = self.session.ask(parts, CHECK_S)
        if reply.status != "ok" or len(reply.parts) != len(outputs):
            self._failed(reply)
            return None
        return [part == b"true" for part in reply.parts]

    def _failed(self, reply: Reply) -> None:
        self.failure = said(reply)
        self._close()

    def _close(self) -> None:
        if self.session is not None:
            self.session.__exit__(None, None, None)
            self.session = None
