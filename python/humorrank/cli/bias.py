"""`humorrank bias`: measures what affects a judge besides the jokes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from humorrank._util.interruptible import interruptible
from humorrank._util.text import be, number_of
from humorrank.cli import _options, _output, _parsing
from humorrank.diagnostics.bias.measure import bias as measure_bias
from humorrank.diagnostics.bias.result import BiasReport
from humorrank.errors import OptionError

_BIAS = "Bias"
_DECIMALS = {
    **dict.fromkeys(
        (
            f"{name}{end}"
            for name in ("share_first", "tie_share", "consistency", "longer_won", "length_slope")
            for end in ("", "_lower", "_upper")
        ),
        3,
    ),
    "equal_ratings_p": 4,
}


@_options.takes(reading=_options.reading_options)
def bias(
    *,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="LOG...",
            help="The store of a tournament, or match logs, decision logs and tally files, as for "
            "`humorrank rate`.",
            show_default=False,
        ),
    ],
    own: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE=MODEL",
            help="Contestant that is the judge's own model, to measure self-preference. May be "
            "repeated.",
            rich_help_panel=_BIAS,
        ),
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            metavar="JUDGE",
            help="Judge with which self-preference is compared; all others by default. May be "
            "repeated.",
            rich_help_panel=_BIAS,
        ),
    ] = None,
    pooled: Annotated[
        bool, typer.Option("--pooled", help="Treat all judges as one.", rich_help_panel=_BIAS)
    ] = False,
    ratings: Annotated[
        bool,
        typer.Option(
            "--ratings",
            help="Show the ratings with and without the first-position parameter instead of the "
            "report.",
            rich_help_panel=_BIAS,
        ),
    ] = False,
    texts: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN_A,COLUMN_B",
            help="Columns that contain the two texts, to measure length bias; joke_a,joke_b by "
            "default, if the log has them.",
            rich_help_panel=_BIAS,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="Confidence level of the intervals.", rich_help_panel=_BIAS)
    ] = 0.95,
    cluster: Annotated[
        Literal["auto", "prompt", "none"],
        typer.Option(
            help="Basis of the intervals: the variance over prompts (prompt) or the inverse "
            "information (none); auto uses prompts if there are at least 20.",
            rich_help_panel=_BIAS,
        ),
    ] = "auto",
    reading: dict[str, Any],
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Measure how position, length and self-preference affect the judges.

    For each judge, the report shows how often the joke shown first wins, whether the judge gives
    the same verdict in both orders, and the effect of being shown first in rating points. It also
    shows whether the longer text wins, and whether the verdicts distinguish the contestants at all.

    * `humorrank bias T.sqlite`
    * `humorrank bias decisions.parquet --format json -o bias.json`
    * `humorrank bias votes.csv --own gpt-judge=gpt-4o --reference people`
    """
    chosen = _output.resolve_format(format, output)

    def work() -> BiasReport:
        return measure_bias(
            files[0] if len(files) == 1 else files,
            own=_own(own),
            reference=tuple(reference or ()),
            pooled=pooled,
            texts=_texts(texts),
            confidence=confidence,
            cluster=cluster,
            **reading,
        )

    report = interruptible(work)
    if report.identical:
        judgments = number_of(report.identical, "judgment")
        _output.say("note", f"{judgments} of identical jokes {be(report.identical)} left out")
    _output.show(
        chosen,
        output,
        json=report.to_json,
        text=report.ratings_text if ratings else report.to_text,
        table=report.ratings if ratings else report.to_polars,
        decimals=_DECIMALS,
    )


def _own(texts: list[str] | None) -> dict[str, str]:
    """Parses `JUDGE=MODEL`; the name of the judge must not contain an equals sign."""
    out: dict[str, str] = {}
    for text in texts or ():
        judge, equals, model = text.partition("=")
        if not equals or not judge or not model:
            raise OptionError(f"--own takes JUDGE=MODEL (gpt-judge=gpt-4o), not {text!r}")
        if judge in out:
            raise OptionError(f"--own names the judge {judge!r} twice")
        out[judge] = model
    return out


def _texts(text: str | None) -> tuple[str, str] | None:
    found = _parsing.as_names("texts", None if text is None else [text])
    if found is None:
        return None
    if len(found) != 2:
        raise OptionError(f"--texts takes two columns (joke_a,joke_b), not {text!r}")
    return found[0], found[1]
