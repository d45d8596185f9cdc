"""Fields inside the objects of a column, which are named by paths with dots: `meta.lang`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from humorrank._util.suggest import did_you_mean, near
from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch, is_missing, series_of, shortened_value
from humorrank.matches.log.tables.json import JsonTable
from humorrank.matches.log.tables.table import (
    GAME_SCORES,
    SAMPLE,
    OnRagged,
    Reader,
    Table,
    Wanted,
    sampled_words,
)

_SHOWN, _MEANT = 30, 3


@dataclass
class FieldTable:
    """A table that has fields inside objects as further columns.

    A field is null where its object is null or does not have it.

    Attributes:
        table: Table with the objects.
        paths: Column and path inside its objects of each field, by its whole path.
        columns: Names of the columns of the table, and paths of the fields.
    """

    table: Table
    paths: Mapping[str, tuple[str, str]]
    notes: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """Shares the notes of the table."""
        self.notes = self.table.notes

    @property
    def label(self) -> str:
        """The name of the table in error messages."""
        return self.table.label

    @property
    def columns(self) -> list[str]:
        """The names of the columns of the table, and the paths of the fields."""
        return [*self.table.columns, *self.paths]

    @property
    def headerless(self) -> bool:
        """Whether the names of the columns were generated."""
        return self.table.headerless

    @property
    def untyped(self) -> bool:
        """Whether every value is text, which is not so if there are objects."""
        return self.table.untyped

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        return self._with_fields(self.table.sample(self._held(columns)), columns)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return sampled_words(self, column) if column in self.paths else self.table.words(column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns a reader of columns as codes, or None if one of them is a field."""
        if any(column in self.paths for column, _ in wanted):
            return None
        return self.table.codes(wanted)

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows.

        Raises:
            InputError: If a value is not an object, or as in the table.
        """
        for batch in self.table.batches(self._held(columns), on_ragged):
            yield self._with_fields(batch, columns)

    def _held(self, columns: Sequence[str]) -> list[str]:
        """Returns the columns of the table that hold the given ones."""
        return list(dict.fromkeys(self.paths.get(name, (name, ""))[0] for name in columns))

    def _with_fields(self, batch: RowBatch, columns: Sequence[str]) -> RowBatch:
        if not columns:
            return batch
        values = [
            _inner(batch, *self.paths[name]).alias(name)
            if name in self.paths
            else batch.frame.get_column(name)
            for name in columns
        ]
        return RowBatch(batch.file, pl.DataFrame(values), batch.rows)


def with_fields(table: Table, names: Iterable[str]) -> Table:
    """Returns a table that also has the fields whose paths are among the given names.

    A column of the table comes before a field of the same name. Names that do not begin with a
    column are left to the caller.

    Args:
        table: Table whose columns may hold objects.
        names: Names of columns, and paths of fields.

    Raises:
        InputError: If the objects of a column have no such field.
    """
    columns = [column for column in table.columns if column != GAME_SCORES]
    found = {
        name: path
        for name in dict.fromkeys(names)
        if name not in table.columns and (path := _split(name, columns)) is not None
    }
    if found and isinstance(table, JsonTable):
        table.fields = frozenset(part for _, path in found.values() for part in path.split("."))
    for name, (column, rest) in found.items():
        _refuse_unknown(table, name, column, rest)
    return FieldTable(table, found) if found else table


def fields_of_path(table: Table, path: str) -> list[str]:
    """Returns the names of the fields of the objects at a path, or none if there are no objects."""
    columns = [column for column in table.columns if column != GAME_SCORES]
    split = (path, "") if path in columns else _split(path, columns)
    if split is None:
        return []
    inside = _look(table, *split)
    return [] if inside.rest else list(inside.fields)


def meant_inside(table: Table, *names: str) -> str:
    """Returns a question whether a field inside an object was meant, or "" if none has the name.

    Args:
        table: Table that has no column of these names.
        names: Names of a field, the first that exists is used.
    """
    columns = [column for column in base_of(table).columns if column != GAME_SCORES]
    paths: dict[str, list[str]] = {}
    for values in base_of(table).sample(columns).frame:
        for path in _paths(_fields_in(values, {})):
            paths.setdefault(path.rpartition(".")[2], []).append(f"{values.name}.{path}")
    return did_you_mean(next((paths[name] for name in names if name in paths), [])[:_MEANT])


def _paths(fields: Fields) -> Iterator[str]:
    for name, inner in fields.items():
        yield name
        yield from (f"{name}.{path}" for path in _paths(inner))


def _split(name: str, known: Container[str]) -> tuple[str, str] | None:
    """Splits a path after the longest name that is known, or returns None if none is."""
    at = name.rfind(".")
    while at > 0:
        if name[:at] in known and name[at + 1 :]:
            return name[:at], name[at + 1 :]
        at = name.rfind(".", 0, at)
    return None


def _next(path: str, known: Container[str]) -> tuple[str, str] | None:
    """Splits a path after its next field, the longest that is known, or None if none is."""
    return (path, "") if path in known else _split(path, known)


def _refuse_unknown(table: Table, name: str, column: str, rest: str) -> None:
    inside = _look(table, column, rest)
    if not inside.rest:
        return
    place = name.removesuffix(f".{inside.rest}")
    if not inside.fields:
        message = f"there is no such field, because {place!r} holds no objects"
    else:
        missing = inside.rest.partition(".")[0]
        shown = ", ".join(list(inside.fields)[:_SHOWN])
        shown += " ..." if len(inside.fields) > _SHOWN else ""
        message = f"the objects in {place!r} have no field {missing!r} (fields: {shown}"
        message += f"{near(missing, inside.fields)})"
    raise InputError(message, file=table.label, column=name)


Fields = dict[str, "Fields"]
"""The names of the fields of objects, each with those of the objects in it."""


@dataclass(frozen=True)
class _Inside:
    """The end of a path.

    Attributes:
        fields: Fields of the objects at the end of the part that exists.
        rest: Part of the path that does not exist, or "".
    """

    fields: Fields
    rest: str


def _look(table: Table, column: str, path: str) -> _Inside:
    """Follows a path inside the objects of a column.

    The first rows are searched and, if the rows of the table can be read again, all others.
    """
    fields: Fields = {}
    for values in _parts(table, column):
        fields = _fields_in(values, fields)
        inside, rest = fields, path
        while rest and (found := _next(rest, inside)) is not None:
            inside, rest = inside[found[0]], found[1]
        # Without any value, the type of a column says nothing about later rows.
        may_have = values.dtype == pl.Object or _is_map(values.dtype)
        if not rest or (not may_have and values.null_count() < len(values)):
            break
    return _Inside(inside, rest)


def _fields_in(values: pl.Series, known: Fields) -> Fields:
    """Returns the fields of the objects in a column, added to the known ones of earlier rows."""
    if isinstance(values.dtype, pl.Struct):
        return _fields_of_type(values.dtype)
    if values.dtype == pl.Object or _is_map(values.dtype):
        for value in values.to_list():
            _add_fields(value, known)
    return known


def _is_map(dtype: pl.DataType) -> bool:
    """Returns whether values are maps of Arrow, which older versions of polars read as lists."""
    kind = getattr(pl, "Map", None)
    return kind is not None and isinstance(dtype, kind)


def _fields_of_type(dtype: object) -> Fields:
    if not isinstance(dtype, pl.Struct):
        return {}
    return {part.name: _fields_of_type(part.dtype) for part in dtype.fields}


def _add_fields(value: object, fields: Fields) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(name, str):
                _add_fields(inner, fields.setdefault(name, {}))


def _parts(table: Table, column: str) -> Iterator[pl.Series]:
    """Yields the values of a column: the first rows and, if they can be read again, all rows.

    A table without types holds no objects, so its first rows are enough.
    """
    first = table.sample([column])
    yield first.frame.get_column(column)
    once = table.untyped or (isinstance(table, JsonTable) and not table.rereadable)
    if once or first.frame.height < SAMPLE:
        return
    for batch in table.batches([column], lambda _: None):
        yield batch.frame.get_column(column)


def _inner(batch: RowBatch, column: str, path: str) -> pl.Series:
    """Returns the field at a path inside the objects of a column."""
    values = batch.frame.get_column(column)
    while path and isinstance(values.dtype, pl.Struct):
        found = _next(path, [part.name for part in values.dtype.fields])
        assert found is not None, "as the path exists in the type"
        values, path = values.struct.field(found[0]), found[1]
    if not path:
        return values
    inner: list[Any] = []
    for row, value in enumerate(values.to_list()):
        below, rest = value, path
        while rest and isinstance(below, Mapping):
            found = _next(rest, below)
            below, rest = (None, "") if found is None else (below[found[0]], found[1])
        if rest and not is_missing(below):
            raise InputError(
                f"{shortened_value(below)} is not an object, so it has no field {rest!r}",
                file=batch.file,
                row=batch.row(row),
                column=column,
                value=below,
            )
        inner.append(None if rest else below)
    return series_of(path, inner)


def base_of(table: Table) -> Table:
    """Returns the table itself, without fields as further columns."""
    return table.table if isinstance(table, FieldTable) else table
