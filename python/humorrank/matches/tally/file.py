"""The tally file: a Parquet table of cells, and what it is a tally of (docs/guides/tally.md)."""

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
from humorrank._util.atomic import replacing
from humorrank._util.interruptible import interruptible
from humorrank.errors import InputError
from humorrank.matches.kinds import TALLY_METADATA
from humorrank.matches.log import report as accounts
from humorrank.matches.log.report import ReadReport
from humorrank.matches.outcomes import CELL_COLUMNS, CODES, OUTCOMES, SHARES, SOFT

SCHEMA = 1
"""The version of the format that this version writes, and the newest that it reads."""

_TEXTS = ("model_a", "model_b", "outcome")


@dataclass(frozen=True)
class TallyCells:
    """What a tally file holds.

    Attributes:
        frame: one row a cell, as of `Tally.to_polars`.
        keys: the key columns.
        amounts: outcome (uint8), score, weight (float64) and count (uint64) of each cell.
        matches: how many matches its metadata says there are.
        report: what reading the log found; None where no log was read.
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
    """Writes the cells of a tally, whole or not at all; see `Tally.write`."""
    about = {
        "schema": SCHEMA,
        "version": _core.VERSION,
        "keys": list(keys),
        "cells": frame.height,
        "matches": matches,
        "report": None if report is None else accounts.to_json(report),
    }
    metadata = {TALLY_METADATA: json.dumps(about, ensure_ascii=False)}
    # Through memory: polars tells a full disk or a broken pipe from a bad table only in words.
    parquet = io.BytesIO()
    interruptible(lambda: frame.write_parquet(parquet, compression="zstd", metadata=metadata))
    with replacing(path) as file:
        file.write(parquet.getbuffer())


def read_cells(label: str) -> TallyCells:
    """Reads the cells of a tally and checks each; see `Tally.read`.

    Raises:
        InputError: it is no tally file, of a newer version, damaged, or does not hold what it
            should.
    """
    about = _about(label)
    try:
        frame = interruptible(lambda: pl.read_parquet(label, glob=False, hive_partitioning=False))
    except (pl.exceptions.PolarsError, OSError) as error:
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
    """Refuses a file that does not hold what was written to it.

    Args:
        label: the file.
        cells: what was read of it.
        found: how many matches there are in them.
        height: how many cells were written, where they are not as many.

    Raises:
        InputError: it is damaged.
    """
    if height is None and found == cells.matches:
        return
    _damaged(
        label,
        f"holds {found:,} matches in {cells.frame.height:,} cells, where {cells.matches:,} in "
        f"{cells.frame.height if height is None else height:,} were written",
    )


def _amounts(
    label: str, frame: pl.DataFrame, keys: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    for column in [*keys, *_TEXTS]:
        if frame.schema[column] != pl.String:
            _damaged(label, f"column {column!r} holds {frame.schema[column]}, not text")
    for column in ("score", "weight", "count"):
        if not frame.schema[column].is_numeric():
            _damaged(label, f"column {column!r} holds {frame.schema[column]}, not numbers")
    for column in CELL_COLUMNS:
        _refuse(label, frame, column, frame[column].is_null(), "is missing")
    itself = frame["model_a"] == frame["model_b"]
    _refuse(label, frame, "model_b", itself, "is a model against itself")
    known = frame["outcome"].is_in(OUTCOMES)
    _refuse(label, frame, "outcome", ~known, f"is none of {', '.join(OUTCOMES)}")
    outcome = frame["outcome"].replace_strict(CODES, return_dtype=pl.UInt8).to_numpy()
    count = frame["count"]
    bad = (count < 1) | (count != count.round() if count.dtype.is_float() else count < 1)
    _refuse(label, frame, "count", bad, "is no count of matches: a whole number, 1 or more")
    weight = frame["weight"].cast(pl.Float64)
    bad = ~(weight.is_finite() & (weight >= 0))
    _refuse(label, frame, "weight", bad, "is no weight: a number, 0 or more")
    score = frame["score"].cast(pl.Float64).to_numpy()
    soft = outcome == SOFT
    fits = np.where(soft, (score >= 0) & (score <= 1), score == SHARES[outcome])
    message = "does not go with its outcome: 1, 0, 0.5, 0.5, or a share if soft"
    _refuse(label, frame, "score", pl.Series(~fits), message)
    cell = [*keys, *CELL_COLUMNS[:-1]]
    twice = frame.select(cell).is_duplicated()
    _refuse(label, frame, "count", twice, "stands for a cell that the file has twice")
    numbers = np.ascontiguousarray(weight), np.ascontiguousarray(count.cast(pl.UInt64))
    return outcome, np.ascontiguousarray(score), *numbers


def _about(label: str) -> dict[str, Any]:
    """What the metadata says, checked."""
    if not Path(label).is_file():
        raise InputError("does not exist", file=label)
    try:
        metadata = interruptible(lambda: pl.read_parquet_metadata(label))
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        message = f"cannot be read as a Parquet file, so it is no tally or a damaged one: {reason}"
        raise InputError(message, file=label) from None
    if TALLY_METADATA not in metadata:
        raise InputError(
            f"is no tally: its metadata has no {TALLY_METADATA!r}; make one with humorrank tally LOG -o "
            "T.parquet (a tally that another tool has rewritten is no tally any more)",
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
            f"is a tally of format {schema}, by humorrank {about.get('version', '(unknown)')}; "
            f"this humorrank, {_core.VERSION}, reads formats up to {SCHEMA}: upgrade it",
            file=label,
        )
    try:
        keys, report = about["keys"], about["report"]
        whole = all(isinstance(about[name], int) for name in ("cells", "matches"))
        if not whole or not isinstance(keys, list) or not all(isinstance(k, str) for k in keys):
            raise ValueError("keys, cells or matches are not what they should be")
        about["report"] = None if report is None else accounts.from_json(report)
    except (ValueError, KeyError, TypeError) as error:
        _damaged(label, f"its metadata is malformed ({error})")
    return about


def _refuse(label: str, frame: pl.DataFrame, column: str, bad: pl.Series, what: str) -> None:
    row = bad.fill_null(False).arg_max() if len(bad) else None
    if row is None or not bad[row]:
        return
    value = frame[column][row]
    message = f"{value!r} {what}; the file was changed or damaged, so count the log again"
    raise InputError(message, file=label, row=row + 1, column=column, value=value)


def _damaged(label: str, what: str) -> NoReturn:
    message = f"is a damaged tally: {what}; count the log again with humorrank tally LOG"
    raise InputError(message, file=label) from None
