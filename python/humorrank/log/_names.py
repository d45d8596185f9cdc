"""The names of a log, as codes, and what is known of each."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, Interner, names_from

_JUDGED, _WITHOUT = 1, 2


class Names:
    """Gives every name a code, and remembers in what kind of rows it occurred.

    Args:
        excluded: names whose matches are left out; they have the first codes.
    """

    def __init__(self, excluded: Sequence[str]) -> None:
        self.interner = Interner()
        self.interner.encode(list(excluded))
        self.excluded = len(self.interner)
        self._codes: dict[str, int] = {}
        self._blank = np.empty(0, np.bool_)
        self._judged = np.empty(0, np.bool_)
        self._unjudged = np.empty(0, np.bool_)

    def encode(self, names: pl.Series) -> np.ndarray:
        """The codes of a column of names; NULL_CODE for null."""
        return self.interner.encode(names)

    def look(self) -> None:
        """Takes note of the names that are new since the last time."""
        known = len(self._codes)
        if len(self.interner) == known:
            return
        new = names_from(self.interner, known)
        self._codes.update(zip(new, range(known, known + len(new)), strict=True))
        blank = np.fromiter((not name.strip() for name in new), np.bool_, len(new))
        self._blank = np.concatenate([self._blank, blank])
        unseen = np.zeros(len(new), np.bool_)
        self._judged = np.concatenate([self._judged, unseen])
        self._unjudged = np.concatenate([self._unjudged, unseen])

    def code(self, name: str) -> int | None:
        """The code of a name that has occurred."""
        return self._codes.get(name)

    def missing(self, codes: np.ndarray) -> np.ndarray | None:
        """Where a name is null or blank; None if nowhere."""
        if not self._blank.any():
            null = codes == NULL_CODE
            return null if null.any() else None
        if not len(codes):
            return None
        slots = np.minimum(codes, len(self._blank))
        missing: np.ndarray = np.append(self._blank, True)[slots]
        return missing if missing.any() else None

    def missing_any(self, *columns: np.ndarray) -> bool:
        """Whether any of these codes is of a blank name."""
        return bool(self._blank.any()) and any(bool(self._blank[c].any()) for c in columns)

    @property
    def all_judged(self) -> bool:
        """Whether every name has occurred in a judged row."""
        return bool(self._judged.all())

    def note(self, seen: np.ndarray) -> None:
        """Notes in what kinds of rows each name occurred, as `judge_codes` says it."""
        self._judged |= (seen & _JUDGED) != 0
        self._unjudged |= (seen & _WITHOUT) != 0

    def mark(self, codes: np.ndarray, *, judged: bool) -> None:
        """Notes that these names occurred in judged or in unjudged rows."""
        (self._judged if judged else self._unjudged)[codes] = True

    def __len__(self) -> int:
        """How many names there are."""
        return len(self.interner)

    @property
    def all(self) -> list[str]:
        """The name of each code."""
        return self.interner.names

    @property
    def unjudged_only(self) -> list[str]:
        """Names that occurred in unjudged rows and in no judged one, in their order."""
        only = np.flatnonzero(self._unjudged & ~self._judged)
        if not len(only):
            return []
        names = self.all
        return sorted(names[code] for code in only)

    @property
    def all_excluded(self) -> list[str]:
        """The excluded names, by code."""
        return self.all[: self.excluded]

    def excluded_among(self, codes: np.ndarray) -> set[str]:
        """The excluded names that are among these codes."""
        names = self.all_excluded
        return {names[code] for code in np.unique(codes[codes < self.excluded])}

    def like(self, name: str) -> list[str]:
        """Names that are much like this one, excluded ones left out."""
        names = self.all[self.excluded :]
        return difflib.get_close_matches(name, names, n=3, cutoff=0.6)
