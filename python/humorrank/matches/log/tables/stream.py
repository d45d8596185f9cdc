"""Streams such as standard input, which can be read only once."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 16


class Stream:
    """A stream of bytes whose start is kept, so that it can be read again.

    The start is read a first time to recognize the format.

    Args:
        raw: Binary file object to read.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._head = bytearray()
        self._ended = False

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
        chunk: bytes = read1(min(size, _CHUNK))
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

    def read(self, size: int = _CHUNK) -> bytes:
        """Returns at most `size` bytes, and at least one unless the end is reached."""
        chunk = self._stream.at(self._at, size, keep=not self._last)
        self._at += len(chunk)
        return chunk


Origin = Path | Stream
"""The source of the bytes of a text."""


def opened(origin: Origin, *, last: bool) -> Path | Opened:
    """Returns an origin in the form that the compiled reader accepts."""
    return origin if isinstance(origin, Path) else origin.open(last=last)


def suffixes(origin: Origin) -> list[str]:
    """Returns the extensions of a file name in lower case, or none for a stream."""
    return [suffix.lower() for suffix in origin.suffixes] if isinstance(origin, Path) else []
