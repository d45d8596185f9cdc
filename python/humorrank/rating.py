"""From a match log or a tally to a Leaderboard."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import polars as pl

from humorrank import _core
from humorrank.errors import InputError, OptionError
from humorrank.existence import Existence, describe, shorten
from humorrank.leaderboard import Leaderboard, Unrated
from humorrank.log import MatchLog, ReadReport
from humorrank.progress import Progress, stage
from humorrank.settings import Settings, Ties, anchor_pair
from humorrank.tally import Tally

POINTS = 400 / math.log(10)
"""Rating points in one natural-log unit of strength."""

MEAN_RATING = 1000.0
TOLERANCE = 1e-6
_SAME_RATING = 1e-4
"""Ratings closer than this many points, a fit's worst certificate, share a rank."""


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
) -> Leaderboard:
    """Rates contestants from pairwise matches.

    Bradley-Terry ratings are the maximum-likelihood estimate of
    P(i beats j) = 1 / (1 + 10^((R_j - R_i) / 400)), a tie as half a win to each, with percentile
    bootstrap intervals over matches; Stable Elo is the mean over random orders. The result
    depends on the matches, the settings and the seed, not on the order of rows or the threads.

    Args:
        matches: a path, a glob, a list of paths, "-" (standard input), a polars, pandas or
            Arrow table, an iterable of (a, b, winner), a `MatchLog` or a `Tally`.
        bootstrap: replicates behind the intervals; 0 leaves intervals out.
        confidence: of the intervals.
        elo_shuffles: random orders behind Stable Elo; 0 leaves it out.
        elo_k: the most points that a match can move an Elo rating.
        ties: "half" a win to each side, or "exclude" them.
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

    Raises:
        OptionError: an option has a value that it cannot have.
        InputError: the matches cannot be read as they stand.
        NoMaximumError: the likelihood has no maximum; says who is outside and why.
        ConvergenceError: the maximum could not be certified.
    """
    settings = Settings(
        bootstrap=bootstrap,
        confidence=confidence,
        elo_shuffles=elo_shuffles,
        elo_k=elo_k,
        ties=ties,
        anchor=anchor_pair(anchor),
        prior=prior or 0.0,
        disconnected=disconnected,
        min_matches=min_matches,
        solver=solver,
        seed=seed,
    )
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise OptionError(f"threads must be a whole number of at least 1, not {threads!r}")
    if isinstance(matches, Tally):
        tally = matches
    else:
        log = matches
        if not isinstance(log, MatchLog):
            log = MatchLog(
                matches, columns=columns, score_of=score_of, unjudged=unjudged, on_error=on_error
            )
        tally = Tally.from_log(log, progress)
    return _Rating(settings, tally, threads, progress).leaderboard()


