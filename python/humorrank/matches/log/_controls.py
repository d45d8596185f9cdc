"""The controls of a table: the columns of both sides, or the texts whose lengths are compared."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from humorrank._util.suggest import near
from humorrank.errors import InputError, OptionError
from humorrank.matches.log.formats.readings import Header
from humorrank.matches.log.tables.batch import RowBatch, is_missing, is_text
from humorrank.matches.log.tables.fields import base_of, fields_of_path, meant_inside
from humorrank.matches.log.tables.table import GAME_SCORES, Table

LENGTH: Final = "length"
"""The control that is computed from the texts if the log has no lengths."""

TEXTS: Final = (
    ("conversation_a", "conversation_b"),
    ("response_a", "response_b"),
    ("answer_a", "answer_b"),
    ("output_a", "output_b"),
    ("completion_a", "completion_b"),
    ("text_a", "text_b"),
    ("joke_a", "joke_b"),
    ("response_1", "response_2"),
    ("answer_1", "answer_2"),
    ("output_1", "output_2"),
    ("completion_1", "completion_2"),
    ("text_1", "text_2"),
)
"""The columns of texts from which lengths are computed, the first that exist."""

_SHOWN: Final = 30
_AT_ONCE: Final = 1 << 12
_ASSISTANT: Final = ("assistant", "model", "gpt")
_ROLE_KEYS: Final = ("role", "from")
_TEXT_KEYS: Final = ("content", "value", "text")


@dataclass(frozen=True)
class Control:
    """A control as a table has it.

    Attributes:
        name: Name of the control.
        columns: Columns of the contestants shown first and second, or one column of differences.
        texts: Whether the columns hold texts, whose lengths are the values.
        note: Note for the user on what is used, unless the columns are those of the name.
    """

    name: str
    columns: tuple[str, ...]
    texts: bool = False
    note: str | None = None

    def numbers(self, batch: RowBatch) -> list[np.ndarray]:
        """Returns the values of each column, with NaN for values that are not numbers.

        Raises:
            InputError: If a column holds neither numbers nor texts nor objects of numbers.
        """
        of_column = _lengths if self.texts else _amounts
        return [of_column(batch, column) for column in self.columns]


def sides(control: str) -> tuple[str, str]:
    """Returns the columns of a control for the contestants shown first and second."""
    return f"{control}_a", f"{control}_b"


def columns_of(control: str, names: Collection[str]) -> tuple[str, ...] | None:
    """Returns the columns of a control among names, or None if there are none.

    These are NAME_a and NAME_b, or the same with `a` and `b` inside the name (`sum_a_tokens` and
    `sum_b_tokens` of the control `sum_tokens`), or NAME itself. A name that is that of one side
    stands for both.

    Raises:
        OptionError: If the name is that of the second side, or several pairs of columns fit.
    """
    both = sides(control)
    if all(side in names for side in both):
        return both
    above, dot, leaf = control.rpartition(".")
    parts = leaf.split("_")

    def named(*parts: str) -> str:
        return f"{above}{dot}{'_'.join(parts)}"

    if control in names:
        for mine, other in (("a", "b"), ("b", "a")):
            for place, part in enumerate(parts):
                counterpart = named(*parts[:place], other, *parts[place + 1 :])
                if part == mine and len(parts) > 1 and counterpart in names:
                    if mine == "a":
                        return control, counterpart
                    raise OptionError(
                        f"the control {control!r} is of the contestant shown second; name the "
                        f"control {counterpart!r}, from which {control!r} is subtracted"
                    )
        return (control,)
    pairs = [
        (named(*parts[:place], "a", *parts[place:]), named(*parts[:place], "b", *parts[place:]))
        for place in range(len(parts))
    ]
    found = [pair for pair in pairs if all(side in names for side in pair)]
    if len(found) > 1:
        shown = " or ".join(repr(pair[0]) for pair in found)
        raise OptionError(f"the control {control!r} may be {shown}; name one of them")
    return found[0] if found else None


class Controls:
    """The controls of a log, table by table.

    Args:
        names: Names of the controls.

    Attributes:
        names: The same.
        bound: Controls of the last table.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.bound: list[Control] = []

    def columns(self, table: Table) -> list[str]:
        """Looks up the controls in a table, and returns their columns.

        Raises:
            InputError: If the objects of a column have no such field.
            OptionError: If there is no such column.
        """
        self.bound = [_control(table, name) for name in self.names]
        return [column for control in self.bound for column in control.columns]


