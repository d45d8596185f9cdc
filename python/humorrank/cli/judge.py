"""`humorrank judge`: given pairs, or a tournament's again with another judge."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from humorrank._util.atomic import check_place
from humorrank.cli import _options, _output
from humorrank.cli._guard import INTERRUPTED
from humorrank.cli._progress import progress_bar
from humorrank.cli._settings import BatchSize, InFlight, settings_of
from humorrank.cli.tournament._common import say_swapped, say_throughput
from humorrank.errors import OptionError
from humorrank.judge import Field, Judge
from humorrank.judge.backends import make_judge, parse_judge
from humorrank.store.export import ENDINGS, export_decisions, export_matches, treatment
from humorrank.tournament.engine import Ending
from humorrank.tournament.judging import JudgingSettings, judge_pairs, open_judging


def judge(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS|T.sqlite",
            help="Pairs of jokes (prompt, joke_a, joke_b, and optionally prompt_id, model_a, "
            "model_b; CSV, TSV, JSON, JSONL, Parquet), or the store of a tournament or of pairs.",
            show_default=False,
        ),
    ],
    judge: Annotated[
        str,
        typer.Option(
            metavar="PROVIDER/MODEL",
            help="Who judges: simulated, recorded/FILE, openai/gpt-4o, vllm/Qwen/Qwen2.5-72B.",
            show_default=False,
        ),
    ],
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="S.sqlite",
            help="Where pairs live with their judgments; PAIRS.sqlite if not given. It goes on "
            "if it is there.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What the judge is called in the log."),
    ] = None,
    position: Annotated[
        Literal["given", "both", "random"],
        typer.Option(
            help="Who is shown first: joke_a (of a store: as its first judge was shown them), "
            "each in turn, or drawn by the seed.",
        ),
    ] = "given",
    identical: Annotated[
        Literal["tie", "judge"], typer.Option(help="What becomes of identical jokes.")
    ] = "tie",
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting of the judge: temperature=0.2; may be repeated.",
        ),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Which column is what: joke_a=left,joke_b=right,...")
    ] = None,
    retry_failures: Annotated[
        bool,
        typer.Option("--retry-failures", help="Ask again for what the judge failed to answer."),
    ] = False,
    batch_size: BatchSize = None,
    in_flight: InFlight = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the match log of all judges here (.parquet, .csv, .jsonl).",
        ),
    ] = None,
    decisions: Annotated[
        bool,
        typer.Option(
            "--decisions", help="Write the decision log: failures, texts and reasons too."
        ),
    ] = False,
    inconsistent: Annotated[
        Literal["tie", "drop", "halves"] | None,
        typer.Option(
            help="What becomes, in the match log, of two judgments of a pair in both orders that "
            "contradict each other; as the tournament's spec says, or halves, where not given.",
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The prompt of a language model; its own if not given."),
    ] = None,
) -> None:
    """Judge given pairs without a tournament, or a tournament's pairs with another judge.

    Nothing that is committed is ever lost: run it again and it goes on. Several judges can judge
    one store, one after the other; each judgment carries its judge.
    """
    if output is not None:
        check_place(output)
        if output.suffix.lower() not in ENDINGS:
            raise OptionError(f"{output}: the file must end in {', '.join(ENDINGS)}")
    elif decisions:
        raise OptionError("--decisions says what is written to --output FILE, which is not given")
    backend, options = parse_judge(judge)
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
        columns=_options.as_columns(columns),
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
            _output.say("note", f"{output}: {rows:,} rows")
    if ending.reason is None:
        raise typer.Exit(INTERRUPTED)


def _say_ending(ending: Ending, path: Path) -> None:
    failed = f", {ending.failed:,} failed" if ending.failed else ""
    why = "interrupted; the same command goes on" if ending.reason is None else ending.reason
    _output.say("note", f"{ending.judged:,} judgments committed to {path}{failed}; {why}")
    if ending.failed:
        _output.say(
            "warning",
            "failures are no ties, and not in the match log; --retry-failures asks again",
        )
