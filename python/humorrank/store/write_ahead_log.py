"""Damage to the log of SQLite, which SQLite itself takes for an incomplete last transaction.

SQLite reads a log (`-wal`) up to the first frame whose checksum is wrong, and ignores the rest,
because a crash can leave an incomplete last transaction behind. If a log is damaged in the middle,
all later commits would be lost silently. But a transaction begins only after the one before it was
synced to the disk. If two or more commits follow a wrong frame, it was damaged later.

The format is defined at https://www.sqlite.org/fileformat.html#the_write_ahead_log.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

import numpy as np

from humorrank.errors import StoreError
from humorrank.store.faults import store_errors

_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MASK: Final = np.uint64(0xFFFFFFFF)
_FRAMES: Final = 1_000
"""The number of frames that are checked at a time."""

_MAGIC: Final = (0x377F0682, 0x377F0683)


def check_log(path: Path) -> None:
    """Checks the log of a store before it is opened.

    Raises:
        StoreError: If the log is damaged so that commits would be lost.
    """
    real = path.resolve()
    log = real.with_name(real.name + "-wal")
    found = _damage_of(log)
    # While another process begins the log anew, a first look can see parts of two logs.
    if found is not None and found == _damage_of(log):
        raise StoreError(
            f"{path}: its log {log.name} is damaged{found}; restore a backup, or accept what can "
            f"be read with `humorrank tournament copy {path} NEW --accept`"
        )


def _damage_of(log: Path) -> str | None:
    """Returns the end of a sentence about the damage of a log, or None if there is none."""
    with store_errors(log):
        content = log.read_bytes() if log.is_file() else b""
    if len(content) <= _HEADER + _FRAME_HEADER:
        return None
    magic, _, page = struct.unpack_from(">3I", content)
    header = np.frombuffer(content[:24], _words(magic)).astype(np.uint64)
    sound = magic in _MAGIC and _is_page_size(page)
    if not sound or _after((0, 0), *_parts(header[None, :])) != [_stated(content, 24)]:
        # The header is written to one sector, so a crash does not leave a part of it.
        return " (its header is wrong)"
    size = _FRAME_HEADER + page
    count = (len(content) - _HEADER) // size
    frames = np.frombuffer(content, np.uint8, count * size, _HEADER).reshape(count, size)
    heads = np.ascontiguousarray(frames[:, :_FRAME_HEADER]).view(">u4")
    current = (heads[:, 2:4] == np.frombuffer(content[16:24], ">u4")).all(axis=1)
    sums = [_stated(content, 24)]
    for start in range(0, count, _FRAMES):
        part = frames[start : start + _FRAMES]
        summed = np.concatenate([part[:, :8], part[:, _FRAME_HEADER:]], axis=1)
        sums += _after(sums[-1], *_parts(summed.view(_words(magic)).astype(np.uint64)))
    wrong = ~(current & (heads[:, 4:6] == np.array(sums[1:], np.uint64)).all(axis=1))
    if not wrong.any():
        return None
    first = int(wrong.argmax())
    commits = int((current & (heads[:, 1] > 0))[first:].sum())
    if commits < 2:
        return None
    return f" (after {first:,} of {count:,} pages, {commits:,} commits follow)"


def _words(magic: int) -> str:
    return ">u4" if magic & 1 else "<u4"


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65_536 and size & (size - 1) == 0


def _stated(content: bytes, place: int) -> tuple[int, int]:
    one, two = struct.unpack_from(">2I", content, place)
    return one, two


def _parts(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns what each row of words adds to the checksum, and the power of the matrix of a row.

    A pair of words (x, y) turns the checksum (s, t) into (s + x + t, t + y + s + x + t), modulo
    2^32. This is M(s, t) + N(x, y) with the matrices M = (1 1; 1 2) and N = (1 0; 1 1).
    """
    pairs = words.shape[1] // 2
    step, own = np.array([[1, 1], [1, 2]], np.uint64), np.array([[1, 0], [1, 1]], np.uint64)
    power = np.eye(2, dtype=np.uint64)
    factors = np.empty((pairs, 2, 2), np.uint64)
    for place in range(pairs - 1, -1, -1):
        factors[place] = power @ own & _MASK
        power = power @ step & _MASK
    # Sums of products may wrap around at 2^64, which is a multiple of 2^32.
    return words @ factors.transpose(0, 2, 1).reshape(-1, 2) & _MASK, power


def _after(start: tuple[int, int], added: np.ndarray, power: np.ndarray) -> list[tuple[int, int]]:
    """Returns the checksum after each row, beginning with that before the first one."""
    (a, b), (c, d) = power.tolist()
    one, two = start
    sums = []
    for more, other in added.tolist():
        one, two = a * one + b * two + more, c * one + d * two + other
        one, two = one & 0xFFFFFFFF, two & 0xFFFFFFFF
        sums.append((one, two))
    return sums
