"""`humorrank simulate`: a match log from known ratings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from humorrank._util.atomic import replacing
from humorrank._util.interruptible import interruptible
from humorrank.cli._ratings import read_ratings
from humorrank.errors import OptionError
from humorrank.matches.simulation import simulate as draw_matches

_SLICE = 1 << 17
"""Rows of text that are written without a look at Ctrl-C."""


def simulate(
    ratings: Annotated[
        str,
        typer.Argument(
            metavar="RATINGS",
            help="A CSV with the columns model and rating, or a number of models.",
        ),
    ],
    matches: Annotated[int, typer.Option(help="How many matches.")] = 10_000,
    ties: Annotated[float, typer.Option(help="The tie rate between equals, 0 to 1.")] = 0.1,
    seed: Annotated[int, typer.Option(help="The same seed draws the same log.")] = 0,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Ends in .parquet or .csv.")
    ] = "matches.parquet",
) -> None:
    """Draw a match log from known ratings.

    `humorrank simulate 100 --matches 1000000 -o million.parquet`
    """
    path = Path(output)
    if path.suffix not in (".parquet", ".csv"):
        message = f"--output must end in .parquet or .csv, not {output!r}"
        raise OptionError(message)
    frame = draw_matches(read_ratings(ratings), matches, ties, seed)
    with replacing(path) as file:
        if path.suffix == ".csv":
            # By slices: while polars writes text, Python cannot listen for Ctrl-C.
            frame.head(0).write_csv(file)
            for part in frame.iter_slices(_SLICE):
                part.write_csv(file, include_header=False)
        else:
            interruptible(lambda: frame.write_parquet(file))
