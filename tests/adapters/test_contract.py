"""What every adapter must do, on an example of its own kind."""

import shutil
from pathlib import Path

import pytest

from evalvar.adapters import Adapter, adapters, load
from evalvar.evidence import SOURCES, merge
from tests.adapters.conftest import DATA

EXAMPLES = {
    "table": [DATA / "study_records.csv", DATA / "study_reported.csv"],
    "lm_eval": sorted((DATA / "custom_lm" / "seed1").rglob("*.json*")),
    "enamel": [DATA / "code" / f"made~{name}.json" for name in ("passes", "effs", "metrics")],
    "human_eval": [DATA / "code" / "made_results.jsonl"],
    "evalplus": sorted((DATA / "code").glob("*_eval_results.json")),
    "evalperf": [DATA / "code" / "cut_evalperf_results.brief.json"],
    "cruxeval": [DATA / "code" / "cut_cruxeval_input.json"],
}
CASES = [(name, path) for name, paths in EXAMPLES.items() for path in paths]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1].name[:20]}")
def example(request) -> tuple[Adapter, Path]:
    name, path = request.param
    return adapters()[name], path


def test_every_adapter_has_an_example():
    assert set(adapters()) == set(EXAMPLES)
    assert {adapter.NAME for adapter in adapters().values()} == set(EXAMPLES)


def test_its_file_is_claimed_by_it_alone(example):
    adapter, path = example
    assert [name for name, other in adapters().items() if other.claims(path)] == [adapter.NAME]


@pytest.mark.parametrize("name", ["x.txt", "x.json", "x.jsonl", "x.csv", "x.parquet", "x.csv.gz"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe\x01", b"hello\n", b"{}\n", b"[]"])
def test_an_unknown_file_is_not_claimed(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    claimed = {other for other, adapter in adapters().items() if adapter.claims(path)}
    assert claimed <= ({"table"} if name == "x.parquet" else set())


def test_what_it_reads_is_valid_and_complete(example):
    adapter, path = example
    evidence = adapter.read(path)
    whole = merge([evidence])
    rows = sum(len(table) for table in (whole.records, whole.reported, whole.timings))
    assert rows > 0
    assert list(evidence.sources.columns) == list(SOURCES)
    assert evidence.sources["rows"].tolist() == [rows]
    assert len(evidence.sources["sha256"][0]) == 64
    assert evidence.sources["harness"].tolist() == [adapter.NAME]


def test_reading_twice_gives_the_same(example):
    adapter, path = example
    first, second = adapter.read(path), adapter.read(path)
    assert first.records.equals(second.records)
    assert first.reported.equals(second.reported)
    assert first.warnings == second.warnings


def test_the_place_of_a_file_does_not_matter(tmp_path, monkeypatch):
    shutil.copytree(DATA / "custom_lm", tmp_path / "custom_lm")
    monkeypatch.chdir(tmp_path)
    first, second = load("custom_lm"), load(DATA / "custom_lm")
    assert first.records.equals(second.records)
    assert first.sources.equals(second.sources)
    assert first.warnings == second.warnings
