"""A bias report as rows and as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from humorrank.bias.intervals import NONE, Estimate
from humorrank.text_table import one_line, text_table

if TYPE_CHECKING:
    from humorrank.bias.report import BiasReport, JudgeBias


def flat(judge: JudgeBias) -> dict[str, Any]:
    """A judge as one row of plain values."""
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


def report_text(report: BiasReport, *, color: bool = False) -> str:
    """The report as tables and sentences."""
    header = ["judge", "judgments", "A won", "ties", "consistent", "swapped", "first is worth"]
    lengths = any(judge.length is not None for judge in report.judges)
    if lengths:
        header += ["longer won", "twice as long"]
    rows = []
    for judge in report.judges:
        swapped, length = judge.consistency, judge.length
        row = [
            name(judge.judge),
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
    lines = [text_table(header, rows, left={"judge"}, color=color), ""]
    for judge in report.judges:
        lines.append(f"{name(judge.judge)}: {judge.verdict}")
        lines += [f"  {note}" for note in judge.notes]
    lines += _preferences(report, color=color)
    lines.append("")
    lines.append(_legend(report))
    return "\n".join(lines)


def ratings_text(report: BiasReport, *, color: bool = False) -> str:
    """Ratings with and without the first-position parameter, judge by judge."""
    rows = [
        [
            name(row["judge"]),
            one_line(row["model"]),
            f"{row['rating']:.1f}",
            f"{row['rating_lower']:.1f} to {row['rating_upper']:.1f}",
            f"{row['plain_rating']:.1f}",
            f"{row['matches']:,}",
        ]
        for row in report.ratings().iter_rows(named=True)
    ]
    interval = f"{100 * report.confidence:g} % interval"
    header = ["judge", "model", "rating", interval, "without position", "matches"]
    lines = [text_table(header, rows, left={"judge", "model"}, color=color)]
    unrated = [judge for judge in report.judges if judge.position is None]
    lines += [""] if unrated else []
    for judge in unrated:
        lines.append(f"{name(judge.judge)}: {judge.verdict}")
        lines += [f"  {note}" for note in judge.notes]
    return "\n".join([*lines, "", _legend(report)])


def _preferences(report: BiasReport, *, color: bool) -> list[str]:
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
    header = ["judge", "own model", "against", "by itself", "by others", "self-preference"]
    table = text_table(header, rows, left={"judge", "own model", "against"}, color=color)
    return ["", table, *notes]


def _legend(report: BiasReport) -> str:
    kinds: dict[str, int] = {}
    for judge in report.judges:
        if judge.position is not None:
            kinds[judge.position.intervals] = kinds.get(judge.position.intervals, 0) + 1
    words = {
        "prompt": "robust over prompts",
        "information": "of the inverse information",
    }
    said = " and ".join(
        words[kind] + (f" ({count:,} judges)" if len(kinds) > 1 else "")
        for kind, count in sorted(kinds.items(), reverse=True)
    )
    text = f"{100 * report.confidence:g} % intervals; those of shares are Wilson's"
    if said:
        text += f", those of points are {said}"
    if report.identical:
        text += f"; {report.identical:,} judgments of identical jokes are left out"
    return text


def name(judge: str | None) -> str:
    """A judge's name on one line."""
    return "(no name)" if judge is None else one_line(judge)


def percent(estimate: Estimate) -> str:
    """A share with its interval."""
    if estimate.value is None or estimate.lower is None or estimate.upper is None:
        return "-"
    return f"{estimate.value:.1%} ({100 * estimate.lower:.1f} to {100 * estimate.upper:.1f})"


def points(estimate: Estimate) -> str:
    """Points with their interval."""
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
