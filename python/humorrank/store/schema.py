"""The tables of a store, which docs/guides/tournaments.md explains."""

from __future__ import annotations

import sqlite3
from typing import Final

APPLICATION: Final = 0x4A6F6B65
"""SQLite's application_id of a store ("Joke")."""

VERSION: Final = 3
"""SQLite's user_version of a store. Stores with a higher version are refused."""

TABLES: Final = """
CREATE TABLE changes (
  change INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('start', 'extend', 'import')),
  rounds INTEGER NOT NULL,
  models INTEGER NOT NULL,
  prompts INTEGER NOT NULL,
  budget INTEGER NOT NULL,
  spec TEXT,
  fingerprint TEXT,
  source TEXT,
  time REAL NOT NULL
);
CREATE TABLE models (
  model INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE prompts (
  prompt INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  text TEXT NOT NULL,
  kind TEXT NOT NULL,
  word1 TEXT,
  word2 TEXT
);
CREATE TABLE jokes (
  prompt INTEGER NOT NULL REFERENCES prompts,
  model INTEGER NOT NULL REFERENCES models,
  text TEXT NOT NULL,
  PRIMARY KEY (prompt, model)
) WITHOUT ROWID;
CREATE TABLE judges (
  judge INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE rounds (
  round INTEGER PRIMARY KEY,
  comparisons INTEGER NOT NULL,
  byes INTEGER NOT NULL
);
CREATE TABLE comparisons (
  comparison INTEGER PRIMARY KEY,
  round INTEGER REFERENCES rounds,
  change INTEGER REFERENCES changes,
  low INTEGER NOT NULL REFERENCES models,
  high INTEGER NOT NULL REFERENCES models,
  prompt INTEGER NOT NULL REFERENCES prompts,
  CHECK (low < high),
  CHECK ((round IS NULL) <> (change IS NULL)),
  UNIQUE (low, high, prompt)
);
CREATE TABLE judgments (
  comparison INTEGER NOT NULL REFERENCES comparisons,
  position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 1),
  judge INTEGER NOT NULL REFERENCES judges,
  score REAL NOT NULL CHECK (score = 0 OR score = 0.5 OR score = 1),
  counted INTEGER NOT NULL,
  identical INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  latency REAL,
  probability REAL,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  time REAL NOT NULL,
  PRIMARY KEY (comparison, position, judge)
) WITHOUT ROWID;
CREATE TABLE rationales (
  comparison INTEGER NOT NULL,
  position INTEGER NOT NULL,
  judge INTEGER NOT NULL,
  reasoning TEXT,
  winner_humor_features TEXT,
  winner_delivery_features TEXT,
  loser_features TEXT,
  unknown_labels TEXT,
  PRIMARY KEY (comparison, position, judge),
  FOREIGN KEY (comparison, position, judge) REFERENCES judgments
) WITHOUT ROWID;
CREATE TABLE failures (
  comparison INTEGER NOT NULL REFERENCES comparisons,
  position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 1),
  judge INTEGER NOT NULL REFERENCES judges,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  latency REAL,
  prompt_tokens INTEGER,
  output_tokens INTEGER,
  time REAL NOT NULL,
  PRIMARY KEY (comparison, position, judge)
) WITHOUT ROWID;
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
"""

LABELED: Final = 2
"""The first version that has a column for unknown labels."""

SUMMED: Final = 3
"""The first version that has checksums."""


def is_labeled(connection: sqlite3.Connection) -> bool:
    """Returns whether a store has the column for unknown labels."""
    columns = connection.execute("SELECT name FROM pragma_table_info('rationales')")
    return ("unknown_labels",) in columns.fetchall()


def add_labels(connection: sqlite3.Connection) -> None:
    """Adds the column for unknown labels, within a transaction."""
    connection.execute("ALTER TABLE rationales ADD COLUMN unknown_labels TEXT")


def imitate_labels(connection: sqlite3.Connection) -> None:
    """Lets a reader see a column for unknown labels, by a view that is private to it."""
    # query_only would prevent even that.
    connection.execute("PRAGMA query_only = OFF")
    connection.execute(
        "CREATE TEMP VIEW rationales AS SELECT *, NULL AS unknown_labels FROM main.rationales"
    )
    connection.execute("PRAGMA query_only = ON")
