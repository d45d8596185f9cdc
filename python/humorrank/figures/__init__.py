"""Pictures of boards, logs and stores, as Altair charts (docs/guides/figures.md).

Each function takes a board, a log or a store and gives a chart, which a notebook shows, and which
`save` and `svg` turn into files and text. They need `pip install 'humorrank[figures]'`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from humorrank.figures.budgets import budget
    from humorrank.figures.heads import win_rates
    from humorrank.figures.intervals import leaderboard, ranks
    from humorrank.figures.profiles import features
    from humorrank.figures.scatter import elo_against_bt, judges
    from humorrank.figures.shares import position_bias, reliability
    from humorrank.figures.writing import save, svg

_PLACES = {
    "budget": "budgets",
    "elo_against_bt": "scatter",
    "features": "profiles",
    "judges": "scatter",
    "leaderboard": "intervals",
    "position_bias": "shares",
    "ranks": "intervals",
    "reliability": "shares",
    "save": "writing",
    "svg": "writing",
    "win_rates": "heads",
}
"""Where the functions are; what is beside them does without Altair."""

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


def __getattr__(name: str) -> object:
    if name in _PLACES:
        return getattr(importlib.import_module(f"humorrank.figures.{_PLACES[name]}"), name)
    message = f"module 'humorrank.figures' has no attribute {name!r}"
    raise AttributeError(message)
