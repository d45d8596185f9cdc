"""HTML files that load nothing and run only their own scripts, whatever their data contain."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any


def policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Returns the content security policy of a page with these styles and scripts.

    It allows nothing but these, by their hashes, and images that the page itself contains.

    Args:
        styles: The text of each style element.
        scripts: The text of each script element.
    """
    return (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def embedded(data: Any) -> str:  # noqa: ANN401 - any tree
    """Encodes data as JSON in which no text can end an HTML element."""
    return inert(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def inert(text: str) -> str:
    """Escapes the characters of JSON that could end an HTML element or a line of a script."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hashes(texts: Iterable[str]) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
