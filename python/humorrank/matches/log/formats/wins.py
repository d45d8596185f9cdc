"""Decoders of wins that are already counted: totals of pairs, and tables of wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from humorrank._util.text import number_of
from humorrank.errors import InputError
from humorrank.matches.log.formats.decode import (
    BadRow,
    Decoded,
    Decoder,
    DecoderSettings,
    Problem,
    no_problem,
)
from humorrank.matches.log.tables.batch import (
    RowBatch,
    comma_hint,
    good_counts,
    shortened_value,
)
from humorrank.matches.outcomes import FIRST, SECOND, TIE

_KIND = "bad number of wins"


def totals(_: DecoderSettings) -> Decoder:
    """Decodes how often each of two models beat the other, and how often they tied."""

    def decode(batch: RowBatch, at: Mapping[str, str]) -> Decoded:
        first, second = (batch.text(at[side]).cast(pl.String) for side in ("model_a", "model_b"))
        names = list(zip(first.to_list(), second.to_list(), strict=True))
        columns = [at[role] for role in ("wins_a", "wins_b", "ties") if role in at]
        numbers = [batch.numbers(column).values for column in columns]
        left: dict[int, BadRow] = {}
        for row, (one, other) in enumerate(names):
            if (bad := _bad_names(row, (one, other), at)) is not None:
                left[row] = bad
        for column, values in zip(columns, numbers, strict=True):
            for row in np.flatnonzero(~good_counts(values)).tolist():
                left.setdefault(row, BadRow(row, _KIND, _not_a_count(batch, column, row)))
        amounts = np.stack(numbers, axis=1)
        amounts[list(left)] = 0
        # A pair without any match is one match of count 0, so that it is counted as such.
        none = np.all(amounts == 0, axis=1)
        none[list(left)] = False
        kept = amounts > 0
        kept[:, 0] |= none
        source, place = np.nonzero(kept)
        outcome = np.array([FIRST, SECOND, TIE], np.uint8)[place]
        return Decoded(
            first.gather(source),
            second.gather(source),
            outcome,
            "",
            no_problem,
            source=source,
            count=amounts[source, place],
            left=[left[row] for row in sorted(left)],
        )

    return decode


def matrix(settings: DecoderSettings) -> Decoder:
    """Decodes a table of wins: the model of the row beat that of the column so many times."""

    def decode(batch: RowBatch, at: Mapping[str, str]) -> Decoded:
        names = batch.text(at["model"]).cast(pl.String).to_list()
        refuse_uneven(names, settings.items, batch.file, at["model"])
        own = {name: row for row, name in enumerate(names)}
        wins = np.zeros((len(names), len(names)))
        left: list[BadRow] = []
        empty = 0
        for column in settings.items:
            found = batch.numbers(column)
            values = np.where(found.null, 0, found.values)
            place = own[column]
            bad = found.bad | ~good_counts(values)
            left += [
                BadRow(row, _KIND, _not_a_count(batch, column, row))
                for row in np.flatnonzero(bad).tolist()
            ]
            values[bad] = 0
            if values[place]:
                value = batch.value(column, place)
                message = f"{shortened_value(value)} wins of {column!r} against itself; the "
                message += "diagonal of a table of wins must be empty or 0"
                left.append(BadRow(place, "model against itself", Problem(column, value, message)))
                values[place] = 0
            empty += int(np.count_nonzero(found.null)) - int(found.null[place])
            wins[:, place] = values
        source, opponent = np.nonzero(wins)
        table = pl.Series(names, dtype=pl.String)
        notes = []
        if empty:
            cells = number_of(empty, "empty cell")
            notes.append(f"{batch.file}: {cells} of the table of wins count as 0 wins")
        return Decoded(
            table.gather(source),
            table.gather(opponent),
            np.full(len(source), FIRST, np.uint8),
            "",
            no_problem,
            source=source,
            count=wins[source, opponent],
            left=sorted(left, key=lambda bad: bad.row),
            notes=notes,
        )

    return decode


def refuse_uneven(
    rows: Sequence[str | None], columns: Sequence[str], file: str, first: str
) -> None:
    """Refuses a table of wins that does not have the same models in its rows and its columns.

    Args:
        rows: Models of the rows.
        columns: Models of the columns.
        file: Name of the table in error messages.
        first: Column of the models of the rows.

    Raises:
        InputError: If a model is missing in the rows or columns, or has two rows.
    """
    seen: set[str | None] = set()
    for number, name in enumerate(rows, 1):
        if name is None or not name.strip():
            message = f"row {number} of the table of wins has no model"
        elif name in seen:
            message = f"the table of wins has two rows of {name!r}"
        elif name not in columns:
            message = f"the table of wins has a row of {name!r}, but no column of it"
        else:
            seen.add(name)
            continue
        raise InputError(message, file=file, column=first, value=name)
    for column in columns:
        if column not in seen:
            message = (
                f"the table of wins has a column of {column!r}, but no row of it; if it never "
            )
            message += "won, add a row of zeros"
            raise InputError(message, file=file, column=column)


def _bad_names(
    row: int, names: tuple[str | None, str | None], at: Mapping[str, str]
) -> BadRow | None:
    for side, name in zip(("model_a", "model_b"), names, strict=True):
        if name is None or not name.strip():
            message = f"{shortened_value(name)} is not a name; every match needs two names"
            return BadRow(row, "empty name", Problem(at[side], name, message))
    if names[0] == names[1]:
        message = f"{shortened_value(names[1])} plays against itself; every match needs two models"
        return BadRow(row, "model against itself", Problem(at["model_b"], names[1], message))
    return None


def _not_a_count(batch: RowBatch, column: str, row: int) -> Problem:
    value = batch.value(column, row)
    message = (
        f"{shortened_value(value)} is not a number of matches; it must be a whole number from "
    )
    return Problem(column, value, f"{message}0 to 2^53 - 1{comma_hint(value)}{_of_shares(value)}")


def _of_shares(value: object) -> str:
    """Returns advice on a share of wins, from which the number of matches is not known, or ""."""
    try:
        share = float(str(value))
    except ValueError:
        return ""
    return "; shares do not say how many matches there were" if 0 < share < 1 else ""