def _control(table: Table, name: str) -> Control:
    own = [column for column in base_of(table).columns if column != GAME_SCORES]
    above, dot, _ = name.rpartition(".")
    beside = [f"{above}.{field}" for field in fields_of_path(table, above)] if dot else []
    found = columns_of(name, [*own, *beside])
    if found is not None:
        plain = found in ((name,), sides(name))
        note = None if plain else f"the control {name!r} is {found[0]!r} minus {found[1]!r}"
        return Control(name, found, note=note)
    header = Header(own)
    written = (tuple(header.find(side) for side in pair) for pair in TEXTS)
    texts = next(((one[0], other[0]) for one, other in written if one and other), None)
    if name == LENGTH and texts is not None:
        note = f"the control 'length' is the number of characters of the texts in {texts[0]!r} "
        return Control(name, texts, texts=True, note=f"{note}minus that in {texts[1]!r}")
    both = sides(name)
    missing = " or ".join(repr(column) for column in both if column not in (*own, *beside))
    hint = meant_inside(table, name, both[0])
    if beside:
        shown = ", ".join(beside[:_SHOWN]) + (" ..." if len(beside) > _SHOWN else "")
        hint = f"; there are the fields {shown}{near(both[0], beside)}"
    message = (
        f"the control {name!r}: {table.label} has neither the columns {both[0]!r} and {both[1]!r} "
        f"(there is no {missing}) nor a column {name!r} of differences (the contestant shown first "
        "minus the other)"
    )
    if name == LENGTH:
        message += ", nor texts from which lengths can be computed, such as "
        message += "'conversation_a' and 'conversation_b', or 'response_a' and 'response_b'"
    raise OptionError(message + hint)


def _amounts(batch: RowBatch, column: str) -> np.ndarray:
    """Returns a column of numbers, or of objects whose parts are numbers, which are added up."""
    values = batch.frame.get_column(column)
    lists = isinstance(values.dtype, pl.List | pl.Array)
    if values.dtype == pl.Object or (values.dtype.is_nested() and not lists):
        return _of_each(values, _sum)
    return batch.numbers(column).values


def _sum(value: object) -> float:
    """Returns a number, or the sum of the numbers in an object; NaN for anything else."""
    if isinstance(value, Mapping):
        parts = [_sum(part) for part in value.values() if not is_missing(part)]
        return sum(parts) if parts else math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _lengths(batch: RowBatch, column: str) -> np.ndarray:
    """Returns the number of characters of texts, or of the assistant's texts in conversations."""
    values = batch.frame.get_column(column)
    if is_text(values.dtype):
        text = values.cast(pl.String)
        if not text.str.starts_with("[").any():
            return text.str.len_chars().cast(pl.Float64).fill_null(math.nan).to_numpy()
    elif not (values.dtype.is_nested() or values.dtype in (pl.Object, pl.Null)):
        raise InputError(
            f"contains {values.dtype}, but must be texts or conversations, whose lengths are the "
            f"control {LENGTH!r}",
            file=batch.file,
            column=column,
        )
    return _of_each(values, _characters)


def _of_each(values: pl.Series, number: Callable[[object], float]) -> np.ndarray:
    """Returns a number for each value, a part of the values at a time to save memory."""
    parts = (values.slice(start, _AT_ONCE) for start in range(0, len(values), _AT_ONCE))
    return np.array([number(value) for part in parts for value in part.to_list()], np.float64)


def _characters(value: object) -> float:
    """Returns the number of characters of a text, a list of texts or the assistant's messages.

    A text that is a list in JSON counts as this list. Other values give NaN.
    """
    if isinstance(value, str):
        return _characters_of_list(value) if value.startswith("[") else len(value)
    if isinstance(value, Mapping):
        role = next((value[key] for key in _ROLE_KEYS if value.get(key) is not None), None)
        if role is not None and str(role).casefold() not in _ASSISTANT:
            return 0
        text = next((value[key] for key in _TEXT_KEYS if value.get(key) is not None), None)
        # A part that is not text, such as a picture, has no characters.
        return 0 if text is None else _characters(text)
    if isinstance(value, list | tuple | np.ndarray):
        return sum(_characters(part) for part in value if part is not None)
    return math.nan


def _characters_of_list(text: str) -> float:
    try:
        value = json.loads(text)
    except ValueError:
        return len(text)
    return _characters(value) if all(isinstance(v, str | dict | None) for v in value) else len(text)
