"""A check whether the first row of a file that seems to have no header is a header after all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from humorrank.errors import InputError


class Opening:
    """A check whether the two names of the first row occur anywhere else.

    In a log that can be rated they do. In a header of unknown words they do not.
    """

    def __init__(self) -> None:
        self._codes: tuple[int, int] | None = None
        self._file = ""
        self._rows = 0
        self._again = False

    def see(self, reading: str, file: str, first: np.ndarray, second: np.ndarray) -> None:
        """Looks for the two names in the codes of a batch."""
        if reading != "headerless" or self._again:
            return
        start = 0
        if self._codes is None:
            self._codes, start = (int(first[0]), int(second[0])), 1
            self._file = file
        self._rows += len(first)
        self._again = any(
            bool((codes[start:] == code).any()) for codes in (first, second) for code in self._codes
        )

    def check(self, names: Callable[[], Sequence[str]]) -> None:
        """Refuses a first row that looks like a header.

        Args:
            names: Function that returns the names by code.

        Raises:
            InputError: If the first row looks like a header.
        """
        if self._codes is not None and not self._again and self._rows > 1:
            known = names()
            one, other = (known[code] for code in self._codes)
            won, lost = (other, one) if one.casefold().startswith("los") else (one, other)
            message = (
                f"its two values occur nowhere else, so it may be a header; set --columns "
                f"winner={won},loser={lost} (columns=) if it is one and these are the winner and "
                "the loser, or --reading headerless (reading='headerless') if it is not"
            )
            raise InputError(message, file=self._file, row=1)
