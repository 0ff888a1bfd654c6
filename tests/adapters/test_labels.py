import pandas as pd
import pytest

from evalvar.adapters.labels import DEFAULTS, is_label, labels, without
from evalvar.errors import UsageError
from evalvar.evidence import Evidence, as_evidence


def part(model: str = "m", **columns) -> Evidence:
    frame = pd.DataFrame({"model": model, "task": "t", "item": ["1", "2"], "score": 1.0, **columns})
    return as_evidence(frame)


def cut(name: str) -> str:
    for pattern in DEFAULTS.values():
        name = without(name, pattern)
    return name


@pytest.mark.parametrize(
    ("name", "model", "seed", "checkpoint"),
    [
        ("ck/seed0/step150", "ck", 0, 150),
        ("EleutherAI/pythia-410m", "EleutherAI/pythia-410m", 0, 0),
        (
            "pretrained=EleutherAI/pythia-410m,revision=step53000",
            "EleutherAI/pythia-410m",
            0,
            53000,
        ),
        ("org/m,revision=step3", "org/m", 0, 3),
        ("m-seed_7-base", "m-base", 7, 0),
        ("SEED=3/Step-20", "model", 3, 20),
        ("my_model/checkpoint-500", "my_model", 0, 500),
        ("run_ckpt7_v2", "run_v2", 0, 7),
        ("iter_0000500", "model", 0, 500),
        ("seedling3", "seedling3", 0, 0),
        ("birdseed3/footstep4", "birdseed3/footstep4", 0, 0),
        ("m-step150k", "m-step150k", 0, 0),
        ("m-step1.5", "m-step1.5", 0, 0),
    ],
)
def test_default_labels_are_taken_and_cut_out_of_the_name(name, model, seed, checkpoint):
    filled = labels({}, {}).apply(part(name), "f", "f").records
    assert list(filled["seed"]) == [seed, seed]
    assert list(filled["checkpoint"]) == [checkpoint, checkpoint]
    assert list(filled["model"]) == [model, model]


def test_models_that_differ_by_label_only_become_one():
    frame = pd.DataFrame(
        {"model": ["m-seed1", "m-seed2"], "task": "t", "item": "1", "score": [0.0, 1.0]}
    )
    records = labels({}, {}).apply(as_evidence(frame), "f", "f").records
    assert list(records["model"].cat.categories) == ["m"]
    assert list(records["seed"]) == [1, 2]


def test_the_path_is_asked_where_the_name_is_silent():
    filled = labels({}, {})
    records = filled.apply(part(), "runs/seed4/a.csv", "seed4/a.csv").records
    assert list(records["seed"]) == [4, 4]
    assert list(records["model"]) == ["m", "m"]
    assert filled.remarks() == ["seed taken from the path in 1 file (4)"]


@pytest.mark.parametrize(
    ("path", "prompt"),
    [
        ("prompt=rare/seed4/a.csv", "rare"),
        ("m-prompt=few_shot-seed4.csv", "few_shot"),
        ("prompt=rare.csv", "rare"),
        ("prompt-guard/seed4.csv", ""),
        ("prompt/a.csv", ""),
        ("myprompt=a/a.csv", ""),
    ],
)
def test_a_prompt_is_taken_where_it_is_said_outright(path, prompt):
    filled = labels({}, {})
    records = filled.apply(part("org/prompt-guard-86m"), path, path).records
    assert list(records["prompt"]) == [prompt, prompt]
    assert list(records["model"].cat.categories) == ["org/prompt-guard-86m"]
    assert any("prompt taken from the path" in said for said in filled.remarks()) == bool(prompt)


def test_many_files_make_one_remark():
    filled = labels({}, {})
    for seed in range(9):
        filled.apply(part(f"m/seed{seed}"), f"{seed}.csv", f"{seed}.csv")
    assert filled.remarks() == [
        "seed taken from the model's name in 9 files (0, 1, 2, 3, 4, ... 8; 9 values)"
    ]


def test_a_default_does_not_override_what_the_file_says():
    filled = labels({}, {})
    records = filled.apply(part("m-seed9", seed=[1, 2]), "f", "seed7/f").records
    assert list(records["seed"]) == [1, 2]
    assert list(records["model"]) == ["m-seed9", "m-seed9"]
    assert filled.remarks() == []


