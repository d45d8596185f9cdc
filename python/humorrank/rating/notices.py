"""What a reader of a leaderboard should know, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from humorrank._util.text import shortened_names
from humorrank.matches.log import ReadReport
from humorrank.matches.log.report import reading_warnings
from humorrank.rating.existence import Existence
from humorrank.rating.settings import RatingSettings, Ties
from humorrank.rating.uncertainty.clusters import FEW


def of_reading(report: ReadReport | None, ties: Ties) -> list[str]:
    """What reading the log found that is not rated, or not as it may seem."""
    if report is None:
        return []
    out = reading_warnings(report)
    if report.both_bad and ties == "half":
        out.append(f"{report.both_bad:,} both-bad rows count as ties")
    return out


def of_names(names: Sequence[str]) -> list[str]:
    """Names that differ only by case or white space: one contestant written twice?"""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(" ".join(name.split()).casefold(), []).append(name)
    groups = [group for group in by_key.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(" and ".join(map(repr, group)) for group in groups[:3])
    more = f"; and {len(groups) - 3:,} more" if len(groups) > 3 else ""
    return [f"rated apart, though they differ only by case or white space: {shown}{more}"]


def of_prior(existence: Existence) -> list[str]:
    """Whose ratings rest on the prior."""
    out = [
        "without the prior these would have no finite rating, so their ratings are the prior's as "
        f"much as the data's: {existence.summary()}"
    ]
    if (groups := existence.groups) > 1:
        out.append(
            f"{groups:,} groups of contestants never met: the levels between them come from the "
            "prior alone"
        )
    return out


def of_clusters(clusters: int, column: str) -> list[str]:
    """Too few clusters to trust an interval."""
    if clusters >= FEW:
        return []
    return [
        f"there are only {clusters} clusters ({column}): intervals of fewer than {FEW} are rough, "
        "and mostly too narrow"
    ]


def of_rating(
    settings: RatingSettings, columns: Mapping[str, Any], without_maximum: int
) -> list[str]:
    """What the method has done to the figures."""
    out = []
    if settings.prior:
        out.append(f"the ratings are shrunken towards each other by a prior of {settings.prior:g}")
    if without_maximum:
        out.append(
            f"{without_maximum:,} of {settings.replicates:,} bootstrap replicates had no maximum; "
            "in those, contestants outside the largest component count as infinitely far above "
            "or below it"
        )
    if "rating_lower" in columns:
        out += _open_ends(columns)
    return out


def _open_ends(columns: Mapping[str, Any]) -> list[str]:
    lower, upper, models = columns["rating_lower"], columns["rating_upper"], columns["model"]
    if np.isfinite(lower).all() and np.isfinite(upper).all():
        return []

    def of(where: np.ndarray) -> list[str]:
        return [models[i] for i in np.flatnonzero(where).tolist()]

    ends = ((of(lower == -math.inf), "below"), (of(upper == math.inf), "above"))
    beyond = ((of(lower == math.inf), "above"), (of(upper == -math.inf), "below"))
    return [
        f"the interval is open {side} for {shortened_names(names)}: the matches do not bound the rating "
        f"from {side}"
        for names, side in ends
        if names
    ] + [
        f"no finite rating is in the interval of {shortened_names(names)}: nearly all replicates put them "
        f"infinitely far {side} the largest component"
        for names, side in beyond
        if names
    ]
