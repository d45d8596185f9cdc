"""`humorrank sort`: sorts texts by a question that a judge answers for two of them at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import polars as pl
import typer

from humorrank._util.interruptible import interrupted_code
from humorrank._util.simulated import is_simulated, simulated_notice
from humorrank._util.text import number_of
from humorrank.cli import _options, _output, _parsing, _settings
from humorrank.cli._progress import progress_bar
from humorrank.errors import OptionError
from humorrank.tournament.ranking import DECIMALS, Ranking, rankings_json
from humorrank.tournament.sorting import sort as sort_items
from humorrank.tournament.texts import STDIN, read_texts

_NAMED: Final = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_-]*)=(.*)", re.DOTALL)
_JUDGING, _SORTING = "Judge", "Sorting"


def sort(
    texts: Annotated[
        str,
        typer.Argument(
            metavar="TEXTS",
            help="File with one text on each line (.txt, or - for standard input), or a table in "
            "CSV, TSV, JSON, JSONL, Parquet, Arrow or Excel format with a column of texts.",
            show_default=False,
        ),
    ],
    questions: Annotated[
        list[str],
        typer.Argument(
            metavar="QUESTION...",
            help="The question, or several as NAME=QUESTION.",
            show_default=False,
        ),
    ],
    judge: Annotated[
        list[str],
        typer.Option(
            metavar="PROVIDER/MODEL",
            help="The judge: SERVICE/MODEL (openai/gpt-4o, ollama/qwen3:8b), vllm/MODEL, "
            "recorded/FILE or simulated.",
            show_default=False,
            rich_help_panel=_JUDGING,
        ),
    ],
    top: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="K",
            help="Stop when the K best texts are separated from the others.",
            rich_help_panel=_SORTING,
        ),
    ] = 1,
    budget: Annotated[
        int | None,
        typer.Option(
            min=2,
            metavar="N",
            help="Most judgments for each question; 20 for each different text by default. A pair "
            "in both orders is two judgments.",
            rich_help_panel=_SORTING,
        ),
    ] = None,
    repeats: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of times that a pair may be judged in both orders; more than 1 is useful "
            "only if the judge does not always answer alike.",
            rich_help_panel=_SORTING,
        ),
    ] = 1,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=WEIGHT,...",
            help="Also rank by the weighted mean of the ratings on several questions "
            "(funnier=2,cleaner=1).",
            rich_help_panel=_SORTING,
        ),
    ] = None,
    confidence: Annotated[
        float,
        typer.Option(
            help="Confidence level of the separation and of the intervals.",
            rich_help_panel=_SORTING,
        ),
    ] = 0.95,
    seed: Annotated[
        int, typer.Option(min=0, help="Random seed for all draws.", rich_help_panel=_SORTING)
    ] = 0,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="S.sqlite",
            help="Store of the judgments; TEXTS.sqlite by default. An existing store is continued. "
            "With named questions, each has its own store (S.NAME.sqlite).",
            rich_help_panel=_SORTING,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Column of the texts: text=NAME.", rich_help_panel=_SORTING),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Prompt template for a language model, in which the prompt is the question; built "
            "in by default.",
            rich_help_panel=_JUDGING,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Setting of the judge, such as temperature=0.2. May be repeated.",
            rich_help_panel=_JUDGING,
        ),
    ] = None,
    retry_failures: Annotated[
        bool,
        typer.Option(
            "--retry-failures",
            help="Ask again for comparisons that the judge failed to answer.",
            rich_help_panel=_JUDGING,
        ),
    ] = False,
    batch_size: _settings.BatchSize = None,
    in_flight: _settings.InFlight = None,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Sort texts by a question that a judge answers for two of them at a time.

    Each pair is judged in both orders. Sorting stops when the best texts are separated from the
    others, when the budget is spent, or when every pair has been judged. Run the same command
    again to continue after an interruption, or with a larger `--budget`, `--repeats` or another
    `--top` to go on.

    * `humorrank sort jokes.txt "Which is funnier?" --judge openai/gpt-4o`
    * `humorrank sort jokes.csv "Which is funnier?" --judge ollama/qwen3:8b --top 3 -o ranked.csv`
    * `humorrank sort jokes.txt "funnier=Which is funnier?" "cleaner=Which is cleaner?"
      --judge openai/gpt-4o --weights funnier=2,cleaner=1`
    """
    chosen = _output.resolve_format(format, output)
    options = _settings.settings_of(settings)
    if template is not None:
        options["template"] = str(template.absolute())
    name = _settings.one_judge(judge)
    if store is None and texts == STDIN:
        raise OptionError("texts from standard input need a store; add --store S.sqlite")
    asked = _asked(questions)
    found = read_texts(texts, _parsing.as_columns(columns))
    if found.empty:
        lines = number_of(found.empty, "empty text was", "empty texts were")
        _output.say("note", f"{texts}: {lines} left out")
    with progress_bar(rate=True) as progress:
        result: Any = sort_items(
            found.texts,
            asked,
            judge=name,
            top=top,
            budget=budget,
            repeats=repeats,
            confidence=confidence,
            seed=seed,
            store=Path(f"{texts}.sqlite") if store is None else store,
            weights=_weights(weights),
            options=options,
            batch_size=batch_size,
            in_flight=in_flight,
            retry_failures=retry_failures,
            progress=progress,
            say=lambda text: _output.say("note", text),
        )
    rankings = {"": result} if isinstance(result, Ranking) else result
    _say(rankings, name)
    _output.show(
        chosen,
        output,
        json=lambda: (
            json.dumps(result.to_dict(), ensure_ascii=False, indent=2)
            if isinstance(result, Ranking)
            else rankings_json(rankings)
        ),
        text=lambda *, color, width: "\n\n".join(
            _titled(title, ranking.to_text(color=color, width=width))
            for title, ranking in rankings.items()
        ),
        table=lambda: _table(rankings),
        decimals=DECIMALS,
    )
    if any(ranking.ended is None for ranking in rankings.values()):
        raise typer.Exit(interrupted_code())


