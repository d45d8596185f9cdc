"""Schedules, which choose the next comparisons of a tournament.

See docs/statistics/schedules.md for the rule of each schedule.
"""

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
"""Default slack, found by simulation (docs/statistics/schedules.md).

With less slack the Swiss schedule approaches a round robin, and more slack gains nothing."""
_MOST = 2**32 - 1
_Codes = NDArray[np.uint32]


@dataclass(frozen=True)
class Round:
    """The comparisons of a round, as columns in the order of the schedule.

    Attributes:
        first: Code of one contestant of each comparison.
        second: Code of the other contestant. The schedule does not decide which of the two is
            shown first.
        prompt: Code of the prompt on which they meet.
        byes: Contestants without an opponent although budget was left, in the order of the
            schedule. Random rounds have no byes.
        reason: Reason why there are no comparisons; None if there are some.
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
    """Schedules comparisons of unordered pairs of contestants on prompts, each at most once.

    Contestants have codes from 0 to `contestants` - 1, and prompts from 0 to `prompts` - 1. The
    next round is a function of the settings and of the earlier calls, in their order. A new
    scheduler continues with the same rounds if the same calls are repeated, or if the scheduled
    and recorded comparisons are passed to `take` and `record`.

    Args:
        kind: "swiss" (neighbors by running Elo among the pairs with few matches), "round_robin"
            (all pairs on one prompt after another), "random" (any comparison, without replacement)
            or "information" (the pairs whose matches are most informative about the order).
        contestants: Number of contestants.
        prompts: Number of prompts.
        seed: Random seed for all choices.
        slack: Number of matches by which a pair of the Swiss schedule may be ahead of the
            least-played pair that has prompts left.
        prompts_per_pairing: Most prompts on which a pairing meets in one round. For "random", it
            only increases the size of a round.
        elo_k: Most points by which a match changes the running Elo.
        prior: Prior of the fit of the information schedule, as in `rate`.

    Raises:
        OptionError: If a value is out of range, or the field is too large for the schedule.
    """

    version: int = _core.SCHEDULE_VERSION
    """Version of the schedules; it changes if equal settings and verdicts give other rounds."""

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
                f"{prior!r}: the first round depends on it"
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
        """Schedules the next round.

        This is also possible while earlier rounds are not recorded yet: scheduled comparisons
        count as played.

        Args:
            budget: Most comparisons of the round.

        Returns:
            At least one comparison if the budget is not 0 and a comparison is left; otherwise the
            reason. A round that is cut short by the budget is an ordinary round.

        Raises:
            OptionError: If the budget is not a whole number of at least 0.
        """
        budget = whole("budget", budget)
        first, second, prompt, byes = self._core.next_round(min(budget, 2**64 - 1))
        reason = None if len(first) else self._reason(budget)
        return Round(first, second, prompt, byes, reason)

    def record(self, first: ArrayLike, second: ArrayLike, score: ArrayLike) -> None:
        """Records verdicts, which update the running Elo and the fit of the information schedule.

        Args:
            first: One contestant of each comparison, in the order of the schedule. Failed
                comparisons are left out.
            second: The other contestant.
            score: Score of the first contestant: 1 for a win, 0.5 for a tie, 0 for a loss.

        Raises:
            OptionError: If a code or a score is out of range. Nothing is recorded then.
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
        """Marks comparisons as used, so that they are never scheduled.

        Args:
            first: One contestant of each comparison.
            second: The other contestant.
            prompt: The prompt.
            played: Whether the comparisons were made elsewhere (votes from a file, rounds before a
                restart) and count as played. If not, they cannot be made (identical jokes).

        Returns:
            The number of comparisons that were not used before.

        Raises:
            OptionError: If a code is out of range. Nothing is marked then.
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
        """Increases the numbers of contestants and prompts; the new ones have the last codes.

        Raises:
            OptionError: If a number is smaller than before, or too large.
        """
        if contestants < self.contestants or prompts < self.prompts:
            raise OptionError(
                f"cannot reduce a schedule of {self.contestants:,} contestants and "
                f"{self.prompts:,} prompts to {contestants:,} and {prompts:,}"
            )
        self._core.extend(*self._size(contestants, prompts))

    @property
    def elo(self) -> NDArray[np.float64]:
        """The running Elo of each contestant; everyone starts at 1000."""
        return self._core.elo

    @property
    def contestants(self) -> int:
        """The number of contestants."""
        return self._core.contestants

    @property
    def prompts(self) -> int:
        """The number of prompts."""
        return self._core.prompts

    @property
    def played(self) -> int:
        """The number of comparisons that were scheduled, or marked as played."""
        return self._core.played

    def possible(self) -> int:
        """Returns the number of comparisons that are left."""
        return self._core.possible()

    def _size(self, contestants: int, prompts: int) -> tuple[int, int]:
        contestants = whole("contestants", contestants, most=_MOST)
        prompts = whole("prompts", prompts, most=_MOST)
        if contestants * (contestants - 1) // 2 * prompts > MOST_COMPARISONS:
            raise OptionError(
                f"{contestants:,} contestants on {prompts:,} prompts have too many possible "
                f"comparisons (at most {MOST_COMPARISONS:,})"
            )
        if self.kind == "information" and contestants > _core.MOST_INFORMED:
            raise OptionError(
                f"the information schedule allows at most {_core.MOST_INFORMED:,} contestants, not "
                f"{contestants:,}, because its time grows with their cube; use swiss"
            )
        return contestants, prompts

    def _reason(self, budget: int) -> str:
        if budget == 0:
            return "the budget is spent"
        if self.contestants < 2:
            return f"a match needs two contestants, not {self.contestants}"
        if self.prompts == 0:
            return "there are no prompts"
        return "every pair has played every prompt that it can"

    @staticmethod
    def _codes(name: str, values: ArrayLike) -> _Codes:
        column = np.atleast_1d(np.asarray(values))
        if column.size == 0:
            return np.empty(0, np.uint32)
        if column.ndim != 1 or column.dtype.kind not in "iu":
            raise OptionError(f"{name} must contain codes (whole numbers), not {column.dtype}")
        if column.min() < 0 or column.max() > _MOST:
            raise OptionError(f"{name} contains a code that is out of range")
        return np.ascontiguousarray(column, np.uint32)


LEAST_PRIOR = 1e-3
