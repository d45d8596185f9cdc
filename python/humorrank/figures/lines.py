"""Lines with the names of the models at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from humorrank.figures import theme
from humorrank.figures.beside import spread
from humorrank.figures.extra import Part, alt


def colors(models: Sequence[str], channel: Part = alt.Color) -> Part:
    """Returns the colors of models, which repeat if there are more models than colors."""
    number = len(theme.PALETTE)
    return channel(
        "model:N",
        scale=alt.Scale(
            domain=list(models), range=[theme.PALETTE[at % number] for at in range(len(models))]
        ),
        legend=None,
    )


def end_labels(
    labels: Sequence[dict[str, Any]],
    color: Part,
    size: tuple[float, float],
    domain: tuple[float, float],
) -> list[Part]:
    """Draws names to the right of a chart, each with a rule that leads to its rating.

    Args:
        labels: Rows with the columns model, label and rating. The height `at` is added to them.
        color: Color of the rules.
        size: Width and height of the chart in pixels.
        domain: Lowest and highest rating of the chart.
    """
    (width, height), (low, high) = size, domain
    point = (high - low) / height
    ratings = [row["rating"] for row in labels]
    heights = spread(ratings, 13 * point, low + 5 * point, high - 5 * point)
    rows = [{**row, "at": at} for row, at in zip(labels, heights, strict=True)]
    font = theme.text_font([row["label"] for row in rows], "label")
    return [
        alt.Chart(theme.data(rows))
        .mark_rule(strokeWidth=1)
        .encode(
            x=alt.value(width + 2),
            x2=alt.value(width + 14),
            y=alt.Y("rating:Q"),
            y2="at:Q",
            color=color,
        ),
        alt.Chart(theme.data(rows))
        .mark_text(align="left", color=theme.INK, font=font, fontSize=11)
        .encode(x=alt.value(width + 17), y=alt.Y("at:Q"), text="label:N", tooltip=["model:N"]),
    ]
