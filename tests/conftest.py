import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def study() -> Path:
    """Recorded runs of small models: 2 recipes x 5 seeds x 10 checkpoints."""
    return ROOT / "benchmarks" / "tiny_lm" / "logs" / "study.tar.xz"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Results of other people's models, beside the checkout where they are at hand."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{path} must be there in CI")
        pytest.skip("needs the reference data in ../shared/data")
    return path


@pytest.fixture(scope="session")
def tool():
    """Find a program of the machine; without it skip, and in CI fail."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None and os.environ.get("CI"):
            pytest.fail(f"{name} must be installed in CI")
        if path is None:
            pytest.skip(f"needs {name}")
        return path

    return find


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line in this process; give back exit code, stdout and stderr."""

    from evalvar import cli

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["evalvar", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out = capsys.readouterr()
        return left.value.code or 0, out.out, out.err

    return call
