"""The store of candidates, a SQLite file with all jokes and failures."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from humorrank.errors import StoreError
from humorrank.judge import Prompt
from humorrank.store.database import Database
from humorrank.store.differences import differences
from humorrank.store.faults import json_of, store_errors

TABLES: Final = """
CREATE TABLE prompts (
  prompt INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  kind TEXT NOT NULL,
  word1 TEXT,
  word2 TEXT
);
CREATE TABLE models (
  model INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  settings TEXT NOT NULL
);
CREATE TABLE jokes (
  prompt INTEGER NOT NULL REFERENCES prompts,
  model INTEGER NOT NULL REFERENCES models,
  text TEXT NOT NULL,
  missing TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  latency REAL,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  time REAL NOT NULL,
  PRIMARY KEY (prompt, model)
) WITHOUT ROWID;
CREATE TABLE failures (
  prompt INTEGER NOT NULL REFERENCES prompts,
  model INTEGER NOT NULL REFERENCES models,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  latency REAL,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  time REAL NOT NULL,
  PRIMARY KEY (prompt, model)
) WITHOUT ROWID;
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Outcome:
    """The joke or the failure of one model on one prompt.

    Attributes:
        prompt: Number of the prompt.
        model: Number of the model.
        text: The joke; None for a failure.
        reason: Reason for a failure.
        missing: Words of the prompt that do not occur in the joke.
        attempts: Number of attempts, including those in earlier runs.
        latency: Seconds from the first attempt to the answer, if known.
        prompt_tokens: Prompt tokens of all attempts, if known.
        output_tokens: Output tokens of all attempts, if known.
    """

    prompt: int
    model: int
    text: str | None
    reason: str = ""
    missing: tuple[str, ...] = ()
    attempts: int = 1
    latency: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True)
class Wanted:
    """A joke that should be written.

    Attributes:
        number: Number of the prompt.
        prompt: The prompt.
        attempts: Number of attempts in earlier runs.
        best: The present joke, if it should be replaced by one that lacks fewer words.
    """

    number: int
    prompt: Prompt
    attempts: int = 0
    best: Outcome | None = None


