"""Options that several commands share, and their values as text."""

from __future__ import annotations

import csv
import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_type_hints

import typer

from humorrank.errors import OptionError
from humorrank.rating.settings import Interval, Ties

READING, FILTERS, RATING, INTERVALS, OUTPUT = (
    "Reading",
    "Filters",
    "Rating",
    "Intervals",
    "Output",
)
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
Bootstrap = Annotated[
    int,
    typer.Option(
        help="Replicates behind the intervals; 0 leaves intervals out.", rich_help_panel=INTERVALS
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
EloShuffles = Annotated[
    int,
    typer.Option(help="Random orders behind Stable Elo; 0 leaves Elo out.", rich_help_panel=RATING),
]
HalfTies = Annotated[
    Literal["half", "exclude"],
    typer.Option(help="A tie is half a win each, or left out.", rich_help_panel=RATING),
]
Disconnected = Annotated[
    Literal["error", "largest"],
    typer.Option(
        help="Where not everyone can be rated: stop, or take the largest connected component.",
        rich_help_panel=RATING,
    ),
]
BoardFormat = Annotated[
    Literal["table", "json", "csv", "markdown", "latex"] | None,
    typer.Option(
        "--format",
        "-f",
        help="A table, or as the ending of --output says, where not given.",
        rich_help_panel=OUTPUT,
    ),
]
Tiers = Annotated[
    str | None,
    typer.Option(
        metavar="TIERS",
        help="Bands of ratings: 'paper', or NAME=LOWEST,...: strong=1100,middle=950,weak.",
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


def takes(**groups: Callable[..., object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the options of whole groups.

    Args:
        groups: of parameters of the command, each a function whose own parameters are the options,
            and whose value the parameter gets.
    """

    def expand(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        owners: dict[str, list[str]] = {}
        for parameter in _resolved(command):
            options = [parameter]
            if parameter.name in groups:
                options = _resolved(groups[parameter.name])
                owners[parameter.name] = [option.name for option in options]
            parameters += options

        @functools.wraps(command)
        def run(**given: Any) -> None:  # noqa: ANN401 - typer passes options of any type
            for group, names in owners.items():
                given[group] = groups[group](**{name: given.pop(name) for name in names})
            command(**given)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in parameters}
        return run

    return expand


def _resolved(function: Callable[..., object]) -> list[inspect.Parameter]:
    hints = get_type_hints(function, include_extras=True)
    return [
        parameter.replace(annotation=hints[parameter.name], kind=parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
    ]


def reading_options(
    columns: Columns = None,
    score_of: ScoreOf = None,
    reading: Reading = None,
    where: Where = None,
    exclude: Exclude = None,
    max_per_judge: MaxPerJudge = None,
    unjudged: Unjudged = "skip",
    on_error: OnError = "fail",
) -> dict[str, Any]:
    """How a log is read: the options of `humorrank.MatchLog`."""
    return {
        "columns": as_columns(columns),
        "score_of": score_of,
        "reading": reading,
        "where": where,
        "exclude": tuple(exclude or ()),
        "max_per_judge": max_per_judge,
        "unjudged": unjudged,
        "on_error": on_error,
    }


def rating_options(
    min_matches: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Leave out models with fewer matches than this.",
            rich_help_panel=FILTERS,
        ),
    ] = 0,
    ties: Annotated[
        Ties,
        typer.Option(
            help="A tie is half a win each, or left out, or an outcome of its own (Davidson's "
            "model).",
            rich_help_panel=RATING,
        ),
    ] = "half",
    first_position: Annotated[
        bool,
        typer.Option(
            "--first-position",
            help="Fit what being shown first is worth beside the ratings.",
            rich_help_panel=RATING,
        ),
    ] = False,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Fit the effect of a number beside the ratings: the column NAME_a less NAME_b, "
            "or a column NAME of such differences; may be repeated.",
            rich_help_panel=RATING,
        ),
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=RATING",
            help="Shift the whole board so that NAME has this rating.",
            rich_help_panel=RATING,
        ),
    ] = None,
    prior: Annotated[
        float,
        typer.Option(
            help="Half a won game against an average opponent, times this, for everyone: shrinks "
            "ratings, and rates fields that have no maximum.",
            rich_help_panel=RATING,
        ),
    ] = 0.0,
    disconnected: Disconnected = "error",
    solver: Annotated[
        Literal["newton", "mm"],
        typer.Option(help="The way to the same maximum.", rich_help_panel=RATING),
    ] = "newton",
    confidence: Annotated[
        float, typer.Option(help="Of the intervals.", rich_help_panel=INTERVALS)
    ] = 0.95,
    interval: Annotated[
        Interval | None,
        typer.Option(
            help="Of bootstrap replicates (percentile, basic, bca), of the inverse information "
            "(wald), or of the scatter of matches or clusters (sandwich). Percentile by default; "
            "sandwich with --ties davidson, --first-position and --control.",
            rich_help_panel=INTERVALS,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Matches that are equal here (prompt, judge) are alike: resample them as a whole.",
            rich_help_panel=INTERVALS,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of every random draw.", rich_help_panel=RATING)] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="All processors by default; never changes the result.", rich_help_panel=RATING
        ),
    ] = None,
) -> dict[str, Any]:
    """How ratings are made of matches: options of `humorrank.rate`.

    Raises:
        OptionError: an option is not of its form.
    """
    controls = as_names("control", control, empty=True) or ()
    if control and not controls:
        raise OptionError("--control takes the name of a control (length), not ''")
    return {
        "first_position": first_position,
        "controls": controls,
        "min_matches": min_matches,
        "ties": ties,
        "anchor": as_anchor(anchor),
        "prior": prior,
        "disconnected": disconnected,
        "solver": solver,
        "confidence": confidence,
        "interval": interval,
        "cluster": cluster,
        "seed": seed,
        "threads": threads,
    }


def as_columns(text: str | None) -> dict[str, str] | None:
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


def as_names(
    option: str, texts: list[str] | None, *, empty: bool = False
) -> tuple[str, ...] | None:
    """Columns named by an option that is repeated, or has commas, or both; None if not given.

    Quotes hold a column with a comma together.

    Args:
        option: its name.
        texts: what was given.
        empty: whether nothing, '', stands for no columns.

    Raises:
        OptionError: one is empty.
    """
    if texts is None:
        return None
    found = tuple(part.strip() for text in texts for part in next(csv.reader([text]), [""]))
    if not all(found) or not (found or empty):
        raise OptionError(f"--{option} takes columns (judge,prompt), not {','.join(texts)!r}")
    return found


def as_anchor(text: str | None) -> tuple[str, float] | None:
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
