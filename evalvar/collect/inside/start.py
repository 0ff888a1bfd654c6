"""First file run inside a sandbox: make this directory importable by its own name, then begin.

The rest of evalvar is not there, and the program is to find none of these modules by name, nor
anything beside them.
"""

import os
import sys

NAMES = ("evalvar", "evalvar.collect", "evalvar.collect.inside")


def start() -> None:
    """Import what supervises and what serves, and forget that it can be imported."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.pop(0)
    for name in NAMES:
        module = type(sys)(name)
        module.__path__ = [here] if name == NAMES[-1] else []
        sys.modules[name] = module
    from evalvar.collect.inside.supervisor import main

    for name in [name for name in sys.modules if name.partition(".")[0] == NAMES[0]]:
        del sys.modules[name]
    main(sys.argv.pop())


if __name__ == "__main__":
    start()
