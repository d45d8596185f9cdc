"""From matches to ratings: `rate`, and the questions `ranks` and `compare` asked of its board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, Unpack, overload

from humorrank._util.checks import positive, whole
from humorrank._util.progress import Progress
from humorrank.errors import OptionError
from humorrank.matches.source import counted
from humorrank.matches.tally.keyed import checked_columns
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.run import rate_tally
from humorrank.rating.settings import MOST_THREADS, Interval, RatingSettings, Ties, anchor_pair
from humorrank.rating.uncertainty.difference import RatingDifference
from humorrank.rating.uncertainty.rank_intervals import RankTable


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
    bootstrap intervals over matches, or others (docs/statistics/intervals.md); Stable Elo is the mean over
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
            with a tie parameter (docs/statistics/models.md).
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
    controls = checked_columns(controls, (), what="control")
    extended = ties == "davidson" or bool(first_position) or bool(controls)
    settings = RatingSettings(
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
        from humorrank.rating.extended import rate_extended  # noqa: PLC0415 - which needs Rating

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
        return Leaderboards(
            tally,
            settings,
            threads,
            progress,
            one=isinstance(by, str),
            rate=lambda group: rate_tally(group, settings, threads, None),
        )
    return rate_tally(tally, settings, threads, progress)


def ranks(
    matches: object,
    top: int | None = None,
    *,
    joint: bool = False,
    **options: Unpack[RateOptions],
) -> RankTable:
    """Rates contestants, and says which ranks the matches allow.

    Args:
        matches: Whatever `rate` takes, or a board that was rated with intervals.
        top: The k of the probability of being among the first k; 3, or all of fewer, by default.
        joint: Whether the intervals of ranks hold for all contestants simultaneously.
        options: The options of `rate`; bootstrap is 1000 by default, and elo_shuffles 0.

    Raises:
        OptionError: If an option has an invalid value, or options stand beside a board.
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
    """Rates contestants, and says how far two of them are apart.

    Args:
        matches: Whatever `rate` takes, or a board that was rated with intervals.
        model_a: The one contestant.
        model_b: The other.
        options: The options of `rate`; bootstrap is 1000 by default, and elo_shuffles 0.

    Raises:
        KeyError: If one of the two is not on the board.
        OptionError: If an option has an invalid value, or options stand beside a board.
        HumorRankError: See `rate`.
    """
    return _board(matches, options).compare(model_a, model_b)


def _board(matches: object, options: RateOptions) -> Leaderboard:
    if not isinstance(matches, Leaderboard):
        wanted: RateOptions = {"bootstrap": 1000, "elo_shuffles": 0, **options}
        return rate(matches, **wanted)
    for name in sorted(options):
        if name != "progress":
            raise OptionError(f"{name} is said where the board is made: rate(..., {name}=...)")
    return matches