def _asked(questions: list[str]) -> str | dict[str, str]:
    """Returns the question, or several by name."""
    named = [_NAMED.fullmatch(question) for question in questions]
    if len(questions) == 1 and named[0] is None:
        return questions[0]
    found: dict[str, str] = {}
    for question, match in zip(questions, named, strict=True):
        if match is None:
            raise OptionError(
                f"several questions need names, as in funnier='Which is funnier?', but "
                f"{question!r} has none"
            )
        if match[1] in found:
            raise OptionError(f"the question {match[1]!r} is given twice")
        found[match[1]] = match[2]
    return found


def _weights(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        try:
            weight = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise OptionError(
                f"--weights takes NAME=WEIGHT,... (funnier=2,cleaner=1), not {part!r}"
            )
        if name.strip() in found:
            raise OptionError(f"--weights names {name.strip()!r} twice")
        found[name.strip()] = weight
    return found


def _say(rankings: Mapping[str, Ranking[str]], judge: str) -> None:
    for note in next(iter(rankings.values())).notes:
        _output.say("note", note)
    if is_simulated(judge):
        _output.say("warning", simulated_notice(judge))
    for name, ranking in rankings.items():
        where = f"{name}: " if name else ""
        ended = ranking.ended or "interrupted; run the same command to continue"
        _output.say("note", f"{where}{ranking.spent.to_text()}; {ended}")
    if any(ranking.spent.failures for ranking in rankings.values()):
        _output.say("warning", "failures do not count as ties; use --retry-failures to ask again")


def _titled(title: str, text: str) -> str:
    return f"{title}: {text}" if title else text


def _table(rankings: Mapping[str, Ranking[str]]) -> pl.DataFrame:
    """Returns one frame, with a column for the name of the question if there are several."""
    return pl.concat(
        [
            ranking.to_polars().select(pl.lit(name).alias("question"), pl.all())
            if name
            else ranking.to_polars()
            for name, ranking in rankings.items()
        ]
    )
