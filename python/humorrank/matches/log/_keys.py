"""Key columns, by which counts are kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from humorrank._core import NULL_CODE, Interner, known_codes
from humorrank._util.suggest import near
from humorrank.errors import OptionError
from humorrank.matches.log._checks import Fault, no_date
from humorrank.matches.log._rows import Rows
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.log.formats.readings import ALIASES, Binding
from humorrank.matches.log.periods import UNITS, Labels, Period, unit_note
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.fields import base_of, meant_inside
from humorrank.matches.log.tables.table import GAME_SCORES, Table


class Keys:
    """The keys of the matches of one pass, as codes of their text.

    A match whose row has no value or an empty field has NULL_CODE.

    Args:
        keys: Columns, or roles for which every table must have a column, or periods of these
            ("month(tstamp)").
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = list(keys)
        # The periods among the keys, by place, in the table that was looked at last.
        self._periods: dict[int, Period] = {}
        self._units: dict[str, dict[str, int]] = {}
        self.interners = [Interner() for _ in keys]

    def include(self, key: str) -> None:
        """Adds a key unless it is among the keys already."""
        if key not in self._keys:
            self._keys.append(key)
            self.interners.append(Interner())

    @property
    def names(self) -> tuple[str, ...]:
        """The keys."""
        return tuple(self._keys)

    @property
    def labels(self) -> list[list[str]]:
        """The labels of each key by code."""
        return [interner.names for interner in self.interners]

    @property
    def named(self) -> list[str]:
        """The columns that the keys name, as far as they are not roles."""
        periods = (Period.of(key) for key in self._keys)
        return [*self._keys, *(period.column for period in periods if period is not None)]

    def columns(self, table: Table, binding: Binding) -> list[str]:
        """Returns the column of each key.

        Raises:
            OptionError: If a key has no column.
        """
        self._periods = {}
        found = []
        for place, key in enumerate(self._keys):
            period = None if key in table.columns else Period.of(key)
            if period is not None:
                self._periods[place] = period
            wanted = key if period is None else period.column
            found.append(_column(wanted, table, binding))
        return found

    @property
    def computed(self) -> bool:
        """Whether a key of the table is not a column but computed from one."""
        return bool(self._periods)

    @property
    def notes(self) -> list[str]:
        """Notes for the user on how the keys were computed."""
        found = (unit_note(column, units) for column, units in self._units.items())
        return [text for text in found if text is not None]

    def of_codes(self, columns: Sequence[np.ndarray], rows: np.ndarray | None) -> list[np.ndarray]:
        """Returns the keys of the given rows, or of all rows for None, from codes of columns."""
        out = []
        for codes, interner in zip(columns, self.interners, strict=True):
            picked = codes if rows is None else codes[rows]
            empty = known_codes(interner, [""])[0]
            if empty != NULL_CODE:
                picked = np.where(picked == empty, np.uint32(NULL_CODE), picked)
            out.append(picked)
        return out

    def labels_of(self, batch: RowBatch, columns: Sequence[str]) -> list[Labels]:
        """Returns the keys of a batch as text, from their columns."""
        out = []
        for place, column in enumerate(columns):
            if (period := self._periods.get(place)) is None:
                out.append(Labels(batch.label(column).replace("", None)))
                continue
            labels = period.labels(batch.frame.get_column(column))
            units = self._units.setdefault(column, {})
            for unit, count in labels.units.items():
                units[unit] = units.get(unit, 0) + count
            out.append(labels)
        return out

    def of_labels(self, labels: Sequence[Labels], rows: np.ndarray) -> list[np.ndarray]:
        """Returns the keys of the given rows of a batch from its labels."""
        out = []
        for each, interner in zip(labels, self.interners, strict=True):
            text = each.text
            if not np.array_equal(rows, np.arange(len(text))):
                text = text.gather(rows)
            out.append(interner.encode(text))
        return out

    def faults(
        self, rows: Rows, labels: Sequence[Labels], columns: Sequence[str]
    ) -> Iterator[Fault]:
        """Yields the errors of values that are not dates, as their keys need."""
        for place, each in enumerate(labels):
            if each.bad is not None:
                yield no_date(rows, each.bad, str(self._periods[place]), columns[place])


def _column(key: str, table: Table, binding: Binding) -> str:
    """Returns the column of a key: the column of this name, or else the column of this role."""
    if key == BALLOT and binding.reading.ballots:
        return BALLOT if binding.reading.gathered else binding.extras.get(BALLOT, BALLOT)
    if key in table.columns and key != GAME_SCORES:
        return key
    role = ALIASES.get(key, key)
    if role in binding.extras:
        return binding.extras[role]
    found = [column for column in base_of(table).columns if column != GAME_SCORES]
    hint = meant_inside(table, key) or near(key, found)
    shown = ", ".join(found[:30]) + (" ..." if len(found) > 30 else "")
    if key.rstrip().endswith(")"):
        hint = f"; the periods of a date are {', '.join(f'{unit}(column)' for unit in UNITS)}"
    raise OptionError(f"{table.label} has no column {key!r} to count by (columns: {shown}{hint})")
