"""Error rate and savings of early stopping: `python -m bench.studies.stopping`.

Plays tournaments in memory with the schedules and the simulated judge of humorrank. The rule is
evaluated after every round, as in a tournament. An error is a stated order that reverses two
contestants of different strength.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge
from humorrank.tournament.history import RoundVerdicts
from humorrank.tournament.schedule import Kind, Scheduler
from humorrank.tournament.stopping import LEAST_MATCHES, SeparationRule, StopSettings

TABLE_1 = (1307.5, 1156.9, 1115.1, 1092.8, 1037.5, 1015.0, 976.9, 761.0, 537.4)
CLOSE = tuple(np.linspace(980, 1020, 5).tolist())
EQUAL = (1000.0,) * 5
PROMPTS = 300
PER_PAIRING = 5
"""The number of prompts per pairing in a round. Fewer rounds are faster to simulate."""
LIMIT = 1.6449


@dataclass(frozen=True)
class Cell:
    """One line of the table.

    Attributes:
        field: The name of the field.
        ratings: In points.
        budget: In comparisons.
        kind: The schedule.
        stop: The stopping rule.
        jokes: The standard deviation of the effect of each joke, in points.
        naive: Whether to examine ordinary intervals after every round instead of using the rule.
    """

    field: str
    ratings: tuple[float, ...]
    budget: int
    kind: Kind
    stop: StopSettings
    jokes: float = 0.0
    naive: bool = False


def cells() -> Iterator[Cell]:
    """Yields the lines of the table."""
    top, order = StopSettings("top"), StopSettings("order")
    for kind in ("swiss", "random"):
        yield Cell("table 1", TABLE_1, 3_000, kind, top)
        yield Cell("table 1", TABLE_1, 10_800, kind, top)
        yield Cell("table 1", TABLE_1, 10_800, kind, order)
        yield Cell("5 within 40 points", CLOSE, 3_000, kind, order)
        yield Cell("5 within 40 points", CLOSE, 3_000, kind, top)
    yield Cell("5 within 40 points", CLOSE, 3_000, "swiss", top, naive=True)
    for jokes in (100.0, 300.0):
        for cluster in ("prompt", "none"):
            stop = StopSettings("top", cluster=cluster)
            yield Cell("5 within 40 points", CLOSE, 3_000, "swiss", stop, jokes)


class _Peek(SeparationRule):
    """An invalid rule: an ordinary test after every round, as if it were the only one."""

    def __init__(self, settings: StopSettings, models: list[str], prompts: int) -> None:
        super().__init__(settings, models, prompts)
        self._evidence = _naive


def _naive(difference: np.ndarray, variance: np.ndarray, wanted: float) -> np.ndarray:
    z = difference / np.sqrt(variance)
    return np.array([-math.log(0.5 * math.erfc(value / math.sqrt(2))) for value in z.tolist()])


def play(cell: Cell, seed: int) -> tuple[int | None, bool]:
    """Plays one tournament. Returns the comparisons before it stopped, and whether it was wrong."""
    models = [f"m{i}" for i in range(len(cell.ratings))]
    prompts = [Prompt(str(i), "") for i in range(PROMPTS)]
    field = Field(models, prompts, [])
    ratings = dict(zip(models, cell.ratings, strict=True))
    judge = SimulatedJudge(JudgeSimulation(ratings, joke_effects=cell.jokes, seed=seed), field)
    scheduler = Scheduler(
        cell.kind, len(models), PROMPTS, seed=seed, prompts_per_pairing=PER_PAIRING
    )
    rule = (_Peek if cell.naive else SeparationRule)(cell.stop, models, PROMPTS)
    played = 0
    while played < cell.budget:
        made = scheduler.next_round(cell.budget - played)
        if not len(made):
            break
        played += len(made)
        none = np.zeros(len(made), np.uint32)
        score = judge.answer(Batch(field, made.prompt, made.first, made.second, none)).score
        scheduler.record(made.first, made.second, score)
        if rule(RoundVerdicts(0, made.first, made.second, made.prompt, score)) is not None:
            above, below = rule.stated
            truth = np.array(cell.ratings)
            return played, bool((truth[above] < truth[below]).any())
    return None, False


def _many(job: tuple[Cell, range]) -> list[tuple[int | None, bool]]:
    return [play(job[0], seed) for seed in job[1]]


def upper(errors: int, runs: int) -> float:
    """Returns the upper end of a one-sided 95 % interval of a share [Wil27]."""
    p, z = errors / runs, LIMIT
    middle = p + z * z / (2 * runs)
    return (middle + z * math.sqrt(p * (1 - p) / runs + z * z / (4 * runs**2))) / (1 + z * z / runs)


def main() -> None:
    """Prints each line of the table as soon as it is available."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="tournaments per line")
    parser.add_argument("--output", type=Path, help="also write JSON to this file")
    parser.add_argument("--only", help="only lines whose field or schedule contains this")
    options = parser.parse_args()
    print(f"the rule separates nothing before {LEAST_MATCHES} matches each; confidence 95 %")
    head = "field", "schedule", "stop", "variance", "jokes sd", "budget", "stopped", "median saved"
    head += "wrong", "upper 95 %"
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    lines = []
    with ProcessPoolExecutor(2) as pool:
        for cell in cells():
            if options.only and options.only not in f"{cell.field} {cell.kind}":
                continue
            parts = [range(i, options.runs, 8) for i in range(8)]
            found = [one for part in pool.map(_many, [(cell, p) for p in parts]) for one in part]
            stopped = [at for at, _ in found if at is not None]
            wrong = sum(error for _, error in found)
            saved = 1 - float(np.median([cell.budget if at is None else at for at, _ in found])) / (
                cell.budget
            )
            line = {
                **asdict(cell),
                "runs": options.runs,
                "stopped": len(stopped) / options.runs,
                "median_saved": saved,
                "wrong": wrong / options.runs,
                "upper": upper(wrong, options.runs),
            }
            lines.append(line)
            how = "naive peeks" if cell.naive else f"by {cell.stop.cluster}"
            if cell.stop.cluster == "none":
                how = "of the model"
            row = [
                cell.field,
                cell.kind,
                cell.stop.when if cell.stop.when == "order" else f"top {cell.stop.k}",
                how,
                f"{cell.jokes:g}",
                f"{cell.budget:,}",
                f"{100 * line['stopped']:.1f} %",
                f"{100 * saved:.0f} %",
                f"{100 * line['wrong']:.1f} %",
                f"{100 * line['upper']:.1f} %",
            ]
            print("| " + " | ".join(row) + " |", flush=True)
    if options.output:
        options.output.write_text(json.dumps(lines, indent=2) + "\n")


if __name__ == "__main__":
    main()
