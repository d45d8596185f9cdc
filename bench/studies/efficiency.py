"""How many matches each schedule needs for the right order: `python -m bench.studies.efficiency`.

Simulates tournaments, and computes Kendall's tau and the root mean square error of the ratings
against the truth, by budget, with the ratings of `humorrank.rate(prior=0.1)`. Prints Markdown
tables and writes build/efficiency.md and build/efficiency.json.
"""

from __future__ import annotations

import argparse
import json
import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from humorrank import _core
from humorrank.tournament.schedule import KINDS, SLACK, Kind, Scheduler

Floats = npt.NDArray[np.float64]

POINTS = 400 / math.log(10)
PRIOR, TIES, PROMPTS, LAG = 0.1, 0.1, 300, 1
GOAL = 0.95
STEP = 1.2
"""The ratio of successive budgets at which a tournament is evaluated."""
RESAMPLES = 1000


@dataclass(frozen=True)
class Field:
    """A field and the settings of its evaluation.

    Attributes:
        name: The name in the table.
        ratings: The true ratings, in points.
        budgets: The smallest and the largest budget.
        at_most: A lower maximum budget for a schedule that is slow and needs no more.
        goal: The maximum number of matches that the best schedule should need, as a share of those
            of the random schedule.
    """

    name: str
    ratings: tuple[float, ...]
    budgets: tuple[int, int]
    at_most: dict[Kind, int] = field(default_factory=dict)
    goal: float | None = None

    def grid(self, kind: Kind) -> list[int]:
        """Returns the budgets at which a schedule is evaluated."""
        least, most = self.budgets
        steps = math.ceil(math.log(most / least) / math.log(STEP))
        grid = sorted({round(least * (most / least) ** (i / steps)) for i in range(steps + 1)})
        return [budget for budget in grid if budget <= self.at_most.get(kind, most)]


def _spread(contestants: int, points: float) -> tuple[float, ...]:
    return tuple((1000 + np.linspace(points / 2, -points / 2, contestants)).tolist())


_TABLE_1 = (1307.5, 1156.9, 1115.1, 1092.8, 1037.5, 1015.0, 976.9, 761.0, 537.4)

FIELDS = {
    "table1": Field("the paper's table 1 (9 models)", _TABLE_1, (50, 3_000)),
    "32-800": Field("32 models over 800 points", _spread(32, 800), (200, 5_500), goal=0.75),
    "32-1600": Field("32 models over 1,600 points", _spread(32, 1600), (100, 2_400), goal=0.6),
    "128-800": Field(
        "128 models over 800 points",
        _spread(128, 800),
        (1_000, 30_000),
        at_most={"information": 15_000},
    ),
    "128-1600": Field(
        "128 models over 1,600 points",
        _spread(128, 1600),
        (1_000, 12_000),
        at_most={"information": 6_000},
    ),
}


def kendall_tau(x: Floats, y: Floats) -> float:
    """Returns Kendall's tau-b [Ken45].

    This is the number of concordant less that of discordant pairs, divided by the geometric mean of
    the numbers of pairs that are not tied in each ranking.
    """
    above = np.triu_indices(len(x), 1)
    first, second = (np.sign(v[:, None] - v[None, :])[above] for v in (x, y))
    untied = np.count_nonzero(first) * np.count_nonzero(second)
    return float(first @ second / math.sqrt(untied)) if untied else 0.0


def tournament(field: Field, kind: Kind, slack: int, lag: int, seed: int) -> Floats:
    """Plays one tournament.

    With win probabilities p and q, a tie has probability 2t x min(p, q), and a win has
    probability p - t x min(p, q). Verdicts reach the schedule `lag` rounds late.

    Returns:
        One row per budget: tau, and the error in points.
    """
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 5])))
    truth = random.permutation(np.array(field.ratings))
    strengths = truth / POINTS
    scheduler = Scheduler(kind, len(truth), PROMPTS, seed=seed, slack=slack, prior=PRIOR)
    tally = _core.Tally(len(truth))
    late: list[tuple[Any, Any, Any]] = []
    rows = []
    for budget in field.grid(kind):
        while left := min(budget - scheduler.played, scheduler.possible()):
            while len(late) > lag:
                scheduler.record(*late.pop(0))
            made = scheduler.next_round(left)
            p = 1 / (1 + np.exp(strengths[made.second] - strengths[made.first]))
            tied = TIES * np.minimum(p, 1 - p)
            draw = random.random(len(made))
            outcome = np.where(draw < p - tied, 0, np.where(draw < p + tied, 2, 1))
            tally.add(made.first, made.second, outcome.astype(np.uint8))
            late.append((made.first, made.second, np.array([1, 0, 0.5])[outcome]))
        fit, _, _ = _core.FitData(tally).fit(prior=PRIOR)
        error = POINTS * fit - (truth - truth.mean())
        rows.append((kendall_tau(truth, fit), math.sqrt(np.mean(error**2))))
    return np.array(rows)


