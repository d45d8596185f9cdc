"""The contents of a page, as data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from humorrank._stats.estimate import Estimate
from humorrank._util.page import embedded
from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank.errors import OptionError
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.tiers import Tier, tier_of
from humorrank.rating.uncertainty.rank_intervals import RankTable
from humorrank.report.examples import chosen, packed
from humorrank.report.features import MOST_FEATURED, feature_tables
from humorrank.report.groups import bytes_of, group_tables
from humorrank.report.pairs import pair_columns, paired, rounded
from humorrank.report.pictures import MOST_RANKED, Picture
from humorrank.report.provenance import settings, versions
from humorrank.report.render import picture
from humorrank.report.source import Evidence, store_settings

_RATING: Final = 4


def contents(
    found: Evidence,
    *,
    title: str,
    examples: int,
    offensive: str,
    tiers: tuple[Tier, ...],
    pictures: Sequence[Picture],
    no_pictures: str | None,
    command: str | None,
    space: Callable[[int], int],
    progress: Progress | None,
) -> dict[str, Any]:
    """Collects the data of a page.

    Args:
        found: The leaderboard and the other information behind the page.
        title: Title of the page.
        examples: Maximum number of examples for each pair.
        offensive: How to display jokes labeled offensive, "hide" or "show".
        tiers: Bands of ratings.
        pictures: Figures to embed.
        no_pictures: Note about the figures that are left out, or None.
        command: The command line that makes the page.
        space: Function that returns the number of bytes that examples may take, given the number of
            bytes of the other contents.
        progress: Function that is called with (stage, done, total).
    """
    board = found.board
    notes = dict(found.notes)
    models = board.columns["model"]
    if no_pictures is not None:
        notes["pictures"] = no_pictures
    data: dict[str, Any] = {
        "title": title,
        "offensive": offensive,
        "head": _head(found, command, bool(pictures)),
        "warnings": list(board.warnings),
        "unrated": [[unrated.model, unrated.reason] for unrated in board.unrated],
        "board": _board(board, tiers, notes, progress),
        "pairs": {"models": paired(board), **pair_columns(board, progress)},
        "features": [],
        "bias": _bias(found),
        "failures": found.failures,
        "pictures": [[p.place, p.caption, picture(p.svg)] for p in pictures],
        "notes": notes,
    }
    if found.labels is not None:
        data["features"] = feature_tables(found.labels, models[:MOST_FEATURED])
    groups = None if found.groups is None else group_tables(found.groups, board)
    taken = len(embedded(data).encode()) + bytes_of(groups)
    data["examples"] = _examples(found, examples, notes, space(taken))
    data["groups"] = groups
    return data


def _examples(
    found: Evidence, examples: int, notes: dict[str, str], most_bytes: int
) -> dict[str, Any] | None:
    decisions = found.decisions
    if decisions is None or not examples or not decisions.has_texts:
        if decisions is not None:
            notes["examples"] = (
                "Examples were not requested."
                if decisions.has_texts
                else "The matches have no texts, so there are no example decisions."
            )
        return None
    board = found.board
    places = {name: place for place, name in enumerate(board.columns["model"][: paired(board)])}
    rows = chosen(decisions, places, examples, int(board.settings["seed"]))
    out = packed(decisions, rows, most_bytes)
    said = []
    if len(out["rows"]) < decisions.table.height:
        said.append(
            f"This page contains {len(out['rows']):,} of {decisions.table.height:,} decisions, "
            f"drawn by the seed: up to {examples} for each pair"
            + ("." if len(out["rows"]) == rows.height else ", as far as there is space.")
        )
    if out["cut"]:
        said.append(f"{number_of(out['cut'], 'long text is', 'long texts are')} cut and marked.")
    if decisions.unreadable:
        lists = number_of(decisions.unreadable, "label value", "label values")
        said.append(f"Left out as not being lists of labels: {lists}.")
    if decisions.ignored:
        said.append(f"Columns without text are left out: {', '.join(decisions.ignored)}.")
    notes["examples"] = " ".join(said)
    return out


def _board(
    board: Leaderboard, tiers: tuple[Tier, ...], notes: dict[str, str], progress: Progress | None
) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, values in board.columns.items():
        if name == "model":
            columns[name] = list(values)
        else:
            columns[name] = rounded(values, _RATING)
    ranks = _ranks(board, notes, progress)
    out: dict[str, Any] = {
        "columns": columns,
        "confidence": board.settings["confidence"],
        "band": bool(board.settings["simultaneous"]),
        "interval": board.settings["interval"],
        "top": None,
    }
    if ranks is not None:
        out["top"] = ranks.top
        for name in ("rank_lower", "rank_upper", "group"):
            columns[name] = ranks.table[name].to_list()
        for name in ("p_best", "p_top"):
            columns[name] = rounded(ranks.table[name].to_numpy(), _RATING)
        out["ranks"] = (
            f"Possible ranks: {100 * ranks.confidence:g} % intervals of each model's rank, from "
            f"{ranks.basis}. Neighbors in the same group cannot be separated "
            f"at {100 * ranks.confidence:g} % (for all pairs simultaneously)."
        )
    if tiers:
        columns["tier"] = [tier_of(rating, tiers) for rating in board.columns["rating"].tolist()]
        out["tiers"] = [f"{tier.name} {tier.span}" for tier in tiers]
    return out


def _ranks(
    board: Leaderboard, notes: dict[str, str], progress: Progress | None
) -> RankTable | None:
    if not board.has_matches:
        return None
    if board._uncertainty is None:
        notes["board"] = "The leaderboard was rated without intervals."
        return None
    if len(board) > MOST_RANKED:
        notes["board"] = (
            f"Possible ranks are shown for up to {MOST_RANKED:,} models; use humorrank ranks for "
            "more."
        )
        return None
    try:
        return board.ranks(progress=progress)
    except OptionError as error:
        notes["board"] = f"Possible ranks are not available: {error}"
        return None


def _head(found: Evidence, command: str | None, pictures: bool) -> dict[str, Any]:
    board, counts = found.board, found.board.counts
    by = {} if found.groups is None else {"by": ", ".join(found.groups.by)}
    facts: list[list[str]] = [
        ["models", f"{len(board):,}" + _beside(len(board.unrated), "unrated")],
        ["matches", f"{counts['rated']:,}"],
    ]
    if found.judges:
        named = [name for name, _ in found.judges if name is not None]
        facts.append(["judges", f"{len(named):,}" if named else "not named"])
    if found.failures is not None:
        facts.append(["failures", f"{sum(count for _, count in found.failures):,}"])
    facts += [
        ["warnings", f"{len(board.warnings):,}"],
        ["seed", str(board.settings["seed"])],
        ["humorrank", board.version],
    ]
    return {
        "facts": facts,
        "fingerprint": found.fingerprint,
        "cells": found.cells,
        "command": command,
        "counts": _counts(counts),
        "files": [[each["name"], each["bytes"], each["sha256"]] for each in found.files],
        "reading": str(board.sources.get("reading", "")),
        "columns": [[role, str(name)] for role, name in board.sources["columns"].items()],
        "settings": _pairs({**settings(board), **by}),
        "parameters": [parameter.to_text() for parameter in board.parameters],
        "distance": f"{board.certificate['distance']:.2g}",
        "store": None if found.store is None else _pairs(store_settings(found.store)),
        "judges": [[name, count] for name, count in found.judges[:20]],
        "more_judges": max(0, len(found.judges) - 20),
        "versions": _pairs(
            {
                "humorrank": board.version,
                **versions(("altair", "vl-convert-python") if pictures else ()),
            }
        ),
    }


def _pairs(mapping: Mapping[str, str]) -> list[list[str]]:
    return [list(pair) for pair in mapping.items()]


def _beside(count: int, what: str) -> str:
    return f" and {count:,} {what}" if count else ""


def _counts(counts: Mapping[str, Any]) -> list[list[str]]:
    """Returns the counts that are not 0, as text."""
    return [
        [name.replace("_", " "), f"{value:,}"]
        for name, value in counts.items()
        if isinstance(value, int) and value
    ]


def _bias(found: Evidence) -> list[dict[str, Any]]:
    """Returns an entry for each judge with its counts, and estimates as [value, lower, upper]."""
    if found.bias is None:
        return []
    return [
        {
            "judge": judge.judge,
            "judgments": judge.judgments,
            "first": _estimate(judge.share_first),
            "ties": _estimate(judge.tie_share),
            "consistent": None if judge.consistency is None else _estimate(judge.consistency.share),
            "swapped": None if judge.consistency is None else judge.consistency.comparisons,
            "effect": _estimate(judge.effect),
            "verdict": judge.verdict,
            "notes": list(judge.notes),
        }
        for judge in found.bias.judges
    ]


def _estimate(found: Estimate) -> list[float | str | None]:
    """Returns the value and both ends: "inf" or "-inf" if infinite, None if missing."""
    out: list[float | str | None] = []
    for end in (found.value, found.lower, found.upper):
        if end is None or math.isnan(end):
            out.append(None)
        else:
            out.append(round(end, 5) if math.isfinite(end) else ("inf" if end > 0 else "-inf"))
    return out
