"""Who said what: raters from one log with a judge column, or from several logs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import OptionError
from humorrank.matches.judgments import Judgments, read_judgments


def read_raters(
    sources: Sequence[object], names: Sequence[str] | None, reading: Mapping[str, Any]
) -> tuple[Judgments, list[str]]:
    """Reads what every rater said.

    Args:
        sources: one source as `humorrank.diagnostics.bias.bias` takes it, its judges the raters; or
            several, each a rater.
        names: of several sources, what the raters are called; by default the names of the files
            without their endings.
        reading: options of `MatchLog`.

    Returns:
        The judgments, the rater as their judge; and what is to be known about them, in words.

    Raises:
        InputError: the matches cannot be read as they stand.
        OptionError: there is no source, or the names do not fit.
        StoreError: a store cannot be read.
    """
    if not sources:
        raise OptionError("agreement needs a log, or several")
    if len(sources) == 1 and names is None:
        judgments = read_judgments(sources[0], texts=None, reading=reading, ordered=False)
        return judgments, _about_prompts(judgments)
    known = _names(sources, names)
    tables, notes, identical = [], [], 0
    for name, part in zip(known, sources, strict=True):
        found = read_judgments(part, texts=None, reading=reading, ordered=False)
        judges = len(found.judges())
        if judges > 1:
            notes.append(
                f"the {judges:,} judges of {name} are taken as one rater; give that log alone to "
                "tell them apart"
            )
        identical += found.identical
        tables.append(found.table.with_columns(pl.lit(name, pl.String).alias("judge")))
    table = pl.concat(tables)
    judgments = Judgments(table, not table["prompt"].has_nulls(), False, identical)
    return judgments, notes + _about_prompts(judgments)


def _names(parts: Sequence[object], names: Sequence[str] | None) -> list[str]:
    if names is not None:
        known = [str(name) for name in names]
        if len(known) != len(parts):
            raise OptionError(f"there are {len(parts):,} logs and {len(known):,} names for them")
    else:
        paths = [str(part) for part in parts if isinstance(part, str | os.PathLike)]
        if len(paths) < len(parts):
            raise OptionError("raters that are no files need names: names=['people', 'judge']")
        known = [Path(path).name.split(".")[0] or path for path in paths]
        if len(set(known)) < len(known):
            known = paths
    for place, name in enumerate(known):
        if not name:
            raise OptionError("a rater needs a name, not ''")
        if name in known[:place]:
            raise OptionError(f"two raters are called {name!r}; --names (names=) tells them apart")
    return known


def _about_prompts(judgments: Judgments) -> list[str]:
    table = judgments.table
    without = int(table.filter(pl.col("prompt").is_null())["count"].sum())
    if not without:
        return []
    total = int(table["count"].sum())
    who = "judgments have no" if without == total else f"{without:,} of {total:,} judgments have no"
    return [f"{who} prompt (question_id): those of one pair count as of one comparison"]


def reference_mask(reference: Sequence[str], judges: Sequence[str | None]) -> np.ndarray:
    """Which of the judges are the reference.

    Raises:
        OptionError: there is no judge of such a name.
    """
    named = [judge for judge in judges if judge is not None]
    if reference and not named:
        raise OptionError(
            "the log names no judges, so that none can be the reference; --columns judge=NAME "
            "(columns=) says which column holds them"
        )
    refuse_unknown(reference, named, "reference", what="judge")
    return np.array([judge in set(reference) for judge in judges], np.bool_)
