"""A fit report as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from humorrank.text_table import one_line, small, text_table

if TYPE_CHECKING:
    from humorrank.goodness.calibration import Calibration, Scores
    from humorrank.goodness.pairs import PairFit, Test
    from humorrank.goodness.report import FitReport


def warnings(fit: PairFit, calibration: Calibration | None) -> list[str]:
    """What a reader of the figures should know."""
    out = []
    if not fit.degrees:
        out.append(
            "there is nothing to test: pairs that met are one fewer than contestants, so that the "
            "model fits any outcome"
        )
    elif fit.approximate:
        out.append(
            f"too few matches a pair for chi-squared: {fit.small:.0%} of the expected points are "
            f"below 5, the smallest is {fit.least:.2g} (at most 20 % should be, and none below 1); "
            "take both p-values as rough"
        )
    if calibration is not None and calibration.left_out:
        total = calibration.left_out + calibration.predicted
        shown = "; ".join(calibration.reasons[:3])
        more = len(calibration.reasons) - 3
        shown += f"; and {more:,} folds more" if more > 0 else ""
        out.append(
            f"{calibration.left_out:,} of {total:,} held-out matches could not be predicted: "
            f"{shown}"
        )
    return out


def report_text(report: FitReport, *, color: bool = False) -> str:
    """The report as tables and sentences."""
    fit = report.goodness
    lines = [
        f"{len(report.names):,} models, {report.matches:,} matches, {len(fit.low):,} pairs that "
        "met",
        "",
    ]
    rows = [
        [name, f"{test.statistic:.1f}", f"{fit.degrees:,}", p_text(test)]
        for name, test in (("deviance", fit.deviance), ("Pearson's", fit.pearson))
    ]
    header = ["goodness of fit", "statistic", "degrees", "p"]
    lines += [text_table(header, rows, left={"goodness of fit"}, color=color)]
    if fit.degrees and abs(fit.dispersion - 1) > 1e-9:
        lines.append(
            f"p-values are of the statistics over a dispersion of {fit.dispersion:.3f}, as ties "
            "vary less than wins, and weighted matches more"
        )
    if report.worst.height:
        lines += ["", *_worst(report, color=color)]
    if report.calibration is not None:
        lines += ["", *_calibration(report, report.calibration, color=color)]
    return "\n".join(lines)


def p_text(test: Test) -> str:
    """A p-value."""
    return "-" if test.p is None else small(test.p)


def _worst(report: FitReport, *, color: bool) -> list[str]:
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
    header = ["explained worst", "against", "matches", "won", "expected", "residual", "p"]
    header.append("p of all pairs")
    table = text_table(header, rows, left={"explained worst", "against"}, color=color)
    below = int((report.worst["p_holm"] < 1 - report.settings["confidence"]).sum())
    level = f"{1 - report.settings['confidence']:.3g}"
    told = f"no pair is further off than the worst of so many may be, at a level of {level}"
    if below:
        told = f"{below:,} of these are further off than chance explains, at a level of {level}"
    return [table, f"{told} (Holm)"]


def _calibration(report: FitReport, found: Calibration, *, color: bool) -> list[str]:
    held = "single matches" if report.cluster is None else f"whole values of {report.cluster}"
    lines = [f"{found.folds:,} folds of {held}: {found.predicted:,} matches predicted"]
    if found.held_out is None or found.in_sample is None or found.constant is None:
        return lines
    named: tuple[tuple[str, Scores], ...] = (
        ("held out", found.held_out),
        ("in sample", found.in_sample),
        ("always 0.5", found.constant),
    )
    rows = [[name, f"{score.log_loss:.4f}", f"{score.brier:.4f}"] for name, score in named]
    lines += ["", text_table(["predictions", "log loss", "Brier"], rows, left={"predictions"})]
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
    header = ["favourite's chance", "mean", "it won", f"{percent} interval", "matches"]
    lines += ["", text_table(header, rows, left={"favourite's chance"}, color=color)]
    lines.append(
        f"expected calibration error {found.error:.2%}; by chance alone it would be "
        f"{found.error_by_chance:.2%}"
    )
    return lines
