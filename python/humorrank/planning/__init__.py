"""How many matches and prompts a question needs, before any is judged."""

from humorrank.planning.plan import plan
from humorrank.planning.report import Option, Plan

__all__ = ["Option", "Plan", "plan"]
