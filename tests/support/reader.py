"""A second reader of match logs, which shares no code with the library.

It is slow and simple, and follows the guide to file formats. The format of a file is given
(`Form`); the contents are read from the file alone.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import math
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

SIDES = ("model_", "player_", "contestant_", "generator_")
USUAL = {
    "a": {"a", "left", "x", "model_x", "a>b", "a>>b"} | {p + s for p in SIDES for s in "a1"},
    "b": {"b", "right", "y", "model_y", "b>a", "b>>a"} | {p + s for p in SIDES for s in "b2"},
    "tie": {"tie", "draw", "a=b"},
    "both_bad": {"tie (bothbad)", "both_bad", "bothbad", "both bad"},
    "skip": {"", "nan", "null", "none", "n/a", "na", "error", "skip", "skipped"},
}
VERDICTS = {"a>>b": "a", "a>b": "a", "a=b": "tie", "b>a": "b", "b>>a": "b"}
TRUTHS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
BAD = "bad"
_TWICE = object()
_WRONG = re.compile("[\udc80-\udcff]")


class BrokenError(Exception):
    """Raised for a file that is rejected as a whole, with the row of the error."""

    def __init__(self, row: int) -> None:
        self.row = row
        super().__init__(f"row {row}")


@dataclass
class Form:
    """The properties of a file that it does not contain: its format, columns and container."""

    reading: str
    container: str
    columns: dict[str, str]
    words: dict[str, list[str]] | None = None
    share_of: str = "a"
    lower_wins: bool = False
    quoted: bool = True
    strong: float = 1.0


@dataclass
class Written:
    """A file, how to read it, and the number of its damaged row."""

    path: Path
    form: Form
    options: dict[str, Any]
    row: int | None


@dataclass
class Counted:
    """The contents of a log: matches and their summed weights by (first, second, outcome)."""

    matches: Counter = field(default_factory=Counter)
    weights: Counter = field(default_factory=Counter)
    unjudged: int = 0
    void: int = 0
    bad: list[tuple[int, str]] = field(default_factory=list)


def count(path: Path, form: Form) -> Counted:
    """Counts the matches of a file.

    Raises:
        BrokenError: If the file cannot be read as a whole.
    """
    out = Counted()
    for number, row in rows_of(path, form):
        if row is None:
            out.bad.append((number, "ragged row"))
            continue
        for first, second, outcome, word in _games(row, form):
            strong = form.strong if ">>" in text_of(word) else 1.0
            _add(out, number, row, form, (first, second, outcome), strong)
    return out


def _add(out: Counted, number: int, row: dict, form: Form, game: tuple, strong: float) -> None:
    first, second, outcome = game
    matches = amount_of(row, form, "count")
    weight = amount_of(row, form, "weight")
    if not first.strip() or not second.strip():
        out.bad.append((number, "empty name"))
    elif first == second:
        out.bad.append((number, "model against itself"))
    elif outcome == BAD:
        out.bad.append((number, "bad outcome"))
    elif matches is None or matches != int(matches) or matches >= 2**53:
        out.bad.append((number, "bad count"))
    elif weight is None or not (weight == 0 or 1e-100 <= weight <= 1e100):
        out.bad.append((number, "bad weight"))
    elif outcome == "skip":
        out.unjudged += 1
    elif matches == 0 or weight == 0:
        out.void += 1
    else:
        out.matches[game] += int(matches)
        out.weights[game] += matches * weight * strong


def amount_of(row: dict, form: Form, role: str) -> float | None:
    """Returns a count or a weight: 1 if the file has none, and None if the value is invalid."""
    if role not in form.columns:
        return 1.0
    number = number_of(_at(row, form.columns[role]))
    return number if isinstance(number, float) and 0 <= number < math.inf else None


# Interpretation of rows.


def _at(row: Any, path: str) -> Any:
    """Returns the value of a column, or of a field inside the objects of a column."""
    while isinstance(row, dict) and path not in row and "." in path:
        name, _, path = path.partition(".")
        row = row.get(name)
    return row.get(path) if isinstance(row, dict) else None


def _games(row: dict, form: Form) -> Iterator[tuple[str, str, Any, Any]]:
    """Yields the contestants and the outcome of each game, and the verdict as it is written."""
    value = {role: _at(row, column) for role, column in form.columns.items()}
    if "loser" in value:
        yield text_of(value["winner"]), text_of(value["loser"]), "a", None
        return
    first, second = text_of(value["model_a"]), text_of(value["model_b"])
    if form.reading == "mt-bench-pair":
        yield first, second, _word(value["game_1"], USUAL), None
        turned = {"a": "b", "b": "a"}
        outcome = _word(value["game_2"], USUAL)
        yield second, first, turned.get(outcome, outcome), None
    elif form.reading == "arena-hard":
        for number, game in enumerate(value["games"] or [{"score": None}]):
            word = text_of(game["score"]).strip().lower()
            outcome = "skip" if word in USUAL["skip"] else VERDICTS.get(word, BAD)
            sides = (first, second) if number == 0 else (second, first)
            yield *sides, outcome, word
    else:
        yield first, second, _outcome(value, first, second, form), value.get("winner")


def _outcome(value: dict, first: str, second: str, form: Form) -> Any:
    match form.reading:
        case "winner-word":
            return _word(value["winner"], form.words or USUAL)
        case "winner-name":
            chosen = text_of(value["winner"])
            if chosen in (first, second):
                return "a" if chosen == first else "b"
            word = _word(chosen, USUAL)
            return BAD if word in ("a", "b") else word
        case "comparia":
            return _chosen(text_of(value["chosen"]), _truth(value["both_equal"]), first, second)
        case "one-hot":
            roles = ("winner_model_a", "winner_model_b", "winner_tie")
            flags = [_truth(value[role]) for role in roles]
            if flags == [None] * 3:
                return "skip"
            if BAD in flags or flags.count(True) != 1:
                return BAD
            return ("a", "b", "tie")[flags.index(True)]
        case "alpaca-eval":
            number = number_of(value["preference"])
            if number == 0:
                return "tie"
            return _share(number if isinstance(number, str) else 2 - number)
        case "score":
            number = number_of(value["score"])
            same = isinstance(number, str) or form.share_of == "a"
            return _share(number if same else 1 - number)
        case "two-scores":
            return _higher(number_of(value["score_a"]), number_of(value["score_b"]), form)
    raise AssertionError(form.reading)


def _word(value: Any, words: dict) -> str:
    word = text_of(value).strip().lower()
    if not word:
        return "skip"
    for outcome, known in words.items():
        if word in {each.lower() for each in known}:
            return outcome
    return BAD


def _chosen(chosen: str, equal: Any, first: str, second: str) -> str:
    if equal == BAD or (chosen.strip() and equal):
        return BAD
    if not chosen.strip():
        return "tie" if equal else "skip"
    return {first: "a", second: "b"}.get(chosen, BAD)


def _share(share: Any) -> Any:
    if isinstance(share, str):
        return share
    if not 0 <= share <= 1:
        return BAD
    return {0.0: "b", 0.5: "tie", 1.0: "a"}.get(share, round(share, 12))


def _higher(one: Any, other: Any, form: Form) -> str:
    for side in (one, other):
        if side == BAD or (isinstance(side, float) and math.isinf(side)):
            return BAD
    if "skip" in (one, other):
        return "skip"
    if one == other:
        return "tie"
    return "a" if (one > other) != form.lower_wins else "b"


# Interpretation of values.


def text_of(value: Any) -> str:
    """Returns a value as text."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def number_of(value: Any) -> float | str:
    """Returns a number, "skip" for a missing one, or BAD."""
    if value is None or value == "":
        return "skip"
    try:
        number = float(value)
    except ValueError:
        return BAD
    return "skip" if math.isnan(number) else number


