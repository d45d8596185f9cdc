"""Bradley-Terry ratings only, without intervals and Elo."""

from __future__ import annotations

import polars as pl
import pytest

import humorrank
from bench.speed.peers import (
    CodedLog,
    Lists,
    arena_rank,
    choix_dense,
    choix_pairs,
    evalica_fit,
    evalica_pandas,
)
from bench.speed.racing import Race


def fit(matches: object) -> humorrank.Leaderboard:
    """Computes ratings and certificate, including all steps from the names to the leaderboard."""
    return humorrank.rate(matches, bootstrap=0, elo_shuffles=0)


def test_from_lists(race: Race, nine: pl.DataFrame) -> None:
    """Lists of Python strings, in the form that each tool requires."""
    lists = nine.to_dict(as_series=False)
    race(
        "BT, 9 models, 10,800 matches, from lists of names",
        lambda: fit(lists),
        [evalica_fit(Lists.of(nine), "evalica", target=20)],
        rounds=41,
    )


def test_from_tuples(race: Race, nine: pl.DataFrame) -> None:
    """An iterable of tuples."""
    first, second, winner = (column.to_list() for column in nine.get_columns())
    race(
        "BT, 9 models, 10,800 matches, from an iterable of tuples",
        lambda: fit(zip(first, second, winner, strict=True)),
        [evalica_fit(Lists.of(nine), "evalica, from lists")],
        rounds=41,
    )


def test_nine_from_columns(race: Race, nine: pl.DataFrame) -> None:
    """String columns of polars. The peers get them in the form that they require."""
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
    """Measured separately, because a slow peer would leave cold caches to the faster ones."""
    race(
        "BT, 9 models, 10,800 matches, from string columns",
        lambda: fit(nine),
        [arena_rank(nine, "arena-rank", target=10)],
        rounds=21,
    )


def test_nine_without_ties_from_columns(race: Race, nine_decided: pl.DataFrame) -> None:
    """A log that choix supports."""
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
    """A log that choix supports."""
    race(
        "BT, 100 models, 1e6 matches without ties, from string columns",
        lambda: fit(hundred_decided),
        [choix_pairs(hundred_decided, "choix, ilsr_pairwise", target=10)],
    )


def test_nine_from_pandas(race: Race, nine: pl.DataFrame) -> None:
    """String columns of pandas, which evalica also accepts, although they are slower than lists."""
    pytest.importorskip("pandas")
    frame = nine.to_pandas()
    race(
        "BT, 9 models, 10,800 matches, from pandas string columns",
        lambda: fit(frame),
        [
            evalica_pandas(nine, "evalica, the columns as they are"),
            evalica_fit(nine, "evalica, lists made of polars columns", target=10),
        ],
        rounds=21,
    )


@pytest.mark.parametrize("kind", ["python objects", "Arrow strings"])
def test_hundred_from_pandas(race: Race, hundred: pl.DataFrame, kind: str) -> None:
    """A million matches, with both string types of pandas."""
    pytest.importorskip("pandas")
    frame = hundred.to_pandas()
    frame = frame.astype(object if kind == "python objects" else "string[pyarrow]")
    race(
        f"BT, 100 models, 1e6 matches, from pandas, {kind}",
        lambda: fit(frame),
        [
            evalica_pandas(frame, "evalica, the columns as they are", target=30),
            evalica_fit(hundred, "evalica, lists made of polars columns"),
            arena_rank(frame, "arena-rank", target=100),
        ],
    )


def test_hundred_from_codes(race: Race, hundred: pl.DataFrame) -> None:
    """Integers for `Tally.from_codes`. Evalica accepts only names."""
    codes = CodedLog.of(hundred)
    race(
        "BT, 100 models, 1e6 matches, from codes",
        lambda: fit(codes.tally()),
        [
            evalica_fit(hundred, "evalica, from string columns", target=200),
            evalica_fit(Lists.of(hundred), "evalica, its lists made beforehand"),
        ],
        rounds=21,
    )


def test_thousand_from_codes(race: Race, thousand: pl.DataFrame) -> None:
    """Half a million pairs."""
    codes = CodedLog.of(thousand)
    warm = ("fit as called",)
    race(
        "BT, 1,000 models, 1e6 matches, from codes",
        lambda: fit(codes.tally()),
        [arena_rank(thousand, "arena-rank, warm", warm, target=100)],
    )
