"""An adapter from another package is found, used, and held to the same rules."""

import subprocess
import sys
from pathlib import Path

import pytest

from evalvar.adapters import adapters, load
from evalvar.errors import AdapterError

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Directory with the installed test plug-in, built without a network."""
    target = tmp_path_factory.mktemp("site")
    build = (
        "import os, sys; os.chdir(sys.argv[1]); from hatchling.build import build_wheel; "
        "print(build_wheel(sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", build, str(PLUGIN), str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    # A wheel of pure Python is importable as it is, entry points included.
    return target / done.stdout.split()[-1]


@pytest.fixture
def plugged(installed, monkeypatch, tmp_path) -> Path:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_installed_adapter_is_found_and_used(plugged):
    assert list(adapters())[:2] == ["table", "lm_eval"]
    assert "dots" in adapters()
    (plugged / "runs").mkdir()
    (plugged / "runs" / "m-seed2.dots").write_text(".x.\n")
    evidence = load("runs")
    assert evidence.records["score"].tolist() == [1.0, 0.0, 1.0]
    assert list(evidence.records["seed"].unique()) == [2]
    assert list(evidence.sources["path"]) == ["runs/m-seed2.dots"]
    assert evidence.warnings == (
        "runs/m-seed2.dots: read as dots",
        "seed taken from the model's name in 1 file (2)",
    )


def test_a_file_that_two_adapters_claim_is_refused_until_one_is_named(plugged):
    Path("a.csv").write_text("..,item,score\n1,1,1\n")
    with pytest.raises(AdapterError) as error:
        load("a.csv")
    assert str(error.value) == (
        "a.csv: claimed by the adapters table and dots. Choose one with --source table."
    )
    assert len(load("a.csv", source="table").records) == 1
    assert len(load("a.csv", source="dots").records) > 1


def test_the_source_also_chooses_within_a_directory(plugged):
    Path("r").mkdir()
    Path("r/a.csv").write_text("..,item,score\n1,1,1\n")
    Path("r/b.csv").write_text("item,score\n1,1\n")
    evidence = load("r", source="dots")
    assert list(evidence.sources["path"]) == ["r/a.csv"]
    assert "1 file that no adapter claims was left out (r/b.csv; kinds .csv)" in evidence.warnings


def test_a_broken_adapter_is_named(tmp_path, monkeypatch):
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    entry = broken / "entry_points.txt"
    monkeypatch.syspath_prepend(str(tmp_path))
    for module, message in (
        ("gone", "the adapter 'b' (gone) cannot be loaded: No module named 'gone'. "),
        ("json", "the adapter 'b' (json) lacks NAME, claims or read. "),
    ):
        entry.write_text(f"[evalvar.adapters]\nb = {module}\n")
        with pytest.raises(AdapterError) as error:
            adapters()
        assert str(error.value) == f"{message}Repair or remove the package that declares it."
    entry.write_text("[evalvar.adapters]\ntable = evalvar.adapters.lm_eval\n")
    with pytest.raises(AdapterError) as error:
        adapters()
    assert str(error.value) == "two packages declare an adapter 'table'. Remove one of them."


def test_the_built_in_adapters_need_no_metadata(monkeypatch):
    monkeypatch.setattr("evalvar.adapters.entry_points", lambda group: ())
    assert list(adapters()) == ["table", "lm_eval"]
