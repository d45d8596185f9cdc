"""A figure of the ratings as the number of comparisons increases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._util.checks import whole
from humorrank._util.progress import Progress
from humorrank._util.warned import quietly
from humorrank.errors import NoMaximumError
from humorrank.figures import theme
from humorrank.figures.beside import short
from humorrank.figures.extra import Figure, alt
from humorrank.figures.lines import colors, end_labels
from humorrank.matches.log import MatchLog
from humorrank.matches.outcomes import SHARE_OF
from humorrank.matches.source import StoreSource, log_of, refuse_counts, resolve
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.rate import rate

_ALL_NAMED: Final = 14
"""Number of models up to which all are named; otherwise, only the first and last are."""

_ENDS: Final = 4
"""Number of models that are named at each end of the leaderboard if not all are."""

_WIDTH, _HEIGHT = 520, 380
_DASHES: Final = ([1, 0], [6, 3], [2, 2])


def budget(
    source: object,
    *,
    top: int | None = None,
    steps: int = 40,
    prior: float = 0.0,
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> Figure:
    """Draws ratings after increasing numbers of comparisons, in the order of a tournament or a log.

    Each point is the rating from the matches so far, so the last one is that of the leaderboard.
    Lines begin when all models can be rated for the first time. Unlike all other figures, this one
    depends on the order of the rows.

    Args:
        source: A store, in the order of its schedule, or a log, in the order of its rows.
        top: Number of the best models (by the last rating) to show; all, up to 300, by default.
        steps: Number of times that the models are rated, at equal distances. It is reduced if the
            chart would have more than 5,000 points.
        prior: Prior of the ratings; see `humorrank.rate`.
        progress: Function that is called with (stage, done, total).
        reading: Options of `MatchLog`.

    Returns:
        A chart of ratings in points against comparisons (for a log: matches). Its data have the
        columns model, comparisons and rating.

    Raises:
        MissingExtraError: If altair is not installed.
        NoMaximumError: If the models cannot be rated even from all matches together.
        OptionError: If the source has no rows, or an option is invalid.
        InputError: If the matches cannot be read.
    """
    refuse_counts(source, "order of matches")
    steps = whole("steps", steps, 1, 1000)
    frame, unit = _in_order(source, reading)
    field = len(pl.concat([frame["model_a"], frame["model_b"]]).unique())
    size = theme.limited(field, top)
    steps = max(1, min(steps, theme.MOST_ROWS // size))
    boards = _boards(frame, field, steps, prior, progress)
    last = boards[-1][1]
    models = list(last.columns["model"])[:size]
    names = dict(zip(models, theme.names_of(models), strict=True))
    rows = [
        {"model": names[row.model], "comparisons": done, "rating": row.rating}
        for done, board in boards
        for row in board.rows
        if row.model in names
    ]
    notes = [
        *theme.shown_note(size, len(last)),
        f"Bradley-Terry ratings from the {unit} so far, at {len(boards)} points.",
    ]
    if prior:
        notes.append(f"The ratings are shrunk by a prior of {prior:g}.")
    if boards[0][0] > boards[-1][0] / steps * 1.5:
        notes.append("Lines begin when all models can be rated for the first time.")
    return _lines(rows, [names[model] for model in models], boards[-1][0], unit, notes)


def _in_order(source: object, reading: Mapping[str, Any]) -> tuple[pl.DataFrame, str]:
    """Returns the matches in order, with the number of comparisons so far in `done`."""
    found = resolve(source)
    frame = log_of(source, reading).to_polars()
    if not isinstance(found, StoreSource):
        done = pl.col("count").cum_sum() if "count" in frame.columns else pl.int_range(pl.len()) + 1
        unit = "matches"
    else:
        unit = "comparisons"
        # A comparison is a pair on a prompt, in any order and by any judge.
        low, high = pl.min_horizontal("model_a", "model_b"), pl.max_horizontal("model_a", "model_b")
        compared = pl.struct(low.alias("low"), high.alias("high"), "question_id")
        done = compared.is_first_distinct().cum_sum()
    known = pl.col("winner").replace_strict(SHARE_OF, default=None, return_dtype=pl.Float64)
    shares = [known, pl.col("score")] if "score" in frame.columns else [known]
    amounts = [name for name in ("weight", "count") if name in frame.columns]
    return frame.select(
        "model_a",
        "model_b",
        *amounts,
        score=pl.coalesce(shares),
        done=done.cast(pl.Int64),
    ), unit


def _boards(
    frame: pl.DataFrame, field: int, steps: int, prior: float, progress: Progress | None
) -> list[tuple[int, Leaderboard]]:
    """Rates growing parts of the log that can rate all models, up to the whole log."""
    done = frame["done"].to_numpy()
    total = int(done[-1])
    marks = np.unique(np.ceil(np.arange(1, steps + 1) * total / steps))
    # All judgments of a comparison are on the same side of a cut.
    cuts = np.unique(np.searchsorted(done, marks, side="right"))
    tally: Tally | None = None
    out, start = [], 0
    for number, cut in enumerate(cuts.tolist()):
        part = frame[start:cut].drop("done")
        start = cut
        if progress is not None:
            progress("rating", number, len(cuts))
        if not part.height:
            continue
        counted = Tally.from_log(MatchLog(part, score_of="a"))
        tally = counted if tally is None else tally + counted
        if len(tally.names) < field and cut < frame.height:
            continue
        try:
            with quietly():
                board = rate(tally, prior=prior, bootstrap=0, elo_shuffles=0)
        except NoMaximumError:
            if cut == frame.height:
                raise
            continue
        assert isinstance(board, Leaderboard)
        out.append((int(done[cut - 1]), board))
    return out


def _lines(
    rows: list[dict[str, Any]], models: list[str], total: int, unit: str, notes: list[str]
) -> Figure:
    ratings = [row["rating"] for row in rows]
    low, high = min(ratings), max(ratings)
    pad = max(0.03 * (high - low), 5.0)
    low, high = low - pad, high + pad
    named = models
    if len(models) > _ALL_NAMED:
        named = [*models[:_ENDS], *models[-_ENDS:]]
        notes = [*notes, f"Named: the first {_ENDS} and the last {_ENDS} of the models shown."]
    final = {row["model"]: row["rating"] for row in rows if row["comparisons"] == total}
    labels = [
        {"model": name, "label": label, "rating": final[name], "comparisons": total}
        for name, label in zip(named, short(named), strict=True)
    ]
    axes = {
        "x": alt.X(
            "comparisons:Q",
            scale=alt.Scale(domain=[0, total], nice=False),
            axis=alt.Axis(title=f"{unit} so far", tickCount=6),
        ),
        "y": alt.Y(
            "rating:Q",
            scale=alt.Scale(domain=[low, high], nice=False, zero=False),
            axis=alt.Axis(title="Bradley-Terry rating (points)", format="d"),
        ),
    }
    hover = [
        alt.Tooltip("model:N"),
        alt.Tooltip("comparisons:Q", title=unit, format=","),
        alt.Tooltip("rating:Q", format=".1f"),
    ]
    color = colors(named)
    # Dashes and names distinguish lines if colors repeat or cannot be seen.
    dash = alt.StrokeDash(
        "model:N",
        scale=alt.Scale(
            domain=named, range=[_DASHES[at // 3 % len(_DASHES)] for at in range(len(named))]
        ),
        legend=None,
    )
    chosen = set(named)
    front = [row for row in rows if row["model"] in chosen]
    back = [row for row in rows if row["model"] not in chosen]
    layers = []
    if back:
        layers.append(
            alt.Chart(theme.data(back))
            .mark_line(color=theme.LINE, strokeWidth=1, opacity=0.4 if len(models) <= 60 else 0.2)
            .encode(**axes, detail="model:N", tooltip=hover)
        )
    single = len({row["comparisons"] for row in rows}) == 1
    lines = alt.Chart(theme.data(front))
    layers += [
        (lines.mark_point(filled=True) if single else lines.mark_line(strokeWidth=2)).encode(
            **axes, color=color, tooltip=hover, **({} if single else {"strokeDash": dash})
        ),
        *end_labels(labels, color, (_WIDTH, _HEIGHT), (low, high)),
    ]
    chart = alt.layer(*layers).properties(width=_WIDTH, height=_HEIGHT)
    return theme.finished(chart, "Ratings by budget", notes, width=_WIDTH + 120)
