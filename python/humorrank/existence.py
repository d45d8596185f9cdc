"""Who is outside when the likelihood has no maximum, and why, in words.

The maximum exists if and only if the graph "has beaten or drawn with" is strongly connected
(Ford 1957).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from humorrank import _core
from humorrank.errors import NoMaximumError, Outside

_SHOWN_GROUPS = 12
_SHOWN_NAMES = 8
_ABOVE, _BELOW = 1, -1


class Existence:
    """Whether a field has a maximum.

    Attributes:
        inside: whether each contestant is in the largest strongly connected component.
        outside: the others, group by group, with reasons.
        groups: how many groups of contestants no match connects.
    """

    def __init__(self, field: _core.Field, names: Sequence[str]) -> None:
        strong, weak, largest, standing = field.components()
        self._field = field
        self._names = names
        self._standing = standing
        self.groups = int(weak.max()) + 1
        self.inside = strong == largest
        self.outside: tuple[Outside, ...] = ()
        if not self.inside.all():
            self.outside = tuple(self._explain(strong, weak))

    def error(self) -> NoMaximumError:
        """The error that names who is outside."""
        outside = sum(len(group.models) for group in self.outside)
        lines = [
            "the ratings do not exist: the likelihood has no maximum, because "
            f"{outside:,} of {len(self._names):,} contestants are not tied into the field by "
            "chains of wins in both directions:",
            *(f"  {describe(group)}" for group in self.outside[:_SHOWN_GROUPS]),
        ]
        if len(self.outside) > _SHOWN_GROUPS:
            lines.append(f"  and {len(self.outside) - _SHOWN_GROUPS:,} more")
        lines.append(
            "add matches that connect them, or rate only the largest connected component "
            "(disconnected='largest', on the command line --disconnected largest), or give "
            "everyone a prior (prior=1, --prior 1), which shrinks the ratings"
        )
        return NoMaximumError(
            "\n".join(lines),
            outside=self.outside,
            component=tuple(
                name for name, kept in zip(self._names, self.inside, strict=True) if kept
            ),
        )

    def _explain(self, strong: np.ndarray, weak: np.ndarray) -> list[Outside]:
        """One entry for each group that no match connects, and each component beside."""
        home = weak[np.flatnonzero(self.inside)[0]]
        apart = weak != home
        # A group apart is one entry, whatever its inner structure.
        label = np.where(apart, strong.max() + 1 + weak, strong).astype(np.int64)
        label[self.inside] = -1
        tables = _Crossings(self._field, label)
        out = []
        order = np.argsort(label, kind="stable")
        members_of = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
        for members in sorted(members_of, key=lambda group: int(group[0])):
            if label[members[0]] == -1:
                continue
            models = tuple(self._names[i] for i in members)
            reason = self._reason(members, bool(apart[members[0]]), tables)
            out.append(Outside(models, reason))
        return out

    def _reason(self, members: np.ndarray, apart: bool, tables: _Crossings) -> str:
        group = f"this group of {len(members):,}" if len(members) > 1 else ""
        matches, won, lost = tables.of(int(members[0]))
        if apart:
            if group:
                return f"no match connects {group} to the rest"
            return "no match connects it to the rest"
        if lost == 0:
            return f"{group} never lost ({matches:,} of {matches:,} won)".strip()
        if won == 0:
            return f"{group} never won (0 of {matches:,} won)".strip()
        who = group or "it"
        standing = self._standing[members[0]]
        if standing == _ABOVE:
            return f"{who} lost only to others that the rest never beat"
        if standing == _BELOW:
            return f"{who} won only against others that never beat the rest"
        return f"{who} is ordered neither above nor below the rest by any chain of wins"


class _Crossings:
    """Matches, wins and losses of each group against everyone outside it."""

    def __init__(self, field: _core.Field, label: np.ndarray) -> None:
        low, high, low_points, high_points = field.pairs()
        pair, _, _, count = field.kinds()
        matches = np.bincount(pair, weights=count, minlength=len(low))
        codes, self._code = np.unique(label, return_inverse=True)
        first, second = self._code[low], self._code[high]
        cross = first != second

        def total(low_side: np.ndarray, high_side: np.ndarray) -> np.ndarray:
            return np.bincount(
                first[cross], weights=low_side[cross], minlength=len(codes)
            ) + np.bincount(second[cross], weights=high_side[cross], minlength=len(codes))

        self._matches = total(matches, matches)
        self._won = total(low_points, high_points)
        self._lost = total(high_points, low_points)

    def of(self, member: int) -> tuple[int, float, float]:
        code = self._code[member]
        return int(self._matches[code]), float(self._won[code]), float(self._lost[code])


def describe(group: Outside) -> str:
    """One line: the names, shortened if they are many, and the reason."""
    return f"{shorten(group.models)}: {group.reason}"


def shorten(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
