"""The default number of bootstrap replicates."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import humorrank
from humorrank import OptionError, Tally
from humorrank.rating.uncertainty import replicates

ROUND = [("a", "b"), ("b", "c"), ("c", "a")]


def log() -> dict[str, list[str]]:
    rows = [*ROUND * 5, *[(y, x) for x, y in ROUND * 3]]
    return {
        "model_a": [a for a, _ in rows],
        "model_b": [b for _, b in rows],
        "winner": ["model_a"] * len(rows),
        "judge": ["j", "k"] * (len(rows) // 2),
    }


@pytest.fixture
def small_bound(monkeypatch):
    """A field of three is very large."""
    monkeypatch.setattr(replicates, "MOST_DRAWN", 1_000)


def test_every_entry_takes_the_same_number():
    board = humorrank.rate(log())
    assert board.bootstrap["replicates"] == board.settings["bootstrap"] == 1_000
    assert board.warnings == ()
    assert humorrank.ranks(log()).basis == "1,000 bootstrap replicates"
    assert humorrank.compare(log(), "a", "b").basis == "1,000 bootstrap replicates"
    assert humorrank.rate(log(), by="judge").settings["bootstrap"] == 1_000


def test_one_log_shows_one_interval(run, tmp_path):
    path = tmp_path / "log.csv"
    pl.DataFrame(log()).write_csv(path)
    board = humorrank.rate(path, elo_shuffles=0)
    code, out, _ = run("rate", path, "-f", "json")
    assert code == 0
    printed = json.loads(out)["leaderboard"]
    assert [row["rating_lower"] for row in printed] == [row.rating_lower for row in board]
    again = humorrank.rate(path, elo_shuffles=0, bootstrap=1_000)
    assert [row.rating_upper for row in again] == [row.rating_upper for row in board]


@pytest.mark.usefixtures("small_bound")
def test_a_very_large_field_takes_fewer_and_reports_it():
    board = humorrank.rate(log())
    assert board.bootstrap["replicates"] == board.settings["bootstrap"] == 100
    (warning,) = board.warnings
    assert "100 bootstrap replicates instead of 1,000" in warning
    assert "--bootstrap 1000" in warning
    boards = humorrank.rate(log(), by="judge")
    assert boards.settings["bootstrap"] == 100
    assert any("instead of 1,000" in warning for warning in boards.warnings)
    assert boards["j"].bootstrap["replicates"] == 100


@pytest.mark.usefixtures("small_bound")
def test_an_explicit_number_is_always_used():
    for count in (0, 50, 1_000):
        board = humorrank.rate(log(), bootstrap=count)
        assert board.bootstrap["replicates"] == count
        assert board.warnings == ()


@pytest.mark.usefixtures("small_bound")
def test_a_confidence_that_needs_more_gets_them():
    assert humorrank.rate(log(), confidence=0.99).bootstrap["replicates"] == 199
    with pytest.raises(OptionError, match="at least 1,999 bootstrap replicates, not 1,000"):
        humorrank.rate(log(), confidence=0.999)


def test_the_bound_counts_different_matches():
    """Equal matches make one cell, however many there are."""
    count = np.array([10**6, 10**6, 10**6], np.uint64)
    codes = np.array([0, 1, 2], np.uint32), np.array([1, 2, 0], np.uint32)
    tally = Tally.from_codes(["a", "b", "c"], *codes, np.zeros(3, np.uint8), count)
    assert humorrank.rate(tally, elo_shuffles=0).bootstrap["replicates"] == 1_000


def test_without_a_bootstrap_no_number_is_recorded():
    board = humorrank.rate(log(), interval="sandwich", elo_shuffles=0)
    assert board.settings["bootstrap"] == board.bootstrap["replicates"] == 0
