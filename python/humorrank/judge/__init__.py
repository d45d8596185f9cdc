"""Judges: which of two jokes for the same prompt is funnier?"""

from humorrank.judge.field import Field, Prompt
from humorrank.judge.protocol import (
    SCORES,
    Answers,
    Batch,
    Comparison,
    Decision,
    Failure,
    Judge,
    Verdict,
)
from humorrank.judge.recorded import RecordedJudge
from humorrank.judge.simulated import SimulatedJudge, Simulation

__all__ = [
    "SCORES",
    "Answers",
    "Batch",
    "Comparison",
    "Decision",
    "Failure",
    "Field",
    "Judge",
    "Prompt",
    "RecordedJudge",
    "SimulatedJudge",
    "Simulation",
    "Verdict",
]
