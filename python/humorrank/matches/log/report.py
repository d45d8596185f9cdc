"""What reading a match log found, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from humorrank._util.text import shortened_names


@dataclass
class ReadReport:
    """The account of one pass over a log: every row that was read is in exactly one count.

    `read` = `rated` + `unjudged` + `void` + all of `skipped` (but "ragged row", which never
    became a row) + all of `filtered` (but "where", which is applied before).

    Attributes:
        files: the files or the kinds of objects read, in order.
        reading: the name of the format recognised; `columns` says what was taken as what.
        columns: role -> column of the first file.
        rows: rows found, ragged ones left out.
        read: outcomes found in the rows that `where` left: one a row, or one a game where a row
            holds several games.
        rated: outcomes handed on.
        unjudged: outcomes that are none: null, empty, NaN, "error", "skip".
        void: rows that stand for no match at all: their count or their weight is 0.
        skipped: bad rows left out, by kind (only with `on_error="skip"`).
        examples: the first few of them, in words, by kind.
        filtered: rows taken by each filter ("where", "exclude", "max_per_judge").
        ties: rated rows that are ties, both-bad ones left out.
        both_bad: rated rows in which both were called bad.
        unjudged_only: names that occur in unjudged rows and in no judged one.
        notes: remarks on how something was read, for the user to see.
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
        """Counts bad rows that are left out, and keeps the first three examples of a kind."""
        self.skipped[kind] = self.skipped.get(kind, 0) + rows
        kept = self.examples.setdefault(kind, [])
        kept.extend(examples[: max(0, 3 - len(kept))])

    def breakdown(self) -> str:
        """Where the rows went, in words."""
        parts = [
            f"{self.rows:,} rows",
            f"{self.unjudged:,} unjudged",
            *(f"{count:,} {kind}" for kind, count in self.skipped.items()),
            *(f"{count:,} taken by {name}" for name, count in self.filtered.items()),
            *([f"{self.void:,} of count or weight 0"] if self.void else []),
        ]
        return ", ".join(parts)


def reading_warnings(report: ReadReport) -> list[str]:
    """What reading the log found that is not counted, or not as it may seem."""
    out = list(report.notes)
    if report.unjudged:
        out.append(f"{report.unjudged:,} rows have no outcome and are not rated")
    if report.void:
        out.append(f"{report.void:,} rows have a count or weight of 0")
    for kind, rows in report.skipped.items():
        examples = "; ".join(report.examples.get(kind, []))
        out.append(f"{rows:,} bad rows skipped, {kind}: {examples}")
    if report.unjudged_only:
        names = shortened_names(report.unjudged_only)
        out.append(f"only in rows without an outcome, so not rated: {names}")
    return out


_EXAMPLES = 3


def to_json(report: ReadReport) -> dict[str, Any]:
    """A report in JSON's types."""
    return asdict(report)


def from_json(value: object) -> ReadReport:
    """A report from what `to_json` gave.

    Raises:
        ValueError: it is none.
    """
    known = {field.name: field for field in fields(ReadReport)}
    empty = ReadReport()
    if not isinstance(value, dict) or not set(value) <= set(known):
        raise ValueError("the account of reading is malformed")
    for name, part in value.items():
        if type(part) is not type(getattr(empty, name)):
            raise ValueError(f"the account of reading has a malformed {name!r}")
        if isinstance(part, int) and part < 0:
            raise ValueError(f"the account of reading has a negative {name!r}")
    return ReadReport(**value)


def added(one: ReadReport, other: ReadReport, names: Sequence[str]) -> ReadReport:
    """The account of both.

    Args:
        one: a report.
        other: another.
        names: who has a match in the sum, and so is not only in rows without an outcome.
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
    """The account of the one without the other; None where it cannot have been a part of it."""
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
    """The first report with every number combined with the other's."""
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
