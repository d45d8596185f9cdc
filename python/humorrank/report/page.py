"""The page: from a board, a log or a store to one file that can be mailed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from humorrank._util.atomic import replacing
from humorrank._util.checks import one_of, whole
from humorrank._util.progress import Progress
from humorrank.errors import OptionError
from humorrank.rating.board.tiers import tiers_of
from humorrank.report.contents import contents
from humorrank.report.pictures import Picture, pictures_of
from humorrank.report.render import rendered
from humorrank.report.source import Evidence, evidence_of

Offensive = Literal["hide", "show"]

MOST_BYTES: Final = 2_900_000
"""What a page is kept below by leaving out examples."""

LEAST_EXAMPLES: Final = 300_000
"""Bytes of examples there are in any case."""


@dataclass(frozen=True, eq=False)
class Page:
    """A page.

    Attributes:
        title: of the page.
        data: all that it shows, in JSON's types.
        evidence: what it was made of: the board and what is known beside it.
    """

    title: str
    data: dict[str, Any] = field(repr=False)
    evidence: Evidence = field(repr=False)

    @cached_property
    def html(self) -> str:
        """The page as one file of HTML, which loads nothing."""
        return rendered(self.title, self.data)

    def write(self, path: str | os.PathLike[str]) -> int:
        """Writes the page, whole or not at all.

        Args:
            path: of the file.

        Returns:
            How many bytes.

        Raises:
            OptionError: the file cannot be written.
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
    reading: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **rating: Any,  # noqa: ANN401 - the options of rate
) -> Page:
    """Makes a page of a board: ranks, pairs, win rates, labels, biases, and where it came from.

    The same matches, settings, seed and versions make the same page, byte for byte.

    Args:
        source: a `Leaderboard`, a tournament's store, or whatever `humorrank.rate` takes. A board
            has neither texts nor judges; a tally has no texts.
        title: of the page; made of the number of contestants and matches by default.
        examples: example decisions of each pair, at most; drawn by the seed.
        offensive: whether jokes that a judge labelled offensive are folded away ("hide"), so that
            a reader opens them, or shown as any other ("show").
        tiers: bands of ratings, as of `humorrank.rating.board.tiers.tiers_of`; none by default.
        pictures: whether figures are embedded, where altair and vl-convert are installed.
        texts: the columns of both jokes of a log; joke_a and joke_b by default.
        command: the command line that makes this page, to be shown in it.
        reading: options of `MatchLog`.
        progress: called with (stage, done, total).
        rating: options of `humorrank.rate`.

    Raises:
        OptionError: an option has a value that it cannot have, or does not go with the source.
        InputError: the matches cannot be read as they stand.
        NoMaximumError: the likelihood has no maximum; says who is outside and why.
        StoreError: the store cannot be read.
    """
    one_of("offensive", offensive, ("hide", "show"))
    whole("examples", examples, most=100)
    bands = tiers_of(tiers)
    if rating.pop("by", None) is not None:
        raise OptionError("a page is of one board, and by makes many: filter the log (where)")
    found = evidence_of(
        source,
        reading=reading or {},
        rating=rating,
        texts=texts,
        progress=progress,
    )
    drawn: list[Picture] = []
    missing: str | None = "Without pictures, as asked for."
    if pictures:
        drawn, missing = pictures_of(found, progress)
    board = found.board
    matches = f"{len(board):,} contestants, {board.counts['rated']:,} matches"
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
    """Makes a page and writes it, whole or not at all.

    Args:
        source: A board, a store, or whatever `humorrank.rate` takes.
        path: The path of the file.
        options: The options of `make_page`.

    Returns:
        The size of the file in bytes.

    Raises:
        HumorRankError: See `make_page`.
    """
    return make_page(source, **options).write(path)


async def write_async(
    source: object,
    path: str | os.PathLike[str],
    **options: Any,  # noqa: ANN401 - the options of make_page
) -> int:
    """Makes and writes a page in another thread, so that an event loop goes on; see `write`."""
    return await asyncio.to_thread(write, source, path, **options)


def _clean(title: str | None) -> str:
    """A title of one line, in characters that every file can hold."""
    text = (title or "").encode("utf-8", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
