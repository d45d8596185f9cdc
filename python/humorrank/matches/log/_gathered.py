"""Ballots with one row per model, which are gathered from the whole log before they are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, Interner
from humorrank.errors import InputError
from humorrank.matches.log._checks import no_outcome
from humorrank.matches.log._names import Names
from humorrank.matches.log._rows import Rows
from humorrank.matches.log.formats.ballots import ALONE, EMPTY, LARGE, MOST_ITEMS, TWICE
from humorrank.matches.log.formats.decode import BadRow, Decoded, Problem, no_problem
from humorrank.matches.log.formats.further import BALLOT, ballot_columns
from humorrank.matches.log.formats.readings import EXTRAS, Binding
from humorrank.matches.log.tables.batch import (
    RowBatch,
    comma_hint,
    nested_text,
    shortened_value,
)
from humorrank.matches.outcomes import FIRST, TIE, UNJUDGED

_PAIRS_AT_ONCE = 1 << 20


def gathered_columns(binding: Binding, further: Sequence[str]) -> list[str]:
    """Returns the columns to read of a table, besides those of the format and the keys.

    Args:
        binding: Format and columns of the table.
        further: Columns of the pairs, such as `length_a` of a column `length` of the rows.
    """
    return [*ballot_columns(binding), *map(_of_one_side, further)]


_Side = Literal["first", "second", "later", "difference"]


@dataclass(frozen=True)
class _Column:
    """A column of the pairs of ballots.

    Attributes:
        values: Values of the rows.
        side: Row of a pair from which it takes its value: that of the "first" or the "second"
            model, the "later" one, or the first minus the second.
    """

    values: pl.Series
    side: _Side

    def of(self, rows: Mapping[str, np.ndarray]) -> pl.Series:
        """Returns the values of pairs, whose rows are given by side."""
        if self.side == "difference":
            return self.values.gather(rows["first"]) - self.values.gather(rows["second"])
        return self.values.gather(rows[self.side])


@dataclass
class Gathered:
    """The rows of a log with one model per row, until all rows of each ballot are known.

    Attributes:
        binding: Format and columns of the first table.
        keys: Columns of the keys. The rows of a ballot must have the same value there.
        further: Columns to read in addition to these, of the pairs: a column `length` of the rows
            is `length_a` and `length_b` there. None reads only the required columns.
        controls: Whether the further columns are controls, whose differences the pairs have.
        batches: Rows.
        offset: Number of rows before each batch.
    """

    binding: Binding
    keys: Sequence[str]
    further: Sequence[str] | None
    controls: bool
    batches: list[RowBatch] = field(default_factory=list)
    offset: list[int] = field(default_factory=lambda: [0])
    _models: list[pl.Series] = field(default_factory=list)
    _labels: list[pl.Series] = field(default_factory=list)
    _values: list[np.ndarray] = field(default_factory=list)
    _null: list[np.ndarray] = field(default_factory=list)
    # The first rows of models that have several on a ballot: the error is that of the second row.
    _earlier: set[int] = field(default_factory=set)

    def add(self, batch: RowBatch, binding: Binding) -> None:
        """Adds rows.

        Raises:
            InputError: If a column has an unsuitable type, or the table identifies its ballots by
                other columns than the first table.
        """
        roles = _roles(binding)
        if roles != _roles(self.binding):
            message = f"identifies a ballot by {' and '.join(roles)}, but the first table by "
            message += f"{' and '.join(_roles(self.binding))}; specify a column ballot with "
            message += "--columns (columns=)"
            raise InputError(message, file=batch.file)
        value = batch.numbers(_value_column(binding))
        self.batches.append(batch)
        self.offset.append(self.offset[-1] + batch.frame.height)
        self._models.append(batch.text(binding.columns["model"]).cast(pl.String).alias("model"))
        self._labels.append(_labels(batch, ballot_columns(binding)))
        self._values.append(np.where(value.bad, np.inf, value.values))
        self._null.append(value.null)

    def ballots(
        self,
        names: Names,
        *,
        lower_wins: bool,
        skip: Callable[[BadRow, InputError], None] | None,
        refuse_unjudged: bool,
    ) -> Iterator[Rows]:
        """Yields the pairs of all ballots, in the order of their first rows.

        Args:
            names: Names, which assign the codes.
            lower_wins: Whether the lower of two scores wins, as ranks always do.
            skip: Function that takes each bad row, or None to raise its error.
            refuse_unjudged: Whether a missing score is refused.

        Raises:
            InputError: If a row is bad and `skip` is None, or a score is missing and refused.
        """
        models, labels = pl.concat(self._models), pl.concat(self._labels)
        values, null = np.concatenate(self._values), np.concatenate(self._null)
        model, ballots = names.encode(models), Interner()
        names.look()
        ballot = ballots.encode(labels)
        good = np.ones(len(values), np.bool_)
        for row, fault in self._faults(models, ballot, model, values, null, names, good):
            if skip is not None:
                skip(fault, self._error(row, fault))
            elif row not in self._earlier:
                raise self._error(row, fault)
        if refuse_unjudged and (without := np.flatnonzero(null & good)[:1].tolist()):
            batch, index = self._place(without[0])
            column = _value_column(self.binding)
            problem = no_outcome(column, batch.value(column, index))
            raise self._error(without[0], BadRow(without[0], "", problem))
        rows = np.flatnonzero(good)
        order = rows[np.argsort(ballot[rows], kind="stable")]
        sizes = np.bincount(ballot[order], minlength=len(ballots)).astype(np.int64)
        sizes = sizes[sizes > 0]
        better_low = lower_wins or "rank" in self.binding.columns
        value = np.where(null, np.nan, -values if better_low else values)
        columns = self._columns(ballot, labels, order)
        for part in _parts(order, sizes):
            yield self._pairs(*part, value, model, columns)

    def _faults(
        self,
        models: pl.Series,
        ballot: np.ndarray,
        model: np.ndarray,
        values: np.ndarray,
        null: np.ndarray,
        names: Names,
        good: np.ndarray,
    ) -> list[tuple[int, BadRow]]:
        """Returns the bad rows in order, and takes them from the good ones."""
        out: dict[int, BadRow] = {}
        column = _value_column(self.binding)
        ranks = "rank" in self.binding.columns

        def leave(rows: np.ndarray, kind: str, column: str, told: Callable[[int], str]) -> None:
            for row in rows.tolist():
                batch, index = self._place(row)
                value = batch.value(column, index) if column in batch.frame.columns else None
                out[row] = BadRow(row, kind, Problem(column, value, told(row)))
            good[rows] = False

        def shown(row: int) -> str:
            batch, index = self._place(row)
            return shortened_value(batch.value(column, index))

        def bad_value(row: int) -> str:
            batch, index = self._place(row)
            hint = comma_hint(batch.value(column, index))
            if not ranks:
                return f"{shown(row)} is not a finite number, which a score must be{hint}"
            if null[row]:
                return "has no rank; every model of a ballot needs one"
            return f"{shown(row)} is not a rank; ranks are numbers from 1, which is the best{hint}"

        ids = ballot_columns(self.binding)
        leave(
            np.flatnonzero(ballot == NULL_CODE),
            "no ballot",
            ids[0],
            lambda _: (
                f"has no value in {' or '.join(map(repr, ids))}, by which ballots are told apart"
            ),
        )
        missing = names.missing(model)
        if missing is not None:
            leave(
                np.flatnonzero(missing & good),
                EMPTY,
                self.binding.columns["model"],
                lambda row: f"{shortened_value(models[row])} is not a name; every row needs one",
            )
        with np.errstate(invalid="ignore"):
            wrong = ~np.isfinite(values) & ~null
            if ranks:
                leave(np.flatnonzero(null & good), "missing rank", column, bad_value)
                wrong = ~np.isfinite(values) | (values < 1)
        leave(np.flatnonzero(wrong & good), "bad rank" if ranks else "bad score", column, bad_value)
        self._leave_doubled(models, ballot, model, good, leave)
        sizes = np.bincount(ballot[good], minlength=1) if good.any() else np.zeros(1, np.int64)
        some = np.flatnonzero(good)
        held = sizes[ballot[some]] if len(some) else some
        leave(
            some[held == 1],
            ALONE,
            self.binding.columns["model"],
            lambda row: (
                f"{shortened_value(models[row])} is the only model of {self._of(row)}; a "
                "ballot compares at least two"
            ),
        )
        leave(
            some[held > MOST_ITEMS],
            LARGE,
            self.binding.columns["model"],
            lambda row: (
                f"is one of more than {MOST_ITEMS:,} rows of {self._of(row)}; specify the "
                "columns that tell ballots apart with --columns prompt=NAME,judge=NAME or "
                "ballot=NAME (columns=)"
            ),
        )
        return sorted(out.items())

    def _leave_doubled(
        self,
        models: pl.Series,
        ballot: np.ndarray,
        model: np.ndarray,
        good: np.ndarray,
        leave: Callable[[np.ndarray, str, str, Callable[[int], str]], None],
    ) -> None:
        """Leaves out all rows of a model that has several on one ballot, as none is known right."""
        some = np.flatnonzero(good)
        key = ballot[some].astype(np.uint64) << np.uint64(32) | model[some].astype(np.uint64)
        _, inverse, sizes = np.unique(key, return_inverse=True, return_counts=True)
        doubled = some[sizes[inverse] > 1]
        if not len(doubled):
            return
        latest: dict[tuple[int, int], int] = {}
        before: dict[int, int] = {}
        for row in doubled.tolist():
            place = int(ballot[row]), int(model[row])
            before[row] = latest.get(place, -1)
            latest[place] = row
            if before[row] < 0:
                self._earlier.add(row)

        def told(row: int) -> str:
            other = before[row] if before[row] >= 0 else latest[int(ballot[row]), int(model[row])]
            batch, index = self._place(other)
            where = f"row {batch.row(index)}"
            here, _ = self._place(row)
            where += f" of {batch.file}" if batch.file != here.file else ""
            return (
                f"{shortened_value(models[row])} is also in {where} of {self._of(row)}; if these "
                "are different ballots, specify the columns that tell them apart with --columns "
                "prompt=NAME,judge=NAME or ballot=NAME (columns=)"
            )

        leave(doubled, TWICE, self.binding.columns["model"], told)

    def _of(self, row: int) -> str:
        """Returns a description of the ballot of a row."""
        batch, index = self._place(row)
        parts = [
            f"{column} {shortened_value(batch.label(column)[index])}"
            for column in ballot_columns(self.binding)
            if column in batch.frame.columns
        ]
        return f"the ballot of {', '.join(parts)}"

    @property
    def _label(self) -> str:
        """The name of the rows in error messages."""
        files = list(dict.fromkeys(batch.file for batch in self.batches))
        return files[0] if len(files) == 1 else f"{files[0]} or a later file"

    @cached_property
    def _numbers(self) -> np.ndarray:
        """The numbers of the rows in their files."""
        parts = [
            np.arange(batch.rows, batch.rows + batch.frame.height)
            if isinstance(batch.rows, int)
            else batch.rows
            for batch in self.batches
        ]
        numbers: np.ndarray = np.concatenate(parts).astype(np.int64)
        return numbers

    def _place(self, row: int) -> tuple[RowBatch, int]:
        number = int(np.searchsorted(self.offset, row, side="right")) - 1
        return self.batches[number], row - self.offset[number]

    def _error(self, row: int, fault: BadRow) -> InputError:
        batch, index = self._place(row)
        problem = fault.problem
        return InputError(
            problem.message,
            file=batch.file,
            row=batch.row(index),
            column=problem.column,
            value=problem.value,
        )

    def _pairs(
        self,
        rows: np.ndarray,
        sizes: np.ndarray,
        value: np.ndarray,
        model: np.ndarray,
        columns: Mapping[str, _Column],
    ) -> Rows:
        """Returns the pairs of consecutive ballots, the better model first."""
        # Each row is paired with all later ones of its ballot.
        position = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        others = np.repeat(sizes, sizes) - 1 - position
        near = np.repeat(np.arange(len(rows)), others)
        far = near + 1 + np.arange(len(near)) - np.repeat(np.cumsum(others) - others, others)
        one, other = rows[near], rows[far]
        with np.errstate(invalid="ignore"):
            swapped = value[other] > value[one]
        first, second = np.where(swapped, other, one), np.where(swapped, one, other)
        outcome = np.full(len(first), FIRST, np.uint8)
        outcome[value[first] == value[second]] = TIE
        outcome[np.isnan(value[first]) | np.isnan(value[second])] = UNJUDGED
        nothing = pl.Series(dtype=pl.String)
        decoded = Decoded(nothing, nothing, outcome, "", no_problem, source=np.arange(len(first)))
        sides = {"first": first, "second": second, "later": np.maximum(first, second)}
        frame = pl.DataFrame([column.of(sides).alias(name) for name, column in columns.items()])
        batch = RowBatch(self._label, frame, self._numbers[sides["later"]])
        return Rows(batch, self.binding, decoded, model[first], model[second], None, None, None, "")

    def _columns(
        self, ballot: np.ndarray, labels: pl.Series, rows: np.ndarray
    ) -> dict[str, _Column]:
        """Returns the columns of the pairs.

        Raises:
            InputError: If a column must have one value on each ballot, but has several.
        """
        frame = pl.concat([_plain(batch.frame) for batch in self.batches], how="diagonal_relaxed")
        out = {BALLOT: _Column(labels, "first")}
        extras = self.binding.extras
        single = [key for key in self.keys if key not in (BALLOT, extras.get("tstamp"))]
        # A pair has the further columns of the later of its two rows, such as its time.
        later = [extras["tstamp"]] if extras.get("tstamp") in self.keys else []
        if self.controls:
            whole = RowBatch(self._label, frame, self._numbers)
            for name in self.further or ():
                values = pl.Series(name, whole.numbers(name).values)
                out[name] = _Column(values, "difference")
        elif self.further is not None:
            later += [extras[role] for role in EXTRAS if extras.get(role) in frame.columns]
            for name in self.further:
                column = _of_one_side(name)
                if name not in frame.columns and column in frame.columns:
                    side: _Side = "second" if name[-1] == "b" else "first"
                    out[name] = _Column(frame.get_column(column), side)
                elif name in frame.columns:
                    single.append(name)
        for name in later:
            out[name] = _Column(frame.get_column(name), "later")
        for name in single:
            self._refuse_several(frame, name, ballot, rows)
            out[name] = _Column(frame.get_column(name), "first")
        return out

    def _refuse_several(
        self, frame: pl.DataFrame, column: str, ballot: np.ndarray, rows: np.ndarray
    ) -> None:
        """Refuses a column that has several values on one ballot."""
        if column in ballot_columns(self.binding):
            return
        codes = Interner().encode(RowBatch("", frame, 1).label(column))[rows]
        same = ballot[rows][1:] == ballot[rows][:-1]
        differ = np.flatnonzero(same & (codes[1:] != codes[:-1]))
        if not len(differ):
            return
        (before, index), (batch, at) = (
            self._place(int(rows[place + differ[0]])) for place in (0, 1)
        )
        value, other = batch.value(column, at), before.value(column, index)
        raise InputError(
            f"{shortened_value(value)} differs from {shortened_value(other)} in row "
            f"{before.row(index)}, though both rows are of {self._of(int(rows[differ[0]]))}; a "
            "column by which matches are told apart must have one value on each ballot",
            file=batch.file,
            row=batch.row(at),
            column=column,
            value=value,
        )


def _roles(binding: Binding) -> list[str]:
    """Returns the roles of the columns that identify a ballot."""
    role_of = {column: role for role, column in binding.extras.items()}
    return [role_of[column] for column in ballot_columns(binding)]


def _value_column(binding: Binding) -> str:
    return binding.columns["rank" if "rank" in binding.columns else "score"]


def _labels(batch: RowBatch, columns: Sequence[str]) -> pl.Series:
    """Returns the text that identifies the ballot of each row, null if a part of it is missing."""
    parts = [_filled(batch.label(column)) for column in columns]
    if len(parts) == 1:
        return parts[0].alias(BALLOT)
    rows = zip(*(part.to_list() for part in parts), strict=True)
    texts = [None if None in row else json.dumps(row, ensure_ascii=False) for row in rows]
    return pl.Series(BALLOT, texts, dtype=pl.String)


def _filled(text: pl.Series) -> pl.Series:
    blank = text.str.strip_chars() == ""
    return (
        text.to_frame()
        .select(
            pl.when(~pl.lit(blank).fill_null(value=True)).then(pl.col(text.name)).alias(text.name)
        )
        .to_series()
    )


def _of_one_side(name: str) -> str:
    """Returns the column of the rows from which a column of the pairs is made."""
    return name[:-2] if name.endswith(("_a", "_b")) else name


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Returns a frame that can be joined with others, with lists and objects as JSON."""
    return frame.with_columns(
        nested_text(frame.get_column(name))
        for name, kind in frame.schema.items()
        if kind.is_nested() or kind == pl.Object
    )


def _parts(rows: np.ndarray, sizes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields ballots in parts with a limited number of pairs: their rows, and their sizes."""
    pairs = np.cumsum(sizes * (sizes - 1) // 2)
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(pairs[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(pairs, before + _PAIRS_AT_ONCE, side="right")))
        first = int(ends[start - 1]) if start else 0
        yield rows[first : int(ends[end - 1])], sizes[start:end]
        start = end
