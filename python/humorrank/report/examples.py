"""Selects example decisions of each pair, and limits their number and length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._util import draws
from humorrank.report.decisions import LABELS, TEXTS, Decisions

MOST_EXAMPLES: Final = 20_000
"""Maximum number of decisions whose texts are read."""

_PURPOSE: Final = 0x6578616D706C65
_LENGTHS: Final = ((1_500, 1_000), (700, 400))
"""Maximum lengths of a prompt or joke, and of reasons, beyond which a text is cut. The second pair
applies if space is scarce."""


def chosen(
    decisions: Decisions, places: Mapping[str, int], per_pair: int, seed: int
) -> pl.DataFrame:
    """Draws decisions of each pair by the seed, independently of the order of the rows.

    Args:
        decisions: All decisions.
        places: Place of each contestant on the leaderboard. Decisions of other contestants are left
            out.
        per_pair: Maximum number of decisions of each pair.
        seed: Random seed for the draw.

    Returns:
        Rows of `Decisions.table` with the places `a` (of the contestant shown first) and `b`, and
        `turn` (0 for the first decision of a pair, 1 for the second, and so on). They are sorted by
        turn, which is the order in which to use them.
    """
    names, numbers = pl.Series(list(places), dtype=pl.String), pl.Series(places.values())
    table = decisions.table.with_columns(
        pl.col(f"model_{side}")
        .replace_strict(names, numbers, default=None, return_dtype=pl.Int64)
        .alias(side)
        for side in ("a", "b")
    )
    drawn = draws.bits(_PURPOSE, seed, np.arange(table.height, dtype=np.uint64))
    return (
        table.with_columns(pl.Series("drawn", drawn))
        .filter(pl.col("a").is_not_null() & pl.col("b").is_not_null())
        .with_columns(low=pl.min_horizontal("a", "b"), high=pl.max_horizontal("a", "b"))
        .with_columns(turn=pl.col("drawn").rank("ordinal").over("low", "high") - 1)
        .filter(pl.col("turn") < per_pair)
        .sort("turn", "drawn")
        .head(MOST_EXAMPLES)
    )


def packed(decisions: Decisions, rows: pl.DataFrame, most_bytes: int) -> dict[str, Any]:
    """Converts examples to the form of the page, as many as there is space for.

    Long texts are cut and marked rather than left out. If space is scarce, the further examples of
    each pair are left out first, then texts are cut shorter, and finally whole pairs are left out.

    Args:
        decisions: All decisions.
        rows: The rows returned by `chosen`.
        most_bytes: Maximum size as JSON.

    Returns:
        `texts` (each once), `judges`, `labels`, `rows`, `offensive` (the indices of the texts that
        a judge labeled offensive) and `cut` (the number of texts that are cut). A row is [a, b,
        score, judge, question, prompt, joke_a, joke_b, reasoning, humor, delivery, failures].
        Texts, judges and labels are given by their indices, or null.
    """
    if not rows.height:
        return _Pack(*_LENGTHS[0]).data()
    full = rows.join(decisions.texts(rows), on="row", how="left", maintain_order="left")
    full = full.filter(pl.any_horizontal(pl.col(name).fill_null("") != "" for name in TEXTS[1:]))
    turns = int(full["turn"].max() or 0) + 1 if full.height else 1  # type: ignore[arg-type]
    for turn in range(turns, 0, -1):
        part = full.filter(pl.col("turn") < turn)
        for lengths in _LENGTHS if turn == 1 else _LENGTHS[:1]:
            pack = _Pack(*lengths)
            whole = all(pack.add(row, most_bytes) for row in part.iter_rows(named=True))
            if whole:
                return pack.data()
    return pack.data()


class _Pack:
    """Collects rows with their texts until the space is used up."""

    def __init__(self, joke: int, reasoning: int) -> None:
        self._joke, self._reasoning = joke, reasoning
        self._texts: dict[str, int] = {}
        self._judges: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        self._rows: list[list[Any]] = []
        self._bytes = 0
        self._cut: set[int] = set()
        self._offensive: set[int] = set()

    def add(self, row: Mapping[str, Any], most_bytes: int) -> bool:
        """Adds a row, and returns whether there was space for it."""
        if self._bytes > most_bytes:
            return False
        same = row["prompt"] == row["question_id"]
        jokes = [self._text(row[f"joke_{side}"], self._joke) for side in ("a", "b")]
        self._offensive.update(
            joke
            for joke, side in zip(jokes, ("a", "b"), strict=True)
            if joke is not None and row[f"offensive_{side}"]
        )
        packed = [
            row["a"],
            row["b"],
            row["score"],
            None if row["judge"] is None else self._number(self._judges, row["judge"]),
            self._text(row["question_id"], self._joke),
            None if same else self._text(row["prompt"], self._joke),
            *jokes,
            self._text(row["reasoning"], self._reasoning),
            *([self._number(self._labels, label) for label in row[name] or ()] for name in LABELS),
        ]
        self._rows.append(packed)
        self._bytes += len(json.dumps(packed, separators=(",", ":"))) + 1
        return self._bytes <= most_bytes

    def data(self) -> dict[str, Any]:
        """Returns the examples in the form of the page."""
        return {
            "texts": list(self._texts),
            "judges": list(self._judges),
            "labels": list(self._labels),
            "rows": self._rows,
            "offensive": sorted(self._offensive),
            "cut": len(self._cut),
        }

    def _text(self, text: str | None, most: int) -> int | None:
        if text is None or text == "":
            return None
        if len(text) <= most:
            return self._number(self._texts, text)
        number = self._number(
            self._texts, f"{text[:most].rstrip()} … [cut: {len(text):,} characters in total]"
        )
        self._cut.add(number)
        return number

    def _number(self, known: dict[str, int], text: str) -> int:
        number = known.get(text)
        if number is None:
            number = known[text] = len(known)
            self._bytes += len(json.dumps(text, ensure_ascii=False).encode()) + 1
            self._bytes += 5 * text.count("<")
        return number
