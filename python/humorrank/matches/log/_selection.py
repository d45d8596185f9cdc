"""The matches of a batch that are valid, judged and not filtered out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from humorrank.matches.log._aliases import Renaming
from humorrank.matches.log._checks import Fault, faults, no_outcome, refuse_clash
from humorrank.matches.log._filters import JudgeCap
from humorrank.matches.log._keys import Keys
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._names import Names
from humorrank.matches.log._options import Options
from humorrank.matches.log._rows import Rows
from humorrank.matches.log.formats.opening import Opening
from humorrank.matches.log.formats.readings import Binding
from humorrank.matches.log.report import ReadReport
from humorrank.matches.log.tables.batch import RowBatch
from humorrank.matches.outcomes import BOTH_BAD, SOFT, TIE, UNJUDGED


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


@dataclass
class Selection:
    """Selects the matches to rate from the rows of one pass, and accounts for the others.

    Attributes:
        options: Options of the log.
        report: Report of the pass.
        names: Names of the log.
        renaming: Renaming of the names.
        keys: Keys of the matches.
        opening: Check of the first row.
        cap: Limit on the matches of each judge, if there is one.
        absent: Excluded names that have not occurred yet.
        strong: Number of clear wins so far.
    """

    options: Options
    report: ReadReport
    names: Names
    renaming: Renaming
    keys: Keys
    opening: Opening
    cap: JudgeCap | None
    absent: set[str]
    strong: int = 0

    def take(self, rows: Rows, keys: Sequence[str]) -> Taken | None:
        """Returns the matches of a batch that are valid, judged and not filtered out."""
        decoded = rows.decoded
        self.report.read += len(rows.first) + len(decoded.left) + len(decoded.unjudged)
        self.report.notes += [note for note in decoded.notes if note not in self.report.notes]
        if self.options.reading is None and self.options.winner_words is None:
            refuse_clash(rows, self.names)
        self.opening.see(rows.binding.reading.name, rows.batch.file, rows.first, rows.second)
        for codes in (rows.first, rows.second):
            if self.absent:
                self.absent -= self.names.excluded_among(codes)
        keep = np.ones(len(rows.first), np.bool_)
        labels = self.keys.labels_of(rows.batch, keys)
        self._leave_bad(rows, keep, self.keys.faults(rows, labels, keys))
        self._leave_unjudged(rows, keep)
        for amounts in rows.amounts:
            void = keep & (rows.per_match(amounts.values) == 0)
            self.report.void += int(np.count_nonzero(void))
            keep &= ~void
        if decoded.count is not None:
            void = keep & (decoded.count == 0)
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
        left = rows.decoded.left
        if self.options.on_error == "fail":
            if found:
                fault = min(found, key=lambda fault: int(fault.mask.argmax()))
                match = int(fault.mask.argmax())
                if not left or rows.row_of(match) < left[0].row:
                    raise rows.error(match, fault.problem(match))
            if left:
                raise rows.error_of(left[0].row, left[0].problem)
        for bad in left:
            self.report.skip(bad.kind, 1, [str(rows.error_of(bad.row, bad.problem))])
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
        if self.options.alias:
            self._filtered("alias", keep, aliased[0] == aliased[1])
        if self.options.fold:
            self._filtered("fold", keep, joined[0] == joined[1])
        for codes in joined:
            if self.absent:
                self.absent -= self.names.excluded_among(codes)
        return replace(rows, first=joined[0], second=joined[1])

    def _leave_unjudged(self, rows: Rows, keep: np.ndarray) -> None:
        outcome, without = rows.decoded.outcome, rows.decoded.unjudged
        unjudged = keep & (outcome == UNJUDGED)
        if not unjudged.any() and not without:
            return
        if self.options.unjudged == "fail":
            row = min([*map(rows.row_of, np.flatnonzero(unjudged)[:1].tolist()), *without[:1]])
            column = rows.binding.outcome_column
            raise rows.error_of(row, no_outcome(column, rows.batch.value(column, row)))
        self.report.unjudged += len(without)
        self.report.unjudged += int(np.count_nonzero(unjudged))
        for codes in (rows.first, rows.second):
            self.names.mark(codes[unjudged], judged=False)
        keep &= ~unjudged

    def _filter(self, rows: Rows, keep: np.ndarray) -> None:
        """Leaves out what the user does not want."""
        if self.options.both_bad == "skip":
            self._filtered("both_bad", keep, rows.decoded.outcome == BOTH_BAD)
        if self.names.excluded:
            self._filtered(
                "exclude", keep, np.minimum(rows.first, rows.second) < self.names.excluded
            )
        if self.cap is not None and rows.judges is not None:
            index = np.flatnonzero(keep)
            beyond = np.zeros(len(keep), np.bool_)
            beyond[index] = ~self.cap.passes(rows.judges, rows.rows_of(index))
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
        if decoded.count is not None:
            count = decoded.count[index]
        weight = rows.weights(self.options.strong_weight)
        if decoded.strong is not None:
            self.strong += int(np.count_nonzero(decoded.strong[index]))
        report.rated += len(index)
        report.ties += int(np.count_nonzero(outcome == TIE))
        report.both_bad += int(np.count_nonzero(outcome == BOTH_BAD))
        whole = None if count is None else count.astype(np.uint64)
        kept = None if weight is None else weight[index]
        return Matches(first, second, outcome, score, kept, whole)
