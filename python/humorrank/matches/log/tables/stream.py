"""Standard input: read once, though a format is recognised before it is read."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

_CHUNK: Final = 1 << 16


class Stream:
    """Bytes that come once. What was read to recognise them is kept and read again.

    Args:
        raw: the bytes.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._head = bytearray()
        self._ended = False

    def open(self, *, last: bool) -> Opened:
        """The bytes from the first on.

        Args:
            last: whether they are not opened again, so that nothing more needs to be kept.
        """
        return Opened(self, last=last)

    def at(self, start: int, size: int, *, keep: bool) -> bytes:
        """Some bytes from a position on; none at the end."""
        if start < len(self._head) or self._ended:
            return bytes(self._head[start : start + size])
        read1 = getattr(self._raw, "read1", self._raw.read)
        chunk: bytes = read1(min(size, _CHUNK))
        if keep:
            self._head += chunk
            self._ended = not chunk
        return chunk


class Opened:
    """A stream, read from its first byte on."""

    def __init__(self, stream: Stream, *, last: bool) -> None:
        self._stream = stream
        self._last = last
        self._at = 0

    def read(self, size: int = _CHUNK) -> bytes:
        """At most so many bytes, at least one before the end."""
        chunk = self._stream.at(self._at, size, keep=not self._last)
        self._at += len(chunk)
        return chunk


Origin = Path | Stream
"""Where the bytes of a text come from."""


def opened(origin: Origin, *, last: bool) -> Path | Opened:
    """What the compiled reader reads."""
    return origin if isinstance(origin, Path) else origin.open(last=last)


def suffixes(origin: Origin) -> list[str]:
    """The endings of a file's name, in small letters; a stream has none."""
    return [suffix.lower() for suffix in origin.suffixes] if isinstance(origin, Path) else []
