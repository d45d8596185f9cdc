"""The data of a model with covariates: matches in the order shown, clusters and controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import InputError
from humorrank.matches.log import MatchLog, Measured, columns_of, sides
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.outcomes import SHARES
from humorrank.matches.source import TallySource, has_ballots, log_of, read_tally, resolve
from humorrank.matches.tally.tally import Tally


@dataclass(frozen=True)
class ModelData:
    """Matches, with equal ones in one row, sorted by their values.

    Attributes:
        tally: The matches without clusters and controls.
        first: The code of the contestant shown first, its position in the names of the tally.
        second: The code of the contestant shown second.
        score: The score of the contestant shown first.
        weight: The weight of each match.
        count: The number of matches in each row.
        cluster: The number of the cluster of each row; None if no clusters are requested.
        controls: The difference of each control between first and second, one column each.
    """

    tally: Tally
    first: np.ndarray
    second: np.ndarray
    score: np.ndarray
    weight: np.ndarray
    count: np.ndarray
    cluster: np.ndarray | None
    controls: np.ndarray


def read_model_data(
    matches: object,
    *,
    controls: Sequence[str],
    cluster: str | None,
    progress: Progress | None,
    reading: Mapping[str, Any],
    ballots: bool = False,
) -> ModelData:
    """Reads matches in any form that `humorrank.rate` accepts.

    Args:
        matches: Logs, or tallies that have the clusters and controls as keys.
        controls: The names of the controls; see `humorrank.rate`.
        cluster: The column that defines the clusters.
        progress: A function called with (stage, done, total).
        reading: The options of `MatchLog`.
        ballots: Whether the clusters are the ballots, if the matches are pairs of ballots.

    Raises:
        InputError: If the matches cannot be read, or lack a control or a cluster.
        OptionError: If a column or key does not exist, or an option has an invalid value.
    """
    keys = () if cluster is None else (cluster,)
    if not controls:
        tally = read_tally(matches, keys=keys, progress=progress, reading=reading, ballots=ballots)
        return _of_tally(tally, (), tally.keys)
    if isinstance(resolve(matches), TallySource):
        tally = read_tally(matches, keys=None, progress=progress, reading=reading)
        columns = [columns_of(control, tally.keys) or sides(control) for control in controls]
        keys = (BALLOT,) if ballots and has_ballots(tally) else keys
        wanted = dict.fromkeys([*keys, *(column for both in columns for column in both)])
        return _of_tally(tally.project(tuple(wanted)), columns, keys)
    return _of_log(log_of(matches, reading), controls, keys, progress, ballots=ballots)


def _of_tally(
    tally: Tally, controls: Sequence[tuple[str, ...]], clusters: Sequence[str]
) -> ModelData:
    groups = None
    if tally.keyed is None:
        cells = tally.counts.cells()
    else:
        groups, cells = tally.keyed.cells.cells()
    first, second, outcome, score, weight, count = cells
    keyed = tally.keyed

    def codes(key: str) -> tuple[np.ndarray, Sequence[str]]:
        assert keyed is not None and groups is not None
        place = keyed.keys.index(key)
        found = keyed.cells.keys[place]
        if (found == _core.NULL_CODE).any():
            lacking = int(count[(found == _core.NULL_CODE)[groups]].sum())
            raise _lacking(key, lacking)
        return found[groups], keyed.labels[place]

    def numbers(key: str) -> np.ndarray:
        found, labels = codes(key)
        text = pl.Series(labels, dtype=pl.String)
        values = text.str.strip_chars().cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            raise InputError(
                f"{labels[wrong[0]]!r} is not a finite number, as required for a control",
                column=key,
            )
        return np.asarray(values[found])

    def difference(columns: tuple[str, ...]) -> np.ndarray:
        parts = [numbers(column) for column in columns]
        return parts[0] - parts[1] if len(parts) == 2 else parts[0]

    shares = SHARES[outcome]
    columns = {
        "first": first.astype(np.int64),
        "second": second.astype(np.int64),
        "score": np.where(np.isnan(shares), score, shares),
        "weight": weight,
        "count": count.astype(np.float64),
    }
    if clusters:
        columns["cluster"] = codes(clusters[0])[0].astype(np.int64)
    columns |= {f"control {i}": difference(both) + 0.0 for i, both in enumerate(controls)}
    whole = Tally(tally.names, tally.counts, tally.report)
    return _merged(whole, pl.DataFrame(columns), len(controls))


def _of_log(
    log: MatchLog,
    controls: Sequence[str],
    clusters: Sequence[str],
    progress: Progress | None,
    *,
    ballots: bool,
) -> ModelData:
    counts, frames = _core.Tally(), []
    try:
        for part in log.measured(controls, clusters, ballots=ballots):
            m = part.matches
            counts.grow(log.contestants)
            counts.add(m.first, m.second, m.outcome, m.score, m.weight, m.count)
            frames.append(_frame(part))
            if progress is not None:
                progress("reading", log.report.rated, 0)
    except OverflowError as error:
        raise InputError(str(error)) from error
    names, clusters = log.names, log.keys
    tally = Tally.of(names, counts, log.report)
    rows = pl.concat(frames)
    labels = [pl.Series(part, dtype=pl.String) for part in (names, *log.labels)]
    ranks = [pl.Series(part.rank("dense"), dtype=pl.Int64) - 1 for part in labels]
    if clusters:
        lacking = rows.filter(pl.col("cluster") == _core.NULL_CODE)["count"].sum()
        if lacking:
            raise _lacking(clusters[0], int(lacking))
    # Names without a match are not among those of the tally.
    place = {name: code for code, name in enumerate(tally.names)}
    code = pl.Series([place.get(name, -1) for name in names], dtype=pl.Int64)
    rows = rows.with_columns(
        code.gather(rows["first"]).alias("first"),
        code.gather(rows["second"]).alias("second"),
        *([ranks[1].gather(rows["cluster"]).alias("cluster")] if clusters else []),
    )
    return _merged(tally, rows, len(controls))


def _merged(tally: Tally, rows: pl.DataFrame, controls: int) -> ModelData:
    """Merges equal rows and sorts them, so that the order of reading does not matter."""
    values = [column for column in rows.columns if column != "count"]
    rows = rows.group_by(values).agg(pl.col("count").sum()).sort(values)
    numbers = np.empty((rows.height, controls))
    for place in range(controls):
        numbers[:, place] = rows[f"control {place}"].to_numpy()
    return ModelData(
        tally,
        rows["first"].to_numpy(),
        rows["second"].to_numpy(),
        rows["score"].to_numpy(),
        rows["weight"].to_numpy(),
        rows["count"].to_numpy(),
        rows["cluster"].to_numpy() if "cluster" in rows.columns else None,
        numbers,
    )


def _frame(part: Measured) -> pl.DataFrame:
    m, ones = part.matches, np.ones(len(part.matches))
    score = SHARES[m.outcome]
    if m.score is not None:
        score = np.where(np.isnan(score), m.score, score)
    columns = {
        "first": m.first,
        "second": m.second,
        "score": score,
        "weight": ones if m.weight is None else m.weight,
        "count": ones if m.count is None else m.count.astype(np.float64),
    }
    if part.keys:
        columns["cluster"] = part.keys[0]
    # -0 and 0 are the same number, but not the same bits.
    columns |= {f"control {i}": part.numbers[:, i] + 0.0 for i in range(part.numbers.shape[1])}
    return pl.DataFrame(columns)


def _lacking(column: str, matches: int) -> InputError:
    return InputError(
        f"{number_of(matches, 'match has', 'matches have')} no value; filter them out when reading "
        f"the log (where, --where \"{column} <> ''\")",
        column=column,
    )
