"""What can go wrong, as a tree.

::

    EvalvarError                 every error a user can cause; one line, with the next step
    ├── RecordsError             a table breaks the rules of `evalvar.evidence`
    ├── AdapterError             a file or directory cannot be read, or nobody knows how
    ├── NotEnoughDataError       a statistic is not defined for so little data
    ├── ToolError                a program of the machine is missing or does not work
    └── UsageError               an argument names something that is not there

Each is also a `ValueError`. Everything else that is raised is a bug of evalvar.
"""


class EvalvarError(ValueError):
    """Base of every error that a user can cause."""


class RecordsError(EvalvarError):
    """A table breaks a rule of `evalvar.evidence`."""


class AdapterError(EvalvarError):
    """A file or directory cannot be read, or no single adapter claims it."""


class NotEnoughDataError(EvalvarError):
    """A statistic is not defined for so little data; the message says what it needs."""


class ToolError(EvalvarError):
    """A program of the machine that is needed is missing or does not work."""


class UsageError(EvalvarError):
    """An argument is outside its legal set, or names something the data do not hold."""


def counted(n: int, noun: str) -> str:
    """Return a number and its noun for a message.

    Examples
    --------
    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
