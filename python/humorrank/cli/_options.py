"""Options that several commands share, and their values as text."""

from __future__ import annotations

import csv
from typing import Annotated, Literal

import typer

from humorrank.errors import OptionError

READING, FILTERS, RATING, OUTPUT = "Reading", "Filters", "Rating", "Output"
"""The panels of `--help`."""

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Match logs: CSV, TSV (also .gz, .zst), Parquet, JSONL, JSON, Arrow; globs; - for "
        "standard input. Also files of `humorrank tally`, which are added up.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Which column is what: model_a=left,model_b=right,winner=label; also score, count, "
        "weight, judge, prompt, language.",
        rich_help_panel=READING,
    ),
]
ScoreOf = Annotated[
    Literal["a", "b"] | None,
    typer.Option(help="Whose share of the win a number in `score` is.", rich_help_panel=READING),
]
Reading = Annotated[
    str | None,
    typer.Option(help="Which format this is, where a file could be two.", rich_help_panel=READING),
]
Unjudged = Annotated[
    Literal["skip", "fail"],
    typer.Option(help="What to do with rows without an outcome.", rich_help_panel=READING),
]
OnError = Annotated[
    Literal["fail", "skip"],
    typer.Option(help="What to do with bad rows; skipped ones are told.", rich_help_panel=READING),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="SQL",
        help="Keep only rows for which this holds: \"language = 'en'\".",
        rich_help_panel=FILTERS,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="Leave a model out, with its matches; may be repeated.",
        rich_help_panel=FILTERS,
    ),
]
MaxPerJudge = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="Keep only the first N rows of each judge.", rich_help_panel=FILTERS
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Keep counts apart by these columns (judge,prompt,language), to rate by them later; "
        "of tally files, keep only these ('' for none).",
        rich_help_panel=OUTPUT,
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Rate each group of matches that are equal in this column (judge, prompt, language) "
        "on its own; several columns, or the option repeated, for their combinations.",
        rich_help_panel=RATING,
    ),
]
Format = Annotated[
    Literal["table", "json", "csv", "markdown"] | None,
    typer.Option(
        "--format",
        "-f",
        help="A table, or as the ending of --output says, where not given.",
        rich_help_panel=OUTPUT,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write here, not to standard output.",
        rich_help_panel=OUTPUT,
    ),
]


def columns(text: str | None) -> dict[str, str] | None:
    """`role=column,role=column` as a mapping; quotes hold a column with a comma together.

    Raises:
        OptionError: the text is not of that form.
    """
    if text is None:
        return None
    out: dict[str, str] = {}
    for part in next(csv.reader([text]), []):
        role, equals, column = part.partition("=")
        if not equals or not role.strip() or not column.strip():
            message = (
                f"--columns takes role=column pairs (model_a=left,model_b=right), not {part!r}"
            )
            raise OptionError(message)
        if role.strip() in out:
            message = f"--columns names the role {role.strip()!r} twice"
            raise OptionError(message)
        out[role.strip()] = column.strip()
    return out


def names(option: str, texts: list[str] | None) -> tuple[str, ...] | None:
    """Columns named by an option that is repeated, or has commas, or both; None if not given.

    Quotes hold a column with a comma together.

    Raises:
        OptionError: one is empty.
    """
    if texts is None:
        return None
    found = tuple(part.strip() for text in texts for part in next(csv.reader([text]), [""]))
    if not all(found):
        raise OptionError(f"--{option} takes columns (judge,prompt), not {','.join(texts)!r}")
    return found


def anchor(text: str | None) -> tuple[str, float] | None:
    """`NAME=RATING` as a pair; a name may hold equals signs.

    Raises:
        OptionError: the text is not of that form.
    """
    if text is None:
        return None
    name, equals, rating = text.rpartition("=")
    try:
        if equals and name:
            return name, float(rating)
    except ValueError:
        pass
    message = f"--anchor takes NAME=RATING (gpt-5=1300), not {text!r}"
    raise OptionError(message)
