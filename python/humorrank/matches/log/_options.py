"""The options of reading a log, after they have been checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from humorrank._util.spelling import Fold
from humorrank.matches.log.tables.quoting import Quoting


@dataclass(frozen=True)
class Options:
    """The checked options of a `MatchLog`."""

    columns: Mapping[str, str]
    score_of: Literal["a", "b"] | None
    where: str | None
    exclude: Sequence[str]
    max_per_judge: int | None
    unjudged: Literal["skip", "fail"]
    on_error: Literal["fail", "skip"]
    reading: str | None
    quoting: Quoting | None = None
    winner_words: Mapping[str, int] | None = None
    both_bad: Literal["tie", "skip"] = "tie"
    lower_wins: bool = False
    alias: Mapping[str, str] = field(default_factory=dict)
    fold: Sequence[Fold] = ()
