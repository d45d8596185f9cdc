"""Reads the assumed ratings of commands that simulate."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from humorrank.errors import OptionError


def read_ratings(text: str) -> dict[str, float]:
    """Reads names and ratings from a file, or spreads a number of models over 800 points.

    Args:
        text: Path of a CSV file with the columns model and rating, or a number of models.

    Raises:
        OptionError: If the text is neither, or the file is not such a table.
    """
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
        reason = str(error).splitlines()[0]
        message = f"{text}: not a table with the columns model and rating: {reason}"
        raise OptionError(message) from error
    if None in names or None in ratings:
        message = f"{text}: a model or a rating is missing"
        raise OptionError(message)
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        message = f"{text}: the model {doubled[0]!r} occurs twice"
        raise OptionError(message)
    return dict(zip(names, ratings, strict=True))
