"""`humorrank simulate`: a match log from known ratings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

import humorrank
from humorrank.atomic import replacing
from humorrank.errors import OptionError
from humorrank.interruptible import interruptible


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
    """Draw a match log from known ratings, to try things out at any size.

    `humorrank simulate 100 --matches 1000000 -o million.parquet`
    """
    path = Path(output)
    if path.suffix not in (".parquet", ".csv"):
        message = f"--output must end in .parquet or .csv, not {output!r}"
        raise OptionError(message)
    frame = humorrank.simulate(_ratings(ratings), matches, ties, seed)
    write = frame.write_csv if path.suffix == ".csv" else frame.write_parquet
    with replacing(path) as file:
        interruptible(lambda: write(file))


def _ratings(text: str) -> dict[str, float]:
    if text.isascii() and text.isdigit():
        models = int(text)
        width = len(text)
        return {
            f"model-{i:0{width}}": 1000 + 800 * (i / max(models - 1, 1) - 0.5)
            for i in range(models)
        }
    if not Path(text).is_file():
        message = f"{text!r} is neither a number of models nor a file"
        raise OptionError(message)
    try:
        frame = pl.read_csv(text, schema_overrides={"model": pl.String, "rating": pl.Float64})
        names, ratings = frame["model"].to_list(), frame["rating"].to_list()
    except pl.exceptions.PolarsError as error:
        message = f"{text}: no table of model and rating: {str(error).splitlines()[0]}"
        raise OptionError(message) from error
    if None in names or None in ratings:
        message = f"{text}: a model or a rating is missing"
        raise OptionError(message)
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        message = f"{text}: {doubled[0]!r} stands there twice"
        raise OptionError(message)
    return dict(zip(names, ratings, strict=True))
