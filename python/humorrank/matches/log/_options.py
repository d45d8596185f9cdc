"""The options of reading a log, after they have been checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from humorrank._util.checks import positive
from humorrank._util.spelling import Fold
from humorrank.errors import OptionError
from humorrank.matches.log.tables.quoting import Quoting

_STRONG_WEIGHTS: Final = (0.001, 1000)


def checked_strong_weight(weight: object) -> float:
    """Returns the weight of clear verdicts as a float.

    Raises:
        OptionError: If it is not a number in the allowed range.
    """
    least, most = _STRONG_WEIGHTS
    number = positive("strong_weight", weight)
    if not least <= number <= most:
        raise OptionError(f"strong_weight must lie between {least} and {most}, not {weight!r}")
    return number


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
    strong_weight: float = 1.0
