"""What the name of a metric tells, where the results do not: is it an accuracy, is it a loss?"""

import re
from typing import Any

# The continuous reading of a discrete metric of lm-eval, which softens the same choice.
PARTNERS = {"acc": "p_correct", "acc_norm": "p_correct_per_char"}
# Of several accuracies the plain one comes first.
_HEADLINE = ("acc", "acc_norm", "exact_match", "passed", "pass@1", "score")
_ACCURACY = {"acc", "accuracy", "match", "em", "correct", "passed", "pass", "solved", "resolved"}
# Between 0 and 1 by accident, not by definition: a difference, a likelihood or an unbounded loss.
_LOSS = {"margin", "nll", "bits", "bpb", "perplexity", "ppl", "loss", "likelihood", "loglikelihood"}
_LOSS |= {"logprob", "logprobs", "difference", "entropy", "brier"}


def base(metric: Any) -> str:
    """Return a metric's name without its filter.

    >>> base("exact_match,strict-match")
    'exact_match'
    """
    return str(metric).split(",")[0]


def is_accuracy(metric: Any) -> bool:
    """Tell whether a metric is named like a share of right answers.

    >>> is_accuracy("prompt_level_strict_acc,none"), is_accuracy("pass@1"), is_accuracy("bleu")
    (True, True, False)
    """
    return bool(_words(metric) & _ACCURACY) and base(metric) not in PARTNERS.values()


def is_loss(metric: Any) -> bool:
    """Tell whether a metric is named like a loss or a difference of likelihoods.

    >>> is_loss("word_perplexity"), is_loss("likelihood_difference"), is_loss("acc")
    (True, True, False)
    """
    return bool(_words(metric) & _LOSS)


def rank(metric: Any) -> int:
    """Return the place of a metric among those that may stand for a benchmark."""
    name = base(metric)
    return _HEADLINE.index(name) if name in _HEADLINE else len(_HEADLINE)


def _words(metric: Any) -> set[str]:
    return set(re.split(r"[^a-z]+", base(metric).lower()))