@dataclass(frozen=True)
class Written:
    """Outcomes that are committed together.

    Attributes:
        outcomes: The outcomes, at most as many as one commit can hold.
    """

    outcomes: Sequence[Outcome]

    def __len__(self) -> int:
        """Returns the number of outcomes."""
        return len(self.outcomes)

    def parts(self) -> Sequence[Written]:
        """Returns the parts for separate commits: there is only one."""
        return [self]

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes the outcomes within a transaction; each replaces an earlier failure."""
        now = time.time()
        for outcome in self.outcomes:
            place = outcome.prompt, outcome.model
            tokens = outcome.prompt_tokens, outcome.output_tokens
            how = outcome.attempts, outcome.latency, *tokens, now
            connection.execute("DELETE FROM failures WHERE (prompt, model) = (?, ?)", place)
            if outcome.text is None:
                connection.execute(
                    "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*place, outcome.reason, *how),
                )
            else:
                missing = json.dumps(outcome.missing, ensure_ascii=False)
                connection.execute(
                    "INSERT OR REPLACE INTO jokes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*place, outcome.text, missing, *how),
                )


class CandidateStore(Database):
    """An open store of candidates."""

    application = 0x4A6F4361
    version = 2
    checked_since = 2
    tables = TABLES
    kind = "store of candidates"
    made_by = "humorrank generate"

    @classmethod
    def at(cls, path: Path) -> CandidateStore:
        """Opens a store for writing, and creates an empty one if there is none.

        Raises:
            StoreError: If the store cannot be used.
        """
        if path.exists():
            return cls(path, write=True)
        if not path.parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}")
        return cls.made(path, lambda connection: None)

    def prompts(self) -> list[Prompt]:
        """Returns the prompts in the order of their numbers."""
        with store_errors(self.path):
            rows = self.connection.execute(
                "SELECT id, text, kind, word1, word2 FROM prompts ORDER BY prompt"
            ).fetchall()
        return [
            Prompt(name, text, kind, None if one is None else (one, two))
            for name, text, kind, one, two in rows
        ]

    def models(self) -> dict[str, tuple[int, Mapping[str, Any]]]:
        """Returns the number and the settings of each model, by name."""
        with store_errors(self.path):
            rows = self.connection.execute("SELECT model, name, settings FROM models").fetchall()
        return {
            name: (number, json_of(self.path, "settings", settings))
            for number, name, settings in rows
        }

    def add(
        self, prompts: Mapping[str, Prompt], models: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Adds new prompts and models, in one transaction.

        Args:
            prompts: Mapping from id to prompt.
            models: Mapping from name to settings.

        Returns:
            The numbers of these prompts and models.

        Raises:
            StoreError: If the text of a prompt or the settings of a model differ from the store.
        """
        known = {prompt.id: (n, prompt) for n, prompt in enumerate(self.prompts())}
        for name, prompt in prompts.items():
            if name in known and known[name][1] != prompt:
                raise StoreError(
                    f"{self.path}: has another text for prompt {name!r}; keep other prompts in "
                    "another store (--store)"
                )
        there = self.models()
        for name, settings in models.items():
            found = differences(there[name][1], settings) if name in there else []
            if found:
                raise StoreError(
                    f"{self.path}: has jokes by {name!r} with other settings: {'; '.join(found)}; "
                    "give this model another name (--model NAME=PROVIDER/MODEL)"
                )
        new = [prompt for name, prompt in sorted(prompts.items()) if name not in known]
        places = {name: number for name, (number, _) in known.items()}
        places |= {prompt.id: len(known) + i for i, prompt in enumerate(new)}
        numbers = {name: number for name, (number, _) in there.items()}
        numbers |= {
            name: len(there) + i for i, name in enumerate(m for m in models if m not in there)
        }
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO prompts VALUES (?, ?, ?, ?, ?, ?)",
                [(places[p.id], p.id, p.text, p.kind, *(p.words or (None, None))) for p in new],
            )
            connection.executemany(
                "INSERT INTO models VALUES (?, ?, ?)",
                [
                    (numbers[name], name, json.dumps(settings, ensure_ascii=False))
                    for name, settings in models.items()
                    if name not in there
                ],
            )
        return {name: places[name] for name in prompts}, {name: numbers[name] for name in models}

    def wanted(
        self, prompts: Mapping[int, Prompt], model: int, *, failures: bool, lacking: bool
    ) -> list[Wanted]:
        """Returns the jokes that a model should still write, in the order of the prompts' numbers.

        Args:
            prompts: Mapping from number to prompt.
            model: Number of the model.
            failures: Whether prompts on which the model failed are included.
            lacking: Whether jokes that lack a word of their prompt are included.
        """
        with store_errors(self.path):
            jokes = self.connection.execute(
                "SELECT prompt, text, missing, attempts FROM jokes WHERE model = ?", (model,)
            ).fetchall()
            failed = self.connection.execute(
                "SELECT prompt, attempts FROM failures WHERE model = ?", (model,)
            ).fetchall()
        wanted = {number: Wanted(number, prompt) for number, prompt in prompts.items()}
        for number, attempts in failed:
            if not failures:
                wanted.pop(number, None)
            elif number in wanted:
                wanted[number] = Wanted(number, prompts[number], attempts)
        for number, text, missing, attempts in jokes:
            lost = tuple(json.loads(missing))
            if not (lost and lacking):
                wanted.pop(number, None)
            elif number in wanted:
                best = Outcome(number, model, text, missing=lost, attempts=attempts)
                wanted[number] = Wanted(number, prompts[number], attempts, best)
        return [wanted[number] for number in sorted(wanted)]