class _Rating:
    """One run of `rate` over a tally."""

    def __init__(
        self, settings: Settings, tally: Tally, threads: int | None, progress: Progress | None
    ) -> None:
        self.settings = settings
        self.read = tally.report
        self.threads = threads
        self.progress = progress
        self.unrated: list[Unrated] = []
        self.warnings: list[str] = []
        self.read_matches = tally.matches
        self.tally = tally
        self.field = self._new_field()
        self.standings = _Standings(self.field)

    def _new_field(self) -> _core.Field:
        return _core.Field(self.tally.counts, exclude_ties=self.settings.ties == "exclude")

    def _restrict(self, keep: np.ndarray) -> None:
        self.tally = self.tally.restrict(keep)
        self.field = self._new_field()
        self.standings = _Standings(self.field)

    def leaderboard(self) -> Leaderboard:
        """Runs every step.

        Raises:
            HumorRankError: see `rate`.
        """
        settings = self.settings
        self._apply_min_matches()
        if self.standings.total == 0:
            raise InputError(
                f"no matches to rate: {_account(self.read, self.tally.matches, settings.ties)}"
            )
        self._ensure_maximum()
        names = self.tally.names
        if settings.anchor and settings.anchor[0] not in names:
            raise OptionError(
                f"the anchor {settings.anchor[0]!r} is not among the rated contestants: "
                f"{shorten(names)}"
            )
        strengths, distance, iterations = self.field.fit(
            prior=settings.prior,
            solver=settings.solver,
            threads=self.threads,
            progress=stage(self.progress, "fitting"),
        )
        ratings = MEAN_RATING + POINTS * strengths
        shift = 0.0
        if settings.anchor:
            shift = settings.anchor[1] - float(ratings[names.index(settings.anchor[0])])
        lower, upper, without_maximum = self._intervals(strengths, shift)
        elo, elo_sd = self._elo()
        table = _table(names, ratings + shift, (lower, upper), self.standings, (elo, elo_sd))
        self._warn(table, without_maximum)
        return Leaderboard(
            table=table,
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
            bootstrap={"replicates": settings.bootstrap, "without_maximum": without_maximum},
            elo={
                "shuffles": settings.elo_shuffles,
                "max_sd": None if elo_sd is None else float(elo_sd.max()),
                "mean_sd": None if elo_sd is None else float(elo_sd.mean()),
            },
            counts=self._counts(),
            sources=_sources(self.read),
            warnings=tuple(self.warnings),
            version=_core.VERSION,
            _field=self.field,
            _names=names,
        )

    def _apply_min_matches(self) -> None:
        needed = self.settings.min_matches
        while len(few := np.flatnonzero(self.standings.matches < needed)):
            for i in few:
                matches = int(self.standings.matches[i])
                reason = f"has {matches:,} matches, fewer than the {needed:,} asked for"
                self.unrated.append(Unrated(self.tally.names[i], reason, matches))
            self._restrict(self.standings.matches >= needed)
        if self.unrated:
            self.warnings.append(
                f"{len(self.unrated):,} contestants with fewer than {needed:,} matches were left "
                "out, with their matches"
            )

    def _ensure_maximum(self) -> None:
        existence = Existence(self.field, self.tally.names)
        if not existence.outside:
            return
        if self.settings.prior:
            self.warnings.append(
                "without the prior these would have no finite rating, so their ratings are the "
                "prior's as much as the data's: "
                + "; ".join(describe(group) for group in existence.outside[:5])
                + (f"; and {len(existence.outside) - 5:,} more" * (len(existence.outside) > 5))
            )
            if existence.groups > 1:
                self.warnings.append(
                    f"{existence.groups:,} groups of contestants never met: the levels between "
                    "them come from the prior alone"
                )
            return
        if self.settings.disconnected == "error":
            raise existence.error()
        place = {name: i for i, name in enumerate(self.tally.names)}
        for group in existence.outside:
            for name in group.models:
                matches = int(self.standings.matches[place[name]])
                self.unrated.append(Unrated(name, group.reason, matches))
        before = self.standings.total
        self._restrict(existence.inside)
        self.warnings.append(
            f"only the largest connected component is rated: {len(self.tally.names):,} of "
            f"{len(existence.inside):,} contestants, {self.standings.total:,} of {before:,} "
            "matches; unrated: "
            + "; ".join(describe(group) for group in existence.outside[:5])
            + (f"; and {len(existence.outside) - 5:,} more groups" * (len(existence.outside) > 5))
        )
        if len(self.tally.names) == 1:
            raise existence.error()

    def _intervals(
        self, strengths: np.ndarray, shift: float
    ) -> tuple[np.ndarray | None, np.ndarray | None, int]:
        settings = self.settings
        if not settings.bootstrap:
            return None, None, 0
        lower, upper, without_maximum = self.field.bootstrap(
            strengths,
            replicates=settings.bootstrap,
            confidence=settings.confidence,
            seed=settings.seed,
            prior=settings.prior,
            threads=self.threads,
            progress=stage(self.progress, "bootstrap"),
        )
        return lower + shift, upper + shift, without_maximum

    def _elo(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        settings = self.settings
        if not settings.elo_shuffles:
            return None, None
        return self.field.stable_elo(
            k=settings.elo_k,
            shuffles=settings.elo_shuffles,
            seed=settings.seed,
            threads=self.threads,
            progress=stage(self.progress, "elo"),
        )

    def _counts(self) -> dict[str, Any]:
        _, _, outcome, _, _, count = self.tally.counts.cells()
        kinds = np.bincount(outcome, weights=count, minlength=5).astype(np.int64)
        tied_out = 0
        if self.settings.ties == "exclude":
            tied_out = int(kinds[2] + kinds[3])
            kinds[2] = kinds[3] = 0
        report = self.read or ReadReport(read=self.read_matches)
        return {
            "read": report.read,
            "rated": self.standings.total,
            "unjudged": report.unjudged,
            "skipped": sum(report.skipped.values()),
            "filtered": sum(report.filtered.values()),
            "ties": int(kinds[2]),
            "both_bad": int(kinds[3]),
            "soft": int(kinds[4]),
            "void": report.void,
            "tied_out": tied_out,
            "outside": self.read_matches - tied_out - self.standings.total,
            "skipped_by_kind": dict(report.skipped),
            "filtered_by": dict(report.filtered),
        }

    def _warn(self, table: pl.DataFrame, without_maximum: int) -> None:
        report, settings = self.read, self.settings
        if report is not None:
            self.warnings.extend(report.notes)
            if report.unjudged:
                self.warnings.append(f"{report.unjudged:,} rows have no outcome and are not rated")
            if report.void:
                self.warnings.append(f"{report.void:,} rows have a count or weight of 0")
            for kind, rows in report.skipped.items():
                examples = "; ".join(report.examples.get(kind, []))
                self.warnings.append(f"{rows:,} bad rows skipped, {kind}: {examples}")
            if report.unjudged_only:
                names = shorten(report.unjudged_only)
                self.warnings.append(f"only in rows without an outcome, so not rated: {names}")
            if report.both_bad and settings.ties == "half":
                self.warnings.append(f"{report.both_bad:,} both-bad rows count as ties")
        self.warnings.extend(_lookalikes(self.tally.names))
        if settings.prior:
            self.warnings.append(
                f"the ratings are shrunken towards each other by a prior of {settings.prior:g}"
            )
        if without_maximum:
            self.warnings.append(
                f"{without_maximum:,} of {settings.bootstrap:,} bootstrap replicates had no "
                "maximum; in those, contestants outside the largest component count as infinitely "
                "far above or below it"
            )
        if settings.bootstrap:
            self.warnings.extend(_open_ends(table))


class _Standings:
    """Matches and shares of the points, a contestant each."""

    def __init__(self, field: _core.Field) -> None:
        low, high, low_points, high_points = field.pairs()
        pair, _, _, count = field.kinds()
        contestants = field.contestants

        def total(low_side: np.ndarray, high_side: np.ndarray) -> np.ndarray:
            return np.bincount(low, low_side, contestants) + np.bincount(
                high, high_side, contestants
            )

        matches = np.zeros(len(low), np.int64)
        np.add.at(matches, pair, count.astype(np.int64))
        self.matches = total(matches, matches).astype(np.int64)
        self.total = int(matches.sum())
        points = total(low_points, high_points)
        weight = points + total(high_points, low_points)
        with np.errstate(invalid="ignore"):
            self.win_rate = points / weight


def _table(
    names: tuple[str, ...],
    ratings: np.ndarray,
    interval: tuple[np.ndarray | None, np.ndarray | None],
    standings: _Standings,
    elo: tuple[np.ndarray | None, np.ndarray | None],
) -> pl.DataFrame:
    lower, upper = interval
    order = np.lexsort((np.arange(len(names)), -ratings))
    rank_ci = None
    if lower is not None and upper is not None:
        rank_ci = 1 + len(names) - np.searchsorted(np.sort(lower), upper, side="right")

    def column(values: np.ndarray | None, dtype: type[pl.DataType]) -> pl.Series:
        if values is None:
            return pl.Series([None] * len(names), dtype=dtype)
        return pl.Series(values[order], dtype=dtype)

    return pl.DataFrame(
        {
            "rank": pl.Series(_ranks(ratings[order]), dtype=pl.Int64),
            "model": pl.Series(names, dtype=pl.String).gather(order),
            "rating": column(ratings, pl.Float64),
            "rating_lower": column(lower, pl.Float64),
            "rating_upper": column(upper, pl.Float64),
            "rank_ci": column(rank_ci, pl.Int64),
            "win_rate": column(standings.win_rate, pl.Float64).fill_nan(None),
            "matches": column(standings.matches, pl.Int64),
            "elo": column(elo[0], pl.Float64),
            "elo_sd": column(elo[1], pl.Float64),
        }
    )


def _ranks(descending: np.ndarray) -> list[int]:
    """1, 2, ...; a rating that equals the first of its run shares the rank of that one."""
    ranks: list[int] = []
    leader = math.inf
    for place, rating in enumerate(descending.tolist(), start=1):
        if leader - rating > _SAME_RATING:
            leader = rating
            ranks.append(place)
        else:
            ranks.append(ranks[-1])
    return ranks


def _open_ends(table: pl.DataFrame) -> list[str]:
    """Warnings that name the contestants whose intervals have infinite ends."""
    lower, upper = pl.col("rating_lower"), pl.col("rating_upper")

    def of(condition: pl.Expr) -> list[str]:
        return table.filter(condition)["model"].to_list()

    warnings = [
        f"the interval is open {side} for {shorten(models)}: the matches do not bound the rating "
        f"from {side}"
        for models, side in ((of(lower == -math.inf), "below"), (of(upper == math.inf), "above"))
        if models
    ]
    warnings += [
        f"no finite rating is in the interval of {shorten(models)}: nearly all replicates put "
        f"them infinitely far {side} the largest component"
        for models, side in ((of(lower == math.inf), "above"), (of(upper == -math.inf), "below"))
        if models
    ]
    return warnings


def _account(report: ReadReport | None, matches: int, ties: Ties) -> str:
    if matches and ties == "exclude":
        return f"all {matches:,} are ties, which ties='exclude' leaves out"
    return report.breakdown() if report is not None else "the tally is empty"


def _sources(report: ReadReport | None) -> dict[str, Any]:
    if report is None:
        return {"files": [], "reading": "tally", "columns": {}}
    return {"files": report.files, "reading": report.reading, "columns": report.columns}


def _lookalikes(names: tuple[str, ...]) -> list[str]:
    """A warning where names differ only by case or white space: one model written twice?"""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(" ".join(name.split()).casefold(), []).append(name)
    groups = [group for group in by_key.values() if len(group) > 1]
    if not groups:
        return []
    shown = "; ".join(" and ".join(map(repr, group)) for group in groups[:3])
    more = f"; and {len(groups) - 3:,} more" if len(groups) > 3 else ""
    return [f"rated apart, though they differ only by case or white space: {shown}{more}"]
