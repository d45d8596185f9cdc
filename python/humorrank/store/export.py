"""Exports of a store as a match log or as a log of every decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal, get_args

import numpy as np
import polars as pl

from humorrank._util.atomic import replacing
from humorrank._util.checks import one_of
from humorrank.errors import OptionError
from humorrank.store.faults import store_errors
from humorrank.store.field import Field
from humorrank.store.running_elo import elo_changes
from humorrank.store.simulated import judge_names
from humorrank.store.store import Store

Inconsistent = Literal["tie", "drop", "halves"]
"""How two contradictory judgments of a comparison are handled."""

INCONSISTENT: Final[Inconsistent] = "halves"
"""The default for `Inconsistent`."""

ENDINGS: Final = (".parquet", ".csv", ".jsonl")

_ROWS: Final = 1 << 17
_MATCHES: Final = (
    "SELECT c.prompt, c.low, c.high, j.position, j.score, j.judge, j.identical, j.time, o.score "
    "FROM judgments j JOIN comparisons c USING (comparison) LEFT JOIN judgments o ON "
    "(o.comparison, o.position, o.judge) = (j.comparison, 1 - j.position, j.judge) "
    "ORDER BY j.comparison, j.position, j.judge"
)
_SWAPPED: Final = (
    "SELECT COUNT(*), COALESCE(SUM(j.score = o.score AND j.score <> 0.5), 0) "
    "FROM judgments j JOIN judgments o ON "
    "(o.comparison, o.position, o.judge) = (j.comparison, 1, j.judge) "
    "WHERE j.position = 0 AND NOT j.identical"
)
_DECISIONS: Final = (
    "WITH decided AS ("
    "SELECT comparison, position, judge, score, identical, attempts, latency, probability, "
    "prompt_tokens, output_tokens, time, NULL AS failure FROM judgments UNION ALL "
    "SELECT comparison, position, judge, NULL, 0, attempts, latency, NULL, prompt_tokens, "
    "output_tokens, time, reason FROM failures f WHERE NOT EXISTS (SELECT 1 FROM judgments j "
    "WHERE (j.comparison, j.position, j.judge) = (f.comparison, f.position, f.judge))) "
    "SELECT c.comparison, c.round, c.prompt, c.low, c.high, d.position, d.score, d.judge, "
    "d.identical, d.attempts, d.latency, d.probability, d.prompt_tokens, d.output_tokens, d.time, "
    "d.failure, r.reasoning, r.winner_humor_features, r.winner_delivery_features, "
    "r.loser_features, COALESCE(jj.counted, 0), r.unknown_labels "
    "FROM decided d JOIN comparisons c USING (comparison) "
    "LEFT JOIN rationales r USING (comparison, position, judge) "
    "LEFT JOIN judgments jj USING (comparison, position, judge) "
    "ORDER BY d.comparison, d.position, d.judge"
)


@dataclass(frozen=True)
class Swapped:
    """Comparisons that one judge judged in both orders.

    Attributes:
        comparisons: Number of comparisons, counted once per judge.
        inconsistent: Number of those in which the same position won both times.
    """

    comparisons: int
    inconsistent: int


def swapped(store: Store) -> Swapped:
    """Counts the comparisons that were judged in both orders.

    Raises:
        StoreError: If the store cannot be read.
    """
    with store_errors(store.path):
        return Swapped(*map(int, store.connection.execute(_SWAPPED).fetchone()))


def treatment(store: Store, inconsistent: Inconsistent | None) -> Inconsistent:
    """Returns how inconsistent judgments are handled: as requested, or else as in the spec.

    A store of given pairs has no spec. There the default is "halves": each judgment counts as half
    a match.
    """
    if inconsistent is not None:
        return inconsistent
    if not store.scheduled:
        return "halves"
    stored: Inconsistent = store.spec_content().get("inconsistent", INCONSISTENT)
    return stored


def export_matches(store: Store, output: Path, inconsistent: Inconsistent | None = None) -> int:
    """Writes the match log, with one row per judgment, in the order of the schedule.

    The columns are model_a (shown first), model_b, winner (model_a, model_b or tie), question_id,
    judge, tstamp (seconds since 1970) and identical (a tie of identical jokes, for which no judge
    was asked). Failures are left out. If any comparison was judged in both orders, there is a
    column weight. It is one half for each of the two judgments, so that the comparison counts as
    one match.

    Args:
        store: Store to export.
        output: Path of the file.
        inconsistent: How two contradictory judgments are handled: "halves" (each contestant wins
            half a match), "tie" (two tied half matches) or "drop". None takes the setting of the
            spec. `swapped` counts these judgments.

    Returns:
        The number of rows.

    Raises:
        OptionError: If the file extension is unknown or the file cannot be written.
        StoreError: If the store cannot be read.
    """
    return write_log(_match_frames(store, inconsistent), output)


def export_decisions(store: Store, output: Path) -> int:
    """Writes all data on every judgment and failure, including the texts.

    Returns:
        The number of rows.

    Raises:
        OptionError: If the file extension is unknown or the file cannot be written.
        StoreError: If the store cannot be read.
    """
    return write_log(decision_frames(store), output)


def match_log(store: Store, inconsistent: Inconsistent | None = None) -> pl.DataFrame:
    """Returns the match log as a frame, with the arguments and columns of `export_matches`."""
    return pl.concat(list(_match_frames(store, inconsistent)))


def write_log(frames: Iterator[pl.DataFrame], output: Path) -> int:
    """Writes frames to a file, completely or not at all, in the format of its extension.

    Returns:
        The number of rows.

    Raises:
        OptionError: If the file extension is unknown or the file cannot be written.
    """
    ending = output.suffix.lower()
    if ending not in ENDINGS:
        raise OptionError(f"{output}: the file must end in {', '.join(ENDINGS)}")
    if not output.parent.is_dir():
        raise OptionError(f"{output}: cannot be written: there is no directory {output.parent}")
    with replacing(output) as file:
        return _write(frames, file, ending)


def _write(frames: Iterator[pl.DataFrame], file: IO[bytes], ending: str) -> int:
    if ending == ".parquet":
        frame = pl.concat(list(frames))
        frame.write_parquet(file)
        return frame.height
    rows = 0
    for number, frame in enumerate(frames):
        if ending == ".csv":
            frame.write_csv(file, include_header=number == 0)
        else:
            frame.write_ndjson(file)
        rows += frame.height
    return rows


def _match_frames(store: Store, inconsistent: Inconsistent | None) -> Iterator[pl.DataFrame]:
    """Yields the match log in parts, at least one so that there are columns."""
    how = treatment(store, inconsistent)
    one_of("inconsistent", how, get_args(Inconsistent))
    field = store.field()
    names, ids, judges = _names(store, field)
    weighted = swapped(store).comparisons > 0
    for rows in _batches(store, _MATCHES, 9):
        prompt, low, high, position, score, judge, identical, time, swap = rows
        turned = np.array(position, np.uint8) == 1
        lower, higher = np.array(low, np.uint32), np.array(high, np.uint32)
        given, other = np.array(score, np.float64), np.array(swap, np.float64)
        contradicts = (given == other) & (given != 0.5)
        if how == "tie":
            given = np.where(contradicts, 0.5, given)
        frame = pl.DataFrame(
            {
                "model_a": names.gather(np.where(turned, higher, lower)),
                "model_b": names.gather(np.where(turned, lower, higher)),
                "winner": _winner(pl.Series(given)),
                "question_id": ids.gather(np.array(prompt, np.uint32)),
                "judge": judges.gather(np.array(judge, np.uint32)),
                "tstamp": pl.Series(time, dtype=pl.Float64),
                "identical": pl.Series(identical, dtype=pl.UInt8).cast(pl.Boolean),
            }
        )
        if weighted:
            frame = frame.with_columns(weight=pl.Series(np.where(np.isnan(other), 1.0, 0.5)))
        yield frame.filter(~pl.Series(contradicts)) if how == "drop" else frame


def decision_frames(store: Store) -> Iterator[pl.DataFrame]:
    """Yields the log of decisions in at least one part, in the order of the schedule.

    Raises:
        StoreError: If the store cannot be read.
    """
    field = store.field()
    names, ids, judges = _names(store, field)
    moved = np.zeros(store.count("SELECT COUNT(*) FROM comparisons"))
    for number, _, _, gain in elo_changes(store):
        moved[number] = gain
    prompts = pl.Series([prompt.text for prompt in field.prompts], dtype=pl.String)
    for rows in _batches(store, _DECISIONS, 22):
        comparison, round_, prompt, low, high, position, score, judge, identical = rows[:9]
        attempts, latency, probability, prompt_tokens, output_tokens, time, failure = rows[9:16]
        turned = np.array(position, np.uint8) == 1
        lower, higher = np.array(low, np.uint32), np.array(high, np.uint32)
        first, second = np.where(turned, higher, lower), np.where(turned, lower, higher)
        place = np.array(prompt, np.uint32)
        texts = [
            [field.jokes[p][m] for p, m in zip(prompt, side.tolist(), strict=True)]
            for side in (first, second)
        ]
        points = moved[np.array(comparison, np.int64)] * np.where(turned, -1, 1)
        points[np.array(rows[20], np.uint8) == 0] = np.nan
        change = pl.Series(points).fill_nan(None)
        given = pl.Series(score, dtype=pl.Float64)
        yield pl.DataFrame(
            {
                "comparison": pl.Series(comparison, dtype=pl.Int64),
                "round": pl.Series(round_, dtype=pl.Int64),
                "question_id": ids.gather(place),
                "prompt": prompts.gather(place),
                "model_a": names.gather(first),
                "model_b": names.gather(second),
                "joke_a": pl.Series(texts[0], dtype=pl.String),
                "joke_b": pl.Series(texts[1], dtype=pl.String),
                "position": pl.Series(position, dtype=pl.UInt8),
                "judge": judges.gather(np.array(judge, np.uint32)),
                "winner": _winner(given),
                "tie": given == 0.5,
                "identical": pl.Series(identical, dtype=pl.UInt8).cast(pl.Boolean),
                "score": given,
                "probability": pl.Series(probability, dtype=pl.Float64),
                "reasoning": pl.Series(rows[16], dtype=pl.String),
                "winner_humor_features": pl.Series(rows[17], dtype=pl.String),
                "winner_delivery_features": pl.Series(rows[18], dtype=pl.String),
                "loser_features": pl.Series(rows[19], dtype=pl.String),
                "unknown_labels": pl.Series(rows[21], dtype=pl.String),
                "elo_change_a": change,
                "elo_change_b": -change,
                "failure": pl.Series(failure, dtype=pl.String),
                "attempts": pl.Series(attempts, dtype=pl.Int64),
                "latency": pl.Series(latency, dtype=pl.Float64),
                "prompt_tokens": pl.Series(prompt_tokens, dtype=pl.Int64),
                "output_tokens": pl.Series(output_tokens, dtype=pl.Int64),
                "tstamp": pl.Series(time, dtype=pl.Float64),
            }
        )


def _names(store: Store, field: Field) -> tuple[pl.Series, pl.Series, pl.Series]:
    return (
        pl.Series(field.models, dtype=pl.String),
        pl.Series([prompt.id for prompt in field.prompts], dtype=pl.String),
        pl.Series(judge_names(store), dtype=pl.String),
    )


def _winner(score: pl.Series) -> pl.Series:
    words = {1.0: "model_a", 0.5: "tie", 0.0: "model_b"}
    return score.replace_strict(words, default=None, return_dtype=pl.String)


def _batches(store: Store, query: str, width: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yields the columns of a query in at least one part."""
    with store_errors(store.path):
        rows = store.connection.execute(query)
        part = rows.fetchmany(_ROWS)
        yield list(zip(*part, strict=True)) if part else [()] * width
        while part := rows.fetchmany(_ROWS):
            yield list(zip(*part, strict=True))


def store_log(path: Path, inconsistent: Inconsistent | None = None) -> pl.DataFrame:
    """Returns the match log of a store, with the argument of `match_log`."""
    with Store(path, write=False) as store:
        return match_log(store, inconsistent)


def store_decisions(path: Path) -> pl.DataFrame:
    """Returns the decision log of a store, with its texts, in the order of its schedule."""
    with Store(path, write=False) as store:
        return pl.concat(decision_frames(store))
