"""The decisions of judges in a store or a log, with texts, reasons and labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from humorrank.errors import OptionError
from humorrank.judge.taxonomy import fold
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARE_OF
from humorrank.store.export import decision_frames
from humorrank.store.store import Store

LABELS: Final = ("winner_humor_features", "winner_delivery_features", "loser_features")
"""Columns that contain labels."""

TEXTS: Final = ("prompt", "joke_a", "joke_b", "reasoning")
"""Columns that contain texts."""

OFFENSIVE: Final = "offensive"
"""The label whose jokes are collapsed."""

_UNKNOWN: Final = "unknown_labels"
_KEYS: Final = ("question_id", "model_a", "model_b", "judge", "score")


@dataclass(frozen=True)
class Decisions:
    """The decisions of a source.

    Attributes:
        table: A row for each decision, in an order that does not depend on that of the source. The
            columns are row, question_id, model_a (shown first), model_b, judge, score (of model_a),
            and each column of `LABELS` as a list (null if there are none). The columns offensive_a
            and offensive_b say whether a joke was labeled offensive in this or another decision on
            its prompt.
        texts: Function that returns the texts of some rows of the table as a frame with the column
            `row` and the columns `TEXTS`, null if there is no text.
        has_texts: Whether there are any jokes or reasons.
        has_labels: Whether there are any labels.
        unreadable: Number of labels that are left out because they are not lists.
        ignored: Columns that are left out because they do not contain text.
    """

    table: pl.DataFrame
    texts: Callable[[pl.DataFrame], pl.DataFrame]
    has_texts: bool
    has_labels: bool
    unreadable: int
    ignored: tuple[str, ...] = ()


def of_store(path: Path) -> Decisions:
    """Reads the decisions in the store of a tournament, without failures and identical jokes.

    Raises:
        StoreError: If the store cannot be read.
    """
    light = [*_KEYS, "position", *LABELS, _UNKNOWN]

    def frames(columns: list[str]) -> Iterator[pl.DataFrame]:
        start = 0
        with Store(path, write=False) as store:
            for frame in decision_frames(store):
                numbered = frame.with_columns(
                    at=pl.int_range(start, start + frame.height, dtype=pl.Int64)
                )
                start += frame.height
                asked = numbered.filter(pl.col("failure").is_null() & ~pl.col("identical"))
                yield asked.select("at", *columns)

    def texts(chosen: pl.DataFrame) -> pl.DataFrame:
        found = [frame.join(chosen.select("row", "at"), on="at") for frame in frames(list(TEXTS))]
        return pl.concat(found).select("row", *TEXTS)

    return _decisions(pl.concat(list(frames(light))), texts, has_texts=True)


def of_log(log: MatchLog, sides: tuple[str, str]) -> Decisions:
    """Reads the decisions of a match log or a decision log.

    Args:
        log: The log, which is read again.
        sides: Columns that contain the two jokes.

    Raises:
        InputError: If the log cannot be read.
        OptionError: If columns other than joke_a and joke_b are given and do not exist.
    """
    there = (*sides, "prompt", "reasoning", *LABELS, _UNKNOWN, "identical", "position")
    frame = log.to_polars(where_there=there).with_row_index("at")
    renamed = dict(zip(sides, ("joke_a", "joke_b"), strict=True))
    if sides != ("joke_a", "joke_b"):
        for name in sides:
            if name not in frame.columns:
                raise OptionError(f"there is no column {name!r} with texts; check --texts (texts=)")
        frame = frame.drop("joke_a", "joke_b", strict=False).rename(renamed, strict=False)
    if "identical" in frame.columns:
        word = pl.col("identical").cast(pl.String).str.to_lowercase()
        frame = frame.filter(~word.is_in(["true", "1"]).fill_null(value=False))
    share = pl.col("winner").replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    given = pl.col("score") if "score" in frame.columns else pl.lit(None, pl.Float64)
    frame = frame.with_columns(pl.coalesce(share, given).alias("score"))
    missing = [
        pl.lit(None, pl.String).alias(name)
        for name in (*TEXTS, *_KEYS, *LABELS, _UNKNOWN, "position")
        if name not in frame.columns
    ]
    frame = frame.with_columns(missing)
    texts_of = (*TEXTS, "question_id", "judge", "position")
    ignored = tuple(name for name in texts_of if frame.schema[name].is_nested())
    frame = frame.with_columns(
        pl.lit(None, pl.String).alias(name) if name in ignored else pl.col(name).cast(pl.String)
        for name in texts_of
    )
    has_texts = any(not frame[name].is_null().all() for name in TEXTS[1:])

    def texts(chosen: pl.DataFrame) -> pl.DataFrame:
        return frame.select("at", *TEXTS).join(chosen.select("row", "at"), on="at").drop("at")

    found = _decisions(frame, texts, has_texts=has_texts)
    return replace(found, ignored=ignored)


def _decisions(
    frame: pl.DataFrame, texts: Callable[[pl.DataFrame], pl.DataFrame], *, has_texts: bool
) -> Decisions:
    unreadable = 0
    for name in (*LABELS, _UNKNOWN):
        column, bad = _lists(frame[name])
        frame, unreadable = frame.with_columns(column), unreadable + bad
    own = pl.any_horizontal(
        pl.col(name).list.eval(pl.element().is_in(_spellings(frame[name]))).list.any()
        for name in ("loser_features", _UNKNOWN)
    ).fill_null(value=False)
    unsaid = pl.col("score") == 0.5
    frame = frame.with_columns(
        offensive_a=own & ((pl.col("score") < 0.5) | unsaid),
        offensive_b=own & ((pl.col("score") > 0.5) | unsaid),
    )
    told = [name for name in TEXTS if name in frame.columns]
    order = frame.select(
        pl.arg_sort_by(*_KEYS, "position", *told, *LABELS, nulls_last=True)
    ).to_series()
    table = frame.select("at", *_KEYS, *LABELS, "offensive_a", "offensive_b")[order]
    table = table.with_row_index("row")
    return Decisions(
        _spread(table),
        texts,
        has_texts=has_texts,
        has_labels=any(not table[name].is_null().all() for name in LABELS),
        unreadable=unreadable,
    )


def _lists(column: pl.Series) -> tuple[pl.Series, int]:
    """Returns labels as lists of text, null if empty, and the number of unreadable ones."""
    kind = pl.List(pl.String)
    if isinstance(column.dtype, pl.List):
        out = column.cast(kind)
        return out.set(out.list.len().fill_null(0) == 0, None), 0
    if column.dtype.is_nested():
        return pl.Series(column.name, [None] * len(column), dtype=kind), column.count()
    raw = column.cast(pl.String)
    values = raw.unique().drop_nulls()
    parsed = [_parsed(value) for value in values.to_list()]
    bad = values.filter(pl.Series([p is None for p in parsed], dtype=pl.Boolean))
    known = pl.DataFrame(
        {"raw": values, "labels": pl.Series([p or None for p in parsed], dtype=kind)}
    )
    found = raw.to_frame("raw").join(known, on="raw", how="left", maintain_order="left")
    return found["labels"].alias(column.name), int(raw.is_in(bad.implode()).sum())


def _parsed(text: str) -> list[str] | None:
    """Returns the labels in a JSON list or an object of lists, or None if it is neither."""
    if not text.strip():
        return []
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict):
        value = [label for labels in value.values() if isinstance(labels, list) for label in labels]
    if not isinstance(value, list):
        return None
    return list(dict.fromkeys(str(label) for label in value if label is not None))


def _spellings(labels: pl.Series) -> list[str]:
    """Returns the spellings of the label that means offensive."""
    return [label for label in labels.explode().unique().drop_nulls() if fold(label) == OFFENSIVE]


def _spread(table: pl.DataFrame) -> pl.DataFrame:
    """Marks a joke as offensive in all decisions on its prompt if it is so in one of them."""
    sides = [
        table.filter(pl.col(f"offensive_{side}") & pl.col("question_id").is_not_null()).select(
            "question_id", pl.col(f"model_{side}").alias("model")
        )
        for side in ("a", "b")
    ]
    called = pl.concat(sides).unique().with_columns(called=pl.lit(value=True))
    for side in ("a", "b"):
        table = (
            table.join(
                called,
                left_on=["question_id", f"model_{side}"],
                right_on=["question_id", "model"],
                how="left",
                maintain_order="left",
            )
            .with_columns(pl.col(f"offensive_{side}") | pl.col("called").fill_null(value=False))
            .drop("called")
        )
    return table
