"""Bands of ratings with names: those of the paper, or a user's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from humorrank.errors import OptionError


@dataclass(frozen=True)
class Tier:
    """A band of ratings.

    Attributes:
        name: what it is called.
        lower: the lowest rating in it; -inf for all below `upper`.
        upper: the first rating above it; inf for all from `lower` on.
        span: the same in words.
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
"""The bands of the paper: above 1100; 970 to 1100; below 800, and nothing from there to 970."""


def tiers_of(given: str | Mapping[str, float | None] | None) -> tuple[Tier, ...]:
    """Bands as asked for, highest first; none for None.

    Args:
        given: "paper"; or name -> the lowest rating of the band, where one band may have None
            for all below the others; or the same as text: "strong=1100,middle=950,weak".

    Raises:
        OptionError: it is none of these, or two bands have one name or one rating.
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
        raise OptionError("tiers are empty; take 'paper', or name=rating pairs: strong=1100,weak")
    out: list[Tier] = []
    upper = math.inf
    for number, (lower, name) in enumerate(bands):
        if math.isnan(lower) or lower == math.inf:
            raise OptionError(f"the tier {name!r} must start at a rating, not at {lower!r}")
        if not name.strip() or name in [tier.name for tier in out]:
            raise OptionError(f"every tier needs a name of its own, not {name!r}")
        if number and lower == upper:
            raise OptionError(f"the tiers {out[-1].name!r} and {name!r} start at the same rating")
        ends = (("from", lower), ("below", upper))
        span = " ".join(f"{word} {end:.15g}" for word, end in ends if math.isfinite(end))
        out.append(Tier(name, lower, upper, span or "all"))
        upper = lower
    return tuple(out)


def tier_of(rating: float, tiers: tuple[Tier, ...]) -> str | None:
    """The name of the band that a rating lies in; None between bands."""
    return next((tier.name for tier in tiers if tier.lower <= rating < tier.upper), None)


def _floors(text: str) -> list[tuple[str, float | None]]:
    out: list[tuple[str, float | None]] = []
    for part in text.split(","):
        name, equals, floor = part.rpartition("=") if "=" in part else (part, "", "")
        try:
            out.append((name.strip(), float(floor) if equals else None))
        except ValueError:
            raise OptionError(
                f"tiers takes 'paper' or NAME=RATING pairs (strong=1100,middle=950,weak), not "
                f"{part!r}"
            ) from None
    return out
