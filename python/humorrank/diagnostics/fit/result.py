"""The result of the fit report as tables, JSON and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._util import json as as_json
from humorrank._util.reporting import Report
from humorrank._util.text import Style, number_of, one_line, small
from humorrank.diagnostics.fit.calibration import Calibration, PredictionScores
from humorrank.diagnostics.fit.pairs import PairFit, Test

PAIRS: Final = {
    "model_a": pl.String,
    "model_b": pl.String,
    "matches": pl.Int64,
    "observed": pl.Float64,
    "expected": pl.Float64,
    "residual": pl.Float64,
}

WORST: Final = {**PAIRS, "p": pl.Float64, "p_holm": pl.Float64}

BINS: Final = {
    "least": pl.Float64,
    "most": pl.Float64,
    "predicted": pl.Float64,
    "observed": pl.Float64,
    "observed_lower": pl.Float64,
    "observed_upper": pl.Float64,
    "matches": pl.Int64,
}


@dataclass(frozen=True, eq=False, repr=False)
class FitReport(Report):
    """The fit of the Bradley-Terry model to a log.

    Attributes:
        names: The names of the contestants, sorted.
        matches: The number of matches rated.
        goodness: The tests by pairs.
        worst: A frame of the pairs that fit worst, worst first, with the columns model_a (the name
            that comes first), model_b, matches, observed and expected (shares of model_a),
            residual (about standard normal under the model), p, and p_holm, which is adjusted for
            the number of pairs tested.
        calibration: The calibration on held-out matches; None if it was not requested.
        cluster: The column by which matches were held out; None for single matches.
        settings: The options.
        filtered: The number of rows removed by each filter.
        warnings: Warnings for the reader.
    """

    names: tuple[str, ...]
    matches: int
    goodness: PairFit
    worst: pl.DataFrame
    calibration: Calibration | None
    cluster: str | None
    settings: Mapping[str, Any]
    filtered: Mapping[str, int]
    warnings: tuple[str, ...]

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """One row per pair that met: model_a, model_b, matches, observed, expected, residual.

        The residual is null if the model always fits the pair exactly.
        """
        return pairs_table(self.names, self.goodness, np.arange(len(self.goodness.low)))

    def bins(self) -> pl.DataFrame:
        """Returns one row per bin: least, most, predicted, observed with its interval, matches."""
        found = () if self.calibration is None else self.calibration.bins
        return pl.DataFrame(
            [
                (
                    one.least,
                    one.most,
                    one.predicted,
                    one.observed.value,
                    one.observed.lower,
                    one.observed.upper,
                    one.matches,
                )
                for one in found
            ],
            schema=BINS,
            orient="row",
        )

    def to_polars(self) -> pl.DataFrame:
        """Returns the pairs that fit worst."""
        return self.worst

    def to_dict(self) -> dict[str, Any]:
        """Returns the report in JSON types, without the pairs that are not among the worst."""
        fit = self.goodness
        held = None
        if self.calibration is not None:
            held = {**asdict(self.calibration), "bins": self.bins().to_dicts()}
        out = {
            "models": len(self.names),
            "matches": self.matches,
            "pairs": len(fit.low),
            "deviance": asdict(fit.deviance),
            "pearson": asdict(fit.pearson),
            "degrees": fit.degrees,
            "dispersion": fit.dispersion,
            "small_cells": fit.small,
            "least_expected": fit.least,
            "approximation_holds": not fit.approximate,
            "worst": self.worst.to_dicts(),
            "calibration": held,
            "cluster": self.cluster,
            "settings": dict(self.settings),
            "warnings": list(self.warnings),
            "version": _core.VERSION,
        }
        return dict(as_json.tree(out))

    def _written(self, style: Style) -> str:
        return report_text(self, style)


def pairs_table(names: Sequence[str], fit: PairFit, rows: np.ndarray) -> pl.DataFrame:
    """Returns some pairs of a fit as a frame with the columns `PAIRS`."""
    name = pl.Series(names, dtype=pl.String)
    columns = {
        "model_a": name.gather(fit.low[rows]),
        "model_b": name.gather(fit.high[rows]),
        "matches": fit.matches[rows],
        "observed": fit.observed[rows],
        "expected": fit.expected[rows],
        "residual": pl.Series(fit.residual[rows], nan_to_null=True, dtype=pl.Float64),
    }
    return pl.DataFrame(columns, schema_overrides=PAIRS)


def warnings(fit: PairFit, calibration: Calibration | None) -> list[str]:
    """Returns warnings for the reader of the figures."""
    out = []
    if not fit.degrees:
        out.append(
            "there is nothing to test: the number of pairs that met is one less than the number "
            "of contestants, so the model fits any outcome"
        )
    elif fit.approximate:
        out.append(
            f"too few matches per pair for chi-squared: {fit.small:.0%} of the expected points are "
            f"below 5 and the smallest is {fit.least:.2g} (at most 20 % should be below 5, and "
            "none below 1); both p-values are rough"
        )
    if calibration is not None and calibration.left_out:
        total = calibration.left_out + calibration.predicted
        shown = "; ".join(calibration.reasons[:3])
        more = len(calibration.reasons) - 3
        shown += f"; and {number_of(more, 'more fold')}" if more > 0 else ""
        out.append(
            f"{calibration.left_out:,} of {total:,} held-out matches could not be predicted: "
            f"{shown}"
        )
    return out


def report_text(report: FitReport, style: Style) -> str:
    """Returns the report as tables and sentences."""
    fit = report.goodness
    lines = [
        f"{number_of(len(report.names), 'model')}, "
        f"{number_of(report.matches, 'match', 'matches')}, "
        f"{number_of(len(fit.low), 'pair')} that met",
        "",
    ]
    rows = [
        [name, f"{test.statistic:.1f}", f"{fit.degrees:,}", p_text(test)]
        for name, test in (("deviance", fit.deviance), ("Pearson's", fit.pearson))
    ]
    header = ["goodness of fit", "statistic", "degrees", "p"]
    drop = ("degrees", "statistic")
    lines += [style.table(header, rows, left={"goodness of fit"}, drop=drop)]
    if fit.degrees and abs(fit.dispersion - 1) > 1e-9:
        lines.append(
            "the p-values are those of the statistics divided by a dispersion of "
            f"{fit.dispersion:.3f}, because ties vary less than wins and weighted matches more"
        )
    if report.worst.height:
        lines += ["", *_worst(report, style)]
    if report.calibration is not None:
        lines += ["", *_calibration(report, report.calibration, style)]
    return style.join(lines)


def p_text(test: Test) -> str:
    """Returns a p-value as text."""
    return "-" if test.p is None else small(test.p)


def _worst(report: FitReport, style: Style) -> list[str]:
    rows = [
        [
            one_line(row["model_a"]),
            one_line(row["model_b"]),
            f"{row['matches']:,}",
            f"{row['observed']:.1%}",
            f"{row['expected']:.1%}",
            f"{row['residual']:+.2f}",
            small(row["p"]),
            small(row["p_holm"]),
        ]
        for row in report.worst.iter_rows(named=True)
    ]
    header = ["worst fit", "against", "matches", "won", "expected", "residual", "p"]
    header.append("p of all pairs")
    drop = ("p", "residual", "matches", "expected", "won")
    table = style.table(header, rows, left={"worst fit", "against"}, drop=drop)
    below = int((report.worst["p_holm"] < 1 - report.settings["confidence"]).sum())
    level = f"{1 - report.settings['confidence']:.3g}"
    told = f"no pair deviates more than chance explains, at a level of {level} for all pairs"
    if below:
        deviate = "deviates" if below == 1 else "deviate"
        told = f"{below:,} of these pairs {deviate} more than chance explains, at a level of "
        told += f"{level} for all pairs"
    return [table, f"{told} (Holm)"]


def _calibration(report: FitReport, found: Calibration, style: Style) -> list[str]:
    held = "single matches" if report.cluster is None else f"matches grouped by {report.cluster}"
    lines = [f"{found.folds:,} folds of {held}: {found.predicted:,} matches predicted"]
    if found.held_out is None or found.in_sample is None or found.constant is None:
        return lines
    named: tuple[tuple[str, PredictionScores], ...] = (
        ("held out", found.held_out),
        ("in sample", found.in_sample),
        ("always 0.5", found.constant),
    )
    rows = [[name, f"{score.log_loss:.4f}", f"{score.brier:.4f}"] for name, score in named]
    lines += ["", style.table(["predictions", "log loss", "Brier"], rows, left={"predictions"})]
    percent = f"{100 * report.settings['confidence']:g} %"
    rows = [
        [
            f"{one.least:.1%} to {one.most:.1%}",
            f"{one.predicted:.1%}",
            f"{one.observed.value:.1%}",
            f"{one.observed.lower:.1%} to {one.observed.upper:.1%}",
            f"{one.matches:,}",
        ]
        for one in found.bins
    ]
    header = ["predicted for favorite", "mean", "observed", f"{percent} interval", "matches"]
    lines += [
        "",
        style.table(
            header,
            rows,
            left={"predicted for favorite"},
            drop=("matches", "mean"),
            source="--show reliability --format csv",
        ),
    ]
    lines.append(
        f"expected calibration error {found.error:.2%}; correct predictions would give "
        f"{found.error_by_chance:.2%} by chance"
    )
    return lines
