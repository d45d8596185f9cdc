"""Options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_type_hints

import typer

from humorrank.cli._parsing import as_aliases, as_anchor, as_columns, as_folds, as_names, as_words
from humorrank.errors import OptionError
from humorrank.rating.settings import Interval, Ties

READING, FILTERS, RATING, INTERVALS, OUTPUT = (
    "Reading",
    "Filters",
    "Rating",
    "Intervals",
    "Output",
)
"""Panels of the output of `--help`."""

Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Match logs in CSV, TSV, Parquet, JSONL, JSON, Arrow or Excel format, also compressed "
        "(.gz, .zst, .bz2, .xz, .zip); glob patterns; or - for standard input. Tally files of "
        "`humorrank tally` are added up.",
        show_default=False,
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        help="Roles of the columns: model_a=left,model_b=right,winner=label. Further roles are "
        "score, rank, ranking, ballot, count, weight, judge, prompt and language. A path with "
        "dots names a field inside an object: judge=meta.rater. Put a name with a comma in double "
        "quotes: 'model_a=\"left, name\",model_b=right'.",
        rich_help_panel=READING,
    ),
]
ScoreOf = Annotated[
    Literal["a", "b"] | None,
    typer.Option(
        help="Model whose share of the win a number in `score` states: model_a or model_b.",
        rich_help_panel=READING,
    ),
]
Reading = Annotated[
    str | None,
    typer.Option(
        help="Format of the log, needed only if the columns fit more than one format.",
        rich_help_panel=READING,
    ),
]
Quoting = Annotated[
    Literal["csv", "none"] | None,
    typer.Option(
        help="Whether quotes in a delimited text enclose fields or are part of the text; decided "
        "by the text itself by default.",
        rich_help_panel=READING,
    ),
]
WinnerWords = Annotated[
    str | None,
    typer.Option(
        metavar="OUTCOME=WORD,...",
        help="The words of the winner column: 'a=1-0,b=0-1,tie=1/2-1/2,skip=*'; several words for "
        "an outcome are separated by '|' (a=W|H). The outcomes are a (the model shown first won), "
        "b, tie, both_bad and skip (no outcome).",
        rich_help_panel=READING,
    ),
]
BothBad = Annotated[
    Literal["tie", "skip"],
    typer.Option(
        help="Whether a match in which both were called bad is a tie or is left out.",
        rich_help_panel=READING,
    ),
]
LowerWins = Annotated[
    bool,
    typer.Option(
        "--lower-wins",
        help="The lower of two scores wins (columns score_a and score_b, or a score per model).",
        rich_help_panel=READING,
    ),
]
StrongWeight = Annotated[
    float,
    typer.Option(
        metavar="WEIGHT",
        help="Weight of a match with a clear verdict (A>>B); arena-hard itself uses 3.",
        rich_help_panel=READING,
    ),
]
Alias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW|FILE",
        help="Rename a model before rating: OLD=NEW, or a CSV file with the columns old and new. "
        "May be repeated.",
        rich_help_panel=READING,
    ),
]
FoldOption = Annotated[
    str | None,
    typer.Option(
        "--fold",
        metavar="PART,...",
        help="Join names that differ only in case, space or unicode (several, separated by "
        "commas).",
        rich_help_panel=READING,
    ),
]
Unjudged = Annotated[
    Literal["skip", "fail"],
    typer.Option(help="How to handle rows without an outcome.", rich_help_panel=READING),
]
OnError = Annotated[
    Literal["fail", "skip"],
    typer.Option(
        help="How to handle bad rows; skipped rows are reported.", rich_help_panel=READING
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="SQL",
        help="Keep only rows that satisfy this condition: \"language = 'en'\".",
        rich_help_panel=FILTERS,
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL",
        help="Exclude a model and all its matches. May be repeated.",
        rich_help_panel=FILTERS,
    ),
]
MaxPerJudge = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Keep only the first N judged matches of each judge.",
        rich_help_panel=FILTERS,
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Columns by which the counts are kept apart, so that you can rate by them later: "
        "judge,prompt,language. For tally files, the keys to keep ('' for none).",
        rich_help_panel=OUTPUT,
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN,...",
        help="Rate each group of matches with the same value in this column (judge, prompt, "
        "language) separately, or in the same period of a date: year(COLUMN), month(COLUMN), "
        "week(COLUMN), day(COLUMN). If you name several columns or repeat the option, each "
        "combination of values is a group.",
        rich_help_panel=RATING,
    ),
]
Bootstrap = Annotated[
    int | None,
    typer.Option(
        help="Number of bootstrap replicates behind the intervals; 0 omits the intervals. The "
        "default is 1,000, or 100 for very large fields.",
        rich_help_panel=INTERVALS,
    ),
]
Format = Annotated[
    Literal["table", "json", "csv", "spreadsheet", "markdown"] | None,
    typer.Option(
        "--format",
        "-f",
        help="Output format. By default, the ending of --output determines it; without --output, "
        "it is a table. A spreadsheet is CSV in which names and texts are never formulas.",
        rich_help_panel=OUTPUT,
    ),
]
EloShuffles = Annotated[
    int,
    typer.Option(
        help="Number of random match orders behind Stable Elo; 0 omits Stable Elo.",
        rich_help_panel=RATING,
    ),
]
HalfTies = Annotated[
    Literal["half", "exclude"],
    typer.Option(
        help="How to count ties: as half a win for each side, or not at all.",
        rich_help_panel=RATING,
    ),
]
Disconnected = Annotated[
    Literal["error", "largest"],
    typer.Option(
        help="What to do if not all models can be rated: stop with an error, or rate the largest "
        "connected component.",
        rich_help_panel=RATING,
    ),
]
BoardFormat = Annotated[
    Literal["table", "json", "csv", "spreadsheet", "markdown", "latex"] | None,
    typer.Option(
        "--format",
        "-f",
        help="Output format. By default, the ending of --output determines it; without --output, "
        "it is a table. A spreadsheet is CSV in which names and texts are never formulas.",
        rich_help_panel=OUTPUT,
    ),
]
Tiers = Annotated[
    str | None,
    typer.Option(
        metavar="TIERS",
        help="Names for bands of ratings: 'paper', or each name with the lowest rating of its "
        "band, as in strong=1100,middle=950,weak.",
        rich_help_panel=OUTPUT,
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Path of the output file. By default, the output goes to standard output.",
        rich_help_panel=OUTPUT,
    ),
]


def takes(**groups: Callable[..., object]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replaces parameters of a command by groups of options.

    Args:
        groups: For each such parameter of the command, a function. The parameters of the function
            become options of the command, and its return value is passed to the parameter.
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
    quoting: Quoting = None,
    winner_words: WinnerWords = None,
    both_bad: BothBad = "tie",
    lower_wins: LowerWins = False,
    strong_weight: StrongWeight = 1.0,
    alias: Alias = None,
    fold: FoldOption = None,
    where: Where = None,
    exclude: Exclude = None,
    max_per_judge: MaxPerJudge = None,
    unjudged: Unjudged = "skip",
    on_error: OnError = "fail",
) -> dict[str, Any]:
    """Returns the options of `humorrank.MatchLog`, which control how a log is read."""
    return {
        "columns": as_columns(columns),
        "score_of": score_of,
        "reading": reading,
        "quoting": quoting,
        "winner_words": as_words(winner_words),
        "both_bad": both_bad,
        "lower_wins": lower_wins,
        "strong_weight": strong_weight,
        "alias": as_aliases(alias),
        "fold": as_folds(fold),
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
            help="Exclude models with fewer than N matches.",
            rich_help_panel=FILTERS,
        ),
    ] = 0,
    ties: Annotated[
        Ties,
        typer.Option(
            help="How to count ties: as half a win for each side, not at all, or as an outcome of "
            "their own (Davidson's model).",
            rich_help_panel=RATING,
        ),
    ] = "half",
    first_position: Annotated[
        bool,
        typer.Option(
            "--first-position",
            help="Together with the ratings, estimate the advantage of being shown first.",
            rich_help_panel=RATING,
        ),
    ] = False,
    control: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Together with the ratings, estimate the effect of a numerical property: column "
            "NAME_a minus column NAME_b, or a column NAME of such differences; 'length' is also "
            "computed from texts. May be repeated.",
            rich_help_panel=RATING,
        ),
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=RATING",
            help="Shift all ratings so that model NAME has this rating.",
            rich_help_panel=RATING,
        ),
    ] = None,
    prior: Annotated[
        float,
        typer.Option(
            help="Strength of the prior: half a won match against an average opponent for each "
            "model, times this number. It shrinks the ratings and keeps all of them finite.",
            rich_help_panel=RATING,
        ),
    ] = 0.0,
    disconnected: Disconnected = "error",
    solver: Annotated[
        Literal["newton", "mm"],
        typer.Option(
            help="Algorithm that maximizes the likelihood; both find the same maximum.",
            rich_help_panel=RATING,
        ),
    ] = "newton",
    confidence: Annotated[
        float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=INTERVALS)
    ] = 0.95,
    interval: Annotated[
        Interval | None,
        typer.Option(
            help="Method for the intervals: from bootstrap replicates (percentile, basic, bca), "
            "from the inverse information (wald), or from the scatter of matches or clusters "
            "(sandwich). The default is percentile, or sandwich with --ties davidson, "
            "--first-position or --control.",
            rich_help_panel=INTERVALS,
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Column (prompt, judge) whose values define clusters of dependent matches. The "
            "intervals treat each cluster as one unit. The default is none, but ballot for the "
            "pairs of rankings and other ballots.",
            rich_help_panel=INTERVALS,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Random seed for all draws.", rich_help_panel=RATING)
    ] = 0,
    threads: Annotated[
        int | None,
        typer.Option(
            help="Number of threads; all processors by default. The result does not depend on it.",
            rich_help_panel=RATING,
        ),
    ] = None,
) -> dict[str, Any]:
    """Returns the options of `humorrank.rate`, which control how matches are rated.

    Raises:
        OptionError: If an option has an invalid form.
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
