import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from evalvar.adapters import adapters, load
from evalvar.errors import AdapterError, RecordsError, UsageError

KNOWN = ", ".join(adapters())
CSV = "model,task,item,score\nA,t,1,1\nA,t,2,0\n"


def message(call) -> str:
    with pytest.raises((AdapterError, RecordsError, UsageError)) as error:
        call()
    return str(error.value)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def put(name: str, text: str = CSV) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_read_with_its_provenance():
    path = put("a.csv")
    evidence = load(path)
    assert len(evidence.records) == 2
    source = evidence.sources.iloc[0]
    assert source.tolist() == [
        *("a.csv", hashlib.sha256(path.read_bytes()).hexdigest(), 2, "table", "")
    ]


def test_a_directory_is_searched_and_named_from_its_parent():
    put("top/runs/seed0/a.csv")
    put("top/runs/seed1/a.csv")
    evidence = load("top/runs")
    assert list(evidence.sources["path"]) == ["runs/seed0/a.csv", "runs/seed1/a.csv"]
    assert sorted(evidence.records["seed"].unique()) == [0, 1]


def test_names_are_sorted_naturally():
    for step in (2, 10, 1):
        put(f"r/step{step}.csv")
    assert list(load("r").sources["path"]) == ["r/step1.csv", "r/step2.csv", "r/step10.csv"]


def test_patterns_are_expanded():
    put("seed1/a.csv")
    put("seed2/a.csv")
    assert list(load("seed*/*.csv").sources["path"]) == ["seed1/a.csv", "seed2/a.csv"]
    assert sorted(load("seed?").records["seed"].unique()) == [1, 2]


def test_a_file_named_twice_is_read_once():
    put("r/a.csv")
    assert len(load("r", "r/a.csv", Path("r") / ".." / "r" / "a.csv").records) == 2


