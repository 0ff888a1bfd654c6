"""What a longer test would be worth: Spearman and Brown."""

from evalvar.errors import UsageError


def spearman_brown(reliability: float, times: float) -> float:
    """Give the reliability of a test that is so many times as long.

    Parameters
    ----------
    reliability : float
        Of the test as it is, at most 1.
    times : float
        Factor of its length, above 0.

    Returns
    -------
    float
        times r / (1 + (times - 1) r).

    Examples
    --------
    >>> round(spearman_brown(0.5, 2), 4)
    0.6667
    """
    if not (reliability <= 1 and times > 0):
        raise UsageError(
            f"reliability must not exceed 1 and times must be above 0, but they are {reliability} "
            f"and {times}."
        )
    return times * reliability / (1 + (times - 1) * reliability)


def spearman_brown_length(reliability: float, target: float) -> float:
    """Give how many times as long a test must be for a reliability.

    Parameters
    ----------
    reliability : float in (0, 1)
        Of the test as it is.
    target : float in (0, 1)
        The reliability wanted.

    Returns
    -------
    float
        The times at which `spearman_brown` gives the target (tested).

    Examples
    --------
    >>> round(spearman_brown_length(0.5, 0.9), 4)
    9.0
    """
    if not (0 < reliability < 1 and 0 < target < 1):
        raise UsageError(
            f"reliability and target must lie between 0 and 1, but are {reliability} and {target}."
        )
    return target * (1 - reliability) / (reliability * (1 - target))
