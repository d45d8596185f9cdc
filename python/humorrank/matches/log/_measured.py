"""Matches with the values of controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from humorrank.errors import InputError
from humorrank.matches.log._controls import Control
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._selection import Taken
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


def measured(
    taken: Taken,
    controls: Sequence[Control],
    on_error: Literal["fail", "skip"],
    report: ReadReport,
) -> Measured:
    """Looks up the controls of matches.

    Args:
        taken: Matches of a pass that has read the columns of the controls.
        controls: Controls of the table of the matches.
        on_error: Whether a match without a number is refused ("fail") or skipped ("skip").
        report: Report in which skipped matches are counted, and the columns that are used noted.

    Raises:
        InputError: If a match has no number, or a column does not contain numbers.
    """
    assert taken.batch is not None and taken.rows is not None, "as further columns are read"
    matches, batch, rows = taken.matches, taken.batch, taken.rows
    numbers = np.empty((len(matches), len(controls)))
    good = np.ones(len(matches), np.bool_)
    for place, control in enumerate(controls):
        if control.note is not None and control.note not in report.notes:
            report.notes.append(control.note)
        parts = [values[rows] for values in control.numbers(batch)]
        for column, part in zip(control.columns, parts, strict=True):
            wrong = good & ~np.isfinite(part)
            if wrong.any():
                _leave(batch, column, rows[wrong], on_error, report, texts=control.texts)
                good &= ~wrong
        numbers[:, place] = parts[0] - parts[1] if len(parts) == 2 else parts[0]
    if taken.swapped is not None:
        numbers[taken.swapped] *= -1
    if good.all():
        return Measured(matches, numbers, taken.keys)
    outcome = matches.outcome[~good]
    report.rated -= len(outcome)
    report.ties -= int(np.count_nonzero(outcome == TIE))
    report.both_bad -= int(np.count_nonzero(outcome == BOTH_BAD))
    there = {name: part for name, part in vars(matches).items() if part is not None}
    left = replace(matches, **{name: part[good] for name, part in there.items()})
    return Measured(left, numbers[good], [codes[good] for codes in taken.keys])


def _leave(
    batch: RowBatch,
    column: str,
    rows: np.ndarray,
    on_error: Literal["fail", "skip"],
    report: ReadReport,
    *,
    texts: bool,
) -> None:
    needed = "a text or a conversation, whose length is the control"
    if not texts:
        needed = "a finite number, which a control must be"

    def error(row: int) -> InputError:
        value = batch.value(column, row)
        return InputError(
            f"{shortened_value(value)} is not {needed}",
            file=batch.file,
            row=batch.row(row),
            column=column,
            value=value,
        )

    if on_error == "fail":
        raise error(int(rows[0]))
    report.skip("bad control", len(rows), [str(error(row)) for row in rows[:3].tolist()])
