"""The real names of what a method calls a and b."""

import re
from collections.abc import Iterable

from evalvar.report.wording import listing

# The sides of a comparison as a method names them; elsewhere "of a" begins "of a mean".
_SIDE = re.compile(r"\b(of|from) ([ab])(?=$|[;,.)]| (?:and|not|taken|from|is|was)\b)")
_ALL_SIDES = re.compile(
    r"\b(?:of|from) [ab](?: and of [ab])?(?=$|[;,.)]| (?:and|not|taken|from|is|was)\b)"
)


def sided(method: str, first: str, second: str) -> str:
    """Return a method that calls the sides of a comparison a and b with their real names.

    >>> sided("Howe; seed spread of a taken from b", "base", "chat")
    'Howe; seed spread of base taken from chat'
    """
    return _SIDE.sub(lambda m: f"{m[1]} {first if m[2] == 'a' else second}", method)


def sided_methods(used: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the distinct methods of (method, a, b); those that differ in names only are one.

    >>> sided_methods([("t; the seed of a not drawn again", x, "z") for x in ("x", "y")])
    ['t; the seed of x and y not drawn again']
    """
    found: dict[str, dict[str, None]] = {}
    for method, first, second in used:
        # A method that takes the sides in two places is not one list of names.
        places = _ALL_SIDES.findall(method)
        one = len(places) == 1 and places[0].startswith("of")
        form = _ALL_SIDES.sub("of {}", method) if one else sided(method, first, second)
        sides = _SIDE.findall(places[0]) if one else []
        names = found.setdefault(form, {})
        names.update(dict.fromkeys(first if side == "a" else second for _, side in sides))
    return [
        form.replace("of {}", f"of {listing(list(names))}") if names else form
        for form, names in found.items()
    ]
