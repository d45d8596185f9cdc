"""The account of reading, kept with a tally: as JSON, added up, taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from humorrank.log import ReadReport

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
