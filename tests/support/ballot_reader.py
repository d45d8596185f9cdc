"""A second reader of ballots, totals and tables of wins, which shares no code with the library.

As in `support.reader`, the format of a file is given; the contents are read from the file alone.
"""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.reader import BAD, Counted, Form, amount_of, number_of, rows_of, text_of

EMPTY, TWICE, ALONE = "empty name", "model twice on a ballot", "ballot of one model"


class BadError(Exception):
    """Raised for a row that gives no matches."""


def count_ballots(path: Path, form: Form) -> Counted:
    """Counts the matches of a file.

    Raises:
        BrokenError: If the file cannot be read as a whole.
    """
    out = Counted()
    rows = []
    for number, row in rows_of(path, form):
        if row is None:
            out.bad.append((number, "ragged row"))
        else:
            rows.append((number, row))
    of = {
        "model-ranks": _gathered,
        "model-scores": _gathered,
        "ranking": _by_row,
        "best-worst": _by_row,
        "win-totals": _totals,
        "win-matrix": _matrix,
    }
    of[form.reading](out, rows, form)
    return out


def _add(out: Counted, match: tuple[str, str, str], count: int = 1, weight: float = 1.0) -> None:
    out.matches[match] += count
    out.weights[match] += count * weight


def _gathered(out: Counted, rows: list[tuple[int, dict]], form: Form) -> None:
    at = form.columns
    identity = (
        [at["ballot"]]
        if "ballot" in at
        else [at[role] for role in ("question_id", "turn", "judge") if role in at]
    )
    ballots: dict[tuple, list] = {}
    for number, row in rows:
        key = tuple(text_of(row.get(column)) for column in identity)
        model = text_of(row.get(at["model"]))
        value = number_of(row.get(at.get("rank", at.get("score"))))
        if (kind := _fault(key, model, value, ranks="rank" in at)) is not None:
            out.bad.append((number, kind))
        else:
            ballots.setdefault(key, []).append((number, model, value))
    for ballot in ballots.values():
        models = [model for _, model, _ in ballot]
        out.bad += [(n, TWICE) for n, model, _ in ballot if models.count(model) > 1]
        kept = [entry for entry in ballot if models.count(entry[1]) == 1]
        if len(kept) == 1:
            out.bad.append((kept[0][0], ALONE))
        for (_, one, mine), (_, other, theirs) in itertools.combinations(kept, 2):
            if "skip" in (mine, theirs):
                out.unjudged += 1
            elif mine == theirs:
                _add(out, (one, other, "tie"))
            else:
                higher = (mine > theirs) != (form.lower_wins or "rank" in at)
                _add(out, (one, other, "a") if higher else (other, one, "a"))


def _fault(key: tuple[str, ...], model: str, value: Any, *, ranks: bool) -> str | None:
    if not all(part.strip() for part in key):
        return "no ballot"
    if not model.strip():
        return EMPTY
    if value == "skip":
        return "missing rank" if ranks else None
    if value == BAD or not math.isfinite(value) or (ranks and value < 1):
        return "bad rank" if ranks else "bad score"
    return None


def _by_row(out: Counted, rows: list[tuple[int, dict]], form: Form) -> None:
    read = _ranking if form.reading == "ranking" else _choice
    for number, row in rows:
        try:
            pairs = read(row, form.columns)
        except BadError as error:
            out.bad.append((number, str(error)))
            continue
        if pairs is None:
            out.unjudged += 1
            continue
        count, weight = amount_of(row, form, "count"), amount_of(row, form, "weight")
        if count is None or count != int(count) or count >= 2**53:
            out.bad += [(number, "bad count")] * len(pairs)
        elif weight is None or not (weight == 0 or 1e-100 <= weight <= 1e100):
            out.bad += [(number, "bad weight")] * len(pairs)
        elif count == 0 or weight == 0:
            out.void += len(pairs)
        else:
            for pair in pairs:
                _add(out, pair, int(count), weight)


