"""Ways to pack and to encode the bytes of a file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import zipfile
from typing import Any

import openpyxl
import pyarrow as pa


def zip_of(content: bytes, name: str = "log.csv", method: int = zipfile.ZIP_DEFLATED, **others):
    """Returns a zip archive with a file, and other files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, content)
        for other, text in others.items():
            archive.writestr(other, text)
    return out.getvalue()


def gzip_of(content: bytes) -> bytes:
    """Returns gzip data."""
    return gzip.compress(content, 1)


def zstd_of(content: bytes) -> bytes:
    """Returns Zstandard data."""
    return pa.compress(content, codec="zstd", asbytes=True)


def utf_16_of(text: bytes, mark: bool = True, big: bool = False) -> bytes:
    """Returns a text, which is given in UTF-8, in UTF-16."""
    encoding = "utf-16-be" if big else "utf-16-le"
    return ("\ufeff" * mark + text.decode("utf-8-sig")).encode(encoding)


PACKED = {
    ".gz": gzip_of,
    ".zst": zstd_of,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": zip_of,
}
"""Functions that pack bytes, by the extension of a file."""


ENCODED = ("csv.utf-16", "tsv.utf-16-le", "jsonl.utf-16-be", "json.utf-16.xz", "csv.utf-16-le.gz")
DELIMITED = ("csv", "tsv", "csv.gz", "tsv.zst", "csv.bz2", "tsv.xz", "csv.zip")
OBJECTS = ("jsonl", "json", "jsonl.zst", "json.gz", "json.bz2", "jsonl.xz", "json.zip")
DELIMITED += tuple(name for name in ENCODED if name[0] != "j")
OBJECTS += tuple(name for name in ENCODED if name[0] == "j")
"""The containers of texts: their kind, and the layers around it from the inside out."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def packed(raw: bytes, container: str, rng: random.Random) -> bytes:
    """Returns bytes in UTF-8 encoded and packed as a container such as "csv.utf-16.gz" says."""
    kind, *layers = container.split(".")
    for layer in layers:
        if layer.startswith("utf-16"):
            # With a byte order mark, or without one.
            raw = raw.decode("utf-8-sig").encode(layer)
        elif layer == "zip":
            raw = zip_of(raw, f"log.{kind}", rng.choice(METHODS))
        else:
            raw = PACKED[f".{layer}"](raw)
    return raw


def sheet_of(rows: list[dict[str, Any]], rng: random.Random) -> tuple[bytes, list[int]]:
    """Returns an Excel file with rows somewhere on a sheet, and the number of each row."""
    book = openpyxl.Workbook()
    sheet = book.active
    if rng.random() < 0.5:
        book.create_sheet("before", 0).sheet_state = rng.choice(["visible", "hidden"])
        if book.worksheets[0].sheet_state == "hidden":
            book.worksheets[0].append(["model_a", "model_b", "winner"])
    top, left = rng.choice([(1, 1), (3, 2)])
    places = []
    at = top
    for values in (list(rows[0]), *(list(row.values()) for row in rows)):
        for column, value in enumerate(values, left):
            if value is None:
                continue
            # XML does not tell kinds of line breaks apart.
            text = isinstance(value, str)
            cell = sheet.cell(at, column, value.replace("\r\n", "\n") if text else value)
            if text:
                # Not a formula, even if it begins with an equals sign.
                cell.data_type = "s"
        places.append(at)
        at += 1 + (rng.random() < 0.1)
    out = io.BytesIO()
    book.active = book.index(sheet)
    book.save(out)
    return out.getvalue(), places[1:]
