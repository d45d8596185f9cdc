"""The file of candidates, as tournaments read it, and what is to be known of it."""

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
    "(SELECT COUNT(*) FROM prompts) FROM models m ORDER BY m.name"
)


@dataclass(frozen=True)
class Count:
    """How far a model is.

    Attributes:
        model: its name.
        jokes: how many jokes it has.
        without_words: how many of them lack a word of their prompt.
        failures: how many prompts it failed on.
        prompts: how many prompts there are.
    """

    model: str
    jokes: int
    without_words: int
    failures: int
    prompts: int


def counts(store: CandidateStore) -> list[Count]:
    """How far each model is, in the order of their names."""
    with store_errors(store.path):
        return [Count(*row) for row in store.connection.execute(_COUNTS)]


def export_candidates(store: CandidateStore, output: Path) -> int:
    """Writes all jokes, by prompt and model, as a tournament's `candidates` reads them.

    Columns: prompt_id, model, prompt (its text; both words as "one, two"), joke, missing_words
    (those of the prompt's words that do not occur, with ", " between; empty where all do).

    Returns:
        How many jokes.

    Raises:
        OptionError: the ending of the file is not known, or it cannot be written.
        StoreError: the store cannot be read.
    """
    with store_errors(store.path):
        rows = store.connection.execute(_JOKES).fetchall()
    table = [(*row[:4], ", ".join(json.loads(row[4]))) for row in rows]
    names = ("prompt_id", "model", "prompt", "joke", "missing_words")
    frame = pl.DataFrame(table, schema=dict.fromkeys(names, pl.String), orient="row")
    return write_log(iter([frame]), output)
