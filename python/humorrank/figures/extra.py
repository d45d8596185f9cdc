"""Imports Altair, which is optional: without it, importing this module raises an error."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from humorrank.errors import MissingExtraError

try:
    import altair
except ImportError as error:
    message = "figures need altair and vl-convert: pip install 'humorrank[figures]'"
    raise MissingExtraError(message) from error

alt: Final[Any] = altair
"""The library, without types, because these differ between its versions."""

Part: TypeAlias = Any
"""A part of a chart, such as an axis, a layer or its data."""

Figure: TypeAlias = altair.LayerChart | altair.HConcatChart
"""The type of a complete figure."""
