"""Judges, which decide which of two jokes for the same prompt is funnier."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from humorrank.errors import VerdictError
from humorrank.judge.backends import make_judge, parse_judge
from humorrank.judge.function import FunctionJudge
from humorrank.judge.protocol import (
    SCORES,
    Answers,
    Batch,
    Comparison,
    Decision,
    Failure,
    Judge,
    Judgment,
)
from humorrank.judge.recorded import RecordedJudge
from humorrank.judge.simulated import JudgeSimulation, SimulatedJudge
from humorrank.store.field import Field, Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from humorrank.judge.taxonomy import TAXONOMY, Taxonomy
    from humorrank.judge.template import Template
    from humorrank.judge.verdict import Verdict, parse_verdict, verdict_schema

    run: Callable[..., Any]
    run_async: Callable[..., Coroutine[Any, Any, Any]]

__all__ = [
    "SCORES",
    "TAXONOMY",
    "Answers",
    "Batch",
    "Comparison",
    "Decision",
    "Failure",
    "Field",
    "FunctionJudge",
    "Judge",
    "JudgeSimulation",
    "Judgment",
    "Prompt",
    "RecordedJudge",
    "SimulatedJudge",
    "Taxonomy",
    "Template",
    "Verdict",
    "VerdictError",
    "make_judge",
    "parse_judge",
    "parse_verdict",
    "run",
    "run_async",
    "verdict_schema",
]

_HOMES = {
    # Judging keeps its answers in a store, as a tournament does, so `run` is defined there.
    "run": "humorrank.tournament.playing",
    "run_async": "humorrank.tournament.playing",
    # Importing pydantic and jinja2 takes longer than everything else, and most commands need
    # neither.
    "TAXONOMY": "humorrank.judge.taxonomy",
    "Taxonomy": "humorrank.judge.taxonomy",
    "Template": "humorrank.judge.template",
    "Verdict": "humorrank.judge.verdict",
    "parse_verdict": "humorrank.judge.verdict",
    "verdict_schema": "humorrank.judge.verdict",
}
"""The module of each name that is imported on first use."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
