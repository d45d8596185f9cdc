"""Matches as cells: equal matches between an unordered pair, with their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from humorrank import _core
from humorrank._util.progress import Progress
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.matches.outcomes import OUTCOMES
from humorrank.matches.source import read_tally
from humorrank.matches.tally.tally import Tally
from humorrank.rating.existence import Existence
from humorrank.rating.settings import Ties

LOW, HIGH, TIE, SOFT = 0, 1, 2, 4
"""The winner: the contestant with the lower code, the one with the higher, none, or a share."""

_BOTH_BAD: Final = 3
_MOST: Final = 2**62


@dataclass(frozen=True, eq=False)
class Cells:
    """Equal matches with their number, sorted by group, pair, outcome, score and weight.

    The position of the contestants is not kept, and a both-bad vote is a tie.

    Attributes:
        names: The names of the contestants, sorted.
        low: The code of the contestant whose name comes first.
        high: The code of the other contestant.
        outcome: LOW, HIGH, TIE or SOFT.
        score: The score of `low` in one match, from 0 to 1.
        weight: The weight of one match.
        count: The number of such matches, as int64.
        group: The number of the label of each cell, or -1 for none; None without a key.
        labels: The labels of the groups.
    """

    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    outcome: np.ndarray
    score: np.ndarray
    weight: np.ndarray
    count: np.ndarray
    group: np.ndarray | None
    labels: tuple[str, ...]

    @classmethod
    def of(cls, tally: Tally, ties: Ties) -> Cells:
        """Returns the cells of a tally, separated by its key if it has one.

        Raises:
            InputError: If there are no matches to rate, or more than 2^62.
        """
        groups: np.ndarray | None = None
        labels: tuple[str, ...] = ()
        if tally.keyed is None:
            rows = tally.counts.cells()
        else:
            group_of, rows = tally.keyed.cells.cells()
            codes = tally.keyed.cells.keys[0][group_of]
            labels = tally.keyed.labels[0]
            groups = np.where(codes == _core.NULL_CODE, -1, codes.astype(np.int64))
        first, second, outcome, score, weight, count = rows
        swapped = first > second
        won = np.where(swapped & (outcome < TIE), 1 - outcome.astype(np.int64), outcome)
        won = np.where(won == _BOTH_BAD, TIE, won)
        score = np.where(swapped, 1 - score, score)
        kept = (won != TIE) if ties == "exclude" else np.ones(len(won), np.bool_)
        if not kept.any():
            told = "all of them are ties, which ties='exclude' leaves out" if len(won) else ""
            if not told:
                told = "the tally is empty" if tally.report is None else tally.report.breakdown()
            raise InputError(f"no matches to rate: {told}")
        if float(count[kept].sum(dtype=np.float64)) > _MOST:
            raise InputError("there are more than 2^62 matches")
        low, high = np.minimum(first, second), np.maximum(first, second)
        keys = [weight, score, won, high, low] + ([] if groups is None else [groups])
        keys = [np.asarray(key)[kept] for key in keys]
        order, start = _runs(keys)
        weight, score, won, high, low = (key[order][start] for key in keys[:5])
        return cls(
            tally.names,
            low.astype(np.int64),
            high.astype(np.int64),
            won.astype(np.uint8),
            score,
            weight,
            np.add.reduceat(count[kept][order].astype(np.int64), start),
            None if groups is None else keys[5][order][start],
            labels,
        )

    def __len__(self) -> int:
        """Returns the number of cells."""
        return len(self.low)

    @property
    def matches(self) -> int:
        """The number of matches."""
        return int(self.count.sum())

    def field(self, count: np.ndarray | None = None) -> _core.FitData:
        """Returns the field to fit, optionally with other counts (int64)."""
        count = self.count if count is None else count
        held = np.flatnonzero(count > 0)
        low, high, outcome = self.low[held], self.high[held], self.outcome[held]
        score, weight = self.score[held], self.weight[held]
        counts = _core.Tally(len(self.names))
        plain = not (outcome == SOFT).any() and not (weight != 1).any()
        counts.add(
            low.astype(np.uint32),
            high.astype(np.uint32),
            outcome,
            None if plain else score,
            None if plain else weight,
            count[held].astype(np.uint64),
        )
        counts.grow(len(self.names))
        return _core.FitData(counts)

    def merged(self) -> Cells:
        """Returns the same matches without groups."""
        if self.group is None:
            return self
        keys = (self.weight, self.score, self.outcome, self.high, self.low)
        order, start = _runs(keys)
        weight, score, outcome, high, low = (key[order][start] for key in keys)
        count = np.add.reduceat(self.count[order], start)
        return Cells(self.names, low, high, outcome, score, weight, count, None, ())

    def among(self, inside: np.ndarray) -> Cells:
        """Returns only the matches among some contestants (a mask), with new codes."""
        code = np.cumsum(inside) - 1
        kept = inside[self.low] & inside[self.high]
        return replace(
            self,
            names=tuple(n for n, there in zip(self.names, inside.tolist(), strict=True) if there),
            low=code[self.low[kept]],
            high=code[self.high[kept]],
            outcome=self.outcome[kept],
            score=self.score[kept],
            weight=self.weight[kept],
            count=self.count[kept],
            group=None if self.group is None else self.group[kept],
        )

    def outcome_names(self) -> list[str]:
        """Returns the outcomes as text, where model_a is the name that comes first."""
        return [OUTCOMES[code] for code in self.outcome.tolist()]


def _runs(keys: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the order by keys, the last key first, and the starts of new combinations."""
    order = np.lexsort(keys)
    new = np.zeros(len(order), np.bool_)
    new[0] = True
    for key in keys:
        sorted_key = key[order]
        new[1:] |= sorted_key[1:] != sorted_key[:-1]
    return order, np.flatnonzero(new)


