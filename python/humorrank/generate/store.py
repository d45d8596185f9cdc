"""The store of candidates: one SQLite file with every joke that was written, and every failure."""

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
from humorrank.store.faults import store_errors

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
    """What became of one (model, prompt).

    Attributes:
        prompt: the number of the prompt.
        model: the number of the model.
        text: the joke; None where there is none.
        reason: why there is none.
        missing: words of the prompt that do not occur in it.
        attempts: how often the model was asked, in earlier runs too.
        latency: seconds from the first attempt to the answer, if known.
        prompt_tokens: over all attempts, if known.
        output_tokens: over all attempts, if known.
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
    """A joke that is to be written.

    Attributes:
        number: the number of the prompt.
        prompt: the prompt.
        attempts: how often the model was asked for it in earlier runs.
        best: the joke that there is, if it is to be replaced by one that lacks fewer words.
    """

    number: int
    prompt: Prompt
    attempts: int = 0
    best: Outcome | None = None


@dataclass(frozen=True)
class Written:
    """Outcomes to be committed together.

    Attributes:
        outcomes: at most as many as a commit holds.
    """

    outcomes: Sequence[Outcome]

    def __len__(self) -> int:
        """How many."""
        return len(self.outcomes)

    def parts(self) -> Sequence[Written]:
        """Outcomes come one by one."""
        return [self]

    def write(self, connection: sqlite3.Connection) -> None:
        """Writes them, inside a transaction; a joke takes the place of an earlier failure."""
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
    version = 1
    kind = "store of candidates"
    made_by = "humorrank generate"

    @classmethod
    def at(cls, path: Path) -> CandidateStore:
        """Opens a store as its writer; makes an empty one if there is none.

        Raises:
            StoreError: it cannot be used.
        """
        if path.exists():
            return cls(path, write=True)
        if not path.parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}")
        return cls.made(path, TABLES, lambda connection: None)

    def prompts(self) -> list[Prompt]:
        """The prompts, in the order of their numbers."""
        with store_errors(self.path):
            rows = self.connection.execute(
                "SELECT id, text, kind, word1, word2 FROM prompts ORDER BY prompt"
            ).fetchall()
        return [
            Prompt(name, text, kind, None if one is None else (one, two))
            for name, text, kind, one, two in rows
        ]

    def models(self) -> dict[str, tuple[int, Mapping[str, Any]]]:
        """The models by name: number and settings."""
        with store_errors(self.path):
            rows = self.connection.execute("SELECT model, name, settings FROM models").fetchall()
        return {name: (number, json.loads(settings)) for number, name, settings in rows}

    def add(
        self, prompts: Mapping[str, Prompt], models: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Adds what is new, all or nothing.

        Args:
            prompts: id -> prompt.
            models: name -> settings.

        Returns:
            The numbers of these prompts and models.

        Raises:
            StoreError: a prompt has another text, or a model other settings, than in the store.
        """
        known = {prompt.id: (n, prompt) for n, prompt in enumerate(self.prompts())}
        for name, prompt in prompts.items():
            if name in known and known[name][1] != prompt:
                raise StoreError(
                    f"{self.path}: has another text for prompt {name!r}; --store names another "
                    "file for other prompts"
                )
        there = self.models()
        for name, settings in models.items():
            found = differences(there[name][1], settings) if name in there else []
            if found:
                raise StoreError(
                    f"{self.path}: has jokes by {name!r} under other settings: {'; '.join(found)}; "
                    "--model NAME=PROVIDER/MODEL gives it a name of its own"
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
        """What a model is still to write, in the order of the prompts' numbers.

        Args:
            prompts: number -> prompt.
            model: the number of the model.
            failures: also what it failed on.
            lacking: also jokes that lack a word of their prompt.
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
