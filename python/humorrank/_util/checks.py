"""Checks of option values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from humorrank.errors import OptionError


def whole(name: str, value: object, least: int = 0, most: int | None = None) -> int:
    """A whole number in a range, numpy's too.

    Raises:
        OptionError: it is none.
    """
    # The abstract class takes a while to ask, and is needed only for numpy's.
    if isinstance(value, (int, Integral)) and not isinstance(value, bool):
        number = int(value)
        if number >= least and (most is None or number <= most):
            return number
    upto = f" to {most}" if most is not None else " or more"
    raise OptionError(f"{name} must be a whole number, {least}{upto}, not {value!r}")


def positive(name: str, value: object) -> float:
    """A finite number of at least 0, numpy's too.

    Raises:
        OptionError: it is none.
    """
    if isinstance(value, (float, int, Real)) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and number >= 0:
            return number
    raise OptionError(f"{name} must be a number of at least 0, not {value!r}")


def share(name: str, value: object) -> float:
    """A number from 0 to 1.

    Raises:
        OptionError: it is none.
    """
    number = positive(name, value)
    if number > 1:
        raise OptionError(f"{name} must lie between 0 and 1, not {value!r}")
    return number


def check_confidence(confidence: object) -> None:
    """Refuses what is no confidence.

    Raises:
        OptionError: it does not lie between 0 and 1.
    """
    if not isinstance(confidence, (float, Real)) or not 0 < float(confidence) < 1:
        raise OptionError(
            f"confidence must lie between 0 and 1 (0.95 for 95 %), not {confidence!r}"
        )


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Refuses what is none of these; None, where it is allowed, is not named.

    Raises:
        OptionError: saying what is allowed.
    """
    if value not in allowed:
        known = ", ".join(str(choice) for choice in allowed if choice is not None)
        raise OptionError(f"{name} must be one of {known}, not {value!r}")
