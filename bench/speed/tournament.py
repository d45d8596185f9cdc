"""Throughput of the engine with a judge that answers immediately.

    python -m bench.speed.tournament --budget 1000000

Plays one tournament of 200 models on 300 prompts in a temporary folder. Prints judgments per
second, processor time, commits and peak memory.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from pathlib import Path

from humorrank.judge import Field, Prompt
from humorrank.store.store import Store
from humorrank.tournament.engine import play_rounds
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.opening import judge_of
from humorrank.tournament.spec import JudgeSpec, ScheduleSpec, Spec


def main() -> None:
    """Plays a tournament of the size given on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=int, default=1_000_000)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--prompts", type=int, default=300)
    parser.add_argument("--prompts-per-pairing", type=int, default=10)
    options = parser.parse_args()
    models = [f"vendor/model-{i:03}" for i in range(options.models)]
    prompts = [Prompt(f"prompt-{i}", f"A headline, number {i}") for i in range(options.prompts)]
    jokes = [[f"joke {m} on {p}" for m in range(len(models))] for p in range(len(prompts))]
    ratings = {name: 1000.0 + 4 * i for i, name in enumerate(models)}
    spec = Spec(
        (),
        budget=options.budget,
        schedule=ScheduleSpec(prompts_per_pairing=options.prompts_per_pairing),
        judge=JudgeSpec("simulated", {"ratings": ratings}),
    )
    field = Field(models, prompts, jokes)
    judge = judge_of(spec, field)
    assert judge is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "T.sqlite"
        print_of = tournament_fingerprint(spec, field, options.budget, judge)
        with Store.create(path, spec.content(), field, options.budget, print_of) as store:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            wall, work = time.perf_counter(), time.process_time()
            ending = asyncio.run(play_rounds(store, spec, field, judge))
            wall, work = time.perf_counter() - wall, time.process_time() - work
        size = path.stat().st_size
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{ending.judged:,} judgments in {wall:.1f} s: {ending.judged / wall:,.0f} per second; "
        f"processor {work:.1f} s: {ending.judged / work:,.0f} per second; {ending.commits:,} "
        f"commits; "
        f"memory {after / 1024:.0f} MiB at most, {(after - before) / 1024:.0f} MiB of it since the "
        f"start; store {size / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
