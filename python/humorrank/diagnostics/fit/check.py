"""The report: does the model fit, and what are its predictions worth?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._util.checks import check_confidence, one_of, positive, whole
from humorrank._util.progress import Progress
from humorrank.diagnostics.cells import rated_cells, read_cells, refuse_many
from humorrank.diagnostics.fit.calibration import calibration
from humorrank.diagnostics.fit.pairs import fitted, pair_fit, worst
from humorrank.diagnostics.fit.result import FitReport, pairs_table, warnings
from humorrank.errors import OptionError
from humorrank.rating import notices
from humorrank.rating.settings import MOST_THREADS, Ties

MOST_FOLDS: Final = 1_000
MOST_BINS: Final = 1_000


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
    and sources stand in docs/statistics/fit.md. The result depends on the matches, the options and the seed,
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
    cells, field, outside = rated_cells(cells, disconnected)
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
    told = [*notices.of_reading(tally.report, ties), *notices.of_names(cells.names)]
    told += [] if outside is None else [outside]
    told += warnings(fit, found)
    if cells.group is not None and (alone := int(cells.count[cells.group < 0].sum())):
        told.append(f"{alone:,} matches have no {cluster}, and are held out one by one")
    listed = worst(fit, worst_pairs)
    table = pairs_table(cells.names, fit, np.array([pair for pair, _, _ in listed], np.int64))
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
        tuple(told),
    )


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
