"""The information that reproduces a page: fingerprint of the data, settings, versions."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard

_PACKAGES: Final = ("numpy", "polars", "jinja2")
_BLOCK: Final = 1 << 20


def fingerprint(data: Tally | Leaderboard) -> str:
    """Computes the SHA-256 of matches, independently of their order and of their files.

    For a tally, it covers the names and then the cells without keys: contestant shown first,
    contestant shown second, outcome, score, weight, count. A leaderboard no longer records who was
    shown first. For a leaderboard, it therefore covers the names of the rated contestants and then
    the distinct matches: both contestants, points of each side, count. For a leaderboard that was
    read from JSON, it covers that JSON.

    Args:
        data: The matches, as a tally or a leaderboard.

    Returns:
        The fingerprint in hexadecimal digits.
    """
    if isinstance(data, Leaderboard) and not data.has_matches:
        return hashlib.sha256(data.to_json().encode()).hexdigest()
    digest = hashlib.sha256()
    columns: Iterable[np.ndarray]
    if isinstance(data, Tally):
        names, columns = data.names, data.counts.cells()
    else:
        names = data._names
        low, high, _, _ = data.counted().pairs()
        pair, low_points, high_points, count = data.counted().kinds()
        columns = (low[pair], high[pair], low_points, high_points, count)
    for name in names:
        encoded = name.encode()
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    for column in columns:
        kind = "<f8" if column.dtype.kind == "f" else "<u8"
        digest.update(np.ascontiguousarray(column, kind).tobytes())
    return digest.hexdigest()


def file_facts(paths: Iterable[str]) -> list[dict[str, Any]]:
    """Returns name, bytes and SHA-256 of each regular file among the paths."""
    out = []
    for path in dict.fromkeys(paths):
        file = Path(path)
        if not file.is_file():
            continue
        digest = hashlib.sha256()
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
        out.append({"name": path, "bytes": file.stat().st_size, "sha256": digest.hexdigest()})
    return out


def versions(extra: Iterable[str] = ()) -> dict[str, str]:
    """Returns the versions of Python and of the installed dependencies."""
    out = {"python": platform.python_version()}
    for name in (*_PACKAGES, *extra):
        try:
            out[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return out


def settings(board: Leaderboard) -> dict[str, str]:
    """Returns the settings of a rating as text, without those that are off."""
    off = (None, False, (), 0, "")
    return {
        name: _text(value)
        for name, value in board.settings.items()
        if name in ("bootstrap", "seed", "elo_shuffles") or value not in off
    }


def _text(value: Any) -> str:  # noqa: ANN401 - settings are of many types
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
