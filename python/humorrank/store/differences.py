"""The settings that a store depends on, flattened, and the differences between two sets of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Fingerprint = Mapping[str, Any]
"""JSON values by dotted key."""


def flattened(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Returns nested settings as JSON values by dotted key."""
    return dict(json.loads(json.dumps(dict(_flat(settings)))))


def differences(stored: Fingerprint, given: Fingerprint) -> list[str]:
    """Returns one line per difference, with the key, the stored value and the given value."""
    lines = []
    for key in dict.fromkeys((*stored, *given)):
        before, now = stored.get(key), given.get(key)
        if before != now:
            if key in ("candidates", "prompts", "template", "judge.digest"):
                lines.append(f"{key} (the texts differ)")
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
