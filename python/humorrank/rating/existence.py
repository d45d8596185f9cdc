"""Which contestants keep the likelihood from having a maximum, and why.

The maximum exists if and only if the graph "has beaten or drawn with" is strongly connected
[For57].
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from humorrank import _core
from humorrank._util.spelling import look_alikes, of_look_alikes
from humorrank._util.text import shortened_names
from humorrank.errors import NoMaximumError, Outside

_SHOWN_GROUPS = 12
_SUMMED_GROUPS = 5


class Existence:
    """The existence of a maximum for a field of contestants.

    Attributes:
        inside: A mask of the contestants in the largest strongly connected component. If several
            components are equally large, it is all false.
        outside: The other contestants, group by group, with reasons.
        groups: The number of groups of contestants that no match connects to each other.
    """

    def __init__(self, field: _core.FitData, names: Sequence[str]) -> None:
        self._names = names
        self.inside = np.ones(len(names), np.bool_)
        self._members: list[np.ndarray] = []
        outside = []
        apart_groups = 0
        for members, standing, apart, matches, won, lost in field.outsiders():
            self.inside[members] = False
            apart_groups += apart
            self._members.append(members)
            models = tuple(names[i] for i in members.tolist())
            why = reason(len(models), standing, apart, matches, won, lost)
            outside.append(Outside(models, why))
        self.outside = tuple(outside)
        self.groups = max(1, apart_groups + bool(self.inside.any()))
        self._largest, self._size = 1, int(self.inside.sum())
        self._equal: list[tuple[str, ...]] = []
        if not self.inside.any():
            self._largest, self._size, components = field.largest(_SUMMED_GROUPS)
            self._equal = [tuple(names[i] for i in members.tolist()) for members in components]

    @property
    def remedy(self) -> str | None:
        """How to rate only a part of the contestants, or None if no two of them can be rated."""
        if self._size < 2:
            return None
        if self._largest == 1:
            return (
                "rate only the largest connected component (disconnected='largest', or "
                "--disconnected largest on the command line)"
            )
        return (
            f"rate one of the {self._largest:,} largest connected components, which have "
            f"{self._size:,} contestants each ({self._equal_summary()}), by leaving the others out "
            "(where or exclude; --where or --exclude on the command line)"
        )

    def _equal_summary(self) -> str:
        more = self._largest - len(self._equal)
        shown = "; ".join(shortened_names(models) for models in self._equal)
        return f"{shown}; and {more:,} more" if more > 0 else shown

    def members(self) -> Iterator[tuple[np.ndarray, Outside]]:
        """Yields the codes of the contestants of each group outside, and the group."""
        return zip(self._members, self.outside, strict=True)

    def summary(self) -> str:
        """Returns the first few groups in one line, and the number of further groups."""
        shown = "; ".join(describe(group) for group in self.outside[:_SUMMED_GROUPS])
        more = len(self.outside) - _SUMMED_GROUPS
        return f"{shown}; and {more:,} more" if more > 0 else shown

    @property
    def look_alikes(self) -> str | None:
        """A sentence about the contestants outside whose names look like others, or None.

        Two spellings of one contestant are the most frequent reason why ratings do not exist.
        """
        outside = {name for group in self.outside for name in group.models}
        groups = [group for group in look_alikes(self._names) if not outside.isdisjoint(group)]
        return of_look_alikes(groups) if groups else None

    def error(self, *, prior: bool = True) -> NoMaximumError:
        """Returns the error that names the contestants outside.

        Args:
            prior: Whether to suggest a prior as a remedy.
        """
        outside = sum(len(group.models) for group in self.outside)
        if self._largest == 1:
            why = (
                f"{outside:,} of {len(self._names):,} contestants are not connected to the rest by "
                "chains of wins in both directions"
            )
        else:
            why = (
                f"chains of wins do not connect the {len(self._names):,} contestants in both "
                "directions"
            )
            if self._size > 1:
                why += (
                    f", and {self._largest:,} components of {self._size:,} contestants are equally "
                    "large"
                )
        lines = [
            f"the ratings do not exist: the likelihood has no maximum, because {why}:",
            *(f"  {describe(group)}" for group in self.outside[:_SHOWN_GROUPS]),
        ]
        if len(self.outside) > _SHOWN_GROUPS:
            lines.append(f"  and {len(self.outside) - _SHOWN_GROUPS:,} more")
        if (alike := self.look_alikes) is not None:
            lines.append(alike)
        inside = np.flatnonzero(self.inside).tolist()
        ways = ["add matches that connect them"]
        if self.remedy is not None:
            ways.append(self.remedy)
        if prior:
            ways.append("use a prior (prior=1, --prior 1), which shrinks all ratings")
        lines.append(", or ".join(ways))
        return NoMaximumError(
            "\n".join(lines),
            outside=self.outside,
            component=tuple(self._names[i] for i in inside),
        )


def reason(members: int, standing: str, apart: bool, matches: int, won: float, lost: float) -> str:
    """Returns the reason why a group is outside the largest component, as text.

    Args:
        members: The number of contestants in the group.
        standing: Position relative to the largest component: "above", "below", "unordered", or "no
            largest" if several components are equally large.
        apart: Whether no match connects the group to the largest component.
        matches: The number of matches between the group and all other contestants.
        won: The points that the group won in these matches.
        lost: The points that the other contestants won in these matches.
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
        return f"{who} lost only to contestants that the rest never beat"
    if standing == "below":
        return f"{who} won only against contestants that never beat the rest"
    if standing == "no largest":
        return f"chains of wins connect {who} with others in one direction only"
    return f"no chain of wins places {who} above or below the rest"


def describe(group: Outside) -> str:
    """Returns one line with the names, shortened if there are many, and the reason."""
    return f"{shortened_names(group.models)}: {group.reason}"
