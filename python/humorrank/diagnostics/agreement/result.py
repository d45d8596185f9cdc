"""The result of the agreement report as rows, JSON and text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from humorrank import _core
from humorrank._stats.correlation import Correlation
from humorrank._stats.estimate import NONE, Estimate, percent
from humorrank._util import json as as_json
from humorrank._util.reporting import Report
from humorrank._util.text import Style, be, judge_label, number_of, one_line
from humorrank.diagnostics.agreement.alpha import Alpha
from humorrank.diagnostics.agreement.boards import BoardComparison
from humorrank.diagnostics.agreement.raw import Agreement, RawAgreement
from humorrank.diagnostics.agreement.triples import Transitivity


@dataclass(frozen=True, eq=False)
class Rater:
    """One rater.

    Attributes:
        rater: The name of the rater; None if the log does not name one.
        judgments: The number of its judgments.
        ties: The number of ties among them.
        comparisons: The number of comparisons it judged.
        reference: Whether the rater belongs to the reference.
        with_reference: The agreement with the other raters of the reference; None without a
            reference.
        transitivity: The transitivity of its majority outcomes; None if it was not computed.
        rated: The number of models on its board; 0 without a board.
        no_board: The reason why it has no board; None if it has one.
        board: The comparison of its board with that of the reference; None if either is missing.
    """

    rater: str | None
    judgments: int
    ties: int
    comparisons: int
    reference: bool
    with_reference: Agreement | None
    transitivity: Transitivity | None
    rated: int
    no_board: str | None
    board: BoardComparison | None


@dataclass(frozen=True, eq=False)
class RaterPair:
    """A pair of raters.

    Attributes:
        one: The name of the first rater.
        other: The name of the second rater.
        agreement: The agreement on comparisons that both judged; None if there are none.
        boards: The comparison of their boards; None if one of them has no board.
        no_boards: The reason why the boards are not compared; None otherwise.
    """

    one: str | None
    other: str | None
    agreement: Agreement | None
    boards: BoardComparison | None
    no_boards: str | None


@dataclass(frozen=True, eq=False, repr=False)
class AgreementReport(Report):
    """Agreement between raters, and between their boards.

    Attributes:
        raters: The raters, sorted by name.
        pairs: The pairs of raters that share comparisons, or whose boards were compared.
        alpha: Krippendorff's alpha of all raters.
        reference_alpha: Krippendorff's alpha of the raters of the reference; None without a
            reference.
        raw: The raw agreement of all raters.
        transitivity: The transitivity of all judgments together.
        no_reference_board: The reason why the reference has no board; None if it has one, or if
            there is no reference.
        identical: The number of judgments of identical jokes, which were made without asking a
            judge and are left out.
        confidence: Confidence level of the intervals.
        seed: Random seed of the bootstrap.
        notes: Notes for the reader.
    """

    raters: tuple[Rater, ...]
    pairs: tuple[RaterPair, ...]
    alpha: Alpha
    reference_alpha: Alpha | None
    raw: RawAgreement
    transitivity: Transitivity
    no_reference_board: str | None
    identical: int
    confidence: float
    seed: int
    notes: tuple[str, ...]

    def to_polars(self) -> pl.DataFrame:
        """Returns one row per pair of raters."""
        return pairs_table(self)

    def raters_table(self) -> pl.DataFrame:
        """Returns one row per rater."""
        return raters_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report in JSON types; missing figures are null.

        The models that two boards have in common are replaced by their number.
        """
        out = {
            "alpha": asdict(self.alpha),
            "reference_alpha": _dict(self.reference_alpha),
            "raw": asdict(self.raw),
            "transitivity": asdict(self.transitivity),
            "raters": [_short(rater) for rater in self.raters],
            "pairs": [_short(pair) for pair in self.pairs],
            "no_reference_board": self.no_reference_board,
            "identical": self.identical,
            "confidence": self.confidence,
            "seed": self.seed,
            "notes": list(self.notes),
            "version": _core.VERSION,
        }
        return dict(as_json.tree(out))

    def _written(self, style: Style) -> str:
        return report_text(self, style)


def _dict(value: Any) -> Any:  # noqa: ANN401 - a dataclass or nothing
    return None if value is None else asdict(value)


def _short(value: Rater | RaterPair) -> dict[str, Any]:
    found = asdict(value)
    for name in ("board", "boards"):
        if found.get(name) is not None:
            found[name]["common"] = len(found[name]["common"])
    return found


_SHARED: Final = {
    "agreement": pl.Float64,
    "agreement_lower": pl.Float64,
    "agreement_upper": pl.Float64,
    "agreement_pairs": pl.Float64,
    "comparisons": pl.Int64,
}

