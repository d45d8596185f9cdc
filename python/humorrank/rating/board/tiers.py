"""Tiers: named ranges of ratings, either those of the paper or user-defined ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from humorrank.errors import OptionError


@dataclass(frozen=True)
class Tier:
    """A named range of ratings.

    Attributes:
        name: The name of the tier.
        lower: The lowest rating of the tier; -inf if it has no lower bound.
        upper: The lowest rating above the tier; inf if it has no upper bound.
        span: The range as text.
    """

    name: str
    lower: float
    upper: float
    span: str


_ABOVE_1100: Final = math.nextafter(1100.0, math.inf)

PAPER: Final = (
    Tier("frontier elite", _ABOVE_1100, math.inf, "above 1100"),
    Tier("competitive mid-tier", 970.0, _ABOVE_1100, "970 to 1100"),
    Tier("weak baseline", -math.inf, 800.0, "below 800"),
)
"""The tiers of the paper [HR26]; ratings from 800 to 970 belong to none of them."""


def tiers_of(given: str | Mapping[str, float | None] | None) -> tuple[Tier, ...]:
    """Returns the tiers that the user specified, highest first; none for None.

    Args:
        given: "paper" for the tiers of the paper, a mapping from the name of each tier to its
            lowest rating, or the same as text: "strong=1100,middle=950,weak". One tier may have
            the rating None and then holds all lower ratings.

    Raises:
        OptionError: If the tiers are invalid, or two tiers have the same name or rating.
    """
    if given is None:
        return ()
    if isinstance(given, str) and given == "paper":
        return PAPER
    floors = _floors(given) if isinstance(given, str) else list(given.items())
    bands = sorted(
        ((-math.inf if floor is None else float(floor), name) for name, floor in floors),
        reverse=True,
    )
    if not bands:
        raise OptionError("tiers is empty; use 'paper', or NAME=RATING pairs: strong=1100,weak")
    out: list[Tier] = []
    upper = math.inf
    for number, (lower, name) in enumerate(bands):
        if math.isnan(lower) or lower == math.inf:
            raise OptionError(f"the tier {name!r} must start at a rating, not at {lower!r}")
        if not name.strip() or name in [tier.name for tier in out]:
            raise OptionError(f"every tier needs a unique name, not {name!r}")
        if number and lower == upper:
            raise OptionError(f"the tiers {out[-1].name!r} and {name!r} start at the same rating")
        ends = (("from", lower), ("below", upper))
        span = " ".join(f"{word} {end:.15g}" for word, end in ends if math.isfinite(end))
        out.append(Tier(name, lower, upper, span or "all"))
        upper = lower
    return tuple(out)


def tier_of(rating: float, tiers: tuple[Tier, ...]) -> str | None:
    """Returns the name of the tier of a rating; None if it lies between tiers."""
    return next((tier.name for tier in tiers if tier.lower <= rating < tier.upper), None)


def _floors(text: str) -> list[tuple[str, float | None]]:
    out: list[tuple[str, float | None]] = []
    for part in text.split(","):
        name, equals, floor = part.rpartition("=") if "=" in part else (part, "", "")
        try:
            out.append((name.strip(), float(floor) if equals else None))
        except ValueError:
            raise OptionError(
                f"tiers must be 'paper' or NAME=RATING pairs (strong=1100,middle=950,weak), not "
                f"{part!r}"
            ) from None
    return out
