"""Key columns: what counts are kept apart by."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from humorrank.errors import OptionError
from humorrank.log._readings import ALIASES, Binding
from humorrank.log._table import GAME_SCORES

if TYPE_CHECKING:
    from humorrank.log._pass import Taken


def key_name(key: str, columns: Sequence[str], binding: Binding, label: str) -> str:
    """The column that a key means: the one of its name, else the one that has this role.

    Raises:
        OptionError: There is none.
    """
    if key in columns and key != GAME_SCORES:
        return key
    role = ALIASES.get(key, key)
    if role in binding.extras:
        return binding.extras[role]
    found = [column for column in columns if column != GAME_SCORES]
    close = difflib.get_close_matches(key, found, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    shown = ", ".join(found[:30]) + (" ..." if len(found) > 30 else "")
    raise OptionError(f"{label} has no column {key!r} to count by (columns: {shown}{hint})")


def key_column(taken: Taken, key: str) -> pl.Series:
    """The key of each match as text; null where the row has none, or only an empty field."""
    batch, rows = taken.batch, taken.rows
    # With keys to keep, rows are never read as codes alone.
    assert batch is not None
    assert rows is not None
    name = key_name(key, batch.frame.columns, taken.binding, batch.file)
    text = batch.text(name).cast(pl.String)
    if not np.array_equal(rows, np.arange(len(text))):
        text = text.gather(rows)
    return text.replace("", None)
