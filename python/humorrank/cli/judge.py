"""`humorrank judge`: judges given pairs, or those of a tournament with another judge."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank._util.atomic import check_place
from humorrank._util.interruptible import interrupted_code
from humorrank._util.text import number_of
from humorrank.cli import _output, _parsing
from humorrank.cli._progress import progress_bar
from humorrank.cli._settings import BatchSize, InFlight, one_judge, settings_of
from humorrank.cli.tournament._common import (
    refuse_silence,
    say_simulated,
    say_swapped,
    say_throughput,
)
from humorrank.errors import OptionError
from humorrank.judge import Field, Judge
from humorrank.judge.backends import make_judge, parse_judge
from humorrank.store.export import ENDINGS, export_decisions, export_matches, treatment
from humorrank.tournament.engine import Ending
from humorrank.tournament.judging import JudgingSettings, judge_pairs, open_judging
from humorrank.tournament.session import silence


def judge(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS|T.sqlite",
            help="File of pairs of jokes in CSV, TSV, JSON, JSONL or Parquet format, or the store "
            "of a tournament or of pairs. The columns are prompt, joke_a, joke_b, and optionally "
            "prompt_id, model_a and model_b.",
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
        ),
    ],
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="S.sqlite",
            help="Store of the pairs and their judgments; PAIRS.sqlite by default. An existing "
            "store is continued.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the judge in the log."),
    ] = None,
    position: Annotated[
        Literal["given", "both", "random"],
        typer.Option(
            help="Joke that is shown first: joke_a (for a store, the one that its first judge was "
            "shown first), each of the two in turn, or one drawn by the seed.",
        ),
    ] = "given",
    identical: Annotated[
        Literal["tie", "judge"], typer.Option(help="How to handle identical jokes.")
    ] = "tie",
    seed: Annotated[int, typer.Option(min=0, help="Random seed for all draws.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Setting of the judge, such as temperature=0.2. May be repeated.",
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Roles of the columns: joke_a=left,joke_b=right.")
    ] = None,
    retry_failures: Annotated[
        bool,
        typer.Option(
            "--retry-failures", help="Ask again for comparisons that the judge failed to answer."
        ),
    ] = False,
    batch_size: BatchSize = None,
    in_flight: InFlight = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the match log of all judges, which must end in .parquet, .csv or .jsonl.",
        ),
    ] = None,
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions",
            help="Write the decision log, which includes failures, texts and reasons.",
        ),
    ] = False,
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="How to export two judgments in both orders that contradict each other to the "
            "match log. The default is the setting of the tournament's spec, or halves.",
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Prompt template for a language model; built in by default."
        ),
    ] = None,
) -> None:
    """Judge pairs of jokes from a file, or those of a tournament with another judge.

    Committed judgments are never lost: run the command again to continue. Several judges can judge
    one store, one after the other. Each judgment records its judge.
    """
    if output is not None:
        check_place(output)
        if output.suffix.lower() not in ENDINGS:
            raise OptionError(f"{output}: the file must end in {', '.join(ENDINGS)}")
    elif decisions:
        raise OptionError("--decisions needs an output file; add --output FILE")
    backend, options = parse_judge(one_judge(judge))
    options |= settings_of(settings)
    if template is not None:
        options["template"] = str(template)
    limits = {"batch_size": batch_size, "in_flight": in_flight}
    bounds = {key: value for key, value in limits.items() if value is not None}

    def made(field: Field) -> Judge | None:
        return make_judge(backend, options, field, seed=seed, folder=Path(), limits=bounds)

    judging = open_judging(
        source,
        made,
        JudgingSettings(name, position, identical, seed),
        store=store,
        columns=_parsing.as_columns(columns),
    )
    with judging.store as opened:
        with progress_bar(rate=True) as progress:
            ending = asyncio.run(
                judge_pairs(
                    judging,
                    retry_failures=retry_failures,
                    progress=progress,
                    say=lambda text: _output.say("note", text),
                )
            )
        _say_ending(ending, opened.path)
        say_throughput(judging.judge)
        if output is not None:
            if decisions:
                rows = export_decisions(opened, output)
            else:
                rows = export_matches(opened, output, inconsistent)
            say_swapped(opened, treatment(opened, inconsistent), decisions=decisions)
            say_simulated(opened)
            _output.say("note", f"{output}: {number_of(rows, 'row')}")
        silent = silence(opened, judging.number)
    if ending.reason is None:
        raise typer.Exit(interrupted_code())
    refuse_silence(silent, "use --retry-failures")


def _say_ending(ending: Ending, path: Path) -> None:
    failed = f", {ending.failed:,} failed" if ending.failed else ""
    why = (
        "interrupted; run the same command to continue" if ending.reason is None else ending.reason
    )
    judged = number_of(ending.judged, "judgment")
    _output.say("note", f"{judged} committed to {path}{failed}; {why}")
    if ending.failed:
        _output.say(
            "warning",
            "failures do not count as ties and are not in the match log; use --retry-failures to "
            "ask again",
        )
