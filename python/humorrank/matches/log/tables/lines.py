"""The lines of a text file, compressed or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from humorrank._core import CsvError, CsvReader
from humorrank.errors import InputError
from humorrank.matches.log.tables.stream import Origin, opened

Compression = Literal["none", "gzip", "zstd"]

# Occurs in no JSON text (which must escape it), nor in any table worth the name, so that a
# record with this delimiter and without quotes is a line.
_NO_DELIMITER: Final = "\x1f"


def compression_of(start: bytes) -> Compression:
    """How a file is compressed, by its first bytes."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    return "none"


def lines(
    origin: Origin, compression: Compression, label: str, *, at_once: int, last: bool = False
) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, each with its number.

    Args:
        origin: the file.
        compression: how it is compressed.
        label: what errors call it.
        at_once: how many lines are held in memory.
        last: whether the text is not opened again.

    Raises:
        InputError: The compression is broken, or the text is not UTF-8.
    """
    try:
        reader = CsvReader(
            opened(origin, last=last),
            delimiter=_NO_DELIMITER,
            quote=False,
            has_header=False,
            compression=compression,
        )
        # An empty text has no column to read.
        while reader.header and (chunk := reader.read([0], at_once)) is not None:
            (texts,), numbers = chunk
            yield from zip(numbers.tolist(), texts.to_list(), strict=True)
    except CsvError as error:
        raise broken(label, error) from None


def broken(label: str, error: CsvError) -> InputError:
    """The error of the compiled reader, as ours."""
    line, message, *_ = error.args
    return InputError(str(message), file=label, row=line)
