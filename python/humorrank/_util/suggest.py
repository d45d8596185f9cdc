"""Error messages for unknown names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from humorrank.errors import OptionError


def similar(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Returns the known names that are similar to a name, the most similar first.

    Case and white space do not matter. If only these differ, no other names are returned.
    """
    by_key: dict[str, list[str]] = {}
    for other in known:
        by_key.setdefault(_folded(other), []).append(other)
    same = by_key.get(_folded(name))
    if same is not None:
        return same[:most]
    close = difflib.get_close_matches(_folded(name), by_key, n=most)
    return [other for key in close for other in by_key[key]][:most]


def did_you_mean(names: Iterable[object]) -> str:
    """Returns "; did you mean 'x' or 'y'?", or "" without names."""
    shown = " or ".join(map(repr, names))
    return f"; did you mean {shown}?" if shown else ""


def near(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean 'x'?", or "" if no known name is close."""
    return did_you_mean(similar(name, known, 1))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def refuse_unknown(
    names: Iterable[str], known: Iterable[str], where: str, *, what: str = "key"
) -> None:
    """Checks that all names are known.

    The error states the first unknown name, the closest known name, and all known names.

    Raises:
        OptionError: If a name is not known.
    """
    known = list(known)
    for name in names:
        if name not in known:
            allowed = f" (known: {', '.join(known)})" if known else ""
            message = f"there is no {what} {name!r}{near(name, known)}{allowed}"
            raise OptionError(f"{where}: {message}" if where else message)
