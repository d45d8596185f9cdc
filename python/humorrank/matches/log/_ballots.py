"""Ballots with one row each: their labels, and the options that do not apply to ballots."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from humorrank.errors import InputError, OptionError
from humorrank.matches.log._keys import Keys
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._selection import Taken
from humorrank.matches.log.formats.further import BALLOT, ballot_columns
from humorrank.matches.log.formats.readings import FURTHER_READINGS, Binding
from humorrank.matches.log.tables.batch import RowBatch, good_counts

_MOST_COPIES: Final = 10_000_000
_MODULUS: Final = 1 << 64
_MARK: Final = "\0"
"""The beginning of a label that is not complete."""


def needs_labels(binding: Binding) -> bool:
    """Returns whether each row is a ballot that no column identifies."""
    reading = binding.reading
    return reading.ballots and not reading.gathered and BALLOT not in binding.extras


class Labels:
    """Labels that identify the ballots of a log with one ballot per row.

    A label is made from the contents of all ballots of a file, the contents of the ballot and its
    number among the ballots of the file with the same contents. It does not depend on the order of
    the rows and on the name of the file, and ballots of different files have different labels.
    """

    def __init__(self) -> None:
        # By file: the sum of the hashes of its ballots.
        self._files: list[int] = []
        # The number of ballots of the last file by contents.
        self._seen: dict[str, int] = {}
        # By row of the last batch.
        self._contents: list[str] = []
        self._numbers = np.empty(0, np.int64)

    def begin(self) -> None:
        """Begins a file."""
        self._files.append(0)
        self._seen = {}

    def add(self, batch: RowBatch, binding: Binding) -> RowBatch:
        """Adds a column of labels, which `finished` completes after the last row.

        A row with a count has the first of as many labels.

        Raises:
            InputError: If the counts are too large to keep the ballots apart.
        """
        times = _times(batch, binding)
        columns = [batch.label(column).to_list() for column in binding.columns.values()]
        self._contents, numbers = [], []
        for values, count in zip(zip(*columns, strict=True), times.tolist(), strict=True):
            digest = hashlib.blake2b(json.dumps(values).encode(), digest_size=8).hexdigest()
            self._files[-1] = (self._files[-1] + count * int(digest, 16)) % _MODULUS
            before = self._seen.get(digest, 0)
            self._seen[digest] = before + count
            self._contents.append(f"{_MARK}{len(self._files) - 1} {digest}")
            numbers.append(before + 1)
        self._numbers = np.array(numbers, np.int64)
        labels = pl.Series(BALLOT, list(map(_label, self._contents, numbers)), dtype=pl.String)
        return RowBatch(batch.file, batch.frame.with_columns(labels), batch.rows)

    def finished(self, labels: list[str]) -> list[str]:
        """Returns complete labels, in which the file is named by its contents."""
        return list(map(self._finished, labels)) if self._files else labels

    def _finished(self, label: str) -> str:
        if not label.startswith(_MARK):
            return label
        file, rest = label.removeprefix(_MARK).split(" ", 1)
        return f"{self._files[int(file)]:016x} {rest}"

    def apart(self, taken: Taken, keys: Keys) -> Taken:
        """Returns the matches of the last batch with the ballots of each row as separate matches.

        Args:
            taken: Matches, whose rows have counts or not.
            keys: Keys of the matches, of which one is the ballot.
        """
        matches, place = taken.matches, keys.names.index(BALLOT)
        if matches.count is None or (matches.count == 1).all():
            return taken
        assert taken.rows is not None, "as the labels are in the batch"
        times = matches.count.astype(np.int64)
        index = np.repeat(np.arange(len(matches)), times)
        copy = np.arange(len(index)) - np.repeat(np.cumsum(times) - times, times)
        rows = taken.rows[index]
        numbers = (self._numbers[rows] + copy).tolist()
        labels = [
            _label(self._contents[row], n) for row, n in zip(rows.tolist(), numbers, strict=True)
        ]
        codes = [codes[index] for codes in taken.keys]
        codes[place] = keys.interners[place].encode(pl.Series(labels, dtype=pl.String))
        there = {name: part for name, part in vars(matches).items() if part is not None}
        single = {name: part[index] for name, part in there.items() if name != "count"}
        return replace(taken, matches=Matches(**single), rows=rows, keys=codes)


def _label(contents: str, number: int) -> str:
    return f"{contents} {number}"


def _times(batch: RowBatch, binding: Binding) -> np.ndarray:
    """Returns the number of ballots that each row stands for, at least 1."""
    if "count" not in binding.extras:
        return np.ones(batch.frame.height, np.int64)
    column = binding.extras["count"]
    values = batch.numbers(column).values
    times = np.where(good_counts(values), np.maximum(values, 1), 1)
    if times.sum() > _MOST_COPIES:
        raise InputError(
            f"the counts add up to more than {_MOST_COPIES:,} ballots, too many to keep apart; "
            "treat the pairs of a ballot as independent (cluster='none', --cluster none)",
            file=batch.file,
            column=column,
        )
    counts: np.ndarray = times.astype(np.int64)
    return counts


def notes_of_ballots(label: str, binding: Binding) -> list[str]:
    """Returns notes for the user on what a ballot is, and on columns that are not used."""
    notes = [f"{label}: the column {column!r} is not used" for column in binding.unused]
    what = "each row is"
    if binding.reading.gathered:
        what = f"the rows with the same {' and '.join(map(repr, ballot_columns(binding)))} are"
    if binding.reading.ballots:
        notes.append(f"{label}: {what} a ballot, which is read as the pairs of its models")
    return notes


def refuse_options(binding: Binding, label: str, *, where: bool, cap: bool, controls: bool) -> None:
    """Refuses options that make no sense for ballots or tables of wins.

    Args:
        binding: Format and columns of a table.
        label: Name of the table.
        where: Whether there is a condition.
        cap: Whether the matches of each judge are limited.
        controls: Whether there are controls.

    Raises:
        OptionError: If there is such an option.
    """
    name = binding.reading.name
    if where and name == "win-matrix":
        message = "applies to rows of matches, but the rows of this table of wins are models"
        raise OptionError(f"where: {label} has the format {name}; the condition {message}")
    if controls and name in ("ranking", "best-worst", "win-matrix"):
        message = f"{label} has the format {name}, whose rows have no columns of single models"
        raise OptionError(f"controls: {message}; write one model a row to use controls")
    if cap and binding.reading in FURTHER_READINGS:
        message = f"{label} has the format {name}, in which a row is not a single match"
        raise OptionError(f"max_per_judge: {message}")
