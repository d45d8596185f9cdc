"""Judges: which of two jokes for the same prompt is funnier?"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from humorrank.errors import VerdictError
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
from humorrank.judge.simulated import SimulatedJudge, Simulation
from humorrank.store.field import Field, Prompt

if TYPE_CHECKING:
    from humorrank.judge.taxonomy import TAXONOMY, Taxonomy
    from humorrank.judge.template import Template
    from humorrank.judge.verdict import Verdict, parse_verdict, verdict_schema

__all__ = [
    "SCORES",
    "TAXONOMY",
    "Answers",
    "Batch",
    "Comparison",
    "Decision",
    "Failure",
    "Field",
    "Judge",
    "Judgment",
    "Prompt",
    "RecordedJudge",
    "SimulatedJudge",
    "Simulation",
    "Taxonomy",
    "Template",
    "Verdict",
    "VerdictError",
    "parse_verdict",
    "verdict_schema",
]

# pydantic and jinja2 take longer to import than all the rest, and most commands read no texts.
_LATER = {
    "TAXONOMY": "taxonomy",
    "Taxonomy": "taxonomy",
    "Template": "template",
    "Verdict": "verdict",
    "parse_verdict": "verdict",
    "verdict_schema": "verdict",
}


def __getattr__(name: str) -> object:
    """What is imported when it is first asked for."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
