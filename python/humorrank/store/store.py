"""The store: one SQLite file that holds a whole tournament."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from humorrank.errors import StoreError
from humorrank.store import schema
from humorrank.store.database import Database
from humorrank.store.faults import store_errors
from humorrank.store.field import Field, Prompt, SparseJokes

OWN_JUDGE = 0
"""The number of the tournament's own judge, whose verdicts move the running Elo."""

_POSITIONS = "positions"
"""The key of the state that holds a digit for each given pair."""


@dataclass(frozen=True)
class Change:
    """How a store began, and what was added to it from outside.

    Attributes:
        number: its place among the changes.
        kind: what it was.
        rounds: how many rounds were scheduled before it.
        models: how many contestants there are since.
        prompts: how many prompts there are since.
        budget: the budget since.
        fingerprint: what the tournament depends on since; None for an import.
        source: the file of an import.
        time: when, in seconds since 1970.
    """

    number: int
    kind: Literal["start", "extend", "import"]
    rounds: int
    models: int
    prompts: int
    budget: int
    fingerprint: Mapping[str, Any] | None
    source: str | None
    time: float


@dataclass(frozen=True)
class GivenPairs:
    """Comparisons that no schedule made, as columns of equal length.

    Attributes:
        low: uint32, the contestant of the lower number.
        high: uint32, the other.
        prompt: uint32, the prompt.
        positions: uint8, who is to be shown first: 1 `low`, 2 `high`, 3 each in turn.
    """

    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        """How many comparisons."""
        return len(self.low)


class Store(Database):
    """An open store."""

    application = schema.APPLICATION
    version = schema.VERSION
    kind = "tournament"
    made_by = "humorrank tournament run"

    def __init__(self, path: Path, *, write: bool) -> None:
        """Opens a store, of this version or an earlier one; see `Database`."""
        super().__init__(path, write=write)
        with store_errors(path):
            schema.upgrade(self.connection, write=write)

    @classmethod
    def create(
        cls,
        path: Path,
        spec: Mapping[str, Any] | None,
        field: Field,
        budget: int,
        fingerprint: Mapping[str, Any],
        pairs: GivenPairs | None = None,
    ) -> Store:
        """Makes a store, whole or not at all, and opens it as its writer.

        Args:
            path: where.
            spec: the content of the tournament's spec, as JSON values; None where pairs are given.
            field: who is judged.
            budget: how many comparisons there may be.
            fingerprint: what everything depends on; `judge.name` is the first judge.
            pairs: what is to be judged, where there is no tournament.

        Raises:
            StoreError: it is there already, or cannot be written.
        """

        def fill(connection: sqlite3.Connection) -> None:
            _fill(connection, spec, field, budget, fingerprint, pairs)

        return cls.made(path, schema.TABLES, fill)

    @property
    def scheduled(self) -> bool:
        """Whether it is a tournament's, and not one of given pairs."""
        return self.count("SELECT COUNT(*) FROM changes WHERE spec IS NOT NULL") > 0

    def spec_content(self) -> dict[str, Any]:
        """The content of the spec, as the last change left it.

        Raises:
            StoreError: it has none, since it holds given pairs.
        """
        with store_errors(self.path):
            row = self.connection.execute(
                "SELECT spec FROM changes WHERE spec IS NOT NULL ORDER BY change DESC LIMIT 1"
            ).fetchone()
        if row is None:
            raise StoreError(
                f"{self.path}: holds given pairs, which no tournament schedules; `humorrank judge "
                f"{self.path} --judge PROVIDER/MODEL` goes on with them"
            )
        content: dict[str, Any] = json.loads(row[0])
        return content

    def changes(self) -> list[Change]:
        """All changes, in order."""
        with store_errors(self.path):
            rows = self.connection.execute(
                "SELECT change, kind, rounds, models, prompts, budget, fingerprint, source, time "
                "FROM changes ORDER BY change"
            ).fetchall()
        if not rows:
            raise StoreError(f"{self.path}: is damaged: it does not say how it began")
        return [
            Change(
                *(number, kind, rounds, models, prompts, budget),
                fingerprint=json.loads(found) if found else None,
                source=source,
                time=when,
            )
            for number, kind, rounds, models, prompts, budget, found, source, when in rows
        ]

    def fingerprint(self) -> Mapping[str, Any]:
        """What the tournament depends on now."""
        found = [c.fingerprint for c in self.changes() if c.fingerprint is not None]
        return found[-1]

    def budget(self) -> int:
        """How many comparisons there may be."""
        return self.changes()[-1].budget

    def field(self) -> Field:
        """The contestants, the prompts and the jokes."""
        with store_errors(self.path):
            ask = self.connection.execute
            models = [name for (name,) in ask("SELECT name FROM models ORDER BY model")]
            prompts = [
                Prompt(name, text, kind, None if one is None else (one, two))
                for name, text, kind, one, two in ask(
                    "SELECT id, text, kind, word1, word2 FROM prompts ORDER BY prompt"
                )
            ]
            jokes: list[dict[int, str]] = [{} for _ in prompts]
            for prompt, model, text in ask("SELECT prompt, model, text FROM jokes ORDER BY 1, 2"):
                jokes[prompt][model] = text
        if not self.scheduled:
            return Field(models, prompts, [SparseJokes(row, len(models)) for row in jokes])
        if any(len(row) != len(models) for row in jokes):
            raise StoreError(f"{self.path}: is damaged: some jokes are missing")
        return Field(models, prompts, [list(row.values()) for row in jokes])

    def given_positions(self) -> np.ndarray:
        """The positions of given pairs, one a comparison, as of `GivenPairs`."""
        return np.frombuffer((self.state(_POSITIONS) or "").encode(), np.uint8) - ord("0")

    def add_change(
        self,
        kind: Literal["extend", "import"],
        *,
        models: int,
        prompts: int,
        budget: int,
        spec: Mapping[str, Any] | None = None,
        fingerprint: Mapping[str, Any] | None = None,
        source: str | None = None,
    ) -> int:
        """Notes a change, inside a transaction; returns its number."""
        rounds = self.count("SELECT COUNT(*) FROM rounds")
        number = self.count("SELECT COUNT(*) FROM changes")
        self.connection.execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                kind,
                rounds,
                models,
                prompts,
                budget,
                None if spec is None else json.dumps(spec, ensure_ascii=False),
                None if fingerprint is None else json.dumps(fingerprint, ensure_ascii=False),
                source,
                time.time(),
            ),
        )
        return number


