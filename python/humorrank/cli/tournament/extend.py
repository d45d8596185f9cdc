"""`humorrank tournament extend`: more contestants, prompts or budget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
            help="Further jokes: of new models for all prompts, or of all for new prompts; may be "
            "repeated.",
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Further prompts; may be repeated.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(metavar="N", help="The new budget, all comparisons together.")
    ] = None,
) -> None:
    """Add models, prompts or budget to a tournament; `resume` then continues it."""
    field = opening.extend(
        store,
        candidates=_named(candidates or []),
        prompts=[path for given in prompts or () for path in expand(given, Path())],
        budget=budget,
    )
    _output.say(
        "note", f"{store}: {len(field.models):,} candidates, {len(field.prompts):,} prompts"
    )


def _named(given: list[str]) -> list[Path] | dict[str, Path]:
    """Files, or name -> file where all are named."""
    pairs = [text.partition("=") for text in given]
    if given and all(
        equals and not Path(text).exists()
        for text, (_, equals, _) in zip(given, pairs, strict=True)
    ):
        return {name: Path(path) for name, _, path in pairs}
    return [path for text in given for path in expand(text, Path())]
