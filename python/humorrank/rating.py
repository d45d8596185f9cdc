"""From a match log or a tally to a Leaderboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict, Unpack, overload

import numpy as np

from humorrank import _core, notices
from humorrank.errors import InputError, OptionError
from humorrank.existence import Existence, shorten
from humorrank.interruptible import interruptible_if_large
from humorrank.keyed import checked
from humorrank.leaderboard import Leaderboard, Unrated
from humorrank.leaderboards import Leaderboards
from humorrank.log import ReadReport
from humorrank.parameter import Parameter
from humorrank.progress import Progress, stage
from humorrank.ranks import ranked
from humorrank.scale import MEAN_RATING, POINTS
from humorrank.settings import (
    MOST_THREADS,
    Interval,
    Settings,
    Ties,
    anchor_pair,
    positive,
    whole,
)
from humorrank.source import counted
from humorrank.tally import Tally
from humorrank.uncertainty.clusters import Clusters, refuse_few
from humorrank.uncertainty.methods import uncertainty_of
from humorrank.uncertainty.rank_intervals import Uncertainty

TOLERANCE = 1e-6
MOST_REPLAYED = 10**11
"""Matches that Stable Elo replays at most, in all orders together: half an hour of two threads."""


class RateOptions(TypedDict, total=False):
    """The options of `rate`, but `by`, which decides what it returns."""

    bootstrap: int
    confidence: float
    elo_shuffles: int
    elo_k: float
    ties: Ties
    anchor: Mapping[str, float] | tuple[str, float] | None
    prior: float | None
    disconnected: Literal["error", "largest"]
    columns: Mapping[str, str] | None
    unjudged: Literal["skip", "fail"]
    on_error: Literal["fail", "skip"]
    seed: int
    threads: int | None
    progress: Progress | None
    score_of: Literal["a", "b"] | None
    min_matches: int
    solver: Literal["newton", "mm"]
    interval: Interval | None
    cluster: str | None
    simultaneous: bool
    first_position: bool
    controls: Sequence[str]


@overload
def rate(matches: object, *, by: None = None, **options: Unpack[RateOptions]) -> Leaderboard: ...


@overload
def rate(
    matches: object, *, by: str | Sequence[str], **options: Unpack[RateOptions]
) -> Leaderboards: ...


def rate(
    matches: object,
    *,
    bootstrap: int = 100,
    confidence: float = 0.95,
    elo_shuffles: int = 10,
    elo_k: float = 32.0,
    ties: Ties = "half",
    anchor: Mapping[str, float] | tuple[str, float] | None = None,
    prior: float | None = None,
    disconnected: Literal["error", "largest"] = "error",
    columns: Mapping[str, str] | None = None,
    unjudged: Literal["skip", "fail"] = "skip",
    on_error: Literal["fail", "skip"] = "fail",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
    score_of: Literal["a", "b"] | None = None,
    min_matches: int = 0,
    solver: Literal["newton", "mm"] = "newton",
    interval: Interval | None = None,
    cluster: str | None = None,
    simultaneous: bool = False,
    first_position: bool = False,
    controls: Sequence[str] = (),
    by: str | Sequence[str] | None = None,
) -> Leaderboard | Leaderboards:
    """Rates contestants from pairwise matches.

    Bradley-Terry ratings are the maximum-likelihood estimate of
    P(i beats j) = 1 / (1 + 10^((R_j - R_i) / 400)), a tie as half a win to each, with percentile
    bootstrap intervals over matches, or others (docs/uncertainty.md); Stable Elo is the mean over
    random orders. The result depends on the matches, the settings and the seed, not on the order
    of rows or the threads.

    Args:
        matches: a path, a glob, a list of paths (logs, or tally files, which are added), "-"
            (standard input), a polars, pandas or Arrow table, columns by name
            ({"model_a": [...], ...}), an iterable of (a, b, winner), a `MatchLog` or a `Tally`.
        bootstrap: replicates behind the intervals; 0 leaves intervals out. Not used with
            Davidson's ties, a first-position parameter or controls, which need none.
        confidence: of the intervals.
        elo_shuffles: random orders behind Stable Elo; 0 leaves it out.
        elo_k: the most points that a match can move an Elo rating.
        ties: "half" a win to each side, "exclude" them, or "davidson": an outcome of its own,
            with a tie parameter (docs/models.md).
        anchor: {name: rating}; shifts the whole board and its intervals by one constant.
        prior: adds prior x [log s(t) + log s(-t)] / 2 per contestant of log strength t, s the
            logistic: a half-won game against an average opponent, times the prior.
        disconnected: what to do where the likelihood has no maximum: "error", or rate the
            "largest" strongly connected component and list the others as unrated.
        columns: role -> column, e.g. {"model_a": "left"}; see `MatchLog`.
        unjudged: "skip" and count rows without an outcome, or "fail".
        on_error: "fail" at a bad row, or "skip" and count such rows.
        seed: of the bootstrap and the Elo orders.
        threads: all processors by default; never changes the result.
        progress: called with (stage, done, total), about 20 times a second.
        score_of: whose share a number in the score column is.
        min_matches: leaves out contestants with fewer matches, again and again until everyone
            left has as many.
        solver: the way to the maximum: "newton", or the paper's "mm"; the result is the same.
        interval: "percentile" (the default), "basic" or "bca", of bootstrap replicates; "wald", of
            the inverse Fisher information; "sandwich", of the scatter of the matches, which is the
            default with Davidson's ties, a first-position parameter or controls, for which no
            bootstrap is made.
        cluster: a column (prompt, judge, ...) whose matches are alike, so that they are resampled,
            or summed up for the sandwich, as wholes.
        simultaneous: whether the intervals shall hold for all contestants at once.
        first_position: fits what being shown first is worth beside the ratings, which it then no
            longer moves.
        controls: numbers that are fitted beside the ratings: "length" stands for the column
            `length_a` less `length_b`, or for a column `length` that holds such differences.
        by: a column of the log, or several: an independent rating of each group of matches that
            are equal there, bit for bit that of rating these matches alone. A group that cannot
            be rated is said, and does not fail the others.

    Returns:
        The board; with `by` the boards of all groups.

    Raises:
        OptionError: an option has a value that it cannot have.
        InputError: the matches cannot be read as they stand.
        NoMaximumError: the likelihood has no maximum; says who is outside and why.
        ConvergenceError: the maximum could not be certified.
    """
    controls = checked(controls, (), what="control")
    extended = ties == "davidson" or bool(first_position) or bool(controls)
    settings = Settings(
        bootstrap=0 if extended else whole("bootstrap", bootstrap),
        confidence=confidence,
        elo_shuffles=whole("elo_shuffles", elo_shuffles),
        elo_k=positive("elo_k", elo_k),
        ties=ties,
        anchor=anchor_pair(anchor),
        prior=0.0 if prior is None else positive("prior", prior),
        disconnected=disconnected,
        min_matches=whole("min_matches", min_matches),
        solver=solver,
        seed=whole("seed", seed, most=2**64 - 1),
        interval=interval or ("sandwich" if extended else "percentile"),
        cluster=cluster,
        simultaneous=bool(simultaneous),
        first_position=bool(first_position),
        controls=controls,
    )
    if threads is not None:
        threads = whole("threads", threads, least=1, most=MOST_THREADS)
    reading = {
        "columns": columns,
        "score_of": score_of,
        "unjudged": unjudged,
        "on_error": on_error,
    }
    groups = None if by is None else (by,) if isinstance(by, str) else tuple(by)
    if groups == ():
        raise OptionError("by must name a column, or several")
    if settings.extended:
        from humorrank.extended import rate_extended  # noqa: PLC0415 - which needs Rating

        return rate_extended(
            matches, settings, reading=reading, by=groups, threads=threads, progress=progress
        )
    if groups and (settings.interval != "percentile" or cluster is not None or simultaneous):
        raise OptionError(
            "by goes with percentile intervals over matches; for other intervals rate a group's "
            "matches on their own (where)"
        )
    keys = groups or (() if cluster is None else (cluster,))
    tally = counted(matches, keys=keys, progress=progress, reading=reading)
    if groups:
        return Leaderboards(tally, settings, threads, progress, one=isinstance(by, str))
    return rate_tally(tally, settings, threads, progress)


def rate_tally(
    tally: Tally, settings: Settings, threads: int | None, progress: Progress | None
) -> Leaderboard:
    """Rates a tally, whatever its keys; as `rate`, with settings that were checked.

    Raises:
        HumorRankError: see `rate`.
    """
    return Rating(settings, tally, threads, progress).leaderboard()


class Rating:
    """One run of `rate` over a tally."""

    def __init__(
        self, settings: Settings, tally: Tally, threads: int | None, progress: Progress | None
    ) -> None:
        self.settings = settings
        self.read = tally.report
        self.threads = threads
        self.progress = progress
        self.unrated: list[Unrated] = []
        self.notices: list[str] = []
        self.read_matches = sum(tally.outcomes)
        self.few_matches = 0
        self.clusters = (
            None
            if settings.cluster is None or settings.extended
            else Clusters.of(tally, settings.cluster, settings.ties)
        )
        self.parameters: tuple[Parameter, ...] = ()
        self.uncertainty: Uncertainty | None = None
        self._take(tally)

    def _take(self, tally: Tally) -> None:
        self.tally = tally
        exclude_ties = self.settings.ties == "exclude"
        size = len(tally.names)
        self.field = interruptible_if_large(
            size, lambda: _core.Field(tally.counts, exclude_ties=exclude_ties)
        )
        self.matches, self.points, self.weight, self.total = interruptible_if_large(
            size, self.field.standings
        )

    def _restrict(self, keep: np.ndarray) -> None:
        tally = self.tally.restrict(keep)
        if self.clusters is not None:
            self.clusters = self.clusters.restricted(keep)
        # The pairs of all are much of the memory that a large field takes, and done with.
        del self.field
        self._take(tally)

    def leaderboard(self) -> Leaderboard:
        """Runs every step.

        Raises:
            HumorRankError: see `rate`.
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
                f"{shorten(names)}"
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
        without_maximum = self._add_intervals(columns, strengths, shift)
        spread = self._add_elo(columns)
        table = ranked(columns)
        self.notices += notices.of_reading(self.read, settings.ties)
        self.notices += notices.of_names(names)
        self.notices += notices.of_rating(settings, table, without_maximum)
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
            bootstrap={"replicates": settings.replicates, "without_maximum": without_maximum},
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
        """Log strengths of mean 0, the distance to the maximum in points, the iterations."""
        return self.field.fit(
            prior=self.settings.prior,
            solver=self.settings.solver,
            threads=self.threads,
            progress=stage(self.progress, "fitting"),
        )

    def _account(self) -> str:
        """Where all matches went, if none is left."""
        if self.unrated:
            return f"nobody has the {self.settings.min_matches:,} matches asked for"
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
                reason = f"has {matches:,} matches, fewer than the {needed:,} asked for"
                self.unrated.append(Unrated(self.tally.names[i], reason, matches))
            self._restrict(self.matches >= needed)
        self.few_matches = before - self.total
        if self.unrated:
            self.notices.append(
                f"{len(self.unrated):,} contestants with fewer than {needed:,} matches were left "
                f"out, with {self.few_matches:,} matches"
            )

    def _ensure_maximum(self) -> None:
        names = self.tally.names
        existence = interruptible_if_large(len(names), lambda: Existence(self.field, names))
        if not existence.outside:
            return
        if self.settings.prior:
            self.notices += notices.of_prior(existence)
            return
        if self.settings.disconnected == "error" or existence.inside.sum() == 1:
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
        """What the intervals are made of; None where none are wanted."""
        if self.clusters is not None:
            refuse_few(len(self.clusters), self.clusters.column)
            self.notices += notices.of_clusters(len(self.clusters), self.clusters.column)
        return uncertainty_of(
            self.settings, self.field, self.clusters, strengths, threads=self.threads
        )

    def _add_intervals(self, columns: dict[str, Any], strengths: np.ndarray, shift: float) -> int:
        settings = self.settings
        self.uncertainty = self._uncertainty(strengths)
        if self.uncertainty is None:
            return 0
        ends = self.uncertainty.band if settings.simultaneous else self.uncertainty.ends
        lower, upper, without_maximum = ends(settings.confidence, self.progress)
        columns["rating_lower"], columns["rating_upper"] = lower + shift, upper + shift
        return without_maximum

    def _add_elo(self, columns: dict[str, Any]) -> dict[str, float | None]:
        settings = self.settings
        if not settings.elo_shuffles:
            return {"max_sd": None, "mean_sd": None}
        if self.total * settings.elo_shuffles > MOST_REPLAYED:
            raise OptionError(
                f"Stable Elo would replay {self.total:,} matches {settings.elo_shuffles:,} times, "
                "which takes hours: ask for fewer orders, or for none with elo_shuffles=0 "
                "(--elo-shuffles 0)"
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
        # Rows that `where` took and ragged ones never became outcomes, but were read too.
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
    """Where matches came from."""
    if report is None:
        return {"files": [], "reading": "tally", "columns": {}}
    return {"files": report.files, "reading": report.reading, "columns": report.columns}
