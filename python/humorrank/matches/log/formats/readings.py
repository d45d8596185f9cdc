"""The table of formats, and the columns by which they are recognized."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from humorrank.matches.log.formats import ballots as _ballots
from humorrank.matches.log.formats import decode as _decode
from humorrank.matches.log.formats import wins as _wins
from humorrank.matches.log.formats.decode import Decoder, DecoderSettings


@dataclass(frozen=True)
class Reading:
    """A format, that is a way of writing who played and who won.

    Attributes:
        name: Name of the format, as in `--reading`.
        says: Description for messages and documentation.
        shapes: Mappings from roles to names of columns, one for each spelling of the names.
        decoder: Function that creates the decoder.
        optional: Roles that the format has a meaning for, but does not need.
        ballots: Whether the matches are the pairs of ballots.
        whole: Whether all rows are decoded together.
    """

    name: str
    says: str
    shapes: tuple[Mapping[str, str], ...]
    decoder: Callable[[DecoderSettings], Decoder]
    optional: tuple[str, ...] = ()
    ballots: bool = False
    whole: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles for which the format needs columns."""
        return tuple(self.shapes[0])

    @property
    def gathered(self) -> bool:
        """Whether a ballot consists of several rows, which may be anywhere in the log."""
        return self.ballots and "model" in self.shapes[0]


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
        "two-scores",
        "two models, and the score of each; the higher one wins",
        _pairs(
            {"score_a": "score_a", "score_b": "score_b"},
            {"score_a": "score_1", "score_b": "score_2"},
        ),
        _decode.two_scores,
    ),
    Reading(
        "score",
        "two models, and the share of one of them from 0 to 1 (needs score_of, --score-of)",
        _pairs({"score": "score"}, {"score": "winner"}),
        _decode.score,
    ),
)

MOST_ITEM_COLUMNS: Final = 20
"""The largest number of columns for the items of a ballot."""

ITEM_ROLES: Final = tuple(f"item_{number}" for number in range(1, MOST_ITEM_COLUMNS + 1))

_MODELS: Final = (
    "model",
    "model_name",
    "model_id",
    "system",
    "contestant",
    "player",
    "candidate",
    "generator",
)


BEST_WORST: Final = (
    ("best", "worst"),
    ("best_item", "worst_item"),
    ("bestitem", "worstitem"),
    ("best_model", "worst_model"),
)


def _of_a_model(role: str, *columns: str) -> tuple[Mapping[str, str], ...]:
    return tuple({"model": model, role: column} for column in columns for model in _MODELS)


FURTHER_READINGS: Final[tuple[Reading, ...]] = (
    Reading(
        "model-ranks",
        "one model a row, and its rank among the models of the same ballot",
        _of_a_model("rank", "rank", "ranking", "place"),
        _ballots.one_model_a_row,
        optional=("ballot",),
        ballots=True,
    ),
    Reading(
        "model-scores",
        "one model a row, and its score, which is compared with those of the same ballot",
        _of_a_model("score", "score"),
        _ballots.one_model_a_row,
        optional=("ballot",),
        ballots=True,
    ),
    Reading(
        "ranking",
        "one ballot a row, with its models from best to worst",
        tuple({"ranking": name} for name in ("ranking", "ranked")),
        _ballots.ranking,
        optional=("ballot",),
        ballots=True,
    ),
    Reading(
        "best-worst",
        "one ballot a row, with the models shown, the best and the worst",
        tuple(
            {"best": best, "worst": worst, "items": items}
            for best, worst in BEST_WORST
            for items in ("items", "shown", "options", "choices", "models", "candidates")
        ),
        _ballots.best_worst,
        optional=("ballot", *ITEM_ROLES),
        ballots=True,
    ),
    Reading(
        "win-totals",
        "two models, and how often each of them won",
        _pairs(
            *({"wins_a": f"{word}_a", "wins_b": f"{word}_b"} for word in ("wins", "won")),
            *({"wins_a": f"{word}_1", "wins_b": f"{word}_2"} for word in ("wins", "won")),
        ),
        _wins.totals,
        optional=("ties",),
    ),
    Reading(
        "win-matrix",
        "a table of how often the model of the row beat the model of the column",
        ({"model": "model"},),
        _wins.matrix,
        whole=True,
    ),
)
"""The formats of rankings, scores and totals. They are considered only if no other format fits."""

BY_NAME: Final[Mapping[str, Reading]] = {
    reading.name: reading for reading in (*READINGS, *FURTHER_READINGS)
}

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
"""The optional roles, and the column names by which they are recognized, best first."""

ALIASES: Final[Mapping[str, str]] = {"prompt": "question_id"}
"""Alternative names of roles for the option `columns`."""

ROLES: Final = frozenset(
    {role for known in BY_NAME.values() for role in (*known.roles, *known.optional)}
    | set(EXTRAS)
    | set(ALIASES)
)

_SIDES: Final = frozenset({"a", "b", "x", "y", "left", "right"})
_KNOWN: Final = frozenset(
    {column for reading in READINGS for shape in reading.shapes for column in shape.values()}
    | {column for columns in EXTRAS.values() for column in columns}
    | {"games", "id", "chosen", "rejected"}
)


def plain_name(column: str) -> str:
    """Returns a column name in lower case with `_` for spaces and hyphens, as in the table."""
    return re.sub(r"[\s-]+", "_", column.strip()).casefold()


def is_header(cells: Sequence[str]) -> bool:
    """Returns whether the first row of a file consists of column names.

    In a file of two columns `a`, `b`, `x`, `y`, `left` and `right` could also be contestants, so
    they do not count as column names.
    """
    known = _KNOWN - _SIDES if len(cells) == 2 else _KNOWN
    return any(plain_name(cell) in known for cell in cells)


@dataclass(frozen=True)
class Binding:
    """A format, and the columns of a file that have its roles.

    Attributes:
        reading: Format.
        columns: Columns by role, as spelled in the file.
        extras: Columns by optional role.
        items: Columns of the items of a ballot, or of the opponents of a table of wins.
        unused: Columns that could be counts or weights, but have no meaning in the format.
    """

    reading: Reading
    columns: Mapping[str, str]
    extras: Mapping[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def outcome_column(self) -> str:
        """The column that says who won, or the first of several."""
        return next(c for role, c in self.columns.items() if role not in ("model_a", "model_b"))

    def describe(self) -> str:
        """Returns the format and its columns as text for a message."""
        return f"{self.reading.name} ({', '.join(self.columns.values())}: {self.reading.says})"


class Header:
    """The columns of a file, which can be found by their plain names."""

    def __init__(self, columns: Iterable[str]) -> None:
        self.columns = list(columns)
        self._found: dict[str, list[str]] = {}
        for column in self.columns:
            self._found.setdefault(plain_name(column), []).append(column)

    def find(self, name: str) -> list[str]:
        """Returns the columns whose plain name is the given one."""
        return self._found.get(name, [])
