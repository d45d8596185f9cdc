"""`humorrank plot`: draws a figure of a log, a tally or a store."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from humorrank._util.progress import Progress
from humorrank.cli import _options, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.cli._rated import matches_of, saved_board, tell
from humorrank.errors import OptionError
from humorrank.rating.rate import rate

if TYPE_CHECKING:
    from humorrank.figures.extra import Figure

Kind = Literal[
    "leaderboard",
    "ranks",
    "win-rates",
    "elo",
    "features",
    "judges",
    "position-bias",
    "budget",
    "history",
    "reliability",
]

_FIGURE: Final = "Figure"

_BOARDS: Final = ("leaderboard", "ranks", "win-rates", "elo")
"""Figures of a leaderboard, which take all rating options."""

_TAKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "features": ("top",),
    "judges": ("judges", "bootstrap", "confidence", "disconnected", "seed"),
    "position-bias": ("confidence",),
    "budget": ("top", "steps", "prior"),
    "history": (
        "by",
        "window",
        "top",
        "bootstrap",
        "confidence",
        "interval",
        "ties",
        "first_position",
        "anchor",
        "prior",
        "min_matches",
        "solver",
        "seed",
        "threads",
    ),
    "reliability": ("cluster", "ties", "confidence", "disconnected", "seed", "threads"),
    "leaderboard": ("top", "bootstrap"),
    "ranks": ("top", "bootstrap"),
    "win-rates": ("top",),
    "elo": ("top", "elo_shuffles"),
}
"""Options that apply to each kind of figure, in addition to those for reading."""

_SHUFFLES, _STEPS = 100, 40


@_options.takes(reading=_options.reading_options, rating=_options.rating_options)
def plot(
    *,
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="KIND",
            help="The figure: leaderboard (ratings with intervals), ranks (those that are "
            "compatible with the data), win-rates (of each model against each other one), elo "
            "(Stable Elo against Bradley-Terry), features (why models win and lose), judges "
            "(ratings by two judges), position-bias (how often the joke shown first wins, by "
            "judge), budget (ratings by number of comparisons), history (ratings over time), or "
            "reliability (predicted against observed wins).",
            show_default=False,
        ),
    ],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG_OR_STORE...",
            help="The store of a tournament, or match logs, decision logs and tally files, as for "
            "`humorrank rate`.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the file, which must end in .png, .svg, .html (a page that needs no "
            "network) or .json (the Vega-Lite specification).",
            rich_help_panel=_options.OUTPUT,
            show_default=False,
        ),
    ],
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Show only the N best models.", min=1, rich_help_panel=_FIGURE
        ),
    ] = None,
    judges: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE,JUDGE",
            help="The two judges to compare; not needed if the log has exactly two.",
            rich_help_panel=_FIGURE,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"Number of budgets at which the models are rated; {_STEPS} by default.",
            min=1,
            rich_help_panel=_FIGURE,
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="PERIOD",
            help="Periods of a history: year(COLUMN), month(COLUMN), week(COLUMN) or day(COLUMN). "
            "Not needed if there is a single column of dates.",
            rich_help_panel=_FIGURE,
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Number of periods of a history whose matches are rated at each period: 1 for "
            "those of each period alone. By default, all matches up to then.",
            min=1,
            rich_help_panel=_FIGURE,
        ),
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(
            help="Number of bootstrap replicates behind the intervals; 0 omits the intervals. The "
            "default is 1,000, or 100 for very large fields.",
            rich_help_panel=_options.INTERVALS,
        ),
    ] = None,
    elo_shuffles: Annotated[
        int | None,
        typer.Option(
            help=f"Number of random match orders behind Stable Elo; {_SHUFFLES} by default.",
            rich_help_panel=_options.RATING,
        ),
    ] = None,
    reading: dict[str, Any],
    rating: dict[str, Any],
) -> None:
    """Draw a figure and write it to a file.

    This requires `pip install 'humorrank[figures]'`. Figures are readable in black and white and
    for color-blind readers. The meaning of each mark is stated below the title.

    * `humorrank plot leaderboard votes.csv -o leaderboard.png`
    * `humorrank plot features T.sqlite -o features.svg`
    * `humorrank plot history votes.parquet --by 'month(tstamp)' -o history.png`
    * `humorrank plot judges decisions.parquet --judges anna,llama -o judges.html`
    """
    from humorrank import figures  # noqa: PLC0415 - an optional dependency
    from humorrank.figures.writing import check_ending  # noqa: PLC0415

    check_ending(output)
    given = {
        "top": top,
        "judges": _parsing.as_names("judges", judges),
        "steps": steps,
        "by": by,
        "window": window,
        "bootstrap": bootstrap,
        "elo_shuffles": elo_shuffles,
    }
    said = {name: value for name, value in given.items() if value is not None}
    _refuse_idle(kind, said, rating)
    with progress_bar() as progress:
        if kind in _BOARDS:
            chart = _of_board(kind, files, reading, rating, said, progress)
        else:
            chart = _of_rows(kind, files, reading, rating, said, progress)
    figures.save(chart, output)


def _of_board(
    kind: str,
    files: list[str],
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    said: Mapping[str, Any],
    progress: Progress | None,
) -> Figure:
    from humorrank import figures  # noqa: PLC0415

    intervals, elo = kind in ("leaderboard", "ranks"), kind == "elo"
    unsaid = {name: said.get(name) for name in ("bootstrap", "elo_shuffles")}
    board = saved_board(files, reading, rating, **unsaid)
    if board is None:
        matches = matches_of(files, reading, rating, by=None, progress=progress)
        board = rate(
            matches,
            bootstrap=said.get("bootstrap") if intervals else 0,
            elo_shuffles=said.get("elo_shuffles", _SHUFFLES) if elo else 0,
            progress=progress,
            **rating,
        )
        tell(board)
    draw: Callable[..., Figure] = {
        "leaderboard": figures.leaderboard,
        "ranks": figures.ranks,
        "win-rates": figures.win_rates,
        "elo": figures.elo_against_bt,
    }[kind]
    return draw(board, said.get("top"))


def _of_rows(
    kind: str,
    files: list[str],
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    said: Mapping[str, Any],
    progress: Progress | None,
) -> Figure:
    from humorrank import figures  # noqa: PLC0415

    source: Any = files[0] if len(files) == 1 else files
    taken = {name: rating[name] for name in _TAKEN[kind] if name in rating}
    taken |= {name: value for name, value in said.items() if name != "judges"}
    if kind == "judges":
        pair: tuple[str | None, ...] = said.get("judges", (None, None))
        if len(pair) != 2:
            raise OptionError(f"--judges takes two judges (anna,ben), not {len(pair)}")
        return figures.judges(source, pair[0], pair[1], progress=progress, **taken, **reading)
    if kind == "history":
        from humorrank.rating.history import history_of  # noqa: PLC0415 - needs polars

        top = taken.pop("top", None)
        found = history_of(source, progress=progress, reading=reading, **taken)
        tell(found.board)
        return figures.history(found, top=top)
    if kind == "budget":
        return figures.budget(source, progress=progress, **taken, **reading)
    if kind == "reliability":
        return figures.reliability(source, progress=progress, **taken, **reading)
    if kind == "features":
        return figures.features(source, **taken, **reading)
    return figures.position_bias(source, **taken, **reading)


def _refuse_idle(kind: str, said: Mapping[str, Any], rating: Mapping[str, Any]) -> None:
    """Refuses options that do not apply to this kind of figure."""
    idle = [name for name in said if name not in _TAKEN[kind]]
    if kind not in _BOARDS:
        parameters = inspect.signature(_options.rating_options).parameters
        usual = {name: one.default for name, one in parameters.items()}
        for name, value in rating.items():
            option = "control" if name == "controls" else name
            if name not in _TAKEN[kind] and (value or None) != (usual[option] or None):
                idle.append(option)
    for name in idle:
        takes = ", ".join(f"--{one.replace('_', '-')}" for one in _TAKEN[kind])
        raise OptionError(
            f"--{name.replace('_', '-')} does not apply to the figure {kind}, which takes {takes} "
            "and the options for reading"
        )
