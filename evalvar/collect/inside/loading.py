"""Making somebody's text into functions: what the three roles share."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    Names = dict[str, object]
    Source = dict[str, str]
    # From the parts of a request to the seconds that the calls took, the parts of the reply, and
    # what of these is still to be looked at.
    Answer = Callable[[list[bytes]], tuple[float, list[bytes], list[object]]]


class SourceError(Exception):
    """What was handed over cannot take its role; the message is all there is to say."""


def namespace(name: str) -> "Names":
    """Return the names of a new module, one that can be found, as dataclasses want it."""
    module = type(sys)(name)
    sys.modules[name] = module
    return module.__dict__


def run_stub(prompt: str, names: "Names") -> None:
    """Execute a prompt, whose last function wants for a body or has one."""
    try:
        code = compiled(f"{prompt}\n    pass\n", "prompt")
    except SyntaxError:
        code = compiled(prompt, "prompt")
    exec(code, names)


def compiled(text: str, name: str) -> "CodeType":
    """Compile a text by the rules of its own, not of this module."""
    return compile(text, f"{name}.py", "exec", dont_inherit=True)


def function_of(names: "Names", name: str, holder: str) -> "Callable[..., Any]":
    """Return the function that a text was to define."""
    function = names.get(name)
    if not callable(function):
        raise SourceError(f"the {holder} does not define `{name}`")
    return function
