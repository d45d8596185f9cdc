"""Altair, where it is installed; nothing else of the package is imported where it is not."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from humorrank.errors import MissingExtraError

try:
    import altair
except ImportError as error:
    message = "figures need altair and vl-convert: pip install 'humorrank[figures]'"
    raise MissingExtraError(message) from error

alt: Final[Any] = altair
"""The library; its types differ from version to version, so that nothing is said of them."""

Part: TypeAlias = Any
"""A piece of a chart: an axis, a layer, its data."""

Figure: TypeAlias = altair.LayerChart | altair.HConcatChart
"""What the functions give."""
