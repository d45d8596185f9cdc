"""Decoders of outcomes, one for each way of writing who won.

Each function here takes the settings of a pass and returns a decoder. A decoder is a function of a
batch and of the columns by role.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from humorrank.matches.log.formats.words import (
    ALLOWED_WORDS,
    STRONG,
    VERDICTS,
    WORDS,
    WordTable,
    is_bare_number,
    normalized,
)
from humorrank.matches.log.tables.batch import (
    Numbers,
    RowBatch,
    comma_hint,
    is_missing,
    shortened_value,
)
from humorrank.matches.outcomes import BAD, BOTH_BAD, FIRST, SECOND, SOFT, TIE, UNJUDGED

SCORE_HELP: Final = (
    "a number alone does not say who won; if it is the share of model_a from 0 to 1, set "
    "--score-of a and --columns score=NAME; if it is that of model_b, set --score-of b (score_of= "
    "and columns= in Python)"
)


@dataclass(frozen=True)
class Problem:
    """An error in a single value.

    Attributes:
        column: Column of the value.
        value: Value.
        message: Message that says what is wrong and what is allowed.
    """

    column: str
    value: object
    message: str


@dataclass(frozen=True)
class BadRow:
    """A row that gives no matches.

    Attributes:
        row: Row of the batch.
        kind: Short name by which such rows are counted.
        problem: Error of the row.
    """

    row: int
    kind: str
    problem: Problem


@dataclass(frozen=True)
class Decoded:
    """The matches of a batch, including unjudged ones.

    Attributes:
        first: Names of the contestants shown first, as text.
        second: Names of the contestants shown second, as text.
        outcome: Outcomes, uint8, as in `humorrank.matches.outcomes`.
        kind: Short name by which rows with outcome BAD are counted ("unknown winner word").
        problem: Function that describes the error at a position with outcome BAD.
        score: Shares of the contestants shown first if the outcome is SOFT. Others are undefined.
        source: Row of the batch of each match, or None if each row is one match.
        swapped: Mask of the matches in which the contestant in the second column of the row was
            shown first, or None if there are none.
        words: Distinct winner words, and the code of the word of each match, if words could be
            names.
        strong: Mask of clear wins (A>>B), or None if the format has none.
        count: Number of identical matches that each match stands for, float64, or None for one.
        left: Rows that give no matches because they are bad, in order.
        unjudged: Rows that give no matches because they have no outcome, in order.
        notes: Notes for the user on how the values are read.
    """

    first: pl.Series
    second: pl.Series
    outcome: np.ndarray
    kind: str
    problem: Callable[[int], Problem]
    score: np.ndarray | None = None
    source: np.ndarray | None = None
    swapped: np.ndarray | None = None
    words: tuple[list[str], np.ndarray] | None = None
    strong: np.ndarray | None = None
    count: np.ndarray | None = None
    left: Sequence[BadRow] = ()
    unjudged: Sequence[int] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class DecoderSettings:
    """The options that determine the meaning of values.

    Attributes:
        score_of: Model ("a" or "b") whose share is in the score column.
        words: Outcomes of the words of a vocabulary of the user's own.
        lower_wins: Whether the lower of two scores wins.
        items: Columns of the items of a ballot, or of the opponents of a table of wins.
    """

    score_of: Literal["a", "b"] | None = None
    words: Mapping[str, int] | None = None
    lower_wins: bool = False
    items: Sequence[str] = ()


Columns = Mapping[str, str]
Decoder = Callable[[RowBatch, Columns], Decoded]


def winner_word(settings: DecoderSettings) -> Decoder:
    """Decodes two models and a word for the side that won."""
    table = WordTable(WORDS if settings.words is None else dict(settings.words))

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        first, second = batch.text(at["model_a"]), batch.text(at["model_b"])
        outcome, codes = table.outcomes(batch.text(at["winner"]))

        def problem(i: int) -> Problem:
            word = batch.value(at["winner"], i)
            message = unknown_word(word, settings.words)
            if settings.words is None and word in (first[i], second[i]):
                message += "; if this column contains the winner's name, set --reading winner-name "
                message += "(reading='winner-name')"
            return Problem(at["winner"], word, message)

        clear = np.array([*(STRONG in word for word in table.seen), False])
        return Decoded(
            first,
            second,
            outcome,
            "unknown winner word",
            problem,
            words=(table.seen, codes),
            strong=clear[codes],
        )

    return decode


def winner_name(_: DecoderSettings) -> Decoder:
    """Decodes two models and the name of the one that won."""
    table = WordTable({w: o for w, o in WORDS.items() if o in (TIE, BOTH_BAD, UNJUDGED)})

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        first, second = batch.text(at["model_a"]), batch.text(at["model_b"])
        chosen = batch.text(at["winner"])
        outcome = table.outcomes(chosen)[0]
        is_word = outcome != BAD
        for side, name in ((SECOND, second), (FIRST, first)):
            same = _same(chosen, name)
            outcome[same] = np.where(is_word[same], BAD, side)

        def problem(i: int) -> Problem:
            value = batch.value(at["winner"], i)
            if is_word[i]:
                message = f"{value!r} is both the name of a model in this match and a word for a "
                message += "tie or a missing outcome; rename the model"
                return Problem(at["winner"], value, message)
            return Problem(at["winner"], value, _neither(value, first[i], second[i]))

        return Decoded(first, second, outcome, "winner is neither model", problem)

    return decode


def chosen_name(_: DecoderSettings) -> Decoder:
    """Decodes ComparIA: the name of the chosen model, a flag that both are equal, or neither."""

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        first, second = batch.text(at["model_a"]), batch.text(at["model_b"])
        chosen, equal = batch.text(at["chosen"]), batch.truths(at["both_equal"])
        nobody = (chosen.cast(pl.String).str.strip_chars().fill_null("") == "").to_numpy()
        tied = ~equal.null & (equal.values == 1)
        outcome = np.full(len(first), BAD, np.uint8)
        outcome[_same(chosen, second) & ~tied] = SECOND
        outcome[_same(chosen, first) & ~tied] = FIRST
        outcome[nobody] = np.where(tied, TIE, UNJUDGED)[nobody]
        outcome[equal.bad] = BAD

        def problem(i: int) -> Problem:
            value = batch.value(at["chosen"], i)
            if equal.bad[i]:
                flag = batch.value(at["both_equal"], i)
                return Problem(
                    at["both_equal"], flag, f"{shortened_value(flag)} is neither true nor false"
                )
            if tied[i]:
                message = f"{shortened_value(value)} was chosen, but {at['both_equal']} is true"
                return Problem(at["chosen"], value, message)
            return Problem(at["chosen"], value, _neither(value, first[i], second[i]))

        return Decoded(first, second, outcome, "chosen is neither model", problem)

    return decode


def one_hot(_: DecoderSettings) -> Decoder:
    """Decodes three columns (the first won, the second won, a tie), of which exactly one is 1."""

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        first, second = batch.text(at["model_a"]), batch.text(at["model_b"])
        names = [at["winner_model_a"], at["winner_model_b"], at["winner_tie"]]
        flags = [batch.truths(name) for name in names]
        set_ = np.stack([~flag.null & (flag.values == 1) for flag in flags])
        outcome = np.array([FIRST, SECOND, TIE], np.uint8)[set_.argmax(axis=0)]
        outcome[set_.sum(axis=0) != 1] = BAD
        outcome[np.all([flag.null for flag in flags], axis=0)] = UNJUDGED
        outcome[np.any([flag.bad for flag in flags], axis=0)] = BAD

        def problem(i: int) -> Problem:
            for name, flag in zip(names, flags, strict=True):
                if flag.bad[i]:
                    value = batch.value(name, i)
                    return Problem(name, value, f"{shortened_value(value)} is neither 0 nor 1")
            values = tuple(batch.value(name, i) for name in names)
            message = f"exactly one of {', '.join(names)} must be 1, not {int(set_[:, i].sum())}"
            return Problem(names[0], values, message)

        return Decoded(first, second, outcome, "not exactly one outcome is 1", problem)

    return decode


def score(settings: DecoderSettings) -> Decoder:
    """Decodes two models and the share of one of them, from 0 to 1."""

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        column = at["score"]
        share = batch.numbers(column)
        of_first = share.values if settings.score_of == "a" else 1.0 - share.values
        return _shares(batch, at, column, of_first=of_first, found=share, allowed="from 0 to 1")

    return decode


def two_scores(settings: DecoderSettings) -> Decoder:
    """Decodes two models and the score of each. The higher score wins, and equal scores tie."""

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        columns = at["score_a"], at["score_b"]
        one, other = (batch.numbers(column) for column in columns)
        with np.errstate(invalid="ignore"):
            higher = one.values > other.values
            equal = one.values == other.values
        outcome = np.where(higher != settings.lower_wins, FIRST, SECOND).astype(np.uint8)
        outcome[equal] = TIE
        outcome[one.null | other.null] = UNJUDGED
        wrong = [~np.isfinite(side.values) & ~side.null for side in (one, other)]
        outcome[wrong[0] | wrong[1]] = BAD

        def problem(i: int) -> Problem:
            column = columns[0] if wrong[0][i] else columns[1]
            value = batch.value(column, i)
            return Problem(
                column, value, f"{shortened_value(value)} is not a finite number{comma_hint(value)}"
            )

        return Decoded(
            batch.text(at["model_a"]), batch.text(at["model_b"]), outcome, "bad score", problem
        )

    return decode


def preference(_: DecoderSettings) -> Decoder:
    """Decodes AlpacaEval: 1 if the first won, 2 if the second won, 1.5 or 0 for a draw.

    Other numbers between 1 and 2 are soft outcomes.
    """

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        column = at["preference"]
        found = batch.numbers(column)
        of_first = np.where(found.values == 0, 0.5, 2.0 - found.values)
        allowed = "from 1 (the first won) to 2 (the second won), or 0 for a draw"
        return _shares(batch, at, column, of_first=of_first, found=found, allowed=allowed)

    return decode


def first_column_won(_: DecoderSettings) -> Decoder:
    """Decodes a winner and a loser. The order of showing is unknown, so the winner comes first."""

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        winner, loser = batch.text(at["winner"]), batch.text(at["loser"])
        outcome = np.full(len(winner), FIRST, np.uint8)
        return Decoded(winner, loser, outcome, "", no_problem)

    return decode


def two_games(_: DecoderSettings) -> Decoder:
    """Decodes MT-bench pairs: two games per row, the second with model_2 shown first."""
    table = WordTable(WORDS)

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        columns = (at["game_1"], at["game_2"])
        outcome = np.empty(2 * batch.frame.height, np.uint8)
        outcome[0::2] = table.outcomes(batch.text(columns[0]))[0]
        outcome[1::2] = _FLIP[table.outcomes(batch.text(columns[1]))[0]]

        def problem(i: int) -> Problem:
            value = batch.value(columns[i % 2], i // 2)
            return Problem(columns[i % 2], value, unknown_word(value))

        source = np.repeat(np.arange(batch.frame.height), 2)
        swapped = np.tile([False, True], batch.frame.height)
        first, second = _swap(batch, at, source, swapped)
        return Decoded(
            first, second, outcome, "unknown winner word", problem, source=source, swapped=swapped
        )

    return decode


def verdicts(_: DecoderSettings) -> Decoder:
    """Decodes arena-hard: a list of games per row.

    A is the baseline in the first game, and the model in the second.
    """

    def decode(batch: RowBatch, at: Columns) -> Decoded:
        source: list[int] = []
        swapped: list[bool] = []
        outcome: list[int] = []
        strong: list[bool] = []
        for row, scores in enumerate(batch.frame.get_column(at["games"]).to_list()):
            # A row without games is one match without an outcome. A value that is not a list is
            # bad.
            games = (scores or [None]) if scores is None or isinstance(scores, list) else [False]
            for game, verdict in enumerate(games):
                source.append(row)
                swapped.append(game == 1)
                word = _verdict_word(verdict)
                outcome.append(BAD if game > 1 else VERDICTS.get(word, BAD))
                strong.append(STRONG in word)

        def problem(i: int) -> Problem:
            scores = batch.value(at["games"], source[i])
            shown = scores.to_list() if isinstance(scores, pl.Series) else scores
            message = f"{shortened_value(shown)} is not a list of at most two games, each A>>B, "
            message += "A>B, A=B, B>A, B>>A or null"
            return Problem(at["games"], shown, message)

        index, turned = np.array(source, np.int64), np.array(swapped, np.bool_)
        first, second = _swap(batch, at, index, turned)
        return Decoded(
            first,
            second,
            np.array(outcome, np.uint8),
            "unknown verdict",
            problem,
            source=index,
            swapped=turned,
            strong=np.array(strong, np.bool_),
        )

    return decode


def unknown_word(word: object, own: Mapping[str, int] | None = None) -> str:
    """Returns the message for a word that is not an outcome.

    Args:
        word: Word.
        own: Vocabulary of the user's own.
    """
    text = "" if word is None else str(word)
    if own is not None:
        allowed = ", ".join(repr(known) for known in own if known)
        return f"unknown winner word {shortened_value(word)}; --winner-words has {allowed}"
    if is_bare_number(text):
        return f"{shortened_value(word)}: {SCORE_HELP}"
    # A word such as both_good is close to both_bad, but means the opposite.
    known = [
        word for word in WORDS if word and ("bad" not in word or "good" not in text.casefold())
    ]
    close = difflib.get_close_matches(normalized(text), known, n=1, cutoff=0.7)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    others = "" if close else "; --winner-words (winner_words=) sets other words"
    return (
        f"unknown winner word {shortened_value(word)}{hint} "
        f"Allowed, in any case: {ALLOWED_WORDS}{others}"
    )


_FLIP: Final = np.array([SECOND, FIRST, TIE, BOTH_BAD, SOFT, UNJUDGED, BAD], np.uint8)


def _verdict_word(verdict: object) -> str:
    if is_missing(verdict):
        return ""
    return normalized(verdict) if isinstance(verdict, str) else "?"


def _swap(
    batch: RowBatch, at: Columns, source: np.ndarray, swapped: np.ndarray
) -> tuple[pl.Series, pl.Series]:
    """Returns the contestants shown first and second in each game."""
    height = batch.frame.height
    sides = [batch.text(at[role]).cast(pl.String).alias("") for role in ("model_a", "model_b")]
    both = pl.concat(sides)
    return (
        both.gather(source + height * swapped),
        both.gather(source + height * ~swapped),
    )


def _same(left: pl.Series, right: pl.Series) -> np.ndarray:
    equal = left.cast(pl.String) == right.cast(pl.String)
    return equal.fill_null(False).to_numpy()


def _neither(value: object, first: object, second: object) -> str:
    shown, one, other = map(shortened_value, (value, first, second))
    return f"{shown} is neither {one} nor {other}"


def no_problem(_: int) -> Problem:
    """Fails, for decoders whose outcomes are never bad."""
    raise AssertionError("no outcome of this reading is bad")


def _shares(
    batch: RowBatch,
    at: Columns,
    column: str,
    *,
    of_first: np.ndarray,
    found: Numbers,
    allowed: str,
) -> Decoded:
    with np.errstate(invalid="ignore"):
        inside = (of_first >= 0.0) & (of_first <= 1.0)
    outcome = np.full(len(of_first), BAD, np.uint8)
    outcome[inside] = SOFT
    outcome[of_first == 1.0] = FIRST
    outcome[of_first == 0.0] = SECOND
    outcome[of_first == 0.5] = TIE
    outcome[found.null] = UNJUDGED
    outcome[found.bad] = BAD

    def problem(i: int) -> Problem:
        value = batch.value(column, i)
        return Problem(
            column, value, f"{shortened_value(value)} is not a number {allowed}{comma_hint(value)}"
        )

    return Decoded(
        batch.text(at["model_a"]),
        batch.text(at["model_b"]),
        outcome,
        "bad score",
        problem,
        score=of_first,
    )
