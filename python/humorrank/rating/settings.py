"""The options of a rating, validated on construction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args

from humorrank import _core
from humorrank._util.checks import check_confidence, one_of, positive, whole
from humorrank.errors import OptionError

Ties = Literal["half", "exclude", "davidson"]

Interval = Literal["percentile", "basic", "bca", "wald", "sandwich"]
INTERVALS = get_args(Interval)
RESAMPLED = ("percentile", "basic", "bca")
"""The interval methods that use bootstrap replicates."""

REPLICATES = 1_000
"""The default number of bootstrap replicates, except for very large fields."""

LEAST_PRIOR = 1e-9
MOST_THREADS = 1024
FARTHEST_ANCHOR = 1e9
"""The largest rating of an anchor: larger ratings have no accurate decimal digits."""


@dataclass(frozen=True)
class RatingSettings:
    """The options of `rate`, validated on construction.

    If `bootstrap` is None, `with_replicates` decides on the number when the matches are known.
    """

    bootstrap: int | None
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
    interval: Interval = "percentile"
    cluster: str | None = None
    simultaneous: bool = False

    first_position: bool = False
    controls: tuple[str, ...] = ()
    both_bad_share: bool = False

    @property
    def extended(self) -> bool:
        """Whether the model has parameters in addition to the strengths."""
        return self.ties == "davidson" or self.first_position or bool(self.controls)

    @property
    def replicates(self) -> int:
        """The number of bootstrap replicates that the intervals need."""
        if self.interval not in RESAMPLED:
            return 0
        return REPLICATES if self.bootstrap is None else self.bootstrap

    def __post_init__(self) -> None:
        """Validates the options.

        Raises:
            OptionError: If an option has an invalid value. The message names the valid values.
        """
        if self.bootstrap is not None:
            whole("bootstrap", self.bootstrap)
        for name in ("elo_shuffles", "min_matches"):
            whole(name, getattr(self, name))
        whole("seed", self.seed, most=2**64 - 1)
        check_confidence(self.confidence)
        positive("elo_k", self.elo_k)
        positive("prior", self.prior)
        if 0 < self.prior < LEAST_PRIOR:
            raise OptionError(
                f"prior must be 0 or at least {LEAST_PRIOR:g}, not {self.prior!r}: a smaller "
                "prior is lost to rounding"
            )
        one_of("ties", self.ties, ("half", "exclude", "davidson"))
        one_of("disconnected", self.disconnected, ("error", "largest"))
        one_of("solver", self.solver, ("newton", "mm"))
        one_of("interval", self.interval, INTERVALS)
        if self.cluster is not None and (not isinstance(self.cluster, str) or not self.cluster):
            raise OptionError(f"cluster must be the name of a column, not {self.cluster!r}")
        if self.cluster is not None and self.interval == "wald":
            raise OptionError(
                "interval='wald' treats matches as independent and does not support clusters; "
                "use interval='sandwich' or a bootstrap interval"
            )
        if self.prior and self.disconnected == "largest":
            raise OptionError(
                "prior and disconnected='largest' exclude each other: with a prior, all "
                "contestants are rated"
            )
        needed = _core.replicates_needed(self.confidence)
        if 0 < self.replicates < needed:
            raise OptionError(
                f"a confidence of {self.confidence:g} needs at least {needed:,} bootstrap "
                f"replicates, not {self.replicates:,}: the ends of the interval are the "
                f"{(1 - self.confidence) / 2:.4g} and {(1 + self.confidence) / 2:.4g} quantiles "
                "of B replicates, which exist only if (B + 1) x (1 - confidence) / 2 is at least "
                "1 (bootstrap=0 omits the intervals)"
            )


def anchor_pair(
    anchor: Mapping[str, float] | tuple[str, float] | None,
) -> tuple[str, float] | None:
    """Returns the anchor as a name and its rating.

    Raises:
        OptionError: If the anchor is not exactly one name with a finite rating.
    """
    if anchor is None:
        return None
    if isinstance(anchor, Mapping):
        pairs = [tuple(pair) for pair in anchor.items()]
    else:
        pairs = [anchor] if isinstance(anchor, tuple) else []
    if len(pairs) != 1 or len(pairs[0]) != 2:
        raise OptionError("anchor must be one name with its rating: {'gpt-5': 1300}")
    name, rating = pairs[0]
    if not isinstance(rating, Real) or not abs(float(rating)) <= FARTHEST_ANCHOR:
        raise OptionError(
            f"the rating of the anchor must be a number of at most {FARTHEST_ANCHOR:g} in absolute "
            f"value, not {rating!r}"
        )
    return str(name), float(rating)
