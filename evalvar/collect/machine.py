"""The machine that times: what it is, and how fine its clocks are."""

import os
import platform
import subprocess
import time
from pathlib import Path

from evalvar.collect.cores import pinned
from evalvar.collect.inside.wire import encode
from evalvar.collect.sandbox import Box, Limits, Session

_ASKED = 40


def described(box: Box) -> str:
    """Say processor, cores, system and the interpreter of the programs, the same every time."""
    asked = "import platform; print(platform.python_implementation(), platform.python_version())"
    command = [str(box.python), "-I", "-c", asked]
    python = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    cores = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {platform.release()}"
    shut_in = "no sandbox" if box.unsafe else "bubblewrap"
    return f"{_processor()}, {cores} cores, {system}, {python}, {shut_in}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine()


def clocks(box: Box) -> str:
    """Say the smallest step of the outer clock, and how long a call that does nothing takes."""
    return f"clock {1e9 * _step_s():.0f} ns, round trip {1e6 * _round_trip_s(box):.0f} us"


def _step_s() -> float:
    steps = []
    for _ in range(1000):
        began = time.perf_counter()
        while (now := time.perf_counter()) == began:
            pass
        steps.append(now - began)
    return min(steps)


def _round_trip_s(box: Box) -> float:
    generator = {"prompt": "", "generator": "def generate_input(size, lid, cid):\n    return ()\n"}
    with Session(box, "generate", generator, Limits()) as session:
        session.load()
        nothing = session.ask([encode([0, 0, 0, 0])], 10.0).parts
    program = {"prompt": "", "program": "def f():\n    return 1\n", "entry_point": "f"}
    with Session(box, "run", program, Limits()) as session, pinned(box.cpu):
        session.load()
        taken = sorted(session.ask(nothing, 10.0).outside_s for _ in range(_ASKED))
    return taken[_ASKED // 2]
