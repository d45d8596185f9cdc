"""The matches of one batch as codes, before any are left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log._names import Names
from humorrank.matches.log.formats.decode import Decoded, Decoder, Problem
from humorrank.matches.log.formats.readings import Binding
from humorrank.matches.log.tables.batch import (
    RowBatch,
    comma_hint,
    good_counts,
    nested_text,
    shortened_value,
)

_LEAST_WEIGHT, _MOST_WEIGHT = 1e-100, 1e100


@dataclass(frozen=True)
class Amounts:
    """The counts or the weights of the rows of a batch.

    Attributes:
        values: Values, float64, which are meaningless if wrong.
        wrong: Mask of invalid values.
        kind: Short name by which rows with invalid values are counted ("bad count").
        problem: Function that describes the error in a row.
    """

    values: np.ndarray
    wrong: np.ndarray
    kind: str
    problem: Callable[[int], Problem]


@dataclass(frozen=True)
class Rows:
    """A decoded batch with the codes of its matches.

    Attributes:
        batch: Rows of the file.
        binding: Format and columns of the file.
        decoded: Decoded matches.
        first: Codes of the contestants shown first, one per match.
        second: Codes of the contestants shown second, one per match.
        count: Number of identical matches that each row represents, if the file has counts.
        weight: Weight of each row, if the file has weights.
        judges: Judge of each row as text, if requested.
        judge_column: Column of the judges.
    """

    batch: RowBatch
    binding: Binding
    decoded: Decoded
    first: np.ndarray
    second: np.ndarray
    count: Amounts | None
    weight: Amounts | None
    judges: pl.Series | None
    judge_column: str

    @property
    def amounts(self) -> list[Amounts]:
        """The counts and the weights, if the file has them."""
        return [amounts for amounts in (self.count, self.weight) if amounts is not None]

    def per_match(self, values: np.ndarray) -> np.ndarray:
        """Returns the values of the rows for each match."""
        source = self.decoded.source
        return values if source is None else values[source]

    def row_of(self, match: int) -> int:
        """Returns the row of the batch that a match is from."""
        source = self.decoded.source
        return match if source is None else int(source[match])

    def rows_of(self, matches: np.ndarray) -> np.ndarray:
        """Returns the rows of the batch that matches are from."""
        source = self.decoded.source
        return matches if source is None else source[matches]

    def weights(self, strong_weight: float) -> np.ndarray | None:
        """Returns the weight of each match, or None if all are 1.

        Args:
            strong_weight: Weight of a clear verdict, by which the weight of its row is multiplied.
        """
        weight = None if self.weight is None else self.per_match(self.weight.values)
        strong = self.decoded.strong
        if strong is None or strong_weight == 1:
            return weight
        of_verdict = np.where(strong, strong_weight, 1.0)
        return of_verdict if weight is None else weight * of_verdict

    def error(self, match: int, problem: Problem) -> InputError:
        """Returns the error for a problem with a match."""
        return self.error_of(self.row_of(match), problem)

    def error_of(self, row: int, problem: Problem) -> InputError:
        """Returns the error for a problem with a row of the batch."""
        return InputError(
            problem.message,
            file=self.batch.file,
            row=self.batch.row(row),
            column=problem.column,
            value=problem.value,
        )


def code_rows(
    batch: RowBatch, binding: Binding, decoder: Decoder, names: Names, judge: str | None
) -> Rows:
    """Decodes a batch and assigns codes to its names.

    Args:
        batch: Rows of the file.
        binding: Format and columns of the file.
        decoder: Decoder of the format.
        names: Names, which assign the codes.
        judge: Column of the judges, or None if they are not needed.
    """
    decoded = decoder(batch, binding.columns)
    first, second = names.encode(decoded.first), names.encode(decoded.second)
    names.look()
    extras = binding.extras
    return Rows(
        batch,
        binding,
        decoded,
        first,
        second,
        _counts(batch, extras["count"]) if "count" in extras else None,
        _weights(batch, extras["weight"]) if "weight" in extras else None,
        None if judge is None else nested_text(batch.frame.get_column(judge)).cast(pl.String),
        judge or "",
    )


def _counts(batch: RowBatch, column: str) -> Amounts:
    values = batch.numbers(column).values
    good = good_counts(values)
    return _amounts(batch, column, values, good, "count", "a whole number from 0 to 2^53 - 1")


def _weights(batch: RowBatch, column: str) -> Amounts:
    values = batch.numbers(column).values
    with np.errstate(invalid="ignore"):
        good = (values == 0) | ((values >= _LEAST_WEIGHT) & (values <= _MOST_WEIGHT))
    return _amounts(batch, column, values, good, "weight", "0, or from 1e-100 to 1e100")


def _amounts(
    batch: RowBatch, column: str, values: np.ndarray, good: np.ndarray, role: str, allowed: str
) -> Amounts:
    def problem(row: int) -> Problem:
        value = batch.value(column, row)
        return Problem(
            column,
            value,
            f"{shortened_value(value)} is not a {role}; it must be {allowed}{comma_hint(value)}",
        )

    return Amounts(values, ~good, f"bad {role}", problem)
