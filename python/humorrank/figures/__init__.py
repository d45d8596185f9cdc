"""Pictures of boards, logs and stores, as Altair charts (docs/figures.md).

Each function takes a board, a log or a store and gives a chart, which a notebook shows, and which
`save` and `svg` turn into files and text. They need `pip install 'humorrank[figures]'`.
"""

from humorrank.figures.budgets import budget
from humorrank.figures.heads import win_rates
from humorrank.figures.intervals import leaderboard, ranks
from humorrank.figures.profiles import features
from humorrank.figures.scatter import elo_against_bt, judges
from humorrank.figures.shares import position_bias, reliability
from humorrank.figures.writing import save, svg

__all__ = [
    "budget",
    "elo_against_bt",
    "features",
    "judges",
    "leaderboard",
    "position_bias",
    "ranks",
    "reliability",
    "save",
    "svg",
    "win_rates",
]
