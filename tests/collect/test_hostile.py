"""What hostile programs get from a sandbox; what they score is the runner's to show."""

import time

import pytest

from evalvar.collect.inside.wire import decode, encode
from evalvar.collect.sandbox import Limits, Session
from tests.collect import hostile
from tests.collect.asking import alive, below

NUMBERS = [5, 3, 9, 3, 1]
SMALLER = [3, 1, 4, 1, 0]


def asked(box, program: str, limit_s: float, times: int = 1):
    """Load a program, ask it, and see that its sandbox leaves nothing; give back the replies."""
    source = {"prompt": hostile.PROMPT, "program": program, "entry_point": hostile.ENTRY_POINT}
    limits = Limits(load_s=limit_s, memory_bytes=400 << 20, output_bytes=1 << 24)
    with Session(box, "run", source, limits) as session:
        processes = list(below(session._process.pid))
        replies = [session.load()]
        while replies[-1].status == "ok" and len(replies) <= times:
            processes += below(session._process.pid)
            replies.append(session.ask([encode((NUMBERS,))], limit_s))
        began = time.monotonic()
    assert time.monotonic() - began < 1.0
    assert alive(processes) == []
    return replies


@pytest.mark.parametrize("name", hostile.NUISANCES)
def test_a_nuisance_ends_in_its_status(box, name):
    program, statuses = hostile.NUISANCES[name].program, hostile.NUISANCES[name].statuses
    limit_s = 0.5 if "timeout" in statuses else 15.0
    reply = asked(box, program, limit_s)[-1]
    assert reply.status in statuses, reply
    assert reply.parts == ()
    assert reply.message
    assert len(reply.message) <= 200
    assert reply.message.isprintable()


@pytest.mark.parametrize("name", hostile.CHEATS)
def test_a_cheat_gets_no_better_answer_and_no_earlier_clock(box, name):
    program, statuses = hostile.CHEATS[name].program, hostile.CHEATS[name].statuses
    *_, last = replies = asked(box, program, 15.0, times=3)
    assert last.status in statuses, last
    for reply in replies[1:]:
        if reply.status == "ok":
            right = decode(reply.parts[0]) == SMALLER
            assert right or name == "return an early answer"
            assert 0 <= reply.inside_s <= reply.outside_s


@pytest.mark.parametrize("name", hostile.SPIES)
def test_a_spy_finds_nothing(box, name):
    reply = asked(box, hostile.SPIES[name], 15.0)[-1]
    assert reply.status == "ok", reply
    found = decode(reply.parts[0])
    if name == "read the environment":
        assert not [word for word in found if "EVALVAR" in word or "PYTEST" in word]
        assert found == sorted(ENVIRONMENT)
    else:
        assert found == []


ENVIRONMENT = [
    "HOME", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH", "PWD",
    "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONIOENCODING",
]  # fmt: skip


def test_a_clock_stopped_inside_runs_outside(box):
    slow = "import time\n_sleep = time.sleep\ntime.perf_counter = lambda: 0.0\n"
    program = f"{slow}\ndef smaller(numbers):\n    _sleep(0.2)\n    return numbers\n"
    *_, reply = asked(box, program, 5.0)
    assert reply.outside_s >= 0.2
