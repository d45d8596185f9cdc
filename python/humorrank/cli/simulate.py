"""`humorrank simulate`: simulates a match log from known ratings."""

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
"""Number of rows of text that are written before Ctrl-C is checked."""


def simulate(
    ratings: Annotated[
        str,
        typer.Argument(
            metavar="RATINGS",
            help="A CSV file with the columns model and rating, or a number of models.",
        ),
    ],
    matches: Annotated[int, typer.Option(help="Number of matches.")] = 10_000,
    ties: Annotated[float, typer.Option(help="Tie rate between equals, from 0 to 1.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Random seed for all draws.")] = 0,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the output file, which must end in .parquet or .csv.",
        ),
    ] = "matches.parquet",
) -> None:
    """Simulate a match log from known ratings.

    `humorrank simulate 100 --matches 1000000 -o million.parquet`
    """
    path = Path(output)
    if path.suffix not in (".parquet", ".csv"):
        message = f"--output must end in .parquet or .csv, not {output!r}"
        raise OptionError(message)
    frame = draw_matches(read_ratings(ratings), matches, ties, seed)
    with replacing(path) as file:
        if path.suffix == ".csv":
            # Python cannot handle Ctrl-C while polars writes text, hence the slices.
            frame.head(0).write_csv(file)
            for part in frame.iter_slices(_SLICE):
                part.write_csv(file, include_header=False)
        else:
            interruptible(lambda: frame.write_parquet(file))
