"""The tally file: a Parquet table of cells, and what it is a tally of (docs/tally.md)."""

from __future__ import annotations

import glob
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from humorrank import _core, accounts
from humorrank.atomic import replacing
from humorrank.errors import InputError
from humorrank.interruptible import interruptible
from humorrank.log import ReadReport
from humorrank.tally import CELL_COLUMNS, OUTCOMES, Tally

METADATA = "humorrank_tally"
"""The key of the file's metadata under which its JSON stands."""

SCHEMA = 1
"""The version of the format that this version writes, and the newest that it reads."""

_TEXTS = ("model_a", "model_b", "outcome")
_SCORES = np.array([1.0, 0.0, 0.5, 0.5, np.nan])
_SOFT = OUTCOMES.index("soft")


def write(tally: Tally, path: str | os.PathLike[str]) -> None:
    """Writes a tally, whole or not at all; see `Tally.write`."""
    frame = tally.to_polars()
    about = {
        "schema": SCHEMA,
        "version": _core.VERSION,
        "keys": list(tally.keys),
        "cells": frame.height,
        "matches": tally.matches,
        "report": None if tally.report is None else accounts.to_json(tally.report),
    }
    metadata = {METADATA: json.dumps(about, ensure_ascii=False)}
    # Through memory: polars tells a full disk or a broken pipe from a bad table only in words.
    parquet = io.BytesIO()
    interruptible(lambda: frame.write_parquet(parquet, compression="zstd", metadata=metadata))
    with replacing(path) as file:
        file.write(parquet.getbuffer())


def read(path: str | os.PathLike[str]) -> Tally:
    """Reads a tally; see `Tally.read`."""
    label = os.fspath(path)
    about = _about(label)
    try:
        frame = interruptible(lambda: pl.read_parquet(label, glob=False, hive_partitioning=False))
    except (PolarsError, OSError) as error:
        _damaged(label, str(error).splitlines()[0])
    keys = about["keys"]
    columns = [*keys, *CELL_COLUMNS]
    if frame.columns != columns:
        message = f"has the columns {', '.join(frame.columns)}, not {', '.join(columns)}"
        _damaged(label, message)
    try:
        tally = _counted(label, frame, keys, about["report"])
    except OverflowError as error:
        raise InputError(str(error), file=label) from error
    if frame.height != about["cells"] or tally.matches != about["matches"]:
        _damaged(
            label,
            f"holds {tally.matches:,} matches in {frame.height:,} cells, where "
            f"{about['matches']:,} in {about['cells']:,} were written",
        )
    return tally


def is_tally(path: str | os.PathLike[str]) -> bool:
    """Whether a file says that it is a tally; never reads from a pipe."""
    if not Path(path).is_file():
        return False
    try:
        with Path(path).open("rb") as file:
            if file.read(4) != b"PAR1":
                return False
        return METADATA in interruptible(lambda: pl.read_parquet_metadata(Path(path)))
    except (PolarsError, OSError):
        return False


def split(source: object) -> tuple[list[str], list[str]]:
    """The tally files and the other files of a source; neither where it is made of no paths."""
    given_all: Sequence[object] = source if isinstance(source, list | tuple) else [source]
    if not all(isinstance(path, str | os.PathLike) for path in given_all):
        return [], []
    tallies: list[str] = []
    logs: list[str] = []
    for given in given_all:
        path = os.fspath(given)  # type: ignore[call-overload]
        found = [path]
        if glob.has_magic(path) and not Path(path).exists():
            found = [
                name
                for name in sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - may be absolute
                if Path(name).is_file()
            ]
        kinds = [is_tally(name) for name in found]
        if found and all(kinds):
            tallies += found
        elif any(kinds):
            one, other = found[kinds.index(True)], found[kinds.index(False)]
            message = (
                f"matches both tallies ({one}) and logs ({other}); if one was made of the other, "
                "matches would count twice: name the files that are to be added up"
            )
            raise InputError(message, file=path)
        else:
            logs.append(path)
    return tallies, logs


def _about(label: str) -> dict[str, Any]:
    """What the metadata says, checked."""
    if not Path(label).is_file():
        raise InputError("does not exist", file=label)
    try:
        metadata = interruptible(lambda: pl.read_parquet_metadata(label))
    except (PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        message = f"cannot be read as a Parquet file, so it is no tally or a damaged one: {reason}"
        raise InputError(message, file=label) from None
    if METADATA not in metadata:
        raise InputError(
            f"is no tally: its metadata has no {METADATA!r}; make one with humorrank tally LOG -o "
            "T.parquet (a tally that another tool has rewritten is no tally any more)",
            file=label,
        )
    try:
        about: dict[str, Any] = json.loads(metadata[METADATA])
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


def _counted(
    label: str, frame: pl.DataFrame, keys: Sequence[str], report: ReadReport | None
) -> Tally:
    for column in [*keys, *_TEXTS]:
        if frame.schema[column] != pl.String:
            _damaged(label, f"column {column!r} holds {frame.schema[column]}, not text")
    for column in ("score", "weight", "count"):
        if not frame.schema[column].is_numeric():
            _damaged(label, f"column {column!r} holds {frame.schema[column]}, not numbers")
    for column in CELL_COLUMNS:
        _refuse(label, frame, column, frame[column].is_null(), "is missing")
    names = _core.Interner()
    first, second = names.encode(frame["model_a"]), names.encode(frame["model_b"])
    itself = pl.Series(first == second)
    _refuse(label, frame, "model_b", itself, "is a model against itself")
    code_of = {word: code for code, word in enumerate(OUTCOMES)}
    known = frame["outcome"].is_in(OUTCOMES)
    _refuse(label, frame, "outcome", ~known, f"is none of {', '.join(OUTCOMES)}")
    outcome = frame["outcome"].replace_strict(code_of, return_dtype=pl.UInt8).to_numpy()
    count = frame["count"]
    bad = (count < 1) | (count != count.round() if count.dtype.is_float() else count < 1)
    _refuse(label, frame, "count", bad, "is no count of matches: a whole number, 1 or more")
    weight = frame["weight"].cast(pl.Float64)
    bad = ~(weight.is_finite() & (weight >= 0))
    _refuse(label, frame, "weight", bad, "is no weight: a number, 0 or more")
    score = frame["score"].cast(pl.Float64).to_numpy()
    soft = outcome == _SOFT
    fits = np.where(soft, (score >= 0) & (score <= 1), score == _SCORES[outcome])
    message = "does not go with its outcome: 1, 0, 0.5, 0.5, or a share if soft"
    _refuse(label, frame, "score", pl.Series(~fits), message)
    cell = [*keys, *CELL_COLUMNS[:-1]]
    twice = frame.select(cell).is_duplicated()
    _refuse(label, frame, "count", twice, "stands for a cell that the file has twice")
    amounts = (score, weight.to_numpy(), count.cast(pl.UInt64).to_numpy())
    rows = (first, second, outcome, *(np.ascontiguousarray(amount) for amount in amounts))
    if not keys:
        counts = _core.Tally(len(names))
        counts.add(*rows)
        return Tally.of(names.names, counts, report)
    interners = [_core.Interner() for _ in keys]
    codes = [i.encode(frame[key]) for i, key in zip(interners, keys, strict=True)]
    cells = _core.Groups(len(keys))
    cells.grow(len(names))
    cells.add(codes, *rows)
    return Tally.of_keyed(names.names, keys, [i.names for i in interners], cells, report)


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
