"""The tally: how often each outcome was seen between each ordered pair of contestants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from humorrank import _core
from humorrank.errors import InputError
from humorrank.log import MatchLog, ReadReport
from humorrank.progress import Progress

_OUTCOMES = ("model_a", "model_b", "tie", "both_bad", "soft")


@dataclass(frozen=True)
class Tally:
    """Exact counts of matches by (shown first, shown second, outcome).

    All that the ratings need of a match log. Tallies add, and the order of the rows leaves
    no trace in them. Make one with `humorrank.tally(matches)`.

    Attributes:
        names: the contestants, in the order of their names.
        report: what reading the log found; empty after an addition.
    """

    names: tuple[str, ...]
    counts: _core.Tally = field(repr=False)
    report: ReadReport | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, names: Iterable[str], counts: _core.Tally, report: ReadReport | None) -> Tally:
        """Brings counts over codes in any order into the order of the names.

        Names without a match (of rows left out, or without an outcome) are no contestants.
        """
        names = list(names)
        counts.grow(len(names))
        order = sorted(np.flatnonzero(counts.played()).tolist(), key=names.__getitem__)
        if order == list(range(len(names))):
            return cls(tuple(names), counts, report)
        codes = np.full(len(names), -1, np.int64)
        codes[order] = np.arange(len(order))
        return cls(tuple(names[i] for i in order), counts.relabel(codes), report)

    @classmethod
    def from_log(cls, log: MatchLog, progress: Progress | None = None) -> Tally:
        """Counts the matches of a log in one pass.

        Raises:
            InputError: the log cannot be read, or its counts are beyond 64 bits.
        """
        counts = _core.Tally()
        done = 0
        try:
            for batch in log.batches():
                counts.grow(log.contestants)
                counts.add(
                    batch.first,
                    batch.second,
                    batch.outcome,
                    score=batch.score,
                    weight=batch.weight,
                    count=batch.count,
                )
                done += len(batch.first)
                if progress is not None:
                    progress("reading", done, 0)
            return cls.of(log.names, counts, log.report)
        except OverflowError as error:
            raise InputError(str(error)) from error

    @property
    def matches(self) -> int:
        """The number of matches."""
        return self.counts.matches

    def __add__(self, other: Tally) -> Tally:
        """The matches of both."""
        names = sorted({*self.names, *other.names})
        code = {name: i for i, name in enumerate(names)}
        total = _core.Tally(len(names))
        for part in (self, other):
            codes = np.array([code[name] for name in part.names], np.int64)
            total.merge(part.counts.relabel(codes))
        return Tally(tuple(names), total)

    def restrict(self, keep: np.ndarray) -> Tally:
        """Only the matches between contestants for which `keep` is true."""
        codes = np.where(keep, np.cumsum(keep) - 1, -1)
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        restricted = self.counts.relabel(codes)
        restricted.grow(len(names))
        return Tally(names, restricted, self.report)

    def to_polars(self) -> pl.DataFrame:
        """One row a cell: model_a, model_b, outcome, score (of model_a), weight, count."""
        first, second, outcome, score, weight, count = self.counts.cells()
        names = pl.Series(self.names, dtype=pl.String)
        return pl.DataFrame(
            {
                "model_a": names.gather(first),
                "model_b": names.gather(second),
                "outcome": pl.Series(_OUTCOMES).gather(outcome),
                "score": score,
                "weight": weight,
                "count": count,
            }
        )


def tally(matches: object, *, progress: Progress | None = None, **reading: object) -> Tally:
    """Counts matches.

    Args:
        matches: whatever `humorrank.rate` takes.
        progress: called with (stage, done, total).
        **reading: the options of `humorrank.MatchLog`.

    Raises:
        InputError: the matches cannot be read as they stand.
    """
    if isinstance(matches, Tally):
        return matches
    log = matches if isinstance(matches, MatchLog) else MatchLog(matches, **reading)  # type: ignore[arg-type]
    return Tally.from_log(log, progress)
