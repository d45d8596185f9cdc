"""Options that are settings of a judge, a spec or a provider, and their values."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Annotated

import typer

from humorrank.errors import OptionError

BatchSize = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="The largest batch that the judge is asked.")
]
InFlight = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="The most comparisons that wait for the judge at once."),
]


def assignments(texts: Sequence[str] | None) -> dict[str, object]:
    """What `--set KEY=VALUE`, repeated, says, by key.

    Raises:
        OptionError: one is not of that form.
    """
    found: dict[str, object] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise OptionError(f"--set takes KEY=VALUE (judge.tie_rate=0.2), not {text!r}")
        found[key] = _toml_value(value)
    return found


def settings_of(texts: Sequence[str] | None) -> dict[str, object]:
    """The same with tables: `ratings.GPT-5=1300` sets a name in the table `ratings`.

    Raises:
        OptionError: one is not of that form.
    """
    settings: dict[str, object] = {}
    for key, value in assignments(texts).items():
        table, dot, name = key.partition(".")
        if not dot:
            settings[key] = value
            continue
        inner = settings.setdefault(table, {})
        if not isinstance(inner, dict):
            raise OptionError(f"--set: {table} is no table, so that {key} cannot be set")
        inner[name] = value
    return settings


def _toml_value(text: str) -> object:
    """A value as TOML has it; bare words are strings."""
    if not text:
        raise OptionError("--set takes KEY=VALUE, and the value is empty")
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
