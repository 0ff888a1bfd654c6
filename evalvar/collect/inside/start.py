"""First file run inside a sandbox: make this directory importable by its own name, then begin.

The rest of evalvar is not there. What is imported on the way is counted in every start, so these
modules do without the larger half of the standard library (`json` and `signal` bring `re` and
`enum`, and double the start).
"""

import os
import sys


def start() -> None:
    """Let the modules beside this file be found, and run the supervisor."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.pop(0)
    for name in ("evalvar", "evalvar.collect", "evalvar.collect.inside"):
        module = type(sys)(name)
        module.__path__ = [here] if name.endswith(".inside") else []
        sys.modules[name] = module
    from evalvar.collect.inside.supervisor import main

    main(sys.argv.pop())


if __name__ == "__main__":
    start()
