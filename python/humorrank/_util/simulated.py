"""The names of simulated judges, by which a reader recognizes verdicts that nobody gave."""

from __future__ import annotations

from typing import Final

SIMULATED: Final = "simulated"
"""The beginning of the name of every simulated judge in a log."""


def is_simulated(judge: str) -> bool:
    """Returns whether the name of a judge in a log is that of a simulated judge."""
    return judge.startswith(SIMULATED)


def simulated_notice(judge: str) -> str:
    """Returns the warning about the verdicts of a simulated judge."""
    return f"the verdicts of judge {judge!r} are simulated"
