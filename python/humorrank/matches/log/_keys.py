"""Key columns, by which counts are kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from humorrank._core import NULL_CODE, Interner, known_codes
from humorrank._util.suggest import near
from humorrank.errors import OptionError
from humorrank.matches.log.formats.readings import ALIASES, Binding
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.log.tables.table import GAME_SCORES, Table


class Keys:
    """The keys of the matches of one pass, as codes of their text.

    A match whose row has no value or an empty field has NULL_CODE.

    Args:
        keys: Columns, or roles for which every table must have a column.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self.interners = [Interner() for _ in keys]

    @property
    def labels(self) -> list[list[str]]:
        """The labels of each key by code."""
        return [interner.names for interner in self.interners]

    def columns(self, table: Table, binding: Binding) -> list[str]:
        """Returns the column of each key.

        Raises:
            OptionError: If a key has no column.
        """
        return [_column(key, table.columns, binding, table.label) for key in self._keys]

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

    def of_batch(
        self, batch: RowBatch, rows: np.ndarray, columns: Sequence[str]
    ) -> list[np.ndarray]:
        """Returns the keys of the given rows from their columns."""
        out = []
        for column, interner in zip(columns, self.interners, strict=True):
            text = batch.label(column)
            if not np.array_equal(rows, np.arange(len(text))):
                text = text.gather(rows)
            out.append(interner.encode(text.replace("", None)))
        return out


def _column(key: str, columns: Sequence[str], binding: Binding, label: str) -> str:
    """Returns the column of a key: the column of this name, or else the column of this role."""
    if key in columns and key != GAME_SCORES:
        return key
    role = ALIASES.get(key, key)
    if role in binding.extras:
        return binding.extras[role]
    found = [column for column in columns if column != GAME_SCORES]
    hint = near(key, found)
    shown = ", ".join(found[:30]) + (" ..." if len(found) > 30 else "")
    raise OptionError(f"{label} has no column {key!r} to count by (columns: {shown}{hint})")
