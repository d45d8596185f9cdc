"""Decoders of ballots, each of which compares several models: rankings, and best-worst choices.

Every ballot becomes the pairs of its models. The better model of a pair comes first, because a
ballot does not say who was shown first.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank.matches.log.formats.decode import (
    BadRow,
    Decoded,
    Decoder,
    DecoderSettings,
    Problem,
    no_problem,
)
from humorrank.matches.log.formats.words import normalized
from humorrank.matches.log.tables.batch import (
    RowBatch,
    is_missing,
    scalar_text,
    shortened_value,
)
from humorrank.matches.outcomes import FIRST, TIE, UNJUDGED_WORDS

MOST_ITEMS: Final = 5_000
"""The largest number of models on a ballot, whose number of pairs grows with the square."""

TWICE: Final = "model twice on a ballot"
ALONE: Final = "ballot of one model"
LARGE: Final = "ballot too large"
EMPTY: Final = "empty name"

_SEPARATORS: Final = (";", "|", ",")
_HOW: Final = "write the names from best to worst with > between them, and = between equal ones"


class _BallotError(Exception):
    """Raised for a ballot that gives no matches, with the kind and the role of the error."""

    def __init__(self, kind: str, message: str, role: str = "items") -> None:
        self.kind = kind
        self.role = role
        super().__init__(message)


def one_model_a_row(_: DecoderSettings) -> Decoder:
    """Decodes nothing, because such rows are gathered into ballots from the whole log."""

    def decode(batch: RowBatch, at: Mapping[str, str]) -> Decoded:
        raise AssertionError("the rows of a ballot are gathered from the whole log")

    return decode


def ranking(_: DecoderSettings) -> Decoder:
    """Decodes a column of rankings, best first: lists, or text such as m3>m1=m2."""

    def decode(batch: RowBatch, at: Mapping[str, str]) -> Decoded:
        column = at["ranking"]
        pairs = _Pairs()
        for row, value in enumerate(batch.frame.get_column(column).to_list()):
            try:
                groups = _ranked(value)
                if groups is None:
                    pairs.unjudged.append(row)
                    continue
                pairs.add(row, _checked([name for group in groups for name in group]), groups)
            except _BallotError as error:
                pairs.leave(row, error, column, value)
        return pairs.decoded()

    return decode


def best_worst(_: DecoderSettings) -> Decoder:
    """Decodes the best and the worst of the models that were shown.

    The best beats all others, and all others beat the worst. Nothing is known about the pairs of
    those in between.
    """

    def decode(batch: RowBatch, at: Mapping[str, str]) -> Decoded:
        ends = [batch.text(at[role]).to_list() for role in ("best", "worst")]
        pairs = _Pairs()
        for row, (shown, *choice) in enumerate(zip(_shown(batch, at), *ends, strict=True)):
            if all(map(_blank, choice)):
                pairs.unjudged.append(row)
                continue
            try:
                names = _chosen(shown, *choice)
                between = names[1:-1]
                pairs.add(row, names, [names[:1], between, names[-1:]], tied=False)
            except _BallotError as error:
                column = at[error.role] if error.role in at else at["best"]
                pairs.leave(row, error, column, batch.value(column, row))
        return pairs.decoded()

    def _shown(batch: RowBatch, at: Mapping[str, str]) -> Iterator[Any]:
        if "items" in at:
            for value in batch.frame.get_column(at["items"]).to_list():
                try:
                    yield _listed(value) or []
                except _BallotError as error:
                    yield error
            return
        columns = [batch.text(at[role]).to_list() for role in at if role.startswith("item_")]
        for names in zip(*columns, strict=True):
            yield [name for name in names if not _blank(name)]

    return decode


def _chosen(shown: Any, best: str | None, worst: str | None) -> list[str]:  # noqa: ANN401
    """Returns the models shown, the best one first and the worst one last.

    Raises:
        _BallotError: If the models or the choice are invalid.
    """
    if isinstance(shown, _BallotError):
        raise shown
    names = _checked(shown)
    for role, name in (("best", best), ("worst", worst)):
        if _blank(name):
            raise _BallotError("best or worst is missing", f"the {role} is missing", role)
        if name not in names:
            message = f"{shortened_value(name)} is not among the models shown: "
            message += ", ".join(map(shortened_value, names))
            raise _BallotError("best or worst was not shown", message, role)
    if best == worst:
        message = f"{shortened_value(best)} is both the best and the worst"
        raise _BallotError("best is also worst", message, "worst")
    return [str(best), *(name for name in names if name not in (best, worst)), str(worst)]


@dataclass
class _Pairs:
    """The pairs of the ballots of a batch."""

    names: list[str] = field(default_factory=list)
    first: list[np.ndarray] = field(default_factory=list)
    second: list[np.ndarray] = field(default_factory=list)
    outcome: list[np.ndarray] = field(default_factory=list)
    source: list[tuple[int, int]] = field(default_factory=list)
    left: list[BadRow] = field(default_factory=list)
    unjudged: list[int] = field(default_factory=list)

    def add(
        self,
        row: int,
        names: Sequence[str],
        groups: Sequence[Sequence[object]],
        *,
        tied: bool = True,
    ) -> None:
        """Adds the pairs of a ballot.

        Args:
            row: Row of the batch.
            names: Names, from best to worst.
            groups: Groups of names that are equal, from best to worst.
            tied: Whether equal names are ties. Otherwise nothing is known about their pairs.
        """
        first, second, outcome = _pattern(tuple(map(len, groups)), tied)
        start = len(self.names)
        self.names += names
        self.first.append(first + start)
        self.second.append(second + start)
        self.outcome.append(outcome)
        self.source.append((row, len(outcome)))

    def leave(self, row: int, error: _BallotError, column: str, value: object) -> None:
        """Leaves out a bad row."""
        self.left.append(BadRow(row, error.kind, Problem(column, value, str(error))))

    def decoded(self) -> Decoded:
        """Returns the matches of all ballots that were added."""
        names = pl.Series(self.names, dtype=pl.String)
        rows, pairs = np.array(self.source, np.int64).reshape(-1, 2).T
        return Decoded(
            names.gather(_joined(self.first, np.int64)),
            names.gather(_joined(self.second, np.int64)),
            _joined(self.outcome, np.uint8),
            "",
            no_problem,
            source=np.repeat(rows, pairs),
            left=self.left,
            unjudged=self.unjudged,
        )


def _joined(parts: Sequence[np.ndarray], dtype: type[np.generic]) -> np.ndarray:
    joined: np.ndarray = np.concatenate([*parts, np.empty(0, dtype)])
    return joined.astype(dtype, copy=False)


@lru_cache(maxsize=4096)
def _pattern(sizes: tuple[int, ...], tied: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the pairs of a ballot as positions, and their outcomes.

    Args:
        sizes: Number of models in each group of equal ones, from best to worst.
        tied: Whether the models of a group tie. Otherwise their pairs are left out.
    """
    group = np.repeat(np.arange(len(sizes)), sizes)
    first, second = np.triu_indices(len(group), 1)
    outcome = np.where(group[first] == group[second], TIE, FIRST).astype(np.uint8)
    if not tied:
        known = outcome == FIRST
        first, second, outcome = first[known], second[known], outcome[known]
    return first, second, outcome


