"""Coverage of the intervals: `python -m bench.studies.coverage [--runs 10000] [--only NAME]`.

Simulates tournaments of nine models. An interval should cover the limit of the same fit under the
same schedule over infinitely many prompts. Without joke effects, this limit is the truth. With
them, it is computed, and its distance from the simulated strengths is printed. Prints Markdown
tables and writes build/coverage.md and build/coverage.json.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import humorrank
from humorrank.tournament.schedule import Scheduler

Floats = npt.NDArray[np.float64]
Rows = tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]

POINTS = 400 / math.log(10)
PROMPTS, LAG, SLACK, TIES, JOKES = 300, 1, 16, 0.1, 100.0
TABLE_1 = (1307.5, 1156.9, 1115.1, 1092.8, 1037.5, 1015.0, 976.9, 761.0, 537.4)


def _within(points: float) -> tuple[float, ...]:
    return tuple((1000 + np.linspace(points / 2, -points / 2, len(TABLE_1))).tolist())


FIELDS = {"table 1": TABLE_1, "within 40": _within(40), "within 4": _within(4)}


@dataclass(frozen=True)
class Cell:
    """The settings of a simulation.

    Attributes:
        field: A key of `FIELDS`.
        schedule: "exhaustive" or "swiss".
        matches: The budget.
        ties: The tie rate between equal contestants.
        jokes: The standard deviation of the effect of each joke, in points.
    """

    field: str
    schedule: str
    matches: int
    ties: float
    jokes: float

    @property
    def name(self) -> str:
        """The name in the table."""
        return (
            f"{self.field}, {self.schedule} {self.matches:,}, "
            f"{'ties' if self.ties else 'no ties'}, {'jokes' if self.jokes else 'no jokes'}"
        )

    @property
    def ratings(self) -> Floats:
        """The simulated ratings, with mean 1000."""
        ratings = np.array(FIELDS[self.field])
        return np.asarray(ratings - ratings.mean() + 1000)


CELLS = [
    Cell(field, schedule, matches, ties, jokes)
    for field in ("table 1", "within 40")
    for schedule, matches in (("exhaustive", 10_800), ("swiss", 1_000), ("swiss", 3_000))
    for jokes in (0.0, JOKES)
    for ties in (0.0, TIES)
] + [Cell("within 4", "exhaustive", 10_800, TIES, jokes) for jokes in (0.0, JOKES)]

METHODS: dict[str, tuple[dict[str, Any], int]] = {
    "percentile, 100": ({"bootstrap": 100}, 1),
    "wald": ({"interval": "wald"}, 1),
    "sandwich": ({"interval": "sandwich"}, 1),
    "sandwich by prompt": ({"interval": "sandwich", "cluster": "prompt"}, 1),
    "percentile by prompt, 1,000": ({"cluster": "prompt", "bootstrap": 1_000}, 20),
    "basic by prompt, 1,000": ({"cluster": "prompt", "bootstrap": 1_000, "interval": "basic"}, 20),
    "bca by prompt, 1,000": ({"cluster": "prompt", "bootstrap": 1_000, "interval": "bca"}, 20),
}
"""Options of `rate`, and a number n. The method is applied to every n-th run, as some are slow."""

_OUTCOME = np.array([1, 2, 0], np.uint8)
"""The outcome, indexed by twice the score of the contestant shown first."""

RECOMMENDED = "sandwich by prompt"
JOINTLY = 10
"""The band and the ranks are evaluated once in this many runs."""


def play(cell: Cell, seed: int) -> tuple[Rows, npt.NDArray[np.uint8]]:
    """Plays one tournament. Returns (first, second, prompt) and the outcomes."""
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 11])))
    models = len(TABLE_1)
    strength = np.repeat(cell.ratings[:, None], PROMPTS, 1)
    if cell.jokes:
        strength = strength + random.normal(0, cell.jokes, strength.shape)
    wins = 1 / (1 + 10 ** ((strength - strength[:, None]) / 400))
    tied = cell.ties * np.minimum(wins, 1 - wins)
    # A number below the first bound is a win of the first contestant; below the second, a tie.
    won, undecided = wins - tied, wins + tied

    def score(first: Any, second: Any, prompt: Any, chance: Any) -> Any:
        at = first, second, prompt
        return 0.5 * (chance < won[at]) + 0.5 * (chance < undecided[at])

    if cell.schedule == "exhaustive":
        low, high = np.triu_indices(models, 1)
        low, high = (np.repeat(x, PROMPTS).astype(np.uint32) for x in (low, high))
        prompt = np.tile(np.arange(PROMPTS, dtype=np.uint32), models * (models - 1) // 2)
        found = score(low, high, prompt, random.random(len(low)))
        return (low, high, prompt), _OUTCOME[(2 * found).astype(np.int64)]
    order = random.permutation(models).astype(np.uint32)
    won, undecided = (table[np.ix_(order, order)] for table in (won, undecided))
    chance = random.random(cell.matches)
    scheduler = Scheduler("swiss", models, PROMPTS, seed=seed, slack=SLACK)
    late: deque[tuple[Any, Any, Any]] = deque()
    parts: list[tuple[Any, ...]] = []
    played = 0
    while played < cell.matches:
        if len(late) > LAG:
            scheduler.record(*late.popleft())
        made = scheduler.next_round(cell.matches - played)
        size = len(made.first)
        found = score(made.first, made.second, made.prompt, chance[played : played + size])
        played += size
        late.append((made.first, made.second, found))
        parts.append((made.first, made.second, made.prompt, found))
    first, second, prompt, found = (np.concatenate(column) for column in zip(*parts, strict=True))
    return (order[first], order[second], prompt), _OUTCOME[(2 * found).astype(np.int64)]


def limit(cell: Cell, pairs: Floats) -> Floats:
    """Returns the fit over infinitely many prompts, with pairs in the given proportions.

    Args:
        cell: The settings. Without joke effects, the result equals the truth.
        pairs: The frequency of each pair, as a symmetric matrix.
    """
    if not cell.jokes:
        return cell.ratings
    node, weight = np.polynomial.hermite_e.hermegauss(64)
    gap = (cell.ratings[:, None] - cell.ratings)[..., None] + math.sqrt(2) * cell.jokes * node
    wins = (weight / weight.sum() / (1 + 10 ** (-gap / 400))).sum(-1)
    strengths = np.zeros(len(cell.ratings))
    for _ in range(100):
        p = 1 / (1 + np.exp(strengths - strengths[:, None]))
        score = (pairs * (wins - p)).sum(1)
        amount = pairs * p * (1 - p)
        step = np.linalg.solve(np.diag(amount.sum(1)) - amount + 1, score)
        strengths += step - step.mean()
    return np.asarray(1000 + POINTS * strengths)


def _proportions(cell: Cell, seed: int) -> Floats:
    (first, second, _), _ = play(cell, seed)
    pairs = np.zeros((len(TABLE_1), len(TABLE_1)))
    np.add.at(pairs, (first, second), 1.0)
    return np.asarray(pairs + pairs.T)


def _run(cell: Cell, truth: Floats, seed: int) -> dict[str, Any]:
    """Plays one tournament. Returns, for each method, which models are covered, and the width."""
    (first, second, prompt), outcome = play(cell, seed)
    names = [str(model) for model in range(len(TABLE_1))]
    tally = humorrank.Tally.from_codes(
        names, first, second, outcome, keys={"prompt": (None, prompt)}
    )
    out: dict[str, Any] = {}
    for name, (options, every) in METHODS.items():
        if seed % every:
            continue
        try:
            board = humorrank.rate(tally, elo_shuffles=0, threads=1, seed=seed, **options)
        except humorrank.NoMaximumError:
            return {}
        place = [int(model) for model in board.columns["model"]]
        lower, upper = board.columns["rating_lower"], board.columns["rating_upper"]
        covered = np.empty(len(place), bool)
        covered[place] = (lower <= truth[place]) & (truth[place] <= upper)
        out[name] = covered, float(np.median(upper - lower))
        if name == RECOMMENDED and seed % JOINTLY == 0:
            band = humorrank.rate(
                tally, elo_shuffles=0, threads=1, seed=seed, simultaneous=True, **options
            ).columns
            reaches = band["rating_lower"] <= truth[place], truth[place] <= band["rating_upper"]
            out["band"] = bool(np.logical_and(*reaches).all())
            ranks, rank = board.ranks().table, (-truth).argsort().argsort() + 1
            covered = np.empty(len(place), bool)
            covered[place] = (ranks["rank_lower"].to_numpy() <= rank[place]) & (
                rank[place] <= ranks["rank_upper"].to_numpy()
            )
            out["ranks"] = covered
            # The coverage of a naive interval, which is a bootstrap of the rank itself.
            drawn = (-board._uncertainty.draws).argsort(1).argsort(1) + 1
            ends = np.quantile(drawn, (0.025, 0.975), axis=0)
            out["naive ranks"] = (np.floor(ends[0]) <= rank) & (rank <= np.ceil(ends[1]))
    return out


def cover(cell: Cell, runs: int, each: Callable[..., Any]) -> dict[str, Any]:
    """Returns the coverage of every method in one cell."""
    every = range(min(runs, 400))
    pairs = np.mean(list(each(partial(_proportions, cell), every)), 0)
    truth = limit(cell, pairs)
    found = list(each(partial(_run, cell, truth), range(runs)))
    rated = [run for run in found if run]
    methods = {}
    for name in METHODS:
        rows = [run[name] for run in rated if name in run]
        covered = np.array([row[0] for row in rows])
        by_model = 100 * covered.mean(0)
        methods[name] = {
            "runs": len(rows),
            "mean": float(by_model.mean()),
            "least": float(by_model.min()),
            "most": float(by_model.max()),
            "half_width": float(np.median([row[1] for row in rows]) / 2),
        }
    joint = [run for run in rated if "band" in run]
    ranks = np.array([run["ranks"] for run in joint])
    naive = np.array([run["naive ranks"] for run in joint])
    return {
        "cell": vars(cell) | {"name": cell.name},
        "runs": runs,
        "without_maximum": runs - len(rated),
        "attenuation": float(np.abs(truth - cell.ratings).max()),
        "methods": methods,
        "band": {"runs": len(joint), "covers": 100 * float(np.mean([r["band"] for r in joint]))},
        "ranks": {
            "runs": len(joint),
            "mean": 100 * float(ranks.mean()),
            "least": 100 * float(ranks.mean(0).min()),
            "naive": 100 * float(naive.mean()),
            "naive_least": 100 * float(naive.mean(0).min()),
        },
    }


def _chances(matches: int, seed: int) -> tuple[Floats, int]:
    """Returns P(best) for a field from N(1000, 60^2), and the best model."""
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, 13])))
    ratings = random.normal(1000, 60, len(TABLE_1))
    low, high = np.triu_indices(len(ratings), 1)
    count = np.full(len(low), matches // len(low))
    p = 1 / (1 + 10 ** ((ratings[high] - ratings[low]) / 400))
    tied = TIES * np.minimum(p, 1 - p)
    draws = random.multinomial(count, np.stack([p - tied, 1 - p - tied, 2 * tied], -1))
    tally = humorrank.Tally.from_codes(
        [str(model) for model in range(len(ratings))],
        np.repeat(low, 3),
        np.repeat(high, 3),
        np.tile([0, 1, 2], len(low)),
        count=draws.ravel(),
    )
    try:
        board = humorrank.rate(tally, elo_shuffles=0, threads=1, bootstrap=400, seed=seed)
    except humorrank.NoMaximumError:
        return np.full(len(ratings), np.nan), -1
    table = board.ranks().table
    chance = np.empty(len(ratings))
    chance[[int(model) for model in table["model"]]] = table["p_best"]
    return chance, int(ratings.argmax())


EDGES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.0)


def calibration(matches: int, runs: int, each: Callable[..., Any]) -> dict[str, Any]:
    """Returns how many of the models with P(best) = p are the best, by bins of p."""
    found = [run for run in each(partial(_chances, matches), range(runs)) if run[1] >= 0]
    chance = np.concatenate([run[0] for run in found])
    best = np.concatenate([np.arange(len(run[0])) == run[1] for run in found])
    place = np.clip(np.searchsorted(EDGES, chance, side="right") - 1, 0, len(EDGES) - 2)
    bins = []
    for k in range(len(EDGES) - 1):
        own = place == k
        if own.any():
            share = float(best[own].mean())
            bins.append(
                {
                    "from": EDGES[k],
                    "to": EDGES[k + 1],
                    "models": int(own.sum()),
                    "said": float(chance[own].mean()),
                    "are": share,
                    "error": math.sqrt(max(share * (1 - share), 1e-9) / own.sum()),
                }
            )
    return {"matches": matches, "runs": len(found), "bins": bins}


def markdown(cells: list[dict[str, Any]], calibrations: list[dict[str, Any]]) -> str:
    """Returns the tables."""
    lines = [
        "| cell | runs | " + " | ".join(METHODS) + " | band | ranks | naive ranks | limit |",
        "|---|" + "---|" * (len(METHODS) + 5),
    ]
    for cell in cells:
        shown = [
            f"{m['mean']:.1f} ({m['least']:.1f} to {m['most']:.1f})"
            for m in cell["methods"].values()
        ]
        ranks = cell["ranks"]
        shown += [
            f"{cell['band']['covers']:.1f}",
            f"{ranks['mean']:.1f} (from {ranks['least']:.1f})",
            f"{ranks['naive']:.1f} (from {ranks['naive_least']:.1f})",
            f"{cell['attenuation']:.0f}",
        ]
        shown = [cell["cell"]["name"], f"{cell['runs']:,}", *shown]
        lines.append("| " + " | ".join(shown) + " |")
    for found in calibrations:
        lines += [
            "",
            f"P(best), {found['matches']:,} matches, {found['runs']:,} fields from N(1000, 60^2):",
            "",
            "| said | models | said, mean | are best | standard error |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {b['from']:g} to {b['to']:g} | {b['models']:,} | {b['said']:.3f} | "
            f"{b['are']:.3f} | {b['error']:.3f} |"
            for b in found["bins"]
        ]
    return "\n".join(lines)


def main() -> None:
    """Simulates the tournaments, and prints and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--only", help="only cells whose name contains this")
    parser.add_argument("--keep", action="store_true", help="resume from build/coverage.json")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    build = Path("build")
    build.mkdir(exist_ok=True)
    written = build / "coverage.json"
    known = json.loads(written.read_text()) if options.keep and written.exists() else {}
    cells = {cell["cell"]["name"]: cell for cell in known.get("cells", [])}
    calibrations = known.get("calibration", [])

    def found() -> dict[str, Any]:
        own = [cells[cell.name] for cell in CELLS if cell.name in cells]
        return {"cells": own, "calibration": calibrations}

    with ProcessPoolExecutor(options.workers) as pool:
        each = partial(pool.map, chunksize=20)
        for cell in CELLS:
            if cell.name in cells or (options.only and options.only not in cell.name):
                continue
            cells[cell.name] = cover(cell, options.runs, each)
            print(markdown([cells[cell.name]], []).splitlines()[-1], flush=True)
            written.write_text(json.dumps(found(), indent=2))
        if not options.only and not calibrations:
            calibrations = [calibration(size, options.runs, each) for size in (1_000, 10_800)]
    text = markdown(found()["cells"], calibrations)
    (build / "coverage.md").write_text(text + "\n")
    written.write_text(json.dumps(found(), indent=2))
    print(text)


if __name__ == "__main__":
    main()
