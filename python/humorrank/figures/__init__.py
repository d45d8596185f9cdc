"""Figures of leaderboards, logs and stores, as Altair charts (docs/guides/figures.md).

Each function takes a leaderboard, a log or a store and returns a chart. A notebook displays the
chart, and `save` and `svg` turn it into a file or text. The functions require
`pip install 'humorrank[figures]'`.
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
    from humorrank.figures.timelines import history
    from humorrank.figures.writing import save, svg

_PLACES = {
    "budget": "budgets",
    "elo_against_bt": "scatter",
    "features": "profiles",
    "history": "timelines",
    "judges": "scatter",
    "leaderboard": "intervals",
    "position_bias": "shares",
    "ranks": "intervals",
    "reliability": "shares",
    "save": "writing",
    "svg": "writing",
    "win_rates": "heads",
}
"""The modules of the functions; the other modules do not need Altair."""

__all__ = [
    "budget",
    "elo_against_bt",
    "features",
    "history",
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
