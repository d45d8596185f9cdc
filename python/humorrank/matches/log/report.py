"""The report on reading a match log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from humorrank._util.text import be, number_of, shortened_names


@dataclass
class ReadReport:
    """The report on one pass over a log, in which every row that was read is counted exactly once.

    `read` = `rated` + `unjudged` + `void` + all of `skipped` (except "ragged row", which is not in
    `rows`) + all of `filtered` (except "where", which is applied before).

    Attributes:
        files: Files or kinds of objects that were read, in order.
        reading: Name of the recognized format.
        columns: Columns of the first file by role.
        rows: Number of rows, without ragged ones.
        read: Number of outcomes in the rows that `where` keeps: one per row, or one per game if a
            row holds several games.
        rated: Number of outcomes that are rated.
        unjudged: Number of missing outcomes: null, empty, NaN, "error" or "skip".
        void: Number of rows whose count or weight is 0.
        skipped: Number of bad rows that were left out, by kind (only with `on_error="skip"`).
        examples: Error messages for the first few bad rows, by kind.
        filtered: Number of rows that each filter removed ("where", "exclude", "max_per_judge").
        ties: Number of rated rows that are ties, without both-bad ties.
        both_bad: Number of rated rows that are both-bad ties.
        unjudged_only: Names that occur only in unjudged rows.
        notes: Notes for the user on how the log was read.
    """

    files: list[str] = field(default_factory=list)
    reading: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    read: int = 0
    rated: int = 0
    unjudged: int = 0
    void: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    filtered: dict[str, int] = field(default_factory=dict)
    ties: int = 0
    both_bad: int = 0
    unjudged_only: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def skip(self, kind: str, rows: int, examples: list[str]) -> None:
        """Counts bad rows that are left out, and keeps the first three examples of each kind."""
        self.skipped[kind] = self.skipped.get(kind, 0) + rows
        kept = self.examples.setdefault(kind, [])
        kept.extend(examples[: max(0, 3 - len(kept))])

    def breakdown(self) -> str:
        """Returns the number of rows of each kind as text."""
        parts = [
            number_of(self.rows, "row"),
            f"{self.unjudged:,} unjudged",
            *(f"{count:,} {kind}" for kind, count in self.skipped.items()),
            *(f"{count:,} removed by {name}" for name, count in self.filtered.items()),
            *([f"{self.void:,} with count or weight 0"] if self.void else []),
        ]
        return ", ".join(parts)


def strong_note(matches: int, weight: float) -> str:
    """Returns the note on the number and the weight of clear verdicts."""
    if not matches:
        return "there are no clear verdicts (A>>B), so the weight of clear verdicts has no effect"
    found = number_of(matches, "match", "matches")
    return f"{found} with a clear verdict (A>>B) {be(matches)} weighted by {weight:g}"


def reading_warnings(report: ReadReport) -> list[str]:
    """Returns warnings about rows that are not rated and about how the log was read."""
    out = list(report.notes)
    if report.unjudged:
        without = number_of(report.unjudged, "row has", "rows have")
        out.append(f"{without} no outcome and {be(report.unjudged)} not rated")
    if report.void:
        out.append(f"{number_of(report.void, 'row has', 'rows have')} a count or weight of 0")
    for kind, rows in report.skipped.items():
        examples = "; ".join(report.examples.get(kind, []))
        out.append(f"{number_of(rows, 'bad row')} skipped, {kind}: {examples}")
    if report.unjudged_only:
        names = shortened_names(report.unjudged_only)
        out.append(f"not rated, because they occur only in rows without an outcome: {names}")
    return out


_EXAMPLES = 3


def to_json(report: ReadReport) -> dict[str, Any]:
    """Returns a report in JSON types."""
    return asdict(report)


def from_json(value: object) -> ReadReport:
    """Returns the report that `to_json` has converted.

    Raises:
        ValueError: If the value is not a report.
    """
    known = {field.name: field for field in fields(ReadReport)}
    empty = ReadReport()
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise ValueError("the report on reading is malformed")
    for name, part in value.items():
        if type(part) is not type(getattr(empty, name)):
            raise ValueError(f"the report on reading has a malformed {name!r}")
        if isinstance(part, int) and part < 0:
            raise ValueError(f"the report on reading has a negative {name!r}")
    return ReadReport(**value)


def added(one: ReadReport, other: ReadReport, names: Sequence[str]) -> ReadReport:
    """Returns the sum of two reports.

    Args:
        one: First report.
        other: Second report.
        names: Contestants with a match in the sum, which are thus not only in unjudged rows.
    """
    total = _combined(one, other, lambda a, b: a + b)
    rated = set(names)
    only = {*one.unjudged_only, *other.unjudged_only} - rated
    return replace(
        total,
        files=[*one.files, *other.files],
        notes=list(dict.fromkeys([*one.notes, *other.notes])),
        examples={
            kind: [*one.examples.get(kind, []), *other.examples.get(kind, [])][:_EXAMPLES]
            for kind in {**one.examples, **other.examples}
        },
        unjudged_only=sorted(only),
    )


def subtracted(one: ReadReport, other: ReadReport) -> ReadReport | None:
    """Returns the difference of two reports, or None if the second is not part of the first."""
    left = _combined(one, other, lambda a, b: a - b)
    counts = [value for value in vars(left).values() if isinstance(value, int)]
    counts += [*left.skipped.values(), *left.filtered.values()]
    if any(count < 0 for count in counts):
        return None
    files = list(one.files)
    for file in other.files:
        if file in files:
            files.remove(file)
    skipped = {kind: rows for kind, rows in left.skipped.items() if rows}
    filtered = {kind: rows for kind, rows in left.filtered.items() if rows}
    examples = {kind: one.examples[kind] for kind in skipped if kind in one.examples}
    return replace(left, files=files, skipped=skipped, filtered=filtered, examples=examples)


def _combined(one: ReadReport, other: ReadReport, combine: Callable[[int, int], int]) -> ReadReport:
    """Returns the first report with every number combined with that of the second."""
    numbers: dict[str, Any] = {}
    for name, own in vars(one).items():
        further = getattr(other, name)
        if isinstance(own, int):
            numbers[name] = combine(own, further)
        elif name in ("skipped", "filtered"):
            kinds = {**own, **further}
            numbers[name] = {
                kind: combine(own.get(kind, 0), further.get(kind, 0)) for kind in kinds
            }
    if one.reading != other.reading:
        numbers["reading"] = " and ".join(
            dict.fromkeys([*one.reading.split(" and "), *other.reading.split(" and ")])
        )
    return replace(one, **numbers)
