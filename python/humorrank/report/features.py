"""The labels that judges gave, as shares of the wins or losses of each contestant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl

from humorrank.judge.taxonomy import TAXONOMY
from humorrank.matches.labels import KINDS, Labels

MOST_FEATURED: Final = 60
"""Maximum number of the best contestants whose labels are shown."""

MOST_LABELS: Final = 24
"""Maximum number of the most frequent labels that a table shows."""

_TAXONOMY: Final = {
    "mechanisms": TAXONOMY.humor,
    "delivery": TAXONOMY.delivery,
    "failures": TAXONOMY.failures,
}


def feature_tables(labels: Labels, models: Sequence[str]) -> list[dict[str, Any]]:
    """Returns a table of the shares of each kind of label (mechanisms, delivery, failures).

    A share is the part of the labeled wins or losses of a contestant that have the label.

    Args:
        labels: The counts of the labels.
        models: The contestants, in the order of the rows.

    Returns:
        A dictionary for each kind, with `name`, `among` ("wins" or "losses"), `labels` (those of
        the taxonomy first), `all` (the number of labels), `counts` (labeled wins or losses of each
        contestant) and `shares` (a row for each contestant, None if the count is 0). Kinds without
        a label are left out.
    """
    out = []
    for kind in KINDS:
        given = labels.given.filter(pl.col("kind") == kind)
        if not given.height:
            continue
        decided = labels.decided.filter(pl.col("kind") == kind)
        counts = dict(decided.select("model", "mass").iter_rows())
        found = {(model, label): mass for _, model, label, mass in given.iter_rows()}
        shown = _shown(given, _TAXONOMY[kind])
        out.append(
            {
                "name": kind,
                "among": "losses" if kind == "failures" else "wins",
                "labels": shown,
                "all": given["label"].n_unique(),
                "counts": [counts.get(model, 0) for model in models],
                "shares": [
                    [_share(found.get((model, label), 0), counts.get(model, 0)) for label in shown]
                    for model in models
                ],
            }
        )
    return out


def _shown(given: pl.DataFrame, taxonomy: Sequence[str]) -> list[str]:
    totals = given.group_by("label").agg(pl.col("mass").sum())
    most = totals.sort("mass", "label", descending=[True, False]).head(MOST_LABELS)
    kept = most["label"].to_list()
    return [label for label in taxonomy if label in kept] + sorted(set(kept) - set(taxonomy))


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
