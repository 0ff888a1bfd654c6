"""The study of small models: its world, its tasks, and the archive of its logs."""

import getpass
import importlib.util
import json
import os
import re
import socket
import tarfile
from collections import Counter
from itertools import islice, product

import pytest

from benchmarks.tiny_lm import evaluate, pack
from benchmarks.tiny_lm.train import RECIPES, SEEDS, STEPS, train
from benchmarks.tiny_lm.world import (
    LETTERS,
    LIKES,
    QUESTIONS,
    SUMS,
    digits,
    documents,
    make_world,
    quiz,
    vocabulary,
)


@pytest.fixture(scope="module")
def world():
    return make_world()


@pytest.fixture(scope="module", params=list(RECIPES))
def text(request, world):
    return list(islice(documents(world, RECIPES[request.param], 1), 60_000))


def test_every_letter_is_right_equally_often(world):
    assert Counter(q.gold for q in world.questions) == dict.fromkeys(range(4), 20)
    assert len(set(world.questions)) == 80
    assert len(set(world.sums)) == 40


def test_questions_follow_from_the_facts(world):
    for q in world.questions:
        assert q.options[q.gold] == world.facts[q.who, q.what]
        assert len(set(q.options)) == len(LETTERS)
        assert set(q.options) <= set(LIKES[q.what])
        assert list(q.options) == sorted(q.options)


def test_the_world_and_its_text_are_always_the_same(world):
    assert make_world() == world
    mixture = RECIPES["quiz"]
    assert list(islice(documents(world, mixture, 1), 50)) == list(
        islice(documents(world, mixture, 1), 50)
    )
    assert list(islice(documents(world, mixture, 2), 50)) != list(
        islice(documents(world, mixture, 1), 50)
    )


def test_what_the_tasks_ask_is_not_in_the_text(world, text):
    for prompt in QUESTIONS:
        asked = {quiz(q, prompt) for q in world.questions}
        asked |= {SUMS[prompt].format(a=digits(a), b=digits(b)) for a, b in world.sums}
        assert not any(start in asked for start in (s.rsplit(" ", 2)[0] for s in text))
        assert not any(s.startswith(f"{a} ") for s in text for a in asked if "=" in a)


def test_every_fact_that_is_asked_is_told(world, text):
    told = set(text)
    for q in world.questions:
        common = QUESTIONS["common"].format(who=q.who, what=q.what)
        assert f"{common} {world.facts[q.who, q.what]} ." in told


def test_every_word_is_in_the_vocabulary(text):
    words = vocabulary()
    assert len(set(words)) == len(words)
    assert {word for sentence in text for word in sentence.split()} <= set(words)


def test_shares_are_those_of_the_recipe(world):
    for mixture in RECIPES.values():
        text = list(islice(documents(world, mixture, 3), 20_000))
        kinds = Counter("quiz" if "pick" in s else "sum" if "+" in s else "fact" for s in text)
        for kind, share in mixture.items():
            # sums and quizzes that the tasks ask are skipped: a tenth of the sums
            assert kinds[kind] / len(text) == pytest.approx(share, abs=0.03)


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    evaluate.write_tasks()
    return tmp_path


@pytest.mark.parametrize("prompt", list(QUESTIONS))
def test_both_framings_ask_the_same_questions(written, world, prompt):
    yaml = pytest.importorskip("yaml")
    jinja2 = pytest.importorskip("jinja2")
    tasks = {
        name: yaml.safe_load((written / "tasks" / prompt / f"{name}.yaml").read_text())
        for name in ("cloze", "choice", "sum")
    }
    files = {name: task["dataset_kwargs"]["data_files"]["test"] for name, task in tasks.items()}
    items = {
        name: [json.loads(line) for line in (written / file).read_text().splitlines()]
        for name, file in files.items()
    }
    texts = {
        name: [jinja2.Template(tasks[name]["doc_to_text"]).render(doc) for doc in items[name]]
        for name in tasks
    }
    assert [task["task"] for task in tasks.values()] == list(evaluate.TASKS)
    assert items["cloze"] == items["choice"]
    assert texts["choice"] == [quiz(q, prompt) for q in world.questions]
    assert texts["cloze"] == [
        QUESTIONS[prompt].format(who=q.who, what=q.what) for q in world.questions
    ]
    assert [doc["gold"] for doc in items["cloze"]] == [q.gold for q in world.questions]
    assert tasks["choice"]["doc_to_choice"] == LETTERS
    assert texts["sum"] == [SUMS[prompt].format(a=digits(a), b=digits(b)) for a, b in world.sums]
    assert all(
        int(doc["answer"].replace(" ", "")) == a + b
        for doc, (a, b) in zip(items["sum"], world.sums, strict=True)
    )


