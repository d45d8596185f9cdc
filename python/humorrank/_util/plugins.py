"""What other packages bring along, by entry points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from humorrank.errors import OptionError


def plugins(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group, by name.

    Args:
        group: `humorrank.judges` or `humorrank.generators`.
    """
    return {found.name: found for found in entry_points(group=group)}


def factory(
    name: str, own: Mapping[str, Callable[..., Any]], group: str
) -> Callable[..., Any] | None:
    """What makes the judge or the generator of a name: ours, or that of another package.

    Args:
        name: The name.
        own: Those that this package has.
        group: The entry points of other packages; ours take precedence.

    Returns:
        None for a name that nobody registered.

    Raises:
        OptionError: If the other package cannot be imported.
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
