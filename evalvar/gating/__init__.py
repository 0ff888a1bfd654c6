"""Does the true value keep the rule? Pass, fail or inconclusive, with the reason.

A rule speaks of the true value, so the interval is what is tested and never the estimate.
"""

from evalvar.gating.forms import as_text, to_junit, to_markdown
from evalvar.gating.rules import Rule, parse_rule
from evalvar.gating.verdicts import EXIT_CODES, Inconclusive, gate

__all__ = [
    "EXIT_CODES",
    "Inconclusive",
    "Rule",
    "as_text",
    "gate",
    "parse_rule",
    "to_junit",
    "to_markdown",
]
