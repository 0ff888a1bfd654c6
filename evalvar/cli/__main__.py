"""``python -m evalvar.cli`` is ``evalvar``."""

from evalvar.cli import main

main()
