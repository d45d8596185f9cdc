"""The agreement report: agreement between raters and between their boards."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import polars as pl

from humorrank._util.checks import check_confidence, whole
from humorrank._util.progress import Progress, stage
from humorrank.diagnostics.agreement import result as rows
from humorrank.diagnostics.agreement.alpha import alpha_of
from humorrank.diagnostics.agreement.boards import of_ratings
from humorrank.diagnostics.agreement.comparisons import Comparisons
from humorrank.diagnostics.agreement.rater_boards import Board, rater_boards, reference_board
from humorrank.diagnostics.agreement.raters import read_raters, reference_mask
from humorrank.diagnostics.agreement.raw import (
    PairSums,
    Reference,
    pair_sums,
    raw_agreement,
)
from humorrank.diagnostics.agreement.result import AgreementReport, Rater, RaterPair
from humorrank.diagnostics.agreement.triples import of_table

MOST_BOARDS: Final = 100
"""The number of raters, those with the most judgments, with boards and triples in the report."""

MOST_LISTED: Final = 10
"""The number of raters up to which the cycles of each rater are listed."""


def agree(
    *sources: object,
    names: Sequence[str] | None = None,
    reference: Sequence[str] = (),
    confidence: float = 0.95,
    replicates: int = 1000,
    limit: int = 20,
    seed: int = 0,
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> AgreementReport:
    """Measures the agreement of raters on single judgments and on their boards.

    A comparison is an unordered pair of models on a prompt. Its outcome is the model that won, or
    a tie, regardless of which model was shown first.

    Args:
        sources: One log, store or tally whose judges are the raters, or several with one rater
            each.
        names: The names of the raters of several sources; by default the names of the files.
        reference: The raters with which the others are compared, for example people.
        confidence: Confidence level of the intervals.
        replicates: Number of bootstrap replicates over comparisons for alpha; 0 omits its
            interval.
        limit: The number of cycles, and of reversed pairs of two boards, to list.
        seed: Random seed for the bootstrap.
        progress: A function called with (stage, done, total).
        reading: The options of `MatchLog`.

    Raises:
        InputError: If the matches cannot be read.
        OptionError: If an option has an invalid value.
        StoreError: If a store cannot be read.
    """
    check_confidence(confidence)
    limit = whole("limit", limit)
    judgments, notes = read_raters(sources, names, reading)
    table = judgments.table
    said = Comparisons.of(table)
    people = reference_mask(reference, said.raters)
    if len(said.raters) == 1:
        notes.append(
            "there is only one rater, so agreement cannot be measured; specify the judge column "
            "of the log (columns=, --columns judge=NAME), or give several logs"
        )
    alpha_among = partial(alpha_of, confidence=confidence, replicates=replicates, seed=seed)
    alpha = alpha_among(said)
    sums = pair_sums(said)
    looked = _looked_at(said)
    if len(looked) < len(said.raters):
        notes.append(
            f"boards and transitivity are limited to the {MOST_BOARDS:,} raters with the most "
            f"judgments, of {len(said.raters):,}"
        )
    boards, no_board = rater_boards(table, said.raters, looked)
    own, no_own = reference_board(table, reference)
    measured = Reference.of(said, people)
    listed = limit if len(said.raters) <= MOST_LISTED else 0
    raters = []
    advance = stage(progress, "raters")
    for place, (name, rows_of) in enumerate(_by_rater(table, said.raters)):
        board = None
        if own is not None and place in boards and not people[place]:
            board = of_ratings(boards[place], own, limit)
        raters.append(
            Rater(
                rater=name,
                judgments=int(rows_of["count"].sum()),
                ties=int(rows_of.filter(pl.col("score") == 0.5)["count"].sum()),
                comparisons=int((said.rater == place).sum()),
                reference=bool(people[place]),
                with_reference=measured.of_rater(place, confidence) if reference else None,
                transitivity=of_table(rows_of, listed) if place in looked else None,
                rated=len(boards[place]) if place in boards else 0,
                no_board=no_board.get(place),
                board=board,
            )
        )
        if advance is not None:
            advance(place + 1, len(said.raters))
    return AgreementReport(
        raters=tuple(raters),
        pairs=_pairs(said, sums, boards, no_board, confidence, limit, progress),
        alpha=alpha,
        reference_alpha=alpha_among(said.among(people)) if reference else None,
        raw=raw_agreement(said, sums, confidence),
        transitivity=of_table(table, limit),
        no_reference_board=no_own,
        identical=judgments.identical,
        confidence=confidence,
        seed=seed,
        notes=tuple(notes),
    )


def _looked_at(said: Comparisons) -> set[int]:
    """Returns the positions of the raters with the most judgments, at most `MOST_BOARDS`."""
    made = np.bincount(said.rater, said.said.sum(axis=1), len(said.raters))
    return set(np.argsort(-made, kind="stable")[:MOST_BOARDS].tolist())


def _by_rater(
    table: pl.DataFrame, raters: Sequence[str | None]
) -> Iterator[tuple[str | None, pl.DataFrame]]:
    parts = table.partition_by("judge", as_dict=True)
    for name in raters:
        yield name, parts[name,]


def _pairs(
    said: Comparisons,
    sums: PairSums,
    boards: Mapping[int, Board],
    no_board: Mapping[int, str],
    confidence: float,
    limit: int,
    progress: Progress | None,
) -> tuple[RaterPair, ...]:
    shared = {
        (one, other): row
        for row, (one, other) in enumerate(zip(sums.one.tolist(), sums.other.tolist(), strict=True))
    }
    looked = sorted({*boards, *no_board})
    pairs = sorted({*shared, *itertools.combinations(looked, 2)})
    advance = stage(progress, "pairs")
    out = []
    for done, (one, other) in enumerate(pairs, 1):
        compared, why = None, None
        if one in boards and other in boards:
            compared = of_ratings(boards[one], boards[other], limit)
        else:
            why = _why(said, (one, other), boards, no_board)
        row = shared.get((one, other))
        out.append(
            RaterPair(
                one=said.raters[one],
                other=said.raters[other],
                agreement=None if row is None else sums.agreement(row, confidence),
                boards=compared,
                no_boards=why,
            )
        )
        if advance is not None:
            advance(done, len(pairs))
    return tuple(out)


def _why(
    said: Comparisons,
    pair: tuple[int, int],
    boards: Mapping[int, Board],
    no_board: Mapping[int, str],
) -> str:
    unlooked = "was not rated, because other raters made more judgments"
    return "; ".join(
        f"{rows.named(said.raters[place])}: {no_board.get(place, unlooked)}"
        for place in pair
        if place not in boards
    )