def read_cells(
    matches: object,
    *,
    key: str | None,
    ties: Ties,
    progress: Progress | None,
    reading: Mapping[str, Any],
    ballots: bool = False,
) -> tuple[Cells, Tally]:
    """Reads matches into cells, separated by a column if one is specified.

    Args:
        matches: The matches, as `humorrank.rate` accepts them.
        key: A column of the log, or None.
        ties: How ties are handled: as "half" a win for each side, or "exclude" to drop them.
        progress: A function called with (stage, done, total).
        reading: The options of `MatchLog`.
        ballots: Whether the cells are separated by ballot if the matches are pairs of ballots.

    Raises:
        InputError: If the matches cannot be read, or there are none.
        OptionError: If the column does not exist, or an option has an invalid value.
    """
    keys: Sequence[str] = () if key is None else (key,)
    tally = read_tally(matches, keys=keys, progress=progress, reading=reading, ballots=ballots)
    return Cells.of(tally, ties), tally


def rated_cells(
    cells: Cells, disconnected: Literal["error", "largest"]
) -> tuple[Cells, _core.FitData, str | None]:
    """Returns the matches whose ratings exist, their field, and a note on who is left out.

    Raises:
        NoMaximumError: If the likelihood has no maximum and `disconnected` is "error", or fewer
            than two contestants remain.
    """
    field = cells.field()
    existence = Existence(field, cells.names)
    if not existence.outside:
        return cells, field, None
    inside = int(existence.inside.sum())
    if disconnected == "error" or inside < 2:
        way = "" if existence.remedy is None else f", or {existence.remedy}"
        component = [n for n, there in zip(cells.names, existence.inside, strict=True) if there]
        raise NoMaximumError(
            "the ratings do not exist, because the likelihood has no maximum: "
            f"{existence.summary()}; add matches that connect them{way}",
            outside=existence.outside,
            component=tuple(component),
        )
    kept = cells.among(existence.inside)
    told = (
        f"only the largest connected component is used: {inside:,} of {len(cells.names):,} "
        f"contestants, {kept.matches:,} of {cells.matches:,} matches; left out: "
        f"{existence.summary()}"
    )
    return kept, kept.field(), told


MOST_CONTESTANTS: Final = 5_000
"""The largest number of contestants, because the inverse of the information is dense."""


def refuse_many(contestants: int) -> None:
    """Refuses too many contestants for the inverse of the information.

    Raises:
        OptionError: If there are more than `MOST_CONTESTANTS`.
    """
    if contestants > MOST_CONTESTANTS:
        raise OptionError(
            f"this analysis supports up to {MOST_CONTESTANTS:,} contestants, not {contestants:,}: "
            "select fewer with exclude or where (--exclude, --where)"
        )
