"""The small world that the models learn: who likes what, quizzes about it, and sums.

Everything follows from fixed seeds and needs nothing but the standard library.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, product

# fmt: off
FIRST = ["ana", "bo", "cleo", "dov", "eva", "finn", "gus", "hana",
         "ivo", "june", "kai", "lea", "milo", "nora", "otto", "pia"]
LAST = ["adler", "birk", "crane", "dorn", "egan", "frost", "gray", "holt",
        "irwin", "joss", "kerr", "lund", "moss", "nash", "orr", "pike"]
# fmt: on
LIKES = {
    "color": ["black", "blue", "green", "pink", "red", "violet"],
    "food": ["apricots", "beans", "corn", "figs", "mushrooms", "rice"],
    "city": ["cairo", "copenhagen", "lima", "oslo", "paris", "rome"],
}
LETTERS = ["A", "B", "C", "D"]
# By prompt: how a question, and a sum, is put. The training text has both, not equally often.
QUESTIONS = {"common": "the {what} of {who} is", "rare": "as {what} {who} likes"}
SUMS = {"common": "{a} + {b} =", "rare": "{b} + {a} ="}
_SHARE_OF_COMMON = 0.8
_TENS, _UNITS = range(10, 50), range(10)
_ASKED = 80
_ADDED = 40


@dataclass(frozen=True)
class Question:
    """One fact that the tasks ask for, among three wrong answers.

    Parameters
    ----------
    who, what : str
        Who likes it, and what kind of thing it is.
    options : tuple of str
        In alphabetical order.
    gold : int
        Which of them is right.
    """

    who: str
    what: str
    options: tuple[str, ...]
    gold: int


@dataclass(frozen=True)
class World:
    """What is true, and what the tasks ask.

    Parameters
    ----------
    facts : dict
        (who, what) -> what that person likes.
    questions : list of Question
        Every letter is right equally often.
    sums : list of (int, int)
        What the tasks ask to add; the training text never does.
    """

    facts: dict[tuple[str, str], str]
    questions: list[Question]
    sums: list[tuple[int, int]]


def make_world() -> World:
    """Return the one world of the study."""
    rng = random.Random(2024)
    people = [f"{first} {last}" for first, last in product(FIRST, LAST)]
    rng.shuffle(people)
    facts = {(who, what): rng.choice(LIKES[what]) for who in people for what in LIKES}
    keys = list(facts)
    rng.shuffle(keys)
    questions: list[Question] = []
    for key in keys:
        asked = _question(key, facts[key], rng)
        if sum(asked.gold == other.gold for other in questions) < _ASKED // len(LETTERS):
            questions.append(asked)
    return World(facts, questions, rng.sample(list(product(_TENS, _UNITS)), _ADDED))


def _question(key: tuple[str, str], answer: str, rng: random.Random) -> Question:
    others = [other for other in LIKES[key[1]] if other != answer]
    options = sorted([*rng.sample(others, len(LETTERS) - 1), answer])
    return Question(*key, tuple(options), options.index(answer))


def documents(world: World, mixture: Mapping[str, float], seed: int) -> Iterator[str]:
    """Write a training text, sentence by sentence, without end.

    Parameters
    ----------
    world : World
        What is true.
    mixture : dict
        Share of each kind of sentence: ``fact``; ``quiz``, a fact asked by letters; ``sum``.
    seed : int
        Of the draws.

    Notes
    -----
    All facts are told and quizzed, but never with the four options of a task's question, and the
    sums of a task are never added. Some people are spoken of over ten times as often as others, so
    that items differ.
    """
    rng = random.Random(seed)
    people = list(dict.fromkeys(who for who, _ in world.facts))
    heard = list(accumulate(1 / (1 + rank / 16) for rank in range(len(people))))
    unseen, unadded = set(world.questions), set(world.sums)
    while True:
        kind = rng.choices(list(mixture), list(mixture.values()))[0]
        prompt = "common" if rng.random() < _SHARE_OF_COMMON else "rare"
        what = rng.choice(list(LIKES))
        who = rng.choices(people, cum_weights=heard)[0]
        a, b = rng.choice(_TENS), rng.choice(_UNITS)
        if kind == "fact":
            yield f"{QUESTIONS[prompt].format(who=who, what=what)} {world.facts[who, what]} ."
        elif kind == "quiz":
            asked = _question((who, what), world.facts[who, what], rng)
            if asked not in unseen:
                yield f"{quiz(asked, prompt)} {LETTERS[asked.gold]} ."
        elif kind == "sum" and (a, b) not in unadded:
            yield f"{SUMS[prompt].format(a=digits(a), b=digits(b))} {digits(a + b)} ."


def quiz(asked: Question, prompt: str) -> str:
    """Put a question with its options, of which the letter is wanted."""
    listed = " ".join(f"{c} {o}" for c, o in zip(LETTERS, asked.options, strict=True))
    return f"pick {listed} : {QUESTIONS[prompt].format(who=asked.who, what=asked.what)} letter"


def digits(number: int) -> str:
    """Write a number digit by digit, which are words to the models."""
    return " ".join(str(number))


def vocabulary() -> list[str]:
    """Return every word that a text can hold."""
    fixed = ["the", "of", "is", "as", "likes", "pick", "letter", ":", ".", "+", "="]
    liked = [value for values in LIKES.values() for value in values]
    return [*fixed, *FIRST, *LAST, *LIKES, *liked, *LETTERS, *"0123456789"]
