"""Whether Bradley-Terry's model with a first-position parameter has a maximum.

The likelihood has one, and only one, if and only if no direction (d, g) but the gauge never makes
an outcome that was seen less likely (Albert and Anderson 1984). A judgment that the winner w won
over the loser l asks of such a direction d_l <= d_w + s g, with s = 1 where the winner was shown
first and -1 where it was shown second; a tie asks both. These are difference constraints: for
g = 0 only a constant d meets them if and only if the graph of the wins is strongly connected (Ford
1957); for g > 0 some d meets them if and only if no cycle of that graph has a negative sum of s,
for g < 0 if and only if none has a positive sum (Bellman 1958). So there is a maximum if and only
if the graph is strongly connected, and has a cycle of winners of which more were shown first than
second, and one of which more were shown second than first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from humorrank import _core
from humorrank.errors import NoMaximumError
from humorrank.existence import Existence
from humorrank.tally import Tally

if TYPE_CHECKING:
    from humorrank.bias.paired_logit import Matches


class Separated:
    """The errors of likelihoods without a maximum."""

    @staticmethod
    def field(existence: Existence, names: tuple[str, ...]) -> NoMaximumError:
        """Strengths run away: a separated field."""
        component = tuple(
            name for name, there in zip(names, existence.inside.tolist(), strict=True) if there
        )
        return NoMaximumError(
            "the field is separated, so that strengths have no maximum, with or without a "
            f"first-position parameter: {existence.summary()}; add matches, or use "
            "disconnected='largest'",
            outside=existence.outside,
            component=component,
        )

    @staticmethod
    def position(*, rises: bool, falls: bool) -> NoMaximumError:
        """The first-position parameter runs away, or can be anything."""
        if rises and falls:
            why = (
                "the first-position parameter cannot be told from the strengths: whoever is shown "
                "first is settled by who plays; show pairs in random or in both orders"
            )
        else:
            side, other = ("first", "second") if rises else ("second", "first")
            why = (
                f"the first-position parameter has no maximum, it {'rises' if rises else 'falls'} "
                f"without bound: no cycle of wins has more winners shown {other} than {side}, as "
                f"when the one shown {side} wins always"
            )
        return NoMaximumError(why, outside=(), component=())

    @staticmethod
    def unidentified() -> NoMaximumError:
        """A covariate is a sum of what the contestants and the other covariates say already."""
        return NoMaximumError(
            "a covariate cannot be told from the strengths and the first position: it is the same "
            "for all matches of a pair",
            outside=(),
            component=(),
        )

    @staticmethod
    def along(effects: np.ndarray) -> NoMaximumError:
        """Newton's method ran off along a direction that separates the outcomes."""
        shown = ", ".join(f"{value:.3g}" for value in effects)
        return NoMaximumError(
            "the likelihood has no maximum: some combination of strengths and covariates tells "
            f"every outcome (the covariates had reached {shown})",
            outside=(),
            component=(),
        )


def first_position_exists(matches: Matches, *, parameter: bool) -> None:
    """Refuses matches without a maximum.

    Args:
        matches: the matches.
        parameter: whether there is a first-position parameter.

    Raises:
        NoMaximumError: saying whether the field is separated or the parameter has no maximum.
    """
    existence = connection(matches)
    if existence.outside:
        raise Separated.field(existence, matches.names)
    if not parameter:
        return
    winner, loser, sign = _wins(matches)
    rises = not _negative_cycle(winner, loser, sign, len(matches.names))
    falls = not _negative_cycle(winner, loser, -sign, len(matches.names))
    if rises or falls:
        raise Separated.position(rises=rises, falls=falls)


def connection(matches: Matches) -> Existence:
    """Who is outside the largest strongly connected component."""
    outcome = np.where(matches.score >= 1, 0, np.where(matches.score <= 0, 1, 2)).astype(np.uint8)
    names = [f"{code:09}" for code in range(len(matches.names))]
    count = matches.count.astype(np.uint64)
    tally = Tally.from_codes(names, matches.first, matches.second, outcome, count)
    return Existence(_core.Field(tally.counts), matches.names)


def separates(matches: Matches, direction: np.ndarray) -> bool:
    """Whether log-odds, one a row, take no outcome that was seen for less likely than even.

    Then the likelihood never falls along them. Rounding is allowed for.
    """
    slack = 1e-4 * float(np.abs(direction).max(initial=0.0))
    agree_first = (direction >= -slack) | (matches.score <= 0)
    agree_second = (direction <= slack) | (matches.score >= 1)
    return bool((agree_first & agree_second).all())


def _wins(matches: Matches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Winner, loser, and 1 where the winner was shown first, else -1; each once."""
    first, second = matches.score > 0, matches.score < 1
    winner = np.concatenate([matches.first[first], matches.second[second]])
    loser = np.concatenate([matches.second[first], matches.first[second]])
    sign = np.repeat([1, -1], [first.sum(), second.sum()])
    n = len(matches.names)
    codes = np.unique((winner.astype(np.int64) * n + loser) * 2 + (sign > 0))
    pair, positive = np.divmod(codes, 2)
    winner, loser = np.divmod(pair, n)
    return winner, loser, 2 * positive - 1


def _negative_cycle(source: np.ndarray, target: np.ndarray, sign: np.ndarray, n: int) -> bool:
    """Whether some cycle of a graph with lengths 1 and -1 is shorter than 0 (Bellman-Ford)."""
    # Most logs have one of two edges.
    short = np.sort(source[sign < 0] * n + target[sign < 0])
    back = target[sign < 0] * n + source[sign < 0]
    if len(short) and np.isin(back, short, assume_unique=True).any():
        return True
    order = np.argsort(target, kind="stable")
    source, length = source[order], sign[order]
    reached, starts = np.unique(target[order], return_index=True)
    if not len(reached):
        return False
    distance = np.zeros(n, np.int64)
    for _ in range(n):
        best = np.minimum.reduceat(distance[source] + length, starts)
        closer = best < distance[reached]
        if not closer.any():
            return False
        distance[reached] = np.minimum(distance[reached], best)
    return True
