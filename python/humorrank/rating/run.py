"""The steps that turn a tally into a leaderboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from humorrank import _core
from humorrank._stats.scale import MEAN_RATING, POINTS, TOLERANCE
from humorrank._util.interruptible import interruptible_if_large
from humorrank._util.progress import Progress, stage
from humorrank._util.text import number_of, shortened_names
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import ReadReport
from humorrank.matches.tally.tally import Tally
from humorrank.rating import notices
from humorrank.rating.board import both_bad
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.parameter import Parameter
from humorrank.rating.board.ranks import ranked
from humorrank.rating.board.rows import Unrated
from humorrank.rating.existence import Existence
from humorrank.rating.settings import RatingSettings
from humorrank.rating.uncertainty.clusters import Clusters, refuse_few
from humorrank.rating.uncertainty.methods import uncertainty_of
from humorrank.rating.uncertainty.rank_intervals import Ends, Uncertainty
from humorrank.rating.uncertainty.replicates import ROWS_PER_CELL, with_replicates

MOST_REPLAYED = 10**11
"""The most matches that Stable Elo replays over all orders: about half an hour on two threads."""


def rate_tally(
    tally: Tally,
    settings: RatingSettings,
    threads: int | None,
    progress: Progress | None,
    told: Sequence[str] = (),
) -> Leaderboard:
    """Rates a tally as `rate` does, with validated settings, regardless of its keys.

    Args:
        tally: The matches.
        settings: The options of the rating.
        threads: Number of threads; None for all processors.
        progress: A function called with (stage, done, total).
        told: Warnings about the settings.

    Raises:
        HumorRankError: See `rate`.
    """
    return Rating(settings, tally, threads, progress, told).leaderboard()


class Rating:
    """One run of `rate` over a tally."""

    def __init__(
        self,
        settings: RatingSettings,
        tally: Tally,
        threads: int | None,
        progress: Progress | None,
        told: Sequence[str] = (),
    ) -> None:
        self.settings = settings
        self.read = tally.report
        self.threads = threads
        self.progress = progress
        self.unrated: list[Unrated] = []
        self.notices = list(told)
        self.read_matches = sum(tally.outcomes)
        self.few_matches = 0
        self.clusters = (
            None
            if settings.cluster is None or settings.extended
            else Clusters.of(tally, settings.cluster, settings.ties)
        )
        self.parameters: tuple[Parameter, ...] = ()
        self.uncertainty: Uncertainty | None = None
        self.ends: Ends | None = None
        self._take(tally)

    def _take(self, tally: Tally) -> None:
        self.tally = tally
        exclude_ties = self.settings.ties == "exclude"
        size = len(tally.names)
        self.field = interruptible_if_large(
            size, lambda: _core.FitData(tally.counts, exclude_ties=exclude_ties)
        )
        self.matches, self.points, self.weight, self.total = interruptible_if_large(
            size, self.field.standings
        )

    def _restrict(self, keep: np.ndarray) -> None:
        tally = self.tally.restrict(keep)
        if self.clusters is not None:
            self.clusters = self.clusters.restricted(keep)
        # The pairs take much of the memory of a large field and are no longer needed.
        del self.field
        self._take(tally)

    def leaderboard(self) -> Leaderboard:
        """Runs all steps and returns the board.

        Raises:
            HumorRankError: See `rate`.
        """
        settings = self.settings
        self._apply_min_matches()
        if self.total == 0:
            raise InputError(f"no matches to rate: {self._account()}")
        self._ensure_maximum()
        names = self.tally.names
        if settings.anchor and settings.anchor[0] not in names:
            raise OptionError(
                f"the anchor {settings.anchor[0]!r} is not among the rated contestants: "
                f"{shortened_names(names)}"
            )
        strengths, distance, iterations = self._fit()
        ratings = MEAN_RATING + POINTS * strengths
        shift = 0.0
        if settings.anchor:
            shift = settings.anchor[1] - float(ratings[names.index(settings.anchor[0])])
            ratings += shift
        columns = {"model": names, "rating": ratings, "matches": self.matches}
        with np.errstate(invalid="ignore"):
            columns["win_rate"] = self.points / self.weight
        if settings.both_bad_share:
            self.notices += both_bad.checked(self.tally)
            columns["both_bad_share"] = both_bad.shares_of(self.tally)
        self._add_intervals(columns, strengths, shift)
        spread = self._add_elo(columns)
        table = ranked(columns)
        self.notices += notices.of_reading(self.read, settings.ties)
        self.notices += notices.of_names(names)
        settings = self.settings
        self.notices += notices.of_rating(settings, table, names, self.ends)
        return Leaderboard(
            columns=table,
            unrated=tuple(self.unrated),
            settings={
                **vars(settings),
                "anchor": dict([settings.anchor]) if settings.anchor else None,
            },
            certificate={
                "distance": distance,
                "tolerance": TOLERANCE,
                "iterations": iterations,
            },
            bootstrap={
                "replicates": settings.replicates,
                "without_maximum": 0 if self.ends is None else self.ends.without_maximum,
            },
            elo={"shuffles": settings.elo_shuffles, **spread},
            counts=self._counts(),
            sources=sources(self.read),
            warnings=tuple(self.notices),
            version=_core.VERSION,
            _field=self.field,
            _names=names,
            _uncertainty=self.uncertainty,
            parameters=self.parameters,
        )

    def _fit(self) -> tuple[np.ndarray, float, int]:
        """Returns log strengths of mean 0, the distance to the maximum in points, iterations."""
        return self.field.fit(
            prior=self.settings.prior,
            solver=self.settings.solver,
            threads=self.threads,
            progress=stage(self.progress, "fitting"),
        )

    def _account(self) -> str:
        """Returns the reason why no matches are left."""
        if self.unrated:
            return f"no contestant has the required {self.settings.min_matches:,} matches"
        if self.read_matches and self.settings.ties == "exclude":
            return f"all {self.read_matches:,} are ties, which ties='exclude' leaves out"
        return self.read.breakdown() if self.read is not None else "the tally is empty"

    def _apply_min_matches(self) -> None:
        needed, before = self.settings.min_matches, self.total
        if not needed:
            return
        while len(few := np.flatnonzero(self.matches < needed)):
            for i in few:
                matches = int(self.matches[i])
                held = number_of(matches, "match", "matches")
                reason = f"has {held}, fewer than the required {needed:,}"
                self.unrated.append(Unrated(self.tally.names[i], reason, matches))
            self._restrict(self.matches >= needed)
        self.few_matches = before - self.total
        if self.unrated:
            self.notices.append(
                f"left out with fewer than {number_of(needed, 'match', 'matches')}: "
                f"{number_of(len(self.unrated), 'contestant')}, together with "
                f"{number_of(self.few_matches, 'match', 'matches')}"
            )

    def _ensure_maximum(self) -> None:
        names = self.tally.names
        existence = interruptible_if_large(len(names), lambda: Existence(self.field, names))
        if not existence.outside:
            return
        if self.settings.prior:
            self.notices += notices.of_prior(existence)
            return
        if self.settings.disconnected == "error" or existence.inside.sum() < 2:
            raise existence.error(prior=not self.settings.extended)
        for members, group in existence.members():
            for i in members.tolist():
                reason, matches = group.reason, int(self.matches[i])
                self.unrated.append(Unrated(self.tally.names[i], reason, matches))
        before = self.total
        self._restrict(existence.inside)
        self.notices.append(
            f"only the largest connected component is rated: {len(self.tally.names):,} of "
            f"{len(existence.inside):,} contestants, {self.total:,} of {before:,} matches; "
            f"unrated: {existence.summary()}"
        )

    def _uncertainty(self, strengths: np.ndarray) -> Uncertainty | None:
        """Returns the uncertainty of the fit, or None if no intervals are requested."""
        if self.settings.bootstrap is None:
            cells = self.field.cell_count()
            if self.clusters is not None:
                cells = max(cells, len(self.clusters.cluster) // ROWS_PER_CELL)
            self.settings, found = with_replicates(self.settings, cells)
            self.notices += found
        if self.clusters is not None:
            refuse_few(len(self.clusters), self.clusters.column)
            self.notices += notices.of_clusters(len(self.clusters), self.clusters.column)
        return uncertainty_of(
            self.settings, self.field, self.clusters, strengths, threads=self.threads
        )

    def _add_intervals(self, columns: dict[str, Any], strengths: np.ndarray, shift: float) -> None:
        self.uncertainty = self._uncertainty(strengths)
        settings = self.settings
        if self.uncertainty is None:
            return
        intervals = self.uncertainty.band if settings.simultaneous else self.uncertainty.ends
        ends = intervals(settings.confidence, self.progress)
        columns["rating_lower"], columns["rating_upper"] = ends.lower + shift, ends.upper + shift
        self.ends = ends

    def _add_elo(self, columns: dict[str, Any]) -> dict[str, float | None]:
        settings = self.settings
        if not settings.elo_shuffles:
            return {"max_sd": None, "mean_sd": None}
        if self.total * settings.elo_shuffles > MOST_REPLAYED:
            raise OptionError(
                f"Stable Elo would replay {self.total:,} matches {settings.elo_shuffles:,} times, "
                "which takes hours: reduce the number of orders, or omit Stable Elo with "
                "elo_shuffles=0 (--elo-shuffles 0)"
            )
        mean, deviation = self.field.stable_elo(
            k=settings.elo_k,
            shuffles=settings.elo_shuffles,
            seed=settings.seed,
            threads=self.threads,
            progress=stage(self.progress, "elo"),
        )
        columns["elo"], columns["elo_sd"] = mean, deviation
        return {"max_sd": float(deviation.max()), "mean_sd": float(deviation.mean())}

    def _counts(self) -> dict[str, Any]:
        _, _, ties, both_bad, soft = self.tally.outcomes
        tied_out = 0
        if self.settings.ties == "exclude":
            tied_out, ties, both_bad = ties + both_bad, 0, 0
        report = self.read or ReadReport(read=self.read_matches)
        filtered = dict(report.filtered)
        if self.few_matches:
            filtered["min_matches"] = self.few_matches
        # Rows removed by `where` and ragged rows were read, although they have no outcome.
        unread = report.filtered.get("where", 0) + report.skipped.get("ragged row", 0)
        return {
            "read": report.read + unread,
            "rated": self.total,
            "unjudged": report.unjudged,
            "skipped": sum(report.skipped.values()),
            "filtered": sum(filtered.values()),
            "ties": ties,
            "both_bad": both_bad,
            "soft": soft,
            "void": report.void,
            "tied_out": tied_out,
            "outside": self.read_matches - self.few_matches - tied_out - self.total,
            "skipped_by_kind": dict(report.skipped),
            "filtered_by": filtered,
        }


def sources(report: ReadReport | None) -> dict[str, Any]:
    """Returns the files and columns that the matches came from."""
    if report is None:
        return {"files": [], "reading": "tally", "columns": {}}
    return {"files": report.files, "reading": report.reading, "columns": report.columns}
