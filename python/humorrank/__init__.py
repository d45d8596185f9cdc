"""HumorRank: rank contestants from pairwise judgments, with intervals one can defend.

>>> import humorrank
>>> board = humorrank.rate([("pun", "irony", "model_a"), ("pun", "irony", "model_b")])
>>> board["pun"].rating
1000.0
"""

from humorrank import _core
from humorrank.elo import replay_elo
from humorrank.errors import (
    ConvergenceError,
    HumorRankError,
    InputError,
    MissingExtraError,
    NoMaximumError,
    OptionError,
)
from humorrank.leaderboard import Leaderboard, Row, Unrated
from humorrank.leaderboards import Leaderboards
from humorrank.log import MatchLog, ReadReport
from humorrank.rating import rate
from humorrank.simulation import simulate, simulate_blocks
from humorrank.tally import Tally, tally

__version__ = _core.VERSION

__all__ = [
    "ConvergenceError",
    "HumorRankError",
    "InputError",
    "Leaderboard",
    "Leaderboards",
    "MatchLog",
    "MissingExtraError",
    "NoMaximumError",
    "OptionError",
    "ReadReport",
    "Row",
    "Tally",
    "Unrated",
    "__version__",
    "rate",
    "replay_elo",
    "simulate",
    "simulate_blocks",
    "tally",
]
