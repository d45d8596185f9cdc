"""Reads prompts and candidates' jokes from files in common formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from humorrank.errors import InputError, OptionError
from humorrank.matches.log.formats.readings import plain_name
from humorrank.store.field import Field, Prompt
from humorrank.tournament.tables import InputTable, read_tables

_IDS: Final = ("prompt_id", "question_id", "id", "uid")
_TEXTS: Final = ("prompt", "instruction", "question", "text")
_HEADLINES: Final = ("headline",)
_WORDS: Final = ("word1", "word_1"), ("word2", "word_2")
_MODELS: Final = ("model", "generator", "system", "contestant", "candidate")
_JOKES: Final = ("joke", "output", "text", "response")
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
        text: The joke.
        file: Name of the file.
        row: Number of the row.
    """

    model: str
    prompt: str
    text: str
    file: str
    row: int


def read_field(prompts: Sequence[Path], candidates: Sequence[Path] | Mapping[str, Path]) -> Field:
    """Reads prompts and jokes, and checks that every model has one joke for every prompt.

    Models and prompts are in the order of their names, whatever the order of rows and files.

    Args:
        prompts: Prompts files; empty if the candidates files contain the prompts.
        candidates: Candidates files, whose models are named in a column, or else after the file;
            or a mapping from the name of a model to its file.

    Raises:
        InputError: If a file cannot be read, or a row is empty, repeated, or has an unknown prompt.
        OptionError: If a model has no joke for a prompt.
    """
    jokes, found = read_jokes(candidates)
    known = read_prompts(prompts) if prompts else {prompt.id: prompt for prompt in found.values()}
    return complete_field(Field((), (), ()), known, jokes)


def complete_field(field: Field, prompts: Mapping[str, Prompt], jokes: Sequence[Joke]) -> Field:
    """Returns a field with further prompts and jokes after the present ones.

    Raises:
        InputError: If a joke is repeated, or has an unknown prompt.
        OptionError: If a prompt is already in the field, or a model has no joke for a prompt.
    """
    for prompt in field.prompts:
        if prompt.id in prompts:
            raise OptionError(f"prompt {prompt.id!r} is already in the tournament")
    ordered = [*field.prompts, *(prompts[key] for key in sorted(prompts))]
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
        if texts[at][model] is not None:
            before = seen.get((at, model))
            where = f"row {before.row} of {before.file}" if before else "the tournament"
            message = (
                f"{joke.model!r} already has a joke for prompt {ordered[at].id!r} in {where}; "
                "keep one joke for each model and prompt"
            )
            raise InputError(message, file=joke.file, row=joke.row)
        texts[at][model] = joke.text
        seen[at, model] = joke
    return Field(models, ordered, _whole(models, ordered, texts))


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


def _whole(
    models: Sequence[str], prompts: Sequence[Prompt], texts: Sequence[Sequence[str | None]]
) -> list[list[str]]:
    if len(models) < 2:
        raise OptionError(f"a tournament needs at least two candidates, not {len(models)}")
    missing = [
        (prompt, model)
        for prompt, row in enumerate(texts)
        for model, text in enumerate(row)
        if text is None
    ]
    if not missing:
        return [[text for text in row if text is not None] for row in texts]
    prompt, model = missing[0]
    if all(text is None for text in texts[prompt]):
        raise OptionError(f"prompt {prompts[prompt].id!r} has no jokes")
    more = f", and {len(missing) - 1:,} more are missing" if len(missing) > 1 else ""
    raise OptionError(
        f"{models[model]!r} has no joke for prompt {prompts[prompt].id!r}{more}; every candidate "
        "needs one joke for every prompt"
    )


def read_prompts(paths: Sequence[Path]) -> dict[str, Prompt]:
    """Reads prompts from files, by id.

    Raises:
        InputError: If a file cannot be read, or a row is empty or repeated.
    """
    found: dict[str, Prompt] = {}
    for table in read_tables(paths, KNOWN):
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
    candidates: Sequence[Path] | Mapping[str, Path],
) -> tuple[list[Joke], dict[str, Prompt]]:
    """Reads jokes from files, with the prompts in their rows, by id or text.

    Raises:
        InputError: If a file cannot be read, or a row is empty, or a prompt has two texts.
    """
    jokes: list[Joke] = []
    prompts: dict[str, Prompt] = {}
    for name, path in _named_files(candidates):
        for table in read_tables([path], KNOWN):
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
        model = Path(table.file).stem if name is None else name
        if models is not None:
            model = _named(table, models, row)
        named = _named(table, ids if ids is not None else str(texts), row)
        text = table.value(jokes, row)
        if text is None or not text.strip():
            message = f"the joke of {model!r} for prompt {named!r} is empty"
            raise InputError(message, file=table.file, row=at, column=jokes)
        written = None if texts is None else table.value(texts, row)
        prompt = Prompt(named, written) if written is not None and written.strip() else None
        yield Joke(model, named, text, table.file, at), prompt


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
        return next((self._plain[name] for name in names if name in self._plain), None)

    def find(self, names: Sequence[str], said: str) -> str:
        found = self.optional(names)
        if found is None:
            columns = ", ".join(self._table.columns)
            message = f"has no column {said} (nor {', '.join(names)}; columns: {columns})"
            raise InputError(message, file=self._table.file)
        return found
