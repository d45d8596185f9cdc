"""The candidates file for tournaments, and the progress of each model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from humorrank.generate.store import CandidateStore
from humorrank.store.export import write_log
from humorrank.store.faults import store_errors

_JOKES: Final = (
    "SELECT p.id, m.name, p.text, j.text, j.missing FROM jokes j JOIN prompts p USING (prompt) "
    "JOIN models m USING (model) ORDER BY p.id, m.name"
)
_COUNTS: Final = (
    "SELECT m.name, (SELECT COUNT(*) FROM jokes j WHERE j.model = m.model), "
    "(SELECT COUNT(*) FROM jokes j WHERE j.model = m.model AND j.missing <> '[]'), "
    "(SELECT COUNT(*) FROM failures f WHERE f.model = m.model), "
    "(SELECT COUNT(*) FROM prompts), COALESCE((SELECT reason FROM failures f WHERE "
    "f.model = m.model GROUP BY reason ORDER BY COUNT(*) DESC, reason LIMIT 1), '') "
    "FROM models m ORDER BY m.name"
)


@dataclass(frozen=True)
class Count:
    """The progress of a model.

    Attributes:
        model: Name of the model.
        jokes: Number of jokes that it has written.
        without_words: Number of these that lack a word of their prompt.
        failures: Number of prompts on which it failed.
        prompts: Number of prompts.
        reason: The most frequent reason for a failure; empty if there is none.
    """

    model: str
    jokes: int
    without_words: int
    failures: int
    prompts: int
    reason: str = ""


def counts(store: CandidateStore) -> list[Count]:
    """Returns the progress of each model, in the order of their names."""
    with store_errors(store.path):
        return [Count(*row) for row in store.connection.execute(_COUNTS)]


def export_candidates(store: CandidateStore, output: Path) -> int:
    """Writes all jokes, by prompt and model, to a file that a tournament's `candidates` reads.

    The columns are prompt_id, model, prompt (its text; both words as "one, two"), joke and
    missing_words. The last one lists the words of the prompt that do not occur, separated by ", ";
    it is empty if all occur.

    Returns:
        The number of jokes.

    Raises:
        OptionError: If the file extension is unknown, or the file cannot be written.
        StoreError: If the store cannot be read.
    """
    with store_errors(store.path):
        rows = store.connection.execute(_JOKES).fetchall()
    table = [(*row[:4], ", ".join(json.loads(row[4]))) for row in rows]
    names = ("prompt_id", "model", "prompt", "joke", "missing_words")
    frame = pl.DataFrame(table, schema=dict.fromkeys(names, pl.String), orient="row")
    return write_log(iter([frame]), output)
