"""HumorRank rates contestants from pairwise judgments, with reliable intervals.

>>> import humorrank
>>> board = humorrank.rate([("pun", "irony", "model_a"), ("pun", "irony", "model_b")])
>>> board["pun"].rating
1000.0

The names in `__all__` are imported when they are first used. Further functions are in the packages
`humorrank.judge`, `humorrank.generate`, `humorrank.tournament`, `humorrank.figures` and
`humorrank.report`.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "humorrank._core": ("VERSION",),
    "humorrank._util.progress": ("progress_line",),
    "humorrank.diagnostics.agreement.agree": ("agree",),
    "humorrank.diagnostics.agreement.boards": ("BoardComparison", "compare_boards"),
    "humorrank.diagnostics.agreement.result": ("AgreementReport",),
    "humorrank.diagnostics.bias.measure": ("bias",),
    "humorrank.diagnostics.bias.result": ("BiasReport",),
    "humorrank.diagnostics.diff.diff": ("BoardDiff", "diff"),
    "humorrank.diagnostics.fit.check": ("check",),
    "humorrank.diagnostics.fit.result": ("FitReport",),
    "humorrank.diagnostics.fragility.audit": ("audit",),
    "humorrank.diagnostics.fragility.result": ("AuditReport",),
    "humorrank.errors": (
        "ConvergenceError",
        "HumorRankError",
        "HumorRankWarning",
        "InputError",
        "MissingExtraError",
        "NoMaximumError",
        "OptionError",
        "StoreError",
    ),
    "humorrank.matches.log": ("MatchLog", "ReadReport"),
    "humorrank.matches.simulation": ("simulate", "simulate_blocks"),
    "humorrank.matches.source": ("tally",),
    "humorrank.matches.tally.tally": ("Tally",),
    "humorrank.rating.board.leaderboard": ("Leaderboard",),
    "humorrank.rating.board.leaderboards": ("Leaderboards",),
    "humorrank.rating.board.rows": ("Row", "Unrated"),
    "humorrank.rating.elo": ("replay_elo",),
    "humorrank.rating.rate": ("compare", "ranks", "rate"),
    "humorrank.rating.uncertainty.difference": ("RatingDifference",),
    "humorrank.rating.uncertainty.rank_intervals": ("RankTable",),
    "humorrank.tournament.planning.plan": ("plan",),
    "humorrank.tournament.planning.report": ("Plan",),
    "humorrank.tournament.ranking": ("RankedItem", "Ranking"),
    "humorrank.tournament.sorting": ("sort",),
}
"""The module from which each public name is imported."""

_PACKAGES = ("figures", "generate", "judge", "report", "tournament")
"""The packages with further public functions."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*sorted({*_HOME} - {"VERSION"}), "__version__"]  # noqa: PLE0604 - the names of a table


def __getattr__(name: str) -> object:
    if name == "__version__":
        value: object = importlib.import_module("humorrank._core").VERSION
    elif name in _PACKAGES:
        return importlib.import_module(f"humorrank.{name}")
    elif name in __all__:
        value = getattr(importlib.import_module(_HOME[name]), name)
    else:
        message = f"module 'humorrank' has no attribute {name!r}"
        raise AttributeError(message)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
