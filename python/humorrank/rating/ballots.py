"""Ratings of ballots, whose pairs are not independent of each other."""

from __future__ import annotations

from dataclasses import replace

from humorrank._util.text import number_of
from humorrank.errors import OptionError
from humorrank.matches.log import ReadReport
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.source import is_of_ballots
from humorrank.rating.settings import RESAMPLED, RatingSettings
from humorrank.rating.uncertainty.clusters import LEAST

_REMEDY = "cluster='none' (--cluster none) treats the pairs of a ballot as independent"


def clustered(
    settings: RatingSettings, report: ReadReport | None, ballots: int | None
) -> tuple[RatingSettings, list[str]]:
    """Returns the settings in which the intervals are clustered by ballot, if there are ballots.

    This is the default for pairs of ballots. The intervals are left out if there are too few
    ballots for them and the user has not asked for any.

    Args:
        settings: The options of the rating, without clusters.
        report: The report on reading the matches.
        ballots: The number of ballots, or None if they are not kept apart.

    Returns:
        The settings, and warnings.

    Raises:
        OptionError: If the method for the intervals does not support clusters.
    """
    if not is_of_ballots(report) or not _has_intervals(settings):
        return settings, []
    if ballots is None:
        return settings, [
            "the matches are pairs of ballots, but the tally has no key 'ballot': the intervals "
            "treat them as independent, and are too narrow; count the log again with this key"
        ]
    if settings.interval == "wald":
        raise OptionError(
            "interval='wald' treats matches as independent, but these are pairs of ballots: use "
            f"interval='sandwich' or a bootstrap interval; {_REMEDY}"
        )
    if ballots < LEAST and settings.bootstrap is None and settings.interval in RESAMPLED:
        return replace(settings, bootstrap=0), [
            f"there are no intervals, because {number_of(ballots, 'ballot does', 'ballots do')} "
            f"not show how much ballots differ; at least {LEAST} are needed"
        ]
    return replace(settings, cluster=BALLOT), [
        f"the matches are pairs of {number_of(ballots, 'ballot')}, and the intervals are clustered "
        f"by ballot; {_REMEDY}"
    ]


def without_intervals(
    settings: RatingSettings, report: ReadReport | None
) -> tuple[RatingSettings, list[str]]:
    """Returns the settings of groups, whose intervals do not support clusters.

    Args:
        settings: The options of the rating, without clusters.
        report: The report on reading the matches.

    Returns:
        The settings, and warnings.

    Raises:
        OptionError: If the user has asked for intervals of pairs of ballots.
    """
    if not is_of_ballots(report) or not _has_intervals(settings):
        return settings, []
    if settings.bootstrap is not None:
        raise OptionError(
            "by does not support clusters, but the matches are pairs of ballots: rate the ballots "
            f"of each group separately (where), or leave out the intervals (bootstrap=0); {_REMEDY}"
        )
    return replace(settings, bootstrap=0), [
        "there are no intervals, because the matches are pairs of ballots, which are not "
        "independent, and by does not support clusters: rate the ballots of each group separately "
        f"(where) for intervals by ballot; {_REMEDY}"
    ]


def _has_intervals(settings: RatingSettings) -> bool:
    return settings.interval not in RESAMPLED or settings.replicates > 0