def test_progress_is_told_file_by_file():
    put("r/seed1.csv")
    put("r/seed2.csv")
    told = []
    load("r", progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_what_is_passed_over_is_counted():
    put("r/a.csv")
    put("r/.hidden")
    put("r/.git/b.csv")
    put("r/old.zip")
    for name in ("README.md", "b.txt", "c.py", "LICENSE"):
        put(f"r/{name}")
    assert load("r").warnings == (
        "2 hidden files and directories were left out",
        "1 archive inside a directory was left out: name it to read it",
        "4 files that no adapter claims were left out (r/LICENSE, r/README.md, r/b.txt, ...; "
        "kinds .md, .py, .txt, no suffix)",
    )


def test_nothing_to_read_is_refused():
    Path("empty").mkdir()
    put("only/notes.txt")
    put("notes.txt")
    assert message(lambda: load()) == "nothing to read: name a file, a directory or a pattern."
    assert message(lambda: load("gone")) == ("gone: no such file or directory. Check the spelling.")
    Path("gone.parquet.partial").mkdir()
    assert message(lambda: load("gone.parquet")) == (
        "gone.parquet: its run was stopped before the end. Go on with it by the same evalvar "
        "run-code."
    )
    assert message(lambda: load("*.parquet")) == (
        "*.parquet: the pattern matches no file. Check the spelling."
    )
    assert message(lambda: load("empty")) == (
        "empty: the directory holds no file to read. Check the path."
    )
    assert message(lambda: load("only")) == (
        f"only/notes.txt: no adapter (known: {KNOWN}) claims this, the only file "
        "found. Check the path, or name an adapter with --source."
    )
    assert message(lambda: load("notes.txt")) == (
        f"notes.txt: no adapter claims this file (known: {KNOWN}). Name one with --source."
    )
    assert message(lambda: load("notes.txt", source="x")) == (
        f"no adapter is called 'x'. There is: {KNOWN}."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_refused():
    path = put("secret.csv")
    path.chmod(0)
    assert message(lambda: load("secret.csv")) == (
        "secret.csv: may not be read. Change its permissions."
    )


def test_a_repeated_key_names_both_files():
    put("a.csv")
    put("b.csv")
    assert message(lambda: load("a.csv", "b.csv")) == (
        "a.csv and b.csv: the same key in both, in 2 rows, first model A, "
        "task t, item 1, metric score, "
        "seed 0, checkpoint 0, sample 0. Read one run only, label the runs, or say what a repeat "
        "means: duplicates 'latest' or 'sample' (--duplicates latest)."
    )


def test_latest_keeps_the_newest_file_whatever_its_name():
    put("r/a_2026-02-01T00-00-00.csv", CSV.replace("A,t,1,1", "A,t,1,0.5"))
    put("r/b_2026-01-01T00-00-00.csv")
    kept = load("r", duplicates="latest")
    assert list(kept.records["score"]) == [0.5, 0.0]
    assert kept.warnings == ("records: 2 rows replaced by a later one of the same key.",)
    assert list(load("r", duplicates="sample").records["sample"]) == [0, 0, 1, 1]


def test_labels_reach_the_tables():
    put("x/run7.csv")
    evidence = load("x", from_={"seed": r"run(\d+)"}, label={"checkpoint": 30})
    assert evidence.records[["seed", "checkpoint"]].drop_duplicates().values.tolist() == [[7, 30]]
    assert evidence.warnings == ("seed taken from the path in 1 file (7)",)


def test_a_label_for_the_model_takes_the_place_of_a_made_up_name(custom_lm):
    put("x.csv", "task,item,score\nt,1,1\n")
    evidence = load("x.csv", label={"model": "ours"})
    assert list(evidence.records["model"]) == ["ours"]
    assert evidence.warnings == ()
    assert load("x.csv", label={"seed": 1}).warnings == (
        "x.csv: no column names the model: it is called x",
    )
    run = load(custom_lm / "seed1", label={"model": "ours"})
    assert not any("name its model" in s or "replaced" in s for s in run.warnings)


def archive(name: str, members: dict[str, str]) -> Path:
    path = Path(name)
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as out:
            for member, text in members.items():
                out.writestr(member, text)
        return path
    raw = io.BytesIO()
    mode = {".gz": "w:gz", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(fileobj=raw, mode=mode) as out:
        for member, text in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(text)
            out.addfile(info, io.BytesIO(text.encode()))
        link = tarfile.TarInfo("link.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    data = raw.getvalue()
    path.write_bytes(zstandard.compress(data) if path.suffix == ".zst" else data)
    return path


@pytest.mark.parametrize("suffix", ["tar", "tar.gz", "tar.xz", "tar.zst", "zip"])
def test_an_archive_is_read_like_a_directory(suffix):
    path = archive(f"runs.{suffix}", {"seed1/a.csv": CSV, "../out.csv": CSV, "/abs.csv": CSV})
    evidence = load(path)
    assert list(evidence.sources["path"]) == [f"runs.{suffix}/seed1/a.csv"]
    assert set(evidence.records["seed"]) == {1}
    left_out = 2 if suffix == "zip" else 3
    assert evidence.warnings == (
        f"runs.{suffix}: {left_out} members that are no plain files were left out",
        "seed taken from the path in 1 file (1)",
    )
    assert not Path("out.csv").exists()
    assert not Path("../out.csv").exists()


def test_a_damaged_archive_is_refused():
    Path("bad.zip").write_bytes(b"PK nothing")
    assert message(lambda: load("bad.zip")) == (
        "bad.zip: cannot be unpacked (File is not a zip file). "
        "Copy the archive again or unpack it by hand."
    )


def test_errors_inside_archives_name_the_member():
    archive("runs.zip", {"a.csv": CSV.replace("A,t,2,0", "A,t,2,x")})
    assert message(lambda: load("runs.zip")) == (
        "runs.zip/a.csv: records: column score must hold numbers; it does not "
        "in 1 row, first in line 3: 'x'."
    )


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_text_is_decompressed_on_the_way(pack):
    suffix = ".gz" if pack is gzip.compress else ".zst"
    Path(f"a.csv{suffix}").write_bytes(pack(CSV.encode()))
    Path(f"b.jsonl{suffix}").write_bytes(pack(b'{"model": "B", "item": 1, "score": 1}\n'))
    evidence = load(f"a.csv{suffix}", f"b.jsonl{suffix}")
    assert len(evidence.records) == 3


def test_a_damaged_compressed_file_is_refused():
    Path("a.csv.gz").write_bytes(gzip.compress(CSV.encode() * 99)[:-20])
    assert message(lambda: load("a.csv.gz", source="table")) == (
        "a.csv.gz: the gzip stream is cut off. Copy the file again."
    )


def test_the_same_input_gives_the_same_frames(study_slice):
    first, second = load(study_slice), load(study_slice)
    assert first.records.equals(second.records)
    assert first.reported.equals(second.reported)
    assert first.sources.equals(second.sources)
    assert first.warnings == second.warnings
