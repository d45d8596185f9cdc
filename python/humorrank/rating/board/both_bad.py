"""The share of matches in which both were called bad, for each contestant."""

from __future__ import annotations

import numpy as np

from humorrank.errors import OptionError
from humorrank.matches.outcomes import BOTH_BAD
from humorrank.matches.tally.tally import Tally


def checked(tally: Tally) -> list[str]:
    """Returns warnings about the shares of a tally.

    Raises:
        OptionError: If matches in which both were bad were left out when the log was read.
    """
    if tally.report is not None and "both_bad" in tally.report.filtered:
        raise OptionError(
            "both_bad_share (--both-bad-share) needs the matches in which both were bad, which "
            "both_bad='skip' (--both-bad skip) leaves out"
        )
    if tally.outcomes[BOTH_BAD]:
        return []
    return ["no verdict says that both were bad, so all shares of such verdicts are 0"]


def shares_of(tally: Tally) -> np.ndarray:
    """Returns the share of each contestant of a tally, over all its matches, ties included."""
    first, second, outcome, _, _, count = tally.counts.cells()
    return _shares(np.concatenate([first, second]), outcome, count, len(tally.names))


def shares_by_group(tally: Tally, group: np.ndarray, contestant: np.ndarray) -> np.ndarray:
    """Returns the share of contestants in the groups of a tally.

    Args:
        tally: Matches, with the groups as keys.
        group: Number of the group of each wanted share.
        contestant: Code of the contestant of each wanted share.
    """
    assert tally.keyed is not None, "as there are groups"
    groups, (first, second, outcome, _, _, count) = tally.keyed.cells.cells()
    size = len(tally.names)
    wanted = group.astype(np.int64) * size + contestant
    order = np.argsort(wanted)
    sides = [groups.astype(np.int64) * size + side for side in (first, second)]
    place = np.searchsorted(wanted, np.concatenate(sides), sorter=order)
    return _shares(order[place], outcome, count, len(wanted))


def _shares(place: np.ndarray, outcome: np.ndarray, count: np.ndarray, size: int) -> np.ndarray:
    """Returns shares from the places of both sides of all cells."""
    matches = np.bincount(place, np.tile(count, 2), size)
    both_bad = np.bincount(place, np.tile(count * (outcome == BOTH_BAD), 2), size)
    with np.errstate(invalid="ignore"):
        shares: np.ndarray = both_bad / matches
    return shares
