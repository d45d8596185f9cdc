"""Matches with the values of controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from humorrank.errors import InputError, OptionError
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._pass import Taken
from humorrank.matches.log.report import ReadReport
from humorrank.matches.log.tables.batch import RowBatch, shortened_value
from humorrank.matches.outcomes import BOTH_BAD, TIE


@dataclass(frozen=True)
class Measured:
    """Matches with the values of controls.

    Attributes:
        matches: Matches.
        numbers: Values of the controls, float64, with one row per match and one column per control:
            the value of the contestant shown first minus that of the other.
        keys: Codes of the matches, for each key.
    """

    matches: Matches
    numbers: np.ndarray
    keys: Sequence[np.ndarray]


def sides(control: str) -> tuple[str, str]:
    """Returns the columns of a control for the contestants shown first and second."""
    return f"{control}_a", f"{control}_b"


def measured(
    taken: Taken, controls: Sequence[str], on_error: Literal["fail", "skip"], report: ReadReport
) -> Measured:
    """Looks up the controls of matches.

    Args:
        taken: Matches of a pass that has read the columns of the controls.
        controls: Names of the controls.
        on_error: Whether a match without a number is refused ("fail") or skipped ("skip").
        report: Report in which skipped matches are counted.

    Raises:
        InputError: If a match has no number, or a column does not contain numbers.
        OptionError: If there is no such column.
    """
    assert taken.batch is not None and taken.rows is not None, "as further columns are read"
    matches, batch, rows = taken.matches, taken.batch, taken.rows
    numbers = np.empty((len(matches), len(controls)))
    good = np.ones(len(matches), np.bool_)
    for place, control in enumerate(controls):
        columns = _columns(batch, control)
        parts = [batch.numbers(column).values[rows] for column in columns]
        for column, part in zip(columns, parts, strict=True):
            wrong = good & ~np.isfinite(part)
            if wrong.any():
                _leave(batch, column, rows[wrong], on_error, report)
                good &= ~wrong
        numbers[:, place] = parts[0] - parts[1] if len(parts) == 2 else parts[0]
    if good.all():
        return Measured(matches, numbers, taken.keys)
    outcome = matches.outcome[~good]
    report.rated -= len(outcome)
    report.ties -= int(np.count_nonzero(outcome == TIE))
    report.both_bad -= int(np.count_nonzero(outcome == BOTH_BAD))
    there = {name: part for name, part in vars(matches).items() if part is not None}
    left = replace(matches, **{name: part[good] for name, part in there.items()})
    return Measured(left, numbers[good], [codes[good] for codes in taken.keys])


def _columns(batch: RowBatch, control: str) -> tuple[str, ...]:
    """Returns the columns of both sides, or the column of differences."""
    there, both = batch.frame.columns, sides(control)
    if all(column in there for column in both):
        return both
    if control in there:
        return (control,)
    missing = " or ".join(repr(column) for column in both if column not in there)
    raise OptionError(
        f"the control {control!r}: {batch.file} has neither the columns {both[0]!r} and "
        f"{both[1]!r} (there is no {missing}) nor a column {control!r} of differences (the "
        "contestant shown first minus the other)"
    )


def _leave(
    batch: RowBatch,
    column: str,
    rows: np.ndarray,
    on_error: Literal["fail", "skip"],
    report: ReadReport,
) -> None:
    def error(row: int) -> InputError:
        value = batch.value(column, row)
        return InputError(
            f"{shortened_value(value)} is not a finite number, which a control must be",
            file=batch.file,
            row=batch.row(row),
            column=column,
            value=value,
        )

    if on_error == "fail":
        raise error(int(rows[0]))
    report.skip("bad control", len(rows), [str(error(row)) for row in rows[:3].tolist()])
