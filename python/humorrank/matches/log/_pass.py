"""One pass over a log, from the tables of a source to its valid judged matches as codes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from humorrank._core import CheckedRows, UnusualError
from humorrank._util.simulated import is_simulated, simulated_notice
from humorrank.errors import InputError, OptionError
from humorrank.matches.log._aliases import Renaming
from humorrank.matches.log._checks import Fault, faults, refuse_clash
from humorrank.matches.log._coded import FURTHER, CodedRows, Coder, read_coded, wanted
from humorrank.matches.log._filters import JudgeCap, Where
from humorrank.matches.log._keys import Keys
from humorrank.matches.log._late_keys import inner_rows, refuse_late, with_reach
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._names import Names
from humorrank.matches.log._options import Options
from humorrank.matches.log._rows import Rows, code_rows
from humorrank.matches.log.formats.decode import DecoderSettings, Problem
from humorrank.matches.log.formats.opening import Opening
from humorrank.matches.log.formats.readings import Binding, is_header
from humorrank.matches.log.formats.recognise import judge_columns, recognise
from humorrank.matches.log.report import ReadReport, strong_note
from humorrank.matches.log.tables.batch import RowBatch, behind, is_text, shortened_value
from humorrank.matches.log.tables.fields import with_fields
from humorrank.matches.log.tables.json import JsonTable
from humorrank.matches.log.tables.opening import tables
from humorrank.matches.log.tables.table import GAME_SCORES, Hints, Table
from humorrank.matches.outcomes import BOTH_BAD, SOFT, TIE, UNJUDGED

_AMOUNTS = ("count", "weight")
_GRADED = ("arena-hard", "winner-word")


@dataclass(frozen=True)
class Taken:
    """Matches, and the rows of the batch that they are from.

    Attributes:
        matches: Matches.
        binding: Format and columns of the table.
        batch: Batch of rows, or None if only codes were read. A pass with further columns always
            has a batch.
        rows: Row of the batch of each match.
        keys: Codes of the matches, for each key.
        swapped: Mask of the matches in which the contestant in the second column of the row was
            shown first, or None if there are none.
    """

    matches: Matches
    binding: Binding
    batch: RowBatch | None = None
    rows: np.ndarray | None = None
    keys: Sequence[np.ndarray] = ()
    swapped: np.ndarray | None = None


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
    """

    def __init__(
        self,
        source: Any,  # noqa: ANN401 - many kinds
        options: Options,
        further: Sequence[str] | Callable[[Table], Sequence[str]] | None = None,
        keys: Sequence[str] = (),
        *,
        counted: bool = False,
    ) -> None:
        self._source = source
        self._options = options
        self._further = further
        self.keys = Keys(keys)
        self._counted = counted
        self._where = Where(options.where) if options.where is not None else None
        self._cap = JudgeCap(options.max_per_judge) if options.max_per_judge else None
        self._opening = Opening()
        self._first: tuple[str, Binding] | None = None
        # The number of clear verdicts.
        self._strong = 0
        # Excluded names that have not occurred yet.
        self._absent = set(options.exclude)
        self.names = Names(options.exclude)
        self.renaming = Renaming(self.names, options.alias, options.fold)
        self._coder = Coder(self.names, clashes=options.reading is None, words=options.winner_words)
        self.report = ReadReport()

    def run(self) -> Iterator[Taken]:
        """Yields the valid judged matches that no filter removes.

        Raises:
            InputError: If a file or a row cannot be read, or there are no matches.
            OptionError: If an option does not apply to the log.
        """
        named = list(self._options.columns.values())
        hints = Hints(is_header, named, self._options.reading, self._options.quoting)
        with tables(self._source, hints) as opened:
            for table in opened:
                yield from self._table(table)
        self._finish()

    def _table(self, table: Table) -> Iterator[Taken]:
        options, report = self._options, self.report
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
        binding = recognise(table, options.columns, options.score_of, options.reading)
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
        table, binding = bound.table, bound.binding
        decoder = binding.reading.decoder(
            DecoderSettings(
                self._options.score_of, self._options.winner_words, self._options.lower_wins
            )
        )
        columns = self._needed(bound)
        width = len(table.columns)
        ragged = self._ragged if self._options.on_error == "skip" else None
        for batch in behind(table.batches(columns, ragged), passed):
            if len(table.columns) != width:
                width = len(table.columns)
                refuse_late(table, binding, None if self._further is None else bound.further)
            self.report.rows += batch.frame.height
            left = batch if self._where is None else self._hold(batch, binding, table.untyped)
            if left.frame.height:
                rows = code_rows(left, binding, decoder, self.names, bound.judge)
                if (taken := self._take(rows, bound.keys)) is not None:
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
        columns = [*binding.columns.values()]
        columns += [column for role, column in binding.extras.items() if role in _AMOUNTS]
        columns += [] if bound.judge is None else [bound.judge]
        if self._where is not None:
            columns += self._where.columns
            columns += [binding.extras["judge"]] if "judge" in binding.extras else []
        columns += bound.keys
        if self._further is not None:
            columns += binding.extras.values()
            columns += [column for column in bound.further if column in table.columns]
        return list(dict.fromkeys(columns))

    def _ragged(self, error: InputError) -> None:
        self.report.skip("ragged row", 1, [str(error)])

    def _hold(self, batch: RowBatch, binding: Binding, untyped: bool) -> RowBatch:
        """Returns the rows for which the condition holds."""
        assert self._where is not None
        for role in ("model_a", "model_b", "winner", "loser"):
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

    def _take(self, rows: Rows, keys: Sequence[str]) -> Taken | None:
        """Returns the matches of a batch that are valid, judged and not filtered out."""
        self.report.read += len(rows.first)
        if self._options.reading is None and self._options.winner_words is None:
            refuse_clash(rows, self.names)
        self._opening.see(rows.binding.reading.name, rows.batch.file, rows.first, rows.second)
        for codes in (rows.first, rows.second):
            if self._absent:
                self._absent -= self.names.excluded_among(codes)
        keep = np.ones(len(rows.first), np.bool_)
        labels = self.keys.labels_of(rows.batch, keys)
        self._leave_bad(rows, keep, self.keys.faults(rows, labels, keys))
        self._leave_unjudged(rows, keep)
        for amounts in rows.amounts:
            void = keep & (rows.per_match(amounts.values) == 0)
            self.report.void += int(np.count_nonzero(void))
            keep &= ~void
        if self.renaming:
            rows = self._rename(rows, keep)
        every = bool(keep.all())
        for codes in (rows.first, rows.second):
            self.names.mark(codes if every else codes[keep], judged=True)
        self._filter(rows, keep)
        index = np.flatnonzero(keep)
        if not len(index):
            return None
        matches = self._matches(rows, index)
        sources = rows.rows_of(index)
        apart = self.keys.of_labels(labels, sources)
        swapped = rows.decoded.swapped
        turned = None if swapped is None else swapped[index]
        return Taken(matches, rows.binding, rows.batch, sources, apart, turned)

    def _leave_bad(self, rows: Rows, keep: np.ndarray, further: Iterable[Fault]) -> None:
        found = faults(rows, self.names, further)
        if found and self._options.on_error == "fail":
            fault = min(found, key=lambda fault: int(fault.mask.argmax()))
            match = int(fault.mask.argmax())
            raise rows.error(match, fault.problem(match))
        for fault in found:
            keep &= ~fault.mask
            some = np.flatnonzero(fault.mask)[:3].tolist()
            examples = [str(rows.error(match, fault.problem(match))) for match in some]
            self.report.skip(fault.kind, int(np.count_nonzero(fault.mask)), examples)

    def _rename(self, rows: Rows, keep: np.ndarray) -> Rows:
        """Renames contestants, and leaves out matches of a contestant against itself."""
        aliased, joined = zip(
            *(self.renaming.rename(codes) for codes in (rows.first, rows.second)), strict=True
        )
        if self._options.alias:
            self._filtered("alias", keep, aliased[0] == aliased[1])
        if self._options.fold:
            self._filtered("fold", keep, joined[0] == joined[1])
        for codes in joined:
            if self._absent:
                self._absent -= self.names.excluded_among(codes)
        return replace(rows, first=joined[0], second=joined[1])

    def _leave_unjudged(self, rows: Rows, keep: np.ndarray) -> None:
        outcome = rows.decoded.outcome
        if outcome.max(initial=0) < UNJUDGED:
            return
        unjudged = keep & (outcome == UNJUDGED)
        if not unjudged.any():
            return
        if self._options.unjudged == "fail":
            match = int(unjudged.argmax())
            column = rows.binding.outcome_column
            value = rows.batch.value(column, rows.row_of(match))
            message = f"no outcome ({shortened_value(value)}), which unjudged='fail' "
            message += "(--unjudged fail) refuses"
            raise rows.error(match, Problem(column, value, message))
        self.report.unjudged += int(np.count_nonzero(unjudged))
        for codes in (rows.first, rows.second):
            self.names.mark(codes[unjudged], judged=False)
        keep &= ~unjudged

    def _filter(self, rows: Rows, keep: np.ndarray) -> None:
        """Leaves out what the user does not want."""
        if self._options.both_bad == "skip":
            self._filtered("both_bad", keep, rows.decoded.outcome == BOTH_BAD)
        if self.names.excluded:
            self._filtered(
                "exclude", keep, np.minimum(rows.first, rows.second) < self.names.excluded
            )
        if self._cap is not None and rows.judges is not None:
            index = np.flatnonzero(keep)
            beyond = np.zeros(len(keep), np.bool_)
            beyond[index] = ~self._cap.passes(rows.judges, rows.rows_of(index))
            self._filtered("max_per_judge", keep, beyond)

    def _filtered(self, name: str, keep: np.ndarray, mask: np.ndarray) -> None:
        taken = keep & mask
        filtered = self.report.filtered
        filtered[name] = filtered.get(name, 0) + int(np.count_nonzero(taken))
        keep &= ~taken

    def _matches(self, rows: Rows, index: np.ndarray) -> Matches:
        report, decoded = self.report, rows.decoded
        first, second, outcome = rows.first, rows.second, decoded.outcome
        if len(index) < len(outcome):
            first, second, outcome = first[index], second[index], outcome[index]
        score = None
        soft = outcome == SOFT
        if decoded.score is not None and soft.any():
            score = np.where(soft, decoded.score[index], np.nan)
        count = None if rows.count is None else rows.per_match(rows.count.values)[index]
        weight = rows.weights(self._options.strong_weight)
        if decoded.strong is not None:
            self._strong += int(np.count_nonzero(decoded.strong[index]))
        report.rated += len(index)
        report.ties += int(np.count_nonzero(outcome == TIE))
        report.both_bad += int(np.count_nonzero(outcome == BOTH_BAD))
        whole = None if count is None else count.astype(np.uint64)
        kept = None if weight is None else weight[index]
        return Matches(first, second, outcome, score, kept, whole)

    def _finish(self) -> None:
        """Completes the report and makes the checks that need all rows."""
        report, names = self.report, self.names
        report.notes += self.keys.notes
        if self._options.strong_weight != 1:
            report.notes.append(strong_note(self._strong, self._options.strong_weight))
        if self.renaming:
            report.notes += self.renaming.finish()
        if report.unjudged:
            report.unjudged_only = names.unjudged_only
        for name in sorted(self._absent):
            close = " or ".join(map(repr, names.like(name)))
            hint = f"; did you mean {close}?" if close else ""
            raise OptionError(f"exclude: {name!r} does not occur in this log{hint}")
        if not report.rated:
            raise InputError(f"there are no matches to rate ({report.breakdown()})")
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
