"""The host's end of the pipes, with a scripted other end."""

import math
import os
import threading

import pytest

from evalvar.collect.exchange import Broken, Channel
from evalvar.collect.inside.frames import LENGTH, REPLY, reply, request


class Peer:
    """A worker that says what it is told to."""

    def __init__(self, most: int = 1000):
        (self.read, requests), (replies, self.write) = os.pipe(), os.pipe()
        self.channel = Channel(requests, replies, most)
        self.pipes = [self.read, requests, replies, self.write]

    def says(self, *texts: bytes) -> "Peer":
        for text in texts:
            os.write(self.write, text)
        return self


@pytest.fixture
def peer():
    made = []

    def make(most: int = 1000) -> Peer:
        made.append(Peer(most))
        return made[-1]

    yield make
    for pipe in [pipe for each in made for pipe in each.pipes]:
        os.close(pipe)


def test_a_reply_in_pieces_is_put_together(peer):
    worker = peer()
    text = reply("ok", 0.25, [b"1", b"", b"23"])
    thread = threading.Thread(
        target=lambda: [worker.says(text[i : i + 1]) for i in range(len(text))]
    )
    thread.start()
    got = worker.channel.exchange(b"x", 3, 5.0)
    thread.join()
    assert got.parts == (b"1", b"", b"23")
    assert got.status == "ok"


@pytest.mark.parametrize("said", [math.nan, math.inf, -math.inf, -5.0, 1e300])
def test_a_time_that_cannot_be_is_not_handed_on(peer, said):
    got = peer().says(reply("ok", said, [b"1"])).channel.exchange(b"x", 1, 5.0)
    assert 0 <= got.inside_s <= got.outside_s


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (reply("ok", 0.0, [b"1", b"2"]), "crash"),  # more parts than were asked for
        (reply("ok", 0.0, []), "crash"),
        (REPLY.pack(b"z", 0.0, 1), "crash"),
        (REPLY.pack(b"c", 0.0, 2), "crash"),
        (REPLY.pack(b"o", 0.0, 2**32 - 1), "crash"),
        (REPLY.pack(b"o", 0.0, 1) + LENGTH.pack(2**63), "memory"),
        (REPLY.pack(b"o", 0.0, 1) + LENGTH.pack(1001), "memory"),
        (REPLY.pack(b"c", 0.0, 1) + LENGTH.pack(2**64 - 1), "memory"),
        (REPLY.pack(b"o", 0.0, 1) + LENGTH.pack(10) + b"123", "timeout"),
        (b"", "timeout"),
    ],
)
def test_a_forged_frame_ends_the_exchange(peer, text, status):
    with pytest.raises(Broken) as broken:
        peer().says(text).channel.exchange(b"x", 1, 0.05)
    assert broken.value.status == status


def test_a_worker_that_does_not_read_cannot_hold_the_host(peer):
    with pytest.raises(Broken) as broken:
        peer().channel.exchange(request([bytes(10_000_000)]), 1, 0.1)
    assert broken.value.status == "timeout"


def test_an_answer_before_the_question_is_out_is_a_breach(peer):
    worker = peer().says(reply("ok", 0.0, [b"1"]))
    with pytest.raises(Broken, match="answered before it was asked"):
        worker.channel.exchange(request([bytes(10_000_000)]), 1, 5.0)


QUIET = reply("ok", 0.0, [])


@pytest.mark.parametrize("text", [QUIET + b"o", QUIET * 2, reply("ok", 0.0, [b"1"]), b"z" * 20])
def test_more_than_one_remark_between_replies_is_a_breach(peer, text):
    with pytest.raises(Broken, match="wrote to the pipe") as broken:
        peer().says(text).channel.remark(0.1)
    assert broken.value.status == "crash"


def test_a_remark_says_what_is_amiss_or_nothing(peer):
    assert peer().says(QUIET).channel.remark(0.1).status == "ok"
    found = peer().says(reply("wrong", 0.0, [b"returned a set"])).channel.remark(0.1)
    assert (found.status, found.message) == ("wrong", "returned a set")


def test_the_end_of_the_worker_is_its_end(peer):
    for call in (
        lambda channel: channel.remark(5.0),
        lambda channel: channel.exchange(b"x", 1, 5.0),
    ):
        worker = peer()
        os.close(worker.pipes.pop())
        with pytest.raises(Broken) as broken:
            call(worker.channel)
        assert broken.value.status is None


def test_a_message_is_short_and_of_one_line(peer):
    worker = peer(10_000).says(reply("crash", 0.0, [b"a\nb\x1b[0m\xff" + b"x" * 5000]))
    got = worker.channel.exchange(b"x", 7, 5.0)
    assert got.message.startswith("a b [0m\ufffdxxx")
    assert len(got.message) == 1000
    assert got.message.isprintable()
