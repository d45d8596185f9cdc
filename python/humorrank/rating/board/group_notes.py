"""Notes that say why groups, or contestants of groups, have no rating."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from humorrank._core import (
    STANDINGS,
    STATE_FEW_MATCHES,
    STATE_OUTSIDE,
    STATUS_NO_ANCHOR,
    STATUS_NO_MATCHES,
    STATUS_NO_MAXIMUM,
    STATUS_NOT_CONVERGED,
    STATUS_RATED,
)
from humorrank._util.text import number_of
from humorrank.rating.existence import reason
from humorrank.rating.settings import RatingSettings


def of_group(columns: Mapping[str, Any], settings: RatingSettings) -> pl.Series:
    """Returns the column `note`: one note per group, null if all its contestants are rated."""
    lengths, rated, status = columns["lengths"], columns["rated"], columns["status"]
    notes: list[str | None] = [None] * len(lengths)
    outside = _outside_each(columns)
    groups = np.flatnonzero((status != STATUS_RATED) | (rated < lengths))
    figures = (status, lengths, outside, lengths.astype(np.int64) - rated - outside)
    what, size, out, few = (figure[groups].tolist() for figure in figures)
    kinds = list(zip(what, size, out, few, strict=True))
    told = {kind: _note(*kind, settings) for kind in set(kinds)}
    for group, kind in zip(groups.tolist(), kinds, strict=True):
        notes[group] = told[kind]
    return pl.Series("note", notes, dtype=pl.String)


def _note(status: int, size: int, outside: int, few: int, settings: RatingSettings) -> str:
    if status == STATUS_NO_MAXIMUM:
        if outside == size:
            return (
                f"no maximum: chains of wins do not connect the {size:,} contestants in both "
                "directions, and several components are equally large"
            )
        return (
            f"no maximum: {outside:,} of {size:,} contestants are not connected to the rest by "
            "chains of wins in both directions"
        )
    if status == STATUS_NO_MATCHES:
        if settings.min_matches:
            return (
                "no matches to rate: no contestant has the required "
                f"{settings.min_matches:,} matches"
            )
        return "no matches to rate: all are ties, which ties='exclude' leaves out"
    if status == STATUS_NOT_CONVERGED:
        return "the maximum could not be certified"
    if status == STATUS_NO_ANCHOR:
        assert settings.anchor is not None
        return f"the anchor {settings.anchor[0]!r} is not among the rated contestants"
    parts = []
    if outside:
        parts.append(
            f"only the largest connected component is rated, which excludes {outside:,} of "
            f"{size:,} contestants"
        )
    if few:
        parts.append(f"{few:,} of {size:,} contestants have fewer matches than required")
    return "; ".join(parts)


def _outside_each(columns: Mapping[str, Any]) -> np.ndarray:
    """Returns the number of contestants of each group outside its largest component."""
    lengths = columns["lengths"].astype(np.int64)
    before = np.concatenate([[0], np.cumsum(columns["state"] == STATE_OUTSIDE)])
    ends = np.cumsum(lengths)
    out: np.ndarray = before[ends] - before[ends - lengths]
    return out


def of_rows(
    columns: Mapping[str, Any], group: np.ndarray, group_note: pl.Series, settings: RatingSettings
) -> pl.Series:
    """Returns the column `note`: one note per row, null if its contestant is rated."""
    state = columns["state"]
    unrated = np.flatnonzero(state)
    none = pl.Series("note", [None], dtype=pl.String)
    if not len(unrated):
        return none.new_from_index(0, len(state))
    outside, few = (
        np.flatnonzero(state == STATE_OUTSIDE),
        np.flatnonzero(state == STATE_FEW_MATCHES),
    )
    asked = f"fewer than the required {settings.min_matches:,}"
    own = [
        f"has {number_of(own, 'match', 'matches')}, {asked}"
        for own in columns["matches"][few].tolist()
    ]
    reasons = _reasons(columns, columns["status"][group[outside]])
    texts = [group_note, reasons, pl.Series(own, dtype=pl.String), none]
    # The position of the text of each row among all texts.
    ends = np.cumsum([len(some) for some in texts])
    place = np.full(len(state), ends[2], np.uint32)
    place[unrated] = group[unrated]
    place[outside] = np.arange(ends[0], ends[1])
    place[few] = np.arange(ends[1], ends[2])
    return pl.concat(texts).gather(place).alias("note")


def _reasons(columns: Mapping[str, Any], status: np.ndarray) -> pl.Series:
    """Returns the reason why each contestant is outside; equal cases share one text."""
    frame = pl.DataFrame(
        {name: columns[name] for name in ("members", "standing", "apart", "against", "won", "lost")}
    ).with_columns(
        pl.col("won") > 0,
        pl.col("lost") > 0,
        maximum=pl.Series(status != STATUS_NO_MAXIMUM),
    )
    kinds = frame.unique(maintain_order=True)
    words = [
        ("outside the largest component: " if maximum else "no maximum: ")
        + reason(members, STANDINGS[standing], bool(apart), against, float(won), float(lost))
        for members, standing, apart, against, won, lost, maximum in kinds.iter_rows()
    ]
    told = kinds.with_columns(pl.Series("text", words, dtype=pl.String))
    joined = frame.join(told, on=frame.columns, how="left", maintain_order="left")
    return joined.get_column("text")


def of_groups(columns: Mapping[str, Any], settings: RatingSettings) -> list[str]:
    """Returns warnings that concern all boards together."""
    status = columns["status"]
    total = len(status)
    out = []
    if settings.disconnected == "error":
        unbounded = "have no maximum and are not rated (disconnected='largest' or --disconnected "
        unbounded += "largest rates their largest components, prior=1 or --prior 1 rates all)"
    else:
        unbounded = "have no maximum and no single largest component, and are not rated (prior=1 "
        unbounded += "or --prior 1 rates them)"
    for kind, why in (
        (STATUS_NO_MAXIMUM, unbounded),
        (STATUS_NO_MATCHES, "have no matches to rate"),
        (STATUS_NOT_CONVERGED, "have no certified maximum and are not rated"),
        (STATUS_NO_ANCHOR, "do not have the anchor among the rated contestants and are not rated"),
    ):  # fmt: skip
        if groups := int(np.count_nonzero(status == kind)):
            out.append(f"{groups:,} of {total:,} groups {why}; see the column `note`")
    partly = int(
        np.count_nonzero((status == STATUS_RATED) & (columns["rated"] < columns["lengths"]))
    )
    if partly:
        out.append(
            f"in {partly:,} of {total:,} groups some contestants are not rated; see the column "
            "`note`"
        )
    if settings.prior:
        out.append(f"the ratings are shrunk towards each other by a prior of {settings.prior:g}")
    without = columns["without_maximum"]
    if groups := int(np.count_nonzero(without)):
        out.append(
            f"{number_of(int(without.sum()), 'bootstrap replicate')} of "
            f"{number_of(groups, 'group')} had no maximum; there, contestants outside the largest "
            "component count as infinitely far above or below it"
        )
    return out
