"""Judges and generators that other packages register as entry points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from humorrank.errors import OptionError


def plugins(group: str) -> dict[str, EntryPoint]:
    """Returns the entry points of a group by name.

    Args:
        group: Name of the group, `humorrank.judges` or `humorrank.generators`.
    """
    return {found.name: found for found in entry_points(group=group)}


def factory(
    name: str, own: Mapping[str, Callable[..., Any]], group: str
) -> Callable[..., Any] | None:
    """Returns the factory of a judge or a generator, from this package or another one.

    Args:
        name: Name of the judge or generator.
        own: Factories of this package by name, which take precedence.
        group: Group of entry points in which other packages register theirs.

    Returns:
        The factory, or None if the name is not registered.

    Raises:
        OptionError: If the entry point cannot be imported.
    """
    if name in own:
        return own[name]
    found = plugins(group).get(name)
    if found is None:
        return None
    try:
        made: Callable[..., Any] = found.load()
    except (ImportError, AttributeError) as error:
        raise OptionError(
            f"{name}: the entry point {found.value!r} of {group} cannot be imported: {error}"
        ) from error
    return made
