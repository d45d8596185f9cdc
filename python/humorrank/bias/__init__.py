"""What moves a judge beside the jokes: position, length, and liking for its own model."""

from humorrank.bias.first_position import Equality, FirstPosition
from humorrank.bias.intervals import Estimate
from humorrank.bias.report import BiasReport, JudgeBias, bias_report, rate_first_position
from humorrank.bias.self_preference import SelfPreference

__all__ = [
    "BiasReport",
    "Equality",
    "Estimate",
    "FirstPosition",
    "JudgeBias",
    "SelfPreference",
    "bias_report",
    "rate_first_position",
]
