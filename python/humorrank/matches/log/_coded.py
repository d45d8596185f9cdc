"""The fast path for reading a log, which reads columns as codes and checks the codes.

It handles the usual formats and values. Everything else, including bad rows, is left to the general
path, which continues from the first row that was not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from humorrank._core import (
    NO_COUNT,
    NULL_CODE,
    CheckedRows,
    CodeReader,
    Interner,
    check_codes,
    known_codes,
    names_from,
)
from humorrank.matches.log._names import Names
from humorrank.matches.log.formats.readings import Binding
from humorrank.matches.log.formats.words import WORDS, normalized
from humorrank.matches.log.tables.batch import RowBatch, good_counts
from humorrank.matches.log.tables.table import Reader, Wanted
from humorrank.matches.outcomes import BAD, BOTH_BAD, FIRST, SECOND, TIE, UNJUDGED

_WINNER_FIRST: Final = frozenset({"winner-loser", "chosen-rejected", "headerless"})
_WORD_TABLES: Final[Mapping[str, Mapping[str, int]]] = {
    "winner-word": WORDS,
    "winner-name": {w: o for w, o in WORDS.items() if o in (TIE, BOTH_BAD, UNJUDGED)},
}
_NAMES, _WORDS, _COUNTS, FURTHER = range(4)


@dataclass(frozen=True)
class CodedRows:
    """Rows as codes.

    Attributes:
        columns: Codes of each column.
        times: Number of times that each row occurred, or None if the rows are in the order of the
            log, each occurring once.
    """

    columns: Sequence[np.ndarray]
    times: np.ndarray | None = None

    @property
    def rows(self) -> int:
        """The number of rows of the log."""
        return len(self.columns[0]) if self.times is None else int(self.times.sum())

    def part(self, columns: int) -> CodedRows:
        """Returns only the given number of first columns."""
        return CodedRows(self.columns[:columns], self.times)


def read_coded(reader: Reader, interners: Sequence[Interner], *, counted: bool) -> CodedRows | None:
    """Returns the next rows, or None after the last.

    Args:
        reader: Reader of the rows.
        interners: Interners that assign the codes.
        counted: Whether the rows may be in any order, with equal rows merged.

    Raises:
        UnusualError: As in `Reader.read`.
    """
    if counted and isinstance(reader, CodeReader):
        found = reader.count(interners)
        return None if found is None else CodedRows(*found)
    columns = reader.read(interners)
    return None if columns is None else CodedRows(columns)


def wanted(binding: Binding) -> Wanted | None:
    """Returns the columns to read as codes, or None if codes are not sufficient."""
    columns = binding.columns
    if "weight" in binding.extras:
        return None
    if binding.reading.name in _WINNER_FIRST:
        out = [(columns["winner"], _NAMES), (columns["loser"], _NAMES)]
    elif binding.reading.name in _WORD_TABLES:
        out = [(columns["model_a"], _NAMES), (columns["model_b"], _NAMES)]
        out.append((columns["winner"], _WORDS))
    else:
        return None
    if "count" in binding.extras:
        out.append((binding.extras["count"], _COUNTS))
    return out


class Coder:
    """The meaning of codes in one pass over a log.

    Args:
        names: Names of the log.
        clashes: Whether to refuse a winner word that is also the name of the model on the other
            side.
        words: Outcomes of the words of a vocabulary of the user's own.
    """

    def __init__(
        self, names: Names, *, clashes: bool, words: Mapping[str, int] | None = None
    ) -> None:
        self._names = names
        self._clashes = clashes and words is None
        self._tables = _WORD_TABLES if words is None else {**_WORD_TABLES, "winner-word": words}
        self._words = Interner()
        self._counts = Interner()
        # By the code of a word: its spelling, its outcome, and the code of the name it equals.
        self._written: list[str] = []
        self._outcomes = bytes([UNJUDGED])
        self._word_names: list[int] = []
        self._winner_names: np.ndarray | None = None
        self._names_known = 0
        # By the code of a count.
        self._amounts = np.array([NO_COUNT], np.uint64)

    @property
    def interners(self) -> list[Interner]:
        """The interners of names, words and counts. Those of further columns follow."""
        return [self._names.interner, self._words, self._counts]

    def judge(self, rows: CodedRows, binding: Binding) -> CheckedRows | None:
        """Checks rows and selects those to rate. Returns None if any row has an error."""
        names = self._names
        names.look()
        first, second, *others = rows.columns
        by_word = binding.reading.name in _WORD_TABLES
        by_name = binding.reading.name == "winner-name"
        winner = others.pop(0) if by_word else None
        count = others.pop(0) if others else None
        if winner is not None:
            self._look_at_words(self._tables[binding.reading.name], exact=by_name)
            if (self._clashes or by_name) and self._clash(first, second, winner):
                return None
        if count is not None:
            self._look_at_counts()
        judged = check_codes(
            first,
            second,
            winner,
            self._outcomes,
            names=len(names),
            winner_names=self._winner_names,
            count=count,
            counts=None if count is None else self._amounts,
            times=rows.times,
            excluded=names.excluded,
        )
        if judged.faults or names.missing_any(first, second):
            return None
        return judged

    def _look_at_words(self, table: Mapping[str, int], *, exact: bool) -> None:
        """Registers new words, and words that have since occurred as names."""
        known = len(self._written)
        if len(self._words) > known:
            new = names_from(self._words, known)
            self._written += new
            outcomes = [table.get(normalized(word), BAD) for word in new]
            self._outcomes = self._outcomes[:-1] + bytes([*outcomes, UNJUDGED])
            self._word_names += [NULL_CODE] * len(new)
        elif len(self._names) == self._names_known:
            return
        self._names_known = len(self._names)
        open_ = [word for word, name in enumerate(self._word_names) if name == NULL_CODE]
        texts = [self._written[word] if exact else self._written[word].strip() for word in open_]
        for word, name in zip(open_, known_codes(self._names.interner, texts), strict=True):
            self._word_names[word] = name
        if exact:
            self._winner_names = np.array(self._word_names, np.uint32)

    def _clash(self, first: np.ndarray, second: np.ndarray, winner: np.ndarray) -> bool:
        for word, name in enumerate(self._word_names):
            outcome = self._outcomes[word]
            if name == NULL_CODE or outcome == BAD or not self._written[word].strip():
                continue
            said = winner == word
            for side, codes in ((FIRST, first), (SECOND, second)):
                if outcome != side and bool((said & (codes == name)).any()):
                    return True
        return False

    def _look_at_counts(self) -> None:
        known = len(self._amounts) - 1
        if len(self._counts) > known:
            texts = pl.DataFrame({"count": names_from(self._counts, known)})
            values = RowBatch("", texts, 1).numbers("count").values
            good = good_counts(values)
            amounts = np.full(len(values), NO_COUNT, np.uint64)
            amounts[good] = values[good].astype(np.uint64)
            self._amounts = np.concatenate(
                [self._amounts[:-1], amounts, np.array([NO_COUNT], np.uint64)]
            )