def _ranking(row: dict, at: dict[str, str]) -> list[tuple[str, str, str]] | None:
    value = row.get(at["ranking"])
    if isinstance(value, str) and not value.startswith("["):
        if not value.strip():
            return None
        if ">" in value or "=" in value:
            groups = [[n.strip() for n in g.split("=")] for g in value.split(">")]
        else:
            groups = [[name] for name in _names_in(value)]
    else:
        values = _listed(value)
        if not values:
            return None
        groups = [part if isinstance(part, list) else [part] for part in values]
    flat = [(name, place) for place, group in enumerate(groups) for name in group]
    names = _checked([name for name, _ in flat])
    return [
        (one, other, "a" if place < later else "tie")
        for (one, place), (other, later) in itertools.combinations(
            zip(names, [place for _, place in flat], strict=True), 2
        )
    ]


def _choice(row: dict, at: dict[str, str]) -> list[tuple[str, str, str]] | None:
    best, worst = text_of(row.get(at["best"])), text_of(row.get(at["worst"]))
    if not best.strip() and not worst.strip():
        return None
    if "items" in at:
        shown = _listed(row.get(at["items"])) or []
    else:
        cells = [row.get(column) for role, column in at.items() if role.startswith("item_")]
        shown = [cell for cell in cells if text_of(cell).strip()]
    names = _checked(shown)
    if not best.strip() or not worst.strip():
        raise BadError("best or worst is missing")
    if best not in names or worst not in names:
        raise BadError("best or worst was not shown")
    if best == worst:
        raise BadError("best is also worst")
    between = [name for name in names if name not in (best, worst)]
    pairs = [(best, name, "a") for name in [*between, worst]]
    return pairs + [(name, worst, "a") for name in between]


def _listed(value: Any) -> list | None:
    if value is None or isinstance(value, list):
        return value
    if not isinstance(value, str):
        raise BadError("not a list")
    if value.startswith("["):
        for parse in (json.loads, ast.literal_eval):
            try:
                return list(parse(value))
            except (ValueError, SyntaxError):
                continue
        raise BadError("not a list")
    return list(_names_in(value)) if value.strip() else None


def _names_in(text: str) -> Iterator[str]:
    marks = [mark for mark in ";|," if mark in text]
    if len(marks) > 1:
        raise BadError("not a list")
    parts = text.removesuffix(marks[0]).split(marks[0]) if marks else [text]
    return (part.strip() for part in parts)


def _checked(values: list) -> list[str]:
    names = [text_of(value) for value in values]
    if not all(name.strip() for name in names):
        raise BadError(EMPTY)
    if len(names) < 2:
        raise BadError(ALONE)
    if len(set(names)) < len(names):
        raise BadError(TWICE)
    return names


def _whole(value: Any) -> int | None:
    number = number_of(value)
    good = isinstance(number, float) and 0 <= number < 2**53 and number == int(number)
    return int(number) if good else None


def _totals(out: Counted, rows: list[tuple[int, dict]], form: Form) -> None:
    at = form.columns
    for number, row in rows:
        one, other = text_of(row.get(at["model_a"])), text_of(row.get(at["model_b"]))
        roles = [role for role in ("wins_a", "wins_b", "ties") if role in at]
        counts = [_whole(row.get(at[role])) for role in roles]
        if not one.strip() or not other.strip():
            out.bad.append((number, EMPTY))
        elif one == other:
            out.bad.append((number, "model against itself"))
        elif None in counts:
            out.bad.append((number, "bad number of wins"))
        elif not any(counts):
            out.void += 1
        else:
            for outcome, count in zip(("a", "b", "tie"), counts, strict=False):
                if count:
                    _add(out, (one, other, outcome), count)


def _matrix(out: Counted, rows: list[tuple[int, dict]], form: Form) -> None:
    first = form.columns["model"]
    for number, row in rows:
        name = text_of(row[first])
        for column, value in row.items():
            if column == first:
                continue
            count = 0 if number_of(value) == "skip" else _whole(value)
            if count is None:
                out.bad.append((number, "bad number of wins"))
            elif column == name and count:
                out.bad.append((number, "model against itself"))
            elif count:
                _add(out, (name, column, "a"), count)
