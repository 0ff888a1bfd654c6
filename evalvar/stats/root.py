"""The place where a falling function is zero, inside a bracket."""

from collections.abc import Callable

# Each step uses a value, and halving alone would be done in as many.
_STEPS = 80


def falling_root(
    excess: Callable[[float], float],
    left: float,
    right: float,
    at_left: float,
    at_right: float,
    *,
    near: float,
    close: float,
) -> float:
    """Find where a falling function is zero, by regula falsi in Illinois' form.

    Parameters
    ----------
    excess : callable
        The function; a rising one with its sign turned.
    left, right : float
        Ends of a bracket.
    at_left, at_right : float
        Its values there: not negative, not positive.
    near : float
        A value as small as this is zero.
    close : float
        A bracket as short as this is a point.

    Notes
    -----
    An end that stays twice running would hardly let the other move: its value is halved
    ("A modified regula falsi method", Dowell, Jarratt 1971).

    Examples
    --------
    >>> round(falling_root(lambda x: 2 - x * x, 0, 2, 2, -2, near=1e-12, close=1e-15), 9)
    1.414213562
    """
    middle, moved = right, 0
    for _ in range(_STEPS):
        middle = (left * at_right - right * at_left) / (at_right - at_left)
        found = excess(middle)
        if abs(found) < near or right - left < close:
            break
        if found > 0:
            left, at_left = middle, found
            at_right = at_right / 2 if moved > 0 else at_right
            moved = 1
        else:
            right, at_right = middle, found
            at_left = at_left / 2 if moved < 0 else at_left
            moved = -1
    return middle
