"""The fastest usual ways to do the same work with peers, and checks that the results are equal."""

from __future__ import annotations

import functools
import importlib
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

import humorrank
from bench.speed.racing import Peer

POINTS = 400 / math.log(10)
CODES = {"model_a": 1, "model_b": 2, "tie": 0}
"""The numbers that evalica gives to the outcomes."""


@dataclass(frozen=True)
class CodedLog:
    """A log as integers: the names, and columns of the contestants and the outcomes."""

    names: list[str]
    first: np.ndarray
    second: np.ndarray
    outcome: np.ndarray

    @classmethod
    def of(cls, log: pl.DataFrame) -> CodedLog:
        """Returns the codes of string columns."""
        names = pl.concat([log["model_a"].unique(), log["model_b"].unique()]).unique().sort()
        first, second = (
            log[side].cast(pl.Enum(names)).to_physical().cast(pl.UInt32).to_numpy()
            for side in ("model_a", "model_b")
        )
        words = {"model_a": 0, "model_b": 1, "tie": 2}
        outcome = log["winner"].replace_strict(words, return_dtype=pl.UInt8).to_numpy()
        return cls(names.to_list(), first, second, outcome)

    def tally(self) -> humorrank.Tally:
        """Counts."""
        return humorrank.Tally.from_codes(self.names, self.first, self.second, self.outcome)


@dataclass(frozen=True)
class Lists:
    """A log as the Python lists that evalica requires: two of names, and one of outcome numbers."""

    first: list[str]
    second: list[str]
    winners: list[Any]

    @classmethod
    def of(cls, log: pl.DataFrame) -> Lists:
        """Converts string columns to these lists in the fastest known way."""
        winners = log["winner"].replace_strict(CODES, return_dtype=pl.UInt8)
        return cls(log["model_a"].to_list(), log["model_b"].to_list(), winners.to_list())


