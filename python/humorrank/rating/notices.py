"""Warnings for the reader of a leaderboard."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from humorrank._util.spelling import look_alikes, of_look_alikes
from humorrank._util.text import number_of, shortened_names
from humorrank.matches.log import ReadReport
from humorrank.matches.log.report import reading_warnings
from humorrank.rating.existence import Existence
from humorrank.rating.settings import RatingSettings, Ties
from humorrank.rating.uncertainty.clusters import FEW
from humorrank.rating.uncertainty.rank_intervals import Ends
from humorrank.rating.uncertainty.replicates import of_few_replicates


def of_reading(report: ReadReport | None, ties: Ties) -> list[str]:
    """Returns warnings about rows that were not rated, or were rated in an unexpected way."""
    if report is None:
        return []
    out = reading_warnings(report)
    if report.both_bad and ties == "half":
        out.append(
            f"{number_of(report.both_bad, 'both-bad row is', 'both-bad rows are')} counted as "
            f"{'a tie' if report.both_bad == 1 else 'ties'}"
        )
    return out


def of_names(names: Sequence[str]) -> list[str]:
    """Returns a warning about names that look alike, which may be spellings of one contestant."""
    groups = look_alikes(names)
    return [of_look_alikes(groups)] if groups else []


def of_prior(existence: Existence) -> list[str]:
    """Returns warnings about the contestants whose ratings depend on the prior."""
    out = [
        "some contestants would have no finite rating without the prior, so their ratings depend "
        f"on the prior as much as on the data: {existence.summary()}"
    ]
    if (groups := existence.groups) > 1:
        out.append(
            f"{groups:,} groups of contestants never met each other: the differences in level "
            "between them come from the prior alone"
        )
    return out


def of_clusters(clusters: int, column: str) -> list[str]:
    """Returns a warning if there are too few clusters for reliable intervals."""
    if clusters >= FEW:
        return []
    return [
        f"there are only {clusters} clusters ({column}): intervals from fewer than {FEW} clusters "
        "are rough, and usually too narrow"
    ]


def of_rating(
    settings: RatingSettings, columns: Mapping[str, Any], names: Sequence[str], ends: Ends | None
) -> list[str]:
    """Returns warnings about the effects of the method on the figures.

    Args:
        settings: The options of the rating.
        columns: The columns of the board.
        names: The contestants in the order of `ends`.
        ends: The intervals; None without intervals.
    """
    out = []
    if settings.prior:
        out.append(f"the ratings are shrunk towards each other by a prior of {settings.prior:g}")
    if ends is None:
        return out
    if ends.without_maximum:
        out.append(
            f"{ends.without_maximum:,} of {settings.replicates:,} bootstrap replicates had no "
            "maximum; in these replicates, contestants outside the largest component count as "
            "infinitely far above or below it"
        )
    few: dict[str, set[str]] = {"below": set(), "above": set()}
    for needs, side in ((ends.lower_needs, "below"), (ends.upper_needs, "above")):
        if needs is not None and needs.any():
            models = [names[i] for i in np.flatnonzero(needs).tolist()]
            few[side].update(models)
            out.append(of_few_replicates(models, side, float(needs.max()), settings.replicates))
    return out + _open_ends(columns, few)


def _open_ends(columns: Mapping[str, Any], few: Mapping[str, set[str]]) -> list[str]:
    lower, upper, models = columns["rating_lower"], columns["rating_upper"], columns["model"]
    if np.isfinite(lower).all() and np.isfinite(upper).all():
        return []

    def of(where: np.ndarray, but: Collection[str] = ()) -> list[str]:
        return [models[i] for i in np.flatnonzero(where).tolist() if models[i] not in but]

    ends = (
        (of(lower == -math.inf, few["below"]), "below"),
        (of(upper == math.inf, few["above"]), "above"),
    )
    beyond = ((of(lower == math.inf), "above"), (of(upper == -math.inf), "below"))
    return [
        f"{_intervals_of(names)} open {side}: the matches do not bound "
        f"{'the rating' if len(names) == 1 else 'these ratings'} from {side}"
        for names, side in ends
        if names
    ] + [
        f"{_intervals_of(names, 'contains', 'contain')} no finite rating: nearly all replicates "
        f"place {'it' if len(names) == 1 else 'them'} infinitely far {side} the largest component"
        for names, side in beyond
        if names
    ]


def _intervals_of(names: Sequence[str], one: str = "is", more: str = "are") -> str:
    shown = shortened_names(names)
    return (
        f"the interval of {shown} {one}" if len(names) == 1 else f"the intervals of {shown} {more}"
    )
