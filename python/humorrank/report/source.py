"""Rates the source of a page, and collects the other information that the page shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from humorrank._util.progress import Progress
from humorrank._util.text import number_of
from humorrank._util.warned import quietly
from humorrank.diagnostics.bias.measure import bias
from humorrank.diagnostics.bias.result import BiasReport
from humorrank.errors import HumorRankError, InputError, OptionError
from humorrank.matches.judgments import read_judgments
from humorrank.matches.labels import Labels, read_labels
from humorrank.matches.log import MatchLog
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.source import (
    StoreSource,
    TallySource,
    cluster_keys,
    decisions_of,
    has_ballots,
    is_pipe,
    log_of,
    read_tally,
    resolve,
    said_options,
)
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.leaderboards import Leaderboards
from humorrank.rating.board.saved import opened
from humorrank.rating.rate import rate
from humorrank.report.decisions import Decisions, of_log, of_store
from humorrank.report.provenance import file_facts, fingerprint
from humorrank.store.export import match_log
from humorrank.store.faults import store_errors
from humorrank.store.store import Store

MOST_READ_AGAIN: Final = 2_000_000
"""Maximum number of matches of a log that is read again for its decisions and judges."""

MOST_JUDGES: Final = 30
"""Maximum number of judges that are reported separately; more are treated as one."""

_FAILURES: Final = (
    "SELECT reason, COUNT(*) FROM failures f WHERE NOT EXISTS (SELECT 1 FROM judgments j WHERE "
    "(j.comparison, j.position, j.judge) = (f.comparison, f.position, f.judge)) GROUP BY reason"
)
_NO_RANKS: Final = (
    "The page was made from a leaderboard in JSON, so the possible ranks are not known."
)
_NO_PAIRS: Final = (
    "The page was made from a leaderboard in JSON, which does not contain its matches. To compare "
    "models, make the page from the log."
)
_MOST_KINDS: Final = 20
_LONGEST_KIND: Final = 120


@dataclass(frozen=True)
class Evidence:
    """A leaderboard and the other information behind a page.

    Attributes:
        board: The leaderboard.
        groups: The leaderboards of groups of the matches, or None if they are not requested.
        fingerprint: Fingerprint of the matches.
        cells: Description of the data that the fingerprint covers.
        files: Name, bytes and sha256 of each file that was read. A store is not listed, because its
            file changes whenever it is used.
        store: Settings of the tournament, by dotted key; None for other sources.
        decisions: The decisions, or None if there are none.
        judges: Name and number of judgments of each judge; the name is None if it is not recorded.
        labels: Counts of the labels, or None if there are none.
        bias: The measured biases, or None if they cannot be measured.
        failures: Kinds and numbers of the failures in a store; None for other sources.
        notes: Notes by section, such as the reason why it is empty.
        origin: The source, to be read again.
        reading: Options of `MatchLog` with which the source is read.
    """

    board: Leaderboard
    fingerprint: str
    cells: str
    groups: Leaderboards | None = None
    origin: object = None
    reading: Mapping[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    store: Mapping[str, Any] | None = None
    decisions: Decisions | None = None
    judges: list[tuple[str | None, int]] = field(default_factory=list)
    labels: Labels | None = None
    bias: BiasReport | None = None
    failures: list[tuple[str, int]] | None = None
    notes: dict[str, str] = field(default_factory=dict)


def evidence_of(
    source: object,
    *,
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    texts: tuple[str, str] | None,
    progress: Progress | None,
    by: str | Sequence[str] | None = None,
) -> Evidence:
    """Rates a source, and reads the other information that it contains.

    Args:
        source: The source, as in `humorrank.report.make_page`.
        reading: Options of `MatchLog`.
        rating: Options of `humorrank.rate`.
        texts: Columns that contain the two jokes, or None for the default.
        progress: Function that is called with (stage, done, total).
        by: Columns, or periods of dates, whose groups of matches are rated separately as well.

    Raises:
        HumorRankError: If the source cannot be rated, or an option does not apply to it; see
            `humorrank.rate`.
    """
    source = opened(source)
    if isinstance(source, Leaderboard):
        said = said_options(reading) | set(rating)
        said |= ({"texts"} if texts else set()) | ({"by"} if by else set())
        for option in sorted(said):
            raise OptionError(
                f"{option} cannot be set for a leaderboard; set it in rate(..., {option}=...)"
            )
        reason = "The page was made from a leaderboard, which keeps {} of its matches."
        saved = {} if source.has_matches else {"board": _NO_RANKS, "pairs": _NO_PAIRS}
        return Evidence(
            source,
            fingerprint(source),
            "the cells that were rated: pair, points of each side, count"
            if source.has_matches
            else "the leaderboard as JSON",
            files=file_facts(source.sources["files"]),
            notes={
                "examples": reason.format("no texts"),
                "features": reason.format("no labels"),
                "bias": reason.format("neither the judges nor the order of showing"),
                **saved,
            },
        )
    if by is not None:
        rating = {**rating, "by": by}
    found = resolve(source)
    if isinstance(found, StoreSource):
        return _of_store(found.path, reading, rating, texts, progress)
    if isinstance(source, Iterator):
        source = list(source)
    return _of_log(source, reading, rating, texts, progress)


def _of_store(
    path: Path,
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    texts: tuple[str, str] | None,
    progress: Progress | None,
) -> Evidence:
    if texts or rating.get("controls") or said_options(reading):
        found = _of_log(decisions_of(path), reading, rating, texts, progress)
        sources = {**found.board.sources, "files": [str(path)]}
        return replace(
            found, board=replace(found.board, sources=sources), files=file_facts([str(path)])
        )
    with Store(path, write=False) as store:
        frame = match_log(store)
        known = store.fingerprint()
        with store_errors(path):
            failures = store.connection.execute(_FAILURES).fetchall()
    if not frame.height:
        failed = (
            f", and {number_of(sum(count for _, count in failures), 'failure')}" if failures else ""
        )
        raise OptionError(f"{path}: the tournament has no judgments yet{failed}")
    board, tally, groups = _rated(frame, {}, rating, progress)
    board = replace(board, sources={**board.sources, "files": [str(path)], "reading": "store"})
    found = Evidence(
        board,
        fingerprint(tally),
        _CELLS,
        groups,
        origin=path,
        store=known,
        decisions=of_store(path),
        failures=_kinds(failures),
    )
    return _with_judges(_with_labels(found), None)


_CELLS: Final = "the cells of the tally: shown first, shown second, outcome, score, weight, count"


def _of_log(
    source: object,
    reading: Mapping[str, Any],
    rating: Mapping[str, Any],
    texts: tuple[str, str] | None,
    progress: Progress | None,
) -> Evidence:
    board, tally, groups = _rated(source, reading, rating, progress)
    options = {} if isinstance(source, MatchLog) else reading
    files = file_facts(_paths(source, board))
    found = Evidence(board, fingerprint(tally), _CELLS, groups, source, options, files)
    if isinstance(resolve(source), TallySource):
        reason = "The page was made from a tally, which keeps no {}."
        if texts is not None:
            raise OptionError("a tally contains no texts; use the log instead")
        found.notes["examples"] = reason.format("texts")
        found.notes["features"] = reason.format("labels")
        return _with_judges(found, texts)
    if is_pipe(source):
        why = "The matches came through a pipe, which can be read only once. Use the file instead."
    elif tally.report is not None and tally.report.rows > MOST_READ_AGAIN:
        why = f"The log has more than {MOST_READ_AGAIN:,} rows, too many to read each decision."
    else:
        log = log_of(source, reading)
        decisions = of_log(log, texts or ("joke_a", "joke_b"))
        return _with_judges(_with_labels(replace(found, decisions=decisions)), texts)
    for section in ("examples", "features", "bias"):
        found.notes[section] = why
    return found


def _rated(
    source: object, reading: Mapping[str, Any], rating: Mapping[str, Any], progress: Progress | None
) -> tuple[Leaderboard, Tally, Leaderboards | None]:
    """Returns the leaderboard, the matches without groups, and the leaderboards of groups."""
    if rating.get("by") is not None:
        return _rated_by(source, reading, rating, progress)
    keys, ballots = cluster_keys(rating.get("cluster"))
    if rating.get("controls") and not isinstance(resolve(source), TallySource):
        if is_pipe(source):
            raise OptionError(
                "controls need to read the log twice, but a pipe can be read only once; use a file"
            )
        log = log_of(source, reading)
        with quietly():
            board: Leaderboard = rate(log, progress=progress, **rating)
        return board, read_tally(log, keys=(), progress=progress, reading={}), None
    tally = read_tally(source, keys=keys, progress=progress, reading=reading, ballots=ballots)
    with quietly():
        return rate(tally, progress=progress, **rating), tally, None


def _rated_by(
    source: object, reading: Mapping[str, Any], rating: Mapping[str, Any], progress: Progress | None
) -> tuple[Leaderboard, Tally, Leaderboards]:
    options = dict(rating)
    by = options.pop("by")
    columns = [by] if isinstance(by, str) else list(by)
    if options.get("controls"):
        raise OptionError("by (--by) cannot be combined with controls")
    _, ballots = cluster_keys(options.get("cluster"))
    keyed = read_tally(source, keys=columns, progress=progress, reading=reading, ballots=ballots)
    tally = keyed.project([BALLOT] if ballots and has_ballots(keyed) else [])
    with quietly():
        groups: Leaderboards = rate(keyed, by=by, progress=progress, **options)
        board: Leaderboard = rate(tally, progress=progress, **options)
    return board, tally, groups


def _with_labels(found: Evidence) -> Evidence:
    """Adds the labels, or a note about why there are none."""
    try:
        return replace(found, labels=read_labels(found.origin, found.reading))
    except InputError as error:
        lacking = found.decisions is not None and not found.decisions.has_labels
        found.notes["features"] = (
            "The matches have no labels."
            if lacking and error.column is None
            else f"Not available: {error}"
        )
        return found


def _with_judges(found: Evidence, texts: tuple[str, str] | None) -> Evidence:
    """Adds the judges and their biases, or a note about why there are none."""
    source, options = found.origin, found.reading
    try:
        judgments = read_judgments(source, texts=texts, reading=options, ordered=False)
        counts = judgments.table.group_by("judge").agg(pl.col("count").sum())
        judges = counts.sort("count", "judge", descending=[True, False]).rows()
        found = replace(found, judges=judges)
        pooled = len(judges) > MOST_JUDGES
        if pooled:
            found.notes["bias"] = (
                f"{len(judges):,} judges, treated as one; humorrank bias reports them separately."
            )
        confidence = found.board.settings["confidence"]
        measured = bias(source, texts=texts, pooled=pooled, confidence=confidence, **options)
        return replace(found, bias=measured)
    except HumorRankError as error:
        found.notes["bias"] = f"Not available: {error}"
        return found


def _paths(source: object, board: Leaderboard) -> list[str]:
    """Returns the paths of the files that were read, including tally files."""
    found = resolve(source)
    parts = found.tallies if isinstance(found, TallySource) else ()
    return [*(part for part in parts if isinstance(part, str)), *board.sources["files"]]


def _kinds(failures: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Groups failures by the beginning of their reasons, the most frequent first."""
    kinds: dict[str, int] = {}
    for reason, count in failures:
        kind = " ".join(str(reason).split(":", 1)[0].split())
        kind = kind if len(kind) <= _LONGEST_KIND else kind[: _LONGEST_KIND - 1] + "…"
        kinds[kind] = kinds.get(kind, 0) + count
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[_MOST_KINDS:])
    return ordered[:_MOST_KINDS] + ([("other reasons", rest)] if rest else [])


def store_settings(known: Mapping[str, Any]) -> dict[str, str]:
    """Returns the settings that a tournament depends on, as text."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in known.items()
        if value is not None
    }
