"""Coverage of the intervals of the first-position parameter: `python -m bench.studies.bias`.

Simulated judges with a known position bias repeatedly judge a field with known ratings. The table
shows how often the interval covers the truth, the mean of the fitted effect, the mean spread of the
ratings with and without the parameter, and how often the field is reported as uninformative.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from humorrank.diagnostics.bias.first_position import first_position
from humorrank.errors import NoMaximumError
from humorrank.judge import Batch, Field, JudgeSimulation, Prompt, SimulatedJudge
from humorrank.rating.model.matches import MatchArrays

TABLE_1 = (1307.5, 1156.9, 1115.1, 1092.8, 1037.5, 1015.0, 976.9, 761.0, 537.4)
EQUAL = (1000.0,) * 9


@dataclass(frozen=True)
class Cell:
    """One line of the table.

    Attributes:
        field: The name of the field.
        ratings: In points.
        position: Whether each pair is shown in a random order or in both orders.
        cluster: The clusters for which the intervals are robust.
        bias: The position bias in points.
        ties: The parameter t of the simulated judge.
        jokes: The standard deviation of the effect of each joke, in points.
        prompts: The number of prompts.
        judgments: The number of judgments in a log.
    """

    field: str
    ratings: tuple[float, ...]
    position: Literal["random", "both"]
    cluster: Literal["prompt", "none"]
    bias: float = 100.0
    ties: float = 0.0
    jokes: float = 0.0
    prompts: int = 100
    judgments: int = 1_800


@dataclass(frozen=True)
class Run:
    """The result of one simulated log, in points.

    Attributes:
        effect: The fitted effect.
        covered: Whether its interval covers the truth.
        spread: The slope of the fitted ratings on the true ones, 1 if unbiased; NaN if the true
            ones are equal.
        plain: The slope without the parameter.
        uninformative: Whether equality of all ratings is not rejected at the 5 % level.
    """

    effect: float
    covered: bool
    spread: float
    plain: float
    uninformative: bool


def cells() -> Iterator[Cell]:
    """Yields the lines of the table."""
    for position in ("random", "both"):
        for cluster in ("prompt", "none"):
            yield Cell("table 1", TABLE_1, position, cluster)
            yield Cell("table 1", TABLE_1, position, cluster, ties=0.3)
    yield Cell("table 1", TABLE_1, "random", "prompt", bias=400.0)
    yield Cell("table 1", TABLE_1, "random", "prompt", bias=0.0)
    yield Cell("9 equal", EQUAL, "random", "prompt")
    yield Cell("9 equal", EQUAL, "random", "prompt", ties=0.3)
    yield Cell("table 1", TABLE_1, "both", "prompt", jokes=100.0)
    yield Cell("table 1", TABLE_1, "both", "none", jokes=100.0)
    yield Cell("table 1", TABLE_1, "random", "prompt", prompts=1_000, judgments=18_000)


def play(cell: Cell, seed: int) -> Run | None:
    """Simulates and fits one log; returns None if the likelihood has no maximum."""
    models = [f"m{i}" for i in range(len(cell.ratings))]
    prompts = [Prompt(f"p{i}", "") for i in range(cell.prompts)]
    field = Field(models, prompts, [[""] * len(models)] * cell.prompts)
    low, high = np.triu_indices(len(models), 1)
    random = np.random.default_rng([seed, 1])
    asked = cell.judgments if cell.position == "random" else cell.judgments // 2
    drawn = random.choice(len(low) * cell.prompts, asked, replace=False)
    pair, prompt = np.divmod(drawn, cell.prompts)
    turned = random.random(asked) < 0.5
    first = np.where(turned, high[pair], low[pair])
    second = np.where(turned, low[pair], high[pair])
    if cell.position == "both":
        first, second = np.concatenate([first, second]), np.concatenate([second, first])
        prompt = np.concatenate([prompt, prompt])
    simulation = JudgeSimulation(
        dict(zip(models, cell.ratings, strict=True)),
        tie_rate=cell.ties,
        position_bias=cell.bias,
        joke_effects=cell.jokes,
        seed=seed,
    )
    none = np.zeros(len(first), np.uint32)
    score = SimulatedJudge(simulation).answer(Batch(field, prompt, first, second, none)).score
    ones = np.ones(len(first))
    matches = MatchArrays(tuple(models), first, second, ones, ones, score, prompt)
    try:
        found = first_position(matches, cluster=cell.cluster)
    except NoMaximumError:
        return None
    table = found.ratings.sort("model")
    truth = np.array(cell.ratings) - np.mean(cell.ratings)
    scale = float(truth @ truth) or math.nan
    lower, upper = found.effect.lower, found.effect.upper
    assert found.effect.value is not None and lower is not None and upper is not None
    return Run(
        found.effect.value,
        lower <= cell.bias <= upper,
        float(truth @ table["rating"].to_numpy()) / scale,
        float(truth @ table["plain_rating"].to_numpy()) / scale,
        found.equality.p >= 0.05,
    )


def _many(job: tuple[Cell, range]) -> list[Run | None]:
    return [play(job[0], seed) for seed in job[1]]


def main() -> None:
    """Prints each line of the table as soon as it is available."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000, help="logs per line")
    parser.add_argument("--only", help="only lines with this in their settings")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, help="also write JSON to this file")
    options = parser.parse_args()
    print(f"{options.runs:,} logs per line")
    head = (
        "field",
        "judgments",
        "prompts",
        "position",
        "intervals",
        "ties",
        "jokes sd",
        "bias",
        "covered (95 %)",
    )
    head += "mean effect", "spread", "spread without", "uninformative", "no maximum"
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    lines = []
    with ProcessPoolExecutor(options.processes) as pool:
        for cell in cells():
            words = f"{cell.field} {cell.position} {cell.judgments} {cell.jokes:g}"
            if options.only and options.only not in words:
                continue
            parts = [range(i, options.runs, 8) for i in range(8)]
            found = [one for part in pool.map(_many, [(cell, p) for p in parts]) for one in part]
            runs = [run for run in found if run is not None]
            line = {
                **asdict(cell),
                "runs": options.runs,
                "covered": sum(run.covered for run in runs) / len(runs),
                "effect": float(np.mean([run.effect for run in runs])),
                "spread": float(np.mean([run.spread for run in runs])),
                "plain": float(np.mean([run.plain for run in runs])),
                "uninformative": sum(run.uninformative for run in runs) / len(runs),
                "without_maximum": len(found) - len(runs),
            }
            lines.append(line)
            row = [
                cell.field,
                f"{cell.judgments:,}",
                f"{cell.prompts:,}",
                cell.position,
                "prompts" if cell.cluster == "prompt" else "information",
                f"{cell.ties:g}",
                f"{cell.jokes:g}",
                f"{cell.bias:g}",
                f"{100 * line['covered']:.1f} %",
                f"{line['effect']:.1f}",
                "" if math.isnan(line["spread"]) else f"{line['spread']:.3f}",
                "" if math.isnan(line["plain"]) else f"{line['plain']:.3f}",
                f"{100 * line['uninformative']:.1f} %",
                f"{line['without_maximum']}",
            ]
            print("| " + " | ".join(row) + " |", flush=True)
    if options.output:
        options.output.write_text(json.dumps(lines, indent=2) + "\n")


if __name__ == "__main__":
    main()
