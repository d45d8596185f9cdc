"""The meaning of the words in a winner column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from humorrank._core import Interner
from humorrank._util.suggest import refuse_unknown
from humorrank.errors import OptionError
from humorrank.matches.outcomes import BAD, BOTH_BAD, FIRST, SECOND, TIE, UNJUDGED, UNJUDGED_WORDS

_PREFIXES = ("", "model_", "player_", "contestant_", "generator_")

FIRST_WORDS: Final = frozenset(
    {"a", "x", "left", *(prefix + "a" for prefix in _PREFIXES), "model_x"}
    | {prefix + "1" for prefix in _PREFIXES if prefix}
)
SECOND_WORDS: Final = frozenset(
    {"b", "y", "right", *(prefix + "b" for prefix in _PREFIXES), "model_y"}
    | {prefix + "2" for prefix in _PREFIXES if prefix}
)
TIE_WORDS: Final = frozenset({"tie", "draw"})
BOTH_BAD_WORDS: Final = frozenset({"tie (bothbad)", "both_bad", "bothbad", "both bad"})

_GRADES: Final[dict[str, int]] = {
    "a>>b": FIRST,
    "a>b": FIRST,
    "a=b": TIE,
    "b>a": SECOND,
    "b>>a": SECOND,
}

STRONG: Final = ">>"
"""The sign of a clear win in a word or a verdict, whose weight `strong_weight` sets."""

WORDS: Final[dict[str, int]] = {
    **dict.fromkeys(FIRST_WORDS, FIRST),
    **dict.fromkeys(SECOND_WORDS, SECOND),
    **dict.fromkeys(TIE_WORDS, TIE),
    **dict.fromkeys(BOTH_BAD_WORDS, BOTH_BAD),
    **dict.fromkeys(UNJUDGED_WORDS, UNJUDGED),
    **_GRADES,
}

OWN_WORDS: Final[dict[str, int]] = {
    "a": FIRST,
    "b": SECOND,
    "tie": TIE,
    "both_bad": BOTH_BAD,
    "skip": UNJUDGED,
}
"""The outcomes that a vocabulary of the user's own gives words for."""


def own_vocabulary(words: Mapping[str, str | Sequence[str]]) -> dict[str, int]:
    """Returns the outcomes of the words of a vocabulary of the user's own.

    Missing values remain unjudged rows unless the vocabulary says otherwise.

    Args:
        words: Word or words of each outcome, by "a", "b", "tie", "both_bad" and "skip".

    Raises:
        OptionError: If an outcome is unknown, or a word has two outcomes.
    """
    refuse_unknown(words, OWN_WORDS, "winner_words", what="outcome")
    found: dict[str, int] = {}
    for outcome, given in words.items():
        for word in [given] if isinstance(given, str) else given:
            key = normalized(str(word))
            if found.setdefault(key, OWN_WORDS[outcome]) != OWN_WORDS[outcome]:
                raise OptionError(f"winner_words: {word!r} has two outcomes")
    if not {FIRST, SECOND} & set(found.values()):
        raise OptionError("winner_words: give a word for a win, a=... or b=...")
    missing = {word: UNJUDGED for word in ("", "nan", "null", "none") if word not in found}
    return {**missing, **found}


ALLOWED_WORDS: Final = (
    "model_a, a, left, x, model_1 (the first won); model_b, b, right, y, model_2 (the second won); "
    "tie, draw; A>B, A>>B, A=B, B>A, B>>A; tie (bothbad), both_bad; nothing, error or skip (not "
    "judged)"
)

VERDICTS: Final[dict[str, int]] = {
    **_GRADES,
    **dict.fromkeys(UNJUDGED_WORDS, UNJUDGED),
}
"""The verdicts of arena-hard."""

_BARE = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|true|false")


def normalized(word: str) -> str:
    """Returns a word without surrounding white space and in lower case, as in the tables here."""
    return word.strip().casefold()


def is_bare_number(word: str) -> bool:
    """Returns whether a word is a number or a boolean, whose meaning is unknown."""
    return _BARE.fullmatch(normalized(word)) is not None


class WordTable:
    """Converts columns of words into outcomes, with one look-up per distinct word.

    Args:
        words: Outcomes of the normalized words.
    """

    def __init__(self, words: dict[str, int]) -> None:
        self._words = words
        self._interner = Interner()
        self._outcomes = np.empty(0, np.uint8)

    def outcomes(self, words: pl.Series) -> tuple[np.ndarray, np.ndarray]:
        """Returns the outcome of each row (BAD for an unknown word) and the code of its word.

        Args:
            words: Words as text. Null is a missing outcome.
        """
        codes = self._interner.encode(words)
        if len(self._interner) != len(self._outcomes) - 1:
            known = [self._words.get(normalized(word), BAD) for word in self._interner.names]
            # The last entry is for null, whose code exceeds all others.
            self._outcomes = np.array([*known, UNJUDGED], np.uint8)
        slots = np.minimum(codes, len(self._outcomes) - 1)
        return self._outcomes[slots], slots

    @property
    def seen(self) -> list[str]:
        """The distinct words so far in their original spelling, by code."""
        return self._interner.names
