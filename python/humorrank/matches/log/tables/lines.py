"""The lines of a text file, which may be compressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from humorrank._core import CsvError, CsvReader
from humorrank.errors import InputError
from humorrank.matches.log.tables.stream import Origin, opened

Compression = Literal["none", "gzip", "zstd"]

# This character does not occur in JSON text, where it must be escaped, nor in ordinary tables. With
# it as the delimiter and without quotes, a record is a line.
_NO_DELIMITER: Final = "\x1f"


def compression_of(start: bytes) -> Compression:
    """Returns the compression of a file, judging by its first bytes."""
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    return "none"


def lines(
    origin: Origin, compression: Compression, label: str, *, at_once: int, last: bool = False
) -> Iterator[tuple[int, str]]:
    """Yields the lines that are not blank, each with its number.

    Args:
        origin: File or stream.
        compression: Compression of the file.
        label: Name of the file in error messages.
        at_once: Number of lines held in memory.
        last: Whether this is the last time that the text is opened.

    Raises:
        InputError: If the compressed data are invalid, or the text is not UTF-8.
    """
    try:
        reader = CsvReader(
            opened(origin, last=last),
            delimiter=_NO_DELIMITER,
            quote=False,
            has_header=False,
            compression=compression,
        )
        # An empty text has no columns to read.
        while reader.header and (chunk := reader.read([0], at_once)) is not None:
            (texts,), numbers = chunk
            yield from zip(numbers.tolist(), texts.to_list(), strict=True)
    except CsvError as error:
        raise broken(label, error) from None


def broken(label: str, error: CsvError) -> InputError:
    """Converts an error of the compiled reader."""
    line, message, *_ = error.args
    return InputError(str(message), file=label, row=line)
