"""Match logs that say on which prompt, and by whom, each verdict was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from humorrank.errors import OptionError
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARE_OF


@dataclass(frozen=True)
class VerdictLog:
    """The verdicts of a log.

    Attributes:
        verdicts: model_a (shown first), model_b, share (of the win that model_a got, from 0 to
            1), prompt and judge (text; null where the row does not say).
        unjudged: rows without an outcome, which are not among them.
    """

    verdicts: pl.DataFrame
    unjudged: int


def read_verdicts(
    path: Path, *, columns: Mapping[str, str] | None = None, judge: str | None = None
) -> VerdictLog:
    """Reads a log, in any format that `MatchLog` reads.

    Args:
        path: the log.
        columns: role -> column, as of `MatchLog`.
        judge: whose verdicts these are, where no column says so.

    Raises:
        InputError: it cannot be read.
        OptionError: no column says the prompt, or rows stand for several verdicts.
    """
    log = MatchLog(path, columns=columns)
    frame = log.to_polars()
    if "question_id" not in frame.columns:
        raise OptionError(
            f"{path}: no column says the prompt (question_id, prompt_id); name it with "
            "prompt=COLUMN"
        )
    if "count" in frame.columns and (frame["count"] != 1).any():
        raise OptionError(f"{path}: counts above 1 are no single verdicts")
    share = frame["winner"].replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    if "score" in frame.columns:
        share = share.fill_null(frame["score"])
    named = frame["judge"] if "judge" in frame.columns else pl.Series([None], dtype=pl.String)
    whose = named if judge is None else pl.Series([judge])
    return VerdictLog(
        frame.select(
            "model_a",
            "model_b",
            share=share,
            prompt=_text(frame["question_id"]),
            judge=_text(whose) if len(whose) == frame.height else pl.lit(whose[0], pl.String),
        ),
        log.report.unjudged,
    )


def _text(values: pl.Series) -> pl.Series:
    """Ids as text; a whole number has no point, and an empty field is none."""
    if values.dtype.is_float():
        whole = values.cast(pl.Int64, strict=False)
        if (whole == values).all():
            values = whole
    return values.cast(pl.String).replace("", None)
