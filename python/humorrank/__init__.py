"""HumorRank: rank contestants from pairwise judgments, with intervals one can defend.

>>> import humorrank
>>> board = humorrank.rate([("pun", "irony", "model_a"), ("pun", "irony", "model_b")])
>>> board["pun"].rating
1000.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

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
from humorrank.uncertainty import Comparison, RankTable

if TYPE_CHECKING:
    from humorrank.agreement import agree, compare_boards
    from humorrank.bias import bias_report
    from humorrank.fragility import audit
    from humorrank.goodness import check
    from humorrank.planning.plan import plan

__version__ = _core.VERSION

_LATER = {
    "agree": "humorrank.agreement",
    "audit": "humorrank.fragility",
    "bias_report": "humorrank.bias",
    "check": "humorrank.goodness",
    "compare_boards": "humorrank.agreement",
    "plan": "humorrank.planning",
}
"""What is imported when it is first asked for, and from where."""

__all__ = [
    "Comparison",
    "ConvergenceError",
    "HumorRankError",
    "InputError",
    "Leaderboard",
    "Leaderboards",
    "MatchLog",
    "MissingExtraError",
    "NoMaximumError",
    "OptionError",
    "RankTable",
    "ReadReport",
    "Row",
    "Tally",
    "Unrated",
    "__version__",
    "agree",
    "audit",
    "bias_report",
    "check",
    "compare_boards",
    "plan",
    "rate",
    "replay_elo",
    "simulate",
    "simulate_blocks",
    "tally",
]


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    message = f"module 'humorrank' has no attribute {name!r}"
    raise AttributeError(message)
