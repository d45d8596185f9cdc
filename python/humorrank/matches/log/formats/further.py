"""The columns of rankings, scores and counted wins, beyond those that have one fixed name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from humorrank.errors import InputError
from humorrank.matches.log.formats.readings import (
    BEST_WORST,
    BY_NAME,
    ITEM_ROLES,
    Binding,
    Header,
    plain_name,
)
from humorrank.matches.log.tables.csv import CsvTable
from humorrank.matches.log.tables.table import Table

BALLOT: Final = "ballot"
"""The role of the column that identifies a ballot, and the key by which ballots are told apart."""

_BALLOTS: Final = ("ballot", "ballot_id")
_JUDGES: Final = ("voter", "voter_id", "rater", "rater_id", "annotator_id")
_PROMPTS: Final = ("question",)
_TIES: Final = ("ties", "tie", "draws", "draw")
_AMOUNTS: Final = ("count", "weight")
_RANKINGS: Final = frozenset(shape["ranking"] for shape in BY_NAME["ranking"].shapes)
_ITEM: Final = re.compile(
    r"(item|option|choice|model|system|contestant|player|candidate|generator|term)(_?\d+|_[a-z])"
)
_SAME: Final = 0.5
"""The share of names that the rows and columns of a table of wins must have in common, so that it
is recognized as such and its faults are named."""


def with_header(table: Table) -> Table:
    """Returns a text of two columns with a header if one of them evidently contains rankings.

    The header of such a text is not recognized by its names alone, because the names of two columns
    could also be contestants.
    """
    if not isinstance(table, CsvTable) or not table.headerless or len(table.columns) != 2:
        return table
    frame = table.sample(table.columns).frame
    for column in frame.get_columns():
        name, *texts = column.to_list() or [""]
        if plain_name(name) in _RANKINGS and texts and all(map(_is_ranking, texts)):
            notes = [note for note in table.notes if "not a header" not in note]
            return replace(table, columns=list(frame.row(0)), headerless=False, notes=notes)
    return table


def _is_ranking(text: str) -> bool:
    return not text.strip() or any(mark in text for mark in ">=[;|,")


def item_bindings(header: Header, wanted: Mapping[str, str]) -> list[Binding]:
    """Returns the ways to read a best and a worst choice with a column for each model shown."""
    given = [role for role in ITEM_ROLES if role in wanted]
    groups: dict[str, list[str]] = {}
    for column in header.columns:
        if (match := _ITEM.fullmatch(plain_name(column))) is not None:
            groups.setdefault(match[1], []).append(column)
    items = [[wanted[role] for role in given]] if given else list(groups.values())
    out = []
    for best, worst in BEST_WORST:
        ends = {
            role: [wanted[role]] if role in wanted else header.find(name)
            for role, name in (("best", best), ("worst", worst))
        }
        if not all(len(columns) == 1 for columns in ends.values()):
            continue
        for columns in items:
            if 2 <= len(columns) <= len(ITEM_ROLES):
                roles = {role: found[0] for role, found in ends.items()}
                roles |= dict(zip(ITEM_ROLES, columns, strict=False))
                binding = Binding(BY_NAME["best-worst"], roles)
                if binding not in out:
                    out.append(binding)
    return out


def matrix_binding(
    table: Table, columns: Sequence[str], wanted: Mapping[str, str], *, named: bool
) -> Binding | None:
    """Returns how to read a table of wins, or None if a table is none.

    Args:
        table: File or frame.
        columns: Columns of the table.
        wanted: Columns by role that the user has specified.
        named: Whether the user has specified the format.
    """
    if not set(wanted) <= {"model"} or len(columns) < 3:
        return None
    first = wanted.get("model", columns[0])
    others = tuple(column for column in columns if column != first)
    binding = Binding(BY_NAME["win-matrix"], {"model": first}, {}, others)
    if named:
        return binding
    try:
        names = set(table.words(first))
    except InputError as error:
        if error.row is not None:
            raise
        # The column is not text.
        return None
    same = len(names & set(others))
    return binding if same >= 2 and same >= _SAME * max(len(names), len(others)) else None


def completed(
    binding: Binding, table: str, header: Header, wanted: Mapping[str, str], extras: dict[str, str]
) -> Binding:
    """Adds the optional columns to a format, and checks that its ballots can be told apart.

    Args:
        binding: Format and the columns that it needs.
        table: Name of the table in error messages.
        header: Columns of the table.
        wanted: Columns by role that the user has specified.
        extras: Columns by optional role that all formats have.

    Raises:
        InputError: If no column says which rows are a ballot, or a role does not apply.
    """
    reading, columns = binding.reading, dict(binding.columns)
    extras = dict(extras) if reading.name != "win-matrix" else {}
    unused: list[str] = []
    if not reading.ballots or "model" in reading.roles:
        for role in _AMOUNTS:
            if role in wanted:
                message = f"has the format {reading.name}, in which a {role} has no meaning"
                raise InputError(message, file=table, column=wanted[role])
            if role in extras:
                unused.append(extras.pop(role))
    if "ties" in reading.optional:
        ties = [wanted["ties"]] if "ties" in wanted else _found(header, _TIES)
        columns |= {"ties": ties[0]} if ties else {}
    if reading.ballots:
        for role, names in ((BALLOT, _BALLOTS), ("judge", _JUDGES), ("question_id", _PROMPTS)):
            found = [wanted[role]] if role in wanted else _found(header, names)
            if found and role not in extras:
                extras[role] = found[0]
    done = replace(binding, columns=columns, extras=extras, unused=tuple(unused))
    if "model" in reading.roles and reading.ballots and not ballot_columns(done):
        what = "rank" if "rank" in reading.roles else "score"
        raise InputError(
            f"has one model per row, but every row must be a match of two models, or the {what} of "
            f"a model on a ballot, as in prompt,model,{what}: there is no column of prompts, judges"
            " or ballots; specify it with --columns prompt=NAME, judge=NAME or ballot=NAME "
            f"(columns=) (columns found: {', '.join(map(repr, header.columns[:30]))})",
            file=table,
        )
    return done


def ballot_columns(binding: Binding) -> tuple[str, ...]:
    """Returns the columns that together identify the ballot of a row.

    This is the column of ballots if there is one, and otherwise those of the prompt, the turn and
    the judge, as far as they exist.
    """
    extras = binding.extras
    if BALLOT in extras:
        return (extras[BALLOT],)
    if "question_id" not in extras and "judge" not in extras:
        return ()
    return tuple(extras[role] for role in ("question_id", "turn", "judge") if role in extras)


def _found(header: Header, names: Sequence[str]) -> list[str]:
    return [column for name in names for column in header.find(name)]
