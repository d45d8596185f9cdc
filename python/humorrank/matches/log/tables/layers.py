"""Layers around the bytes of a text or a table: compression, and encodings other than UTF-8.

Everything here is done piece by piece, so that memory does not depend on what the bytes unpack to.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import Any, Final

from humorrank import _core
from humorrank.errors import InputError
from humorrank.matches.log.tables.lines import Compression, broken
from humorrank.matches.log.tables.stream import CHUNK, Layered, Origin, opened, pieces_of

_MOST_MEMORY: Final = 128 << 20
"""The maximum number of bytes that xz and LZMA may use, whose files say how many they need."""

_MOST_EXPANSION: Final = 200
_USUAL_SIZE: Final = 64 << 20
"""Unpacked bytes are stored if they are no more than this many times the compressed bytes, or no
more than this number."""

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
"""The first bytes of a zip archive: with files, without, and in parts."""

_BZIP2: Final = b"BZh"
_XZ: Final = b"\xfd7zXZ\x00"
_BOM: Final = {
    b"\xff\xfe\x00\x00": "utf-32-le",
    b"\x00\x00\xfe\xff": "utf-32-be",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}


def unpacked(origin: Origin, label: str, start: bytes, packed: Compression) -> Layered | None:
    """Returns the content of a compressed file or stream, or None if it is not compressed.

    Args:
        origin: File or stream.
        label: Name of the file in error messages.
        start: First bytes.
        packed: Compression that the compiled reader knows.
    """
    if packed != "none":
        return Layered(origin, lambda last: _by_reader(origin, label, packed, last=last))
    if start.startswith(_BZIP2):
        return Layered(
            origin, lambda last: inflated(pieces_of(origin, last=last), bzip2(label), label)
        )
    if start.startswith(_XZ):
        return Layered(
            origin, lambda last: inflated(pieces_of(origin, last=last), xz(label), label, b"\0")
        )
    return None


def recoded(origin: Origin, label: str, start: bytes) -> Layered | None:
    """Returns a text in UTF-16 or UTF-32 as UTF-8, or None if the text is in neither."""
    encoding = _encoding(start)
    if encoding is None:
        return None
    return Layered(origin, lambda last: _as_utf_8(pieces_of(origin, last=last), encoding, label))


def without_first_lines(origin: Origin, count: int) -> Layered:
    """Returns a text whose first lines are blank, so that the other lines keep their numbers."""
    return Layered(origin, lambda last: _blanked(pieces_of(origin, last=last), count))


def bounded(
    pieces: Iterator[bytes],
    packed_size: Callable[[], int],
    label: str,
    most_expansion: int = _MOST_EXPANSION,
) -> Iterator[bytes]:
    """Yields unpacked bytes that are stored as a whole, as long as they are not too many.

    Args:
        pieces: Unpacked bytes.
        packed_size: Function that returns the number of compressed bytes that were read.
        label: Name of the file in error messages.
        most_expansion: Number of times that the compressed bytes may expand to.

    Raises:
        InputError: If the bytes are more than data and tables usually expand to.
    """
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > _USUAL_SIZE and size > most_expansion * packed_size():
            message = f"unpacks to more than {most_expansion} times its size; if that is not an "
            message += "error, unpack it first"
            raise InputError(message, file=label)
        yield piece


def is_layer(start: bytes) -> bool:
    """Returns whether first bytes are those of compressed data or of a text in UTF-16."""
    return start.startswith((*ZIP, _BZIP2, _XZ)) or _encoding(start) is not None


def damaged(label: str, error: Exception | str) -> InputError:
    """Returns the error of damaged compressed data."""
    return InputError(f"is damaged and cannot be unpacked: {error}", file=label)


def _by_reader(origin: Origin, label: str, packed: Compression, *, last: bool) -> Iterator[bytes]:
    assert packed != "none"
    try:
        content = _core.Unpacked(opened(origin, last=last), packed)
        yield from iter(lambda: content.read(CHUNK), b"")
    except _core.CsvError as error:
        raise broken(label, error) from None


def inflated(
    pieces: Iterator[bytes], start: Callable[[], Any], label: str, padding: bytes = b""
) -> Iterator[bytes]:
    """Yields the content of one or more compressed streams in a row.

    Args:
        pieces: Compressed bytes.
        start: Function that returns a decompressor as those of `bz2` and `lzma`.
        label: Name of the file in error messages.
        padding: Bytes that may follow a stream.
    """
    decompressor = None
    for piece in pieces:
        data = piece
        while True:
            if decompressor is None:
                data = data.lstrip(padding) if padding else data
                if not data:
                    break
                decompressor = start()
            try:
                out = decompressor.decompress(data, CHUNK)
            except (OSError, EOFError, ValueError) as error:
                raise damaged(label, error) from None
            except Exception as error:  # lzma.LZMAError, which is imported only where it is needed
                if type(error).__name__ != "LZMAError":
                    raise
                if "limit" in str(error):
                    message = f"needs more than {_MOST_MEMORY >> 20} MB of memory to be unpacked; "
                    message += "pack it again with `xz -9` or gzip"
                    raise InputError(message, file=label) from None
                raise damaged(label, error) from None
            data = b""
            if out:
                yield out
            if decompressor.eof:
                data, decompressor = decompressor.unused_data, None
            elif decompressor.needs_input:
                break
    if decompressor is not None:
        raise damaged(label, "it ends early")


def bzip2(label: str) -> Callable[[], Any]:
    """Returns a function that starts to decompress bzip2 data."""
    try:
        import bz2  # noqa: PLC0415 - not every Python has it
    except ImportError:
        raise _without(label, "bzip2") from None
    return bz2.BZ2Decompressor


def xz(label: str, *, alone: bool = False) -> Callable[[], Any]:
    """Returns a function that starts to decompress xz data, or LZMA data with a header."""
    try:
        import lzma  # noqa: PLC0415 - not every Python has it
    except ImportError:
        raise _without(label, "xz") from None
    form = lzma.FORMAT_ALONE if alone else lzma.FORMAT_XZ
    return lambda: lzma.LZMADecompressor(form, memlimit=_MOST_MEMORY)


def _without(label: str, name: str) -> InputError:
    message = f"is compressed with {name}, which this Python was built without; unpack it first"
    return InputError(message, file=label)


def _encoding(start: bytes) -> str | None:
    """Returns the encoding of a text by its first bytes, or None if they are not UTF-16."""
    for mark, encoding in _BOM.items():
        if start.startswith(mark):
            return encoding
    # In UTF-16, every second byte of Latin text is zero.
    even, odd = start[0::2].count(0), start[1::2].count(0)
    half = len(start) // 4
    if odd > max(half, 10 * even):
        return "utf-16-le"
    return "utf-16-be" if even > max(half, 10 * odd) else None


def _as_utf_8(pieces: Iterator[bytes], encoding: str, label: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    row = 1
    ended = False
    while not ended:
        piece = next(pieces, b"")
        ended = not piece
        try:
            text = decoder.decode(piece, ended)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(encoding)
            name = encoding[:6].upper()
            message = f"is not {name} (save the file as UTF-8 and try again)"
            raise InputError(message, file=label, row=row + before.count("\n")) from None
        row += text.count("\n")
        if text:
            yield text.encode()


def _blanked(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    left = count
    for piece in pieces:
        rest = piece
        while left:
            _, found, rest = rest.partition(b"\n")
            if not found:
                break
            left -= 1
            yield b"\n"
        if rest and not left:
            yield rest
