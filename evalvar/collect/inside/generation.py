"""The role of an input generator: it answers [seed, size, level, case] with arguments."""

import random
import time

from evalvar.collect.inside import generators, wire
from evalvar.collect.inside.loading import SourceError, compiled, function_of, namespace, run_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from evalvar.collect.inside.loading import Answer, Source


def load(source: "Source") -> "Answer":
    """Load a generator; what an input is depends on its request alone."""
    names = namespace("generator")
    names.update(generators.NAMES)
    run_stub(source["prompt"], names)
    exec(compiled(source["generator"], "generator"), names)
    generate = function_of(names, "generate_input", "generator")

    def made(request: bytes) -> bytes:
        seed, size, level, case = wire.decode(request)
        random.seed(seed)
        arguments = generate(size, level, case)
        if type(arguments) is not tuple:
            raise SourceError("generate_input must return a tuple of arguments")
        return wire.encode(arguments)

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes], list[object]]":
        began = time.perf_counter()
        inputs = [made(part) for part in parts]
        return time.perf_counter() - began, inputs, []

    return answer
