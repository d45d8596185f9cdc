"""Names that look alike: spellings that differ only in case, spaces or the form of characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal

from humorrank._util.text import number_of

Fold = Literal["case", "space", "unicode"]
"""What two spellings of a name may differ in: case, spaces, or the form of their characters."""

FOLDS: Final[tuple[Fold, ...]] = ("case", "space", "unicode")

_INVISIBLE: Final = dict.fromkeys([0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF])
"""Soft hyphen, zero-width space, joiners and marks of direction, word joiner, byte order mark."""

_SHOWN: Final = 3


def folded(name: str, folds: Collection[Fold] = FOLDS) -> str:
    """Returns the form that all spellings of a name share.

    Args:
        name: A spelling.
        folds: What does not matter: "case", "space" (spaces of any kind, also at the ends), or
            "unicode" (the normalization of characters, and invisible characters).
    """
    unicode = "unicode" in folds and not name.isascii()
    if unicode:
        name = unicodedata.normalize("NFKC", name.translate(_INVISIBLE))
    if "case" in folds:
        name = name.casefold()
        if unicode:
            name = unicodedata.normalize("NFKC", name)
    return " ".join(name.split()) if "space" in folds else name


def look_alikes(names: Iterable[str]) -> list[list[str]]:
    """Returns the groups of names that differ only in case, spaces or the form of characters."""
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(folded(name), []).append(name)
    return [group for group in by_key.values() if len(group) > 1]


def told_apart(names: Sequence[str]) -> str:
    r"""Returns spellings as text that shows in what they differ: "'caf\xe9' and 'cafe\u0301'".

    Invisible characters and spaces other than the usual one are escaped. Of spellings that are
    displayed identically even so, all characters beyond ASCII are.
    """
    shown = [unicodedata.normalize("NFKC", repr(name)) for name in names]
    parts = [
        ascii(name) if shown.count(text) > 1 else repr(name)
        for name, text in zip(names, shown, strict=True)
    ]
    return " and ".join(parts)


def of_look_alikes(groups: Sequence[Sequence[str]]) -> str:
    """Returns one sentence about groups of names that look alike, which names the first few."""
    shown = "; ".join(told_apart(group) for group in groups[:_SHOWN])
    more = len(groups) - _SHOWN
    return (
        "some names differ only in case, whitespace or the form of their characters and are "
        f"rated as separate contestants: {shown}"
        + (f"; and {number_of(more, 'more group')}" if more > 0 else "")
        + " (to join them, read the log with --fold or MatchLog(..., fold=...))"
    )
