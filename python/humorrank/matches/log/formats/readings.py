"""The table of formats: which columns make a file which format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from humorrank.matches.log.formats import decode as _decode
from humorrank.matches.log.formats.decode import Decoder, DecoderSettings


@dataclass(frozen=True)
class Reading:
    """A way of writing who played and who won.

    Attributes:
        name: what `--reading` calls it.
        says: in words, for errors and docs.
        shapes: the columns that hold its roles; one mapping of role -> column a spelling.
        decoder: makes its decoder.
    """

    name: str
    says: str
    shapes: tuple[Mapping[str, str], ...]
    decoder: Callable[[DecoderSettings], Decoder]

    @property
    def roles(self) -> tuple[str, ...]:
        """What columns it needs, whatever they are called."""
        return tuple(self.shapes[0])


PAIRS: Final[tuple[tuple[str, str], ...]] = (
    ("model_a", "model_b"),
    ("model_1", "model_2"),
    ("model_x", "model_y"),
    ("left", "right"),
    ("a", "b"),
    ("x", "y"),
    ("player_1", "player_2"),
    ("player_a", "player_b"),
    ("contestant_a", "contestant_b"),
    ("contestant_1", "contestant_2"),
    ("generator_1", "generator_2"),
    ("model_a_name", "model_b_name"),
)


def _pairs(*others: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
    return tuple(
        {"model_a": first, "model_b": second, **other}
        for other in others
        for first, second in PAIRS
    )


READINGS: Final[tuple[Reading, ...]] = (
    Reading(
        "winner-word",
        "two models, and a word for the side that won",
        _pairs({"winner": "winner"}),
        _decode.winner_word,
    ),
    Reading(
        "winner-name",
        "two models, and the name of the one that won",
        _pairs({"winner": "winner"}),
        _decode.winner_name,
    ),
    Reading(
        "one-hot",
        "two models, and three columns of which exactly one is 1 (LMArena 55k)",
        _pairs({name: name for name in ("winner_model_a", "winner_model_b", "winner_tie")}),
        _decode.one_hot,
    ),
    Reading(
        "comparia",
        "two models, the chosen one's name, and whether both are equal (ComparIA)",
        (
            {
                "model_a": "model_a_name",
                "model_b": "model_b_name",
                "chosen": "chosen_model_name",
                "both_equal": "both_equal",
            },
        ),
        _decode.chosen_name,
    ),
    Reading(
        "alpaca-eval",
        "two generators, and a preference from 1 to 2 (AlpacaEval's annotations.json)",
        (
            {
                "model_a": "generator_1",
                "model_b": "generator_2",
                "preference": "preference",
            },
        ),
        _decode.preference,
    ),
    Reading(
        "mt-bench-pair",
        "two models, and the winners of two games (MT-bench's gpt-4_pair.jsonl)",
        (
            {
                "model_a": "model_1",
                "model_b": "model_2",
                "game_1": "g1_winner",
                "game_2": "g2_winner",
            },
        ),
        _decode.two_games,
    ),
    Reading(
        "arena-hard",
        "a baseline, a model, and a list of games with their verdicts (arena-hard-auto)",
        ({"model_a": "baseline", "model_b": "model", "games": "games[].score"},),
        _decode.verdicts,
    ),
    Reading(
        "winner-loser",
        "the winner, and the loser",
        ({"winner": "winner", "loser": "loser"},),
        _decode.first_column_won,
    ),
    Reading(
        "chosen-rejected",
        "the model that was chosen, and the one that was rejected",
        ({"winner": "chosen_model", "loser": "rejected_model"},),
        _decode.first_column_won,
    ),
    Reading(
        "headerless",
        "two columns without a header, winner first",
        ({"winner": "column_1", "loser": "column_2"},),
        _decode.first_column_won,
    ),
    Reading(
        "score",
        "two models, and the share of one of them from 0 to 1 (needs --score-of)",
        _pairs({"score": "score"}, {"score": "winner"}),
        _decode.score,
    ),
)

BY_NAME: Final[Mapping[str, Reading]] = {reading.name: reading for reading in READINGS}

EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "count": ("count",),
    "weight": ("weight",),
    "question_id": ("question_id", "prompt_id", "prompt", "instruction", "uid"),
    "judge": ("judge", "judge_hash", "judge_id", "annotator", "worker"),
    "language": ("language", "lang"),
    "turn": ("turn",),
    "anony": ("anony",),
    "tstamp": ("tstamp", "timestamp"),
}
"""What may stand beside an outcome, under the names that we write, and how others call it."""

ALIASES: Final[Mapping[str, str]] = {"prompt": "question_id"}
"""Other names of roles that `columns` takes."""

ROLES: Final = frozenset(
    {role for reading in READINGS for role in reading.roles} | set(EXTRAS) | set(ALIASES)
)

_SIDES: Final = frozenset({"a", "b", "x", "y", "left", "right"})
_KNOWN: Final = frozenset(
    {column for reading in READINGS for shape in reading.shapes for column in shape.values()}
    | {column for columns in EXTRAS.values() for column in columns}
    | {"games", "id", "chosen", "rejected"}
)


def plain_name(column: str) -> str:
    """A column name as the table spells it: small letters, `_` for spaces and hyphens."""
    return re.sub(r"[\s-]+", "_", column.strip()).casefold()


def is_header(cells: Sequence[str]) -> bool:
    """Whether the first row of a file names its columns.

    In a file of two columns, `a`, `b`, `x`, `y`, `left` and `right` may as well be contestants.
    """
    known = _KNOWN - _SIDES if len(cells) == 2 else _KNOWN
    return any(plain_name(cell) in known for cell in cells)


@dataclass(frozen=True)
class Binding:
    """A reading, and the columns of one file that hold its roles.

    Attributes:
        reading: the format.
        columns: role -> column, as the file spells it.
        extras: role -> column of what may stand beside the outcome.
    """

    reading: Reading
    columns: Mapping[str, str]
    extras: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome_column(self) -> str:
        """The column that says who won, or the first of them."""
        return next(c for role, c in self.columns.items() if role not in ("model_a", "model_b"))

    def describe(self) -> str:
        """The reading and its columns, for a message."""
        return f"{self.reading.name} ({', '.join(self.columns.values())}: {self.reading.says})"


class Header:
    """The columns of a file, found by their plain names."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = list(columns)
        self._found: dict[str, list[str]] = {}
        for column in self.columns:
            self._found.setdefault(plain_name(column), []).append(column)

    def find(self, name: str) -> list[str]:
        """The columns that may be meant by a name of the table."""
        return self._found.get(name, [])
