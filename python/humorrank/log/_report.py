"""What reading a match log found, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field


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
