"""Tournaments, which turn jokes into a match log within a budget."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from humorrank.tournament.engine import Ending
    from humorrank.tournament.playing import Played, play, play_async
    from humorrank.tournament.sorting import sort_async
    from humorrank.tournament.spec import JudgeSpec, ScheduleSpec, Spec

__all__ = [
    "Ending",
    "JudgeSpec",
    "Played",
    "ScheduleSpec",
    "Spec",
    "play",
    "play_async",
    "sort_async",
]

_HOMES = {
    "Ending": "engine",
    "JudgeSpec": "spec",
    "Played": "playing",
    "ScheduleSpec": "spec",
    "Spec": "spec",
    "play": "playing",
    "play_async": "playing",
    "sort_async": "sorting",
}
"""The module of each name, which is imported on first use."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
