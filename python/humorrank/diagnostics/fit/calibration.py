"""Calibration of predicted win probabilities on held-out matches.

The matches are split into folds, and each fold is predicted by a fit of the others. A prediction p
of a score s has the log loss -s log p - (1 - s) log(1 - p) and the Brier score (s - p)^2 [Bri50].
Half a win is a score of 0.5. Both scoring rules are proper for such scores: the expected score is
the best prediction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank._stats.estimate import Estimate
from humorrank._stats.scale import logistic
from humorrank._util import draws
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.diagnostics.cells import Cells
from humorrank.errors import OptionError
from humorrank.rating.existence import Existence

_FOLDS, _LEFT_OVER = 0x666F6C64, 0x72657374
"""Keys of the streams of random numbers."""

MEAN_ABSOLUTE: Final = math.sqrt(2 / math.pi)
"""The mean absolute value of a standard normal variable."""


@dataclass(frozen=True)
class PredictionScores:
    """The mean scores of predictions, per match.

    Attributes:
        log_loss: The log loss in natural-log units.
        brier: The Brier score, the mean squared error.
    """

    log_loss: float
    brier: float


@dataclass(frozen=True)
class Bin:
    """Matches with similar predictions, each seen from the side of its favorite.

    Attributes:
        least: The smallest prediction.
        most: The largest prediction.
        predicted: The mean of the predictions.
        observed: The mean score of the favorites, with the Wilson interval for the effective
            number of matches: the number of independent wins and losses with the same variance.
            It differs from the number of matches, because ties vary less than wins and the
            matches of a cluster are not independent.
        matches: The number of matches.
    """

    least: float
    most: float
    predicted: float
    observed: Estimate
    matches: int


@dataclass(frozen=True, eq=False)
class Calibration:
    """The calibration of predictions of held-out matches.

    Attributes:
        folds: The number of folds.
        clusters: The number of clusters that were held out as a whole; 0 for single matches.
        predicted: The number of matches predicted.
        left_out: The number of matches that could not be predicted.
        reasons: The reasons why matches could not be predicted, by fold.
        held_out: The scores of the predictions.
        in_sample: The scores of a fit to all matches, on the same matches.
        constant: The scores of the constant prediction 0.5.
        bins: The reliability of the predictions by bin.
        error: The expected calibration error: the mean over matches of the distance between the
            prediction and the observed share of their bin.
        error_by_chance: The average expected calibration error of correct predictions.
    """

    folds: int
    clusters: int
    predicted: int
    left_out: int
    reasons: tuple[str, ...]
    held_out: PredictionScores | None
    in_sample: PredictionScores | None
    constant: PredictionScores | None
    bins: tuple[Bin, ...]
    error: float | None
    error_by_chance: float | None


def calibration(
    cells: Cells,
    strengths: np.ndarray,
    *,
    folds: int,
    bins: int | Sequence[float],
    confidence: float,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """Predicts each fold from the others.

    Args:
        cells: Matches whose ratings exist. With groups, whole groups are held out, and matches
            without a group are held out individually.
        strengths: The strengths fitted to all matches.
        folds: The number of folds, at least 2.
        bins: The number of bins with about equal numbers of matches, or their edges from 0.5 to 1.
        confidence: Confidence level of the intervals.
        seed: Random seed for the folds.
        threads: Number of threads for the fits; all processors by default.
        progress: A function called with (stage, done, total).

    Raises:
        OptionError: If there are fewer clusters than folds.
    """
    held = assign_folds(cells, folds, seed)
    predicted = np.full((folds, len(cells)), np.nan)
    reasons = []
    for fold in range(folds):
        if progress is not None:
            progress("cross-validation", fold, folds)
        if not held[fold].any():
            continue
        field = cells.field(cells.count - held[fold])
        existence = Existence(field, cells.names)
        inside, trained = existence.inside, strengths
        if existence.outside:
            trained = np.full(len(inside), np.nan)
            if inside.sum() > 1:
                some = cells.among(inside)
                kept = inside[cells.low] & inside[cells.high]
                rest = (cells.count - held[fold])[kept]
                trained[inside] = some.field(rest).fit(threads=threads)[0]
            else:
                inside = np.zeros_like(inside)
            lost = held[fold][~(inside[cells.low] & inside[cells.high])]
            if lost.sum():
                matches = number_of(int(lost.sum()), "match", "matches")
                reasons.append(
                    f"fold {fold + 1}: {matches} of contestants that cannot be rated from "
                    f"the other folds: {existence.summary()}"
                )
        else:
            trained = field.fit(threads=threads)[0]
        predicted[fold] = trained[cells.low] - trained[cells.high]
    fold_of, cell = np.nonzero(held)
    count, gap = held[fold_of, cell], predicted[fold_of, cell]
    known = np.isfinite(gap)
    seen = _Seen.of(cells, cell[known], count[known], gap[known])
    own = strengths[cells.low] - strengths[cells.high]
    in_sample = _Seen.of(cells, cell[known], count[known], own[cell[known]])
    nothing = _Seen.of(cells, cell[known], count[known], np.zeros(int(known.sum())))
    found = _binned(seen, bins, confidence)
    any_known = bool(known.any())
    clusters = 0 if cells.group is None else len(np.unique(cells.group[cells.group >= 0]))
    return Calibration(
        folds,
        clusters,
        int(count[known].sum()),
        int(count[~known].sum()),
        tuple(reasons),
        seen.scores() if any_known else None,
        in_sample.scores() if any_known else None,
        nothing.scores() if any_known else None,
        tuple(bin_ for bin_, _, _ in found),
        sum(share * _distance(bin_) for bin_, share, _ in found) if any_known else None,
        sum(share * chance for _, share, chance in found) if any_known else None,
    )


def assign_folds(cells: Cells, folds: int, seed: int) -> np.ndarray:
    """Returns the number of matches of each cell in each fold, of shape (folds, cells).

    Clusters are sorted by random numbers keyed by their labels and dealt out in turn. Single
    matches fall into each fold with the same probability, with one multinomial draw per cell.

    Raises:
        OptionError: If there are fewer clusters than folds.
    """
    out = np.zeros((folds, len(cells)), np.int64)
    single = np.ones(len(cells), np.bool_)
    if cells.group is not None:
        single = cells.group < 0
        present = np.unique(cells.group[~single])
        if len(present) < folds:
            raise OptionError(
                f"folds={folds} needs at least as many clusters, but there are "
                f"{len(present):,}; use fewer folds (--folds), or hold out single matches "
                "(cluster=None)"
            )
        keys = draws.bits(seed, _FOLDS, draws.name_keys(cells.labels))[present]
        fold = np.zeros(len(cells.labels), np.int64)
        fold[present[np.lexsort((present, keys))]] = np.arange(len(present)) % folds
        whole = np.flatnonzero(~single)
        out[fold[cells.group[whole]], whole] = cells.count[whole]
    if single.any():
        random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, _LEFT_OVER])))
        shares = np.full(folds, 1 / folds)
        out[:, single] = random.multinomial(cells.count[single], shares).T
    return out


@dataclass(frozen=True, eq=False)
class _Seen:
    """Predicted matches from the side of the favorite, with one row per cell and fold.

    Attributes:
        gap: The log-odds of the favorite, at least 0.
        score: The score of the favorite.
        count: The number of matches.
        weight: The weight of one match.
        cluster: The number of the cluster, or -1 for none; None without clusters.
    """

    gap: np.ndarray
    score: np.ndarray
    count: np.ndarray
    weight: np.ndarray
    cluster: np.ndarray | None

    @classmethod
    def of(cls, cells: Cells, cell: np.ndarray, count: np.ndarray, gap: np.ndarray) -> _Seen:
        score = cells.score[cell]
        return cls(
            np.abs(gap),
            np.where(gap >= 0, score, 1 - score),
            count,
            cells.weight[cell],
            None if cells.group is None else cells.group[cell],
        )

    def scores(self) -> PredictionScores:
        mass = self.count * self.weight
        # For log-odds g, -log p is log(1 + e^-g), and -log(1 - p) is that plus g.
        loss = np.log1p(np.exp(-self.gap)) + (1 - self.score) * self.gap
        error = (self.score - logistic(self.gap)) ** 2
        total = float(mass.sum())
        return PredictionScores(
            float((mass * loss).sum()) / total, float((mass * error).sum()) / total
        )

    def take(self, rows: np.ndarray) -> _Seen:
        cluster = None if self.cluster is None else self.cluster[rows]
        return _Seen(self.gap[rows], self.score[rows], self.count[rows], self.weight[rows], cluster)


def _binned(
    seen: _Seen, bins: int | Sequence[float], confidence: float
) -> list[tuple[Bin, float, float]]:
    """Returns each bin that has matches, its share of them, and its expected distance."""
    if not len(seen.gap):
        return []
    p = logistic(seen.gap)
    order = np.lexsort((seen.weight, seen.score, p))
    seen, p = seen.take(order), p[order]
    mass = seen.count * seen.weight
    if isinstance(bins, int):
        # Equal predictions go to the same bin, the one that contains their midpoint.
        value, inverse = np.unique(p, return_inverse=True)
        each = np.bincount(inverse, mass, len(value))
        middle = np.cumsum(each) - each / 2
        number = np.minimum((middle / each.sum() * bins).astype(np.int64), bins - 1)[inverse]
    else:
        number = np.searchsorted(np.asarray(bins)[1:-1], p, side="right")
    out = []
    for place in np.unique(number):
        rows = np.flatnonzero(number == place)
        part, own, one = seen.take(rows), mass[rows], p[rows]
        amount = float(own.sum())
        mean = float((own * part.score).sum()) / amount
        squares = float((part.count * part.weight**2).sum()) / amount
        trials = amount / squares
        share = _independent(part, mean, trials)
        found = Bin(
            float(one[0]),
            float(one[-1]),
            float((own * one).sum()) / amount,
            Estimate.share(mean * share, share, confidence),
            int(part.count.sum()),
        )
        expected = min(max(found.predicted, 0.0), 1.0)
        chance = MEAN_ABSOLUTE * math.sqrt(expected * (1 - expected) / share)
        out.append((found, amount / float(mass.sum()), chance))
    return out


def _independent(part: _Seen, mean: float, trials: float) -> float:
    """Returns the number of independent wins and losses whose mean has the same variance.

    Args:
        part: The matches of a bin.
        mean: The mean score of the matches.
        trials: The number of matches, or (sum w)^2 / sum w^2 with weights.
    """
    mass = part.count * part.weight
    total = float(mass.sum())
    binary = (mean * total + 0.5) / (total + 1)
    binary *= 1 - binary
    squares = part.count * part.weight**2
    tied = float((squares * part.score * (1 - part.score)).sum()) / float(squares.sum())
    # One additional match without a tie keeps the variance of a bin of ties above 0.
    variance = max(0.0, mean * (1 - mean) - tied)
    dispersion = 1.0 if not tied else (trials * variance + binary) / ((trials + 1) * binary)
    if part.cluster is not None:
        away = mass * (part.score - mean)
        told = part.cluster >= 0
        _, inverse = np.unique(part.cluster[told], return_inverse=True)
        sums = np.bincount(inverse, away[told]) if told.any() else np.zeros(0)
        alone = squares[~told] * (part.score[~told] - mean) ** 2
        number = len(sums) + int(part.count[~told].sum())
        if number > 1:
            between = (float((sums**2).sum()) + float(alone.sum())) * number / (number - 1)
            dispersion = max(dispersion, between / total**2 * trials / binary)
    return trials / dispersion


def _distance(found: Bin) -> float:
    assert found.observed.value is not None
    return abs(found.observed.value - found.predicted)
