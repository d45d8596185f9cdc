"""Counts of the labels by which judges say why models won or lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from humorrank.errors import InputError
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARE_OF
from humorrank.matches.source import (
    StoreSource,
    decisions_of,
    log_of,
    refuse_counts,
    resolve,
    said_options,
)

KINDS: Final = {
    "mechanisms": "winner_humor_features",
    "delivery": "winner_delivery_features",
    "failures": "loser_features",
}
"""The three kinds of labels, and their columns in a decision log."""

COLUMNS: Final = tuple(KINDS.values())

_STORED: Final = (
    "SELECT CASE j.position WHEN 0 THEN low.name ELSE high.name END, "
    "CASE j.position WHEN 0 THEN high.name ELSE low.name END, j.score, "
    "CASE WHEN EXISTS (SELECT 1 FROM judgments o WHERE (o.comparison, o.position, o.judge) = "
    "(j.comparison, 1 - j.position, j.judge)) THEN 0.5 ELSE 1.0 END, "
    "r.winner_humor_features, r.winner_delivery_features, r.loser_features "
    "FROM judgments j JOIN comparisons c USING (comparison) "
    "JOIN rationales r USING (comparison, position, judge) "
    "JOIN models low ON low.model = c.low JOIN models high ON high.model = c.high"
)


@dataclass(frozen=True)
class Labels:
    """The number of times that each label was given.

    Attributes:
        given: Table of kind, model, label and mass, the number of decisions with this label.
        decided: Table of kind, model and mass, the number of wins (losses for failures) of the
            model that have a list of labels of this kind, even an empty one.
    """

    given: pl.DataFrame
    decided: pl.DataFrame


def read_labels(source: object, reading: Mapping[str, Any]) -> Labels:
    """Counts the labels of a decision log or a store.

    The mechanisms and the delivery of a win are counted for the winner, the failures for the loser.
    Ties count for neither. A decision without a list of labels is not counted. Rows with a count or
    a weight are counted accordingly.

    Args:
        source: A store, or a log with columns of labels, as lists or as JSON lists in text.
        reading: Options of `MatchLog`.

    Raises:
        InputError: If there are no labels, or a column contains something else.
        OptionError: If the source has no rows, or an option does not apply to it.
        StoreError: If the store cannot be read.
    """
    refuse_counts(source, "labels")
    found = resolve(source)
    path = found.path if isinstance(found, StoreSource) else None
    if path is not None and not said_options(reading):
        frame = _of_store(path)
    else:
        frame = _of_log(log_of(source if path is None else decisions_of(path), reading))
    given, decided = [], []
    for kind, column in KINDS.items():
        if column not in frame.columns:
            continue
        side = "loser" if kind == "failures" else "winner"
        rows = frame.select(pl.col(side).alias("model"), "mass", _listed(frame, column))
        rows = rows.filter(pl.col("labels").is_not_null() & pl.col("model").is_not_null())
        each = pl.lit(kind).alias("kind")
        decided.append(rows.group_by("model").agg(pl.col("mass").sum()).select(each, pl.all()))
        given.append(
            rows.explode("labels")
            .filter(pl.col("labels").is_not_null())
            .group_by("model", pl.col("labels").alias("label"))
            .agg(pl.col("mass").sum())
            .select(each, pl.all())
        )
    if not given or not sum(part.height for part in given):
        where = "" if path is None else f" of {path}"
        raise InputError(
            f"the decisions{where} have no labels ({', '.join(COLUMNS)}): the judge gave none, or "
            "this is a match log; write a log with labels by `humorrank tournament export "
            "T.sqlite --decisions`"
        )
    return Labels(
        pl.concat(given).sort("kind", "model", "label"), pl.concat(decided).sort("kind", "model")
    )


def _of_store(path: Path) -> pl.DataFrame:
    # SQLite takes a while to import, and most logs are not stores.
    from humorrank.store.faults import store_errors  # noqa: PLC0415
    from humorrank.store.store import Store  # noqa: PLC0415

    with Store(path, write=False) as store, store_errors(path):
        rows = store.connection.execute(_STORED).fetchall()
    schema: dict[str, Any] = {
        "model_a": pl.String,
        "model_b": pl.String,
        "score": pl.Float64,
        "mass": pl.Float64,
        **dict.fromkeys(COLUMNS, pl.String),
    }
    return _sided(pl.DataFrame(rows, schema=schema, orient="row"))


def _of_log(log: MatchLog) -> pl.DataFrame:
    frame = log.to_polars(where_there=COLUMNS)
    known = pl.col("winner").replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    shares = [known, pl.col("score")] if "score" in frame.columns else [known]
    mass = pl.lit(1.0)
    for name in ("count", "weight"):
        if name in frame.columns:
            mass = mass * pl.col(name).cast(pl.Float64)
    return _sided(frame.with_columns(score=pl.coalesce(shares), mass=mass))


def _sided(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the columns winner and loser, which are null for a tie."""
    first, second = pl.col("score") > 0.5, pl.col("score") < 0.5
    return frame.filter(pl.col("mass") > 0).with_columns(
        winner=pl.when(first).then("model_a").when(second).then("model_b"),
        loser=pl.when(first).then("model_b").when(second).then("model_a"),
    )


def _listed(frame: pl.DataFrame, column: str) -> pl.Series:
    """Returns a column of labels as lists of distinct texts."""
    values = frame[column]
    if values.dtype == pl.List(pl.String):
        lists = values
    elif isinstance(values.dtype, pl.String | pl.Categorical | pl.Enum | pl.Null):
        texts = values.cast(pl.String)
        known = texts.unique().drop_nulls()
        parsed = pl.DataFrame(
            {"text": known, "labels": [_parsed(text, column) for text in known]},
            schema={"text": pl.String, "labels": pl.List(pl.String)},
        )
        both = texts.to_frame("text").join(parsed, on="text", how="left", maintain_order="left")
        lists = both["labels"]
    elif values.dtype == pl.List(pl.Null):
        lists = values.cast(pl.List(pl.String))
    else:
        raise InputError(f"contains {values.dtype}, not lists of labels", column=column)
    return lists.list.drop_nulls().list.unique(maintain_order=True).alias("labels")


def _parsed(text: str, column: str) -> list[str] | None:
    if not text.strip():
        return None
    try:
        labels = json.loads(text)
    except (ValueError, RecursionError):
        labels = None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        shown = text if len(text) <= 60 else text[:59] + "…"
        raise InputError(
            f'{shown!r} is not a JSON list of labels such as ["irony", "timing"]',
            column=column,
            value=text,
        )
    return labels
