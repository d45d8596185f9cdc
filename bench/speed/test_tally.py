"""Counts only."""

from __future__ import annotations

import numpy as np
import polars as pl

from bench.speed.peers import CodedLog, reading_bytes
from bench.speed.racing import Limit, Race

MATCHES = 100_000_000


def test_from_codes(race: Race, hundred: pl.DataFrame) -> None:
    """A tally of a hundred million matches, compared with reading their bytes."""
    short = CodedLog.of(hundred)
    columns = [np.resize(column, MATCHES) for column in (short.first, short.second, short.outcome)]
    codes = CodedLog(short.names, *columns)
    race(
        "tally from codes, a match, 100 models, 1e8 matches",
        codes.tally,
        [reading_bytes(columns, "reading the bytes")],
        per=MATCHES,
        limit=Limit(2e-9),
        rounds=7,
    )
