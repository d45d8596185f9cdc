"""Checks of option values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real

from humorrank.errors import OptionError


def whole(name: str, value: object, least: int = 0, most: int | None = None) -> int:
    """Returns a value as an int, checking that it is a whole number in a range.

    NumPy integers are accepted.

    Raises:
        OptionError: If the value is not a whole number in the range.
    """
    # The check against the abstract class is slow and only needed for NumPy integers.
    if isinstance(value, (int, Integral)) and not isinstance(value, bool):
        number = int(value)
        if number >= least and (most is None or number <= most):
            return number
    upto = f" to {most}" if most is not None else " or more"
    raise OptionError(f"{name} must be a whole number, {least}{upto}, not {value!r}")


def positive(name: str, value: object) -> float:
    """Returns a value as a float, checking that it is a finite number of at least 0.

    NumPy numbers are accepted.

    Raises:
        OptionError: If the value is not such a number.
    """
    if isinstance(value, (float, int, Real)) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and number >= 0:
            return number
    raise OptionError(f"{name} must be a number of at least 0, not {value!r}")


def share(name: str, value: object) -> float:
    """Returns a value as a float, checking that it is a number from 0 to 1.

    Raises:
        OptionError: If the value is not such a number.
    """
    number = positive(name, value)
    if number > 1:
        raise OptionError(f"{name} must lie between 0 and 1, not {value!r}")
    return number


def check_confidence(confidence: object) -> None:
    """Checks that a value is a confidence level.

    Raises:
        OptionError: If the value does not lie strictly between 0 and 1.
    """
    if not isinstance(confidence, (float, Real)) or not 0 < float(confidence) < 1:
        raise OptionError(f"confidence must lie between 0 and 1 (0.95 for 95%), not {confidence!r}")


def one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    """Checks that a value is one of the allowed ones.

    The error lists the allowed values, but not None, which stands for an omitted option.

    Raises:
        OptionError: If the value is not allowed.
    """
    if value not in allowed:
        known = ", ".join(str(choice) for choice in allowed if choice is not None)
        raise OptionError(f"{name} must be one of {known}, not {value!r}")
