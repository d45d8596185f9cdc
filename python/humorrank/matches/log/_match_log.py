"""A match log: one row a comparison, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._util.checks import one_of
from humorrank.errors import OptionError
from humorrank.matches.log._filters import Where
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._measured import Measured, measured, sides
from humorrank.matches.log._pass import Options, Pass, Taken
from humorrank.matches.log.formats.readings import BY_NAME, EXTRAS, ROLES
from humorrank.matches.log.report import ReadReport
from humorrank.matches.outcomes import BOTH_BAD, SHARES, SOFT

_WORDS: Final = ("model_a", "model_b", "tie", "tie", None)


class MatchLog:
    """Reads, checks and encodes the matches of a file, a frame or a list.

    The format is recognised by its columns and by what its winner column says. Nothing is left
    out or taken for something else in silence: what is not rated is counted in `report`.

    Args:
        source: a path, a glob, a list of these, "-" (standard input), a polars DataFrame or
            LazyFrame, a pandas DataFrame, a pyarrow Table, any object with the Arrow PyCapsule
            interface, columns by name ({"model_a": [...], ...}), dictionaries, or tuples
            (a, b, winner) or (winner, loser).
        columns: role -> column, where they are not found by their names ("model_a", "model_b",
            "winner", "score", "count", "weight", "prompt", "judge", ...).
        score_of: whose share, from 0 to 1, a number in the score column is.
        where: an SQL condition on the file's own columns; rows where it does not hold, or is
            null, are left out.
        exclude: names whose matches are left out.
        max_per_judge: how many matches of each judge are taken, the first ones of the log.
        unjudged: whether rows without an outcome are counted ("skip") or refused ("fail").
        on_error: whether a bad row is refused ("fail") or left out and counted ("skip").
        reading: the name of the format, where two fit.
        keep: further columns that `to_polars` hands on.

    Raises:
        OptionError: An option has a value that it cannot have.
    """

    def __init__(
        self,
        source: Any,  # noqa: ANN401 - many kinds
        *,
        columns: Mapping[str, str] | None = None,
        score_of: Literal["a", "b"] | None = None,
        where: str | None = None,
        exclude: Sequence[str] = (),
        max_per_judge: int | None = None,
        unjudged: Literal["skip", "fail"] = "skip",
        on_error: Literal["fail", "skip"] = "fail",
        reading: str | None = None,
        keep: Sequence[str] = (),
    ) -> None:
        one_of("score_of", score_of, (None, "a", "b"))
        one_of("unjudged", unjudged, ("skip", "fail"))
        one_of("on_error", on_error, ("fail", "skip"))
        one_of("reading", reading, (None, *BY_NAME))
        if score_of is not None and reading not in (None, "score"):
            raise OptionError(f"score_of is about reading='score', not reading={reading!r}")
        if reading == "score" and score_of is None:
            raise OptionError("reading='score' needs score_of: 'a' or 'b'")
        if max_per_judge is not None and (
            isinstance(max_per_judge, bool)
            or not isinstance(max_per_judge, int)
            or max_per_judge < 1
        ):
            raise OptionError(f"max_per_judge must be 1 or more, not {max_per_judge!r}")
        for role in columns or {}:
            if role not in ROLES:
                raise OptionError(
                    f"columns: unknown role {role!r}; roles: {', '.join(sorted(ROLES))}"
                )
        if where is not None:
            Where(where)
        self._source = source
        self._keep = _names("keep", keep)
        self._options = Options(
            dict(columns or {}),
            score_of,
            where,
            _names("exclude", exclude),
            max_per_judge,
            unjudged,
            on_error,
            reading,
        )

    @cached_property
    def _pass(self) -> Pass:
        """The last pass; before the first one, one that has found nothing."""
        return Pass(self._source, self._options)

    def batches(self) -> Iterator[Matches]:
        """The judged, good matches, in the order of the log; one pass over it.

        Each call starts anew (which standard input and iterators do not allow).

        Raises:
            InputError: A file or a row cannot be read as it stands, or there are no matches.
            OptionError: An option does not fit the log.
        """
        self._pass = Pass(self._source, self._options)
        for taken in self._pass.run():
            yield taken.matches

    def keyed(self, keys: Sequence[str]) -> Iterator[tuple[Matches, Sequence[np.ndarray]]]:
        """As `batches`, with further columns of the rows that the matches are from, as codes.

        `labels` has their text; NULL_CODE stands where a row has none.

        The matches come in any order, and equal ones may come as one with a count.

        Args:
            keys: columns, or roles that the log has a column for ("judge", "prompt").

        Raises:
            InputError: As `batches`.
            OptionError: As `batches`, or a file has no such column.
        """
        self._pass = Pass(self._source, self._options, keys=_names("keys", keys), counted=True)
        for taken in self._pass.run():
            yield taken.matches, taken.keys

    def measured(self, controls: Sequence[str], keys: Sequence[str] = ()) -> Iterator[Measured]:
        """As `batches`, with controls and keys of the rows that the matches are from.

        A control `length` is the number in the column `length_a` (of the one shown first) less
        that in `length_b`, or where these are missing that in a column `length`. A row without
        such numbers is bad, as one without a name is.

        Args:
            controls: the names of controls.
            keys: columns, or roles that the log has a column for; see `keyed`.

        Raises:
            InputError: As `batches`.
            OptionError: As `batches`, or a file has no such column.
        """
        columns = [name for control in controls for name in (control, *sides(control))]
        self._pass = Pass(self._source, self._options, columns, keys=_names("keys", keys))
        for taken in self._pass.run():
            yield measured(taken, controls, self._options.on_error, self.report)

    @property
    def names(self) -> list[str]:
        """The names seen so far by the last pass, by code; unjudged and excluded ones too."""
        return self._pass.names.all

    @property
    def labels(self) -> list[list[str]]:
        """Of each key of the last pass, the text of each code seen so far."""
        return self._pass.keys.labels

    @property
    def contestants(self) -> int:
        """How many names the last pass has seen so far; cheaper than the names themselves."""
        return len(self._pass.names)

    @property
    def report(self) -> ReadReport:
        """The account of the last pass; complete when it has ended."""
        return self._pass.report

    def to_polars(self, *, where_there: Sequence[str] = ()) -> pl.DataFrame:
        """The matches as one frame with the column names that we write.

        Columns: model_a, model_b, winner ("model_a", "model_b", "tie", null where a share was
        given); both_bad where any tie is one; score (of model_a) where there are shares; count
        and weight where the log has them; question_id, judge, language, turn, anony, tstamp and
        the columns to keep, as they are.

        Args:
            where_there: further columns, of the files that have them.

        Raises:
            InputError: As `batches`.
            OptionError: As `batches`, or no file has a column to keep.
        """
        kept = (*self._keep, *where_there)
        self._pass = Pass(self._source, self._options, kept)
        frames = [
            _normalised(taken, pl.Series(self._pass.names.all), kept) for taken in self._pass.run()
        ]
        out = pl.concat(frames, how="diagonal_relaxed")
        for column in self._keep:
            if column not in out.columns:
                raise OptionError(f"keep: there is no column {column!r}")
        if not self._pass.report.both_bad:
            out = out.drop("both_bad")
        if "winner" in out.columns and not out.get_column("winner").has_nulls():
            out = out.drop("score", strict=False)
        return out


def _normalised(taken: Taken, names: pl.Series, keep: Sequence[str]) -> pl.DataFrame:
    matches, outcome = taken.matches, taken.matches.outcome
    score = SHARES[outcome]
    if matches.score is not None:
        score = np.where(outcome == SOFT, matches.score, score)
    columns = {
        "model_a": names.gather(matches.first),
        "model_b": names.gather(matches.second),
        "winner": pl.Series(_WORDS).gather(outcome),
        "both_bad": pl.Series(outcome == BOTH_BAD),
        "score": pl.Series(score),
    }
    if matches.count is not None:
        columns["count"] = pl.Series(matches.count)
    if matches.weight is not None:
        columns["weight"] = pl.Series(matches.weight)
    assert taken.batch is not None and taken.rows is not None, "as further columns are read"
    frame, extras = taken.batch.frame, taken.binding.extras
    found = {role: extras[role] for role in EXTRAS if role in extras}
    found |= {column: column for column in keep if column in frame.columns}
    for role, column in found.items():
        if role not in columns:
            columns[role] = frame.get_column(column).gather(taken.rows)
    return pl.DataFrame(columns)


def _names(option: str, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise OptionError(f"{option} must be a sequence of names, not {names!r}")
    return tuple(dict.fromkeys(names))
