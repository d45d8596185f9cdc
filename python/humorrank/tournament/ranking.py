"""The result of sorting: items, best first, with their ratings and what these cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Final, Generic, TypeVar

import polars as pl

from humorrank._util.checks import positive
from humorrank._util.text import Style, number_of, one_line
from humorrank.errors import OptionError

T = TypeVar("T")

BLEND: Final = "blend"
"""The name of the ranking by the weighted mean of several questions."""

DECIMALS: Final[Mapping[str, int]] = {"rank": 0, "item": 0, "judgments": 0}
"""Number of decimals of a column in markdown; 1 for all other columns."""


@dataclass(frozen=True)
class RankedItem(Generic[T]):
    """One item of a ranking.

    Attributes:
        rank: The rank, 1 for the highest rating; equal ratings share a rank. None if the item was
            not judged.
        item: The item.
        place: Place of the item in the input, counted from 0.
        text: Its text, as the judge saw it.
        rating: Bradley-Terry rating in points, with a mean of 1000; None if it was not judged.
        rating_lower: Lower end of the interval.
        rating_upper: Upper end of the interval.
        judgments: Number of judgments of its text.
    """

    rank: int | None
    item: T
    place: int
    text: str
    rating: float | None
    rating_lower: float | None
    rating_upper: float | None
    judgments: int


@dataclass(frozen=True)
class Spent:
    """What the judgments of a ranking cost, over all runs with its store.

    Attributes:
        judgments: Number of judgments.
        ties: Number of ties among them.
        failures: Number of failures, which do not count as judgments.
        prompt_tokens: Tokens of the prompts; None if the judge does not count them.
        output_tokens: Tokens of the answers; None if the judge does not count them.
        cost: Cost in the currency of the prices; None if there are no prices.
    """

    judgments: int
    ties: int
    failures: int
    prompt_tokens: int | None
    output_tokens: int | None
    cost: float | None

    def __add__(self, other: Spent) -> Spent:
        """Returns the sum of both."""
        return Spent(
            self.judgments + other.judgments,
            self.ties + other.ties,
            self.failures + other.failures,
            _sum(self.prompt_tokens, other.prompt_tokens),
            _sum(self.output_tokens, other.output_tokens),
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )

    def to_text(self) -> str:
        """Returns the numbers as text."""
        parts = [number_of(self.judgments, "judgment")]
        if self.ties:
            parts.append(number_of(self.ties, "tie"))
        if self.failures:
            parts.append(f"{self.failures:,} failed")
        for tokens, what in ((self.prompt_tokens, "prompt"), (self.output_tokens, "output")):
            if tokens is not None:
                parts.append(number_of(tokens, f"{what} token"))
        if self.cost is not None:
            parts.append(f"cost {self.cost:,.4f}")
        return ", ".join(parts)


class Ranking(list[T]):
    """The items, best first: a list of the user's own objects.

    Items that were not judged come last, in the order of the input.

    Attributes:
        question: The question.
        rows: Rank, rating and interval of each item, in the same order.
        separated: Whether the top was separated from the others.
        ended: How sorting ended, as text; None if it was interrupted.
        spent: What the judgments cost.
        notes: Notes for the user, such as on identical texts.
    """

    def __init__(
        self,
        question: str,
        rows: Iterable[RankedItem[T]],
        *,
        separated: bool,
        ended: str | None,
        spent: Spent,
        notes: Sequence[str] = (),
    ) -> None:
        self.question = question
        self.rows: tuple[RankedItem[T], ...] = tuple(rows)
        self.separated, self.ended, self.spent = separated, ended, spent
        self.notes = tuple(notes)
        super().__init__(row.item for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Returns the ranking as JSON values, with the texts in place of the items."""
        return {
            "question": self.question,
            "separated": self.separated,
            "ended": self.ended,
            "spent": asdict(self.spent),
            "notes": list(self.notes),
            "items": self.to_polars().to_dicts(),
        }

    def to_polars(self) -> pl.DataFrame:
        """Returns a frame with one row per item, which is counted from 1 in the column `item`."""
        return pl.DataFrame(
            [
                (
                    *(row.rank, row.text, row.rating, row.rating_lower, row.rating_upper),
                    *(row.judgments, row.place + 1),
                )
                for row in self.rows
            ],
            schema={
                "rank": pl.Int64,
                "text": pl.String,
                "rating": pl.Float64,
                "rating_lower": pl.Float64,
                "rating_upper": pl.Float64,
                "judgments": pl.Int64,
                "item": pl.Int64,
            },
            orient="row",
        )

    def to_text(self, *, color: bool = False, width: int | None = None) -> str:
        """Returns the ranking as a table for people.

        Args:
            color: Whether to use escape codes of terminals.
            width: Number of characters in a line; None for lines of any length.
        """
        table = [
            [
                "-" if row.rank is None else str(row.rank),
                one_line(row.text),
                "-" if row.rating is None else f"{row.rating:.0f}",
                "-" if row.rating_lower is None else f"{row.rating_lower:.0f}",
                "-" if row.rating_upper is None else f"{row.rating_upper:.0f}",
                str(row.judgments),
                str(row.place + 1),
            ]
            for row in self.rows
        ]
        header = ["rank", "text", "rating", "lower", "upper", "judgments", "item"]
        style = Style(color, width)
        lines = style.table(header, table, left={"text"}, drop=("item", "judgments"))
        return style.join([one_line(self.question), "", lines])