_BOARDS: Final = {
    "tau": pl.Float64,
    "tau_p": pl.Float64,
    "rho": pl.Float64,
    "rho_p": pl.Float64,
    "common": pl.Int64,
    "model_pairs": pl.Int64,
    "reversed": pl.Int64,
}


def pairs_table(report: AgreementReport) -> pl.DataFrame:
    """Returns one row per pair of raters, with their agreement and that of their boards."""
    rows = [
        {"one": pair.one, "other": pair.other}
        | _agreement(pair.agreement)
        | _boards(pair.boards)
        | {"note": pair.no_boards}
        for pair in report.pairs
    ]
    ends = {"one": pl.String, "other": pl.String}
    return pl.DataFrame(rows, schema={**ends, **_SHARED, **_BOARDS, "note": pl.String})


def raters_table(report: AgreementReport) -> pl.DataFrame:
    """Returns one row per rater, with its judgments and its agreement with the reference."""
    rows = []
    for rater in report.raters:
        found = rater.transitivity
        rows.append(
            {
                "rater": rater.rater,
                "judgments": rater.judgments,
                "ties": rater.ties,
                "judged": rater.comparisons,
                "reference": rater.reference,
                "transitivity": None if found is None else found.share,
                "triples": None if found is None else found.triples,
                "cyclic": None if found is None else found.cyclic,
                "tied_triples": None if found is None else found.tied,
                "rated": rater.rated,
            }
            | _agreement(rater.with_reference)
            | _boards(rater.board)
            | {"note": rater.no_board}
        )
    own = {
        "rater": pl.String,
        "judgments": pl.Int64,
        "ties": pl.Int64,
        "judged": pl.Int64,
        "reference": pl.Boolean,
        "transitivity": pl.Float64,
        "triples": pl.Int64,
        "cyclic": pl.Int64,
        "tied_triples": pl.Int64,
        "rated": pl.Int64,
    }
    return pl.DataFrame(rows, schema={**own, **_SHARED, **_BOARDS, "note": pl.String})


def named(rater: str | None) -> str:
    """Returns the name of a rater in sentences."""
    return "(no name)" if rater is None else rater


def _agreement(found: Agreement | None) -> dict[str, Any]:
    share: Estimate = NONE if found is None else found.share
    return {
        "agreement": share.value,
        "agreement_lower": share.lower,
        "agreement_upper": share.upper,
        "agreement_pairs": None if found is None else found.pairs,
        "comparisons": None if found is None else found.comparisons,
    }


def _boards(found: BoardComparison | None) -> dict[str, Any]:
    if found is None:
        return dict.fromkeys(_BOARDS)
    return {
        "tau": found.kendall.value,
        "tau_p": found.kendall.p,
        "rho": found.spearman.value,
        "rho_p": found.spearman.p,
        "common": len(found.common),
        "model_pairs": found.pairs,
        "reversed": found.reversed,
    }


_SHOWN_ROWS = 30

_SHOWN_PAIRS = 10

_SHOWN_CYCLES = 5


def report_text(report: AgreementReport, style: Style) -> str:
    """Returns the report as tables and sentences."""
    lines = [*_raters(report, style), ""]
    lines += _overall(report)
    if report.pairs:
        lines += ["", *_pairs(report, style)]
    lines += _reversed(report)
    lines += _cycles(report.transitivity)
    lines += ["", *_notes(report), _legend(report)]
    return style.join(lines)


def _raters(report: AgreementReport, style: Style) -> list[str]:
    people = any(rater.with_reference is not None for rater in report.raters)
    header = ["rater", "judgments", "ties", "comparisons", "transitivity", "models rated"]
    if people:
        header += ["agreement with reference", "of", "tau with reference", "p"]
    cells = []
    for rater in report.raters[:_SHOWN_ROWS]:
        row = [
            judge_label(rater.rater) + (" *" if rater.reference else ""),
            f"{rater.judgments:,}",
            f"{rater.ties:,}",
            f"{rater.comparisons:,}",
            _share(rater.transitivity),
            f"{rater.rated:,}" if rater.rated else "-",
        ]
        if people:
            found = rater.with_reference
            row += [_agreement_cell(found), "-" if found is None else f"{found.comparisons:,}"]
            row += _tau(rater.board)
        cells.append(row)
    drop = ("ties", "models rated", "transitivity", "comparisons", "p", "of", "judgments")
    lines = [style.table(header, cells, left={"rater"}, drop=drop, source="--format json")]
    more = len(report.raters) - len(cells)
    if more:
        lines.append(f"... and {number_of(more, 'more rater')}")
    if people:
        lines.append("* belongs to the reference and is compared with its other raters")
    return lines


