"""Reads the parts of a leaderboard from the JSON that it writes."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from humorrank.errors import InputError
from humorrank.rating.board.parameter import Parameter
from humorrank.rating.board.rows import COLUMNS, OPTIONAL, WHOLE


def content_of(source: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    """Returns a name for messages and the decoded JSON of a text or a file."""
    text, label = os.fspath(source), "JSON"
    if not text.lstrip().startswith(("{", "[")):
        label = text
        try:
            found = Path(source).read_bytes()
            text = found.decode(json.detect_encoding(found)).removeprefix("\ufeff")
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror or error}", file=label) from error
        except ValueError as error:
            raise InputError(f"is not text: {error}", file=label) from error
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"malformed JSON ({error})", file=label) from error
    if not isinstance(content, dict):
        raise InputError("not a board written by `humorrank rate --format json`", file=label)
    if "leaderboards" in content:
        raise InputError("holds one board per group (--by); a single board is needed", file=label)
    return label, content


def columns_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the columns of a board from its rows in JSON types."""
    out: dict[str, Any] = {}
    for name in (*COLUMNS, *(name for name in OPTIONAL if rows and name in rows[0])):
        values = [row[name] for row in rows]
        if name == "model":
            out[name] = [str(value) for value in values]
        elif name == "win_rate" or any(value is not None for value in values):
            missing = {"rating_lower": -math.inf, "rating_upper": math.inf}.get(name, math.nan)
            column = np.array(
                [missing if value is None else value for value in values],
                np.int64 if name in WHOLE else np.float64,
            )
            column.flags.writeable = False
            out[name] = column
    if "rank_ci" in out:
        # Intervals whose ends are all open are null in all rows.
        for name, end in (("rating_lower", -math.inf), ("rating_upper", math.inf)):
            out.setdefault(name, np.full(len(rows), end))
    return out


def parameter_of(found: Mapping[str, Any]) -> Parameter:
    """Returns a parameter from JSON types, in which infinite numbers are null."""
    open_ends = {"lower": -math.inf, "upper": math.inf, "standard_error": math.inf}
    values: dict[str, Any] = {
        name: open_ends[name] if value is None and name in open_ends else value
        for name, value in found.items()
    }
    return Parameter(**values)
