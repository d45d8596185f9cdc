"""The audit: a search for a small set of matches that determines an order."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._stats.scale import MEAN_RATING, POINTS
from humorrank._util.checks import one_of, whole
from humorrank._util.progress import Progress
from humorrank._util.suggest import near
from humorrank._util.text import be, number_of
from humorrank.diagnostics.cells import Cells, rated_cells, read_cells, refuse_many
from humorrank.diagnostics.fragility.aims import LEAD, Aim, make_aim, pair_aim, top_aims
from humorrank.diagnostics.fragility.changes import Change, Changes
from humorrank.diagnostics.fragility.result import AuditReport
from humorrank.diagnostics.fragility.search import (
    MOST_SETS,
    WORK,
    Found,
    beam,
    greedy,
    pruned,
    smaller,
)
from humorrank.errors import OptionError
from humorrank.rating import notices
from humorrank.rating.settings import Ties

_FIRST: Final = 20
"""The largest set that the beam search builds if no set was found before."""


def audit(
    matches: object,
    *,
    pair: tuple[str, str] | None = None,
    winner: str | None = None,
    top: int | None = None,
    change: Change = "remove",
    by: str | None = None,
    ties: Ties = "half",
    disconnected: Literal["error", "largest"] = "error",
    progress: Progress | None = None,
    **reading: Any,  # noqa: ANN401 - the options of MatchLog
) -> AuditReport:
    """Finds a small set of matches that determines the winner or another order.

    The most influential matches are changed and the ratings are refitted until the order changes,
    following [BGM20]. Then the set is reduced. Its size is an upper bound on the size of the
    smallest such set. A set does not count if the ratings do not exist after the change. The search
    does not use random numbers.

    Args:
        matches: The matches, as `humorrank.rate` accepts them.
        pair: Two models whose order is to change.
        winner: A model that is to come first, alone.
        top: The number of best models, of which at least one is to change. If pair, winner and
            top are all missing, it is 1, the winner.
        change: "remove" matches, or "flip" them so that the loser won (ties stay ties).
        by: A column (judge, prompt) whose values are changed as a whole, for example to find the
            judges that determine the order. Matches without a value are not changed.
        ties: How ties are handled: as "half" a win for each side, or "exclude" to drop them.
        disconnected: What to do if the ratings do not exist: raise an "error", or use the
            "largest" connected component.
        progress: A function called with (stage, done, total).
        reading: The options of `MatchLog`.

    Raises:
        OptionError: If an option has an invalid value, a model does not exist, or there are over
            5,000 models.
        InputError: If the matches cannot be read.
        NoMaximumError: If the ratings do not exist. The message names the contestants at fault.
        ConvergenceError: If the maximum could not be certified.
    """
    one_of("change", change, ("remove", "flip"))
    one_of("ties", ties, ("half", "exclude"))
    one_of("disconnected", disconnected, ("error", "largest"))
    if sum(option is not None for option in (pair, winner, top)) > 1:
        raise OptionError("pair, winner and top exclude each other: specify only one of them")
    cells, tally = read_cells(matches, key=by, ties=ties, progress=progress, reading=reading)
    cells, field, outside = rated_cells(cells, disconnected)
    refuse_many(len(cells.names))
    strengths = field.fit()[0]
    log = Changes(cells, change)
    nothing = np.zeros(len(log.capacity), np.int64)
    question, aims = _aims(log, strengths, pair, winner, top)
    tied = abs(aims[0].lead(strengths)) <= LEAD
    best, smallest = None, tied
    if not tied:
        best, smallest = _search(log, aims, strengths, progress)
    after = None if best is None else best.strengths
    warnings = [*notices.of_reading(tally.report, ties), *notices.of_names(cells.names)]
    warnings += [] if outside is None else [outside]
    if cells.group is not None and (alone := int(cells.count[cells.group < 0].sum())):
        warnings.append(
            f"{number_of(alone, 'match has', 'matches have')} no {by} and {be(alone)} not changed"
        )
    return AuditReport(
        question,
        change,
        by,
        tied,
        best is not None,
        0 if tied else None if best is None else best.size,
        smallest,
        0 if best is None else log.matches(best.change),
        cells.matches,
        _table(cells, by, nothing if best is None else best.change),
        _ratings(cells.names, strengths, after),
        {
            "pair": None if pair is None else list(pair),
            "winner": winner,
            "top": top,
            "change": change,
            "by": by,
            "ties": ties,
            "disconnected": disconnected,
        },
        {} if tally.report is None else dict(tally.report.filtered),
        tuple(warnings),
    )


def _aims(
    log: Changes,
    strengths: np.ndarray,
    pair: tuple[str, str] | None,
    winner: str | None,
    top: int | None,
) -> tuple[str, list[Aim]]:
    """Returns the order as text, and the aims that would change it."""
    names = log.cells.names
    if pair is not None:
        if isinstance(pair, str) or len(pair) != 2 or pair[0] == pair[1]:
            raise OptionError(f"pair must name two different models, not {pair!r}")
        aim = pair_aim(strengths, *(_code(names, name) for name in pair))
        return f"{names[aim.ahead[0]]} is above {names[aim.behind[0]]}", [aim]
    if winner is not None:
        aim = make_aim(strengths, _code(names, winner))
        if aim.changed(strengths):
            raise OptionError(f"{winner!r} already comes first; leave winner out")
        return f"{winner} is not first", [aim]
    top = 1 if top is None else whole("top", top, least=1)
    if top >= len(names):
        raise OptionError(f"top must be less than the {len(names):,} models rated, not {top}")
    inverse = np.linalg.inv(log.information(np.zeros(len(log.capacity), np.int64), strengths))
    aims = top_aims(strengths, inverse, top)
    best = [names[code] for code in aims[0].ahead]
    if top == 1:
        return f"the winner is {best[0]}", aims
    return f"the best {top} are {', '.join(best)}", aims


def _code(names: tuple[str, ...], name: str) -> int:
    if name not in names:
        raise OptionError(f"there is no model {name!r} among those rated{near(name, names)}")
    return names.index(name)


def _search(
    log: Changes, aims: list[Aim], strengths: np.ndarray, progress: Progress | None
) -> tuple[Found | None, bool]:
    """Returns the smallest set found, and whether all smaller sets were tried."""
    steps = len(aims) + 1
    best: Found | None = None
    aim = aims[0]
    for done, candidate in enumerate(aims):
        if progress is not None:
            progress("auditing", done, steps)
        found = greedy(log, candidate, strengths)
        if found is not None and (best is None or found.size < best.size):
            best, aim = found, candidate
    if progress is not None:
        progress("auditing", len(aims), steps)
    if best is not None:
        best = pruned(log, aim, best, WORK)
    best = refined(log, aims, strengths, best)
    most = int(log.capacity.sum()) if best is None else best.size - 1
    least, all_tried = smaller(log, aim, most, MOST_SETS, WORK)
    return least or best, all_tried


def refined(
    log: Changes, aims: list[Aim], strengths: np.ndarray, best: Found | None
) -> Found | None:
    """Returns a smaller set, or a first one, if the beam search finds one."""
    for aim in aims:
        most = _FIRST if best is None else best.size - 1
        found = beam(log, aim, strengths, min(most, int(log.capacity.sum())), WORK // len(aims))
        best = best if found is None else pruned(log, aim, found, WORK)
    return best


def _table(cells: Cells, by: str | None, change: np.ndarray) -> pl.DataFrame:
    used = np.flatnonzero(change)
    if cells.group is not None:
        assert by is not None
        told = cells.group >= 0
        sizes = np.bincount(cells.group[told], cells.count[told], len(cells.labels))
        labels = pl.Series(by, cells.labels, dtype=pl.String).gather(used)
        matches = pl.Series("matches", sizes[used].astype(np.int64))
        return pl.DataFrame([labels, matches]).sort("matches", by, descending=[True, False])
    name = pl.Series(cells.names, dtype=pl.String)
    return pl.DataFrame(
        {
            "model_a": name.gather(cells.low[used]),
            "model_b": name.gather(cells.high[used]),
            "outcome": pl.Series(cells.outcome_names(), dtype=pl.String).gather(used),
            "score": cells.score[used],
            "weight": cells.weight[used],
            "changed": change[used],
            "of": cells.count[used],
        }
    ).sort("changed", "model_a", "model_b", "outcome", "score", descending=[True] + 4 * [False])


def _ratings(
    names: tuple[str, ...], strengths: np.ndarray, after: np.ndarray | None
) -> pl.DataFrame:
    later = [None] * len(names) if after is None else (MEAN_RATING + POINTS * after).tolist()
    return pl.DataFrame(
        {
            "model": pl.Series(names, dtype=pl.String),
            "rating": MEAN_RATING + POINTS * strengths,
            "rating_after": pl.Series(later, dtype=pl.Float64),
        }
    ).sort("rating", "model", descending=[True, False])
