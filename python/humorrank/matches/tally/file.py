"""The tally file: a Parquet table of cells with metadata (docs/guides/tally.md)."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._core import DamagedError, TableFile
from humorrank._util.atomic import replacing
from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError
from humorrank.matches.kinds import TALLY_METADATA
from humorrank.matches.log import report as accounts
from humorrank.matches.log.report import ReadReport
from humorrank.matches.log.tables.columnar import whole_frame
from humorrank.matches.log.tables.frames import failures
from humorrank.matches.outcomes import CELL_COLUMNS, CODES, OUTCOMES, SHARES, SOFT

SCHEMA = 1
"""The version of the format that is written, and the newest version that can be read."""

_TEXTS = ("model_a", "model_b", "outcome")


@dataclass(frozen=True)
class TallyCells:
    """The contents of a tally file.

    Attributes:
        frame: Table with one row per cell, as in `Tally.to_polars`.
        keys: Key columns.
        amounts: Outcome (uint8), score, weight (both float64) and count (uint64) of each cell.
        matches: Number of matches according to the metadata.
        report: Report on reading the log, or None if no log was read.
    """

    frame: pl.DataFrame
    keys: tuple[str, ...]
    amounts: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    matches: int
    report: ReadReport | None


def write_cells(
    path: str | os.PathLike[str],
    frame: pl.DataFrame,
    keys: Sequence[str],
    matches: int,
    report: ReadReport | None,
) -> None:
    """Writes the cells of a tally, completely or not at all; see `Tally.write`."""
    about = {
        "schema": SCHEMA,
        "version": _core.VERSION,
        "keys": list(keys),
        "cells": frame.height,
        "matches": matches,
        "report": None if report is None else accounts.to_json(report),
    }
    metadata = {TALLY_METADATA: json.dumps(about, ensure_ascii=False)}
    # Written to memory first, because the errors of polars distinguish a full disk or a broken
    # pipe from an invalid table only by their text.
    parquet = io.BytesIO()
    interruptible(lambda: frame.write_parquet(parquet, compression="zstd", metadata=metadata))
    with replacing(path) as file:
        file.write(parquet.getbuffer())


def read_cells(label: str) -> TallyCells:
    """Reads the cells of a tally and checks each of them; see `Tally.read`.

    Raises:
        InputError: If the file is not a tally, has a newer version, is damaged, or has invalid
            contents.
    """
    about = _about(label)
    try:
        frame = whole_frame(TableFile(label, "Parquet"))
    except failures(ValueError) as error:
        _damaged(label, str(error).splitlines()[0])
    keys = about["keys"]
    columns = [*keys, *CELL_COLUMNS]
    if frame.columns != columns:
        message = f"has the columns {', '.join(frame.columns)}, not {', '.join(columns)}"
        _damaged(label, message)
    amounts = _amounts(label, frame, keys)
    cells = TallyCells(frame, tuple(keys), amounts, about["matches"], about["report"])
    if frame.height != about["cells"]:
        refuse_incomplete(label, cells, int(amounts[-1].sum()), about["cells"])
    return cells


def refuse_incomplete(label: str, cells: TallyCells, found: int, height: int | None = None) -> None:
    """Refuses a file that does not contain everything that was written to it.

    Args:
        label: Name of the file.
        cells: Contents of the file.
        found: Number of matches in the cells.
        height: Number of cells that were written, if it differs from the number found.

    Raises:
        InputError: If the file is damaged.
    """
    if height is None and found == cells.matches:
        return
    _damaged(
        label,
        f"contains {found:,} matches in {cells.frame.height:,} cells, but {cells.matches:,} in "
        f"{cells.frame.height if height is None else height:,} were written",
    )


def _amounts(
    label: str, frame: pl.DataFrame, keys: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    for column in [*keys, *_TEXTS]:
        if frame.schema[column] != pl.String:
            _damaged(label, f"column {column!r} contains {frame.schema[column]}, not text")
    for column in ("score", "weight", "count"):
        if not frame.schema[column].is_numeric():
            _damaged(label, f"column {column!r} contains {frame.schema[column]}, not numbers")
    for column in CELL_COLUMNS:
        _refuse(label, frame, column, frame[column].is_null(), "is missing")
    itself = frame["model_a"] == frame["model_b"]
    _refuse(label, frame, "model_b", itself, "is a model against itself")
    known = frame["outcome"].is_in(OUTCOMES)
    _refuse(label, frame, "outcome", ~known, f"is not one of {', '.join(OUTCOMES)}")
    outcome = frame["outcome"].replace_strict(CODES, return_dtype=pl.UInt8).to_numpy()
    count = frame["count"]
    bad = (count < 1) | (count != count.round() if count.dtype.is_float() else count < 1)
    _refuse(
        label,
        frame,
        "count",
        bad,
        "is not a count of matches: it must be a whole number of at least 1",
    )
    weight = frame["weight"].cast(pl.Float64)
    bad = ~(weight.is_finite() & (weight >= 0))
    _refuse(label, frame, "weight", bad, "is not a weight: it must be a number of at least 0")
    score = frame["score"].cast(pl.Float64).to_numpy()
    soft = outcome == SOFT
    fits = np.where(soft, (score >= 0) & (score <= 1), score == SHARES[outcome])
    message = "does not match its outcome: 1, 0, 0.5, 0.5, or a share if soft"
    _refuse(label, frame, "score", pl.Series(~fits), message)
    cell = [*keys, *CELL_COLUMNS[:-1]]
    twice = frame.select(cell).is_duplicated()
    _refuse(label, frame, "count", twice, "belongs to a cell that occurs twice")
    numbers = np.ascontiguousarray(weight), np.ascontiguousarray(count.cast(pl.UInt64))
    return outcome, np.ascontiguousarray(score), *numbers


def _about(label: str) -> dict[str, Any]:
    """Returns the metadata after checking it."""
    if not Path(label).is_file():
        raise InputError("does not exist", file=label)
    try:
        metadata = TableFile(label, "Parquet").metadata
    except DamagedError as error:
        reason = str(error).splitlines()[0]
        message = f"cannot be read as Parquet, so it is either damaged or not a tally: {reason}"
        raise InputError(message, file=label) from None
    if TALLY_METADATA not in metadata:
        raise InputError(
            f"is not a tally: its metadata has no {TALLY_METADATA!r}; create one with "
            "humorrank tally LOG -o T.parquet (a tally that another tool has rewritten is no "
            "longer a tally)",
            file=label,
        )
    try:
        about: dict[str, Any] = json.loads(metadata[TALLY_METADATA])
        schema = about["schema"]
        if not isinstance(schema, int) or schema < 1:
            raise ValueError(f"schema {schema!r}")
    except (ValueError, KeyError, TypeError) as error:
        _damaged(label, f"its metadata is malformed ({error})")
    if schema > SCHEMA:
        raise InputError(
            f"is a tally of format {schema}, written by humorrank "
            f"{about.get('version', '(unknown)')}; this is humorrank {_core.VERSION}, which reads "
            f"formats up to {SCHEMA}: upgrade it",
            file=label,
        )
    try:
        keys, report = about["keys"], about["report"]
        whole = all(isinstance(about[name], int) for name in ("cells", "matches"))
        if not whole or not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
            raise ValueError("keys, cells or matches have the wrong type")
        about["report"] = None if report is None else accounts.from_json(report)
    except (ValueError, KeyError, TypeError) as error:
        _damaged(label, f"its metadata is malformed ({error})")
    return about


def _refuse(label: str, frame: pl.DataFrame, column: str, bad: pl.Series, what: str) -> None:
    row = bad.fill_null(False).arg_max() if len(bad) else None
    if row is None or not bad[row]:
        return
    value = frame[column][row]
    message = f"{value!r} {what}; the file was modified or damaged, so count the log again"
    raise InputError(message, file=label, row=row + 1, column=column, value=value)


def _damaged(label: str, what: str) -> NoReturn:
    message = f"is a damaged tally: {what}; count the log again with humorrank tally LOG"
    raise InputError(message, file=label) from None
