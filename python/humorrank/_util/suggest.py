"""Error messages for unknown names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from humorrank.errors import OptionError


def near(name: str, known: Iterable[str]) -> str:
    """Returns "; did you mean 'x'?", or "" if no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


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
