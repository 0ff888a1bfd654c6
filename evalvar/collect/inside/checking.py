"""The role of a checker: it answers (input, answer, output) with true or false."""

import time
from marshal import loads

from evalvar.collect.inside import wire
from evalvar.collect.inside.loading import compiled, function_of, namespace, run_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evalvar.collect.inside.loading import Answer, Source


def load(source: "Source") -> "Answer":
    """Load a checker; it gets plain data of its own, whoever sent the output."""
    names = namespace("checker")
    run_stub(source["prompt"], names)
    exec(compiled(source["checker"], "checker"), names)
    check = function_of(names, "__check", "checker")

    def verdict(arguments: bytes, answer: bytes, output: bytes) -> bytes:
        given, expected = loads(arguments), loads(answer)
        try:
            returned = wire.decode(output)
        except (wire.WireError, MemoryError):
            return b"false"
        return b"true" if check(given, expected, returned) else b"false"

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes], list[object]]":
        began = time.perf_counter()
        triples = zip(parts[::3], parts[1::3], parts[2::3])  # noqa: B905 (3.9 has no strict)
        verdicts = [verdict(*triple) for triple in triples]
        return time.perf_counter() - began, verdicts, []

    return answer
