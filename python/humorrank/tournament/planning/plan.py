"""The number of matches and prompts that a goal needs, by schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Final, Literal

import numpy as np

from humorrank._stats.scale import POINTS
from humorrank._util.checks import check_confidence, one_of, positive, share, whole
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import OptionError
from humorrank.tournament.planning.designs import PlannedField, Schedule
from humorrank.tournament.planning.goals import Goal, HalfWidth, SeparationGoal
from humorrank.tournament.planning.report import Option, Plan
from humorrank.tournament.planning.variance import MOST_MODELS, UnconnectedError
from humorrank.tournament.schedule import Kind

_KINDS: Final[tuple[Kind, ...]] = ("round_robin", "random", "swiss", "information")

_MOST_INFORMED: Final = 64
"""Most models for which the information schedule is included by default.

Its time grows with the cube of their number."""

_GRID: Final = (1, 2, 5)
"""Numbers of prompts considered by default, in multiples of the fewest that can reach the goal."""

_MOST_PROMPTS: Final = 10**9


def plan(
    ratings: Mapping[str, float],
    *,
    half_width: float | None = None,
    of: Literal["largest", "median"] = "largest",
    separate: float | None = None,
    power: float = 0.8,
    pairs: Literal["all", "neighbours"] = "all",
    matches: Sequence[int] = (),
    prompts: Sequence[int] = (),
    schedules: Sequence[str] = (),
    ties: float = 0.1,
    joke_effects: float = 0.0,
    confidence: float = 0.95,
    runs: int = 2,
    seed: int = 0,
    progress: Progress | None = None,
) -> Plan:
    """Estimates how many matches and prompts a goal needs, under assumed ratings.

    The results refer to the ratings that the fit converges to. With joke effects, these are closer
    together than the assumed ratings (docs/statistics/ratings.md). Half-widths are those of normal
    intervals that are robust over prompts.

    Args:
        ratings: Mapping from model to assumed rating in points.
        half_width: Goal: the half-width of the intervals, in points.
        of: Whether `half_width` applies to every model ("largest") or to half of them ("median").
        separate: Goal: the pairs that differ by at least this many assumed points are separated.
        power: Least probability that each such pair is separated by the interval of its difference.
        pairs: Which pairs `separate` considers: "all", or "neighbours" in the order of the ratings.
        matches: Numbers of matches whose precision is estimated, instead of a goal.
        prompts: Possible numbers of prompts; by default 1, 2 and 5 times the fewest that can reach
            the goal.
        schedules: Schedules to consider: "round_robin", "random", "swiss" and "information". All
            by default, the last one only for up to 64 models.
        ties: Tie rate between equals, 0 to 1.
        joke_effects: Standard deviation of a joke's quality around its model's rating, in points.
        confidence: Confidence level of the intervals, between 0 and 1.
        runs: Number of simulated tournaments for each adaptive schedule.
        seed: Random seed for the simulated tournaments.
        progress: Called with (stage, done, total).

    Raises:
        OptionError: If an option has an invalid value, not exactly one of half_width, separate and
            matches is given, or no pair has the required difference.
    """
    check_confidence(confidence)
    one_of("of", of, ("largest", "median"))
    one_of("pairs", pairs, ("all", "neighbours"))
    for kind in schedules:
        one_of("schedule", kind, _KINDS)
    field = PlannedField(
        _checked(ratings),
        share("ties", ties),
        positive("joke_effects", joke_effects),
        whole("seed", seed, most=2**32),
        whole("runs", runs, 1, 1_000),
    )
    wants = {"half_width": half_width, "separate": separate, "matches": matches or None}
    given = [name for name, value in wants.items() if value is not None]
    if len(given) != 1:
        raise OptionError(
            "specify exactly one of half_width (--half-width 20), separate (--separate 30) and "
            f"matches (--matches 5000), not {' and '.join(given) or 'none'}"
        )
    kinds = [kind for kind in _KINDS if kind in schedules] or [
        kind for kind in _KINDS if kind != "information" or len(field.ratings) <= _MOST_INFORMED
    ]
    quantile = NormalDist().inv_cdf((1 + confidence) / 2)
    points = np.array(list(field.ratings.values()))
    goal: Goal | None = None
    if half_width is not None:
        goal = HalfWidth(_above("half_width", half_width), of, quantile)
    elif separate is not None:
        if not 0 < share("power", power) < 1:
            raise OptionError(f"power must be between 0 and 1, not {power!r}")
        wanted = _above("separate", separate)
        goal = SeparationGoal.of(points, wanted, power, pairs, quantile)
    fewest = None if goal is None else _fewest_prompts(field, goal)
    offered = [whole("prompts", number, 1, _MOST_PROMPTS) for number in prompts]
    if not offered and goal is None:
        raise OptionError("matches requires the number of prompts: prompts=[300] (--prompts 300)")
    if fewest is not None and not offered:
        offered = [fewest * times for times in _GRID]
    options: list[Option] = []
    asked = [whole("matches", number, 1) for number in matches]
    steps = [(number, kind) for number in dict.fromkeys(offered) for kind in kinds]
    for done, (number, kind) in enumerate(steps):
        if progress is not None:
            progress("schedules", done, len(steps))
        if goal is None:
            schedule = Schedule(kind, field, number, max(asked))
            options += [_option(schedule, size, quantile, goal) for size in asked]
        else:
            options.append(_needed(field, kind, number, goal, fewest, quantile))
    if progress is not None:
        progress("schedules", len(steps), len(steps))
    limit = points.mean() + POINTS * field.even.strengths
    return Plan(
        tuple(options),
        ratings=dict(field.ratings),
        limit=dict(zip(field.ratings, limit.tolist(), strict=True)),
        goal="the precision of given numbers of matches" if goal is None else goal.words(),
        fewest_prompts=fewest,
        ties=ties,
        joke_effects=joke_effects,
        confidence=confidence,
        runs=runs,
        seed=seed,
    )


def _fewest_prompts(field: PlannedField, goal: Goal) -> int:
    """Returns the fewest prompts that can reach a goal.

    With every pair on every prompt, the covariance is inversely proportional to their number.
    """
    prompts = goal.factor(field.even, field.even.covariance(field.pairs, 1))
    if prompts > _MOST_PROMPTS:
        raise OptionError(
            f"the goal needs more than {_MOST_PROMPTS:,} prompts; allow wider intervals, or "
            "require a larger difference of the pairs"
        )
    # A rounding error must not lead to one more prompt.
    return max(1, math.ceil(prompts * (1 - 1e-9)))


def _needed(
    field: PlannedField, kind: Kind, prompts: int, goal: Goal, fewest: int | None, quantile: float
) -> Option:
    """Returns the option with the fewest matches that reach the goal on the given prompts."""
    assert fewest is not None
    if prompts < fewest:
        note = f"no number of matches on {number_of(prompts, 'prompt')} is enough: at least "
        note += number_of(fewest, "prompt")
        schedule = Schedule(kind, field, prompts, 0)
        full = _option(schedule, schedule.most, quantile, goal)
        return Option(kind, prompts, None, full.median, full.largest, full.chance, note)
    if kind == "round_robin":
        return _option(Schedule(kind, field, prompts, 0), fewest * field.pairs, quantile, goal)
    spread = Schedule("random", field, prompts, 0)
    reach = _smallest(spread, goal, len(field.ratings))
    schedule = Schedule(kind, field, prompts, reach + reach // 4)
    return _option(schedule, _smallest(schedule, goal, len(field.ratings)), quantile, goal)


def _smallest(schedule: Schedule, goal: Goal, least: int) -> int:
    """Finds the fewest matches that reach the goal, by bisection.

    More matches never reduce the precision by more than the noise of the simulation.
    """

    def reached(matches: int) -> bool:
        design = schedule.design(matches)
        try:
            covariance = schedule.covariance(matches)
        except UnconnectedError:
            return False
        return goal.factor(design, covariance) <= 1 + 1e-9

    low, high = 0, min(schedule.most, max(1, least))
    while high < schedule.most and not reached(high):
        low, high = high, min(schedule.most, 2 * high)
    while high - low > max(1, high // 500):
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _option(schedule: Schedule, matches: int, quantile: float, goal: Goal | None) -> Option:
    note = None
    if matches > schedule.most:
        matches = schedule.most
        note = f"limited to {'the' if schedule.most == 1 else 'all'} "
        note += number_of(schedule.most, "possible match", "possible matches")
    covariance = schedule.covariance(matches)
    widths = quantile * POINTS * np.sqrt(np.diag(covariance))
    if schedule.adaptive and schedule.simulated < matches < schedule.most:
        note = (
            f"its first {schedule.simulated:,} matches were simulated; the others are assumed to "
            "be distributed in the same way"
        )
    chance = goal.chance(schedule.design(matches), covariance) if goal is not None else None
    return Option(
        schedule.kind,
        schedule.prompts,
        matches,
        float(np.median(widths)),
        float(widths.max()),
        chance,
        note,
    )


def _above(name: str, value: float) -> float:
    if positive(name, value) == 0:
        raise OptionError(f"{name} must be above 0 points")
    return float(value)


def _checked(ratings: Mapping[str, float]) -> dict[str, float]:
    if not 2 <= len(ratings) <= MOST_MODELS:
        raise OptionError(f"a plan needs 2 to {MOST_MODELS:,} models, not {len(ratings):,}")
    out = {str(name): float(rating) for name, rating in ratings.items()}
    for name, rating in out.items():
        if not math.isfinite(rating):
            raise OptionError(f"the rating of {name!r} must be a finite number, not {rating!r}")
    # The order of the ratings must not affect the simulated tournaments.
    return dict(sorted(out.items()))