def blended(rankings: Mapping[str, Ranking[T]], weights: Mapping[str, float]) -> Ranking[T]:
    """Returns the ranking by the weighted mean of the ratings on several questions.

    The judgments of the questions are independent given the items, so the half-widths of the
    intervals are added as the roots of squares.

    Args:
        rankings: Rankings of the same items, by the name of the question.
        weights: Weights by the name of the question.
    """
    total = sum(weights.values())
    held = {name: {row.place: row for row in ranking.rows} for name, ranking in rankings.items()}
    names, first = list(held), next(iter(held.values()))
    found = [
        _blend(place, [held[n][place] for n in names], [weights[n] / total for n in names])
        for place in sorted(first)
    ]
    found.sort(key=lambda row: (row.rating is None, -(row.rating or 0.0), row.place))
    several = list(rankings.values())
    spent = several[0].spent
    for ranking in several[1:]:
        spent += ranking.spent
    told = " + ".join(f"{weights[name]:g} x {name}" for name in names)
    return Ranking(
        f"{told}, divided by {total:g}",
        ranked(found),
        separated=False,
        ended=None if any(r.ended is None for r in several) else "all questions have been asked",
        spent=spent,
    )


def ranked(rows: Iterable[RankedItem[T]]) -> Iterator[RankedItem[T]]:
    """Yields rows in the order of their ratings with their ranks."""
    rank, last = 0, None
    for number, row in enumerate(rows, start=1):
        if row.rating is not None and row.rating != last:
            rank, last = number, row.rating
        values = {name: getattr(row, name) for name in row.__dataclass_fields__}
        yield RankedItem(**{**values, "rank": None if row.rating is None else rank})


def checked_weights(weights: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Returns the weights of questions as numbers.

    Raises:
        OptionError: If a question has no weight, a weight is of no question or not positive.
    """
    for name in weights:
        if name not in names:
            raise OptionError(f"weights: there is no question {name!r} ({', '.join(names)})")
    for name in names:
        if name not in weights:
            raise OptionError(f"weights: the question {name!r} has no weight")
    checked = {name: positive(f"weights: {name}", weights[name]) for name in names}
    for name, weight in checked.items():
        if not weight:
            raise OptionError(f"weights: the weight of {name!r} must be above 0")
    return checked


def rankings_json(rankings: Mapping[str, Ranking[Any]]) -> str:
    """Returns several rankings as JSON, by the name of the question."""
    told = {name: ranking.to_dict() for name, ranking in rankings.items()}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _blend(place: int, rows: Sequence[RankedItem[T]], weights: Sequence[float]) -> RankedItem[T]:
    one = rows[0]
    rating = low = high = None
    if all(row.rating is not None for row in rows):
        rating = sum(w * (row.rating or 0.0) for w, row in zip(weights, rows, strict=True))
        low, high = (
            rating
            + sign
            * sqrt(sum((w * _arm(row, sign)) ** 2 for w, row in zip(weights, rows, strict=True)))
            for sign in (-1, 1)
        )
    judgments = sum(row.judgments for row in rows)
    return RankedItem(None, one.item, place, one.text, rating, low, high, judgments)


def _arm(row: RankedItem[T], sign: int) -> float:
    """Returns the distance of an end of the interval from the rating."""
    end = row.rating_lower if sign < 0 else row.rating_upper
    assert row.rating is not None and end is not None
    return abs(end - row.rating)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)
