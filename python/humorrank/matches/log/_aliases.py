"""Names that are renamed before rating: aliases, and spellings that are joined."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from humorrank._core import NULL_CODE, names_from
from humorrank._util.spelling import FOLDS, Fold, folded, told_apart
from humorrank._util.suggest import did_you_mean
from humorrank.errors import InputError, OptionError
from humorrank.matches.log._names import Names
from humorrank.matches.log.tables.opening import tables
from humorrank.matches.log.tables.table import Hints

_HEADER: Final = ["old", "new"]
_NOTES: Final = 50


def checked_aliases(alias: Mapping[str, str] | str | os.PathLike[str] | None) -> dict[str, str]:
    """Returns new names by old names. Names that keep their name are dropped.

    Args:
        alias: New names by old names, or the path of a file with the columns old and new.

    Raises:
        InputError: If the file cannot be read.
        OptionError: If a name is blank or not text, or a new name is itself renamed.
    """
    if isinstance(alias, str | os.PathLike):
        alias = read_aliases(alias)
    if alias is not None and not isinstance(alias, Mapping):
        raise OptionError(
            f"alias must be a mapping from old to new names or the path of a file, not {alias!r}"
        )
    pairs = dict(alias or {})
    for old, new in pairs.items():
        if not isinstance(old, str) or not isinstance(new, str):
            raise OptionError(f"alias: names must be text, not {old!r} and {new!r}")
        if not old or not new.strip() or new != new.strip():
            raise OptionError(
                f"alias: {old!r} cannot be renamed to {new!r}: a name is neither blank nor begins "
                "or ends with a space"
            )
    pairs = {old: new for old, new in pairs.items() if old != new}
    for old, new in pairs.items():
        if new in pairs:
            raise OptionError(
                f"alias: {old!r} is renamed to {new!r}, and that to {pairs[new]!r}; give each old "
                f"name its final name: {old!r} to {pairs[new]!r}"
            )
    return pairs


def read_aliases(path: str | os.PathLike[str]) -> dict[str, str]:
    """Returns new names by old names from a file with two columns, in any format of logs.

    The columns are called old and new. A delimited text of two columns needs no header.

    Raises:
        InputError: If the file cannot be read, does not have these columns, or a name has two new
            names.
    """
    out: dict[str, str] = {}
    with tables(path, Hints(lambda cells: list(cells) == _HEADER)) as opened:
        for table in opened:
            if len(table.columns) == 2 and table.headerless:
                columns = table.columns
            elif set(_HEADER) <= set(table.columns):
                columns = _HEADER
            else:
                message = "aliases need two columns, old and new, but there are the columns "
                message += ", ".join(map(repr, table.columns))
                raise InputError(message, file=table.label, row=1)
            for batch in table.batches(columns, None):
                texts = (batch.text(column).cast(pl.String).fill_null("") for column in columns)
                for index, (old, new) in enumerate(zip(*texts, strict=True)):
                    if out.setdefault(old, new) != new:
                        message = f"{old!r} is renamed to both {out[old]!r} and {new!r}"
                        raise InputError(message, file=table.label, row=batch.row(index))
    return out


def checked_folds(fold: Sequence[Fold]) -> tuple[Fold, ...]:
    """Returns what spellings that are joined may differ in, in a fixed order.

    Raises:
        OptionError: If there is another word.
    """
    if isinstance(fold, str) or not all(part in FOLDS for part in fold):
        raise OptionError(f"fold must be a sequence of 'case', 'space' and 'unicode', not {fold!r}")
    return tuple(part for part in FOLDS if part in fold)


def refuse_renamed(exclude: Sequence[str], alias: Mapping[str, str]) -> None:
    """Refuses to exclude a name that does not exist after the renaming.

    Raises:
        OptionError: If an excluded name is the old name of an alias.
    """
    for old in exclude:
        if (new := alias.get(old)) is not None:
            raise OptionError(f"exclude: {old!r} is renamed to {new!r} before; exclude {new!r}")


class Renaming:
    """The renaming of the names of a log, by their codes, in one pass.

    Every code has the code of its contestant. The spellings that are joined have the code of the
    first of them, and the contestant has the spelling that `spelling` chooses at the end.

    Args:
        names: Names of the log.
        alias: New names by old names.
        folds: What the spellings of a contestant may differ in.
    """

    def __init__(self, names: Names, alias: Mapping[str, str], folds: Collection[Fold]) -> None:
        self._names = names
        self._alias = alias
        self._folds = folds
        # Old names of aliases that have not occurred yet.
        self._absent = set(alias)
        # By code: the code after the aliases, and after the joining of spellings too.
        self._aliased: list[int] = []
        self._joined: list[int] = []
        self._arrays = np.empty(0, np.uint32), np.empty(0, np.uint32)
        # By the shared form of spellings: the codes of the spellings.
        self._groups: dict[str, list[int]] = {}

    def __bool__(self) -> bool:
        """Returns whether any name can be renamed."""
        return bool(self._alias or self._folds)

    def saw(self, names: Collection[str]) -> None:
        """Registers names in rows that are left out before they are coded."""
        self._absent.difference_update(names)

    def rename(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns the codes after the aliases, and after the joining of spellings too.

        A missing name remains NULL_CODE.
        """
        self._look()
        there = codes != NULL_CODE
        aliased, joined = codes.copy(), codes.copy()
        aliased[there] = self._arrays[0][codes[there]]
        joined[there] = self._arrays[1][codes[there]]
        return aliased, joined

    def _look(self) -> None:
        """Registers the names that are new since the last call."""
        if len(self._aliased) == len(self._names):
            return
        while (known := len(self._aliased)) < len(self._names):
            for code, name in enumerate(names_from(self._names.interner, known), known):
                self._absent.discard(name)
                new = self._alias.get(name, name)
                target = code if new == name else int(self._names.encode(pl.Series([new]))[0])
                self._aliased.append(target)
                if not self._folds:
                    self._joined.append(target)
                    continue
                group = self._groups.setdefault(folded(new, self._folds), [])
                if target not in group:
                    group.append(target)
                self._joined.append(group[0])
        self._arrays = np.array(self._aliased, np.uint32), np.array(self._joined, np.uint32)

    def names(self) -> list[str]:
        """Returns the names by code, where the code of a contestant has its chosen spelling."""
        names = self._names.all
        for group in self._groups.values():
            if len(group) > 1:
                chosen = min(group, key=lambda code: self._order(names[code]))
                names[group[0]], names[chosen] = names[chosen], names[group[0]]
        return names

    def _order(self, name: str) -> tuple[bool, bool, str]:
        tidy = folded(name, ("space", "unicode")) == name
        return name not in self._alias.values(), not tidy, name

    def finish(self) -> list[str]:
        """Returns notes on the names that were renamed, after the last row.

        Raises:
            OptionError: If an old name has not occurred.
        """
        for name in sorted(self._absent):
            hint = did_you_mean(self._names.like(name))
            raise OptionError(f"alias: {name!r} does not occur in this log{hint}")
        self._look()
        self._names.merge(np.array(self._joined, np.int64))
        names = self._names.all
        notes = [
            f"renamed by alias: {name!r} to {new!r}" for name, new in sorted(self._alias.items())
        ]
        for group in self._groups.values():
            if len(group) > 1 and group[0] >= self._names.excluded:
                spellings = sorted(names[code] for code in group)
                chosen = min(spellings, key=self._order)
                notes.append(f"joined by fold: {told_apart(spellings)} as {chosen!r}")
        more = len(notes) - _NOTES
        return notes if more <= 0 else [*notes[:_NOTES], f"and {more:,} more names renamed"]
