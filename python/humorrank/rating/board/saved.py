"""A board as written to a file, without its matches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from humorrank._stats.distributions import normal_quantile
from humorrank.errors import InputError
from humorrank.matches.source import Board, BoardSource, resolve
from humorrank.rating.board.leaderboard import Leaderboard


def opened(source: object) -> object:
    """Returns the board if the source is the path of a saved one, and else the source itself.

    Raises:
        InputError: If the file is not a valid board.
    """
    if isinstance(source, Board):
        return source
    found = resolve(source)
    if isinstance(found, BoardSource) and isinstance(found.board, Path):
        return Leaderboard.from_json(found.board)
    return source


@dataclass(frozen=True, eq=False)
class SavedBoard:
    """The ratings of a board.

    Attributes:
        models: The names of the models, best first.
        ranks: The ranks of the models.
        ratings: The ratings in points.
        lower: The lower ends of the intervals; infinite or NaN if missing.
        upper: The upper ends of the intervals; infinite or NaN if missing.
        confidence: Confidence level of the intervals.
        label: The name of the board in error messages.
    """

    models: tuple[str, ...]
    ranks: tuple[int, ...]
    ratings: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    confidence: float
    label: str

    @classmethod
    def of(cls, board: Leaderboard) -> SavedBoard:
        """Returns the saved form of a board in memory."""
        missing = np.full(len(board), np.nan)
        return cls(
            tuple(board.columns["model"]),
            tuple(board.columns["rank"].tolist()),
            board.columns["rating"],
            board.columns.get("rating_lower", missing),
            board.columns.get("rating_upper", missing),
            board.settings["confidence"],
            "the board",
        )

    @classmethod
    def read(cls, path: Path) -> SavedBoard:
        """Reads a board written by `humorrank rate --format json`.

        Raises:
            InputError: If the file is not a valid board.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            rows = content["leaderboard"]
            rating, lower, upper = (
                np.array([row[end] for row in rows], np.float64)
                for end in ("rating", "rating_lower", "rating_upper")
            )
            return cls(
                tuple(str(row["model"]) for row in rows),
                tuple(int(row["rank"]) for row in rows),
                rating,
                lower,
                upper,
                float(content["settings"]["confidence"]),
                str(path),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"not a board written by `humorrank rate --format json`: {error}", file=str(path)
            ) from error

    def _places(self, models: Sequence[str]) -> np.ndarray:
        """Returns the positions of some models on the board."""
        place = {name: place for place, name in enumerate(self.models)}
        return np.array([place[name] for name in models], np.int64)

    def rating_of(self, models: Sequence[str]) -> np.ndarray:
        """Returns the ratings of some models."""
        return np.asarray(self.ratings[self._places(models)])

    def errors(self, models: Sequence[str]) -> np.ndarray:
        """Returns the standard errors of some models, computed from their intervals.

        Raises:
            InputError: If a model has no interval, or an open one.
        """
        places = self._places(models)
        wide = (self.upper - self.lower)[places]
        open_ones = np.flatnonzero(~np.isfinite(wide))
        if len(open_ones):
            name = models[int(open_ones[0])]
            raise InputError(
                f"{name!r} has no interval, or an open one, in {self.label}, so its move cannot "
                "be distinguished from noise; give both logs instead"
            )
        return np.asarray(wide / 2 / normal_quantile((1 + self.confidence) / 2))
