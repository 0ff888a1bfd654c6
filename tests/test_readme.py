"""What the README shows works."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
COMMANDS = [
    line
    for kind, body in BLOCKS
    if kind == "sh"
    for line in body.splitlines()
    if line.startswith("evalvar ")
]


@pytest.fixture
def checkout(tmp_path, root):
    """A directory that looks like the root of a checkout and may be written to."""
    code = root / "benchmarks" / "code"
    shutil.copytree(code, tmp_path / "benchmarks" / "code", ignore=shutil.ignore_patterns("*.py"))
    logs = tmp_path / "benchmarks" / "tiny_lm" / "logs"
    logs.mkdir(parents=True)
    shutil.copy(root / "benchmarks" / "tiny_lm" / "logs" / "study.tar.xz", logs)
    return tmp_path


def test_the_readme_shows_commands_and_code():
    assert len(COMMANDS) >= 6
    assert [kind for kind, _ in BLOCKS].count("python") >= 3


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, checkout, tool):
    words = shlex.split(command, comments=True)
    if words[1] == "run-code":
        tool("bwrap")
    run = subprocess.run(
        [sys.executable, "-m", "evalvar.cli", *words[1:]],
        cwd=checkout, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_python_runs(checkout):
    code = "\n".join(body for kind, body in BLOCKS if kind == "python")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=checkout, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert (checkout / "report.html").stat().st_size > 10_000


def test_every_command_is_in_the_table_of_questions():
    from evalvar.cli.commands import app

    names = {info.callback.__name__.replace("_", "-") for info in app.registered_commands}
    shown = set(re.findall(r"\| `evalvar ([\w-]+)`", TEXT))
    assert names - {"demo"} == shown


def test_links_lead_somewhere(root):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (root / link).exists()] == []