def _checked(values: Sequence[object]) -> list[str]:
    """Returns the models of a ballot as names.

    Raises:
        _BallotError: If they are not at least two different names.
    """
    names: list[str] = []
    for value in values:
        if isinstance(value, dict | list | tuple | set | bytes | np.ndarray):
            raise _BallotError("not a name", f"{shortened_value(value)} is not a name")
        name = scalar_text(value)
        if name is None or not name.strip():
            message = f"{shortened_value(value)} is not a name; every model of a ballot needs one"
            raise _BallotError(EMPTY, message)
        names.append(name)
    if len(names) == 1:
        message = f"has only one model, {shortened_value(names[0])}; a ballot compares at least two"
        raise _BallotError(ALONE, f"{message}: {_HOW} (m3>m1=m2), or use a list")
    if not names:
        raise _BallotError(ALONE, "has no models; a ballot compares at least two")
    if len(names) > MOST_ITEMS:
        message = f"has {len(names):,} models, but a ballot may have at most {MOST_ITEMS:,}"
        raise _BallotError(LARGE, message)
    if len(set(names)) < len(names):
        again = next(name for i, name in enumerate(names) if name in names[:i])
        raise _BallotError(TWICE, f"{shortened_value(again)} occurs twice on the ballot")
    return names


def _blank(name: str | None) -> bool:
    return name is None or not name.strip()


def _ranked(value: Any) -> list[list[object]] | None:  # noqa: ANN401 - whatever a file holds
    """Returns the groups of equal models of a ranking, best first, or None without a ranking."""
    if isinstance(value, str) and not value.lstrip().startswith("["):
        text = value.strip()
        if normalized(text) in UNJUDGED_WORDS:
            return None
        if ">" not in text and "=" not in text:
            return [[name] for name in _listed(text) or ()]
        return [[name.strip() for name in group.split("=")] for group in text.split(">")]
    values = _listed(value)
    if not values:
        return None
    return [
        list(each) if isinstance(each, list | tuple | np.ndarray) else [each] for each in values
    ]


def _listed(value: Any) -> list[Any] | None:  # noqa: ANN401 - whatever a file holds
    """Returns a list, which may be written as text, or None for a missing value.

    Raises:
        _BallotError: If the value is not a list.
    """
    if isinstance(value, pl.Series | np.ndarray):
        return list(value.tolist() if isinstance(value, np.ndarray) else value.to_list())
    if isinstance(value, list | tuple):
        return list(value)
    if is_missing(value):
        return None
    if not isinstance(value, str):
        raise _BallotError("not a list", f"{shortened_value(value)} is not a list of models")
    text = value.strip()
    if text.startswith("["):
        return _parsed(text)
    found = [mark for mark in _SEPARATORS if mark in text]
    if len(found) > 1:
        message = f"{shortened_value(value)} contains {found[0]!r} and {found[1]!r}, so it is not "
        message += "clear which of them separates the names; use a list in JSON (['m3', 'm1'])"
        raise _BallotError("not a list", message.replace("'m3', 'm1'", '"m3", "m1"'))
    if not found:
        return [text] if text else None
    # Forms end each name with the separator, including the last.
    return [name.strip() for name in text.removesuffix(found[0]).split(found[0])]


def _parsed(text: str) -> list[Any]:
    """Returns a list written in JSON, or as Python prints it."""
    for parse in (json.loads, ast.literal_eval):
        try:
            values = parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(values, list):
            return values
    message = f'{shortened_value(text)} is not a list in JSON, such as ["m3", "m1", "m2"]'
    raise _BallotError("not a list", message)
