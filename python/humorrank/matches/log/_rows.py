"""The matches of one batch, coded, before anything is left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log._names import Names
from humorrank.matches.log.formats.decode import Decoded, Decoder, Problem
from humorrank.matches.log.formats.readings import Binding
from humorrank.matches.log.tables.batch import RowBatch, good_counts, nested_text, shortened_value

_LEAST_WEIGHT, _MOST_WEIGHT = 1e-100, 1e100


@dataclass(frozen=True)
class Amounts:
    """A count or a weight for every row of a batch.

    Attributes:
        values: float64; meaningless where `wrong`.
        wrong: where it cannot be such an amount.
        kind: what such a row is ("bad count").
        problem: what is wrong with a row.
    """

    values: np.ndarray
    wrong: np.ndarray
    kind: str
    problem: Callable[[int], Problem]


@dataclass(frozen=True)
class Rows:
    """A batch, decoded and coded; all arrays have one element a match.

    Attributes:
        batch: the rows as the file has them.
        binding: what its columns are.
        decoded: its matches.
        first: codes of those shown first.
        second: codes of those shown second.
        count: how many identical matches each row of the batch stands for, if the file says.
        weight: how much each row of the batch matters, if the file says.
        judges: who judged each row of the batch, as text, if it is asked for.
        judge_column: where it is.
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
        """The count and the weight, as far as the file has them."""
        return [amounts for amounts in (self.count, self.weight) if amounts is not None]

    def per_match(self, values: np.ndarray) -> np.ndarray:
        """Values of the rows of the batch, for each match."""
        source = self.decoded.source
        return values if source is None else values[source]

    def row_of(self, match: int) -> int:
        """The row of the batch that a match is from."""
        source = self.decoded.source
        return match if source is None else int(source[match])

    def rows_of(self, matches: np.ndarray) -> np.ndarray:
        """The row of the batch that each match is from."""
        source = self.decoded.source
        return matches if source is None else source[matches]

    def error(self, match: int, problem: Problem) -> InputError:
        """What is wrong with a match, and where."""
        return InputError(
            problem.message,
            file=self.batch.file,
            row=self.batch.row(self.row_of(match)),
            column=problem.column,
            value=problem.value,
        )


def code_rows(
    batch: RowBatch, binding: Binding, decoder: Decoder, names: Names, judge: str | None
) -> Rows:
    """Decodes and codes a batch.

    Args:
        batch: the rows.
        binding: what its columns are.
        decoder: of the binding's reading.
        names: gives the codes.
        judge: the column that names the judge, where it is asked for.
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
            column, value, f"{shortened_value(value)} is no {role}; it must be {allowed}"
        )

    return Amounts(values, ~good, f"bad {role}", problem)
