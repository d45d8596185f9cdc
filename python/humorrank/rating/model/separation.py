"""The existence of a maximum for the Bradley-Terry and Davidson models with a first position.

Let (d, g, u) be a direction of (strengths, first position, tau). The likelihood has a maximum, and
only one, if and only if every direction other than the gauge makes some observed outcome less
likely [AA84]. With x = d_first - d_second + g, a direction makes no outcome less likely if

    won by the first: x >= 0 and x >= 2u; by the second: -x >= 0 and -x >= 2u; tied: |x| <= 2u,

for every match. In the logistic model there is no u, so that a tie requires x = 0. These are
difference constraints, which some d satisfies if and only if no cycle of their graph has a negative
length [Bel58].

For u = 0 both models have the same constraints. With g = 0, only a constant d satisfies them if and
only if the graph "has beaten or drawn with" is strongly connected [For57]. With g > 0, some d
satisfies them if and only if no cycle of that graph has more winners shown second than first. With
g < 0, some d does if and only if no cycle has more winners shown first than second.

u < 0 is impossible with a tie, and without ties d = 0 satisfies the constraints of all wins. Thus
without ties, tau falls without bound. u > 0 with g = 0 requires d_loser <= d_winner - 2u for a win
and |d_first - d_second| <= 2u for a tie. Thus tau rises without bound, possibly together with some
strengths, if and only if no cycle of wins and ties has more wins than ties. With u > 0 and g free,
there is no such direction if both sides of one ordered pair have won. Otherwise a linear program
decides (`humorrank.rating.model.direction`).
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
        """Returns the error for strengths without a maximum, a separated field."""
        component = tuple(
            name for name, there in zip(names, existence.inside.tolist(), strict=True) if there
        )
        alike = existence.look_alikes
        return NoMaximumError(
            "the field is separated, so the strengths have no maximum, with or without a "
            f"first-position parameter: {existence.summary()}; "
            + (f"{alike}; " if alike else "")
            + "add matches"
            + (f", or {existence.remedy}" if existence.remedy else ""),
            outside=existence.outside,
            component=component,
        )

    @staticmethod
    def position(*, rises: bool, falls: bool) -> NoMaximumError:
        """Returns the error for a first-position parameter without a maximum or a unique value."""
        if rises and falls:
            why = (
                "the first-position parameter cannot be distinguished from the strengths, because "
                "the pair determines which contestant is shown first; show pairs in random order "
                "or in both orders"
            )
        else:
            side, other = ("first", "second") if rises else ("second", "first")
            why = (
                f"the first-position parameter has no maximum, it {'rises' if rises else 'falls'} "
                f"without bound: no cycle of wins has more winners shown {other} than {side}, for "
                f"example because the contestant shown {side} always wins"
            )
        return NoMaximumError(why, outside=(), component=())

    @staticmethod
    def tie(*, rises: bool) -> NoMaximumError:
        """Returns the error for a tie parameter without a maximum."""
        if rises:
            why = (
                "the tie parameter of Davidson's model has no maximum, it rises without bound: no "
                "cycle of wins and ties has more wins than ties, for example because only ties, or "
                "single wins in addition to ties, connect the field"
            )
        else:
            why = (
                "the tie parameter of Davidson's model has no maximum, it falls to 0: there are "
                "no ties"
            )
        return NoMaximumError(f"{why}; use ties='half'", outside=(), component=())

    @staticmethod
    def unidentified(labels: Sequence[str]) -> NoMaximumError:
        """Returns the error for covariates that are combinations of the other parameters."""
        return NoMaximumError(
            f"the effect of {' and '.join(labels)} cannot be distinguished from the strengths and "
            "the other parameters: it is the same in all matches of a pair, or a linear "
            "combination of the others",
            outside=(),
            component=(),
        )


def settled(matches: MatchArrays, covariates: np.ndarray, *, davidson: bool) -> bool:
    """Refuses matches whose graph shows that there is no maximum.

    Args:
        matches: The matches.
        covariates: The covariates, one column each. A column of ones is a first-position
            parameter.
        davidson: Whether ties are a separate outcome.

    Returns:
        Whether the graph proves that a maximum exists.

    Raises:
        NoMaximumError: If there is no maximum. The message says whether the field is separated, or
            which parameter is unbounded.
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
    """Returns whether tau is certainly bounded; refuses matches for which it is not."""
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
    """Finds the contestants outside the largest strongly connected component."""
    outcome = np.where(matches.score >= 1, 0, np.where(matches.score <= 0, 1, 2)).astype(np.uint8)
    names = [f"{code:09}" for code in range(len(matches.names))]
    count = matches.count.astype(np.uint64)
    tally = Tally.from_codes(names, matches.first, matches.second, outcome, count)
    return Existence(_core.FitData(tally.counts), matches.names)


def _wins(matches: MatchArrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns distinct (winner, loser, sign), with sign 1 if the winner was first, else -1."""
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
    """Returns whether a graph with lengths 1 and -1 has a negative cycle (Bellman-Ford)."""
    # Most logs have a negative cycle of two edges.
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
