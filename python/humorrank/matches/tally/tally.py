"""The tally: the number of times each outcome occurred between each ordered pair of contestants."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._util.checks import one_of, whole
from humorrank._util.interruptible import interruptible_if_large
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog, ReadReport
from humorrank.matches.log import report as accounts
from humorrank.matches.outcomes import CELL_COLUMNS, OUTCOMES
from humorrank.matches.tally import file
from humorrank.matches.tally.codes import Codes, coded
from humorrank.matches.tally.keyed import Keyed, checked_columns, not_there, refuse_missing
from humorrank.matches.tally.matrix import wins_of

if TYPE_CHECKING:
    Path = str | os.PathLike[str]


class Tally:
    """Exact counts of matches by (keys..., shown first, shown second, outcome).

    A tally contains everything that the ratings need from a match log. Tallies can be added and
    subtracted without loss, and they do not depend on the order of the rows. Create one with
    `humorrank.tally(matches)`, `Tally.from_codes` or `Tally.read`.

    Attributes:
        names: Names of the contestants, sorted.
        report: Report on reading the log, or None if no log was read.
        keyed: Counts by key, or None without keys.
    """

    def __init__(
        self,
        names: Sequence[str],
        counts: _core.Tally | None = None,
        report: ReadReport | None = None,
        *,
        keyed: Keyed | None = None,
    ) -> None:
        self.names = tuple(names)
        self.report = report
        self.keyed = keyed
        if counts is not None:
            self.counts = counts

    @cached_property
    def counts(self) -> _core.Tally:
        """The counts over all groups of the keys."""
        assert self.keyed is not None
        return self.keyed.cells.total()

    @cached_property
    def outcomes(self) -> tuple[int, int, int, int, int]:
        """The number of matches by outcome, in the order of `OUTCOMES`."""
        return self.counts.outcomes()

    @property
    def keys(self) -> tuple[str, ...]:
        """The key columns."""
        return self.keyed.keys if self.keyed is not None else ()

    @property
    def matches(self) -> int:
        """The number of matches."""
        return self.counts.matches if self.keyed is None else self.keyed.cells.matches

    @classmethod
    def of(cls, names: Iterable[str], counts: _core.Tally, report: ReadReport | None) -> Tally:
        """Creates a tally from counts over arbitrary codes, which are sorted by name.

        Names without a match, which occur only in rows that were left out or have no outcome, are
        dropped.

        Raises:
            OverflowError: If there are more matches than 64 bits can count.
        """
        names = list(names)
        counts.grow(len(names))
        interruptible_if_large(len(names), counts.settle)
        order = sorted(counts.played().nonzero()[0].tolist(), key=names.__getitem__)
        if order != list(range(len(names))):
            codes = [-1] * len(names)
            for place, code in enumerate(order):
                codes[code] = place
            names = [names[i] for i in order]
            counts = counts.relabel(np.array(codes, np.int64))
        made = cls(names, counts, report)
        # Computed and cached here, so that an overflow is reported as an error of the input.
        _ = made.outcomes
        return made

    @classmethod
    def of_keyed(
        cls,
        names: Sequence[str],
        keys: Sequence[str],
        labels: Sequence[Sequence[str] | None],
        cells: _core.Groups,
        report: ReadReport | None,
    ) -> Tally:
        """Creates a tally from counts by key over arbitrary codes; see `Keyed.of`."""
        keyed, names = Keyed.of(keys, labels, cells, names)
        return cls(names, None, report, keyed=keyed)

    @classmethod
    def from_log(
        cls,
        log: MatchLog,
        progress: Progress | None = None,
        *,
        keys: Sequence[str] = (),
        ballots: bool = False,
    ) -> Tally:
        """Counts the matches of a log in one pass.

        Args:
            log: Log to count.
            progress: Function that is called with (stage, done, total).
            keys: Columns of the log by which the counts are kept apart.
            ballots: Whether the ballots are a further key, if the matches are pairs of ballots.

        Raises:
            InputError: If the log cannot be read, or its counts exceed 64 bits.
            OptionError: If the log has no such column.
        """
        keys = checked_columns(keys, CELL_COLUMNS)
        counts: _core.Groups | _core.Tally = _core.Tally()
        try:
            for matches, codes in log.keyed(keys, ballots=ballots):
                if codes and isinstance(counts, _core.Tally):
                    counts = _core.Groups(len(codes))
                counts.grow(log.contestants)
                rows = (matches.first, matches.second, matches.outcome)
                amounts = (matches.score, matches.weight, matches.count)
                if isinstance(counts, _core.Groups):
                    counts.add(codes, *rows, *amounts)
                else:
                    counts.add(*rows, *amounts)
                if progress is not None:
                    progress("reading", log.report.rated, 0)
            if isinstance(counts, _core.Tally):
                return cls.of(log.names, counts, log.report)
            return cls.of_keyed(log.names, log.keys, log.labels, counts, log.report)
        except OverflowError as error:
            raise InputError(str(error)) from error

    @classmethod
    def from_codes(
        cls,
        names: Sequence[str] | None,
        first: Codes,
        second: Codes,
        outcome: Codes,
        count: Codes | None = None,
        keys: Mapping[str, tuple[Sequence[str] | None, Codes]] | None = None,
    ) -> Tally:
        """Counts matches that are given as integer codes, which is the fastest way.

        >>> Tally.from_codes(["pun", "irony"], [0, 1], [1, 0], [0, 2]).matches
        2

        Args:
            names: Names by code. None uses the codes as names ("0", "1", ...).
            first: Codes of the contestants shown first. A column of uint32 is not copied.
            second: Codes of the contestants shown second.
            outcome: Outcomes: 0 if the first won, 1 if the second won, 2 for a tie, 3 for both bad.
                A column of uint8 is not copied.
            count: Number of identical matches that each row represents, by default 1.
            keys: For each key, its labels by code (None uses the codes as text), and its codes.

        Raises:
            InputError: If a column does not consist of whole numbers, differs in length from the
                others or contains a value out of range, or if a contestant plays against itself.
        """
        checked_columns(list(keys or {}), CELL_COLUMNS)
        rows = coded(names, first, second, outcome, count, keys or {})
        try:
            if not rows.keys:
                counts = _core.Tally(len(rows.names))
                interruptible_if_large(
                    len(rows.names),
                    lambda: counts.add(rows.first, rows.second, rows.outcome, count=rows.count),
                )
                return cls.of(rows.names, counts, None)
            cells = _core.Groups(len(rows.keys))
            cells.grow(len(rows.names))
            cells.add(
                list(rows.keys.values()), rows.first, rows.second, rows.outcome, count=rows.count
            )
            return cls.of_keyed(rows.names, list(rows.keys), rows.labels, cells, None)
        except OverflowError as error:
            raise InputError(str(error)) from error
        except ValueError:
            rows.refuse()
            raise

    @classmethod
    def from_matrix(cls, names: Sequence[str], wins: Codes, ties: Codes | None = None) -> Tally:
        """Counts matches that are given as a table of wins.

        >>> Tally.from_matrix(["pun", "irony"], [[0, 3], [1, 0]]).matches
        4

        Args:
            names: Names of the K contestants.
            wins: Number of wins of the contestant of the row against that of the column, of shape
                (K, K). The diagonal must be 0 or NaN.
            ties: Number of ties of each pair, of the same shape and symmetric; by default none.

        Raises:
            InputError: If a table has another shape or contains anything but whole numbers, or if
                a contestant has wins against itself.
        """
        return cls.from_codes(names, *wins_of(names, wins, ties))

    @classmethod
    def read(cls, path: Path) -> Tally:
        """Reads a file that `write` has written (docs/guides/tally.md).

        Raises:
            InputError: If the file is not a tally, has a newer version, is damaged, or has invalid
                contents.
        """
        label = os.fspath(path)
        cells = file.read_cells(label)
        try:
            tally = cls._of_cells(cells)
            file.refuse_incomplete(label, cells, tally.matches)
        except OverflowError as error:
            raise InputError(str(error), file=label) from error
        return tally

    @classmethod
    def _of_cells(cls, cells: file.TallyCells) -> Tally:
        names = _core.Interner()
        first, second = (names.encode(cells.frame[side]) for side in ("model_a", "model_b"))
        rows = (first, second, *cells.amounts)
        if not cells.keys:
            counts = _core.Tally(len(names))
            counts.add(*rows)
            return cls.of(names.names, counts, cells.report)
        interners = [_core.Interner() for _ in cells.keys]
        codes = [i.encode(cells.frame[key]) for i, key in zip(interners, cells.keys, strict=True)]
        groups = _core.Groups(len(cells.keys))
        groups.grow(len(names))
        groups.add(codes, *rows)
        labels = [i.names for i in interners]
        return cls.of_keyed(names.names, cells.keys, labels, groups, cells.report)

    def write(self, path: Path) -> None:
        """Writes a Parquet file, completely or not at all (docs/guides/tally.md).

        Raises:
            OptionError: If the file cannot be written.
        """
        file.write_cells(path, self.to_polars(), self.keys, self.matches, self.report)

    def project(self, keys: Sequence[str]) -> Tally:
        """Returns the same matches with only some of the keys, or with none of them for ().

        Args:
            keys: Keys, or periods of keys: "month(tstamp)" can be computed from "tstamp" and from
                "day(tstamp)".

        Raises:
            OptionError: If there is no such key. The message says how to create a tally with it.
            InputError: If a value is not a date, of which a key is a period.
        """
        keys = checked_columns(keys, ())
        if keys == self.keys:
            return self
        refuse_missing(keys, self.keys)
        if self.keyed is None or not keys:
            return Tally(self.names, self.counts, self.report)
        keyed, report = self.keyed.project(keys), self.report
        if report is not None and (notes := self.keyed.notes_on(keys)):
            report = replace(report, notes=[*report.notes, *notes])
        return Tally(self.names, None, report, keyed=keyed)

    def merge(self, other: Tally) -> Tally:
        """Returns the matches of both tallies, as does `+`. Their reports are added up.

        Raises:
            OptionError: If their keys differ.
            InputError: If the counts exceed 64 bits.
        """
        names, one, two, labels = self._alike(other)
        report = None
        if self.report is not None or other.report is not None:
            report = accounts.added(self._account(), other._account(), names)
        try:
            if isinstance(one, _core.Groups):
                assert isinstance(two, _core.Groups)
                one.merge(two)
            else:
                assert isinstance(two, _core.Tally)
                one.merge(two)
            return self._from(names, one, labels, report)
        except OverflowError as error:
            raise InputError(str(error)) from error

    def subtract(self, other: Tally) -> Tally:
        """Returns the matches of this tally without those of another one, as does `-`.

        Raises:
            OptionError: If their keys differ.
            InputError: If the other tally has matches that this one lacks. The message states the
                first such cell.
        """
        names, one, two, labels = self._alike(other)
        group: Sequence[str | None] = ()
        if isinstance(one, _core.Groups) and isinstance(two, _core.Groups):
            apart = Keyed(self.keys, labels, two)
            if (lacking := one.subtract(two)) is not None:
                group, missing = apart.table.row(lacking[0]), lacking[1:]
                raise not_there(apart.describe(group), names, missing)
        elif isinstance(one, _core.Tally) and isinstance(two, _core.Tally):
            left, lack = one.difference(two)
            if left is None:
                assert lack is not None
                raise not_there("", names, lack)
            one = left
        report = None
        if self.report is not None and other.report is not None:
            report = accounts.subtracted(self.report, other.report)
        return self._from(names, one, labels, report)

    __add__ = merge
    __sub__ = subtract

    def _alike(
        self, other: Tally
    ) -> tuple[
        list[str],
        _core.Tally | _core.Groups,
        _core.Tally | _core.Groups,
        tuple[tuple[str, ...], ...],
    ]:
        """Returns the names of both tallies, and their counts over the same codes."""
        if self.keys != other.keys:
            shown = [f"({', '.join(keys)})" for keys in (self.keys, other.keys)]
            shared = [key for key in self.keys if key in other.keys]
            raise OptionError(
                f"the keys of two tallies differ: {' and '.join(shown)}; drop the keys that they "
                f"do not share with project({shared!r}), or on the command line with --keys "
                f"{','.join(shared) or repr('')}"
            )
        names = sorted({*self.names, *other.names})
        code = {name: i for i, name in enumerate(names)}
        if self.keyed is not None and other.keyed is not None:
            both = zip(self.keyed.labels, other.keyed.labels, strict=True)
            labels = tuple(tuple(sorted({*one, *two})) for one, two in both)
            one, two = (
                part.keyed.recoded(code, part.names, labels)
                for part in (self, other)
                if part.keyed is not None
            )
            return names, one, two, labels
        coded_parts = []
        for part in (self, other):
            counts = part.counts.relabel(np.array([code[name] for name in part.names], np.int64))
            counts.grow(len(names))
            coded_parts.append(counts)
        return names, coded_parts[0], coded_parts[1], ()

    def _from(
        self,
        names: Sequence[str],
        counts: _core.Tally | _core.Groups,
        labels: Sequence[Sequence[str]],
        report: ReadReport | None,
    ) -> Tally:
        if isinstance(counts, _core.Groups):
            return Tally.of_keyed(names, self.keys, labels, counts, report)
        return Tally.of(names, counts, report)

    def _account(self) -> ReadReport:
        """Returns the report, or an equivalent one for counts that are not from a log."""
        if self.report is not None:
            return self.report
        _, _, ties, both_bad, _ = self.outcomes
        matches = self.matches
        return ReadReport(
            reading="codes",
            rows=matches,
            read=matches,
            rated=matches,
            ties=ties,
            both_bad=both_bad,
        )

    def restrict(self, keep: np.ndarray) -> Tally:
        """Returns the matches between contestants for which `keep` is true, without keys."""
        codes = np.where(keep, np.cumsum(keep) - 1, -1)
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        restricted = interruptible_if_large(len(codes), lambda: self.counts.relabel(codes))
        restricted.grow(len(names))
        return Tally(names, restricted, self.report)

    def __eq__(self, other: object) -> bool:
        """Returns whether two tallies have the same matches. Their reports are not compared."""
        if not isinstance(other, Tally):
            return NotImplemented
        if (self.names, self.keys) != (other.names, other.keys):
            return False
        if self.keyed is not None and other.keyed is not None:
            same = self.keyed.labels == other.keyed.labels
            return same and self.keyed.cells == other.keyed.cells
        return self.to_polars().equals(other.to_polars())

    def __hash__(self) -> int:
        """Returns a hash of the contestants and keys, which equal tallies share."""
        return hash((self.names, self.keys))

    def __repr__(self) -> str:
        """Returns a short description."""
        keys = f", by {', '.join(self.keys)}" if self.keys else ""
        contestants = number_of(len(self.names), "contestant")
        return f"Tally({contestants}, {number_of(self.matches, 'match', 'matches')}{keys})"

    def elo_order(
        self, shuffle: int = 0, *, seed: int = 0, ties: Literal["half", "exclude"] = "half"
    ) -> pl.DataFrame:
        """Returns the matches in a random order, one row each, as Stable Elo replays them.

        `rate` with the same seed replays the shuffles 0, 1, ... of the contestants that it rates.
        All orders are equally likely (docs/statistics/ratings.md). An order can be replayed with
        `replay_elo(MatchLog(order, score_of="a"))`.

        Args:
            shuffle: Number of the order.
            seed: Random seed, as in `rate`.
            ties: Whether ties are played ("half") or left out ("exclude").

        Returns:
            A frame with the columns model_a (the first of the two names in sorted order, whoever
            was shown first), model_b, score (of model_a, from 0 to 1) and weight.

        Raises:
            OptionError: If an option has an invalid value.
        """
        shuffle = whole("shuffle", shuffle, most=2**64 - 1)
        seed = whole("seed", seed, most=2**64 - 1)
        one_of("ties", ties, ("half", "exclude"))
        field = _core.FitData(self.counts, exclude_ties=ties == "exclude")
        low, high, _, _ = field.pairs()
        pair, low_points, high_points, _ = field.kinds()
        order = field.elo_order(seed, shuffle)
        names = pl.Series(self.names, dtype=pl.String)
        weight = low_points + high_points
        # The score of a match of weight 0 does not matter.
        score = np.divide(low_points, weight, out=np.full(len(weight), 0.5), where=weight > 0)
        return pl.DataFrame(
            {
                "model_a": names.gather(low[pair[order]]),
                "model_b": names.gather(high[pair[order]]),
                "score": score[order],
                "weight": weight[order],
            }
        )

    def to_polars(self) -> pl.DataFrame:
        """Returns one row per cell.

        The columns are the keys, model_a, model_b, outcome, score (of model_a), weight and count.
        """
        if self.keyed is None:
            cells = self.counts.cells()
            keys = pl.DataFrame()
        else:
            groups, cells = self.keyed.cells.cells()
            keys = self.keyed.table[groups]
        first, second, outcome, score, weight, count = cells
        names = pl.Series(self.names, dtype=pl.String)
        columns = {
            "model_a": names.gather(first),
            "model_b": names.gather(second),
            "outcome": pl.Series(OUTCOMES).gather(outcome),
            "score": score,
            "weight": weight,
            "count": count,
        }
        return pl.DataFrame([*keys.get_columns(), *pl.DataFrame(columns).get_columns()])
