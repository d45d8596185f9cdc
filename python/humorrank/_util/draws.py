"""Random numbers that depend on their keys and not on the order in which they are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def name_keys(names: Iterable[str]) -> np.ndarray:
    """Returns a uint64 key for each name, the first 8 bytes of its BLAKE2b digest.

    Draws that are keyed by a name depend neither on the order of the names nor on the other names.
    """
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def bits(*words: np.ndarray | int) -> np.ndarray:
    """Returns 64 random bits per row, keyed by words.

    The words are mixed in one after another by the finalizer of SplitMix64 [SLF14].

    Args:
        words: Whole numbers, or arrays of whole numbers that are broadcast against each other. Each
            position has its own meaning, and the first word should identify the purpose of the
            draw.
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
    """Returns uniform numbers strictly between 0 and 1, keyed as in `bits`."""
    return ((bits(*words) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal_draws(*words: np.ndarray | int) -> np.ndarray:
    """Returns standard normal numbers, keyed as in `bits`, by the method of [BM58]."""
    radius = np.sqrt(-2 * np.log(uniform(*words, 0)))
    values: np.ndarray = radius * np.cos(2 * np.pi * uniform(*words, 1))
    return values
