"""What to say of a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from humorrank.errors import OptionError


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no known name is close."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def refuse_unknown(
    names: Iterable[str], known: Iterable[str], where: str, *, what: str = "key"
) -> None:
    """Refuses the first name that is not known.

    Raises:
        OptionError: naming it, the nearest known one, and all known ones.
    """
    known = list(known)
    for name in names:
        if name not in known:
            allowed = f" (known: {', '.join(known)})" if known else ""
            message = f"there is no {what} {name!r}{near(name, known)}{allowed}"
            raise OptionError(f"{where}: {message}" if where else message)
