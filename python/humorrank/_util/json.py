"""Results as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def tree(value: Any) -> Any:  # noqa: ANN401 - any tree
    """The same without what JSON cannot say: infinite and missing numbers are null."""
    if isinstance(value, Mapping):
        return {name: tree(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [tree(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Mapping[str, Any]) -> str:
    """A result, in JSON's types already, as indented text."""
    return json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)


def line(value: Any) -> str:  # noqa: ANN401 - any tree
    """A value, in JSON's types already, on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