def write_field(connection: sqlite3.Connection, field: Field, models: int, prompts: int) -> None:
    """Adds what a field has beyond so many contestants and prompts."""
    connection.executemany(
        "INSERT INTO models VALUES (?, ?)", list(enumerate(field.models))[models:]
    )
    connection.executemany(
        "INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, p.id, p.text, p.kind, *(p.words or (None, None)))
            for number, p in list(enumerate(field.prompts))[prompts:]
        ],
    )
    connection.executemany(
        "INSERT INTO jokes VALUES (?, ?, ?)",
        (
            (prompt, model, text)
            for prompt, row in enumerate(field.jokes)
            for model, text in enumerate(row)
            if text and (prompt >= prompts or model >= models)
        ),
    )


def _fill(
    connection: sqlite3.Connection,
    spec: Mapping[str, Any] | None,
    field: Field,
    budget: int,
    fingerprint: Mapping[str, Any],
    pairs: GivenPairs | None,
) -> None:
    write_field(connection, field, 0, 0)
    connection.execute("INSERT INTO judges VALUES (?, ?)", (OWN_JUDGE, fingerprint["judge.name"]))
    connection.execute(
        "INSERT INTO changes VALUES (0, 'start', 0, ?, ?, ?, ?, ?, NULL, ?)",
        (
            len(field.models),
            len(field.prompts),
            budget,
            None if spec is None else json.dumps(spec, ensure_ascii=False),
            json.dumps(fingerprint, ensure_ascii=False),
            time.time(),
        ),
    )
    if pairs is not None:
        _write_pairs(connection, pairs)


def _write_pairs(connection: sqlite3.Connection, pairs: GivenPairs) -> None:
    columns = (column.tolist() for column in (pairs.low, pairs.high, pairs.prompt))
    connection.executemany(
        "INSERT INTO comparisons VALUES (?, NULL, 0, ?, ?, ?)",
        zip(range(len(pairs)), *columns, strict=True),
    )
    digits = (pairs.positions + ord("0")).astype(np.uint8).tobytes().decode()
    connection.execute("INSERT INTO state VALUES (?, ?)", (_POSITIONS, digits))