def _overall(report: AgreementReport) -> list[str]:
    raw = report.raw
    lines = [_alpha("Krippendorff's alpha", report.alpha)]
    if report.reference_alpha is not None:
        lines.append(_alpha("alpha within the reference", report.reference_alpha))
    if raw.micro.share.value is None or raw.macro is None:
        lines.append("raw agreement: none, as no comparison has judgments by two raters")
    else:
        lines.append(
            f"raw agreement: {percent(raw.micro.share)} of {raw.micro.pairs:,.0f} pairs of "
            f"judgments; {raw.macro:.1%} on average over "
            f"{number_of(raw.rater_pairs, 'pair')} of raters"
        )
    found = report.transitivity
    if found.share is None:
        lines.append(f"transitivity: none, as {found.note}")
    else:
        triples = number_of(found.triples, "triple")
        text = f"transitivity: {found.share:.4g}, the share of {triples} without a cycle"
        if found.tied:
            more = number_of(found.tied, "more triple has", "more triples have")
            text += f"; {more} a pair with equal points"
        lines.append(text)
    return lines


def _alpha(what: str, found: Alpha) -> str:
    value = found.alpha
    if value.value is None:
        return f"{what}: none, as {found.note}"
    text = f"{what}: {value.value:.3f}"
    if value.lower is not None and value.upper is not None:
        text += f" ({value.lower:.3f} to {value.upper:.3f})"
    text += f", {number_of(found.raters, 'rater')} on {number_of(found.units, 'shared comparison')}"
    text += f"; {found.note}" if found.note else ""
    return text


def _pairs(report: AgreementReport, style: Style) -> list[str]:
    header = ["rater", "other rater", "agreement", "of", "tau", "p", "rho", "p of rho", "reversed"]
    cells = []
    for pair in report.pairs[:_SHOWN_ROWS]:
        found = pair.agreement
        boards = pair.boards
        cells.append(
            [
                judge_label(pair.one),
                judge_label(pair.other),
                _agreement_cell(found),
                "-" if found is None else f"{found.comparisons:,}",
                *_tau(boards),
                *(["-", "-"] if boards is None else _correlation(boards.spearman)),
                "-" if boards is None else f"{boards.reversed:,} of {boards.pairs:,}",
            ]
        )
    drop = ("p of rho", "rho", "of", "p", "reversed")
    table = style.table(header, cells, left={"rater", "other rater"}, drop=drop)
    more = len(report.pairs) - len(cells)
    return [table, *([f"... and {number_of(more, 'more pair')} of raters"] if more else [])]


def _reversed(report: AgreementReport) -> list[str]:
    if len(report.pairs) != 1:
        return []
    pair: RaterPair = report.pairs[0]
    if pair.boards is None or not pair.boards.discordant:
        return []
    one, other = judge_label(pair.one), judge_label(pair.other)
    lines = ["", f"models ordered differently, with their ratings by {one} and by {other}:"]
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
    lines = ["", "cycles, with the share of points that each model won against the next:"]
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
        f"no board for {judge_label(rater.rater)}: {rater.no_board}"
        for rater in without[:_SHOWN_PAIRS]
    ]
    if len(without) > _SHOWN_PAIRS:
        lines.append(f"and {number_of(len(without) - _SHOWN_PAIRS, 'more rater')} without a board")
    if report.no_reference_board is not None:
        lines.append(f"no board for the reference: {report.no_reference_board}")
    return lines


def _legend(report: AgreementReport) -> str:
    text = (
        f"{100 * report.confidence:g} % intervals: Wilson intervals for shares, adjusted for "
        "comparisons with more than two judgments, and a bootstrap over comparisons for alpha"
    )
    if report.identical:
        judgments = number_of(report.identical, "judgment")
        text += f"; {judgments} of identical jokes {be(report.identical)} left out"
    return text


def _share(found: Transitivity | None) -> str:
    return "-" if found is None or found.share is None else f"{found.share:.4g}"


def _agreement_cell(found: Agreement | None) -> str:
    return "-" if found is None else percent(found.share)


def _tau(boards: BoardComparison | None) -> list[str]:
    return ["-", "-"] if boards is None else _correlation(boards.kendall)


def _correlation(found: Correlation) -> list[str]:
    if found.value is None:
        return ["-", "-"]
    p = "-" if found.p is None else f"{found.p:.2g}" if found.p >= 1e-4 else "< 0.0001"
    return [f"{found.value:.3f}", p]
