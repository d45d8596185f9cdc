"""Reads pairs of jokes that are given in a file rather than scheduled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import InputError, OptionError
from humorrank.judge import Field, Prompt
from humorrank.matches.log.formats.readings import plain_name
from humorrank.store.field import SparseJokes
from humorrank.store.store import GivenPairs
from humorrank.tournament.inputs import prompt_of
from humorrank.tournament.tables import InputTable, read_tables

_ROLES: Final[Mapping[str, Sequence[str]]] = {
    "prompt_id": ("prompt_id", "question_id", "id", "uid"),
    "prompt": ("prompt", "instruction", "question", "text"),
    "headline": ("headline",),
    "word1": ("word1", "word_1"),
    "word2": ("word2", "word_2"),
    "model_a": ("model_a", "model_1", "generator_1", "system_a", "system_1", "model_a_name"),
    "model_b": ("model_b", "model_2", "generator_2", "system_b", "system_2", "model_b_name"),
    "joke_a": ("joke_a", "joke_1", "output_1", "output_a", "response_a", "text_a", "text_1"),
    "joke_b": ("joke_b", "joke_2", "output_2", "output_b", "response_b", "text_b", "text_2"),
}
"""Mapping from the role of a column to its possible names."""

KNOWN: Final = tuple(name for names in _ROLES.values() for name in names)
UNNAMED: Final = ("joke_a", "joke_b")
"""The names of the two models if no column names them."""


@dataclass(frozen=True)
class Pairs:
    """Given pairs.

    Models and prompts are in the order of their names, and comparisons in the order of prompt and
    models, so that the order of rows has no effect.

    Attributes:
        field: Models, prompts and jokes.
        given: Pairs that should be judged.
        rows: Number of rows.
        digest: Digest of all pairs and texts.
    """

    field: Field
    given: GivenPairs
    rows: int
    digest: str


@dataclass(frozen=True)
class _Row:
    prompt: Prompt | None
    text: Prompt
    models: tuple[str, str]
    jokes: tuple[str, str]
    file: str
    row: int


def read_pairs(path: Path, columns: Mapping[str, str] | None = None) -> Pairs:
    """Reads pairs of jokes, of which joke_a is shown first.

    The columns are a prompt (prompt, headline, or word1 and word2), joke_a and joke_b, and
    optionally prompt_id, model_a and model_b. If no columns name the models, they are called
    `joke_a` and `joke_b`. If there are no ids, the prompts are numbered in order; a prompt for
    which a model has a second joke gets another number. A pair in both orders is one comparison in
    both positions.

    Args:
        path: Path of a CSV, TSV, JSON, JSONL, Parquet, Arrow or Excel file.
        columns: Mapping from role to column, for columns with other names.

    Raises:
        InputError: If the file cannot be read, a cell is empty, or rows contradict each other.
        OptionError: If `columns` contains an unknown role or column.
    """
    rows = list(_rows(path, dict(columns or {})))
    if not rows:
        raise InputError("contains no pairs", file=str(path))
    prompts: dict[str, Prompt] = {}
    jokes: dict[str, dict[str, str]] = {}
    wanted: dict[tuple[str, str, str], int] = {}
    numbered = _Numbered()
    for row in rows:
        prompt = row.prompt or numbered.prompt(row, jokes)
        if prompts.setdefault(prompt.id, prompt) != prompt:
            message = f"prompt {prompt.id!r} has another text than in an earlier row"
            raise InputError(message, file=row.file, row=row.row)
        told = jokes.setdefault(prompt.id, {})
        for model, joke in zip(row.models, row.jokes, strict=True):
            if told.setdefault(model, joke) != joke:
                message = (
                    f"{model!r} already has another joke for prompt {prompt.id!r}; a model has one "
                    "joke per prompt: give the rows different ids, or omit the id column"
                )
                raise InputError(message, file=row.file, row=row.row)
        low, high = sorted(row.models)
        key = (prompt.id, low, high)
        wanted[key] = wanted.get(key, 0) | (1 if row.models[0] == low else 2)
    return _pairs(prompts, jokes, wanted, len(rows))


class _Numbered:
    """Assigns ids to prompts that have none."""

    def __init__(self) -> None:
        self._ids: dict[Prompt, list[str]] = {}
        self._count = 0

    def prompt(self, row: _Row, jokes: Mapping[str, Mapping[str, str]]) -> Prompt:
        """Returns the first prompt with the row's text for which its models have no other joke."""
        ids = self._ids.setdefault(row.text, [])
        pairs = list(zip(row.models, row.jokes, strict=True))
        for found in ids:
            if all(jokes[found].get(model, joke) == joke for model, joke in pairs):
                break
        else:
            self._count += 1
            found = str(self._count)
            ids.append(found)
        return Prompt(found, row.text.text, row.text.kind, row.text.words)


