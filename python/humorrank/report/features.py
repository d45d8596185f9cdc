"""Which labels judges gave: shares among each contestant's wins, or among its losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from humorrank.judge.taxonomy import TAXONOMY
from humorrank.report.decisions import LABELS

MOST_LABELS: Final = 24
"""Labels that a table shows: the most frequent ones."""

_KINDS: Final = (
    ("mechanisms", LABELS[0], TAXONOMY.humor, "wins"),
    ("delivery", LABELS[1], TAXONOMY.delivery, "wins"),
    ("failure modes", LABELS[2], TAXONOMY.failures, "losses"),
)


def feature_tables(decisions: pl.DataFrame, models: Sequence[str]) -> list[dict[str, Any]]:
    """A table a kind of label: the share of a contestant's labelled wins or losses that have it.

    Ties have neither winner nor loser, and count nowhere.

    Args:
        decisions: of `Decisions.table`.
        models: the contestants, in the order of the rows.

    Returns:
        Of each kind `name`, `among` ("wins" or "losses"), `labels` (those of the taxonomy first),
        `counts` (labelled wins or losses of each contestant) and `shares` (rows of contestants by
        labels, None where the count is 0); kinds without a label are left out.
    """
    a_won = pl.col("score") > 0.5
    labelled = pl.any_horizontal(pl.col(name).is_not_null() for name in LABELS)
    told = decisions.filter((pl.col("score") != 0.5) & labelled).with_columns(
        wins=pl.when(a_won).then("model_a").otherwise("model_b"),
        losses=pl.when(a_won).then("model_b").otherwise("model_a"),
    )
    out = []
    for name, column, taxonomy, among in _KINDS:
        seen = told.select(pl.col(among).alias("model"), pl.col(column).alias("label"))
        counts = dict(seen.group_by("model").len().iter_rows())
        cells = seen.explode("label").drop_nulls().group_by("model", "label").len()
        found = {(model, label): count for model, label, count in cells.iter_rows()}
        labels = _shown(cells, taxonomy)
        if not labels:
            continue
        out.append(
            {
                "name": name,
                "among": among,
                "labels": labels,
                "counts": [counts.get(model, 0) for model in models],
                "shares": [
                    [_share(found.get((model, label), 0), counts.get(model, 0)) for label in labels]
                    for model in models
                ],
            }
        )
    return out


def _shown(cells: pl.DataFrame, taxonomy: Sequence[str]) -> list[str]:
    totals = cells.group_by("label").agg(pl.col("len").sum()).sort("len", "label", descending=True)
    most = totals.head(MOST_LABELS)["label"].to_list()
    known = [label for label in taxonomy if label in most]
    return known + sorted(label for label in most if label not in taxonomy)


def _share(count: int, total: int) -> float | None:
    return round(count / total, 4) if total else None
