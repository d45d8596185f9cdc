"""Random numbers that are a function of what they are for, not of when they are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def name_keys(names: Iterable[str]) -> np.ndarray:
    """A uint64 for each name: the first 8 bytes of its BLAKE2b digest.

    Draws keyed by names do not depend on the order of names, nor on who else is there.
    """
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def bits(*words: np.ndarray | int) -> np.ndarray:
    """64 random bits a row, keyed by its words (SplitMix64's finaliser, word after word).

    Args:
        words: whole numbers or arrays of them, broadcast against each other; each place has its
            own meaning, and the first should say what the draw is for.
    """
    with np.errstate(over="ignore"):
        state: np.ndarray = np.zeros((), np.uint64)
        for word in words:
            taken = np.uint64(word) if isinstance(word, int) else word.astype(np.uint64)
            state = (state ^ taken) + _GOLDEN
            state = (state ^ (state >> np.uint64(30))) * _FIRST
            state = (state ^ (state >> np.uint64(27))) * _SECOND
            state = state ^ (state >> np.uint64(31))
    return state


def uniform(*words: np.ndarray | int) -> np.ndarray:
    """Numbers strictly between 0 and 1, keyed as `bits`."""
    return ((bits(*words) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal_draws(*words: np.ndarray | int) -> np.ndarray:
    """Standard normal numbers, keyed as `bits` (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log(uniform(*words, 0)))
    values: np.ndarray = radius * np.cos(2 * np.pi * uniform(*words, 1))
    return values
