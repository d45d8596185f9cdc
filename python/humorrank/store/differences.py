"""Settings that a store depends on, flattened, and what differs between two of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Fingerprint = Mapping[str, Any]
"""Dotted key -> JSON value."""


def flattened(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings within settings by dotted key, as JSON values."""
    return dict(json.loads(json.dumps(dict(_flat(settings)))))


def differences(stored: Fingerprint, given: Fingerprint) -> list[str]:
    """What differs, a line each: the key, what the store was made with, and what is given."""
    lines = []
    for key in dict.fromkeys((*stored, *given)):
        before, now = stored.get(key), given.get(key)
        if before != now:
            if key in ("candidates", "prompts", "template", "judge.digest"):
                lines.append(f"{key} (the texts are not the same)")
            else:
                lines.append(f"{key} (stored {_shown(before)}, given {_shown(now)})")
    return lines


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
