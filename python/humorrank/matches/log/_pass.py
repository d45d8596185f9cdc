"""One pass over a log, from the tables of a source to its valid judged matches as codes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from humorrank._core import CheckedRows, UnusualError
from humorrank._util.simulated import is_simulated, simulated_notice
from humorrank.errors import InputError, OptionError
from humorrank.matches.log._aliases import Renaming
from humorrank.matches.log._ballots import (
    Labels,
    needs_labels,
    notes_of_ballots,
    refuse_options,
)
from humorrank.matches.log._coded import FURTHER, CodedRows, Coder, read_coded, wanted
from humorrank.matches.log._filters import JudgeCap, Where
from humorrank.matches.log._gathered import Gathered, gathered_columns
from humorrank.matches.log._keys import Keys
from humorrank.matches.log._late_keys import inner_rows, refuse_late, with_reach
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._names import Names
from humorrank.matches.log._options import Options
from humorrank.matches.log._rows import code_rows
from humorrank.matches.log._selection import Selection, Taken
from humorrank.matches.log.formats.decode import BadRow, DecoderSettings
from humorrank.matches.log.formats.further import BALLOT, with_header
from humorrank.matches.log.formats.opening import Opening
from humorrank.matches.log.formats.readings import Binding, is_header
from humorrank.matches.log.formats.recognise import judge_columns, recognise
from humorrank.matches.log.report import ReadReport, strong_note
from humorrank.matches.log.tables.batch import RowBatch, behind, is_text, joined
from humorrank.matches.log.tables.fields import with_fields
from humorrank.matches.log.tables.json import JsonTable
from humorrank.matches.log.tables.opening import tables
from humorrank.matches.log.tables.table import GAME_SCORES, Hints, Table

_AMOUNTS = ("count", "weight")
_GRADED = ("arena-hard", "winner-word")


@dataclass(frozen=True)
class _Bound:
    """A table, and the columns that are needed of it.

    Attributes:
        table: Table, with the fields that are named by paths.
        binding: Format and columns.
        judge: Column of the judges, if needed.
        keys: Column of each key.
        further: Further columns to read if the table has them.
    """

    table: Table
    binding: Binding
    judge: str | None
    keys: Sequence[str]
    further: Sequence[str]


class Pass:
    """One pass over a source.

    Args:
        source: Source of matches, as in `MatchLog`.
        options: Options of the log.
        further: Columns to read in addition to the required ones and the known optional ones
            (question_id, judge, ...), or a function that returns those of a table. None reads only
            the required columns.
        keys: Columns or roles that every file must have, and that are read too; see `Keys`.
        counted: Whether the matches may be in any order, with equal ones merged into one with a
            count.
        ballots: Whether the ballots of a log of ballots are a further key.
    """

    def __init__(
        self,
        source: Any,  # noqa: ANN401 - many kinds
        options: Options,
        further: Sequence[str] | Callable[[Table], Sequence[str]] | None = None,
        keys: Sequence[str] = (),
        *,
        counted: bool = False,
        ballots: bool = False,
    ) -> None:
        self._source = source
        self._options = options
        self._further = further
        self.keys = Keys(keys)
        self._counted = counted
        self._by_ballot = ballots
        self._ballot_labels = Labels()
        self._gathered: Gathered | None = None
        self._where = Where(options.where) if options.where is not None else None
        self._cap = JudgeCap(options.max_per_judge) if options.max_per_judge else None
        self._opening = Opening()
        self._first: tuple[str, Binding] | None = None
        # The number of clear verdicts.
        # Excluded names that have not occurred yet.
        self._absent = set(options.exclude)
        self.names = Names(options.exclude)
        self.renaming = Renaming(self.names, options.alias, options.fold)
        self._coder = Coder(self.names, clashes=options.reading is None, words=options.winner_words)
        self.report = ReadReport()
        self._selection = Selection(
            options,
            self.report,
            self.names,
            self.renaming,
            self.keys,
            self._opening,
            self._cap,
            self._absent,
        )

    @property
    def labels(self) -> list[list[str]]:
        """The labels of each key by code."""
        found = self.keys.labels
        if BALLOT in self.keys.names:
            place = self.keys.names.index(BALLOT)
            found[place] = self.finished(found[place])
        return found

    def finished(self, labels: list[str]) -> list[str]:
        """Returns the labels of ballots as they are after the last row."""
        return self._ballot_labels.finished(labels)

    def run(self) -> Iterator[Taken]:
        """Yields the valid judged matches that no filter removes.

        Raises:
            InputError: If a file or a row cannot be read, or there are no matches.
            OptionError: If an option does not apply to the log.
        """
        named = list(self._options.columns.values())
        hints = Hints(is_header, named, self._options.reading, self._options.quoting)
        try:
            with tables(self._source, hints) as opened:
                for table in opened:
                    yield from self._table(table)
            yield from self._of_ballots()
        except pl.exceptions.PanicException as error:
            # It is not an `Exception`, and polars has not said what is wrong with the data.
            message = f"polars failed on these matches, which may be damaged: {error}"
            raise InputError(message) from None
        self._finish()

    def _table(self, table: Table) -> Iterator[Taken]:
        options, report = self._options, self.report
        if options.reading is None:
            table = with_header(table)
        if self._further is not None and isinstance(table, JsonTable):
            table.complete()
        try:
            bound = self._bound(table)
        except (InputError, OptionError) as error:
            if not isinstance(table, JsonTable):
                raise
            if table.inner:
                raise inner_rows(table) from None
            if not table.complete():
                raise with_reach(error, table) from None
            bound = self._bound(table)
        table, binding = bound.table, bound.binding
        self._refuse_another_reading(table, binding)
        report.files.append(table.label)
        report.notes += table.notes
        for role in _AMOUNTS:
            if role in binding.extras and role not in options.columns:
                what = "number of matches" if role == "count" else "weight"
                column = binding.extras[role]
                report.notes.append(
                    f"{table.label}: the column {column!r} is used as the {what} of each row"
                )
        report.notes += notes_of_ballots(table.label, binding)
        if self._where is None:
            self._note_simulated(_first_judges(table, binding))
        before = report.rows
        passed = yield from self._coded(bound)
        if passed is not None:
            yield from self._decoded(bound, passed)
        if report.rows == before and not report.skipped.get("ragged row"):
            raise InputError("has columns but no rows", file=table.label)

    def _bound(self, table: Table) -> _Bound:
        """Recognizes the format of a table, and looks for all columns that are needed."""
        options = self._options
        further = self._further(table) if callable(self._further) else self._further or ()
        where = () if self._where is None else self._where.columns
        named = (*options.columns.values(), *where, *self.keys.named, *further)
        table = with_fields(table, named)
        binding = recognise(
            table,
            options.columns,
            options.score_of,
            options.reading,
            lower_wins=options.lower_wins,
        )
        refuse_options(
            binding,
            table.label,
            where=self._where is not None,
            cap=self._cap is not None,
            controls=callable(self._further),
        )
        if self._by_ballot and binding.reading.ballots:
            self.keys.include(BALLOT)
        judge = self._judge_column(table, binding)
        if self._where is not None:
            self._where.check([c for c in table.columns if c != GAME_SCORES], table.label)
        return _Bound(table, binding, judge, self.keys.columns(table, binding), further)

    def _coded(self, bound: _Bound) -> Generator[Taken, None, int | None]:
        """Yields the matches of the first rows, which are read as codes.

        Returns:
            The number of rows read, or None if all rows were read.
        """
        table, binding, keys = bound.table, bound.binding, bound.keys
        columns = wanted(binding)
        general = self._where is not None or self._cap is not None or self._further is not None
        general = general or self._options.strong_weight != 1
        general = general or self._options.both_bad == "skip" or bool(self.renaming)
        general = general or self.keys.computed
        if columns is None or general:
            return 0
        own = len(columns)
        columns = [*columns, *((key, FURTHER + i) for i, key in enumerate(keys))]
        twice = len({column for column, _ in columns}) < len(columns)
        if twice or (reader := table.codes(columns)) is None:
            return 0
        # Whether the first row is a header is decided by where its names occur again, so the order
        # of the rows must be kept.
        counted = self._counted and binding.reading.name != "headerless"
        passed = 0
        interners = [*self._coder.interners, *self.keys.interners]
        while True:
            try:
                rows = read_coded(reader, interners, counted=counted)
            except UnusualError:
                return passed
            if rows is None:
                return None
            judged = self._coder.judge(rows.part(own), binding)
            if judged is None or (judged.unjudged and self._options.unjudged == "fail"):
                return passed
            passed += rows.rows
            self.report.rows += rows.rows
            self._opening.see(binding.reading.name, table.label, *rows.columns[:2])
            matches = self._account(judged, rows)
            if len(matches):
                apart = self.keys.of_codes(rows.columns[own:], judged.rows)
                yield Taken(matches, binding, keys=apart)

    def _decoded(self, bound: _Bound, passed: int) -> Iterator[Taken]:
        """Yields the matches of the rows after the first `passed` ones, read as values."""
        table, binding, options = bound.table, bound.binding, self._options
        decoder = binding.reading.decoder(
            DecoderSettings(
                options.score_of, options.winner_words, options.lower_wins, binding.items
            )
        )
        columns = self._needed(bound)
        if binding.reading.gathered and self._gathered is None:
            further = None if self._further is None else bound.further
            self._gathered = Gathered(
                binding, bound.keys, further, controls=callable(self._further)
            )
        labeled = needs_labels(binding) and (BALLOT in bound.keys or self._further is not None)
        if labeled:
            self._ballot_labels.begin()
        width = len(table.columns)
        ragged = self._ragged if self._options.on_error == "skip" else None
        batches = behind(table.batches(columns, ragged), passed)
        for batch in joined(batches) if binding.reading.whole else batches:
            if len(table.columns) != width:
                width = len(table.columns)
                refuse_late(table, binding, None if self._further is None else bound.further)
            self.report.rows += batch.frame.height
            left = batch if self._where is None else self._hold(batch, binding, table.untyped)
            if left.frame.height and self._gathered is not None:
                self._gathered.add(left, binding)
            elif left.frame.height:
                left = self._ballot_labels.add(left, binding) if labeled else left
                rows = code_rows(left, binding, decoder, self.names, bound.judge)
                if (taken := self._selection.take(rows, bound.keys)) is not None:
                    counted = labeled and BALLOT in self.keys.names
                    yield self._ballot_labels.apart(taken, self.keys) if counted else taken

    def _of_ballots(self) -> Iterator[Taken]:
        """Yields the matches of the ballots whose rows have been gathered from the whole log."""
        if (gathered := self._gathered) is None or not gathered.batches:
            return

        def skip(row: BadRow, error: InputError) -> None:
            self.report.read += 1
            self.report.skip(row.kind, 1, [str(error)])

        skipped = skip if self._options.on_error == "skip" else None
        lower_wins = self._options.lower_wins
        refused = self._options.unjudged == "fail"
        for rows in gathered.ballots(
            self.names, lower_wins=lower_wins, skip=skipped, refuse_unjudged=refused
        ):
            if (taken := self._selection.take(rows, gathered.keys)) is not None:
                yield taken

    def _account(self, judged: CheckedRows, rows: CodedRows) -> Matches:
        """Counts rows of codes in the report, and returns the matches to rate."""
        report, names = self.report, self.names
        names.note(judged.seen)
        if self._absent:
            seen = zip(names.all_excluded, judged.seen, strict=False)
            self._absent -= {name for name, kinds in seen if kinds}
        if names.excluded:
            report.filtered["exclude"] = report.filtered.get("exclude", 0) + judged.excluded
        left_out = judged.unjudged + judged.void + judged.excluded
        report.read += rows.rows
        report.unjudged += judged.unjudged
        report.void += judged.void
        report.ties += judged.ties
        report.both_bad += judged.both_bad
        report.rated += rows.rows - left_out
        return Matches(judged.first, judged.second, judged.outcome, count=judged.count)

    def _refuse_another_reading(self, table: Table, binding: Binding) -> None:
        if self._options.strong_weight != 1 and binding.reading.name not in _GRADED:
            raise OptionError(
                "strong_weight (--strong-weight) applies to verdicts such as A>>B, which logs in "
                f"the format {binding.reading.name} do not have"
            )
        if self._first is None:
            self._first = (table.label, binding)
            self.report.reading = binding.reading.name
            amounts = {role: c for role, c in binding.extras.items() if role in _AMOUNTS}
            self.report.columns = {**binding.columns, **amounts}
            return
        label, first = self._first
        if binding.reading is not first.reading:
            message = (
                f"is read as {binding.describe()}, but {label} as {first.describe()}; files that "
                "are read together must have the same format: set it with --reading (reading=) or "
                "--columns (columns=)"
            )
            raise InputError(message, file=table.label)

    def _judge_column(self, table: Table, binding: Binding) -> str | None:
        if self._cap is None:
            return None
        found = judge_columns(table)
        if "judge" in self._options.columns or len(found) == 1:
            return binding.extras["judge"]
        reason = "no column of judges"
        if found:
            reason = f"several possible columns of judges: {', '.join(found)}"
        message = f"max_per_judge: {table.label} has {reason}; specify one with "
        message += "--columns judge=NAME (columns=)"
        raise OptionError(message)

    def _needed(self, bound: _Bound) -> list[str]:
        """Returns the columns to read."""
        table, binding = bound.table, bound.binding
        columns = [*binding.columns.values(), *binding.items]
        columns += [column for role, column in binding.extras.items() if role in _AMOUNTS]
        columns += [] if bound.judge is None else [bound.judge]
        if self._where is not None:
            columns += self._where.columns
            columns += [binding.extras["judge"]] if "judge" in binding.extras else []
        columns += bound.keys
        if self._further is not None:
            columns += binding.extras.values()
            columns += bound.further
        if binding.reading.gathered:
            columns += gathered_columns(binding, bound.further)
        return [column for column in dict.fromkeys(columns) if column in table.columns]

    def _ragged(self, error: InputError) -> None:
        self.report.skip("ragged row", 1, [str(error)])

    def _hold(self, batch: RowBatch, binding: Binding, untyped: bool) -> RowBatch:
        """Returns the rows for which the condition holds."""
        assert self._where is not None
        for role in ("model_a", "model_b", "winner", "loser", "model", "best", "worst"):
            if (self._absent or self.renaming) and role in binding.columns:
                names = batch.text(binding.columns[role]).unique().cast(pl.String)
                seen = set(names.to_list())
                self._absent -= {self._options.alias.get(name, name) for name in seen}
                self.renaming.saw(seen)
        holds = self._where.holds(batch, untyped=untyped)
        filtered = self.report.filtered
        filtered["where"] = filtered.get("where", 0) + int(np.count_nonzero(~holds))
        left = batch if holds.all() else batch.where(holds)
        if (judge := binding.extras.get("judge")) is not None and is_text(left.frame.schema[judge]):
            judges = left.text(judge).drop_nulls().unique(maintain_order=True)
            self._note_simulated(judges.cast(pl.String).to_list())
        return left

    def _note_simulated(self, judges: Iterable[str]) -> None:
        """Notes which of the judges are simulated."""
        for judge in judges:
            if (
                judge
                and is_simulated(judge)
                and (notice := simulated_notice(judge)) not in self.report.notes
            ):
                self.report.notes.append(notice)

    def _finish(self) -> None:
        """Completes the report and makes the checks that need all rows."""
        report, names = self.report, self.names
        report.notes += self.keys.notes
        if self._options.strong_weight != 1:
            report.notes.append(strong_note(self._selection.strong, self._options.strong_weight))
        if self.renaming:
            report.notes += self.renaming.finish()
        if report.unjudged:
            report.unjudged_only = names.unjudged_only
        for name in sorted(self._absent):
            close = " or ".join(map(repr, names.like(name)))
            hint = f"; did you mean {close}?" if close else ""
            raise OptionError(f"exclude: {name!r} does not occur in this log{hint}")
        if not report.rated:
            one = report.files[0] if len(report.files) == 1 else None
            raise InputError(f"there are no matches to rate ({report.breakdown()})", file=one)
        if self._options.reading is None and self._where is None:
            self._opening.check(lambda: names.all)


def _first_judges(table: Table, binding: Binding) -> list[str]:
    """Returns the judges in the first rows of a table.

    A log is not read completely for this, because few ratings need the column of judges.
    """
    judge = binding.extras.get("judge")
    if judge is None:
        return []
    try:
        return table.words(judge)
    except InputError:
        # The column is not text, and may not even be needed.
        return []
