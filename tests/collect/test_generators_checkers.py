"""What a sandbox does with the code of a problem."""

import pytest

from evalvar.collect.inside.wire import decode, encode
from evalvar.collect.sandbox import Session
from tests.collect import hostile
from tests.collect.asking import LIMITS


class TestGenerate:
    def generated(self, box, generator, *requests, prompt=""):
        source = {"prompt": prompt, "generator": generator}
        with Session(box, "generate", source, LIMITS) as session:
            reply = session.load()
            if reply.status == "ok":
                reply = session.ask([encode(list(request)) for request in requests], 20.0)
        return reply

    def test_an_input_depends_on_its_request_alone(self, box):
        generator = hostile.GENERATOR
        asked = [(7, 20, 1, 0), (8, 20, 1, 0), (7, 20, 1, 0)]
        reply = self.generated(box, generator, *asked)
        assert reply.parts[0] == reply.parts[2] != reply.parts[1]
        assert reply.parts == self.generated(box, generator, *asked).parts
        (numbers,) = decode(reply.parts[0])
        assert len(numbers) == 20

    def test_a_generator_may_use_helpers_and_the_prompt(self, box):
        prompt = "def double(s): return s + s\n\ndef f(s: str) -> str:\n    ''' Undo. '''"
        generator = """
def generate_input(size, lid, cid):
    prime = rand_probably_prime(100, 200)
    assert miller_rabin(prime) and 100 <= prime <= 200 and time.time() > 0
    return double(random.choice(string.digits)), rand_parens(size), rand_primality(size, lid, cid)
"""
        reply = self.generated(box, generator, (1, 9, 0, 1), prompt=prompt)
        text, parens, number = decode(reply.parts[0])
        assert (len(text), text[0]) == (2, text[1])
        assert (len(parens), number) == (10, 561)

    @pytest.mark.parametrize(
        ("generator", "message"),
        [
            ("def generate_input(size, lid, cid): return [1]", "must return a tuple of arguments"),
            ("def generate(size, lid, cid): return (1,)", "does not define `generate_input`"),
            ("def generate_input(size, lid, cid): return 1 / 0,", "ZeroDivisionError"),
            ("def generate_input(size, lid, cid): return random,", "returned a module: only plain"),
            ("def generate_input(", "SyntaxError"),
        ],
    )
    def test_a_generator_that_fails_says_how(self, box, generator, message):
        reply = self.generated(box, generator, (1, 9, 0, 1))
        assert reply.status in ("crash", "wrong")
        assert message in reply.message


class TestCheck:
    def checked(self, box, checker, *triples, prompt=""):
        with Session(box, "check", {"prompt": prompt, "checker": checker}, LIMITS) as session:
            reply = session.load()
            if reply.status == "ok":
                reply = session.ask([part for triple in triples for part in triple], 20.0)
        return reply

    def test_verdicts_come_in_order(self, box):
        given, two = encode(([1],)), encode(2)
        outputs = [
            two,
            encode(2.0),
            encode(True),
            encode(3),
            two + b" ",
            b"<i\3\0\0\0",
            b"\xff",
            b"",
        ]
        reply = self.checked(box, hostile.CHECKER, *[(given, two, output) for output in outputs])
        assert reply.parts == (b"true", *[b"false"] * 7)

    def test_a_checker_sees_the_prompt_and_the_input(self, box):
        prompt = "def poly(xs, x): return sum(xs) * x\n\ndef f(xs):\n    ''' Zero of. '''\n"
        checker = "def __check(input, answer, output): return poly(*input, output) == 0"
        reply = self.checked(box, checker, (encode(([1],)), encode(7), encode(0)), prompt=prompt)
        assert reply.parts == (b"true",)

    @pytest.mark.parametrize(
        ("checker", "message"),
        [
            ("def check(input, answer, output): return True", "does not define `__check`"),
            ("def __check(input, answer, output): return answer < output", "TypeError: '<'"),
            ("def __check(", "SyntaxError"),
        ],
    )
    def test_a_checker_that_fails_says_how(self, box, checker, message):
        reply = self.checked(box, checker, (encode(()), encode(1), encode("a")))
        assert reply.status == "crash"
        assert message in reply.message
