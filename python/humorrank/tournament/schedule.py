"""Which comparisons a tournament makes next: docs/statistics/schedules.md says how each schedule chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from humorrank import _core
from humorrank._core import MOST_COMPARISONS
from humorrank._util.checks import one_of, positive, whole
from humorrank.errors import OptionError

Kind = Literal["swiss", "round_robin", "random", "information"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SLACK = 16
"""Found by simulation (docs/statistics/schedules.md): less makes a round robin of it, more gains nothing."""
_MOST = 2**32 - 1
_Codes = NDArray[np.uint32]


@dataclass(frozen=True)
class Round:
    """The comparisons of a round, in the order of the schedule; a column each.

    Attributes:
        first: the code of one contestant of each comparison.
        second: the code of the other; who of the two is shown first is not the schedule's business.
        prompt: the code of the prompt that they meet on.
        byes: who had no opponent though budget was left, in the order of the schedule. Random
            rounds have no byes.
        reason: why there are no comparisons; None if there are some.
    """

    first: _Codes
    second: _Codes
    prompt: _Codes
    byes: _Codes
    reason: str | None

    def __len__(self) -> int:
        """The number of comparisons."""
        return len(self.first)


class Scheduler:
    """A schedule of comparisons, each an unordered pair of contestants on a prompt, made once.

    Contestants are codes from 0 to `contestants` - 1, prompts codes from 0 to `prompts` - 1. What
    comes next is a function of these settings and of the calls made before, in their order:
    whoever makes the same calls again, or tells a new scheduler with `take` and `record` what was
    scheduled and what was recorded, goes on with the same rounds.

    Args:
        kind: "swiss" (neighbours by running Elo among the under-sampled pairs), "round_robin" (all
            pairs on prompt after prompt), "random" (any comparison, without replacement) or
            "information" (the pairs whose matches say most about the order).
        contestants: how many there are.
        prompts: how many there are.
        seed: of every random choice.
        slack: a pair of the Swiss schedule may play while it is ahead of the least-played pair that
            has prompts left by at most so many matches.
        prompts_per_pairing: how many prompts a pairing plays in one round, where it has so many
            left; under "random" it only makes rounds larger.
        elo_k: the most points that a match moves the running Elo.
        prior: what the fit of the information schedule adds for everyone, as in `rate`.

    Raises:
        OptionError: a value out of range, or a field too large for the schedule.
    """

    version: int = _core.SCHEDULE_VERSION
    """Changes whenever the same settings and verdicts would give another schedule."""

    def __init__(
        self,
        kind: Kind,
        contestants: int,
        prompts: int,
        *,
        seed: int,
        slack: int = SLACK,
        prompts_per_pairing: int = 1,
        elo_k: float = 32.0,
        prior: float = 0.1,
    ) -> None:
        one_of("schedule", kind, KINDS)
        self.kind: Kind = kind
        contestants, prompts = self._size(contestants, prompts)
        elo_k, prior = positive("elo_k", elo_k), positive("prior", prior)
        if kind == "information" and prior < LEAST_PRIOR:
            raise OptionError(
                f"prior must be at least {LEAST_PRIOR:g} for the information schedule, not "
                f"{prior!r}: without one there is nothing to start from"
            )
        self._core = _core.Scheduler(
            kind,
            contestants,
            prompts,
            seed=whole("seed", seed, most=2**64 - 1),
            slack=whole("slack", slack, most=_MOST),
            prompts_per_pairing=whole("prompts_per_pairing", prompts_per_pairing, 1, _MOST),
            elo_k=elo_k,
            prior=prior,
        )

    def next_round(self, budget: int) -> Round:
        """The next comparisons.

        It may be called while earlier rounds are not recorded yet: what was scheduled counts as
        played.

        Args:
            budget: how many comparisons there may be at most.

        Returns:
            At least one comparison if the budget is not 0 and one is left; the reason if not. A
            round that the budget cuts short is an ordinary round.

        Raises:
            OptionError: the budget is no whole number of at least 0.
        """
        budget = whole("budget", budget)
        first, second, prompt, byes = self._core.next_round(min(budget, 2**64 - 1))
        reason = None if len(first) else self._reason(budget)
        return Round(first, second, prompt, byes, reason)

    def record(self, first: ArrayLike, second: ArrayLike, score: ArrayLike) -> None:
        """Learns verdicts: moves the running Elo, and what the information schedule knows.

        Args:
            first: one contestant of each comparison, in the order of the schedule. A comparison
                that failed is left out.
            second: the other.
            score: of the first: 1 won, 0.5 tied, 0 lost.

        Raises:
            OptionError: a code or a score is out of range; nothing is learned then.
        """
        columns = self._codes("first", first), self._codes("second", second)
        scores = np.ascontiguousarray(np.atleast_1d(score), np.float64)
        try:
            self._core.record(*columns, scores)
        except (IndexError, ValueError) as error:
            raise OptionError(f"record: {error}") from None

    def take(
        self, first: ArrayLike, second: ArrayLike, prompt: ArrayLike, *, played: bool = True
    ) -> int:
        """Uses comparisons up without scheduling them; what is used up already stays as it is.

        Args:
            first: one contestant of each comparison.
            second: the other.
            prompt: the prompt.
            played: whether they were made elsewhere (votes from a file, rounds before a restart),
                and count as played; if not, they cannot be made (two jokes are identical).

        Returns:
            How many of them were not used up before.

        Raises:
            OptionError: a code is out of range; nothing is used up then.
        """
        columns = (
            self._codes("first", first),
            self._codes("second", second),
            self._codes("prompt", prompt),
        )
        try:
            return self._core.take(*columns, played)
        except (IndexError, ValueError) as error:
            raise OptionError(f"take: {error}") from None

    def extend(self, contestants: int, prompts: int) -> None:
        """From now on there are so many contestants and prompts; the new ones have the last codes.

        Raises:
            OptionError: there would be fewer than before, or too many.
        """
        if contestants < self.contestants or prompts < self.prompts:
            raise OptionError(
                f"a schedule of {self.contestants:,} contestants and {self.prompts:,} prompts "
                f"cannot shrink to {contestants:,} and {prompts:,}"
            )
        self._core.extend(*self._size(contestants, prompts))

    @property
    def elo(self) -> NDArray[np.float64]:
        """The running Elo of each contestant; everyone starts at 1000."""
        return self._core.elo

    @property
    def contestants(self) -> int:
        """How many there are."""
        return self._core.contestants

    @property
    def prompts(self) -> int:
        """How many there are."""
        return self._core.prompts

    @property
    def played(self) -> int:
        """How many comparisons were scheduled, or taken as played."""
        return self._core.played

    def possible(self) -> int:
        """How many comparisons are left."""
        return self._core.possible()

    def _size(self, contestants: int, prompts: int) -> tuple[int, int]:
        contestants = whole("contestants", contestants, most=_MOST)
        prompts = whole("prompts", prompts, most=_MOST)
        if contestants * (contestants - 1) // 2 * prompts > MOST_COMPARISONS:
            raise OptionError(
                f"{contestants:,} contestants on {prompts:,} prompts are more comparisons than "
                f"can be counted ({MOST_COMPARISONS:,})"
            )
        if self.kind == "information" and contestants > _core.MOST_INFORMED:
            raise OptionError(
                f"the information schedule takes at most {_core.MOST_INFORMED:,} contestants, not "
                f"{contestants:,}: its time grows with their cube; take swiss"
            )
        return contestants, prompts

    def _reason(self, budget: int) -> str:
        if budget == 0:
            return "the budget is spent"
        if self.contestants < 2:
            return f"a match needs two contestants, and there are {self.contestants}"
        if self.prompts == 0:
            return "there are no prompts"
        return "every pair has played every prompt that it can"

    @staticmethod
    def _codes(name: str, values: ArrayLike) -> _Codes:
        column = np.atleast_1d(np.asarray(values))
        if column.size == 0:
            return np.empty(0, np.uint32)
        if column.ndim != 1 or column.dtype.kind not in "iu":
            raise OptionError(f"{name} must be codes: whole numbers, not {column.dtype}")
        if column.min() < 0 or column.max() > _MOST:
            raise OptionError(f"{name} holds a code that is out of range")
        return np.ascontiguousarray(column, np.uint32)


LEAST_PRIOR = 1e-3
