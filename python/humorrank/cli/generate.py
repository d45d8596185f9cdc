"""`humorrank generate`: has models write jokes."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from humorrank._util.atomic import check_place
from humorrank._util.checks import positive
from humorrank._util.interruptible import interrupted_code
from humorrank._util.text import number_of, one_line
from humorrank.cli import _output
from humorrank.cli._progress import progress_bar
from humorrank.cli._settings import settings_of
from humorrank.errors import JudgeError, OptionError
from humorrank.generate import (
    Assignment,
    CandidateStore,
    GenerationEnding,
    Instructions,
    Provider,
    Sampling,
    counts,
    export_candidates,
    make_provider,
    named_model,
    write,
)
from humorrank.store.differences import flattened
from humorrank.store.export import ENDINGS
from humorrank.tournament.inputs import read_prompts
from humorrank.tournament.tables import expand

_SAMPLING, _ASKING = "Sampling", "Requests"


def generate(
    prompts: Annotated[
        list[str],
        typer.Argument(
            metavar="PROMPTS...",
            help="Files or glob patterns of prompts in CSV, TSV, JSON, JSONL or Parquet format. "
            "The columns are prompt_id, and prompt, or headline, or word1 and word2.",
            show_default=False,
        ),
    ],
    model: Annotated[
        list[str],
        typer.Option(
            metavar="[NAME=]PROVIDER/MODEL",
            help="Model that writes: openai/gpt-4o, vllm/Qwen/Qwen2.5-7B-Instruct or "
            "simulated/anything. NAME is its name in the output. May be repeated.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Path of the output file, which must end in .csv, .jsonl or .parquet.",
        ),
    ] = Path("candidates.csv"),
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="S.sqlite",
            help="Store that keeps each joke when it arrives. By default, it is named like the "
            "output, followed by .sqlite. An existing store is continued.",
        ),
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="Sampling temperature.", rich_help_panel=_SAMPLING)
    ] = 0.7,
    top_p: Annotated[
        float,
        typer.Option(
            help="Probability mass of the tokens that are sampled from, above 0 and at most 1.",
            rich_help_panel=_SAMPLING,
        ),
    ] = 1.0,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Maximum number of tokens of an answer. By default, only the API limits it.",
            rich_help_panel=_SAMPLING,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Random seed for providers that accept one; none by default.",
            rich_help_panel=_SAMPLING,
        ),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Template (jinja2) of the message to the model, with the variables prompt, kind, "
            "headline, word1 and word2; built in by default.",
            rich_help_panel=_ASKING,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Setting of the provider. May be repeated.",
            rich_help_panel=_ASKING,
        ),
    ] = None,
    retries: Annotated[
        int,
        typer.Option(
            min=0,
            help="Maximum number of retries for an empty or truncated answer.",
            rich_help_panel=_ASKING,
        ),
    ] = 3,
    word_retries: Annotated[
        int,
        typer.Option(
            min=0,
            help="Maximum number of retries for a joke that lacks a word of its prompt.",
            rich_help_panel=_ASKING,
        ),
    ] = 0,
    retry_failures: Annotated[
        bool,
        typer.Option(
            "--retry-failures",
            help="Ask again for failures and, with --word-retries, for jokes that lack a word.",
            rich_help_panel=_ASKING,
        ),
    ] = False,
    in_flight: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Maximum number of concurrent requests.",
            rich_help_panel=_ASKING,
        ),
    ] = None,
) -> None:
    """Have models write one joke for each prompt, as candidates for a tournament.

    Each joke is stored when it arrives: run the command again to continue. Jokes for prompts of two
    words are checked for both words, by the rule in docs/guides/generating.md, and missing words
    are reported.
    """
    check_place(output)
    if output.suffix.lower() not in ENDINGS:
        raise OptionError(f"{output}: the file must end in {', '.join(ENDINGS)}")
    if positive("top_p", top_p) > 1 or not top_p:
        raise OptionError(f"top_p must be above 0 and at most 1, not {top_p!r}")
    sampling = Sampling(positive("temperature", temperature), top_p, max_tokens, seed)
    instructions = Instructions(template)
    asked = read_prompts([path for given in prompts for path in expand(given, Path())])
    if not asked:
        raise OptionError(f"{', '.join(prompts)}: no prompts")
    for prompt in asked.values():
        instructions.messages(prompt)
    providers: dict[str, Provider] = {}
    for name, provider, called in map(named_model, model):
        if name in providers:
            raise OptionError(
                f"--model {name} is given twice; use NAME=PROVIDER/MODEL to distinguish them"
            )
        options = settings_of(settings)
        providers[name] = make_provider(provider, called, sampling, options, in_flight=in_flight)
    path = store or output.with_name(output.name + ".sqlite")
    if output.exists() and not path.exists():
        raise OptionError(
            f"{output} already exists, but its store {path} does not; move the file or set --store"
        )
    given = {
        name: flattened(
            {
                "sampling": asdict(sampling),
                "template": instructions.digest,
                "provider": provider.settings,
            }
        )
        for name, provider in providers.items()
    }
    with CandidateStore.at(path) as opened:
        places, numbers = opened.add(asked, given)
        assignments = [
            Assignment(
                name,
                numbers[name],
                provider,
                opened.wanted(
                    {places[key]: prompt for key, prompt in asked.items()},
                    numbers[name],
                    failures=retry_failures,
                    lacking=retry_failures and word_retries > 0,
                ),
            )
            for name, provider in providers.items()
        ]
        with progress_bar(rate=True) as progress:
            ending = asyncio.run(
                write(
                    opened,
                    assignments,
                    instructions,
                    retries=retries,
                    word_retries=word_retries,
                    progress=progress,
                    say=lambda text: _output.say("note", text),
                )
            )
        _say_ending(ending, opened)
        rows = export_candidates(opened, output)
        _output.say("note", f"{output}: {number_of(rows, 'joke')}")
        silent = [
            f"{count.model} ({number_of(count.failures, 'failure')}: {one_line(count.reason)})"
            for count in counts(opened)
            if count.model in numbers and count.failures and not count.jokes
        ]
    if not ending.complete:
        raise typer.Exit(interrupted_code())
    if silent:
        raise JudgeError(
            f"no joke by {', '.join(silent)}; correct the cause, and use --retry-failures to ask "
            "again"
        )


def _say_ending(ending: GenerationEnding, store: CandidateStore) -> None:
    failed = f", {ending.failed:,} failed" if ending.failed else ""
    why = "" if ending.complete else "; interrupted: run the same command to continue"
    written = number_of(ending.written, "joke")
    _output.say("note", f"{written} committed to {store.path}{failed}{why}")
    for count in counts(store):
        if count.without_words:
            _output.say(
                "warning",
                f"{count.model}: {count.without_words:,} of {count.jokes:,} jokes lack a word of "
                "their prompt (column missing_words); use --retry-failures --word-retries N to ask "
                "again",
            )
        if count.failures:
            _output.say(
                "warning",
                f"{count.model}: {count.failures:,} of {count.prompts:,} prompts failed and have "
                "no joke; use --retry-failures to ask again",
            )
