"""Recognizes the format of a file by its columns and its winner words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from humorrank.errors import InputError
from humorrank.matches.log.formats import further
from humorrank.matches.log.formats.decode import SCORE_HELP
from humorrank.matches.log.formats.readings import (
    ALIASES,
    BY_NAME,
    EXTRAS,
    FURTHER_READINGS,
    READINGS,
    Binding,
    Header,
    Reading,
    plain_name,
)
from humorrank.matches.log.formats.words import WORDS, is_bare_number, normalized
from humorrank.matches.log.tables.fields import base_of, meant_inside
from humorrank.matches.log.tables.table import GAME_SCORES, Table
from humorrank.matches.outcomes import FIRST, SECOND, UNJUDGED

_SIDE_OF_PAIR = {
    frozenset({"left", "right"}): ("left", "right"),
    frozenset({"x", "y"}): ("x", "y"),
    frozenset({"model_x", "model_y"}): ("x", "y"),
}


def recognise(
    table: Table,
    wanted: Mapping[str, str],
    score_of: Literal["a", "b"] | None,
    reading: str | None,
    *,
    lower_wins: bool = False,
) -> Binding:
    """Returns the only format that fits a table.

    Args:
        table: File or frame.
        wanted: Columns by role that the user has specified.
        score_of: Model ("a" or "b") whose share is in a column, if the user has specified it.
        reading: Name of the format, if the user has specified it.
        lower_wins: Whether the user has specified that the lower of two scores wins, which implies
            a format with scores.

    Raises:
        InputError: If no format fits, or several do.
    """
    wanted = {ALIASES.get(role, role): column for role, column in wanted.items()}
    own = base_of(table).columns
    for role, column in wanted.items():
        if column not in table.columns:
            shown = [column for column in own if column != GAME_SCORES]
            message = f"there is no column {column!r} for {role}{_found(shown, column)}"
            message += meant_inside(table, column)
            raise InputError(message, file=table.label, column=column)
    about = _Columns(table.label, tuple(own), table.headerless)
    if reading is None and {"score_a", "score_b"} & set(wanted):
        reading = "two-scores"
    said = "two-scores" if lower_wins and reading is None else reading
    candidates: Sequence[Binding] = ()
    if reading not in _FURTHER:
        candidates = _bindings(about, tuple(wanted.items()), score_of, said)
    if not candidates and said is None and score_of is None:
        candidates = _bindings(about, tuple(wanted.items()), None, "two-scores")
    if not candidates and score_of is None and (reading is None or reading in _FURTHER):
        candidates = _further(table, about, wanted, "model-scores" if lower_wins else reading)
        reading = said
    if not candidates:
        _explain_missing(about, wanted, score_of, reading)
    return candidates[0] if len(candidates) == 1 else _decide(table, candidates)


@dataclass(frozen=True)
class _Columns:
    """The properties of a table that are known before any of its rows is read."""

    label: str
    columns: tuple[str, ...]
    headerless: bool


@lru_cache(maxsize=64)
def _bindings(
    table: _Columns,
    wanted: tuple[tuple[str, str], ...],
    score_of: Literal["a", "b"] | None,
    reading: str | None,
) -> tuple[Binding, ...]:
    """Returns the formats that fit the columns, cached because most tables have the same ones."""
    header, said = Header(table.columns), dict(wanted)
    extras = _extras(header, said)
    candidates = _candidates(table, header, said, _pool(score_of, reading))
    return tuple(Binding(found.reading, found.columns, extras) for found in candidates)


def _further(
    table: Table, about: _Columns, wanted: Mapping[str, str], reading: str | None
) -> list[Binding]:
    """Returns the formats of rankings, scores and counted wins that fit the columns of a table."""
    header = Header(column for column in table.columns if column != GAME_SCORES)
    pool = [known for known in FURTHER_READINGS if reading in (None, known.name)]
    shaped = [known for known in pool if known.name != "win-matrix"]
    found = _candidates(about, header, wanted, shaped)
    if any(known.name == "best-worst" for known in pool):
        found += further.item_bindings(header, wanted)
    if not found and any(known.name == "win-matrix" for known in pool):
        named = reading == "win-matrix"
        matrix = further.matrix_binding(table, header.columns, wanted, named=named)
        found += [] if matrix is None else [matrix]
    extras = _extras(header, wanted)
    return [further.completed(each, about.label, header, wanted, extras) for each in found]


_FURTHER: Final = frozenset(known.name for known in FURTHER_READINGS)

_LAST: Final = ("score", "two-scores")
"""The formats that are considered only if no other one fits the columns, or if they are named."""


def _pool(score_of: str | None, reading: str | None) -> list[Reading]:
    if reading is not None:
        return [BY_NAME[reading]]
    if score_of is not None:
        return [BY_NAME["score"]]
    return [known for known in READINGS if known.name not in _LAST]


def _candidates(
    table: _Columns, header: Header, wanted: Mapping[str, str], pool: Iterable[Reading]
) -> list[Binding]:
    said = {role for role in wanted if role not in EXTRAS}
    out: list[Binding] = []
    for reading in pool:
        if not said <= {*reading.roles, *reading.optional}:
            continue
        if reading.name == "headerless" and not (table.headerless and len(table.columns) == 2):
            continue
        for shape in reading.shapes:
            found = {
                role: [wanted[role]] if role in wanted else header.find(name)
                for role, name in shape.items()
            }
            if not all(found.values()):
                continue
            for columns in found.values():
                if len(columns) > 1:
                    message = f"columns {' and '.join(map(repr, columns))} have the same meaning; "
                    message += "specify one of them with --columns (columns=)"
                    raise InputError(message, file=table.label, column=columns[0])
            binding = Binding(reading, {role: names[0] for role, names in found.items()})
            if not any(_alike(binding, other) for other in out):
                out.append(binding)
    return out


def _alike(one: Binding, other: Binding) -> bool:
    """Returns whether two bindings give the same matches, or differ only in the score column."""
    if one.reading.decoder is not other.reading.decoder:
        return False
    if one.reading.name == "score":
        return all(one.columns[role] == other.columns[role] for role in ("model_a", "model_b"))
    return one.columns == other.columns


def _extras(header: Header, wanted: Mapping[str, str]) -> dict[str, str]:
    out = {}
    for role, names in EXTRAS.items():
        found = [column for name in names for column in header.find(name)]
        if role in wanted:
            out[role] = wanted[role]
        elif found:
            out[role] = found[0]
    return out


def judge_columns(table: Table) -> list[str]:
    """Returns all columns that may contain the judge."""
    header = Header(table.columns)
    return [column for name in EXTRAS["judge"] for column in header.find(name)]


_MOST, _HALF = 0.9, 0.5
"""A format is chosen if at least this share of the sampled outcomes fits it, and if no other format
fits this share of them."""


def _decide(table: Table, candidates: Sequence[Binding]) -> Binding:
    """Returns the candidate that the winner column fits."""
    by_word = [binding for binding in candidates if binding.reading.name == "winner-word"]
    by_name = [binding for binding in candidates if binding.reading.name == "winner-name"]
    others = [b for b in candidates if b not in by_word and b not in by_name]

    columns = {binding.columns["winner"] for binding in (*by_word, *by_name)}
    words = {column: _judged_words(table, column) for column in columns}
    alone = len(by_word) == 1
    spoken = [b for b in by_word if _words_fit(words[b.columns["winner"]], b, alone=alone)]
    shares = [] if spoken else _shares(table, by_word, by_name, alone=alone)
    fitting = [*spoken, *_chosen(shares), *others]
    named = [b for b in fitting if b.reading.name == "winner-name"]
    for column in columns:
        _refuse_numbers(table, column, words[column], may_be_names=bool(named))
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and len(by_word) == 1 and not any(share for _, share in shares):
        # The words are all unjudged or unknown, so they do not decide.
        return by_word[0]
    some = [binding for binding, share in shares if share]
    raise InputError(ambiguous(fitting or some or by_word or by_name), file=table.label)


def _judged_words(table: Table, column: str) -> list[str]:
    words = table.words(column)
    return [word for word in words if word and WORDS.get(normalized(word)) != UNJUDGED]


def _sides(binding: Binding, *, alone: bool) -> set[str] | None:
    """Returns the words that refer to the sides of a pair of columns, or None for all words."""
    if alone:
        return None
    pair = [plain_name(binding.columns["model_a"]), plain_name(binding.columns["model_b"])]
    return {*pair, *_SIDE_OF_PAIR.get(frozenset(pair), ("a", "b"))}


def _words_fit(words: Sequence[str], binding: Binding, *, alone: bool) -> bool:
    """Returns whether all winner words are known, and refer to the sides of a pair of columns."""
    known = {normalized(word) for word in words}
    sides = {word for word in known if WORDS.get(word) in (FIRST, SECOND)}
    if not known or not known <= set(WORDS) or not (sides or alone):
        return False
    allowed = _sides(binding, alone=alone)
    return allowed is None or sides <= allowed


def _shares(
    table: Table, by_word: Sequence[Binding], by_name: Sequence[Binding], *, alone: bool
) -> list[tuple[Binding, float]]:
    """Returns the share of the decisive outcomes in the first rows that fits each format.

    Ties fit both formats, so they do not count.
    """
    found: list[tuple[Binding, float]] = []
    for binding in (*by_word, *by_name):
        sample = table.sample(sorted(binding.columns.values()))
        first, second, winner = (
            sample.text(binding.columns[role]).to_list()
            for role in ("model_a", "model_b", "winner")
        )
        sides = _sides(binding, alone=alone)
        fits = decisive = 0
        for one, other, won in zip(first, second, winner, strict=True):
            word = None if won is None else normalized(won)
            if word is None or WORDS.get(word, FIRST) not in (FIRST, SECOND):
                continue
            decisive += 1
            if binding in by_name:
                fits += won in (one, other)
            else:
                fits += word in WORDS and (sides is None or word in sides)
        found.append((binding, fits / decisive if decisive else 0.0))
    return found


def _chosen(shares: Sequence[tuple[Binding, float]]) -> list[Binding]:
    """Returns the formats that cannot be excluded by the shares of outcomes that fit them.

    A format that nearly all outcomes fit is chosen, and so is the only one that any of them fits:
    the outcomes that do not fit are bad rows.
    """
    some = [binding for binding, share in shares if share]
    if len(some) == 1:
        return some
    if not any(share >= _MOST for _, share in shares):
        return []
    return [binding for binding, share in shares if share >= _HALF]


def _refuse_numbers(table: Table, column: str, words: Sequence[str], *, may_be_names: bool) -> None:
    """Refuses winner columns of numbers, which could be shares.

    Numbers that may be names are refused only if they all lie between 0 and 1.
    """
    if not words or not all(map(is_bare_number, words)):
        return
    if not may_be_names:
        message = f"contains {words[0]!r}: {SCORE_HELP.replace('NAME', column)}"
    elif all(normalized(word) in ("true", "false") or 0 <= float(word) <= 1 for word in words):
        message = f"{words[0]!r} may be the name of a model or a share; set --reading winner-name, "
        message += "or --score-of a or --score-of b (reading= and score_of= in Python)"
    else:
        return
    raise InputError(message, file=table.label, column=column, value=words[0])


def ambiguous(bindings: Sequence[Binding]) -> str:
    """Returns the message for formats that fit equally, with the options that choose one."""
    both = " or ".join(binding.describe() for binding in bindings)
    if len({binding.reading.name for binding in bindings}) == len(bindings):
        option = " or ".join(f"--reading {binding.reading.name}" for binding in bindings)
        argument = "reading"
    else:
        argument = "columns"
        option = " or ".join(
            "--columns " + ",".join(f"{role}={column}" for role, column in b.columns.items())
            for b in bindings
        )
    return f"can be read as {both}; choose one with {option} ({argument}= in Python)"


def _explain_missing(
    table: _Columns,
    wanted: Mapping[str, str],
    score_of: Literal["a", "b"] | None,
    reading: str | None,
) -> None:
    header = Header(table.columns)
    columns = [column for column in table.columns if column != GAME_SCORES]
    if reading is None and score_of is None:
        shares = _candidates(table, header, wanted, [BY_NAME["score"]])
        if shares:
            column = shares[0].columns["score"]
            message = SCORE_HELP.replace("NAME", column)
            raise InputError(message, file=table.label, column=column)
    said = {role for role in wanted if role not in EXTRAS}
    shapes = [
        shape
        for known in _pool(score_of, reading)
        for shape in known.shapes
        if said <= set(shape) and known.name != "headerless"
    ]
    if not shapes:
        message = f"no format has {', '.join(sorted(said))} together; see --columns (columns=) "
        message += "and --reading (reading=)"
        raise InputError(message, file=table.label)

    def missing(shape: Mapping[str, str]) -> list[str]:
        return [role for role in shape if role not in wanted and not header.find(shape[role])]

    if not wanted and header.find("model") and any(header.find(name) for name in _ONE_SIDE):
        message = "has one model per row, but every row must be a match of two models with its "
        message += "outcome, as in model_a,model_b,winner, or the score of a model on a prompt, as "
        message += f"in prompt,model,score{_found(columns, '')}; specify the columns with --columns"
        message += " prompt=NAME,model=NAME,score=NAME (columns=)"
        raise InputError(message, file=table.label)

    # The first shape with the most columns present, or the usual one if there are none.
    best = max(shapes, key=lambda shape: len(shape) - len(missing(shape)))
    lacking = missing(best)
    message = f"there is no column {' and no column '.join(repr(best[r]) for r in lacking)}"
    message += _found(columns, best[lacking[0]])
    guess = None if wanted or reading or score_of else _guess(header)
    choose = ",".join(f"{role}=NAME" for role in lacking)
    if guess is not None:
        choose = ",".join(f"{role}={column}" for role, column in guess.items())
        message += f"; if these are the columns, set --columns {choose} (columns= in Python)"
    else:
        message += f"; specify the columns with --columns {choose} (columns= in Python)"
    if not any(header.find(name) for shape in shapes for name in shape.values()):
        message += "; if the file has no header, its columns are column_1, column_2, ..."
    raise InputError(message, file=table.label, column=best[lacking[0]])


_ONE_SIDE: Final = ("score", "rating", "elo", "accuracy")
_PAIRED: Final = (("1", "2"), ("_a", "_b"), ("white", "black"), ("home", "away"))


def _guess(header: Header) -> dict[str, str] | None:
    """Returns columns that probably are a winner and a loser, or two models and the winner."""
    plain = {plain_name(column): column for column in header.columns}
    won = [column for name, column in plain.items() if name.startswith(("winner", "winning"))]
    lost = [column for name, column in plain.items() if name.startswith(("loser", "losing"))]
    if len(won) == 1 and len(lost) == 1:
        return {"winner": won[0], "loser": lost[0]}
    pairs = [
        (column, plain[name.removesuffix(one) + other])
        for one, other in _PAIRED
        for name, column in plain.items()
        if name.endswith(one) and name.removesuffix(one) + other in plain
    ]
    outcome = won or header.find("result") or header.find("outcome")
    if len(pairs) == 1 and len(outcome) == 1:
        return {"model_a": pairs[0][0], "model_b": pairs[0][1], "winner": outcome[0]}
    return None


def _found(columns: Sequence[str], name: str) -> str:
    shown = ", ".join(repr(column) for column in columns[:30]) or "none"
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    plains = {plain_name(column): column for column in columns}
    close = difflib.get_close_matches(plain_name(name), plains, n=1, cutoff=0.7)
    hint = f"; did you mean {plains[close[0]]!r}?" if close else ""
    return f" (columns found: {shown}{more}{hint})"
