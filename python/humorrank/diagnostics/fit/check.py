"""The fit report: goodness of fit and calibration of the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._util.checks import check_confidence, one_of, positive, whole
from humorrank._util.progress import Progress
from humorrank._util.text import be, number_of
from humorrank.diagnostics.cells import rated_cells, read_cells, refuse_many
from humorrank.diagnostics.fit.calibration import calibration
from humorrank.diagnostics.fit.pairs import fitted, pair_fit, worst
from humorrank.diagnostics.fit.result import FitReport, pairs_table, warnings
from humorrank.errors import OptionError
from humorrank.matches.source import cluster_keys
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
    """Checks how well the Bradley-Terry model fits and how accurate its predictions are.

    The report contains the deviance and Pearson's statistic against the saturated model, which
    gives each pair its own share. It lists the pairs that fit worst, and gives the log loss, Brier
    score and reliability on held-out matches. The formulas are in docs/statistics/fit.md. The
    result depends on the matches, the options and the seed, but not on the order of the rows.

    Args:
        matches: The matches, as `humorrank.rate` accepts them.
        cluster: A column such as "prompt" or "judge". Matches with the same value are held out
            together, and the intervals account for their correlation. A row without a value is its
            own cluster. The pairs of rankings and other ballots are held out by ballot by default;
            "none" treats them as independent.
        folds: The number of folds, each of which is predicted from the others; 0 omits
            calibration.
        bins: The number of reliability bins with about equal numbers of matches, or their edges
            between 0.5 and 1.
        worst_pairs: The number of worst-fitting pairs to list.
        confidence: Confidence level of the intervals.
        ties: How ties are handled: as "half" a win for each side, or "exclude" to drop them.
        disconnected: What to do if the ratings do not exist: raise an "error", or use the
            "largest" connected component.
        seed: Random seed for the folds.
        threads: Number of threads; all processors by default. It never changes the result.
        progress: A function called with (stage, done, total).
        reading: The options of `MatchLog`.

    Raises:
        OptionError: If an option has an invalid value, or there are over 5,000 models.
        InputError: If the matches cannot be read.
        NoMaximumError: If the ratings do not exist. The message names the contestants at fault.
        ConvergenceError: If the maximum could not be certified.
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
    (*keys,), ballots = cluster_keys(cluster)
    cells, tally = read_cells(
        matches,
        key=keys[0] if keys else None,
        ties=ties,
        progress=progress,
        reading=reading,
        ballots=ballots,
    )
    cluster = next(iter(tally.keys), None)
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
    if ballots and cluster is not None:
        told.append(
            "the matches are pairs of ballots, which are held out as a whole (cluster='none', "
            "--cluster none, holds out single pairs); the tests of fit treat the pairs as "
            "independent"
        )
    told += [] if outside is None else [outside]
    told += warnings(fit, found)
    if cells.group is not None and (alone := int(cells.count[cells.group < 0].sum())):
        told.append(
            f"{number_of(alone, 'match has', 'matches have')} no {cluster} and "
            f"{be(alone)} held out individually"
        )
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
    """Returns the number of bins, or all their edges.

    Raises:
        OptionError: If the bins are neither a number nor valid edges.
    """
    if isinstance(bins, str) or not isinstance(bins, Sequence | np.ndarray):
        return whole("bins", bins, least=1, most=MOST_BINS)
    edges = [positive("bins", edge) for edge in bins]
    inner = [edge for edge in edges if edge not in (0.5, 1.0)]
    edges = [0.5, *inner, 1.0]
    if any(one >= two for one, two in pairwise(edges)):
        raise OptionError(
            f"the edges of bins must increase from 0.5 to 1 (every match is seen from the side of "
            f"its favorite), not {list(bins)!r}"
        )
    return tuple(edges)
