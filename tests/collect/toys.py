"""Small problems, and programs that solve them well, badly or not at all."""

from dataclasses import replace

from evalvar.collect.problems import Problem, ProblemSet

EQUAL = "def __check(input, answer, output):\n    return output == answer\n"

# Sum of a list: quick to generate, and slow enough to be told by a clock.
TOTAL = Problem(
    "toys/total",
    'def total(numbers):\n    """Add up."""\n',
    "total",
    "def generate_input(size, lid, cid):\n"
    "    return [random.randint(0, 10 ** 6) for _ in range(size)],\n",
    (5, 50, 500, 5_000),
    "    return sum(numbers)\n",
    EQUAL,
    "sums",
)
# So quick that a window holds many calls.
PARITY = Problem(
    "toys/parity",
    "def parity(number):\n",
    "parity",
    "def generate_input(size, lid, cid):\n    return random.getrandbits(size),\n",
    (4, 20, 30, 40),
    "    return number % 2\n",
    EQUAL,
    "bits",
)

RIGHT = "def total(numbers):\n    return sum(numbers)\n"
SLOW = "def total(numbers):\n    s = 0\n    for n in numbers:\n        s += n\n    return s\n"
# Right, and past any limit at the last level.
HOPELESS = (
    "def total(numbers):\n"
    "    if len(numbers) > 1000:\n"
    "        while True:\n"
    "            pass\n"
    "    return sum(numbers)\n"
)


def toys(*problems: Problem) -> ProblemSet:
    """Return a set of problems."""
    return ProblemSet("toys", problems, problems)


def renamed(problem: Problem, name: str, **changes: object) -> Problem:
    """Return a problem with another name and other parts."""
    return replace(problem, task_id=name, **changes)
