"""The names of a log as codes, and the kinds of rows in which they occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, SEEN_JUDGED, SEEN_UNJUDGED, Interner, known_codes, names_from
from humorrank._util.suggest import similar


class Names:
    """Assigns a code to every name, and records the kinds of rows in which it occurs.

    Args:
        excluded: Names whose matches are left out, which have the first codes.
    """

    def __init__(self, excluded: Sequence[str]) -> None:
        self.interner = Interner()
        self.interner.encode(list(excluded))
        self.excluded = len(self.interner)
        self._looked_at = 0
        self._blank: list[int] = []
        # Flags by code for the names in rows so far, as in `CheckedRows`.
        self._seen = np.empty(0, np.uint8)

    def encode(self, names: pl.Series) -> np.ndarray:
        """Returns the codes of a column of names, with NULL_CODE for null."""
        return self.interner.encode(names)

    def look(self) -> None:
        """Registers the names that are new since the last call."""
        new = names_from(self.interner, self._looked_at)
        self._blank += [c for c, name in enumerate(new, self._looked_at) if not name.strip()]
        self._looked_at += len(new)

    def code(self, name: str) -> int | None:
        """Returns the code of a name, or None if it has not occurred."""
        [code] = known_codes(self.interner, [name])
        return None if code == NULL_CODE else code

    def missing(self, codes: np.ndarray) -> np.ndarray | None:
        """Returns the mask of null or blank names, or None if there are none."""
        missing: np.ndarray = codes == NULL_CODE
        if self._blank:
            missing |= np.isin(codes, self._blank)
        return missing if missing.any() else None

    def missing_any(self, *columns: np.ndarray) -> bool:
        """Returns whether any of the codes is that of a blank name."""
        return bool(self._blank) and any(np.isin(c, self._blank).any() for c in columns)

    def note(self, seen: np.ndarray) -> None:
        """Records the kinds of rows in which each name occurred. The array is kept."""
        if len(self._seen):
            seen[: len(self._seen)] |= self._seen
        self._seen = seen

    def mark(self, codes: np.ndarray, *, judged: bool) -> None:
        """Records that the names occurred in judged or in unjudged rows."""
        if len(self._seen) < len(self):
            self.note(np.zeros(len(self), np.uint8))
        self._seen[codes] |= SEEN_JUDGED if judged else SEEN_UNJUDGED

    def merge(self, contestants: np.ndarray) -> None:
        """Moves the kinds of rows in which each name occurred to the code of its contestant."""
        seen = np.zeros(len(self), np.uint8)
        np.bitwise_or.at(seen, contestants[: len(self._seen)], self._seen)
        self._seen = seen

    def __len__(self) -> int:
        """Returns the number of names."""
        return len(self.interner)

    @property
    def all(self) -> list[str]:
        """The names by code."""
        return self.interner.names

    @property
    def unjudged_only(self) -> list[str]:
        """The names that occurred only in unjudged rows, sorted."""
        only = (self._seen & (SEEN_JUDGED | SEEN_UNJUDGED)) == SEEN_UNJUDGED
        if not only.any():
            return []
        names = self.all
        return sorted(names[code] for code in np.flatnonzero(only).tolist())

    @property
    def all_excluded(self) -> list[str]:
        """The excluded names, by code."""
        return self.all[: self.excluded]

    def excluded_among(self, codes: np.ndarray) -> set[str]:
        """Returns the excluded names among the codes."""
        names = self.all_excluded
        return {names[code] for code in np.unique(codes[codes < self.excluded])}

    def like(self, name: str) -> list[str]:
        """Returns names similar to the given one, without excluded names."""
        return similar(name, self.all[self.excluded :])
