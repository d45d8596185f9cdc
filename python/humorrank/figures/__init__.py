"""Pictures of boards, logs and stores, as Altair charts (docs/figures.md).

Each function takes a board, a log or a store and gives a chart, which a notebook shows, and which
`save` and `svg` turn into files and text. They need `pip install 'humorrank[figures]'`.
"""

from humorrank.figures.heads import win_rates
from humorrank.figures.intervals import leaderboard, ranks
from humorrank.figures.profiles import features
from humorrank.figures.writing import save, svg

__all__ = [
    "features",
    "leaderboard",
    "ranks",
    "save",
    "svg",
    "win_rates",
]