def _pairs(
    prompts: Mapping[str, Prompt],
    jokes: Mapping[str, Mapping[str, str]],
    wanted: Mapping[tuple[str, str, str], int],
    rows: int,
) -> Pairs:
    ordered = [prompts[name] for name in sorted(prompts)]
    models = sorted({model for row in jokes.values() for model in row})
    number = {model: i for i, model in enumerate(models)}
    place = {prompt.id: i for i, prompt in enumerate(ordered)}
    texts = [
        SparseJokes({number[m]: joke for m, joke in jokes[p.id].items()}, len(models))
        for p in ordered
    ]
    keys = sorted(wanted)
    given = GivenPairs(
        np.array([number[low] for _, low, _ in keys], np.uint32),
        np.array([number[high] for _, _, high in keys], np.uint32),
        np.array([place[prompt] for prompt, _, _ in keys], np.uint32),
        np.array([wanted[key] for key in keys], np.uint8),
    )
    digest = hashlib.blake2b(digest_size=16)
    for prompt, low, high in keys:
        asked = prompts[prompt]
        told = jokes[prompt]
        parts = (prompt, asked.kind, asked.text, low, high, told[low], told[high])
        for part in (*parts, str(wanted[prompt, low, high])):
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(8, "little"))
            digest.update(content)
    return Pairs(Field(models, ordered, texts), given, rows, digest.hexdigest())


def _rows(path: Path, columns: Mapping[str, str]) -> Iterator[_Row]:
    refuse_unknown(columns, _ROLES, "columns (--columns)", what="role")
    known = (*KNOWN, *(plain_name(name) for name in columns.values()))
    for table in read_tables([path], known, fields=columns.values()):
        found = _columns(table, columns)
        for row, at in enumerate(table.rows):
            value = {
                role: None if name is None else table.value(name, row)
                for role, name in found.items()
            }
            yield _row(value, found, table.file, at)


def _columns(table: InputTable, columns: Mapping[str, str]) -> dict[str, str | None]:
    names: dict[str, str] = {}
    for column in table.columns:
        names.setdefault(plain_name(column), column)
    found: dict[str, str | None] = {}
    for role, known in _ROLES.items():
        found[role] = next((names[name] for name in known if name in names), None)
        if role in columns:
            found[role] = names.get(plain_name(columns[role]))
            if found[role] is None:
                message = f"columns (--columns): there is no column {columns[role]!r}"
                raise OptionError(f"{message} in {table.file} ({', '.join(table.columns)})")
    has = f"(columns: {', '.join(table.columns)})"
    for role in ("joke_a", "joke_b"):
        if found[role] is None:
            message = f"has no column {role} (nor {', '.join(_ROLES[role][1:])}) {has}"
            raise InputError(message, file=table.file)
    texts = (found["prompt"], found["headline"], found["word1"] and found["word2"])
    if not any(texts):
        message = f"has no column prompt, headline, or word1 and word2 {has}"
        raise InputError(message, file=table.file)
    if (found["model_a"] is None) != (found["model_b"] is None):
        raise InputError(f"has only one of the columns model_a and model_b {has}", file=table.file)
    return found


def _row(
    value: Mapping[str, str | None], found: Mapping[str, str | None], file: str, at: int
) -> _Row:
    def needed(role: str) -> str:
        text = value[role]
        if text is None or not text.strip():
            raise InputError("is empty", file=file, row=at, column=found[role])
        return text

    name = needed("prompt_id") if found["prompt_id"] is not None else None
    texts = (value[role] for role in ("prompt", "headline", "word1", "word2"))
    prompt = prompt_of(name or "", *texts)
    if prompt is None:
        message = "has neither a prompt, nor a headline, nor two words"
        raise InputError(message, file=file, row=at)
    models = UNNAMED
    if found["model_a"] is not None:
        models = (needed("model_a"), needed("model_b"))
    if models[0] == models[1]:
        message = (
            f"{models[0]!r} is on both sides; to compare two jokes of one model, omit the columns "
            "of models"
        )
        raise InputError(message, file=file, row=at)
    jokes = (needed("joke_a"), needed("joke_b"))
    return _Row(prompt if name is not None else None, prompt, models, jokes, file, at)
