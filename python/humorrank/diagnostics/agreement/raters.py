"""Reading of raters from one log with a judge column, or from several logs."""

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
    """Reads the judgments of all raters.

    Args:
        sources: One source, as `humorrank.diagnostics.bias.bias` accepts it, whose judges are the
            raters, or several sources with one rater each.
        names: The names of the raters of several sources; by default the names of the files
            without their extensions.
        reading: The options of `MatchLog`.

    Returns:
        The judgments, with the rater as their judge, and notes for the reader.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If there is no source, or the names do not match the sources.
        StoreError: If a store cannot be read.
    """
    if not sources:
        raise OptionError("agreement needs at least one log")
    if len(sources) == 1 and names is None:
        judgments = read_judgments(sources[0], texts=None, reading=reading, ordered=False)
        return judgments, [*_about_prompts(judgments), *_about_ballots(judgments)]
    known = _names(sources, names)
    tables, notes, identical, ballots = [], [], 0, False
    for name, part in zip(known, sources, strict=True):
        found = read_judgments(part, texts=None, reading=reading, ordered=False)
        judges = len(found.judges())
        if judges > 1:
            notes.append(
                f"the {judges:,} judges of {name} are treated as one rater; analyze that log alone "
                "to separate them"
            )
        identical += found.identical
        ballots |= found.ballots
        tables.append(found.table.with_columns(pl.lit(name, pl.String).alias("judge")))
    table = pl.concat(tables)
    judgments = Judgments(table, not table["prompt"].has_nulls(), False, identical, ballots)
    return judgments, [*notes, *_about_prompts(judgments), *_about_ballots(judgments)]


def _names(parts: Sequence[object], names: Sequence[str] | None) -> list[str]:
    if names is not None:
        known = [str(name) for name in names]
        if len(known) != len(parts):
            raise OptionError(f"there are {len(parts):,} logs and {len(known):,} names for them")
    else:
        paths = [str(part) for part in parts if isinstance(part, str | os.PathLike)]
        if len(paths) < len(parts):
            raise OptionError(
                "raters that are not read from files need names: names=['people', 'judge']"
            )
        known = [Path(path).name.split(".")[0] or path for path in paths]
        if len(set(known)) < len(known):
            known = paths
    for place, name in enumerate(known):
        if not name:
            raise OptionError("the name of a rater must not be empty")
        if name in known[:place]:
            raise OptionError(
                f"two raters have the name {name!r}; give them different names (--names, names=)"
            )
    return known


def _about_prompts(judgments: Judgments) -> list[str]:
    table = judgments.table
    without = int(table.filter(pl.col("prompt").is_null())["count"].sum())
    if not without:
        return []
    total = int(table["count"].sum())
    who = "judgments have no" if without == total else f"{without:,} of {total:,} judgments have no"
    return [f"{who} prompt (question_id): those of the same pair count as one comparison"]


def _about_ballots(judgments: Judgments) -> list[str]:
    if not judgments.ballots:
        return []
    return [
        "the judgments are pairs of ballots, which are not independent, but the intervals treat "
        "comparisons as independent, so they are too narrow"
    ]


def reference_mask(reference: Sequence[str], judges: Sequence[str | None]) -> np.ndarray:
    """Returns a mask of the judges that belong to the reference.

    Raises:
        OptionError: If a judge of the reference does not exist.
    """
    named = [judge for judge in judges if judge is not None]
    if reference and not named:
        raise OptionError(
            "the log does not name judges, so there is no reference; specify the judge column with "
            "--columns judge=NAME (columns=)"
        )
    refuse_unknown(reference, named, "reference", what="judge")
    return np.array([judge in set(reference) for judge in judges], np.bool_)
