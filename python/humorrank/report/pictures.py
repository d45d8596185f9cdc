"""Figures for the page, if the libraries that draw them are installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from humorrank import figures
from humorrank._util.progress import Progress
from humorrank.errors import HumorRankError, MissingExtraError
from humorrank.report.features import MOST_FEATURED
from humorrank.report.source import Evidence

if TYPE_CHECKING:
    from humorrank.figures.extra import Figure

MOST_RANKED: Final = 1_000
"""Maximum number of contestants with rank intervals, whose cost grows with its square."""

MOST_DRAWN: Final = 100
"""Maximum number of contestants in a figure, which shows the best ones."""

MOST_BYTES: Final = 150_000
"""Maximum size of a figure; a larger one is left out, because tables show its numbers."""


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        place: Id of the element of the page that contains the figure.
        caption: Caption of the figure.
        svg: The figure as SVG.
    """

    place: str
    caption: str
    svg: str


def pictures_of(
    found: Evidence, progress: Progress | None = None
) -> tuple[list[Picture], str | None]:
    """Draws the figures of a leaderboard, its win rates and its labels.

    Args:
        found: The leaderboard and the other information behind the page.
        progress: Function that is called with (stage, done, total).

    Returns:
        The figures, and a note about the figures that are left out or None.
    """
    drawn, left = [], []
    charts = list(_charts(found))
    for number, (place, caption, chart) in enumerate(charts):
        try:
            svg = figures.svg(chart())
        except MissingExtraError as error:
            return [], f"The page has no pictures: {error}"
        except HumorRankError as error:
            left.append(f"{caption} ({error})")
            continue
        if len(svg.encode()) > MOST_BYTES:
            left.append(f"{caption} (too large; the tables show the numbers)")
        else:
            drawn.append(Picture(place, caption, svg))
        if progress is not None:
            progress("pictures", number + 1, len(charts))
    return drawn, f"Pictures left out: {'; '.join(left)}." if left else None


def _charts(found: Evidence) -> Iterator[tuple[str, str, Callable[[], Figure]]]:
    board = found.board
    top = min(MOST_DRAWN, len(board))
    yield "pictures", "Ratings with their intervals", lambda: figures.leaderboard(board, top)
    if board._uncertainty is not None and len(board) <= MOST_RANKED:
        yield "pictures", "Possible ranks", lambda: figures.ranks(board, top)
    if board.has_matches:
        yield "rates-table", "Win rates in rank order", lambda: figures.win_rates(board, top)
    if found.labels is not None:
        origin, most = found.origin, min(MOST_FEATURED, len(board))
        yield (
            "labels-tables",
            "Labels among wins and losses",
            lambda: figures.features(origin, board, most, **found.reading),
        )
