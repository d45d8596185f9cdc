"""Checks of rows, and the messages for bad ones."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log._names import Names
from humorrank.matches.log._rows import Amounts, Rows
from humorrank.matches.log.formats.decode import Problem
from humorrank.matches.log.formats.readings import BY_NAME, Binding
from humorrank.matches.log.formats.recognise import ambiguous
from humorrank.matches.log.periods import DATES
from humorrank.matches.log.tables.batch import shortened_value
from humorrank.matches.outcomes import BAD


@dataclass(frozen=True)
class Fault:
    """A kind of error in the rows of a batch.

    Attributes:
        kind: Short name by which bad rows are counted.
        mask: Mask of the matches with this error.
        problem: Function that describes the error of the match at a position.
    """

    kind: str
    mask: np.ndarray
    problem: Callable[[int], Problem]


def faults(rows: Rows, names: Names, further: Iterable[Fault] = ()) -> list[Fault]:
    """Returns the errors in the rows of a batch, counting each bad row for its first error only."""
    bad: np.ndarray | None = None
    out: list[Fault] = []
    for fault in itertools.chain(_all_faults(rows, names), further):
        mask = fault.mask if bad is None else fault.mask & ~bad
        bad = fault.mask if bad is None else bad | fault.mask
        if mask.any():
            out.append(Fault(fault.kind, mask, fault.problem))
    return out


def _all_faults(rows: Rows, names: Names) -> Iterator[Fault]:
    for side, codes in enumerate((rows.first, rows.second)):
        missing = names.missing(codes)
        if missing is not None:
            yield _no_name(rows, missing, side)
    same = rows.first == rows.second
    if same.any():
        yield _against_itself(rows, same)
    decoded = rows.decoded
    if decoded.outcome.max(initial=0) == BAD:
        yield Fault(decoded.kind, decoded.outcome == BAD, decoded.problem)
    for amounts in rows.amounts:
        if amounts.wrong.any():
            yield _bad_amount(rows, amounts)
    if rows.judges is not None:
        absent = (rows.judges.str.strip_chars().fill_null("") == "").to_numpy()
        if absent.any():
            yield _no_judge(rows, absent)


def _no_name(rows: Rows, missing: np.ndarray, side: int) -> Fault:
    def problem(match: int) -> Problem:
        name = (rows.decoded.first, rows.decoded.second)[side][match]
        column = _sides(rows, match)[side]
        return Problem(
            column, name, f"{shortened_value(name)} is not a name; every match needs two names"
        )

    return Fault("empty name", missing, problem)


def _against_itself(rows: Rows, same: np.ndarray) -> Fault:
    def problem(match: int) -> Problem:
        name = rows.decoded.second[match]
        message = f"{shortened_value(name)} plays against itself; every match needs two models"
        return Problem(_sides(rows, match)[1], name, message)

    return Fault("model against itself", same, problem)


def _sides(rows: Rows, match: int) -> tuple[str, str]:
    """Returns the columns of the contestants shown first and second."""
    columns, source = rows.binding.columns, rows.decoded.source
    if "loser" in columns:
        return columns["winner"], columns["loser"]
    one, other = columns["model_a"], columns["model_b"]
    # If a row of the file holds two games, the sides are swapped in the second one.
    swapped = source is not None and match > 0 and source[match] == source[match - 1]
    return (other, one) if swapped else (one, other)


def _bad_amount(rows: Rows, amounts: Amounts) -> Fault:
    return Fault(
        amounts.kind, rows.per_match(amounts.wrong), lambda i: amounts.problem(rows.row_of(i))
    )


def _no_judge(rows: Rows, absent: np.ndarray) -> Fault:
    def problem(match: int) -> Problem:
        value = rows.batch.value(rows.judge_column, rows.row_of(match))
        message = f"{shortened_value(value)} is not a judge; max_per_judge needs one in every row"
        return Problem(rows.judge_column, value, message)

    return Fault("no judge", rows.per_match(absent), problem)


def no_date(rows: Rows, bad: np.ndarray, key: str, column: str) -> Fault:
    """Returns the error of rows whose value is not a date, of which a key is a period."""

    def problem(match: int) -> Problem:
        value = rows.batch.value(column, rows.row_of(match))
        value = value.to_list() if isinstance(value, pl.Series) else value
        message = f"{shortened_value(value)} is not a date, as {key} needs; write it as {DATES}"
        return Problem(column, value, message)

    return Fault("bad date", rows.per_match(bad), problem)


def no_outcome(column: str, value: object) -> Problem:
    """Returns the error for a missing outcome, which is refused if the user wants that."""
    message = f"no outcome ({shortened_value(value)}), which unjudged='fail' (--unjudged fail) "
    return Problem(column, value, message + "refuses")


def refuse_clash(rows: Rows, names: Names) -> None:
    """Refuses a winner word for one side that is also the name of the model on the other side.

    Raises:
        InputError: If there is such a word, so that two formats fit.
    """
    if rows.decoded.words is None:
        return
    words, codes = rows.decoded.words
    for number, word in enumerate(words):
        if not word.strip() or names.code(word.strip()) is None:
            continue
        found = np.flatnonzero((codes == number) & (rows.decoded.outcome != BAD))
        for side, column in enumerate((rows.decoded.first, rows.decoded.second)):
            same = column.gather(found).cast(pl.String) == word.strip()
            clash = found[same.fill_null(False).to_numpy() & (rows.decoded.outcome[found] != side)]
            if len(clash):
                by_name = Binding(BY_NAME["winner-name"], rows.binding.columns)
                why = f"{word!r} is both a winner word and the name of a model in this match"
                raise InputError(
                    f"{why}; {ambiguous([rows.binding, by_name])}",
                    file=rows.batch.file,
                    row=rows.batch.row(int(clash[0])),
                    column=rows.binding.columns["winner"],
                    value=word,
                )
