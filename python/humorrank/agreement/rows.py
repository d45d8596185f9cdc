"""An agreement report as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from humorrank.bias.intervals import NONE, Estimate

if TYPE_CHECKING:
    from humorrank.agreement.boards import BoardComparison
    from humorrank.agreement.raw import Agreement
    from humorrank.agreement.report import AgreementReport

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
    """One row a pair of raters: one, other, their agreement, and their boards side by side."""
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
    """One row a rater: its judgments, and how it agrees with the reference."""
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
    """What a rater is called in sentences."""
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