def matches_to(tau: Floats, grid: list[int], level: float = GOAL) -> float:
    """Returns the budget at which a mean tau reaches a level, by log-linear interpolation."""
    reached = np.flatnonzero(tau >= level)
    if not len(reached):
        return math.nan
    k = int(reached[0])
    if k == 0:
        return float(grid[0])
    share = (level - tau[k - 1]) / (tau[k] - tau[k - 1])
    return float(grid[k - 1] * (grid[k] / grid[k - 1]) ** share)


def _number(value: float, style: str = ",.0f") -> str:
    return format(value, style) if math.isfinite(value) else "-"


def study(field: Field, runs: dict[Kind, Floats]) -> tuple[dict[str, Any], list[str]]:
    """Returns the results of the tournaments of a field, as a record and as Markdown."""
    seeds = len(runs["random"])
    random = np.random.default_rng(0)
    samples = [random.integers(seeds, size=seeds) for _ in range(RESAMPLES)]

    def needed(kind: Kind, sample: Any) -> float:
        return matches_to(runs[kind][sample, :, 0].mean(axis=0), field.grid(kind))

    record: dict[str, Any] = {"name": field.name, "goal": field.goal, "schedules": {}}
    goal = f" (goal: at most {field.goal:g} of random's)" if field.goal else ""
    lines = [
        f"Matches to a mean tau of {GOAL:g}, {field.name}{goal}:",
        "",
        "| schedule | matches | 95 % interval | of random's | 95 % interval |",
        "|---|---|---|---|---|",
    ]
    for kind in KINDS:
        everyone = np.arange(seeds)
        matches = needed(kind, everyone)
        share = matches / needed("random", everyone)
        drawn = np.array([needed(kind, sample) for sample in samples])
        ratios = drawn / np.array([needed("random", sample) for sample in samples])
        ends = [np.quantile(values, [0.025, 0.975]).tolist() for values in (drawn, ratios)]
        mean, spread = runs[kind].mean(axis=0), runs[kind].std(axis=0, ddof=1)
        half = 1.96 * spread / math.sqrt(seeds)
        record["schedules"][kind] = {
            "matches": matches,
            "matches_interval": ends[0],
            "of_random": share,
            "of_random_interval": ends[1],
            "budgets": field.grid(kind),
            "tau": mean[:, 0].tolist(),
            "tau_half_width": half[:, 0].tolist(),
            "error": mean[:, 1].tolist(),
            "error_half_width": half[:, 1].tolist(),
        }
        spans = [
            " to ".join(_number(end, style) for end in pair)
            for pair, style in zip(ends, (",.0f", ".2f"), strict=True)
        ]
        lines.append(
            f"| {kind} | {_number(matches)} | {spans[0]} | {_number(share, '.2f')} | {spans[1]} |"
        )
    lines += ["", "| matches | " + " | ".join(f"{kind}: tau, error" for kind in KINDS) + " |"]
    lines += ["|---" * (len(KINDS) + 1) + "|"]
    for k, budget in list(enumerate(field.grid("random")))[::4]:
        cells = []
        for kind in KINDS:
            of = record["schedules"][kind]
            cells.append(
                f"{of['tau'][k]:.3f} ± {of['tau_half_width'][k]:.3f}, "
                f"{of['error'][k]:.1f} ± {of['error_half_width'][k]:.1f}"
                if k < len(of["tau"])
                else "-"
            )
        lines.append(f"| {budget:,} | " + " | ".join(cells) + " |")
    return record, [*lines, ""]


def main() -> None:
    """Plays the tournaments, and prints and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fields", nargs="*", default=list(FIELDS), help=", ".join(FIELDS))
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--slack", type=int, default=SLACK)
    parser.add_argument("--lag", type=int, default=LAG)
    parser.add_argument("--output", type=Path, default=Path("build"))
    options = parser.parse_args()
    records, text = {}, []
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        for name in options.fields:
            runs: dict[Kind, Floats] = {}
            for kind in KINDS:
                play = partial(tournament, FIELDS[name], kind, options.slack, options.lag)
                runs[kind] = np.array(list(pool.map(play, range(options.seeds), chunksize=5)))
            records[name], lines = study(FIELDS[name], runs)
            print("\n".join(lines), flush=True)
            text += lines
            settings = {"seeds": options.seeds, "slack": options.slack, "lag": options.lag}
            record = {**settings, "prior": PRIOR, "ties": TIES, "fields": records}
            (options.output / "efficiency.json").write_text(json.dumps(record, indent=1) + "\n")
            (options.output / "efficiency.md").write_text("\n".join(text))


if __name__ == "__main__":
    main()