def test_a_given_label_overrides_and_says_so():
    filled = labels({}, {"seed": "5", "prompt": "chat"})
    records = filled.apply(part(seed=[1, 2]), "f", "f").records
    assert list(records["seed"]) == [5, 5]
    assert list(records["prompt"]) == ["chat", "chat"]
    assert filled.remarks() == ["seed replaced in 2 rows (1, 2)"]
    filled = labels({"seed": r"run(\d+)"}, {"sample": 0, "checkpoint": 7})
    filled.apply(part(seed=[1, 2], sample=[0, 3], checkpoint=[7, 8]), "f", "run2")
    assert filled.remarks() == [
        "seed taken from the path in 1 file (2)",
        "seed replaced in 1 row (1)",
        "checkpoint replaced in 1 row (8)",
        "sample replaced in 1 row (3)",
    ]


def test_a_label_that_merges_models_says_so():
    two = pd.DataFrame({"model": ["A", "A", "B", "B"], "task": "t", "item": [1, 2, 3, 4]})
    filled = labels({}, {"model": "ours"})
    records = filled.apply(as_evidence(two.assign(score=1.0)), "f", "f").records
    assert list(records["model"]) == ["ours"] * 4
    assert filled.remarks() == ["model replaced in 4 rows (A, B)"]
    filled = labels({}, {"model": "A"})
    filled.apply(as_evidence(two.assign(score=1.0)), "f", "f")
    assert filled.remarks() == ["model replaced in 2 rows (B)"]


def test_a_given_pattern_fills_any_key():
    filled = labels({"model": r"^(\w+)/", "sample": r"try(\d+)", "prompt": r"-(short|long)"}, {})
    records = filled.apply(part("x"), "r/a/try2-long.csv", "a/try2-long.csv").records
    assert records.iloc[0][["model", "sample", "prompt"]].tolist() == ["a", 2, "long"]


def test_a_pattern_that_matches_some_files_names_the_others():
    filled = labels({"seed": r"run(\d+)"}, {})
    filled.apply(part(), "run1.csv", "run1.csv")
    filled.apply(part(), "other.csv", "other.csv")
    assert filled.remarks() == [
        "seed taken from the path in 1 file (1)",
        "seed: the pattern of --from does not match 1 file, first other.csv; their seed stays as "
        "it was",
    ]


def test_a_pattern_that_matches_nothing_is_refused_with_an_example():
    filled = labels({"seed": r"run(\d+)"}, {})
    filled.apply(part(), "a/x.csv", "x.csv")
    with pytest.raises(UsageError) as error:
        filled.remarks()
    assert str(error.value) == (
        "--from seed: the pattern 'run(\\d+)' matches no file, for example not 'a/x.csv'. "
        "The first group must be the value."
    )


@pytest.mark.parametrize(
    ("from_", "label", "message"),
    [
        (
            {"task": "(x)"},
            {},
            "'task' cannot be filled by a label. Use model, prompt, seed, checkpoint, sample.",
        ),
        (
            {"seed": "(x)"},
            {"seed": 1},
            "seed is given by --from and by --label. Use one of them.",
        ),
        (
            {"seed": "run"},
            {},
            "--from seed: 'run' has no group. Put the value in brackets: 'run(\\d+)'.",
        ),
        (
            {"seed": "("},
            {},
            "--from seed: '(' is no regular expression (missing ), unterminated subpattern at "
            "position 0).",
        ),
        ({}, {"seed": "x"}, "--label seed gives 'x', but a seed is a whole number."),
    ],
)
def test_what_cannot_be_a_label_is_refused(from_, label, message):
    with pytest.raises(UsageError) as error:
        labels(from_, label)
    assert str(error.value) == message


def test_a_part_of_a_path_is_a_label_when_nothing_else_is_in_it():
    assert [is_label(part) for part in ("seed1", "step-100", "seed1_step2", "runs", "m-seed1")] == [
        *(True, True, True, False, False)
    ]
    assert cut("a/seed1/b") == "a/b"
