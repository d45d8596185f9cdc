"""Results as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def tree(value: Any) -> Any:  # noqa: ANN401 - any tree
    """Returns a copy of a value in which infinite and missing numbers are null, as JSON needs."""
    if isinstance(value, Mapping):
        return {name: tree(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [tree(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Mapping[str, Any]) -> str:
    """Returns a result that consists of JSON types as indented text."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)


def line(value: Any) -> str:  # noqa: ANN401 - any tree
    """Returns a value that consists of JSON types as a single line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
