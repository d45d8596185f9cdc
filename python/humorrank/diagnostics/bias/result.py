"""The result of the bias report as rows, JSON and text."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from humorrank import _core
from humorrank._stats.estimate import NONE, Estimate, percent
from humorrank._util import json as as_json
from humorrank._util.reporting import Report
from humorrank._util.text import Style, be, judge_label, number_of, one_line
from humorrank.diagnostics.bias.consistency import Consistency
from humorrank.diagnostics.bias.first_position import Equality, FirstPosition
from humorrank.diagnostics.bias.length import Length
from humorrank.diagnostics.bias.self_preference import SelfPreference


@dataclass(frozen=True, eq=False)
class JudgeBias:
    """The biases of one judge.

    Attributes:
        judge: The name of the judge; None if the log does not name one.
        judgments: The number of its judgments.
        first: The number of wins of the contestant shown first (A).
        second: The number of wins of the contestant shown second (B).
        ties: The number of ties.
        share_first: first / (first + second), with the Wilson interval.
        tie_share: ties / judgments, with the Wilson interval.
        consistency: The consistency under swap; None if the prompts are unknown.
        position: The first-position model; None if it could not be fitted.
        effect: The advantage of being shown first in rating points; infinite without a maximum.
        equality: The test that all ratings are equal, given the position; None if untested.
        uninformative: Whether all ratings are equal within noise; None if untested.
        verdict: Whether the judge distinguishes contestants, as text.
        length: The length bias; None without texts.
        notes: The figures that are missing, with the reasons.
    """

    judge: str | None
    judgments: int
    first: int
    second: int
    ties: int
    share_first: Estimate
    tie_share: Estimate
    consistency: Consistency | None
    position: FirstPosition | None
    effect: Estimate
    equality: Equality | None
    uninformative: bool | None
    verdict: str
    length: Length | None
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class BiasReport(Report):
    """The biases of all judges of a log.

    Attributes:
        judges: The judges, sorted by name.
        self_preference: The self-preference of the judges whose own model was given.
        identical: The number of judgments of identical jokes, which were made without asking a
            judge and are left out.
        confidence: Confidence level of the intervals.
    """

    judges: tuple[JudgeBias, ...]
    self_preference: tuple[SelfPreference, ...]
    identical: int
    confidence: float

    def to_polars(self) -> pl.DataFrame:
        """Returns one row per judge, with all figures and the ends of their intervals."""
        rows = [judge_row(judge) for judge in self.judges]
        return pl.DataFrame(rows, infer_schema_length=None)

    def ratings(self) -> pl.DataFrame:
        """Returns the ratings by each judge.

        The columns are judge, model, rating, rating_lower, rating_upper, plain_rating and matches.
        """
        frames = [
            judge.position.ratings.select(pl.lit(judge.judge, pl.String).alias("judge"), pl.all())
            for judge in self.judges
            if judge.position is not None
        ]
        return pl.concat(frames) if frames else pl.DataFrame(schema=_RATINGS)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report in JSON types; missing and infinite figures are null."""
        judges = []
        for judge in self.judges:
            found: dict[str, Any] = {
                name: value
                for name, value in vars(judge).items()
                if name not in ("position", "consistency", "length", "equality")
            }
            for name in ("share_first", "tie_share", "effect"):
                found[name] = asdict(found[name])
            for name in ("consistency", "length", "equality"):
                part = getattr(judge, name)
                found[name] = None if part is None else asdict(part)
            position = judge.position
            found["intervals"] = None if position is None else position.intervals
            found["clusters"] = None if position is None else position.clusters
            found["ratings"] = [] if position is None else position.ratings.to_dicts()
            judges.append(found)
        out = {
            "judges": judges,
            "self_preference": [asdict(found) for found in self.self_preference],
            "identical": self.identical,
            "confidence": self.confidence,
            "version": _core.VERSION,
        }
        return dict(as_json.tree(out))

    def ratings_text(self, *, color: bool = False, width: int | None = None) -> str:
        """Returns the ratings with and without the first-position parameter, as text.

        Args:
            color: Whether to use the color codes of a terminal.
            width: The number of characters in a line; see `to_text`.
        """
        return ratings_text(self, Style(color, width))

    def _written(self, style: Style) -> str:
        return report_text(self, style)


_RATINGS: Final = {
    "judge": pl.String,
    "model": pl.String,
    "rating": pl.Float64,
    "rating_lower": pl.Float64,
    "rating_upper": pl.Float64,
    "plain_rating": pl.Float64,
    "matches": pl.Int64,
}


def judge_row(judge: JudgeBias) -> dict[str, Any]:
    """Returns a judge as one row of plain values."""
    swapped, length, test, position = (
        judge.consistency,
        judge.length,
        judge.equality,
        judge.position,
    )
    row: dict[str, Any] = {
        "judge": judge.judge,
        "judgments": judge.judgments,
        "first": judge.first,
        "second": judge.second,
        "ties": judge.ties,
    }
    row |= _ends("share_first", judge.share_first) | _ends("tie_share", judge.tie_share)
    row["swapped"] = None if swapped is None else swapped.comparisons
    for name in ("consistent", "inconsistent", "with_a_tie"):
        row[name] = None if swapped is None else getattr(swapped, name)
    row |= _ends("consistency", NONE if swapped is None else swapped.share)
    row |= _ends("effect", judge.effect)
    row["intervals"] = None if position is None else position.intervals
    row["clusters"] = None if position is None else position.clusters
    row["equal_ratings_p"] = None if test is None else test.p
    row["uninformative"] = judge.uninformative
    row |= _ends("longer_won", NONE if length is None else length.share)
    row |= _ends("length_slope", NONE if length is None else length.slope)
    row |= _ends("length_doubling", NONE if length is None else length.doubling)
    row["verdict"] = judge.verdict
    row["notes"] = "; ".join(judge.notes) or None
    return row


