"""What an ordinary user's sandbox answers, as JSON; run as such a user by a test."""

import json
import os
from pathlib import Path

from evalvar.collect.inside.wire import decode, encode
from evalvar.collect.sandbox import Box, Limits, Session
from tests.collect import hostile

WALLS = ("fork", "kill whoever is there", "swallow every exception")


def main() -> None:
    box = Box.find()
    told: dict[str, object] = {"user_namespace": box.user_namespace}
    programs = {**hostile.SPIES, **{name: _program(name) for name in WALLS}}
    del programs["read the environment"]
    for name, program in programs.items():
        source = {"prompt": hostile.PROMPT, "program": program, "entry_point": hostile.ENTRY_POINT}
        with Session(box, "run", source, Limits()) as session:
            session.load()
            limit_s = 0.3 if name == "swallow every exception" else 20.0
            reply = session.ask([encode(([3, 1, 2],))], limit_s)
        told[name] = decode(reply.parts[0]) if name in hostile.SPIES else reply.status
    told["survivors"] = sum(_is_ours(path) for path in Path("/proc").glob("[0-9]*"))
    print(json.dumps(told))  # noqa: T201


def _program(name: str) -> str:
    return {**hostile.NUISANCES, **hostile.CHEATS}[name].program


def _is_ours(process: Path) -> bool:
    """Whether a process runs what sandboxes begin with, below this one."""
    try:
        line = (process / "cmdline").read_bytes()
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return b"start.py" in line and int(parent) == os.getpid()
