"""The role of a program under test: it answers arguments with what the entry point returns."""

import time
from marshal import dumps, loads

from evalvar.collect.inside import wire
from evalvar.collect.inside.loading import SourceError, compiled, function_of, namespace, run_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from evalvar.collect.inside.loading import Answer, Source


def load(source: "Source") -> "Answer":
    """Load a program; the seconds of its answer are those of the calls alone."""
    name, prompt, program = source["entry_point"], source["prompt"], source["program"]
    names = namespace("program")
    run_stub(prompt, names)
    stub = names.get(name)
    exec(_code(prompt, program), names)
    function = function_of(names, name, "program")
    if function is stub:
        raise SourceError(f"the program does not define `{name}`")
    clock, read, write, write_plain = time.perf_counter, loads, dumps, wire.encode
    version = wire.VERSION

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes], list[object]]":
        arguments = [read(part) for part in parts]
        began = clock()
        outputs = [function(*each) for each in arguments]
        ended = clock()
        try:
            texts = [write(output, version) for output in outputs]
        except ValueError:
            # by which it says what cannot be written
            texts = [write_plain(output) for output in outputs]
        return ended - began, texts, outputs

    return answer


def _code(prompt: str, program: str) -> "CodeType":
    """Compile a program: a whole one as it is, a completion as what follows its prompt."""
    try:
        return compiled(program, "program")
    except SyntaxError as error:
        alone = error
    try:
        return compiled(f"{prompt}\n{program}", "prompt-and-program")
    except SyntaxError:
        if isinstance(alone, IndentationError):
            raise
        raise alone from None
