"""Bradley-Terry ratings of many groups, from integer codes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

import humorrank
from bench.speed.racing import Limit, Peer, Race

GROUPS, FIELD = 100_000, 1_000


class Coded(NamedTuple):
    """Matches as codes, in random order."""

    group: np.ndarray
    first: np.ndarray
    second: np.ndarray
    outcome: np.ndarray


def coded(matches: int) -> Coded:
    """Matches of groups of 5 to 20 contestants out of a field of 1,000, 10 % of them ties."""
    random = np.random.default_rng(7)
    size = random.integers(5, 21, GROUPS)
    member = random.integers(0, FIELD, GROUPS)
    step = random.integers(1, FIELD // 20, GROUPS)
    group = random.integers(0, GROUPS, matches)
    one = random.integers(0, 1 << 30, matches) % size[group]
    other = (one + 1 + random.integers(0, 1 << 30, matches) % (size[group] - 1)) % size[group]
    first, second = ((member[group] + step[group] * seat) % FIELD for seat in (one, other))
    strength = random.normal(0, 200, FIELD)
    expected = 1 / (1 + 10 ** ((strength[second] - strength[first]) / 400))
    outcome = (random.random(matches) > expected).astype(np.uint8)
    outcome[random.random(matches) < 0.1] = 2
    return Coded(group.astype(np.uint32), *(c.astype(np.uint32) for c in (first, second)), outcome)


@pytest.fixture(scope="module")
def rows() -> Coded:
    """1e7 matches."""
    return coded(10_000_000)


def tally(rows: Coded) -> humorrank.Tally:
    """Returns the counts by group."""
    keys = {"prompt": (None, rows.group)}
    return humorrank.Tally.from_codes(None, rows.first, rows.second, rows.outcome, keys=keys)


def cells(rows: Coded) -> pl.DataFrame:
    """Counts the same cells with polars, without ratings: a lower bound for a table tool."""
    frame = pl.DataFrame(rows._asdict())
    return frame.lazy().group_by(*rows._fields).len().collect(engine="streaming")


def same_cells(ours: humorrank.Tally | humorrank.Leaderboards, theirs: pl.DataFrame) -> None:
    """Checks that the numbers of groups, matches and cells are equal."""
    if isinstance(ours, humorrank.Tally):
        assert ours.to_polars().height == theirs.height
        assert ours.matches == theirs["len"].sum()
    else:
        assert len(ours) == theirs["group"].n_unique()


def test_rate_by_group(race: Race, rows: Coded) -> None:
    """Rates the codes and returns the table of all boards."""

    def ours() -> humorrank.Leaderboards:
        boards = humorrank.rate(tally(rows), by="prompt", bootstrap=0, elo_shuffles=0)
        assert boards.to_polars().height
        return boards

    peer = Peer("polars, only the cells counted", lambda: cells(rows), same_cells)
    race(
        "BT by group, 1e5 groups of 5 to 20, 1e7 matches, from codes",
        ours,
        [peer],
        rounds=5,
        limit=Limit(1.0),
    )


def test_tally_by_group(race: Race, rows: Coded) -> None:
    """Only the counts."""

    def ours() -> humorrank.Tally:
        counted = tally(rows)
        assert counted.matches == len(rows.outcome)
        return counted

    peer = Peer("polars, the same cells", lambda: cells(rows), same_cells)
    race("tally by group, 1e5 groups of 5 to 20, 1e7 matches, from codes", ours, [peer], rounds=5)


def test_floor(race: Race, rows: Coded) -> None:
    """Reading the bytes of the codes once, which is a lower bound for any way of counting them."""

    def ours() -> Any:
        return [int(column.sum()) for column in rows]

    race("1e7 rows of four codes, their bytes read once by numpy on one thread", ours, [], rounds=5)
