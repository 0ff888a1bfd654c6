"""The command line: strings in, the library's calls, text out.

stdout is the answer, stderr is remarks and progress. Exit codes: 0 fine or gate passed, 1 gate
failed, 2 gate inconclusive, 3 bad input or usage, 70 a bug of evalvar, which shows its traceback.
"""

import sys
import traceback

from evalvar.cli.answering import put
from evalvar.cli.commands import app
from evalvar.errors import EvalvarError

BAD_INPUT = 3
# EX_SOFTWARE of sysexits.h: Python's own 1 would read as a failed gate.
BUG = 70


def main() -> None:
    """Run the command line and turn every user error into one line and exit code 3."""
    try:
        code = app(standalone_mode=False)
    except EvalvarError as error:
        code = _fail(str(error))
    except KeyboardInterrupt:
        code = 130
    except SystemExit:
        # typer leaves so when its help finds no reader, as before `head`, with 1: a failed gate
        code = 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _fail(f"{where}cannot be written or read ({error.strerror}). Choose another path.")
    except Exception as error:
        # typer brings its own copy of click, so a usage error is known by what it can do
        if hasattr(error, "format_message"):
            code = _fail(_usage(error.format_message()))
        else:
            traceback.print_exc()
            code = BUG
    sys.exit(code if isinstance(code, int) else 0)


def _usage(message: str) -> str:
    if message.startswith("Usage:"):
        return "no command given. See evalvar --help."
    return f"{message if message.endswith(('.', '?')) else message + '.'} See evalvar --help."


def _fail(message: str) -> int:
    put([f"evalvar: {' '.join(message.split())}"], sys.stderr)
    return BAD_INPUT
