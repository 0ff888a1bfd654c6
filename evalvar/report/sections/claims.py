"""How a claim is put together from its loud and its quiet parts."""

from evalvar.report.model import Phrase, Span


def quiet(text: str) -> Span:
    """Return an interval or basis as it stands in a claim."""
    return Span(text, "quiet")


def claim(strong: str, *rest: Span | str) -> Phrase:
    """Return a claim: what may be repeated first, then what belongs to it."""
    spans = [part if isinstance(part, Span) else Span(part) for part in rest]
    return (Span(strong, "strong"), *(span for span in spans if span.text))
