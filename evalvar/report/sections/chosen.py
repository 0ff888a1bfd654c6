"""Which pairs were compared, where not all were, and that the data chose them."""

from collections.abc import Iterable

from evalvar.report.sections.contests import Contest


def selection(found: Iterable[Contest]) -> str:
    """Say which pairs were compared where not all were, and that the choice is not adjusted for."""
    several = [contest for contest in found if len(contest.pairs) > 1]
    if several and all(contest.chained for contest in several):
        return (
            f"Each {several[0].between} against the next only, in the order of the scores of the "
            "same data; that order is not adjusted for."
        )
    stars = [contest for contest in several if contest.hub]
    hubs = {contest.hub for contest in stars}
    if len(hubs) != 1:
        return ""
    text = f"Every {stars[0].between} against {hubs.pop()} only"
    leads = sum(contest.hub_leads for contest in stars)
    if not leads:
        return f"{text}."
    where = stars[0].place if len(stars) == 1 else f"{leads:,} of {len(stars):,} readings"
    return (
        f"{text}, the leader on {where} in the same data; the choice of the leader is not adjusted "
        "for."
    )
