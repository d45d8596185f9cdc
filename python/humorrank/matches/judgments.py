"""Judgments from match logs, decision logs, tallies and stores as one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARE_OF
from humorrank.matches.source import (
    StoreSource,
    TallySource,
    decisions_of,
    is_of_ballots,
    log_of,
    read_tally,
    refuse_winner_first,
    resolve,
    said_options,
)

TEXTS: Final = ("joke_a", "joke_b")
"""The columns of a decision log that hold the jokes."""

_SCHEMA: Final = {
    "judge": pl.String,
    "prompt": pl.String,
    "model_a": pl.String,
    "model_b": pl.String,
    "score": pl.Float64,
    "weight": pl.Float64,
    "count": pl.Int64,
    "length_a": pl.Int64,
    "length_b": pl.Int64,
}
_STORED: Final = (
    "SELECT j.judge, p.id, "
    "CASE j.position WHEN 0 THEN low.name ELSE high.name END, "
    "CASE j.position WHEN 0 THEN high.name ELSE low.name END, j.score, 1.0, 1, "
    "LENGTH(CASE j.position WHEN 0 THEN a.text ELSE b.text END), "
    "LENGTH(CASE j.position WHEN 0 THEN b.text ELSE a.text END) "
    "FROM judgments j JOIN comparisons c USING (comparison) "
    "JOIN prompts p ON p.prompt = c.prompt "
    "JOIN models low ON low.model = c.low JOIN models high ON high.model = c.high "
    "JOIN jokes a ON a.prompt = c.prompt AND a.model = c.low "
    "JOIN jokes b ON b.prompt = c.prompt AND b.model = c.high "
    "WHERE NOT j.identical ORDER BY j.comparison, j.position, j.judge"
)


@dataclass(frozen=True)
class Judgments:
    """The judgments of one or more judges.

    Attributes:
        table: Judgments with the columns judge and prompt (null if unknown), model_a (shown first),
            model_b, score (of model_a), weight, count, length_a and length_b (in characters, null
            without a text). Equal rows are merged into one with a count, and the rows are sorted.
        prompts: Whether the prompts are known.
        texts: Whether the texts are known.
        identical: Number of judgments of identical jokes, which are left out because no judge was
            asked.
        ballots: Whether any judgments are pairs of ballots, which are not independent.
    """

    table: pl.DataFrame
    prompts: bool
    texts: bool
    identical: int
    ballots: bool = False

    def judges(self) -> list[str | None]:
        """Returns the judges in order, with None for judgments without a judge."""
        return self.table["judge"].unique().sort().to_list()

    def of(self, judge: str | None) -> pl.DataFrame:
        """Returns the rows of one judge."""
        return self.table.filter(pl.col("judge").eq_missing(pl.lit(judge, pl.String)))

    def pooled(self) -> Judgments:
        """Returns the judgments as if a single judge had made them all."""
        table = self.table.with_columns(pl.lit(None, pl.String).alias("judge"))
        return replace(self, table=_merged(table))


def read_judgments(
    source: object,
    *,
    texts: tuple[str, str] | None,
    reading: Mapping[str, Any],
    ordered: bool = True,
) -> Judgments:
    """Reads judgments from a store, or from any source that `humorrank.rate` accepts.

    Args:
        source: A store, match logs, decision logs, a frame, or tallies. Tallies have no texts, and
            have judges and prompts only if these are keys.
        texts: Columns of the two texts. None means joke_a and joke_b, if they exist.
        reading: Options of `MatchLog`.
        ordered: Whether the order of showing matters. If so, logs that do not record it are
            refused.

    Raises:
        InputError: If the matches cannot be read, or there are none.
        OptionError: If an option does not apply to the source.
        StoreError: If the store cannot be read.
    """
    found = resolve(source)
    if isinstance(found, StoreSource):
        if texts is None and not said_options(reading):
            return _of_store(found.path)
        return _of_log(decisions_of(found.path), texts, reading, ordered)
    if isinstance(found, TallySource):
        return _of_tally(source, texts, reading)
    return _of_log(source, texts, reading, ordered)


def _of_store(path: Path) -> Judgments:
    # SQLite takes a while to import, and most logs are not stores.
    from humorrank.store.faults import store_errors  # noqa: PLC0415
    from humorrank.store.simulated import judge_names  # noqa: PLC0415
    from humorrank.store.store import Store  # noqa: PLC0415

    with Store(path, write=False) as store, store_errors(path):
        names = judge_names(store)
        stored = store.connection.execute(_STORED)
        rows = [(names[judge], *others) for judge, *others in stored]
        identical = store.count("SELECT COUNT(*) FROM judgments WHERE identical")
    if not rows:
        raise InputError("the tournament has no judgments yet", file=str(path))
    return _judgments(pl.DataFrame(rows, schema=_SCHEMA, orient="row"), identical)


def _of_tally(
    source: object, texts: tuple[str, str] | None, reading: Mapping[str, Any]
) -> Judgments:
    if texts is not None:
        raise OptionError("a tally contains no texts; pass the log itself")
    tally = read_tally(source, keys=None, progress=None, reading=reading)
    frame = tally.to_polars()
    prompt = next((name for name in ("question_id", "prompt") if name in frame.columns), None)
    share = pl.col("outcome").replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    return _judgments(
        frame.select(
            (pl.col("judge") if "judge" in frame.columns else pl.lit(None, pl.String)).alias(
                "judge"
            ),
            (pl.lit(None, pl.String) if prompt is None else pl.col(prompt)).alias("prompt"),
            "model_a",
            "model_b",
            pl.coalesce(share, pl.col("score")).alias("score"),
            "weight",
            pl.col("count").cast(pl.Int64),
            pl.lit(None, pl.Int64).alias("length_a"),
            pl.lit(None, pl.Int64).alias("length_b"),
        ),
        0,
        ballots=is_of_ballots(tally.report),
    )


def _of_log(
    source: object, texts: tuple[str, str] | None, reading: Mapping[str, Any], ordered: bool
) -> Judgments:
    log = source if isinstance(source, MatchLog) else log_of(source, reading)
    sides = texts or TEXTS
    frame = log.to_polars(where_there=("identical", *sides))
    if ordered:
        refuse_winner_first(log.report)
    missing = [name for name in sides if name not in frame.columns]
    if texts is not None and missing:
        raise OptionError(f"there is no column {missing[0]!r} with texts")
    for name in () if missing else sides:
        kind = frame.schema[name]
        if not isinstance(kind, pl.String | pl.Categorical | pl.Enum | pl.Null):
            raise InputError(
                f"contains {kind}, not text; specify the columns of both texts with --texts "
                "(texts=)",
                column=name,
            )
    columns = frame.columns

    def text(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.String) if name in columns else pl.lit(None, pl.String)

    def length(name: str) -> pl.Expr:
        if missing:
            return pl.lit(None, pl.Int64)
        return pl.col(name).cast(pl.String).str.len_chars().cast(pl.Int64)

    known = pl.col("winner").replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    shares = [known, pl.col("score")] if "score" in columns else [known]
    same = pl.lit(value=False)
    if "identical" in columns:
        word = pl.col("identical").cast(pl.String).str.to_lowercase()
        same = word.is_in(["true", "1"]).fill_null(value=False)
    asked = frame.filter(~same)
    if not asked.height:
        raise InputError("all judgments are of identical jokes, for which no judge was asked")
    return _judgments(
        asked.select(
            text("judge").alias("judge"),
            text("question_id").alias("prompt"),
            "model_a",
            "model_b",
            pl.coalesce(shares).alias("score"),
            (pl.col("weight") if "weight" in columns else pl.lit(1.0))
            .cast(pl.Float64)
            .alias("weight"),
            (pl.col("count") if "count" in columns else pl.lit(1)).cast(pl.Int64).alias("count"),
            length(sides[0]).alias("length_a"),
            length(sides[1]).alias("length_b"),
        ),
        frame.height - asked.height,
        ballots=is_of_ballots(log.report),
    )


def _judgments(rows: pl.DataFrame, identical: int, *, ballots: bool = False) -> Judgments:
    """Merges equal rows, and sorts so that the order of the source does not matter."""
    table = _merged(rows.with_columns(pl.col("judge", "prompt").replace("", None)))
    table = table.filter((pl.col("count") > 0) & (pl.col("weight") > 0))
    if not table.height:
        raise InputError("there are no matches")
    return Judgments(
        table,
        prompts=not table["prompt"].has_nulls(),
        texts=bool((table["length_a"].is_not_null() & table["length_b"].is_not_null()).any()),
        identical=identical,
        ballots=ballots,
    )


def _merged(rows: pl.DataFrame) -> pl.DataFrame:
    values: Sequence[str] = [name for name in _SCHEMA if name != "count"]
    return rows.group_by(values).agg(pl.col("count").sum()).sort(values)
