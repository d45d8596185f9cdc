"""Keys of JSON that are not where they are expected: inside an object, or only in later rows."""

from __future__ import annotations

from collections.abc import Sequence

from humorrank.errors import InputError, OptionError
from humorrank.matches.log.formats.readings import EXTRAS, Binding, Header
from humorrank.matches.log.tables.fields import base_of
from humorrank.matches.log.tables.json import JsonTable
from humorrank.matches.log.tables.table import SAMPLE, Table

_AMOUNTS = ("count", "weight")


def inner_rows(table: JsonTable) -> InputError:
    """Returns the error for a file that is one object, which contains the rows."""
    key = table.inner[0]
    message = f"is a single object; if its rows are the list under {key!r}, extract them first: "
    return InputError(f"{message}jq '.[\"{key}\"]' {table.label} > rows.json", file=table.label)


def with_reach(error: InputError | OptionError, table: JsonTable) -> InputError | OptionError:
    """Adds to an error about a stream that only its first objects have been searched for keys."""
    if not table.partly_known:
        return error
    message = (
        f"{error}; only the first {SAMPLE:,} rows of a stream are searched for keys: if the key "
        "occurs later, write the log to a file and specify its path"
    )
    error.args = (message,)
    return error


def refuse_late(table: Table, binding: Binding, further: Sequence[str] | None) -> None:
    """Refuses keys that are needed but occur only in later rows.

    These are counts and weights, and further columns of a stream. Files are searched for the latter
    before they are read.
    """
    table = base_of(table)
    assert isinstance(table, JsonTable), "as other tables have the same columns in all rows"
    header = Header(table.late)
    roles = _AMOUNTS if further is None else tuple(EXTRAS)
    names = [name for role in roles if role not in binding.extras for name in EXTRAS[role]]
    late = [column for name in names for column in header.find(name)]
    late += [column for column in further or () if column in table.late]
    if late:
        message = f"is missing in the first {SAMPLE:,} rows but not in later ones; give it in every"
        message += " row" if further is None else " row, or write the log to a file"
        raise InputError(message, file=table.label, row=table.late[late[0]], column=late[0])
