"""Removes keys and passwords from texts that are printed or stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

SHORTEST: Final = 8
"""Least length of a secret that is removed from answers; shorter ones ("EMPTY") occur in texts."""

_MASK: Final = "..."
_USER: Final = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*://)?.*@", re.DOTALL)


class Secrets:
    """The secrets of an endpoint.

    A secret is also found if white space is inserted into it, or if it is percent-encoded.

    Args:
        secrets: Keys and passwords; those without any character are skipped.
    """

    def __init__(self, secrets: Iterable[str | None]) -> None:
        known = {
            form
            for secret in secrets
            if secret
            for form in (secret, quote(secret), unquote(secret))
        }
        self._all = _pattern(known)
        self._long = _pattern(secret for secret in known if len(secret) >= SHORTEST)

    def hidden(self, text: str) -> str:
        """Returns a message without secrets."""
        return text if self._all is None else self._all.sub(_MASK, text)

    def removed(self, answer: Any) -> Any:  # noqa: ANN401 - any tree
        """Returns an answer without secrets of at least `SHORTEST` characters.

        Args:
            answer: A text, or a tree of mappings, sequences and other values. Keys of mappings
                are kept.
        """
        if self._long is None:
            return answer
        if isinstance(answer, str):
            return self._long.sub(_MASK, answer)
        if isinstance(answer, Mapping):
            return {name: self.removed(value) for name, value in answer.items()}
        if isinstance(answer, list | tuple):
            return type(answer)(map(self.removed, answer))
        return answer


def without_user(url: str) -> str:
    """Returns a text that should be an address without anything before its last "@"."""
    return _USER.sub(r"\1", url)


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    found = sorted({"".join(secret.split()) for secret in secrets} - {""}, key=len, reverse=True)
    if not found:
        return None
    return re.compile("|".join(r"\s*".join(map(re.escape, secret)) for secret in found))