def test_luck_of_the_draw_does_not_depend_on_the_training_seed(study):
    seeds = set()
    with tarfile.open(study) as tar:
        for member in tar:
            if "/results_" in member.name:
                config = json.load(tar.extractfile(member))["config"]
                prompt = re.search(r"prompt=(\w+)", member.name)[1]
                seeds.add((prompt, config["torch_seed"], config["random_seed"]))
    assert seeds == {(prompt, draw, draw) for prompt, draw in evaluate.DRAWS.items()}


def test_the_archive_holds_every_cell_once(study):
    with tarfile.open(study) as tar:
        names = [member.name for member in tar if member.isfile()]
    form = r"study/tiny-(\w+)/prompt=(\w+)/seed(\d+)/step(\d+)/[^/]+/(\w+?)_\d{4}-\S+"
    cells = Counter(re.fullmatch(form, name).groups() for name in names)
    kinds = ["results", *(f"samples_{task}" for task in evaluate.TASKS)]
    wanted = {
        (recipe, prompt, str(seed), str(step), kind)
        for recipe, seed, step, kind in product(RECIPES, SEEDS, STEPS, kinds)
        for prompt in evaluate.prompts(step)
    }
    assert cells == dict.fromkeys(wanted, 1)
    assert study.stat().st_size < 3e6


@pytest.mark.parametrize(
    "archive", ["benchmarks/tiny_lm/logs/study.tar.xz", "evalvar/demo_logs.tar.xz"]
)
def test_the_archives_name_no_machine(root, archive):
    named = [socket.gethostname(), f"/{getpass.getuser()}/", str(root), os.path.expanduser("~/")]
    with tarfile.open(root / archive) as tar:
        for member in tar:
            assert (member.uname, member.gname, member.uid, member.mtime) == ("", "", 0, 0)
            content = tar.extractfile(member).read().decode()
            assert not [name for name in named if name in content]
            assert not re.search(r'"(/|[A-Z]:\\)\w', content), member.name
            if "/results_" in member.name:
                results = json.loads(content)
                assert results["pretty_env_info"] == ""
                assert results["git_hash"] is None
                assert results["upper_git_hash"] is None


def test_the_slice_is_a_part_of_the_study(root, study):
    with tarfile.open(study) as whole, tarfile.open(root / "evalvar" / "demo_logs.tar.xz") as part:
        names = part.getnames()
        assert set(names) < set(whole.getnames())
        for name in names:
            assert part.extractfile(name).read() == whole.extractfile(name).read()
    assert (root / "evalvar" / "demo_logs.tar.xz").stat().st_size < 300_000


def test_packing_twice_gives_the_same_bytes(tmp_path, monkeypatch):
    logs = tmp_path / "study" / "tiny-plain" / "seed1"
    logs.mkdir(parents=True)
    (logs / "results_2026.json").write_text(json.dumps({"at": f"{tmp_path}/tasks", "n": 1}))
    monkeypatch.setattr(pack, "ARCHIVE", tmp_path / "study.tar.xz")
    pack.pack(tmp_path / "study")
    first = (tmp_path / "study.tar.xz").read_bytes()
    pack.pack(tmp_path / "study")
    assert (tmp_path / "study.tar.xz").read_bytes() == first
    with tarfile.open(tmp_path / "study.tar.xz") as tar:
        content = tar.extractfile("study/tiny-plain/seed1/results_2026.json").read()
    assert json.loads(content) == {"at": "tasks", "n": 1}


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra 'study'")
@pytest.mark.filterwarnings("ignore")
def test_training_follows_from_the_seed(tmp_path, monkeypatch):
    weights = []
    for place, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / place).mkdir()
        monkeypatch.chdir(tmp_path / place)
        train("plain", seed, steps=(1,))
        weights.append(
            (tmp_path / place / f"tiny-plain/seed{seed}/step1/model.safetensors").read_bytes()
        )
    assert weights[0] == weights[1] != weights[2]
