"""The options of a rating, checked once at the door."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from humorrank import _core
from humorrank.errors import OptionError

Ties = Literal["half", "exclude"]


@dataclass(frozen=True)
class Settings:
    """The options of `rate`, checked once."""

    bootstrap: int
    confidence: float
    elo_shuffles: int
    elo_k: float
    ties: Ties
    anchor: tuple[str, float] | None
    prior: float
    disconnected: Literal["error", "largest"]
    min_matches: int
    solver: Literal["newton", "mm"]
    seed: int

    def __post_init__(self) -> None:
        """Refuses values that cannot be.

        Raises:
            OptionError: saying which and what is allowed.
        """
        _whole("bootstrap", self.bootstrap)
        _whole("elo_shuffles", self.elo_shuffles)
        _whole("min_matches", self.min_matches)
        _whole("seed", self.seed)
        if self.seed >= 2**64:
            raise OptionError(f"seed must be below 2^64, not {self.seed}")
        if not 0 < self.confidence < 1:
            raise OptionError(
                f"confidence must lie between 0 and 1 (0.95 for 95 %), not {self.confidence!r}"
            )
        _finite("elo_k", self.elo_k)
        _finite("prior", self.prior)
        _one_of("ties", self.ties, ("half", "exclude"))
        _one_of("disconnected", self.disconnected, ("error", "largest"))
        _one_of("solver", self.solver, ("newton", "mm"))
        if self.prior and self.disconnected == "largest":
            raise OptionError(
                "prior and disconnected='largest' exclude each other: a prior rates everyone"
            )
        needed = _core.replicates_needed(self.confidence)
        if 0 < self.bootstrap < needed:
            raise OptionError(
                f"a confidence of {self.confidence:g} needs at least {needed:,} bootstrap "
                f"replicates, not {self.bootstrap:,}: the ends of the interval are the "
                f"{(1 - self.confidence) / 2:.4g} and {(1 + self.confidence) / 2:.4g} quantiles "
                "of B replicates, which exist from (B + 1) x (1 - confidence) / 2 = 1 on "
                "(bootstrap=0 leaves the intervals out)"
            )


def anchor_pair(
    anchor: Mapping[str, float] | tuple[str, float] | None,
) -> tuple[str, float] | None:
    """The anchor as one name and its rating.

    Raises:
        OptionError: there is not exactly one name with a finite rating.
    """
    if anchor is None:
        return None
    pairs = list(anchor.items()) if isinstance(anchor, Mapping) else [anchor]
    if len(pairs) != 1 or len(pairs[0]) != 2:
        raise OptionError("anchor takes one name and its rating: {'gpt-5': 1300}")
    name, rating = pairs[0]
    if not isinstance(rating, int | float) or not math.isfinite(rating):
        raise OptionError(f"the rating of the anchor must be a number, not {rating!r}")
    return str(name), float(rating)


def _whole(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise OptionError(f"{name} must be a whole number of at least 0, not {value!r}")


def _finite(name: str, value: object) -> None:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise OptionError(f"{name} must be a number of at least 0, not {value!r}")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
