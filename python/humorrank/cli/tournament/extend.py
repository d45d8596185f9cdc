"""`humorrank tournament extend`: adds models, prompts or budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank._util.text import number_of
from humorrank.cli import _output
from humorrank.cli.tournament import _common
from humorrank.tournament import opening
from humorrank.tournament.tables import expand


def extend(
    store: _common.StoreFile,
    candidates: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE|NAME=FILE",
            help="File of further jokes: those of new models for all prompts, or those of all "
            "models for new prompts. May be repeated.",
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="File of further prompts. May be repeated."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(metavar="N", help="New total budget, including the comparisons already made."),
    ] = None,
    missing: Annotated[
        Literal["fail", "drop", "skip"] | None,
        typer.Option(
            help="What to do if a model has no joke for a prompt: fail, drop the prompt (if it is "
            "new), or skip the comparisons that need the joke. The default is the setting of the "
            "tournament."
        ),
    ] = None,
) -> None:
    """Add models, prompts or budget to a tournament.

    Continue it afterwards with `humorrank tournament resume T.sqlite`.
    """
    read = opening.extend(
        store,
        candidates=_named(candidates or []),
        prompts=[path for given in prompts or () for path in expand(given, Path())],
        budget=budget,
        missing=missing,
    )
    _common.say_notes(read.notes)
    field = read.field
    _output.say(
        "note",
        f"{store}: {number_of(len(field.models), 'candidate')}, "
        f"{number_of(len(field.prompts), 'prompt')}",
    )


def _named(given: list[str]) -> list[Path] | dict[str, Path]:
    """Returns a list of files, or a mapping from names to files if all of them are named."""
    pairs = [text.partition("=") for text in given]
    if given and all(
        equals and not Path(text).exists()
        for text, (_, equals, _) in zip(given, pairs, strict=True)
    ):
        return {name: Path(path) for name, _, path in pairs}
    return [path for text in given for path in expand(text, Path())]
