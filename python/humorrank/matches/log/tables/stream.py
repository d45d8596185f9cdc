"""Origins of bytes: files, streams that can be read only once, and bytes made of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

CHUNK: Final = 1 << 16
"""The number of bytes that are read or unpacked at a time."""


class Stream:
    """A stream of bytes whose start is kept, so that it can be read again.

    The start is read a first time to recognize the format.

    Args:
        raw: Binary file object to read.
    """

    rereadable: Final = False
    suffixes: Sequence[str] = ()

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._head = bytearray()
        self._ended = False
        self._taken = 0

    @property
    def size(self) -> int:
        """The number of bytes that have been read so far."""
        return self._taken

    def open(self, *, last: bool) -> Opened:
        """Opens the stream at its first byte.

        Args:
            last: Whether the stream is opened for the last time, so that no more bytes are kept.
        """
        return Opened(self, last=last)

    def at(self, start: int, size: int, *, keep: bool) -> bytes:
        """Returns bytes from a position on, or b"" at the end."""
        if start < len(self._head) or self._ended:
            return bytes(self._head[start : start + size])
        read1 = getattr(self._raw, "read1", self._raw.read)
        chunk: bytes = read1(min(size, CHUNK))
        self._taken += len(chunk)
        if keep:
            self._head += chunk
            self._ended = not chunk
        return chunk


class Opened:
    """A stream that is read from its first byte."""

    def __init__(self, stream: Stream, *, last: bool) -> None:
        self._stream = stream
        self._last = last
        self._at = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Returns at most `size` bytes, and at least one unless the end is reached."""
        chunk = self._stream.at(self._at, size, keep=not self._last)
        self._at += len(chunk)
        return chunk


class Layered:
    """Bytes that are made of those of another origin while they are read, such as unpacked ones.

    Args:
        base: Other origin.
        pieces: Function that returns the bytes in pieces. Its argument is whether the origin is
            opened for the last time.
        suffixes: Extensions of the name of the content. The default is those of the base.
    """

    def __init__(
        self,
        base: Origin,
        pieces: Callable[[bool], Iterator[bytes]],
        suffixes: Sequence[str] | None = None,
    ) -> None:
        self._base = base
        self._pieces = pieces
        self.suffixes = suffixes_of(base) if suffixes is None else suffixes

    @property
    def rereadable(self) -> bool:
        """Whether all bytes can be read more than once."""
        return isinstance(self._base, Path) or self._base.rereadable

    @property
    def size(self) -> int:
        """The number of bytes of the file or stream at the bottom, as far as it is known."""
        return self._base.stat().st_size if isinstance(self._base, Path) else self._base.size

    def open(self, *, last: bool) -> Pieces:
        """Opens the origin at its first byte."""
        return Pieces(self._pieces(last))


class Pieces:
    """Bytes in pieces, to be read as from a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._at = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Returns at most `size` bytes, and at least one unless the end is reached."""
        while self._at == len(self._held):
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._held, self._at = piece, 0
        chunk = self._held[self._at : self._at + size]
        self._at += len(chunk)
        return chunk


Origin = Path | Stream | Layered
"""The source of the bytes of a text."""


def opened(origin: Origin, *, last: bool) -> Path | Opened | Pieces:
    """Returns an origin in the form that the compiled reader accepts."""
    return origin if isinstance(origin, Path) else origin.open(last=last)


def pieces_of(origin: Origin, *, last: bool) -> Iterator[bytes]:
    """Yields the bytes of an origin in pieces. A file is closed when the iterator is dropped."""
    if isinstance(origin, Path):
        with origin.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")
        return
    source = origin.open(last=last)
    yield from iter(source.read, b"")


def start_of(origin: Origin, size: int) -> bytes:
    """Returns the first bytes of an origin: `size` of them, or all if there are fewer."""
    if isinstance(origin, Path):
        with origin.open("rb") as file:
            return file.read(size)
    start = b""
    source = origin.open(last=False)
    while len(start) < size and (chunk := source.read(size - len(start))):
        start += chunk
    return start


def suffixes_of(origin: Origin) -> Sequence[str]:
    """Returns the extensions of a file name in lower case, or none for a stream."""
    return [suffix.lower() for suffix in origin.suffixes]
