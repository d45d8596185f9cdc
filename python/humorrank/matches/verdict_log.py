"""Match logs that state the prompt and the judge of each verdict."""

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
        verdicts: Table with the columns model_a (shown first), model_b, share (the share of the win
            of model_a, from 0 to 1), prompt and judge (text, null if the row has none).
        unjudged: Number of rows without an outcome, which are not in the table.
    """

    verdicts: pl.DataFrame
    unjudged: int


def read_verdicts(
    path: Path, *, columns: Mapping[str, str] | None = None, judge: str | None = None
) -> VerdictLog:
    """Reads a log, in any format that `MatchLog` reads.

    Args:
        path: Path of the log.
        columns: Columns by role, as in `MatchLog`.
        judge: Judge of all verdicts. None takes it from the column of judges.

    Raises:
        InputError: If the log cannot be read.
        OptionError: If no column gives the prompt, or a row represents several verdicts.
    """
    log = MatchLog(path, columns=columns)
    frame = log.to_polars()
    if "question_id" not in frame.columns:
        raise OptionError(
            f"{path}: there is no column of prompts (question_id, prompt_id); specify it with "
            "prompt=COLUMN"
        )
    if "count" in frame.columns and (frame["count"] != 1).any():
        raise OptionError(
            f"{path}: rows with a count above 1 are not single verdicts; give each verdict a row"
        )
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
    """Returns ids as text, whole numbers without a decimal point and empty fields as null."""
    if values.dtype.is_float():
        whole = values.cast(pl.Int64, strict=False)
        if (whole == values).all():
            values = whole
    return values.cast(pl.String).replace("", None)
