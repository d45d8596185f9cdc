"""The result of an audit as JSON and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from humorrank import _core
from humorrank._util import json as as_json
from humorrank._util.reporting import Report
from humorrank._util.text import Style, number_of, one_line
from humorrank.diagnostics.fragility.changes import Change


@dataclass(frozen=True, eq=False, repr=False)
class AuditReport(Report):
    """A small set of matches whose removal or flip changes an order.

    Attributes:
        question: The order as text, for example "the winner is x".
        change: "remove" or "flip".
        by: The column whose values are changed as a whole; None for single matches.
        tied: Whether the compared models already have equal ratings, so that no change is needed.
        found: Whether a set was found.
        size: The number of matches, or values of `by`, in the set. It is an upper bound on the
            smallest number. None if no set was found.
        smallest: Whether all smaller sets were tried, so that the set is the smallest. If no set
            was found, whether all sets were tried.
        changed: The number of matches in the set.
        matches: The number of matches rated.
        cells: The set as a frame with the columns model_a (the name that comes first), model_b,
            outcome (model_a, model_b, tie or soft), score (of model_a), weight, changed and of
            (the number of such matches). With `by`, the columns are that column and matches.
        ratings: A frame with the columns model, rating and rating_after (null if no set was
            found), best model first.
        settings: The options.
        filtered: The number of rows removed by each filter.
        warnings: Warnings for the reader.
    """

    question: str
    change: Change
    by: str | None
    tied: bool
    found: bool
    size: int | None
    smallest: bool
    changed: int
    matches: int
    cells: pl.DataFrame
    ratings: pl.DataFrame
    settings: Mapping[str, Any]
    filtered: Mapping[str, int]
    warnings: tuple[str, ...]

    def to_polars(self) -> pl.DataFrame:
        """Returns the set, with one row per group of equal matches."""
        return self.cells

    def to_dict(self) -> dict[str, Any]:
        """Returns the report in JSON types."""
        own = {name: value for name, value in vars(self).items() if name != "filtered"}
        out = {
            **own,
            "cells": self.cells.to_dicts(),
            "ratings": self.ratings.to_dicts(),
            "settings": dict(self.settings),
            "warnings": list(self.warnings),
            "version": _core.VERSION,
        }
        return dict(as_json.tree(out))

    def _written(self, style: Style) -> str:
        return report_text(self, style)


_SHOWN = 30

_MODELS = 10

_DONE = {"remove": "removed", "flip": "flipped"}


def report_text(report: AuditReport, style: Style) -> str:
    """Returns the audit as sentences and tables."""
    lines = [f"{one_line(report.question)}, in {number_of(report.matches, 'match', 'matches')}", ""]
    lines.append(answer(report))
    if not report.found:
        return style.join(lines)
    lines += ["", _set(report, style)]
    if report.cells.height > _SHOWN:
        lines.append(f"... and {number_of(report.cells.height - _SHOWN, 'more row')}")
    later = report.ratings["rating_after"].rank("min", descending=True).cast(int).to_list()
    rows = [
        [
            str(place),
            str(later[place - 1]),
            one_line(row["model"]),
            f"{row['rating']:.1f}",
            f"{row['rating_after']:.1f}",
        ]
        for place, row in enumerate(report.ratings.iter_rows(named=True), start=1)
        if place <= _MODELS or later[place - 1] <= _MODELS
    ]
    header = ["rank", "rank after", "model", "rating", "rating after"]
    table = style.table(
        header, rows, left={"model"}, drop=("rating after", "rank after"), source="--format json"
    )
    return style.join([*lines, "", table])


def answer(report: AuditReport) -> str:
    """Returns the finding in a sentence."""
    done = _DONE[report.change]
    unit = "matches" if report.by is None else f"values of {report.by}"
    if report.tied:
        return "the ratings are already equal, so no change is needed"
    if report.size is None:
        if report.smallest:
            return (
                f"no set of {unit} changes this order when {done} and leaves ratings that exist; "
                "all sets were tried"
            )
        return (
            f"no set of {unit} was found that changes this order when {done} and leaves ratings "
            "that exist; this does not prove that there is none"
        )
    if report.size == 1:
        unit = "match" if report.by is None else f"value of {report.by}"
    share = f"{_percent(report.changed / report.matches)} of all matches"
    if report.by is not None:
        share = f"{number_of(report.changed, 'match', 'matches')}, {share}"
    text = f"this changes if {report.size:,} {unit} ({share}) "
    text += f"{'is' if report.size == 1 else 'are'} {done}; "
    if report.smallest:
        return text + "all smaller sets were tried, and none of them changes it"
    return text + "this is an upper bound, and a smaller set may be enough"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _set(report: AuditReport, style: Style) -> str:
    shown = report.cells.head(_SHOWN)
    done = _DONE[report.change]
    if report.by is not None:
        rows = [[one_line(row[0]), f"{row[1]:,}"] for row in shown.iter_rows()]
        return style.table([report.by, f"matches {done}"], rows, left={report.by})
    rows = [
        [*_words(row), f"{row['changed']:,}", f"{row['of']:,}"]
        for row in shown.iter_rows(named=True)
    ]
    header = ["model", "outcome", "against", done, "of"]
    return style.table(header, rows, left=set(header[:3]), drop=("of",))


def _words(row: dict[str, Any]) -> list[str]:
    a, b = one_line(row["model_a"]), one_line(row["model_b"])
    weight = "" if row["weight"] == 1 else f" (weight {row['weight']:g})"
    if row["outcome"] == "soft":
        return [a, f"got {row['score']:g}{weight}", b]
    if row["outcome"] == "tie":
        return [a, f"tied{weight}", b]
    return [a, f"won{weight}", b] if row["outcome"] == "model_a" else [b, f"won{weight}", a]
