"""113,638 human judgments among 4,030 texts, with published scores (ACL 2019)."""

import polars as pl
import pytest
from scipy import stats
from support.reference import shared

import humorrank


@pytest.fixture(scope="module")
def board():
    return humorrank.rate(shared("data/humor-pairs/pairs.csv"), bootstrap=0, elo_shuffles=0)


@pytest.fixture(scope="module")
def both(board):
    """Returns the board joined with the published scores."""
    items = pl.read_csv(
        shared("data/humor-pairs/items.tsv"),
        separator="\t",
        has_header=False,
        quote_char=None,
        new_columns=["model", "score", "text"],
    )
    return board.table.join(items.with_columns(pl.col("model").cast(pl.String)), on="model")


def test_every_judgment_is_rated(board):
    assert len(board) == 4030
    assert board.counts["rated"] == board.counts["read"] == 113_638
    assert board.unrated == ()
    assert board.certificate["distance"] < 1e-6


def test_the_ratings_range_from_402_to_1345(board):
    assert f"{board.table['rating'].min():.1f}" == "402.5"
    assert f"{board.table['rating'].max():.1f}" == "1344.7"
    assert board.table["rating"].mean() == pytest.approx(1000)


def test_the_ratings_order_the_texts_as_the_published_scores_do(both):
    assert both.height == 4030
    rho = stats.spearmanr(both["rating"], both["score"]).statistic
    assert f"{rho:.3f}" == "0.959"


def test_the_win_rates_are_the_published_scores(both):
    """A best-worst-scaling score is 2 x win rate - 1."""
    assert (2 * both["win_rate"] - 1 - both["score"]).abs().max() < 1e-3
