"""How far a board is to be believed: intervals, ranks and comparisons (docs/uncertainty.md)."""

from humorrank.uncertainty.comparison import Comparison
from humorrank.uncertainty.rank_intervals import RankTable

__all__ = ["Comparison", "RankTable"]
