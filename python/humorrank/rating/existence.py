"""Who is outside when the likelihood has no maximum, and why, in words.

The maximum exists if and only if the graph "has beaten or drawn with" is strongly connected
(Ford 1957).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from humorrank import _core
from humorrank._util.text import shortened_names
from humorrank.errors import NoMaximumError, Outside

_SHOWN_GROUPS = 12
_SUMMED_GROUPS = 5


class Existence:
    """Whether a field has a maximum.

    Attributes:
        inside: whether each contestant is in the largest strongly connected component.
        outside: the others, group by group, with reasons.
        groups: how many groups of contestants no match connects.
    """

    def __init__(self, field: _core.Field, names: Sequence[str]) -> None:
        self._names = names
        self.inside = np.ones(len(names), np.bool_)
        self._members: list[np.ndarray] = []
        outside = []
        self.groups = 1
        for members, standing, apart, matches, won, lost in field.outsiders():
            self.inside[members] = False
            self.groups += apart
            self._members.append(members)
            models = tuple(names[i] for i in members.tolist())
            why = reason(len(models), standing, apart, matches, won, lost)
            outside.append(Outside(models, why))
        self.outside = tuple(outside)

    def members(self) -> Iterator[tuple[np.ndarray, Outside]]:
        """The codes of each group outside, and the group."""
        return zip(self._members, self.outside, strict=True)

    def summary(self) -> str:
        """The first few groups in one line, and how many more there are."""
        shown = "; ".join(describe(group) for group in self.outside[:_SUMMED_GROUPS])
        more = len(self.outside) - _SUMMED_GROUPS
        return f"{shown}; and {more:,} more" if more > 0 else shown

    def error(self, *, prior: bool = True) -> NoMaximumError:
        """The error that names who is outside.

        Args:
            prior: whether a prior is a way out.
        """
        outside = sum(len(group.models) for group in self.outside)
        lines = [
            "the ratings do not exist: the likelihood has no maximum, because "
            f"{outside:,} of {len(self._names):,} contestants are not tied into the field by "
            "chains of wins in both directions:",
            *(f"  {describe(group)}" for group in self.outside[:_SHOWN_GROUPS]),
        ]
        if len(self.outside) > _SHOWN_GROUPS:
            lines.append(f"  and {len(self.outside) - _SHOWN_GROUPS:,} more")
        inside = np.flatnonzero(self.inside).tolist()
        ways = ["add matches that connect them"]
        if len(inside) > 1:
            ways.append(
                "rate only the largest connected component (disconnected='largest', on the "
                "command line --disconnected largest)"
            )
        if prior:
            ways.append("give everyone a prior (prior=1, --prior 1), which shrinks the ratings")
        lines.append(", or ".join(ways))
        return NoMaximumError(
            "\n".join(lines),
            outside=self.outside,
            component=tuple(self._names[i] for i in inside),
        )


def reason(members: int, standing: str, apart: bool, matches: int, won: float, lost: float) -> str:
    """Why a group is outside.

    Args:
        members: how many they are.
        standing: "above", "below" or "unordered", towards the largest component.
        apart: whether no match connects it to that component.
        matches: its matches against everyone outside the group.
        won: its points in those.
        lost: the points of the others in those.
    """
    group = f"this group of {members:,}" if members > 1 else ""
    who = group or "it"
    if apart:
        return f"no match connects {who} to the rest"
    if lost == 0:
        return f"{group} never lost ({matches:,} of {matches:,} won)".strip()
    if won == 0:
        return f"{group} never won (0 of {matches:,} won)".strip()
    if standing == "above":
        return f"{who} lost only to others that the rest never beat"
    if standing == "below":
        return f"{who} won only against others that never beat the rest"
    return f"{who} is ordered neither above nor below the rest by any chain of wins"


def describe(group: Outside) -> str:
    """One line: the names, shortened if they are many, and the reason."""
    return f"{shortened_names(group.models)}: {group.reason}"
