"""A figure of the labels that judges give to the wins and losses of each model."""

from __future__ import annotations

import math
from typing import Any, Final

import polars as pl

from humorrank.errors import NoMaximumError
from humorrank.figures import theme
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.source import board_of
from humorrank.matches.labels import KINDS, Labels, read_labels
from humorrank.matches.source import log_of
from humorrank.rating.board.leaderboard import Leaderboard

_NAMED: Final = 100
"""Number of models up to which each is named."""

_WITH_SHARES: Final = 24
"""Number of models up to which cells show their shares."""

_SLANT: Final = 50
"""Angle by which labels are rotated, in degrees."""

_LONGEST: Final = 150
"""Maximum length of a label, in pixels."""

_TITLES: Final = {
    "mechanisms": "mechanisms, share of wins",
    "delivery": "delivery, share of wins",
    "failures": "failures, share of losses",
}


def features(
    source: object,
    board: Leaderboard | None = None,
    top: int | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> Figure:
    """Draws heatmaps of mechanisms and delivery among wins, and of failures among losses.

    A share refers to the wins (losses) that have labels of this kind, and counts those in which the
    judge gave the label. A decision may have up to three labels, so the shares of a model may add
    up to more than 1. The labels of any taxonomy are sorted by frequency.

    Args:
        source: A decision log or a store.
        board: Leaderboard that determines the models and their order. By default, the source is
            rated, with a prior if it cannot be rated otherwise.
        top: Number of the best models to show; all, up to 300, by default.
        reading: Options of `MatchLog`.

    Returns:
        A chart of up to three heatmaps. Its data have the columns model, label, share (0 to 1),
        given (the number of decisions with the label) and decided (the number of decisions).

    Raises:
        MissingExtraError: If altair is not installed.
        InputError: If the source has no labels.
        OptionError: If the source has no rows, or an option is invalid.
    """
    labels = read_labels(source, reading)
    order, how = _order(source, board, reading)
    labelled = set(labels.decided["model"])
    order = [model for model in order if model in labelled]
    size = theme.limited(len(order), top)
    kept = order[:size]
    kinds = [kind for kind in KINDS if kind in set(labels.given["kind"])]
    tables = {kind: _table(labels, kind, kept) for kind in kinds}
    most = max(max(table["share"], default=0.0) for table, _, _ in tables.values())
    # All titles have the same height, above the longest slanted label.
    widths = [theme.text_width(name, 11) for _, names, _ in tables.values() for name in names]
    above = 16 + 0.9 * math.sin(math.radians(_SLANT)) * min(_LONGEST, max(widths, default=0))
    charts = [
        _heatmap(table, kept, names, kind, most, above, first=at == 0, last=at == len(kinds) - 1)
        for at, (kind, (table, names, _)) in enumerate(tables.items())
    ]
    notes = [
        *theme.shown_note(size, len(order)),
        how,
        "Share of a model's labeled wins (losses) in which the judges gave the label, with up to "
        "three labels for each decision.",
    ]
    notes += [
        f"{kind}: only the {len(names)} most frequent of {total} labels are shown."
        for kind, (_, names, total) in tables.items()
        if total > len(names)
    ]
    # All have the same domain; sharing the scale instead would drop the legend.
    chart = alt.hconcat(*charts, spacing=18).resolve_scale(color="independent")
    return theme.finished(chart, "Labels of wins and losses", notes, width=760)


def _order(
    source: object, board: Leaderboard | None, reading: dict[str, Any]
) -> tuple[list[str], str]:
    if board is not None:
        return list(board.columns["model"]), "Models are in the order of the leaderboard."
    matches = log_of(source, reading)
    options = {"bootstrap": 0, "elo_shuffles": 0}
    try:
        found = board_of(matches, options)
    except NoMaximumError:
        found = board_of(matches, {**options, "prior": 1.0})
        how = (
            "Models are in the order of ratings that are shrunk by a prior, because not all of "
            "them can be rated without one."
        )
        return list(found.columns["model"]), how
    return list(found.columns["model"]), "Models are in the order of their ratings."


def _table(labels: Labels, kind: str, models: list[str]) -> tuple[pl.DataFrame, list[str], int]:
    """Returns a row for each model and label, the labels shown, and the number of all labels."""
    given = labels.given.filter((pl.col("kind") == kind) & pl.col("model").is_in(models))
    ranked = (
        given.group_by("label")
        .agg(pl.col("mass").sum())
        .sort("mass", "label", descending=[True, False])["label"]
        .to_list()
    )
    names = ranked[: theme.MOST_ROWS // max(len(models), 1)]
    decided = labels.decided.filter((pl.col("kind") == kind) & pl.col("model").is_in(models))
    shown = pl.DataFrame({"model": models, "shown": theme.names_of(models)})
    table = (
        decided.select("model", decided="mass")
        .join(pl.DataFrame({"label": names}, schema={"label": pl.String}), how="cross")
        .join(given.select("model", "label", given="mass"), on=["model", "label"], how="left")
        .with_columns(pl.col("given").fill_null(0.0))
        .with_columns(share=pl.col("given") / pl.col("decided"))
        .join(shown, on="model")
        .select(model="shown", label="label", share="share", given="given", decided="decided")
    )
    return table, names, len(ranked)


def _heatmap(
    table: pl.DataFrame,
    models: list[str],
    labels: list[str],
    kind: str,
    most: float,
    above: float,
    *,
    first: bool,
    last: bool,
) -> Part:
    rows = len(models)
    names = theme.names_of(models)
    named = rows <= _NAMED
    step = theme.row_step(rows) if named else 3
    font = theme.row_font(rows)
    shown = names if named else theme.few(names, math.ceil(14 / step))
    axis = alt.Axis(
        title="model, best first",
        values=theme.axis_values(shown),
        labelFont=theme.name_font(shown),
        labelFontSize=font,
        **theme.short_labels(names, size=font),
        labelOverlap=False,
        ticks=not named,
        domain=False,
    )
    shape = dict(zip(labels, theme.names_of(labels), strict=True))
    data = table.with_columns(pl.col("label").replace_strict(shape, return_dtype=pl.String))
    base = alt.Chart(theme.data(data.to_dicts())).encode(
        y=alt.Y("model:N", scale=alt.Scale(domain=names), axis=axis if first else None),
        x=alt.X(
            "label:N",
            scale=alt.Scale(domain=list(shape.values())),
            axis=alt.Axis(
                title=_TITLES[kind],
                titleAnchor="start",
                titleY=-above,
                orient="top",
                labelFont=theme.name_font(shape.values()),
                labelAngle=-_SLANT,
                labelOverlap=False,
                **theme.short_labels(list(shape.values()), _LONGEST),
                ticks=False,
                domain=False,
            ),
        ),
    )
    layers = [
        base.mark_rect(stroke="white", strokeWidth=1 if named else 0).encode(
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(scheme=theme.SCHEME, domain=[0, most or 1]),
                legend=alt.Legend(title="share", format=".0%") if last else None,
            ),
            tooltip=[
                alt.Tooltip("model:N"),
                alt.Tooltip("label:N"),
                alt.Tooltip("share:Q", format=".1%"),
                alt.Tooltip("given:Q", title="decisions with the label", format=",.6~g"),
                alt.Tooltip("decided:Q", title="all decisions", format=",.6~g"),
            ],
        )
    ]
    if rows <= _WITH_SHARES:
        ink = (
            alt.when(alt.datum.share >= theme.LIGHT_FROM * (most or 1))
            .then(alt.value("black"))
            .otherwise(alt.value("white"))
        )
        layers.append(
            base.mark_text(fontSize=10).encode(text=alt.Text("share:Q", format=".0%"), color=ink)
        )
    chart: Part = alt.layer(*layers).properties(width=alt.Step(34), height=alt.Step(step))
    return chart
