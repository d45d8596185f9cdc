"""The store: a single SQLite file that holds a whole tournament."""

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
from humorrank.store.faults import json_of, store_errors
from humorrank.store.field import Field, Prompt, SparseJokes

OWN_JUDGE = 0
"""The number of the tournament's own judge, whose verdicts change the running Elo."""

_POSITIONS = "positions"
"""The key of the state that holds one digit for each given pair."""


@dataclass(frozen=True)
class Change:
    """The creation of a store, or a later addition to it.

    Attributes:
        number: Position among the changes.
        kind: Kind of change.
        rounds: Number of rounds that were scheduled before the change.
        models: Number of contestants after the change.
        prompts: Number of prompts after the change.
        budget: Budget after the change.
        fingerprint: Settings that the tournament depends on after the change, or None for an
            import.
        source: File of an import.
        time: Time of the change, in seconds since 1970.
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
    """Comparisons that the user gave instead of a schedule, as columns of equal length.

    Attributes:
        low: Contestant with the lower number, uint32.
        high: The other contestant, uint32.
        prompt: Prompt, uint32.
        positions: Contestant to show first, uint8: 1 for `low`, 2 for `high`, 3 for each in turn.
    """

    low: np.ndarray
    high: np.ndarray
    prompt: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        """Returns the number of comparisons."""
        return len(self.low)


class Store(Database):
    """An open store."""

    application = schema.APPLICATION
    version = schema.VERSION
    checked_since = schema.SUMMED
    tables = schema.TABLES
    kind = "tournament"
    made_by = "humorrank tournament run"

    @staticmethod
    def has_version(connection: sqlite3.Connection, version: int) -> bool:
        """Returns whether the tables are those of an earlier version without checksums."""
        return version > 0 and schema.is_labeled(connection) == (version >= schema.LABELED)

    @staticmethod
    def upgrade(connection: sqlite3.Connection, version: int) -> None:
        """Changes the tables of an earlier version, within a transaction."""
        if version < schema.LABELED:
            schema.add_labels(connection)

    @staticmethod
    def imitate(connection: sqlite3.Connection, version: int) -> None:
        """Lets a reader see the tables of an earlier version as they are now."""
        if version < schema.LABELED:
            schema.imitate_labels(connection)

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
        """Creates a store, completely or not at all, and opens it as its writer.

        Args:
            path: Path of the store.
            spec: Content of the spec of the tournament as JSON values, or None for given pairs.
            field: Contestants, prompts and jokes.
            budget: Maximum number of comparisons.
            fingerprint: Settings that the store depends on. `judge.name` is the first judge.
            pairs: Pairs to judge, if the store is not of a tournament.

        Raises:
            StoreError: If the store already exists or cannot be written.
        """

        def fill(connection: sqlite3.Connection) -> None:
            _fill(connection, spec, field, budget, fingerprint, pairs)

        return cls.made(path, fill)

    @property
    def scheduled(self) -> bool:
        """Whether the store is of a tournament instead of given pairs."""
        return self.count("SELECT COUNT(*) FROM changes WHERE spec IS NOT NULL") > 0

    def spec_content(self) -> dict[str, Any]:
        """Returns the content of the spec after the last change.

        Raises:
            StoreError: If the store holds given pairs and has no spec.
        """
        with store_errors(self.path):
            row = self.connection.execute(
                "SELECT spec FROM changes WHERE spec IS NOT NULL ORDER BY change DESC LIMIT 1"
            ).fetchone()
        if row is None:
            raise StoreError(
                f"{self.path}: holds given pairs, not a tournament; continue judging them with "
                f"`humorrank judge {self.path} --judge PROVIDER/MODEL`"
            )
        content: dict[str, Any] = json_of(self.path, "spec", row[0])
        return content

    def changes(self) -> list[Change]:
        """Returns all changes, in order."""
        with store_errors(self.path):
            rows = self.connection.execute(
                "SELECT change, kind, rounds, models, prompts, budget, fingerprint, source, time "
                "FROM changes ORDER BY change"
            ).fetchall()
        if not rows:
            raise StoreError(f"{self.path}: is damaged: the record of its creation is missing")
        return [
            Change(
                *(number, kind, rounds, models, prompts, budget),
                fingerprint=json_of(self.path, "fingerprint", found) if found else None,
                source=source,
                time=when,
            )
            for number, kind, rounds, models, prompts, budget, found, source, when in rows
        ]

    def fingerprint(self) -> Mapping[str, Any]:
        """Returns the settings that the tournament depends on now."""
        found = [c.fingerprint for c in self.changes() if c.fingerprint is not None]
        if not found or "judge.name" not in found[-1]:
            raise StoreError(f"{self.path}: is damaged: its fingerprint is missing")
        return found[-1]

    def budget(self) -> int:
        """Returns the maximum number of comparisons."""
        return self.changes()[-1].budget

    def field(self) -> Field:
        """Returns the contestants, the prompts and the jokes."""
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
        incomplete = any(len(row) != len(models) for row in jokes)
        if incomplete and self.spec_content().get("missing") != "skip":
            raise StoreError(f"{self.path}: is damaged: some jokes are missing")
        numbers = range(len(models))
        return Field(models, prompts, [[row.get(i, "") for i in numbers] for row in jokes])

    def given_positions(self) -> np.ndarray:
        """Returns the position of each given pair, as in `GivenPairs`."""
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
        """Records a change within a transaction and returns its number."""
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
    """Adds the contestants and prompts of a field beyond the given numbers of them."""
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
