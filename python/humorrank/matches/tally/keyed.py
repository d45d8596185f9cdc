"""Counts by group: the cells of a tally apart for each combination of its key columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl

from humorrank import _core
from humorrank.errors import OptionError

Label = str | None
"""The value of a key as text; None where a row has none."""


@dataclass(frozen=True, eq=False)
class Keyed:
    """Exact counts of matches by (keys, shown first, shown second, outcome).

    Attributes:
        keys: the key columns.
        labels: of each key, its values in order; rows without one are not among them.
        cells: the counts, over the codes of names and labels; groups in the order of their keys.
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
        """Brings counts over codes in any order into the order of names and labels.

        Args:
            keys: the key columns.
            labels: of each key, the label of each code; None for the code as text.
            cells: the counts; used up.
            names: the name of each contestant.

        Returns:
            The counts, and the names of those who have a match, in order.
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
            # In the order of code points, as that of Python is.
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
        """The number of groups."""
        return len(self.cells)

    def project(self, keys: Sequence[str]) -> Keyed:
        """The same matches by some of the keys only.

        Raises:
            OptionError: there is no such key; says how to make a tally that has it.
        """
        if tuple(keys) == self.keys:
            return self
        refuse_missing(keys, self.keys)
        kept = [self.keys.index(key) for key in keys]
        same = [(key, _identity(len(self.labels[key]))) for key in kept]
        cells = self.cells.arrange(None, self.cells.contestants, same)
        return Keyed(tuple(keys), tuple(self.labels[key] for key in kept), cells)

    def recoded(
        self, contestants: Mapping[str, int], names: Sequence[str], labels: Sequence[Sequence[str]]
    ) -> _core.Groups:
        """The cells under other codes of contestants and labels."""
        code_of = np.array([contestants[name] for name in names], np.uint32)
        renamed = []
        for key, own in enumerate(self.labels):
            place = {label: i for i, label in enumerate(labels[key])}
            renamed.append((key, np.array([place[label] for label in own], np.uint32)))
        return self.cells.arrange(code_of, len(contestants), renamed)

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a group: its keys."""
        return self.labelled(self.cells.keys)

    def labelled(self, codes: Sequence[np.ndarray]) -> pl.DataFrame:
        """Codes of keys as their labels, a column each."""
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
        """The number of a group, if there is such a group."""
        return self._places.get(key)

    def describe(self, group: Sequence[Label]) -> str:
        """A group in words: judge 'x', prompt 7."""
        return ", ".join(
            f"{key} {label!r}" if label is not None else f"no {key}"
            for key, label in zip(self.keys, group, strict=True)
        )


def checked_columns(
    keys: Sequence[str], reserved: Sequence[str], *, what: str = "key"
) -> tuple[str, ...]:
    """Keys as a tuple.

    Raises:
        OptionError: they are no sequence of names, or one stands twice or for something else.
    """
    if isinstance(keys, str) or not all(isinstance(key, str) and key for key in keys):
        raise OptionError(f"{what}s must be a sequence of columns, not {keys!r}")
    keys = tuple(keys)
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise OptionError(f"the {what} {key!r} is named twice")
        if key in reserved:
            raise OptionError(
                f"a key cannot be called {key!r}, which is a column of the result already; rename "
                "that column of the log"
            )
    return keys


def labelled(name: str, labels: Sequence[str], codes: np.ndarray) -> pl.Series:
    """A column of labels from their codes; null where there is none."""
    column = pl.Series(name, labels, dtype=pl.String)
    index = pl.Series(codes)
    if (codes == _core.NULL_CODE).any():
        index = index.replace(_core.NULL_CODE, None)
    return column.gather(index).alias(name)


def refuse_missing(asked: Sequence[str], keys: Sequence[str]) -> None:
    """Refuses keys that a tally does not have.

    Raises:
        OptionError: one of `asked` is not among `keys`.
    """
    for key in asked:
        if key not in keys:
            held = f"its keys are {', '.join(keys)}" if keys else "it has no keys"
            wanted = ",".join(dict.fromkeys([*keys, *asked]))
            message = (
                f"the tally has no key {key!r} ({held}); make one from the log that has: "
                f"humorrank tally LOG -o T.parquet --keys {wanted}"
            )
            raise OptionError(message)


def _inverse(order: Sequence[int], size: int) -> np.ndarray:
    codes = np.full(size, _core.NULL_CODE, np.uint32)
    codes[np.asarray(order, np.int64)] = np.arange(len(order), dtype=np.uint32)
    return codes


def _identity(size: int) -> np.ndarray:
    return np.arange(size, dtype=np.uint32)
