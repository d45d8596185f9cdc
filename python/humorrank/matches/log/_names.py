"""The names of a log, as codes, and what is known of each."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, SEEN_JUDGED, SEEN_UNJUDGED, Interner, known_codes, names_from


class Names:
    """Gives every name a code, and remembers in what kind of rows it occurred.

    Args:
        excluded: names whose matches are left out; they have the first codes.
    """

    def __init__(self, excluded: Sequence[str]) -> None:
        self.interner = Interner()
        self.interner.encode(list(excluded))
        self.excluded = len(self.interner)
        self._looked_at = 0
        self._blank: list[int] = []
        # By code, as `CheckedRows` has it, of the names in rows so far.
        self._seen = np.empty(0, np.uint8)

    def encode(self, names: pl.Series) -> np.ndarray:
        """The codes of a column of names; NULL_CODE for null."""
        return self.interner.encode(names)

    def look(self) -> None:
        """Takes note of the names that are new since the last time."""
        new = names_from(self.interner, self._looked_at)
        self._blank += [c for c, name in enumerate(new, self._looked_at) if not name.strip()]
        self._looked_at += len(new)

    def code(self, name: str) -> int | None:
        """The code of a name that has occurred."""
        [code] = known_codes(self.interner, [name])
        return None if code == NULL_CODE else code

    def missing(self, codes: np.ndarray) -> np.ndarray | None:
        """Where a name is null or blank; None if nowhere."""
        missing: np.ndarray = codes == NULL_CODE
        if self._blank:
            missing |= np.isin(codes, self._blank)
        return missing if missing.any() else None

    def missing_any(self, *columns: np.ndarray) -> bool:
        """Whether any of these codes is of a blank name."""
        return bool(self._blank) and any(np.isin(c, self._blank).any() for c in columns)

    def note(self, seen: np.ndarray) -> None:
        """Notes in what kinds of rows each name occurred, as `CheckedRows` has it; keeps it."""
        if len(self._seen):
            seen[: len(self._seen)] |= self._seen
        self._seen = seen

    def mark(self, codes: np.ndarray, *, judged: bool) -> None:
        """Notes that these names occurred in judged or in unjudged rows."""
        if len(self._seen) < len(self):
            self.note(np.zeros(len(self), np.uint8))
        self._seen[codes] |= SEEN_JUDGED if judged else SEEN_UNJUDGED

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
        """The excluded names that are among these codes."""
        names = self.all_excluded
        return {names[code] for code in np.unique(codes[codes < self.excluded])}

    def like(self, name: str) -> list[str]:
        """Names that are much like this one, excluded ones left out."""
        names = self.all[self.excluded :]
        return difflib.get_close_matches(name, names, n=3, cutoff=0.6)
