import os

import pytest

from evalvar.collect.sandbox import Box
from evalvar.errors import ToolError


@pytest.fixture(scope="session")
def box(tool) -> Box:
    """A sandbox as it is on this machine."""
    tool("bwrap")
    return Box.find()


@pytest.fixture(scope="session")
def unsafe_box() -> Box:
    """What there is without bubblewrap."""
    try:
        return Box.find(unsafe_local=True)
    except ToolError as error:
        if os.geteuid() != 0 or not os.access("/usr/bin/python3", os.X_OK):
            pytest.skip(str(error))
    # Root's interpreter may be where only root can read it.
    return Box.find("/usr/bin/python3", unsafe_local=True)
