"""Logs of many contestants as codes, created in parts to limit the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

PIECE = 1 << 20
TIES = 0.1
SPREAD = 200.0


class Draw:
    """Draws contestants with probabilities ~ (rank + 10)^-1 by the alias method [Wal77].

    Args:
        contestants: The number of contestants, whose codes are shuffled ranks.
        random: The random generator.
    """

    def __init__(self, contestants: int, random: np.random.Generator) -> None:
        chances = 1 / (np.arange(contestants) + 10.0)
        chances *= contestants / chances.sum()
        self._kept = np.ones(contestants)
        self._other = np.arange(contestants, dtype=np.uint32)
        small = np.flatnonzero(chances < 1).tolist()
        large = np.flatnonzero(chances >= 1).tolist()
        left = chances.tolist()
        while small and large:
            own, other = small.pop(), large[-1]
            self._kept[own], self._other[own] = left[own], other
            left[other] -= 1 - left[own]
            if left[other] < 1:
                small.append(large.pop())
        self._code = random.permutation(contestants).astype(np.uint32)
        self._random = random

    def __call__(self, matches: int) -> np.ndarray:
        """Draws the given number of codes."""
        column = self._random.integers(0, len(self._code), matches, dtype=np.uint32)
        own = self._random.random(matches) < self._kept[column]
        return self._code[np.where(own, column, self._other[column])]


def pieces(
    contestants: int, matches: int, seed: int = 1
) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
    """Yields the position of each part of the log, and its columns: first, second, outcome."""
    random = np.random.default_rng(seed)
    strength = random.normal(0, SPREAD * np.log(10) / 400, contestants)
    draw = Draw(contestants, random)
    for start in range(0, matches, PIECE):
        where = slice(start, min(start + PIECE, matches))
        first, second = (draw(where.stop - start) for _ in range(2))
        while len(same := np.flatnonzero(first == second)):
            second[same] = draw(len(same))
        difference = strength[first] - strength[second]
        won = random.random(len(first)) < 1 / (1 + np.exp(-difference))
        outcome = np.where(won, 0, 1).astype(np.uint8)
        outcome[random.random(len(first)) < TIES] = 2
        yield where, first, second, outcome


def write(folder: Path, contestants: int, matches: int) -> Path:
    """Writes the columns as .npy files unless they exist. Returns their folder."""
    folder = folder / f"{contestants}-{matches}"
    done = folder / "done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    kinds = (("first", np.uint32), ("second", np.uint32), ("outcome", np.uint8))
    columns = [
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", dtype=kind, shape=(matches,))
        for name, kind in kinds
    ]
    for where, *values in pieces(contestants, matches):
        for column, value in zip(columns, values, strict=True):
            column[where] = value
    for column in columns:
        column.flush()
    done.touch()
    return folder