def report_text(report: BiasReport, style: Style) -> str:
    """Returns the report as tables and sentences."""
    header = ["judge", "judgments", "A won", "ties", "consistent", "swapped", "first position"]
    lengths = any(judge.length is not None for judge in report.judges)
    if lengths:
        header += ["longer won", "twice as long"]
    rows = []
    for judge in report.judges:
        swapped, length = judge.consistency, judge.length
        row = [
            judge_label(judge.judge),
            f"{judge.judgments:,}",
            percent(judge.share_first),
            percent(judge.tie_share),
            percent(NONE if swapped is None else swapped.share),
            "-" if swapped is None else f"{swapped.comparisons:,}",
            points(judge.effect),
        ]
        if lengths:
            row.append(percent(NONE if length is None else length.share))
            row.append(points(NONE if length is None else length.doubling))
        rows.append(row)
    drop = ("swapped", "ties", "longer won", "twice as long", "judgments", "consistent", "A won")
    lines = [style.table(header, rows, left={"judge"}, drop=drop), ""]
    for judge in report.judges:
        lines.append(f"{judge_label(judge.judge)}: {judge.verdict}")
        lines += [f"  {note}" for note in judge.notes]
    lines += _preferences(report, style)
    lines.append("")
    lines.append(_legend(report))
    return style.join(lines)


def ratings_text(report: BiasReport, style: Style) -> str:
    """Returns the ratings by each judge with and without the first-position parameter."""
    rows = [
        [
            judge_label(row["judge"]),
            one_line(row["model"]),
            f"{row['rating']:.1f}",
            f"{row['rating_lower']:.1f} to {row['rating_upper']:.1f}",
            f"{row['plain_rating']:.1f}",
            f"{row['matches']:,}",
        ]
        for row in report.ratings().iter_rows(named=True)
    ]
    interval = f"{100 * report.confidence:g} % interval"
    header = ["judge", "model", "rating", interval, "unadjusted", "matches"]
    drop = ("matches", "unadjusted")
    lines = [style.table(header, rows, left={"judge", "model"}, drop=drop)]
    unrated = [judge for judge in report.judges if judge.position is None]
    lines += [""] if unrated else []
    for judge in unrated:
        lines.append(f"{judge_label(judge.judge)}: {judge.verdict}")
        lines += [f"  {note}" for note in judge.notes]
    return style.join([*lines, "", _legend(report)])


def _preferences(report: BiasReport, style: Style) -> list[str]:
    if not report.self_preference:
        return []
    rows, notes = [], []
    for found in report.self_preference:
        others = found.reference
        against = one_line(others[0]) if len(others) == 1 else f"{len(others):,} judges"
        rows.append(
            [
                one_line(found.judge),
                one_line(found.model),
                against,
                "-" if found.own is None else f"{found.own:+.1f}",
                "-" if found.others is None else f"{found.others:+.1f}",
                points(found.preference),
            ]
        )
        if found.note is not None:
            notes.append(f"{one_line(found.judge)}: self-preference: {found.note}")
    header = ["judge", "own model", "compared with", "by own judge", "by others"]
    header.append("self-preference")
    left = {"judge", "own model", "compared with"}
    table = style.table(
        header,
        rows,
        left=left,
        drop=("by others", "by own judge", "compared with"),
        source="--format json",
    )
    return ["", table, *notes]


def _legend(report: BiasReport) -> str:
    kinds: dict[str, int] = {}
    for judge in report.judges:
        if judge.position is not None:
            kinds[judge.position.intervals] = kinds.get(judge.position.intervals, 0) + 1
    words = {
        "prompt": "clustered by prompt",
        "information": "from the inverse information",
    }
    said = " and ".join(
        words[kind] + (f" ({count:,} judges)" if len(kinds) > 1 else "")
        for kind, count in sorted(kinds.items(), reverse=True)
    )
    text = f"{100 * report.confidence:g} % intervals; those of shares are Wilson intervals"
    if said:
        text += f", those of points are {said}"
    if report.identical:
        judgments = number_of(report.identical, "judgment")
        text += f"; {judgments} of identical jokes {be(report.identical)} left out"
    return text


def points(estimate: Estimate) -> str:
    """Returns points with their interval as text."""
    if estimate.value is None:
        return "-"
    if not math.isfinite(estimate.value):
        return "∞" if estimate.value > 0 else "-∞"
    if estimate.lower is None or estimate.upper is None:
        return f"{estimate.value:+.1f}"
    return f"{estimate.value:+.1f} ({estimate.lower:+.1f} to {estimate.upper:+.1f})"


def _ends(label: str, estimate: Estimate) -> dict[str, float | None]:
    return {
        label: estimate.value,
        f"{label}_lower": estimate.lower,
        f"{label}_upper": estimate.upper,
    }
