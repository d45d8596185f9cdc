"""Options that set the settings of a judge, a spec or a provider, and their parsing."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Annotated

import typer

from humorrank.errors import OptionError

BatchSize = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Largest batch of comparisons sent to the judge."),
]
InFlight = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Maximum number of comparisons that wait for the judge."),
]


def one_judge(given: Sequence[str]) -> str:
    """Returns the only judge of a repeated option `--judge`.

    Raises:
        OptionError: If the option was given several times.
    """
    if len(given) > 1:
        raise OptionError(
            f"--judge was given {len(given)} times ({', '.join(given)}), but one judge is asked at "
            "a time; run the command once for each judge. `humorrank judge` adds the judgments of "
            "further judges to the same store"
        )
    return given[0]


def assignments(texts: Sequence[str] | None) -> dict[str, object]:
    """Parses the values of the repeated option `--set KEY=VALUE` into a dictionary.

    Raises:
        OptionError: If a value does not have this form.
    """
    found: dict[str, object] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise OptionError(f"--set takes KEY=VALUE (judge.tie_rate=0.2), not {text!r}")
        found[key] = _toml_value(value)
    return found


def settings_of(texts: Sequence[str] | None) -> dict[str, object]:
    """Parses assignments, including those in tables.

    For example, `ratings.GPT-5=1300` sets the key `GPT-5` in the table `ratings`.

    Raises:
        OptionError: If a value does not have the form `KEY=VALUE`.
    """
    settings: dict[str, object] = {}
    for key, value in assignments(texts).items():
        table, dot, name = key.partition(".")
        if not dot:
            settings[key] = value
            continue
        inner = settings.setdefault(table, {})
        if not isinstance(inner, dict):
            raise OptionError(f"--set: cannot set {key}, because {table} is not a table")
        inner[name] = value
    return settings


def _toml_value(text: str) -> object:
    """Parses a TOML value; bare words are strings."""
    if not text:
        raise OptionError("--set takes KEY=VALUE, but the value is empty")
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
