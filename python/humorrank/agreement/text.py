"""An agreement report as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from humorrank.bias.text import name, percent
from humorrank.text_table import one_line, text_table

if TYPE_CHECKING:
    from humorrank.agreement.alpha import Alpha
    from humorrank.agreement.boards import BoardComparison
    from humorrank.agreement.correlation import Correlation
    from humorrank.agreement.raw import Agreement
    from humorrank.agreement.report import AgreementReport, RaterPair
    from humorrank.agreement.triples import Transitivity

_SHOWN_ROWS = 30
_SHOWN_PAIRS = 10
_SHOWN_CYCLES = 5


def report_text(report: AgreementReport, *, color: bool = False) -> str:
    """The report as tables and sentences."""
    lines = [_raters(report, color=color), ""]
    lines += _overall(report)
    if report.pairs:
        lines += ["", _pairs(report, color=color)]
    lines += _reversed(report)
    lines += _cycles(report.transitivity)
    lines += ["", *_notes(report), _legend(report)]
    return "\n".join(lines)


def _raters(report: AgreementReport, *, color: bool) -> str:
    people = any(rater.with_reference is not None for rater in report.raters)
    header = ["rater", "judgments", "ties", "comparisons", "transitivity", "models rated"]
    if people:
        header += ["agrees with reference", "of", "tau with it", "p"]
    cells = []
    for rater in report.raters[:_SHOWN_ROWS]:
        row = [
            name(rater.rater) + (" *" if rater.reference else ""),
            f"{rater.judgments:,}",
            f"{rater.ties:,}",
            f"{rater.comparisons:,}",
            _share(rater.transitivity),
            f"{rater.rated:,}" if rater.rated else "-",
        ]
        if people:
            found = rater.with_reference
            row += [_agreement(found), "-" if found is None else f"{found.comparisons:,}"]
            row += _tau(rater.board)
        cells.append(row)
    lines = [text_table(header, cells, left={"rater"}, color=color)]
    more = len(report.raters) - len(cells)
    if more:
        lines.append(f"... and {more:,} more raters")
    if people:
        lines.append("* of the reference, measured by the others of it")
    return "\n".join(lines)


def _overall(report: AgreementReport) -> list[str]:
    raw = report.raw
    lines = [_alpha("Krippendorff's alpha", report.alpha)]
    if report.reference_alpha is not None:
        lines.append(_alpha("alpha within the reference", report.reference_alpha))
    if raw.micro.share.value is None or raw.macro is None:
        lines.append("raw agreement: none, as no comparison has judgments of two raters")
    else:
        lines.append(
            f"raw agreement: {percent(raw.micro.share)} of {raw.micro.pairs:,.0f} pairs of "
            f"judgments; {raw.macro:.1%} on the mean of {raw.rater_pairs:,} pairs of raters"
        )
    found = report.transitivity
    if found.share is None:
        lines.append(f"transitivity: none, as {found.note}")
    else:
        text = f"transitivity: {found.share:.4g} of {found.triples:,} triples have no cycle"
        if found.tied:
            text += f"; {found.tied:,} more have a pair with equal points"
        lines.append(text)
    return lines


def _alpha(what: str, found: Alpha) -> str:
    value = found.alpha
    if value.value is None:
        return f"{what}: none, as {found.note}"
    text = f"{what}: {value.value:.3f}"
    if value.lower is not None and value.upper is not None:
        text += f" ({value.lower:.3f} to {value.upper:.3f})"
    text += f", {found.raters:,} raters on {found.units:,} shared comparisons" + (
        f"; {found.note}" if found.note else ""
    )
    return text


def _pairs(report: AgreementReport, *, color: bool) -> str:
    header = ["one", "other", "agree", "of", "tau", "p", "rho", "p of rho", "reversed"]
    cells = []
    for pair in report.pairs[:_SHOWN_ROWS]:
        found = pair.agreement
        boards = pair.boards
        cells.append(
            [
                name(pair.one),
                name(pair.other),
                _agreement(found),
                "-" if found is None else f"{found.comparisons:,}",
                *_tau(boards),
                *(["-", "-"] if boards is None else _correlation(boards.spearman)),
                "-" if boards is None else f"{boards.reversed:,} of {boards.pairs:,}",
            ]
        )
    table = text_table(header, cells, left={"one", "other"}, color=color)
    more = len(report.pairs) - len(cells)
    return table + (f"\n... and {more:,} more pairs of raters" if more else "")


def _reversed(report: AgreementReport) -> list[str]:
    if len(report.pairs) != 1:
        return []
    pair: RaterPair = report.pairs[0]
    if pair.boards is None or not pair.boards.discordant:
        return []
    one, other = name(pair.one), name(pair.other)
    lines = ["", f"ordered differently, with the ratings by {one} and by {other}:"]
    lines += [
        f"  {one_line(found.better)} ({found.better_one:.0f}, {found.better_other:.0f}) and "
        f"{one_line(found.worse)} ({found.worse_one:.0f}, {found.worse_other:.0f})"
        for found in pair.boards.discordant[:_SHOWN_PAIRS]
    ]
    more = pair.boards.reversed - min(len(pair.boards.discordant), _SHOWN_PAIRS)
    return lines + ([f"  and {more:,} more"] if more else [])


def _cycles(found: Transitivity) -> list[str]:
    if not found.cycles:
        return []
    lines = ["", "cycles, with the share of the points that each took from the next:"]
    for cycle in found.cycles[:_SHOWN_CYCLES]:
        parts = zip(map(one_line, cycle.models), cycle.shares, strict=True)
        steps = " > ".join(f"{model} ({share:.0%})" for model, share in parts)
        lines.append(f"  {steps} > {one_line(cycle.models[0])}")
    more = found.cyclic - min(len(found.cycles), _SHOWN_CYCLES)
    return lines + ([f"  and {more:,} more"] if more else [])


def _notes(report: AgreementReport) -> list[str]:
    lines = [f"note: {note}" for note in report.notes]
    without = [rater for rater in report.raters if rater.no_board is not None]
    lines += [
        f"no board of {name(rater.rater)}: {rater.no_board}" for rater in without[:_SHOWN_PAIRS]
    ]
    if len(without) > _SHOWN_PAIRS:
        lines.append(f"and {len(without) - _SHOWN_PAIRS:,} more raters without a board")
    if report.no_reference_board is not None:
        lines.append(f"no board of the reference: {report.no_reference_board}")
    return lines


def _legend(report: AgreementReport) -> str:
    text = (
        f"{100 * report.confidence:g} % intervals: Wilson's for shares, allowing for comparisons "
        "judged more than twice, and a bootstrap over comparisons for alpha"
    )
    if report.identical:
        text += f"; {report.identical:,} judgments of identical jokes are left out"
    return text


def _share(found: Transitivity | None) -> str:
    return "-" if found is None or found.share is None else f"{found.share:.4g}"


def _agreement(found: Agreement | None) -> str:
    return "-" if found is None else percent(found.share)


def _tau(boards: BoardComparison | None) -> list[str]:
    return ["-", "-"] if boards is None else _correlation(boards.kendall)


def _correlation(found: Correlation) -> list[str]:
    if found.value is None:
        return ["-", "-"]
    p = "-" if found.p is None else f"{found.p:.2g}" if found.p >= 1e-4 else "< 0.0001"
    return [f"{found.value:.3f}", p]
