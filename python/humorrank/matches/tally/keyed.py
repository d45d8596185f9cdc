"""Counts by group: the cells of a tally for each combination of its key columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from humorrank import _core
from humorrank.errors import InputError, OptionError
from humorrank.matches.log.periods import DATES, Period, source_of, unit_note
from humorrank.matches.outcomes import OUTCOMES

Label = str | None
"""The value of a key as text, or None if a row has no value."""


@dataclass(frozen=True, eq=False)
class Keyed:
    """Exact counts of matches by (keys, shown first, shown second, outcome).

    Attributes:
        keys: Key columns.
        labels: Values of each key, in order. A missing value is not among them.
        cells: Counts over the codes of names and labels, with the groups in the order of their
            keys.
    """

    keys: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    cells: _core.Groups = field(repr=False)

    @classmethod
    def of(
        cls,
        keys: Sequence[str],
        labels: Sequence[Sequence[str] | None],
        cells: _core.Groups,
        names: Sequence[str],
    ) -> tuple[Keyed, tuple[str, ...]]:
        """Sorts counts over arbitrary codes by names and labels.

        Args:
            keys: Key columns.
            labels: Labels of the codes of each key, or None to use the codes as text.
            cells: Counts, which are consumed.
            names: Names of the contestants.

        Returns:
            The counts, and the names of the contestants with a match, in order.
        """
        cells.grow(len(names))
        order = sorted(np.flatnonzero(cells.played()).tolist(), key=names.__getitem__)
        code_of = None if order == list(range(len(names))) else _inverse(order, len(names))
        known: list[tuple[str, ...]] = []
        renamed: list[tuple[int, np.ndarray]] = []
        held = cells.used()
        for key, codes in enumerate(cells.keys):
            some = codes != _core.NULL_CODE
            new = np.zeros(int(codes[some].max(initial=0)) + 1, np.uint32)
            new[codes[held & some]] = 1
            used = np.flatnonzero(new)
            given = labels[key]
            text = (
                pl.Series(used).cast(pl.String)
                if given is None
                else pl.Series(given, dtype=pl.String).gather(used)
            )
            # Sorted by code points, as Python sorts text.
            order_of_text = text.arg_sort().to_numpy()
            text = text.gather(order_of_text)
            starts = np.ones(len(text), np.bool_)
            starts[1:] = (text[1:] != text[:-1]).to_numpy()
            known.append(tuple(text.filter(pl.Series(starts)).to_list()))
            new[used[order_of_text]] = np.cumsum(starts) - 1
            renamed.append((key, new))
        arranged = cells.arrange(code_of, len(order), renamed, consume=True)
        return cls(tuple(keys), tuple(known), arranged), tuple(names[i] for i in order)

    def __len__(self) -> int:
        """Returns the number of groups."""
        return len(self.cells)

    def project(self, keys: Sequence[str]) -> Keyed:
        """Returns the same matches with only some of the keys, or with periods of them.

        Raises:
            OptionError: If there is no such key. The message says how to create a tally with it.
            InputError: If a value is not a date, of which a key is a period.
        """
        if tuple(keys) == self.keys:
            return self
        refuse_missing(keys, self.keys)
        labels, recoded = [], []
        for key in keys:
            if key in self.keys:
                place = self.keys.index(key)
                known, codes = self.labels[place], _identity(len(self.labels[place]))
            else:
                place = self.keys.index(str(source_of(key, self.keys)))
                known, codes = _periods(key, self.keys[place], self.labels[place])
            labels.append(known)
            recoded.append((place, codes))
        cells = self.cells.arrange(None, self.cells.contestants, recoded)
        return Keyed(tuple(keys), tuple(labels), cells)

    def notes_on(self, keys: Sequence[str]) -> list[str]:
        """Returns notes for the user on periods that `project` computes from numbers."""
        out = []
        for key in keys:
            period = Period.of(key)
            if period is not None and key not in self.keys:
                own = self.labels[self.keys.index(str(source_of(key, self.keys)))]
                found = period.labels(pl.Series(own, dtype=pl.String))
                out += [note] if (note := unit_note(period.column, found.units)) else []
        return out

    def recoded(
        self, contestants: Mapping[str, int], names: Sequence[str], labels: Sequence[Sequence[str]]
    ) -> _core.Groups:
        """Returns the cells with other codes of contestants and labels."""
        code_of = np.array([contestants[name] for name in names], np.uint32)
        renamed = []
        for key, own in enumerate(self.labels):
            place = {label: i for i, label in enumerate(labels[key])}
            renamed.append((key, np.array([place[label] for label in own], np.uint32)))
        return self.cells.arrange(code_of, len(contestants), renamed)

    @cached_property
    def table(self) -> pl.DataFrame:
        """The keys of each group, one row per group."""
        return self.labelled(self.cells.keys)

    def labelled(self, codes: Sequence[np.ndarray]) -> pl.DataFrame:
        """Returns the labels of key codes, with one column per key."""
        return pl.DataFrame(
            [
                labelled(key, labels, column)
                for key, labels, column in zip(self.keys, self.labels, codes, strict=True)
            ]
        )

    @cached_property
    def _places(self) -> dict[tuple[Label, ...], int]:
        return {row: place for place, row in enumerate(self.table.iter_rows())}

    def place(self, key: tuple[Label, ...]) -> int | None:
        """Returns the number of a group, or None if there is no such group."""
        return self._places.get(key)

    def describe(self, group: Sequence[Label]) -> str:
        """Returns a description of a group, such as "judge 'x', no prompt"."""
        return ", ".join(
            f"{key} {label!r}" if label is not None else f"no {key}"
            for key, label in zip(self.keys, group, strict=True)
        )


def checked_columns(
    keys: Sequence[str], reserved: Sequence[str], *, what: str = "key"
) -> tuple[str, ...]:
    """Returns keys as a tuple after checking them.

    Raises:
        OptionError: If they are not a sequence of names, or a name is repeated or reserved.
    """
    if isinstance(keys, str) or not all(isinstance(key, str) and key for key in keys):
        raise OptionError(f"{what}s must be a sequence of columns, not {keys!r}")
    keys = tuple(keys)
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise OptionError(f"the {what} {key!r} is given twice")
        if key in reserved:
            raise OptionError(
                f"a key cannot be named {key!r}, because the result already has a column of that "
                "name; rename the column in the log"
            )
    return keys


def labelled(name: str, labels: Sequence[str], codes: np.ndarray) -> pl.Series:
    """Returns a column of labels from their codes, with null for a missing label."""
    column = pl.Series(name, labels, dtype=pl.String)
    index = pl.Series(codes)
    if (codes == _core.NULL_CODE).any():
        index = index.replace(_core.NULL_CODE, None)
    return column.gather(index).alias(name)


def refuse_missing(asked: Sequence[str], keys: Sequence[str]) -> None:
    """Refuses keys that a tally does not have.

    Raises:
        OptionError: If one of `asked` is not in `keys`.
    """
    for key in asked:
        if key not in keys and source_of(key, keys) is None:
            held = f"its keys are {', '.join(keys)}" if keys else "it has no keys"
            wanted = ",".join(dict.fromkeys([*keys, *asked]))
            message = (
                f"the tally has no key {key!r} ({held}); create one with this key from the log: "
                f"humorrank.tally(log, keys=[...]), humorrank tally LOG -o T --keys {wanted}"
            )
            raise OptionError(message)


def _periods(key: str, source: str, labels: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """Returns the periods of the labels of another key, and the code of each label among them."""
    period = Period.of(key)
    assert period is not None
    found = period.labels(pl.Series(labels, dtype=pl.String))
    if found.bad is not None:
        value = labels[int(found.bad.argmax())]
        raise InputError(
            f"the key {source!r} of the tally has the value {value!r}, which is not a date, as "
            f"{key} needs; write it as {DATES}",
            column=source,
            value=value,
        )
    known = found.text.drop_nulls().unique().sort()
    codes = known.search_sorted(found.text).cast(pl.UInt32).to_numpy()
    codes = np.where(found.text.is_null().to_numpy(), np.uint32(_core.NULL_CODE), codes)
    return tuple(known.to_list()), codes


def _inverse(order: Sequence[int], size: int) -> np.ndarray:
    codes = np.full(size, _core.NULL_CODE, np.uint32)
    codes[np.asarray(order, np.int64)] = np.arange(len(order), dtype=np.uint32)
    return codes


def _identity(size: int) -> np.ndarray:
    return np.arange(size, dtype=np.uint32)


def not_there(
    group: str, names: Sequence[str], missing: tuple[int, int, int, float, float, int, int]
) -> InputError:
    """Returns the error for matches to subtract that a tally does not have."""
    first, second, outcome, score, weight, count, held = missing
    what = OUTCOMES[outcome]
    if what == "soft":
        what += f" {score:g}"
    if weight != 1:
        what += f" of weight {weight:g}"
    where = f"{group}: " if group else ""
    return InputError(
        f"cannot subtract: {where}{names[first]!r} shown before {names[second]!r}, outcome {what}: "
        f"{count:,} matches to subtract, but only {held:,} in the tally; subtract only what was "
        "added"
    )
