"""Elo ratings from a replay of a log in its own order; `rate` computes Stable Elo instead."""

from __future__ import annotations

import math
from numbers import Real

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._core import ELO_START
from humorrank._util.checks import positive
from humorrank.errors import OptionError
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARES
from humorrank.matches.source import TallySource, resolve

START = ELO_START


def replay_elo(matches: object, *, k: float = 32.0, start: float = START) -> pl.DataFrame:
    """Replays a log once, in the order of its rows: R <- R + K (S - E).

    A row with count c is played c times in succession. The weight of a match multiplies K.

    Args:
        matches: The matches, as `humorrank.rate` accepts them, except a tally, which has no order.
        k: The largest change of a rating by one match of weight 1, in points.
        start: The initial rating of every contestant.

    Returns:
        A frame with the columns model and elo, highest rating first.

    Raises:
        OptionError: If the matches are a tally.
        InputError: If the matches cannot be read.
    """
    refuse_tally(matches)
    k = positive("k", k)
    if not isinstance(start, Real) or not math.isfinite(start):
        raise OptionError(f"start must be a number, not {start!r}")
    log = matches if isinstance(matches, MatchLog) else MatchLog(matches)
    elo = _core.Elo(k, start)
    played = np.zeros(0, dtype=bool)
    for batch in log.batches():
        elo.grow(log.contestants)
        score = SHARES[batch.outcome]
        if batch.score is not None:
            score = np.where(batch.outcome == 4, batch.score, score)
        weight = np.ones(len(score)) if batch.weight is None else batch.weight
        if len(played) < log.contestants:
            played = np.concatenate([played, np.zeros(log.contestants - len(played), dtype=bool)])
        played[batch.first] = played[batch.second] = True
        elo.play(batch.first, batch.second, score, weight, batch.count)
    codes = np.flatnonzero(played)
    names = pl.Series(log.names, dtype=pl.String).gather(codes)
    table = pl.DataFrame({"model": names, "elo": elo.ratings[codes]})
    return table.sort(["elo", "model"], descending=[True, False])


def refuse_tally(matches: object) -> None:
    """Refuses a tally, in memory or in a file.

    Raises:
        OptionError: If the matches are a tally.
    """
    if isinstance(resolve(matches), TallySource):
        raise OptionError(
            "a tally does not keep the order of the matches: replay the log itself, or rate the "
            "tally for Stable Elo, the mean over random orders"
        )
