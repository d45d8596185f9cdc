"""The number of bootstrap replicates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from humorrank import _core
from humorrank._util.text import shortened_names
from humorrank.errors import OptionError
from humorrank.rating.settings import REPLICATES, RESAMPLED, RatingSettings
from humorrank.rating.uncertainty.rank_intervals import Ends

FEWER_REPLICATES: Final = 100
"""The default number of replicates of a very large field."""

MOST_DRAWN: Final = 10**8
"""The largest number of default replicates times cells, which take a few seconds on two cores."""

CELLS_PER_GROUP: Final = 100
"""The number of cells that take as long to fit as a small group takes in addition to its cells."""

ROWS_PER_CELL: Final = 20
"""The number of rows of clusters that take as long to draw as one cell takes to fit."""


def with_replicates(
    settings: RatingSettings, cells: int, groups: int = 0
) -> tuple[RatingSettings, list[str]]:
    """Decides on the number of replicates unless the user set it.

    Args:
        settings: The options of the rating.
        cells: The number of different matches, which the time of a replicate grows with: the kinds
            of match of the field, or the cells of all groups together.
        groups: The number of groups that are rated separately.

    Returns:
        The settings with a number of replicates, and a notice if there are fewer than usual.
    """
    if settings.bootstrap is not None:
        return settings, []
    if settings.interval not in RESAMPLED:
        return replace(settings, bootstrap=0), []
    if REPLICATES * (cells + CELLS_PER_GROUP * groups) <= MOST_DRAWN:
        return replace(settings, bootstrap=REPLICATES), []
    count = max(FEWER_REPLICATES, _core.replicates_needed(settings.confidence))
    among = f" in {groups:,} groups" if groups else ""
    notice = (
        f"the intervals are from {count:,} bootstrap replicates instead of {REPLICATES:,}, because "
        f"the field is very large ({cells:,} different matches{among}); bootstrap={REPLICATES} "
        f"(--bootstrap {REPLICATES}) takes {REPLICATES / count:.2g} times as long"
    )
    return replace(settings, bootstrap=count), [notice]


def of_few_replicates(models: Sequence[str], side: str, needed: float, replicates: int) -> str:
    """Returns a warning about ends that are open because there are too few replicates.

    Args:
        models: Names of the contestants.
        side: The side of the open ends: "below" or "above".
        needed: The number of replicates that all of the ends need.
        replicates: The number of replicates there are.
    """
    return (
        f"the interval of {shortened_names(models)} has no end {side} because {replicates:,} "
        "replicates are too few for the BCa interval, whose corrected level lies beyond the "
        f"outermost replicate: {_wanted(needed)}"
    )


def refuse_few_replicates(ends: Ends, replicates: int) -> None:
    """Raises an error if an end needs more replicates.

    Raises:
        OptionError: If an end needs more replicates. The message gives the number.
    """
    needed = max(
        float(needs.max()) if needs is not None else 0.0
        for needs in (ends.lower_needs, ends.upper_needs)
    )
    if needed:
        raise OptionError(
            f"{replicates:,} replicates are too few for the BCa interval of this difference, whose "
            f"corrected level lies beyond the outermost replicate: {_wanted(needed)}"
        )


def _wanted(needed: float) -> str:
    if math.isinf(needed):
        return "use more replicates (bootstrap), or interval='percentile' (--interval percentile)"
    return (
        f"use at least {needed:,.0f} replicates (bootstrap={needed:.0f}, --bootstrap "
        f"{needed:.0f}), or interval='percentile' (--interval percentile)"
    )