def load(name: str) -> ModuleType | None:
    """Imports the module of a peer without its warnings; returns None if it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return importlib.import_module(name)
        except ImportError:
            return None


def centred(ratings: Mapping[str, float]) -> dict[str, float]:
    """Shifts ratings to a mean of 1000, as in humorrank."""
    shift = 1000 - sum(ratings.values()) / len(ratings)
    return {name: rating + shift for name, rating in ratings.items()}


def same_ratings(
    ratings: Callable[[Any], Mapping[str, float]], tolerance: float
) -> Callable[[Any, Any], None]:
    """Returns a check that no rating differs by more than the tolerance.

    Args:
        ratings: Converts the result of the peer to a mapping from names to points.
        tolerance: In points, according to the stopping rule of the peer.
    """

    def check(board: humorrank.Leaderboard, theirs: object) -> None:
        found = centred(ratings(theirs))
        models = board.to_polars().select("model", "rating").rows()
        assert {name for name, _ in models} == set(found), "other contestants"
        gap = max(abs(rating - found[name]) for name, rating in models)
        assert gap <= tolerance, f"ratings differ by up to {gap:.3g} points"

    return check


def _evalica_ratings(result: Any) -> dict[str, float]:
    return (np.log(result.scores) * POINTS).to_dict()


def _absent(name: str, **targets: float | None) -> Peer:
    module = name.split(",", maxsplit=1)[0]
    return Peer(name, None, missing=f"{module} is not installed", **targets)


def evalica_fit(source: pl.DataFrame | Lists, name: str, **targets: float | None) -> Peer:
    """Returns evalica.bradley_terry, from lists or from string columns converted to lists."""
    if (evalica := load("evalica")) is None:
        return _absent(name, **targets)

    def call() -> object:
        lists = source if isinstance(source, Lists) else Lists.of(source)
        return evalica.bradley_terry(lists.first, lists.second, lists.winners)

    return Peer(name, call, same_ratings(_evalica_ratings, 0.01), **targets)


def evalica_pandas(log: Any, name: str, **targets: float | None) -> Peer:
    """Returns evalica.bradley_terry, called with pandas string columns.

    Args:
        log: A pandas frame, or a polars frame, which is converted.
        name: The name in the table.
        targets: The minimum ratio.
    """
    if (evalica := load("evalica")) is None:
        return _absent(name, **targets)
    frame = log.to_pandas() if isinstance(log, pl.DataFrame) else log

    def call() -> object:
        winners = frame["winner"].map(CODES).tolist()
        return evalica.bradley_terry(frame["model_a"], frame["model_b"], winners)

    return Peer(name, call, same_ratings(_evalica_ratings, 0.01), **targets)


def evalica_bootstrap(
    log: pl.DataFrame, replicates: int, name: str, **targets: float | None
) -> Peer:
    """Returns evalica.bootstrap, with percentile intervals. Its fit to all rows is a replicate."""
    if (evalica := load("evalica")) is None:
        return _absent(name, **targets)

    def call() -> object:
        lists = Lists.of(log)
        return evalica.bootstrap(
            evalica.bradley_terry,
            lists.first,
            lists.second,
            lists.winners,
            n_resamples=replicates,
            bootstrap_method="percentile",
            random_state=1,
        )

    def check(board: humorrank.Leaderboard, theirs: Any) -> None:
        same_ratings(lambda result: _evalica_ratings(result.result), 0.01)(board, theirs)
        points = np.log(theirs.distribution) * POINTS
        points = points.sub(points.mean(axis=1), axis=0)
        spread = 2 * 1.96 * points.std(ddof=1)
        width = [board[name].rating_upper - board[name].rating_lower for name in points.columns]
        ratio = float(np.mean(spread / width))
        assert 0.8 < ratio < 1.25, f"their spread is {ratio:.2f} times ours"

    return Peer(name, call, check, per=replicates + 1, **targets)


def evalica_elo(
    source: pl.DataFrame | Lists, name: str, matches: int, **targets: float | None
) -> Peer:
    """Returns one replay with evalica.elo, measured per match."""
    if (evalica := load("evalica")) is None:
        return _absent(name, **targets)

    def call() -> object:
        lists = source if isinstance(source, Lists) else Lists.of(source)
        return evalica.elo(lists.first, lists.second, lists.winners, k=32, initial=1000)

    return Peer(name, call, per=matches, **targets)


def same_replay(log: pl.DataFrame, theirs: Any) -> None:
    """Returns a check that a replay in the order of the log gives the same ratings as evalica."""
    ours = dict(humorrank.replay_elo(log).rows())
    gap = max(abs(ours[name] - rating) for name, rating in theirs.scores.items())
    assert gap <= 1e-9, f"Elo ratings differ by up to {gap:.3g} points"


@dataclass(frozen=True)
class _Arena:
    competitors: Sequence[str]
    ratings: np.ndarray
    parts: dict[str, float]


_COMPILING: list[tuple[float, float]] = []
"""The start and the end of each time that JAX traced or compiled."""


def _compiled(begin: float, end: float) -> float:
    """Returns the seconds of an interval that JAX spent on tracing or compiling."""
    total, reached = 0.0, begin
    for start, stop in sorted(_COMPILING):
        low, high = max(start, reached), min(stop, end)
        if high > low:
            total += high - low
            reached = high
    return total


@functools.cache
def _listen_to(jax: ModuleType) -> None:
    """Registers a listener for the compilations of JAX, once."""

    def note(event: str, seconds: float, **_: object) -> None:
        if event.startswith("/jax/core/compile/"):
            now = time.perf_counter()
            _COMPILING.append((now - seconds, now))

    jax.monitoring.register_event_duration_secs_listener(note)


def arena_rank(
    log: Any,
    name: str,
    together: tuple[str, ...] = ("data preparation", "fit as called"),
    **targets: float | None,
) -> Peer:
    """Returns data preparation and fit of arena-rank, from a pandas frame of string columns.

    Each fit traces and compiles its optimizer again, and the interface of arena-rank offers no
    way to reuse it. JAX reports the time of this, so the table has a separate line for the fit
    without it.

    Args:
        log: String columns of polars or pandas.
        name: The name in the table.
        together: The parts that are compared.
        targets: The minimum ratio.
    """
    models = load("arena_rank.models.bradley_terry")
    data = load("arena_rank.utils.data_utils")
    if models is None or data is None:
        return _absent(name, **targets)
    import jax  # noqa: PLC0415 - imported only if arena-rank is

    _listen_to(jax)
    frame = log.to_pandas() if isinstance(log, pl.DataFrame) else log

    def call() -> _Arena:
        _COMPILING.clear()
        begin = time.perf_counter()
        pairs = data.PairDataset.from_pandas(frame)
        jax.block_until_ready(pairs.opt_weights)
        prepared = time.perf_counter()
        model = models.BradleyTerry(len(pairs.competitors))
        model.fit(pairs)
        ratings = np.asarray(jax.block_until_ready(model.params["ratings"])) * model.alpha
        fitted = time.perf_counter()
        parts = {
            "data preparation": prepared - begin,
            "fit without compiling": fitted - prepared - _compiled(prepared, fitted),
            "fit as called": fitted - prepared,
        }
        return _Arena(pairs.competitors, ratings, parts)

    def ratings(found: _Arena) -> dict[str, float]:
        return dict(zip(found.competitors, found.ratings.tolist(), strict=True))

    return Peer(
        name,
        call,
        same_ratings(ratings, 0.05),
        parts=lambda found: found.parts,
        together=together,
        **targets,
    )


def _codes(log: pl.DataFrame) -> tuple[list[str], pl.DataFrame]:
    """Returns the names, and the winner and loser of each row; the first loses a tie."""
    names = pl.concat([log["model_a"].unique(), log["model_b"].unique()]).unique().sort().to_list()
    number = {name: i for i, name in enumerate(names)}
    first_won = pl.col("winner") == "model_a"
    sides = log.select(
        pl.col("model_a", "model_b").replace_strict(number, return_dtype=pl.UInt32), "winner"
    )
    return names, sides.select(
        winner=pl.when(first_won).then("model_a").otherwise("model_b"),
        loser=pl.when(first_won).then("model_b").otherwise("model_a"),
        tied=pl.col("winner") == "tie",
    )


def _choix_ratings(found: tuple[list[str], np.ndarray]) -> dict[str, float]:
    names, params = found
    return dict(zip(names, (params * POINTS).tolist(), strict=True))


def choix_pairs(log: pl.DataFrame, name: str, **targets: float | None) -> Peer:
    """Returns choix.ilsr_pairwise, from string columns without ties (choix has no ties)."""
    if (choix := load("choix")) is None:
        return _absent(name, **targets)

    def call() -> tuple[list[str], np.ndarray]:
        names, codes = _codes(log)
        pairs = codes.select("winner", "loser").rows()
        return names, choix.ilsr_pairwise(len(names), pairs)

    return Peer(name, call, same_ratings(_choix_ratings, 1e-3), **targets)


def choix_dense(log: pl.DataFrame, name: str, **targets: float | None) -> Peer:
    """Returns choix.ilsr_pairwise_dense, with the matrix of counts computed by polars and NumPy."""
    if (choix := load("choix")) is None:
        return _absent(name, **targets)

    def call() -> tuple[list[str], np.ndarray]:
        names, codes = _codes(log)
        matrix = np.zeros((len(names), len(names)))
        cells = codes.group_by("winner", "loser", "tied").len()
        winner, loser, tied, count = (column.to_numpy() for column in cells.get_columns())
        np.add.at(matrix, (winner, loser), np.where(tied, count / 2, count))
        np.add.at(matrix, (loser, winner), np.where(tied, count / 2, 0))
        return names, choix.ilsr_pairwise_dense(matrix)

    return Peer(name, call, same_ratings(_choix_ratings, 1e-3), **targets)


def reading_bytes(columns: Sequence[np.ndarray], name: str) -> Peer:
    """Returns a lower bound for counting: NumPy reads each byte once, on two threads."""
    pool = ThreadPoolExecutor(2)
    halves = [half.view(np.uint8) for column in columns for half in np.array_split(column, 2)]
    words = [half[: len(half) // 8 * 8].view(np.uint64) for half in halves]

    def call() -> list[Any]:
        return list(pool.map(np.bitwise_or.reduce, words))

    return Peer(name, call, per=len(columns[0]))
