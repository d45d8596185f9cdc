"""JSON with one object per line, or a single array of objects."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log.tables.batch import RowBatch, series_of, shortened_value
from humorrank.matches.log.tables.frames import game_scores
from humorrank.matches.log.tables.lines import Compression, lines
from humorrank.matches.log.tables.memory import ColumnsTable
from humorrank.matches.log.tables.stream import Origin
from humorrank.matches.log.tables.table import (
    GAME_SCORES,
    GAMES,
    SAMPLE,
    OnRagged,
    Reader,
    Wanted,
    sampled_words,
)

_ROWS: Final = 1 << 14
_LINES: Final = 1 << 12

Object = dict[str, Any]
Numbered = tuple[int, Object]


@dataclass(frozen=True)
class _Keys:
    """The keys of which an object must not have duplicates.

    Attributes:
        written: Keys as they are written in JSON.
        fields: Those that may also be in an object inside the outermost one.
    """

    written: Sequence[str]
    fields: Collection[str]


@dataclass
class JsonTable:
    """A JSONL file or a JSON array.

    Attributes:
        origin: File or stream.
        compression: Compression of the file.
        label: Name of the file in error messages.
        is_array: Whether the file is a single array, whose rows are counted from 1 instead of by
            line.
        columns: Keys of the first objects, and of later ones as far as they have been read.
        inner: If there is only one object, its keys whose values are lists of objects, which may be
            the rows.
        fields: Names of the fields inside the objects that are read, too.
        late: Rows in which the keys that the first objects do not have occur first.
    """

    origin: Origin
    compression: Compression
    label: str
    is_array: bool
    columns: list[str] = field(default_factory=list)
    headerless: bool = False
    untyped: bool = False
    notes: list[str] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)
    inner: list[str] = field(default_factory=list)
    fields: frozenset[str] = frozenset()
    _known: int = 0

    def __post_init__(self) -> None:
        """Reads the keys of the first objects."""
        first = list(islice(self._objects([]), SAMPLE))
        self._known = len(first)
        self.columns = keys_of(row for _, row in first)
        if len(first) == 1:
            self.inner = [key for key, value in first[0][1].items() if _are_objects(value)]
        if not self.columns:
            raise InputError("contains no objects", file=self.label)

    @property
    def partly_known(self) -> bool:
        """Whether there may be objects that have not been searched for keys."""
        return self._known >= SAMPLE

    @property
    def rereadable(self) -> bool:
        """Whether all objects can be read more than once."""
        return isinstance(self.origin, Path) or self.origin.rereadable

    def complete(self) -> bool:
        """Adds the keys of all objects to the columns, and returns whether there are new ones.

        A stream is left as it is, because it would have to be kept in memory.
        """
        if not self.partly_known or not self.rereadable:
            return False
        self._known = 0
        before = len(self.columns)
        objects = self._objects([])
        while rows := list(islice(objects, _ROWS)):
            self._new_keys(rows)
        return len(self.columns) > before

    def sample(self, columns: Sequence[str]) -> RowBatch:
        """Returns the first rows."""
        rows = list(islice(self._objects(columns), SAMPLE))
        return object_batch(self.label, rows, columns)

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return sampled_words(self, column)

    def codes(self, wanted: Wanted) -> Reader | None:
        """Returns None, because JSON cannot be read as codes."""
        return None

    def batches(self, columns: Sequence[str], on_ragged: OnRagged | None) -> Iterator[RowBatch]:
        """Yields all rows, with null for a key that an object lacks.

        Raises:
            InputError: If the JSON is malformed or does not consist of objects.
        """
        objects = self._objects(columns, last=True)
        while rows := list(islice(objects, _ROWS)):
            self._new_keys(rows)
            yield object_batch(self.label, rows, columns)

    def _new_keys(self, rows: Sequence[Numbered]) -> None:
        """Adds keys that the previous objects do not have to the columns."""
        for key in keys_of(row for _, row in rows):
            if key not in self.columns:
                self.columns.append(key)
                name = GAMES if key == GAME_SCORES else key
                self.late[key] = next(number for number, row in rows if name in row)

    def _objects(self, columns: Sequence[str], *, last: bool = False) -> Iterator[Numbered]:
        text = lines(self.origin, self.compression, self.label, at_once=_LINES, last=last)
        names = [GAMES if column == GAME_SCORES else column for column in columns]
        keys = _Keys([f'"{name}"' for name in (*names, *self.fields)], self.fields)
        read = _array if self.is_array else _one_a_line
        return read(text, keys, self.label)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def keys_of(rows: Iterator[Object]) -> list[str]:
    """Returns all keys in the order of first occurrence, then GAME_SCORES if there are games."""
    keys: dict[str, None] = {}
    for shape in dict.fromkeys(tuple(row) for row in rows):
        keys.update(dict.fromkeys(shape))
    if GAMES in keys:
        keys[GAME_SCORES] = None
    return list(keys)


@dataclass
class ObjectsTable(ColumnsTable):
    """Objects in memory, as one list of values per key."""

    def words(self, column: str) -> list[str]:
        """Returns the distinct values of a column in the first rows."""
        return sampled_words(self, column)

    def _batch(self, columns: Sequence[str], start: int, end: int) -> RowBatch:
        series = [
            pl.Series(name, self.values[name][start:end], pl.Object)
            if name == GAME_SCORES
            else series_of(name, self.values[name][start:end], self.label, start + 1)
            for name in columns
        ]
        return RowBatch(self.label, pl.DataFrame(series), start + 1)


def objects_table(label: str, rows: Sequence[Object]) -> ObjectsTable:
    """Creates a table from objects in memory, whose keys may differ.

    Args:
        label: Name of the objects in error messages.
        rows: Objects.

    Raises:
        InputError: If a key is not text.
    """
    values = _even_columns(rows)
    columns = keys_of(iter(rows if values is None else rows[:1]))
    for name in columns:
        if not isinstance(name, str):
            message = f"contains the key {shortened_value(name)}, but keys must be text"
            row = next(number for number, each in enumerate(rows, 1) if name in each)
            raise InputError(message, file=label, row=row)
    if values is None:
        values = {name: [row.get(name) for row in rows] for name in columns}
    if GAME_SCORES in columns:
        values[GAME_SCORES] = [game_scores(games) for games in values[GAMES]]
    return ObjectsTable(label, values, columns)


def _even_columns(rows: Sequence[Object]) -> dict[str, list[Any]] | None:
    """Returns the values of each key, or None if not all objects have the same keys."""
    # A subclass may create missing keys when they are looked up.
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(rows[0])}:
        return None
    try:
        return {name: list(map(itemgetter(name), rows)) for name in rows[0]}
    except KeyError:
        return None


def object_batch(label: str, rows: Sequence[Numbered], columns: Sequence[str]) -> RowBatch:
    """Creates a batch from objects."""
    numbers = pl.Series([number for number, _ in rows], dtype=pl.UInt64).to_numpy()
    series = [_column([row for _, row in rows], numbers, column, label) for column in columns]
    frame = pl.DataFrame(series) if series else pl.DataFrame(height=len(rows))
    return RowBatch(label, frame, numbers)


def _column(rows: Sequence[Object], numbers: np.ndarray, column: str, label: str) -> pl.Series:
    if column == GAME_SCORES:
        return pl.Series(column, [game_scores(row.get(GAMES)) for row in rows], pl.Object)
    return series_of(column, [row.get(column) for row in rows], label, numbers)


_DECODER: Final = json.JSONDecoder()

_SPACED: Final = re.compile(r'"(?: ?[\t\r\n]|  )[ \t\r\n]*:')
"""A key with other white space before its colon than one blank."""

_ESCAPED: Final = re.compile(r'\\.[^"\\]*"[ \t\r\n]*:')
"""The end of a key in which a character is escaped."""


def _checked(value: object, text: str, keys: _Keys, label: str, row: int) -> Object:
    """Checks that a value is an object without duplicates of the given keys, and returns it.

    The JSON decoder would silently keep the last value of a duplicate key.
    """
    if not isinstance(value, dict):
        message = f'expected an object such as {{"model_a": ...}}, not {shortened_value(value)}'
        raise InputError(message, file=label, row=row)
    # If there are as many key marks as keys, and none is written with other white space, no key is
    # duplicated. Otherwise objects are nested or a text looks like a key. Then the given keys are
    # counted, and the text is decoded again only if necessary, or if a key has escaped characters.
    marks = text.count('":') + text.count('" :')
    if (
        marks != len(value)
        and (
            any(text.count(f"{key}:") + text.count(f"{key} :") > 1 for key in keys.written)
            or ("\\" in text and _ESCAPED.search(text))
        )
    ) or (
        # Lines of JSON rarely contain these, as texts have them escaped.
        ("\t" in text or "\n" in text or "\r" in text or "  " in text) and _SPACED.search(text)
    ):
        doubled = _doubled_key(text, keys.fields)
        if doubled is not None:
            message = f"contains an object with the key {doubled!r} twice; remove one of them"
            raise InputError(message, file=label, row=row)
    return value


def _doubled_key(text: str, fields: Collection[str]) -> str | None:
    """Returns a key that the outermost object has twice, or one of the fields if any object has."""
    inside: list[str] = []
    outermost: list[str] = []

    def see(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        # The outermost object is the last one to be complete.
        outermost[:] = [name for name, times in Counter(names).items() if times > 1]
        inside.extend(name for name in outermost if name in fields)

    json.JSONDecoder(object_pairs_hook=see).decode(text)
    return next(iter((*outermost, *inside)), None)


def _one_a_line(text: Iterator[tuple[int, str]], keys: _Keys, label: str) -> Iterator[Numbered]:
    for number, line in text:
        written = line.strip()
        if not written:
            continue
        try:
            value, end = _DECODER.raw_decode(written)
            if end != len(written):
                raise ValueError(f"extra data at character {end + 1}")
        except (ValueError, RecursionError) as error:
            message = f"malformed JSON ({error}); every line of JSONL must be a complete object"
            if written in ("{", "}"):
                message += " (`jq -c .` writes it so; if the rows are a list in the object, extract"
                message += " them first, as with `jq -c '.data[]'`)"
            raise InputError(message, file=label, row=number) from None
        yield number, _checked(value, written, keys, label, number)


def _array(text: Iterator[tuple[int, str]], keys: _Keys, label: str) -> Iterator[Numbered]:
    """Yields the objects of an array, each decoded from as much text as it needs."""
    buffer = _Buffer(text, label)
    buffer.expect("[")
    for count in itertools.count(1):
        if buffer.accept("]"):
            break
        if count > 1:
            buffer.expect(",")
        value, written = buffer.value()
        yield count, _checked(value, written, keys, label, count)
    buffer.end()


class _Buffer:
    """A text buffer that grows while the value in it is incomplete."""

    def __init__(self, text: Iterator[tuple[int, str]], label: str) -> None:
        self._text = text
        self._label = label
        self._held = ""
        self._at = 0
        self._line = 1
        self._last = 1

    def accept(self, mark: str) -> bool:
        """Skips a mark if it comes next, and returns whether it did."""
        if self._next() != mark:
            return False
        self._at += 1
        return True

    def expect(self, mark: str) -> None:
        """Skips a mark that must come next."""
        if not self.accept(mark):
            self._fail(f"expected {mark!r}", self._at)

    def end(self) -> None:
        """Checks that nothing follows."""
        if self._next():
            self._fail("extra data after the array", self._at)

    def value(self) -> tuple[object, str]:
        """Returns the next value and its text."""
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except (ValueError, RecursionError) as error:
                # Growing drops the text before the value, so that the value is at position 0.
                position = getattr(error, "pos", self._at) - self._at
                if self._grow():
                    continue
                self._fail(str(getattr(error, "msg", error)), position)
            else:
                written, self._at = self._held[self._at : end], end
                return value, written

    def _next(self) -> str:
        while True:
            while self._at < len(self._held) and self._held[self._at].isspace():
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._grow():
                return ""

    def _grow(self) -> bool:
        """Reads at least as many characters as are held, so that the time is linear."""
        self._line += self._held.count("\n", 0, self._at)
        self._held, self._at = self._held[self._at :], 0
        parts, length = [self._held], 0
        for number, line in self._text:
            # Blank lines were left out. They are restored so that positions give line numbers.
            parts.append("\n" * (number - self._last) + line)
            self._last = number
            length += len(line)
            if length > max(len(self._held), 1 << 20):
                break
        self._held = "".join(parts)
        return len(parts) > 1

    def _fail(self, message: str, position: int) -> None:
        line = self._line + self._held.count("\n", 0, position)
        raise InputError(f"malformed JSON ({message})", file=self._label, row=line)
