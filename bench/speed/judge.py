"""Time that a language model needs to judge a whole tournament with vLLM on this machine.

    python -m bench.speed.judge --model Qwen/Qwen2.5-72B-Instruct --set quantization=fp8
    python -m bench.speed.judge --model FOLDER --load-format dummy

Plays the paper's tournament (9 models, 300 prompts, all 10,800 comparisons) through the engine,
with a store in a temporary folder and artificial texts of realistic length. Prints the report of
the judge and the hours, compared with the paper's 24 (48 hours on one H100 for two judges of this
size).

With `--load-format dummy`, a folder with the config.json and the tokenizer of a model is
sufficient. The weights are then random, so the verdicts are meaningless, and answers are cut at
`--max-tokens`, which is set to the length of a typical answer. The times are those of the real
model. `--comparisons` plays only part of the tournament and extrapolates the hours. `--raw N` also
passes N of the same prompts to `LLM.chat` in one call, in turns with the judge, and prints the
overhead of the judge.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from humorrank.cli._settings import assignments
from humorrank.judge import Batch, Field, Prompt
from humorrank.judge.vllm import VLLMJudge, VLLMSettings
from humorrank.store.store import Store
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.spec import JudgeSpec, ScheduleSpec, Spec

MODELS, PROMPTS = 9, 300
WHOLE = MODELS * (MODELS - 1) // 2 * PROMPTS
PAPER_HOURS = 24.0
ANSWER = 160
"""Number of tokens of a typical answer: three sentences and five labels."""

WORDS = """
the a mayor dog tax moon office says my boss lawyer of and to in that was with I bought never again
because wife accountant robot banana meeting elevator suddenly politely told them about it forever
umbrella committee announces emergency cheese parking ticket doctor
"""


def real_length_field(models: int = MODELS, prompts: int = PROMPTS, seed: int = 0) -> Field:
    """Returns headlines of 8 to 14 words, and jokes of 12 to 60 words with a median of 28."""
    random = np.random.default_rng(seed)

    def text(words: int) -> str:
        return " ".join(random.choice(WORDS.split(), words).tolist()).capitalize() + "."

    asked = [
        Prompt(f"headline-{i}", text(int(random.integers(8, 15))), "headline")
        for i in range(prompts)
    ]
    lengths = np.exp(random.normal(np.log(28), 0.4, (prompts, models))).clip(12, 60)
    jokes = [[text(int(length)) for length in row] for row in lengths]
    return Field([f"model-{i}" for i in range(models)], asked, jokes)


async def play_part(judge: VLLMJudge, field: Field, comparisons: int) -> None:
    """Plays the given number of comparisons of a round robin, from the schedule to the disk."""
    spec = Spec(
        (),
        budget=comparisons,
        schedule=ScheduleSpec(kind="round_robin", prompts_per_pairing=50),
        judge=JudgeSpec(backend="vllm"),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "T.sqlite"
        given = tournament_fingerprint(spec, field, comparisons, judge)
        with Store.create(path, spec.content(), field, comparisons, given) as store:
            await play_rounds(store, spec, field, judge)


async def overhead(judge: VLLMJudge, field: Field, size: int, turns: int = 5) -> str:
    """Measures the overhead of the judge over one call of `LLM.chat` with the same prompts.

    Both start with an empty prefix cache, get the same prompts in the same order, and have the same
    limit on tokens. The first turn is a warm-up. Retries, which only the judge has, are disabled.
    """
    from vllm import SamplingParams  # noqa: PLC0415 - not installed everywhere

    await judge.engine.start()
    llm = judge.engine.llm
    found = [
        (prompt, first, second)
        for prompt in range(len(field.prompts))
        for first in range(len(field.models))
        for second in range(first)
    ][:size]
    prompt, first, second = np.array(found, np.uint32).T
    batch = Batch(field, prompt, first, second, np.zeros(len(found), np.uint32))
    params: SamplingParams = judge.sampling()
    ours: list[float] = []
    raw: list[float] = []
    tokens: dict[str, int] = {"ours": 0, "raw": 0}
    for turn in range(turns + 1):
        llm.reset_prefix_cache()
        start = time.perf_counter()
        messages = [judge.questions.messages(batch, row) for row in range(len(batch))]
        outputs = llm.chat(messages, params, use_tqdm=False)
        middle = time.perf_counter()
        if turn:
            raw.append(middle - start)
            tokens["raw"] += sum(len(output.outputs[0].token_ids) for output in outputs)
        before = judge.throughput.output_tokens
        llm.reset_prefix_cache()
        start = time.perf_counter()
        async for _ in judge.judge(batch):
            pass
        if turn:
            ours.append(time.perf_counter() - start)
            tokens["ours"] += judge.throughput.output_tokens - before
    ratios = [mine / theirs for mine, theirs in zip(ours, raw, strict=True)]
    written = tokens["ours"] / tokens["raw"]
    return (
        f"{len(batch):,} prompts, medians of {turns} turns: judge {statistics.median(ours):.2f} s, "
        f"LLM.chat {statistics.median(raw):.2f} s; overhead "
        f"{statistics.median(ratios) - 1:+.1%} (from {min(ratios) - 1:+.1%} to "
        f"{max(ratios) - 1:+.1%}); the judge's answers had {written:.3f} times as many tokens"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Plays the tournament given by the command line, and prints its cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", required=True, help="name on the hub, or folder")
    parser.add_argument("--load-format", help="dummy for random weights")
    parser.add_argument("--comparisons", type=int, default=WHOLE)
    parser.add_argument("--decision-only", action="store_true")
    parser.add_argument("--max-tokens", type=int, help="default: 512, or 160 with dummy weights")
    parser.add_argument("--in-flight", type=int, default=4_000)
    parser.add_argument("--raw", type=int, metavar="N", help="compare with LLM.chat on N prompts")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args(arguments)
    engine: dict[str, Any] = assignments(options.set)
    dummy = options.load_format == "dummy"
    if options.load_format:
        engine["load_format"] = options.load_format
    judge = VLLMJudge(
        VLLMSettings(
            options.model,
            max_tokens=options.max_tokens or (ANSWER if dummy else 512),
            # A model with random weights returns no verdicts, so retries are useless.
            retries=0 if dummy or options.raw else 3,
            decision_only=options.decision_only,
            engine=engine,
        ),
        in_flight=options.in_flight,
    )
    field = real_length_field()

    async def run() -> None:
        start = time.perf_counter()
        try:
            await judge.engine.start()
            print(f"loaded in {time.perf_counter() - start:,.0f} s", flush=True)
            if options.raw:
                print(await overhead(judge, field, options.raw))
                return
            await play_part(judge, field, min(options.comparisons, WHOLE))
        finally:
            await judge.close()
        told = judge.throughput
        print(told.report())
        done = told.matches + told.failed
        hours = told.wall / done * WHOLE / 3600
        print(
            f"{WHOLE:,} comparisons: {hours:,.2f} hours; the paper's took {PAPER_HOURS:.0f} "
            f"({PAPER_HOURS / hours:,.1f}x as fast); {done / told.wall:,.2f} comparisons/s, "
            f"{told.prompt_tokens / done:,.0f} prompt and {told.output_tokens / done:,.0f} "
            "answer tokens each"
        )
        if dummy:
            print("(with random weights, failures are meaningless)")

    asyncio.run(run())


if __name__ == "__main__":
    main()
