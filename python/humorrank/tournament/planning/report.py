"""Plans, and their output as data, tables and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from humorrank import _core
from humorrank._util import json as as_json
from humorrank._util.reporting import Report
from humorrank._util.text import Style

_SCHEMA: Final = {
    "schedule": pl.String,
    "prompts": pl.Int64,
    "jokes": pl.Int64,
    "matches": pl.Int64,
    "median": pl.Float64,
    "largest": pl.Float64,
    "chance": pl.Float64,
    "note": pl.String,
}


@dataclass(frozen=True)
class Option:
    """One way to play a tournament.

    Attributes:
        schedule: The schedule.
        prompts: Number of prompts.
        matches: Number of matches. None if no number is enough; the other values then refer to all
            possible matches.
        median: Expected half-width of the middle model, in points.
        largest: Expected half-width of the model with the widest interval, in points.
        chance: Smallest probability to separate a required pair; None if there is none.
        note: A note on this option, if there is one.
    """

    schedule: str
    prompts: int
    matches: int | None
    median: float
    largest: float
    chance: float | None
    note: str | None


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Report):
    """The ways to reach a goal.

    Attributes:
        options: The options, by number of prompts and then by schedule.
        ratings: The assumed ratings.
        limit: The ratings to which a fit to evenly distributed matches converges.
        goal: The goal, as text.
        fewest_prompts: Fewest prompts on which any number of matches reaches the goal; None
            without a goal.
        ties: Tie rate between equals.
        joke_effects: Standard deviation of a joke's own quality, in points.
        confidence: Confidence level of the intervals.
        runs: Number of simulated tournaments for each adaptive schedule.
        seed: Random seed for the simulated tournaments.
    """

    options: tuple[Option, ...]
    ratings: Mapping[str, float]
    limit: Mapping[str, float]
    goal: str
    fewest_prompts: int | None
    ties: float
    joke_effects: float
    confidence: float
    runs: int
    seed: int

    def to_polars(self) -> pl.DataFrame:
        """Returns one row per option; `jokes` is the number of jokes that must be written."""
        rows = [{**asdict(option), "jokes": self._jokes(option)} for option in self.options]
        return pl.DataFrame(rows, schema=_SCHEMA)

    def _jokes(self, option: Option) -> int:
        return option.prompts * len(self.ratings)

    def to_dict(self) -> dict[str, Any]:
        """Returns the plan as JSON values."""
        out = {
            "goal": self.goal,
            "fewest_prompts": self.fewest_prompts,
            "options": self.to_polars().to_dicts(),
            "models": [
                {"model": name, "rating": rating, "limit": self.limit[name]}
                for name, rating in self.ratings.items()
            ],
            "ties": self.ties,
            "joke_effects": self.joke_effects,
            "confidence": self.confidence,
            "runs": self.runs,
            "seed": self.seed,
            "version": _core.VERSION,
        }
        return dict(as_json.tree(out))

    def _written(self, style: Style) -> str:
        separated = any(option.chance is not None for option in self.options)
        header = ["schedule", "prompts", "jokes", "matches", "median ±", "largest ±"]
        header += ["chance"] if separated else []
        cells = []
        for option in self.options:
            row = [
                option.schedule,
                f"{option.prompts:,}",
                f"{self._jokes(option):,}",
                "-" if option.matches is None else f"{option.matches:,}",
                f"{option.median:.1f}",
                f"{option.largest:.1f}",
            ]
            if separated:
                row.append("-" if option.chance is None else f"{option.chance:.2f}")
            cells.append(row)
        lines = [f"goal: {self.goal}", ""]
        drop = ("median ±", "jokes")
        lines += [style.table(header, cells, left={"schedule"}, drop=drop), ""]
        notes: dict[str, list[str]] = {}
        for option in self.options:
            if option.note is not None:
                notes.setdefault(option.note, []).append(option.schedule)
        lines += [f"{', '.join(dict.fromkeys(kinds))}: {note}" for note, kinds in notes.items()]
        return style.join([*lines, self._assumed()])

    def _assumed(self) -> str:
        low, high = min(self.ratings.values()), max(self.ratings.values())
        text = (
            f"assumptions: {len(self.ratings):,} models with ratings from {low:.0f} to {high:.0f}, "
            f"a tie rate of {self.ties:g} between equals"
        )
        if self.joke_effects:
            text += (
                f", joke effects of {self.joke_effects:g} points, with which a fit converges to "
                f"ratings from {min(self.limit.values()):.0f} to {max(self.limit.values()):.0f}"
            )
        return f"{text}; {100 * self.confidence:g} % intervals, robust over prompts"
