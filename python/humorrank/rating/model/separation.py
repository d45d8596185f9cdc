"""Whether Bradley-Terry's or Davidson's model, with a first-position parameter, has a maximum.

The likelihood has one, and only one, if and only if no direction (d, g, u) of (strengths, first
position, tau) but the gauge never makes an outcome that was seen less likely (Albert and Anderson
1984). With x = d_first - d_second + g it asks of a match

    won by the first: x >= 0 and x >= 2u; by the second: -x >= 0 and -x >= 2u; tied: |x| <= 2u,

in the logistic model without u, so that a tie asks x = 0. These are difference constraints, met by
some d if and only if no cycle of their graph has a negative length (Bellman 1958).

For u = 0 both models ask the same. With g = 0 only a constant d meets it if and only if the graph
"has beaten or drawn with" is strongly connected (Ford 1957). With g > 0 some d meets it if and only
if no cycle of that graph has more winners shown second than first, with g < 0 if and only if none
has more shown first than second.

u < 0 asks the impossible of a tie, and nothing of a win that d = 0 does not meet: without ties tau
falls without bound. u > 0, with g = 0, asks d_loser <= d_winner - 2u of a win and |d_first -
d_second| <= 2u of a tie: tau rises without bound, perhaps with some strengths, if and only if no
cycle of wins and ties has more wins than ties. With u > 0 and g free two results of one ordered
pair, both won, one by each side, settle that there is no such direction; where there are none, a
linear program does (`humorrank.rating.model.direction`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from humorrank import _core
from humorrank.errors import NoMaximumError
from humorrank.matches.tally.tally import Tally
from humorrank.rating.existence import Existence
from humorrank.rating.model.matches import MatchArrays


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
            f"first-position parameter: {existence.summary()}; add matches"
            + (f", or {existence.remedy}" if existence.remedy else ""),
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
    def tie(*, rises: bool) -> NoMaximumError:
        """The tie parameter runs away."""
        if rises:
            why = (
                "the tie parameter of Davidson's model has no maximum, it rises without bound: no "
                "cycle of wins and ties has more wins than ties, as when only ties, or single wins "
                "beside ties, connect the field"
            )
        else:
            why = (
                "the tie parameter of Davidson's model has no maximum, it falls to 0: there is no "
                "tie"
            )
        return NoMaximumError(f"{why}; use ties='half'", outside=(), component=())

    @staticmethod
    def unidentified(labels: Sequence[str]) -> NoMaximumError:
        """Covariates are sums of what the contestants and the other covariates say already."""
        return NoMaximumError(
            f"the effect of {' and '.join(labels)} cannot be told from the strengths and the other "
            "parameters: it is the same for all matches of a pair, or a sum of the others",
            outside=(),
            component=(),
        )


def settled(matches: MatchArrays, covariates: np.ndarray, *, davidson: bool) -> bool:
    """Refuses matches without a maximum as far as their graph can tell.

    Args:
        matches: the matches.
        covariates: one column a covariate; one of ones is a first-position parameter.
        davidson: whether ties are outcomes of their own.

    Returns:
        Whether that there is a maximum is now certain.

    Raises:
        NoMaximumError: saying whether the field is separated, or which parameter runs away.
    """
    existence = connection(matches)
    if existence.outside:
        raise Separated.field(existence, matches.names)
    position = bool(covariates.shape[1]) and bool((covariates == 1).all(0).any())
    certain = covariates.shape[1] == int(position)
    if position:
        winner, loser, sign = _wins(matches)
        rises = not _negative_cycle(winner, loser, sign, len(matches.names))
        falls = not _negative_cycle(winner, loser, -sign, len(matches.names))
        if rises or falls:
            raise Separated.position(rises=rises, falls=falls)
    return _tie_settled(matches, position=position) and certain if davidson else certain


def _tie_settled(matches: MatchArrays, *, position: bool) -> bool:
    """Whether it is certain that tau does not run away; refuses matches where it does."""
    n = len(matches.names)
    pair = matches.first.astype(np.int64) * n + matches.second
    won, lost, tied = (np.unique(pair[matches.score == score]) for score in (1.0, 0.0, 0.5))
    if not len(tied):
        raise Separated.tie(rises=False)
    if len(np.intersect1d(won, lost, assume_unique=True)):
        return True
    first, second = np.divmod(np.concatenate([won, tied, lost, tied]), n)
    split = len(won) + len(tied)
    winner = np.concatenate([first[:split], second[split:]])
    loser = np.concatenate([second[:split], first[split:]])
    ones = [np.repeat([-1, 1], [len(part), len(tied)]) for part in (won, lost)]
    if not _negative_cycle(winner, loser, np.concatenate(ones), n):
        raise Separated.tie(rises=True)
    return not position


def connection(matches: MatchArrays) -> Existence:
    """Who is outside the largest strongly connected component."""
    outcome = np.where(matches.score >= 1, 0, np.where(matches.score <= 0, 1, 2)).astype(np.uint8)
    names = [f"{code:09}" for code in range(len(matches.names))]
    count = matches.count.astype(np.uint64)
    tally = Tally.from_codes(names, matches.first, matches.second, outcome, count)
    return Existence(_core.Field(tally.counts), matches.names)


def _wins(matches: MatchArrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
