"""The report: does the model fit, and what are its predictions worth?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank import _core, as_json, notices
from humorrank.cells import rated, read_cells
from humorrank.errors import OptionError
from humorrank.goodness import text
from humorrank.goodness.calibration import Calibration, calibration
from humorrank.goodness.pairs import PairFit, fitted, pair_fit, refuse_many, worst
from humorrank.progress import Progress
from humorrank.settings import (
    MOST_THREADS,
    Ties,
    check_confidence,
    one_of,
    positive,
    whole,
)

MOST_FOLDS: Final = 1_000
MOST_BINS: Final = 1_000

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


@dataclass(frozen=True, eq=False)
class FitReport:
    """How Bradley-Terry's model fits a log.

    Attributes:
        names: the contestants, in order.
        matches: how many were rated.
        goodness: the tests by pairs.
        worst: the pairs explained worst: model_a (the name that comes first), model_b, matches,
            observed and expected share of model_a, residual (about standard normal under the
            model), p, and p_holm, which allows for all pairs tested; worst first.
        calibration: of predictions on held-out matches; None where it was not asked for.
        cluster: the column by which matches were held out; None for single matches.
        settings: the options.
        filtered: rows that each filter took.
        warnings: what a reader should know.
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
        """One row a pair that met: model_a, model_b, matches, observed, expected, residual.

        The residual is null where the model fits a pair exactly, whatever its matches.
        """
        return _rows(self.names, self.goodness, np.arange(len(self.goodness.low)))

    def bins(self) -> pl.DataFrame:
        """One row a bin: least, most, predicted, observed with its interval, matches."""
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
        """The pairs explained worst."""
        return self.worst

    def to_dict(self) -> dict[str, Any]:
        """Everything but the pairs that are not among the worst, in JSON's types."""
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

    def to_json(self) -> str:
        """`to_dict` as text."""
        return as_json.text(self.to_dict())

    def to_text(self, *, color: bool = False) -> str:
        """The report for people."""
        return text.report_text(self, color=color)

    def __repr__(self) -> str:
        """The report as plain text."""
        return self.to_text()


def check(
    matches: object,
    *,
    cluster: str | None = None,
    folds: int = 5,
    bins: int | Sequence[float] = 10,
    worst_pairs: int = 10,
    confidence: float = 0.95,
    ties: Ties = "half",
    disconnected: Literal["error", "largest"] = "error",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> FitReport:
    """Says whether Bradley-Terry's model fits, and what its predictions are worth.

    Deviance and Pearson's statistic against the model that gives each pair its own share, the
    pairs explained worst, and log loss, Brier score and reliability on held-out matches; formulas
    and sources stand in docs/fit.md. The result depends on the matches, the options and the seed,
    not on the order of rows.

    Args:
        matches: as of `humorrank.rate`.
        cluster: a column ("prompt", "judge"): what shares a value there is held out together, and
            intervals allow for it. A row without a value stands for itself.
        folds: into how many parts the matches are split, each predicted by the others; 0 leaves
            calibration out.
        bins: of reliability: how many of about equal matches, or edges between 0.5 and 1.
        worst_pairs: how many of the pairs explained worst are named.
        confidence: of the intervals.
        ties: "half" a win to each side, or "exclude" them.
        disconnected: where the ratings do not exist: an "error", or take the "largest" connected
            component.
        seed: of the folds.
        threads: all processors by default; never changes the result.
        progress: called with (stage, done, total).
        reading: options of `MatchLog`.

    Raises:
        OptionError: an option has a value that it cannot have, or there are over 5,000 models.
        InputError: the matches cannot be read as they stand.
        NoMaximumError: the ratings do not exist; says who is outside and why.
        ConvergenceError: the maximum could not be certified.
    """
    folds = whole("folds", folds, most=MOST_FOLDS)
    if folds == 1:
        raise OptionError("folds must be 0 (no calibration) or at least 2, not 1")
    edges = _bins(bins)
    worst_pairs = whole("worst_pairs", worst_pairs)
    check_confidence(confidence)
    one_of("ties", ties, ("half", "exclude"))
    one_of("disconnected", disconnected, ("error", "largest"))
    seed = whole("seed", seed, most=2**64 - 1)
    if threads is not None:
        threads = whole("threads", threads, least=1, most=MOST_THREADS)
    cells, tally = read_cells(matches, key=cluster, ties=ties, progress=progress, reading=reading)
    cells, field, outside = rated(cells, disconnected)
    refuse_many(len(cells.names))
    strengths = fitted(field, threads)
    fit = pair_fit(cells.merged(), strengths)
    found = None
    if folds:
        found = calibration(
            cells,
            strengths,
            folds=folds,
            bins=edges,
            confidence=confidence,
            seed=seed,
            threads=threads,
            progress=progress,
        )
    warnings = [*notices.of_reading(tally.report, ties), *notices.of_names(cells.names)]
    warnings += [] if outside is None else [outside]
    warnings += text.warnings(fit, found)
    if cells.group is not None and (alone := int(cells.count[cells.group < 0].sum())):
        warnings.append(f"{alone:,} matches have no {cluster}, and are held out one by one")
    listed = worst(fit, worst_pairs)
    table = _rows(cells.names, fit, np.array([pair for pair, _, _ in listed], np.int64))
    return FitReport(
        cells.names,
        cells.matches,
        fit,
        table.with_columns(
            pl.Series("p", [p for _, p, _ in listed], dtype=pl.Float64),
            pl.Series("p_holm", [p for _, _, p in listed], dtype=pl.Float64),
        ),
        found,
        cluster,
        {
            "folds": folds,
            "bins": edges,
            "worst_pairs": worst_pairs,
            "confidence": confidence,
            "ties": ties,
            "disconnected": disconnected,
            "seed": seed,
        },
        {} if tally.report is None else dict(tally.report.filtered),
        tuple(warnings),
    )


def _rows(names: Sequence[str], fit: PairFit, rows: np.ndarray) -> pl.DataFrame:
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


def _bins(bins: int | Sequence[float]) -> int | tuple[float, ...]:
    """The number of bins, or all their edges.

    Raises:
        OptionError: they can be neither.
    """
    if isinstance(bins, str) or not isinstance(bins, Sequence | np.ndarray):
        return whole("bins", bins, least=1, most=MOST_BINS)
    edges = [positive("bins", edge) for edge in bins]
    inner = [edge for edge in edges if edge not in (0.5, 1.0)]
    edges = [0.5, *inner, 1.0]
    if any(one >= two for one, two in pairwise(edges)):
        raise OptionError(
            f"the edges of bins must rise between 0.5 and 1 (every match is seen from the side of "
            f"its favourite), not {list(bins)!r}"
        )
    return tuple(edges)
