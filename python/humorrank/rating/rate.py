"""Rating of matches with `rate`, and its shortcuts `ranks` and `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, TypeVar, Unpack, overload

from humorrank._util.checks import positive, whole
from humorrank._util.progress import Progress
from humorrank._util.warned import warn
from humorrank.errors import OptionError
from humorrank.matches.source import NO_CLUSTERS, cluster_keys, read_tally
from humorrank.matches.tally.keyed import checked_columns
from humorrank.rating.ballots import clustered, without_intervals
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.board.saved import opened
from humorrank.rating.run import rate_tally
from humorrank.rating.settings import MOST_THREADS, Interval, RatingSettings, Ties, anchor_pair
from humorrank.rating.uncertainty.difference import RatingDifference
from humorrank.rating.uncertainty.rank_intervals import RankTable
from humorrank.rating.uncertainty.replicates import with_replicates


class RateOptions(TypedDict, total=False):
    """The options of `rate` except `by`, which determines the type of the result."""

    bootstrap: int | None
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
    both_bad_share: bool


@overload
def rate(matches: object, *, by: None = None, **options: Unpack[RateOptions]) -> Leaderboard: ...


@overload
def rate(
    matches: object, *, by: str | Sequence[str], **options: Unpack[RateOptions]
) -> Leaderboards: ...


def rate(
    matches: object,
    *,
    bootstrap: int | None = None,
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
    both_bad_share: bool = False,
    by: str | Sequence[str] | None = None,
) -> Leaderboard | Leaderboards:
    """Rates contestants from pairwise matches.

    Bradley-Terry ratings are the maximum-likelihood estimate of
    P(i beats j) = 1 / (1 + 10^((R_j - R_i) / 400)), where a tie counts as half a win for each
    side. The intervals are percentile bootstrap intervals over matches by default
    (docs/statistics/intervals.md). Stable Elo is the mean over random orders of the matches. The
    result depends on the matches, the settings and the seed, but not on the order of the rows or
    the number of threads.

    Args:
        matches: A path, a glob, a list of paths (logs, or tally files, which are added), "-"
            (standard input), a polars, pandas or Arrow table, columns by name
            ({"model_a": [...], ...}), an iterable of (a, b, winner), a `MatchLog`, a `Tally`, or
            the path of a tournament's store.
        bootstrap: Number of bootstrap replicates for the intervals; 0 omits the intervals. The
            default is 1,000, or 100 for very large fields, whose boards report it in a warning.
            Not used with Davidson's ties, a first-position parameter or controls.
        confidence: Confidence level of the intervals, between 0 and 1.
        elo_shuffles: Number of random orders for Stable Elo; 0 omits it.
        elo_k: The largest change of an Elo rating by one match, in points.
        ties: How ties are handled: as "half" a win for each side, "exclude" to drop them, or
            "davidson" to model them as a separate outcome with a tie parameter
            (docs/statistics/models.md).
        anchor: A contestant and its rating, {name: rating}. The whole board and its intervals are
            shifted by a constant so that the contestant has this rating.
        prior: Weight of the prior, which adds prior x [log s(t) + log s(-t)] / 2 to the
            log-likelihood for each contestant of log strength t, where s is the logistic function.
            A prior of 1 is a half-won match against an average opponent.
        disconnected: What to do if the likelihood has no maximum: raise an "error", or rate the
            "largest" strongly connected component and list the other contestants as unrated.
            Several equally large components are an error in both cases.
        columns: Mapping from role to column, for example {"model_a": "left"}; see `MatchLog`.
        unjudged: How rows without an outcome are handled: "skip" and count them, or "fail".
        on_error: How invalid rows are handled: "fail" at the first one, or "skip" and count them.
        seed: Random seed for the bootstrap and the Elo orders.
        threads: Number of threads; all processors by default. It never changes the result.
        progress: A function called with (stage, done, total) about 20 times per second.
        score_of: The side whose share of the win the score column holds: "a" or "b".
        min_matches: The smallest number of matches of a rated contestant. Contestants with fewer
            are left out repeatedly until all that remain have enough.
        solver: The algorithm that maximizes the likelihood: "newton", or "mm" as in the paper. The
            result is the same.
        interval: The interval method: "percentile" (the default), "basic" or "bca" from bootstrap
            replicates, "wald" from the inverse Fisher information, or "sandwich" from the scatter
            of the matches. The default is "sandwich" with Davidson's ties, a first-position
            parameter or controls, which do not support the bootstrap.
        cluster: A column (prompt, judge, ...) whose matches are correlated. Its clusters are
            resampled, or summed for the sandwich, as a whole. The pairs of rankings and other
            ballots are clustered by ballot by default; "none" treats them as independent.
        simultaneous: Whether the intervals hold for all contestants simultaneously.
        first_position: Whether to fit a parameter for the advantage of being shown first, so that
            this advantage no longer affects the ratings.
        controls: Names of covariates that are fitted in addition to the ratings. The name "length"
            refers to the column `length_a` minus `length_b`, to a column `length` that holds
            such differences, or to the texts of both sides (docs/statistics/models.md).
        both_bad_share: Whether the board has a column `both_bad_share`: the share of the matches
            of a contestant in which both were called bad, among all its matches.
        by: One or more columns of the log, or periods of their dates: "year(tstamp)",
            "month(tstamp)", "week(tstamp)" (ISO 8601) or "day(tstamp)", in UTC. Each group of
            matches with equal values in these columns is rated independently, with exactly the
            result of rating these matches alone with the same number of replicates. A group that
            cannot be rated is reported and does not affect the other groups.

    Returns:
        The board, or with `by` the boards of all groups. Its warnings are in `board.warnings` and
        are also emitted as `HumorRankWarning`.

    Raises:
        OptionError: If an option has an invalid value.
        InputError: If the matches cannot be read.
        NoMaximumError: If the likelihood has no maximum. The message names the contestants that
            are not connected to the rest, and why.
        ConvergenceError: If the maximum could not be certified.
    """
    controls = checked_columns(controls, (), what="control")
    extended = ties == "davidson" or bool(first_position) or bool(controls)
    settings = RatingSettings(
        bootstrap=0 if extended else None if bootstrap is None else whole("bootstrap", bootstrap),
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
        cluster=None if cluster == NO_CLUSTERS else cluster,
        simultaneous=bool(simultaneous),
        first_position=bool(first_position),
        controls=controls,
        both_bad_share=bool(both_bad_share),
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
        raise OptionError("by must name at least one column")
    if settings.extended:
        from humorrank.rating.extended import rate_extended  # noqa: PLC0415 - which needs Rating

        return _warned(
            rate_extended(
                matches,
                settings,
                reading=reading,
                by=groups,
                ballots=cluster is None,
                threads=threads,
                progress=progress,
            )
        )
    if groups and (settings.interval != "percentile" or settings.cluster or simultaneous):
        raise OptionError(
            "by supports only percentile intervals over matches; for other intervals, rate the "
            "matches of each group separately (where)"
        )
    keys, ballots = (groups, False) if groups else cluster_keys(cluster)
    tally = read_tally(matches, keys=keys, progress=progress, reading=reading, ballots=ballots)
    told: list[str] = []
    if cluster is None and groups:
        settings, told = without_intervals(settings, tally.report)
    elif cluster is None:
        number = len(tally.keyed) if tally.keyed is not None else None
        settings, told = clustered(settings, tally.report, number)
    if groups:
        assert tally.keyed is not None
        decided, found = with_replicates(settings, tally.keyed.cells.cell_count(), len(tally.keyed))
        return _warned(
            Leaderboards(
                tally,
                decided,
                threads,
                progress,
                one=isinstance(by, str),
                rate=lambda group: rate_tally(group, decided, threads, None),
                notices=[*told, *found],
            )
        )
    return _warned(rate_tally(tally, settings, threads, progress, told))


_Boards = TypeVar("_Boards", Leaderboard, Leaderboards)


def _warned(board: _Boards) -> _Boards:
    """Returns a board after its warnings have been emitted."""
    warn(board.warnings)
    return board


def ranks(
    matches: object,
    top: int | None = None,
    *,
    joint: bool = False,
    **options: Unpack[RateOptions],
) -> RankTable:
    """Rates contestants and computes intervals of their ranks.

    Args:
        matches: Matches as `rate` accepts them, or a board that was rated with intervals.
        top: The k for the probability of being among the first k. The default is 3, or the number
            of contestants if there are fewer.
        joint: Whether the rank intervals hold for all contestants simultaneously.
        options: The options of `rate`. Here elo_shuffles is 0 by default.

    Raises:
        OptionError: If an option has an invalid value, or options are combined with a board.
        HumorRankError: See `rate`.
    """
    board = _board(matches, options)
    return board.ranks(top, joint=joint, progress=options.get("progress"))


def compare(
    matches: object,
    model_a: str,
    model_b: str,
    **options: Unpack[RateOptions],
) -> RatingDifference:
    """Rates contestants and compares two of them.

    Args:
        matches: Matches as `rate` accepts them, or a board that was rated with intervals.
        model_a: Name of the first contestant.
        model_b: Name of the second contestant.
        options: The options of `rate`. Here elo_shuffles is 0 by default.

    Raises:
        KeyError: If one of the two contestants is not on the board.
        OptionError: If an option has an invalid value, or options are combined with a board.
        HumorRankError: See `rate`.
    """
    return _board(matches, options).compare(model_a, model_b)


def _board(matches: object, options: RateOptions) -> Leaderboard:
    matches = opened(matches)
    if not isinstance(matches, Leaderboard):
        wanted: RateOptions = {"elo_shuffles": 0, **options}
        return rate(matches, **wanted)
    for name in sorted(options):
        if name != "progress":
            raise OptionError(
                f"{name} cannot be set for a board that is already rated; "
                f"set it when rating: rate(..., {name}=...)"
            )
    return matches
