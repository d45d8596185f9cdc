"""Converts a leaderboard, a log or a store to a page, which is one file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from humorrank._util.atomic import replacing
from humorrank._util.checks import one_of, whole
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.rating.board.saved import opened
from humorrank.rating.board.tiers import tiers_of
from humorrank.report.contents import contents
from humorrank.report.pictures import Picture, pictures_of
from humorrank.report.render import rendered
from humorrank.report.source import Evidence, evidence_of

Offensive = Literal["hide", "show"]

MOST_BYTES: Final = 2_900_000
"""Maximum size of a page, which is kept by leaving out examples."""

LEAST_EXAMPLES: Final = 300_000
"""Number of bytes that examples may always take."""


@dataclass(frozen=True, eq=False)
class Page:
    """A page.

    Attributes:
        title: Title of the page.
        data: The contents of the page, in the types of JSON.
        evidence: The leaderboard and the other information that the page is made from.
    """

    title: str
    data: dict[str, Any] = field(repr=False)
    evidence: Evidence = field(repr=False)

    @cached_property
    def html(self) -> str:
        """The page as a single HTML file, which loads nothing."""
        return rendered(self.title, self.data)

    def write(self, path: str | os.PathLike[str]) -> int:
        """Writes the page completely or not at all.

        Args:
            path: Path of the file.

        Returns:
            The size of the file in bytes.

        Raises:
            OptionError: If the file cannot be written.
        """
        content = self.html.encode()
        with replacing(path) as file:
            file.write(content)
        return len(content)


def make_page(
    source: object,
    *,
    title: str | None = None,
    examples: int = 3,
    offensive: Offensive = "hide",
    tiers: str | Mapping[str, float | None] | None = None,
    pictures: bool = True,
    texts: tuple[str, str] | None = None,
    command: str | None = None,
    by: str | Sequence[str] | None = None,
    reading: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **rating: Any,  # noqa: ANN401 - the options of rate
) -> Page:
    """Makes a page of a leaderboard.

    The page shows ranks, pairs, win rates, labels, biases, and how the leaderboard was made. The
    same matches, settings, seed and versions give the same page, byte for byte.

    Args:
        source: A `Leaderboard`, the store of a tournament, or anything that `humorrank.rate`
            accepts. A leaderboard has neither texts nor judges; a tally has no texts.
        title: Title of the page. By default, it gives the numbers of contestants and matches.
        examples: Maximum number of example decisions for each pair, drawn by the seed.
        offensive: Whether jokes that a judge labeled offensive are collapsed ("hide"), so that a
            reader can expand them, or displayed like all others ("show").
        tiers: Bands of ratings, as in `humorrank.rating.board.tiers.tiers_of`; none by default.
        pictures: Whether figures are embedded, if altair and vl-convert are installed.
        texts: Columns of a log that contain the two jokes; joke_a and joke_b by default.
        command: The command line that makes this page, which the page displays.
        by: Columns, or periods of dates ("month(tstamp)"), by which the matches are also rated in
            groups; the page shows the leaderboards of the groups as tabs.
        reading: Options of `MatchLog`.
        progress: Function that is called with (stage, done, total).
        rating: Options of `humorrank.rate`.

    Raises:
        OptionError: If an option has an invalid value, or does not apply to the source.
        InputError: If the matches cannot be read.
        NoMaximumError: If the likelihood has no maximum. The message names the contestants
            outside, and the reason.
        StoreError: If the store cannot be read.
    """
    one_of("offensive", offensive, ("hide", "show"))
    whole("examples", examples, most=100)
    bands = tiers_of(tiers)
    source = opened(source)
    found = evidence_of(
        source,
        reading=reading or {},
        rating=rating,
        texts=texts,
        progress=progress,
        by=by,
    )
    drawn: list[Picture] = []
    missing: str | None = "Pictures were not requested."
    if pictures:
        drawn, missing = pictures_of(found, progress)
    board = found.board
    matches = f"{number_of(len(board), 'contestant')}, "
    matches += number_of(board.counts["rated"], "match", "matches")
    title = _clean(title) or f"Leaderboard of {matches}"
    data = contents(
        found,
        title=title,
        examples=examples,
        offensive=offensive,
        tiers=bands,
        pictures=drawn,
        no_pictures=missing,
        command=command,
        space=lambda taken: max(LEAST_EXAMPLES, MOST_BYTES - taken),
        progress=progress,
    )
    return Page(title, data, found)


def write(
    source: object,
    path: str | os.PathLike[str],
    **options: Any,  # noqa: ANN401 - the options of make_page
) -> int:
    """Makes a page and writes it completely or not at all.

    Args:
        source: A leaderboard, a store, or anything that `humorrank.rate` accepts.
        path: Path of the file.
        options: Options of `make_page`.

    Returns:
        The size of the file in bytes.

    Raises:
        HumorRankError: If the page cannot be made; see `make_page`.
    """
    return make_page(source, **options).write(path)


async def write_async(
    source: object,
    path: str | os.PathLike[str],
    **options: Any,  # noqa: ANN401 - the options of make_page
) -> int:
    """Makes and writes a page in a thread, without blocking the event loop; see `write`."""
    return await asyncio.to_thread(write, source, path, **options)


def _clean(title: str | None) -> str:
    """Returns the title as one line of printable characters."""
    text = (title or "").encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
