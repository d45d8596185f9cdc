"""Reads prompts and candidates' jokes from files in common formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from humorrank.errors import InputError, OptionError
from humorrank.matches.log.formats.readings import plain_name
from humorrank.matches.log.tables.quoting import Quoting
from humorrank.store.field import Field, Prompt
from humorrank.tournament.missing import REMEDY, Completed, completed
from humorrank.tournament.spec import MISSING, Missing
from humorrank.tournament.tables import (
    ANSWER,
    FIRST_CHOICE,
    FIRST_TURN,
    QUESTION,
    InputTable,
    read_tables,
)

_IDS: Final = ("prompt_id", "question_id", "id", "uid")
_TEXTS: Final = ("prompt", "instruction", "question", "text", FIRST_TURN, QUESTION)
_HEADLINES: Final = ("headline",)
_WORDS: Final = ("word1", "word_1"), ("word2", "word_2")
_MODELS: Final = ("model", "generator", "system", "contestant", "candidate", "model_id")
_JOKES: Final = ("joke", "output", "text", "response", FIRST_CHOICE, ANSWER)
_PACKED: Final = frozenset({".gz", ".zst", ".bz2", ".xz", ".zip"})
_FORMATS: Final = frozenset(
    {".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx"}
)
_NONE: Final = ("", "-")
"""Values that mean no word or no headline."""

KNOWN: Final = (*_IDS, *_TEXTS, *_HEADLINES, *_WORDS[0], *_WORDS[1], *_MODELS, *_JOKES)
"""Names of columns by which a header is recognized."""


@dataclass(frozen=True)
class Joke:
    """One row of a candidates file.

    Attributes:
        model: Model that wrote the joke.
        prompt: Id of the prompt, or its text if the file has no ids.
        text: The joke; "" if there is none.
        file: Name of the file.
        row: Number of the row.
        column: Column of the joke.
    """

    model: str
    prompt: str
    text: str
    file: str
    row: int
    column: str


def read_field(
    prompts: Sequence[Path],
    candidates: Sequence[Path] | Mapping[str, Path],
    *,
    missing: Missing = MISSING,
    quoting: Quoting | None = None,
) -> Completed:
    """Reads prompts and jokes.

    Models and prompts are in the order of their names, whatever the order of rows and files.

    Args:
        prompts: Prompts files; empty if the candidates files contain the prompts.
        candidates: Candidates files, whose models are named in a column, or else after the file;
            or a mapping from the name of a model to its file.
        missing: How a prompt is handled for which a model has no joke, as in `Spec`.
        quoting: Quoting of CSV and TSV files, as in `Spec`.

    Raises:
        InputError: If a file cannot be read, or a row is empty, repeated, or has an unknown prompt.
        OptionError: If a model has no joke for a prompt, and this is to fail or leaves nothing.
    """
    jokes, found = read_jokes(candidates, quoting=quoting)
    if prompts:
        known = read_prompts(prompts, quoting=quoting)
    else:
        known = {prompt.id: prompt for prompt in found.values()}
    return complete_field(Field((), (), ()), known, jokes, missing)


def complete_field(
    field: Field,
    prompts: Mapping[str, Prompt],
    jokes: Sequence[Joke],
    missing: Missing = MISSING,
) -> Completed:
    """Returns a field with further prompts and jokes after the present ones.

    Prompts and jokes that the field already has, with the same text, are left out, so that an
    extension can be repeated.

    Raises:
        InputError: If a joke is empty or repeated, has an unknown prompt, or differs from that in
            the field.
        OptionError: If a prompt is in the field with another text, or a model has no joke for a
            prompt, and this is to fail or leaves nothing.
    """
    for prompt in field.prompts:
        if prompts.get(prompt.id, prompt) != prompt:
            raise OptionError(f"prompt {prompt.id!r} is already in the tournament, and differs")
    present = {prompt.id for prompt in field.prompts}
    ordered = [*field.prompts, *(prompts[key] for key in sorted(prompts.keys() - present))]
    names = {joke.model for joke in jokes}
    models = [*field.models, *sorted(names.difference(field.models))]
    number = {model: i for i, model in enumerate(models)}
    place = _places(ordered)
    texts: list[list[str | None]] = [
        [*(field.jokes[p] if p < len(field.jokes) else [None] * len(field.models))]
        + [None] * (len(models) - len(field.models))
        for p in range(len(ordered))
    ]
    seen: dict[tuple[int, int], Joke] = {}
    for joke in jokes:
        at = place.get(joke.prompt)
        if at is None:
            message = f"this joke of {joke.model!r} has an unknown prompt, {joke.prompt!r}"
            raise InputError(message, file=joke.file, row=joke.row)
        model = number[joke.model]
        if not joke.text:
            if missing == "fail":
                message = (
                    f"the joke of {joke.model!r} for prompt {joke.prompt!r} is empty; {REMEDY}"
                )
                raise InputError(message, file=joke.file, row=joke.row, column=joke.column)
            continue
        if texts[at][model] == "":
            message = (
                f"the comparisons of {joke.model!r} on prompt {ordered[at].id!r} are left out of "
                "the tournament, because it began without this joke; start another tournament"
            )
            raise InputError(message, file=joke.file, row=joke.row)
        if texts[at][model] is not None:
            before = seen.get((at, model))
            if before is None and texts[at][model] == joke.text:
                continue
            where = f"row {before.row} of {before.file}" if before else "the tournament"
            message = (
                f"{joke.model!r} already has a joke for prompt {ordered[at].id!r} in {where}; "
                "keep one joke for each model and prompt"
            )
            raise InputError(message, file=joke.file, row=joke.row)
        texts[at][model] = joke.text
        seen[at, model] = joke
    return completed(
        models,
        ordered,
        texts,
        missing,
        known_prompts=len(field.prompts),
    )


def _places(prompts: Sequence[Prompt]) -> dict[str, int]:
    """Returns the numbers of prompts by id, and by text if the text is unique."""
    place = {prompt.id: i for i, prompt in enumerate(prompts)}
    by_text: dict[str, list[int]] = {}
    for i, prompt in enumerate(prompts):
        by_text.setdefault(prompt.text, []).append(i)
    for text, places in by_text.items():
        if len(places) == 1:
            place.setdefault(text, places[0])
    return place


def read_prompts(paths: Sequence[Path], *, quoting: Quoting | None = None) -> dict[str, Prompt]:
    """Reads prompts from files, by id.

    Args:
        paths: Files of prompts.
        quoting: Quoting of CSV and TSV files, as in `Spec`.

    Raises:
        InputError: If a file cannot be read, or a row is empty or repeated.
    """
    found: dict[str, Prompt] = {}
    for table in read_tables(paths, KNOWN, quoting=quoting):
        column = _Columns(table)
        ids = column.find(_IDS, "prompt_id")
        texts = column.optional(_TEXTS)
        headlines = column.optional(_HEADLINES)
        words = [column.optional(names) for names in _WORDS]
        if texts is None and headlines is None and None in words:
            message = "has no column prompt, headline, or word1 and word2"
            raise InputError(f"{message} (columns: {', '.join(table.columns)})", file=table.file)
        for row, at in enumerate(table.rows):
            pick = [None if name is None else table.value(name, row) for name in words]
            values = (table.value(n, row) if n is not None else None for n in (texts, headlines))
            name = _named(table, ids, row)
            prompt = prompt_of(name, *values, *pick)
            if prompt is None:
                message = f"prompt {name!r} has neither a prompt, nor a headline, nor two words"
                raise InputError(message, file=table.file, row=at)
            if name in found:
                raise InputError(f"prompt {name!r} occurs twice", file=table.file, row=at)
            found[name] = prompt
    return found


def prompt_of(
    name: str, text: str | None, headline: str | None, one: str | None, two: str | None
) -> Prompt | None:
    """Returns the prompt of a row; None if it has none.

    Args:
        name: Id of the prompt.
        text: Text of a prompt.
        headline: Text of a headline.
        one: First of two words.
        two: Second of two words.
    """
    if text is not None and text.strip() not in _NONE:
        return Prompt(name, text)
    if headline is not None and headline.strip() not in _NONE:
        return Prompt(name, headline, "headline")
    if one is not None and two is not None and not {one.strip(), two.strip()} & set(_NONE):
        return Prompt(name, f"{one}, {two}", "words", (one, two))
    return None


def read_jokes(
    candidates: Sequence[Path] | Mapping[str, Path], *, quoting: Quoting | None = None
) -> tuple[list[Joke], dict[str, Prompt]]:
    """Reads jokes from files, with the prompts in their rows, by id or text.

    Args:
        candidates: Files of jokes, as in `read_field`.
        quoting: Quoting of CSV and TSV files, as in `Spec`.

    Raises:
        InputError: If a file cannot be read, a row has no model or prompt, or a prompt has two
            texts.
    """
    jokes: list[Joke] = []
    prompts: dict[str, Prompt] = {}
    for name, path in _named_files(candidates):
        for table in read_tables([path], KNOWN, quoting=quoting):
            for joke, prompt in _jokes_of(table, name):
                jokes.append(joke)
                if prompt is not None:
                    before = prompts.setdefault(prompt.id, prompt)
                    if before != prompt:
                        message = f"prompt {prompt.id!r} has another text than in an earlier row"
                        raise InputError(message, file=joke.file, row=joke.row)
    return jokes, prompts


def _named_files(
    candidates: Sequence[Path] | Mapping[str, Path],
) -> Iterator[tuple[str | None, Path]]:
    if isinstance(candidates, Mapping):
        yield from candidates.items()
    else:
        for path in candidates:
            yield None, path


def _jokes_of(table: InputTable, name: str | None) -> Iterator[tuple[Joke, Prompt | None]]:
    column = _Columns(table)
    models = None if name is not None else column.optional(_MODELS)
    jokes = column.find(_JOKES, "joke")
    ids = column.optional(_IDS)
    texts = column.optional([text for text in (*_TEXTS, *_HEADLINES) if text != plain_name(jokes)])
    if ids is None and texts is None:
        message = "has no column prompt_id (nor instruction) for the prompt of each joke"
        raise InputError(f"{message} (columns: {', '.join(table.columns)})", file=table.file)
    for row, at in enumerate(table.rows):
        model = _bare_name(table.file) if name is None else name
        if models is not None:
            model = _named(table, models, row)
        named = _named(table, ids if ids is not None else str(texts), row)
        text = table.value(jokes, row)
        if text is None or not text.strip():
            text = ""
        written = None if texts is None else table.value(texts, row)
        prompt = Prompt(named, written) if written is not None and written.strip() else None
        yield Joke(model, named, text, table.file, at, jokes), prompt


def _bare_name(file: str) -> str:
    """Returns the name of a file without the extensions of its compression and its format."""
    path = Path(file)
    if path.suffix.lower() not in _PACKED:
        return path.stem
    inner = Path(path.stem)
    return inner.stem if inner.suffix.lower() in _FORMATS else inner.name


def _named(table: InputTable, column: str, row: int) -> str:
    value = table.value(column, row)
    if value is None or not value.strip():
        raise InputError("is empty", file=table.file, row=table.rows[row], column=column)
    return value


class _Columns:
    """The columns of a table by their normalized names."""

    def __init__(self, table: InputTable) -> None:
        self._table = table
        self._plain: dict[str, str] = {}
        for column in table.columns:
            self._plain.setdefault(plain_name(column), column)

    def optional(self, names: Sequence[str]) -> str | None:
        plain = map(plain_name, names)
        return next((self._plain[name] for name in plain if name in self._plain), None)

    def find(self, names: Sequence[str], said: str) -> str:
        found = self.optional(names)
        if found is None:
            columns = ", ".join(self._table.columns)
            message = f"has no column {said} (nor {', '.join(names)}; columns: {columns})"
            raise InputError(message, file=self._table.file)
        return found
