"""Bradley-Terry ratings alone: no intervals, no Elo."""

from __future__ import annotations

import polars as pl
import pytest

import humorrank
from bench.peers import (
    Lists,
    arena_rank,
    choix_dense,
    choix_pairs,
    evalica_fit,
    evalica_pandas,
)
from bench.racing import Race


def fit(matches: object) -> humorrank.Leaderboard:
    """Ratings and certificate, everything from the names to the leaderboard included."""
    return humorrank.rate(matches, bootstrap=0, elo_shuffles=0)


def test_from_lists(race: Race, nine: pl.DataFrame) -> None:
    """Names as Python strings in Python lists."""
    first, second, winner = (column.to_list() for column in nine.get_columns())
    race(
        "BT, 9 models, 10,800 matches, from lists of names",
        lambda: fit(zip(first, second, winner, strict=True)),
        [evalica_fit(Lists.of(nine), "evalica", target=20)],
        rounds=21,
    )


def test_nine_from_columns(race: Race, nine: pl.DataFrame) -> None:
    """String columns of polars; the peers get them in the form that they take."""
    race(
        "BT, 9 models, 10,800 matches, from string columns",
        lambda: fit(nine),
        [
            evalica_fit(nine, "evalica", target=10),
            evalica_fit(Lists.of(nine), "evalica, its lists made beforehand"),
            choix_dense(nine, "choix, dense, counted by polars"),
        ],
        rounds=41,
    )


def test_nine_from_columns_arena_rank(race: Race, nine: pl.DataFrame) -> None:
    """Apart, since a peer that takes seconds leaves cold caches to those that take milliseconds."""
    race(
        "BT, 9 models, 10,800 matches, from string columns",
        lambda: fit(nine),
        [arena_rank(nine, "arena-rank", target=10)],
        rounds=21,
    )


def test_nine_without_ties_from_columns(race: Race, nine_decided: pl.DataFrame) -> None:
    """The log that choix can take."""
    race(
        "BT, 9 models, 10,800 matches without ties, from string columns",
        lambda: fit(nine_decided),
        [choix_pairs(nine_decided, "choix, ilsr_pairwise", target=10)],
        rounds=21,
    )


def test_hundred_from_columns(race: Race, hundred: pl.DataFrame) -> None:
    """A million matches."""
    race(
        "BT, 100 models, 1e6 matches, from string columns",
        lambda: fit(hundred),
        [
            evalica_fit(hundred, "evalica", target=30),
            evalica_fit(Lists.of(hundred), "evalica, its lists made beforehand"),
            arena_rank(hundred, "arena-rank", target=100),
            choix_dense(hundred, "choix, dense, counted by polars"),
        ],
        rounds=15,
    )


def test_hundred_without_ties_from_columns(race: Race, hundred_decided: pl.DataFrame) -> None:
    """The log that choix can take."""
    race(
        "BT, 100 models, 1e6 matches without ties, from string columns",
        lambda: fit(hundred_decided),
        [choix_pairs(hundred_decided, "choix, ilsr_pairwise", target=10)],
    )


@pytest.mark.parametrize(
    ("models", "log", "rounds"), [("9", "nine", 21), ("100", "hundred", 9)], ids=["9", "100"]
)
def test_from_pandas(
    race: Race, request: pytest.FixtureRequest, models: str, log: str, rounds: int
) -> None:
    """String columns of pandas, which evalica takes too, if slower than lists."""
    matches = request.getfixturevalue(log)
    pytest.importorskip("pandas")
    frame = matches.to_pandas()
    race(
        f"BT, {models} models, {_number(matches.height)} matches, from pandas string columns",
        lambda: fit(frame),
        [
            evalica_pandas(matches, "evalica, the columns as they are"),
            evalica_fit(matches, "evalica, lists made of polars columns", target=10),
        ],
        rounds=rounds,
    )


def _number(matches: int) -> str:
    return "1e6" if matches == 1_000_000 else f"{matches:,}"
