"""Results that are shown as text, as JSON and, in a notebook, as HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from humorrank._util import json as as_json
from humorrank._util.text import Style


class Report(ABC):
    """The base class of results of an analysis.

    Subclasses are data classes with `repr=False`, as the text represents them.
    """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Returns the report in JSON types."""

    @abstractmethod
    def _written(self, style: Style) -> str:
        """Returns the report as text of a style."""

    def to_json(self) -> str:
        """Returns `to_dict` as JSON text."""
        return as_json.text(self.to_dict())

    def to_text(self, *, color: bool = False, width: int | None = None) -> str:
        """Returns the report as text.

        Args:
            color: Whether to use the color codes of a terminal.
            width: The number of characters in a line, by default any number. Columns that do not
                fit are left out, and a line names them.
        """
        return self._written(Style(color, width))

    def _repr_html_(self) -> str:
        return self._written(Style(markup=True))

    def __repr__(self) -> str:
        """Returns the report as plain text."""
        return self.to_text()