def _truth(value: Any) -> Any:
    word = text_of(value).strip().lower()
    return TRUTHS.get(word, BAD) if word else None


def _only_member(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


def _unpacked(path: Path, layers: list[str]) -> tuple[bytes, str]:
    """Returns the bytes in a file without the layers around them, and their encoding."""
    raw, encoding = path.read_bytes(), "utf-8-sig"
    for layer in reversed(layers):
        if layer.startswith("utf-16"):
            encoding = layer
        else:
            raw = UNPACKED[layer](raw)
    return raw, encoding


UNPACKED = {
    "gz": gzip.decompress,
    "zst": lambda raw: pa.input_stream(io.BytesIO(raw), compression="zstd").read(),
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "zip": _only_member,
}


# The rows of a file, with their numbers. A ragged row is None.


def rows_of(path: Path, form: Form) -> Iterator[tuple[int, dict | None]]:
    """Yields the rows of a file with their numbers; a ragged row is None."""
    kind, *layers = form.container.split(".")
    if kind == "parquet":
        yield from enumerate(pq.read_table(path).to_pylist(), 1)
        return
    if kind in ("arrow", "arrow-stream"):
        opened = pa.ipc.open_file if kind == "arrow" else pa.ipc.open_stream
        with pa.memory_map(str(path)) as source:
            yield from enumerate(opened(source).read_all().to_pylist(), 1)
        return
    raw, encoding = _unpacked(path, layers)
    if kind == "xlsx":
        yield from _cells(raw)
        return
    # Bytes that are not UTF-8 become lone surrogates, so that their row can be found.
    text = raw.decode(encoding, "surrogateescape")
    if kind == "json":
        if wrong := _WRONG.search(text):
            raise BrokenError(text.count("\n", 0, wrong.start()) + 1)
        try:
            rows = json.loads(text, object_pairs_hook=_object)
        except json.JSONDecodeError as error:
            raise BrokenError(error.lineno) from None
        for number, row in enumerate(rows, 1):
            if row is _TWICE:
                raise BrokenError(number)
            yield number, row
    elif kind == "jsonl":
        yield from _lines(text)
    else:
        yield from _records(text, form, "\t" if kind == "tsv" else ",")


def _cells(raw: bytes) -> Iterator[tuple[int, dict]]:
    """Yields the rows of the first visible sheet that is not empty."""
    header = None
    for sheet in openpyxl.load_workbook(io.BytesIO(raw), data_only=True).worksheets:
        if sheet.sheet_state != "visible" or header is not None:
            continue
        for cells in sheet.iter_rows():
            values = [cell.value for cell in cells]
            if all(value is None for value in values):
                continue
            if header is None:
                header = values
            else:
                yield cells[0].row, dict(zip(header, values, strict=True))


def _lines(text: str) -> Iterator[tuple[int, dict]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            if _WRONG.search(line):
                raise BrokenError(number)
            try:
                row = json.loads(line, object_pairs_hook=_object)
            except json.JSONDecodeError:
                row = _TWICE
            if row is _TWICE:
                raise BrokenError(number)
            yield number, row


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """Returns an object, or _TWICE if it or an object in it has a duplicate key."""
    row = dict(pairs)
    twice = len(row) < len(pairs) or any(value is _TWICE for value in row.values())
    return _TWICE if twice else row


def _records(text: str, form: Form, delimiter: str) -> Iterator[tuple[int, dict | None]]:
    quoting = csv.QUOTE_MINIMAL if form.quoted else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    records = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=form.quoted)
    header: list[str] | None = None
    start = first = 1
    if form.reading == "headerless":
        header = ["column_1", "column_2"]
    if text.startswith("sep="):
        next(lines)
        start = first = 2
        records = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=form.quoted)
    try:
        for cells in records:
            number, start = start, records.line_num + first
            if not cells:
                continue
            if any(map(_WRONG.search, cells)):
                raise BrokenError(number)
            if header is None:
                header = cells
            elif len(cells) != len(header):
                yield number, None
            else:
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error:
        raise BrokenError(start) from None
