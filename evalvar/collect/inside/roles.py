"""What a sandbox is for: running a program, generating inputs, or checking outputs.

Each role loads its source and gives back a function from the parts of a request to the seconds
that the calls took and the parts of the reply.
"""

import ast
import json
import random
import sys
import time

from evalvar.collect.inside import generators, wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Names = dict[str, object]
    Source = dict[str, str]
    Answer = Callable[[list[bytes]], tuple[float, list[bytes]]]


class BadSource(Exception):  # noqa: N818
    """What was handed over cannot take its role; the message is all there is to say."""


def load_program(source: "Source") -> "Answer":
    """Load a program; it answers argument tuples with what the entry point returns."""
    name, prompt, program = source["entry_point"], source["prompt"], source["program"]
    names = _namespace("program")
    _run_stub(prompt, names)
    stub = names.get(name)
    if _defines(program, name):
        _execute(program, names)
    else:
        whole = f"{prompt}\n{program}"
        if _is_stub(whole, name):
            raise BadSource(f"the program does not define `{name}`")
        _execute(whole, names)
    function = names.get(name)
    if function is stub or not callable(function):
        raise BadSource(f"the program does not define `{name}`")
    clock, decode, encode = time.perf_counter, wire.decode, wire.encode

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes]]":
        arguments = [decode(part) for part in parts]
        began = clock()
        outputs = [function(*each) for each in arguments]  # type: ignore[misc]
        ended = clock()
        return ended - began, [encode(output) for output in outputs]

    return answer


def load_generator(source: "Source") -> "Answer":
    """Load a generator; it answers [seed, size, level, case] with a tuple of arguments."""
    names = _namespace("generator")
    names.update(generators.NAMES)
    _run_stub(source["prompt"], names)
    _execute(source["generator"], names)
    generate = names.get("generate_input")
    if not callable(generate):
        raise BadSource("the generator does not define `generate_input`")
    seed_with, clock, encode, decode = random.seed, time.perf_counter, wire.encode, wire.decode

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes]]":
        began = clock()
        inputs = []
        for part in parts:
            seed, size, level, case = decode(part)  # type: ignore[misc]
            seed_with(seed)
            made = generate(size, level, case)
            if type(made) is not tuple:
                raise BadSource("generate_input must return a tuple of arguments")
            inputs.append(encode(made))
        return clock() - began, inputs

    return answer


def load_checker(source: "Source") -> "Answer":
    """Load a checker; it answers (input, answer, output) with true or false."""
    names = _namespace("checker")
    _run_stub(source["prompt"], names)
    _execute(source["checker"], names)
    check = names.get("__check")
    if not callable(check):
        raise BadSource("the checker does not define `__check`")
    clock, decode = time.perf_counter, wire.decode

    def verdict(given: bytes, expected: bytes, returned: bytes) -> bytes:
        arguments, answer = decode(given), decode(expected)
        try:
            output = decode(returned)
        except wire.WireError:
            return b"false"
        return b"true" if check(arguments, answer, output) else b"false"

    def answer(parts: "list[bytes]") -> "tuple[float, list[bytes]]":
        began = clock()
        triples = zip(parts[::3], parts[1::3], parts[2::3])  # noqa: B905 (older interpreters)
        verdicts = [verdict(*triple) for triple in triples]
        return clock() - began, verdicts

    return answer


LOAD = {"run": load_program, "generate": load_generator, "check": load_checker}


def _namespace(name: str) -> "Names":
    """Return the names of a new module that can be found, as dataclasses want it."""
    module = type(sys)(name)
    sys.modules[name] = module
    return module.__dict__


def _run_stub(prompt: str, names: "Names") -> None:
    """Execute a prompt, whose last function may want for a body."""
    for text in (f"{prompt}\n    pass\n", prompt):
        try:
            code = compile(text, "prompt.py", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        exec(code, names)
        return


def _execute(text: str, names: "Names") -> None:
    exec(compile(text, f"{names['__name__']}.py", "exec", dont_inherit=True), names)


def _defines(program: str, name: str) -> bool:
    """Whether a program is whole: it binds the entry point at its top level."""
    try:
        tree = ast.parse(program)
    except SyntaxError:
        return False
    return any(name in _bound(statement) for statement in tree.body)


def _bound(statement: ast.stmt) -> "set[str]":
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name for alias in statement.names}
    stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def _is_stub(text: str, name: str) -> bool:
    """Whether the last definition of a name is a function that says nothing but its docstring."""
    found = [
        statement
        for statement in ast.parse(text).body
        if isinstance(statement, ast.FunctionDef) and statement.name == name
    ]
    return bool(found) and all(_says_nothing(part) for part in found[-1].body)


def _says_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return isinstance(statement.value.value, (str, type(...)))
    return isinstance(statement, ast.Pass)
