"""A match log in any format."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from humorrank._util.checks import one_of
from humorrank._util.spelling import Fold
from humorrank.errors import OptionError
from humorrank.matches.log._aliases import checked_aliases, checked_folds, refuse_renamed
from humorrank.matches.log._controls import Controls
from humorrank.matches.log._date_columns import date_columns
from humorrank.matches.log._filters import Where
from humorrank.matches.log._matches import Matches
from humorrank.matches.log._measured import Measured, measured
from humorrank.matches.log._options import Options, checked_strong_weight
from humorrank.matches.log._pass import Pass
from humorrank.matches.log._selection import Taken
from humorrank.matches.log.formats.further import BALLOT
from humorrank.matches.log.formats.readings import BY_NAME, EXTRAS, ROLES
from humorrank.matches.log.formats.words import own_vocabulary
from humorrank.matches.log.report import ReadReport
from humorrank.matches.log.tables.batch import nested_text
from humorrank.matches.log.tables.quoting import Quoting
from humorrank.matches.outcomes import BOTH_BAD, SHARES, SOFT

_LABELS: Final = ("question_id", "judge", "language", "turn", BALLOT)
_WORDS: Final = ("model_a", "model_b", "tie", "tie", None)


class MatchLog:
    """Reads, checks and encodes the matches of a file, a frame or a list.

    The format is recognized by the columns and by the values of the winner column. Nothing is left
    out or reinterpreted silently: every row that is not rated is counted in `report`.

    Args:
        source: A path, a glob pattern, a list of these, "-" (standard input), a polars DataFrame or
            LazyFrame, a pandas DataFrame, a pyarrow Table, any object with the Arrow PyCapsule
            interface, columns by name ({"model_a": [...], ...}), dictionaries, or tuples
            (a, b, winner) or (winner, loser).
        columns: Columns by role ("model_a", "model_b", "winner", "score", "count", "weight",
            "prompt", "judge", ...), for roles whose column is not recognized by its name. As
            everywhere, a path with dots ("meta.rater") names a field inside objects.
        score_of: Model ("a" or "b") whose share, from 0 to 1, is in the score column.
        where: SQL condition on the columns of the file. Rows for which it is false or null are left
            out.
        exclude: Names of contestants whose matches are left out.
        max_per_judge: Maximum number of matches of each judge. The first ones of the log are kept.
        unjudged: Whether rows without an outcome are counted ("skip") or refused ("fail").
        on_error: Whether bad rows are refused ("fail") or left out and counted ("skip").
        reading: Name of the format, if several fit.
        quoting: Whether quotes in a delimited text enclose fields ("csv") or are part of the text
            ("none"). By default, they enclose fields, except in texts with tabs, whose own fields
            decide.
        winner_words: Words of the winner column for each outcome, by "a" (the model shown first
            won), "b", "tie", "both_bad" and "skip" (no outcome): {"a": "1-0", "b": "0-1",
            "tie": "1/2-1/2", "skip": "*"}. They replace the usual words.
        both_bad: Whether a match in which both were called bad is a "tie", or is left out ("skip").
        lower_wins: Whether the lower of two scores wins (columns score_a and score_b, or the scores
            of single models).
        strong_weight: Weight of a match with a clear verdict (A>>B, B>>A), from 0.001 to 1000. It
            multiplies the weight of the row. arena-hard itself uses 3.
        alias: New names of contestants by their names in the log, or the path of a file with the
            columns old and new. Matches between two names of one contestant are left out.
        fold: What the spellings of a contestant may differ in: "case", "space" (number and kind of
            spaces) and "unicode" (normalization and invisible characters). Such spellings are
            joined after `alias`, under the first in sorted order; new names of aliases, and
            spellings without superfluous characters, come before others.
        keep: Further columns that `to_polars` includes.

    Raises:
        OptionError: If an option has an invalid value.
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
        quoting: Quoting | None = None,
        winner_words: Mapping[str, str | Sequence[str]] | None = None,
        both_bad: Literal["tie", "skip"] = "tie",
        lower_wins: bool = False,
        strong_weight: float = 1.0,
        alias: Mapping[str, str] | str | os.PathLike[str] | None = None,
        fold: Sequence[Fold] = (),
        keep: Sequence[str] = (),
    ) -> None:
        one_of("score_of", score_of, (None, "a", "b"))
        one_of("unjudged", unjudged, ("skip", "fail"))
        one_of("on_error", on_error, ("fail", "skip"))
        one_of("reading", reading, (None, *BY_NAME))
        one_of("quoting", quoting, (None, "csv", "none"))
        one_of("both_bad", both_bad, ("tie", "skip"))
        if winner_words is not None:
            if reading not in (None, "winner-word"):
                raise OptionError(
                    f"winner_words applies to reading='winner-word', not to reading={reading!r}"
                )
            reading = "winner-word"
        if lower_wins and reading not in (None, "two-scores", "model-scores"):
            raise OptionError(
                "lower_wins applies to reading='two-scores' and to reading='model-scores', not to "
                f"reading={reading!r}"
            )
        if score_of is not None and reading not in (None, "score"):
            raise OptionError(f"score_of applies to reading='score', not to reading={reading!r}")
        if reading == "score" and score_of is None:
            raise OptionError("reading='score' needs score_of: 'a' or 'b'")
        if max_per_judge is not None and (
            isinstance(max_per_judge, bool)
            or not isinstance(max_per_judge, int)
            or max_per_judge < 1
        ):
            raise OptionError(f"max_per_judge must be 1 or more, not {max_per_judge!r}")
        if columns is not None and not isinstance(columns, Mapping):
            raise OptionError(
                f"columns must be a mapping from roles to columns, not {columns!r}; write "
                "{'model_a': 'left', 'model_b': 'right'}"
            )
        for role, column in (columns or {}).items():
            if not isinstance(column, str):
                raise OptionError(f"columns: {role!r} must name a column, not {column!r}")
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
            quoting,
            None if winner_words is None else own_vocabulary(winner_words),
            both_bad,
            bool(lower_wins),
            checked_aliases(alias),
            checked_folds(fold),
            checked_strong_weight(strong_weight),
        )
        refuse_renamed(self._options.exclude, self._options.alias)

    @cached_property
    def _pass(self) -> Pass:
        """The last pass, or an empty one before the first."""
        return Pass(self._source, self._options)

    def batches(self) -> Iterator[Matches]:
        """Yields the valid judged matches in the order of the log, in one pass over it.

        Each call starts a new pass, which is not possible for standard input and iterators.

        Raises:
            InputError: If a file or a row cannot be read, or there are no matches.
            OptionError: If an option does not apply to the log.
        """
        self._pass = Pass(self._source, self._options)
        for taken in self._pass.run():
            yield taken.matches

    def keyed(
        self, keys: Sequence[str], *, ballots: bool = False
    ) -> Iterator[tuple[Matches, Sequence[np.ndarray]]]:
        """Yields the matches as `batches` does, together with further columns as codes.

        `labels` gives the text of the codes. A row without a value has NULL_CODE. The matches come
        in any order, and equal ones may be merged into one with a count.

        Args:
            keys: Columns, or roles for which the log has a column ("judge", "prompt"), or periods
                of their dates: "year(tstamp)", "month(tstamp)", "week(tstamp)" or "day(tstamp)".
            ballots: Whether the ballots are a further key, if the matches are pairs of ballots.

        Raises:
            InputError: As in `batches`.
            OptionError: As in `batches`, or if a file has no such column.
        """
        names = _names("keys", keys)
        self._pass = Pass(self._source, self._options, keys=names, counted=True, ballots=ballots)
        for taken in self._pass.run():
            yield taken.matches, taken.keys

    def measured(
        self, controls: Sequence[str], keys: Sequence[str] = (), *, ballots: bool = False
    ) -> Iterator[Measured]:
        """Yields the matches as `batches` does, together with their controls and keys.

        The value of a control `length` is the number in the column `length_a` (of the contestant
        shown first) minus that in `length_b`. If these columns are missing, it is the number in the
        column `length`, and without this column the difference in length of the texts of both
        sides. A row without such a number or text is a bad row (docs/statistics/models.md).

        Args:
            controls: Names of the controls.
            keys: Columns, or roles for which the log has a column; see `keyed`.
            ballots: Whether the ballots are a further key; see `keyed`.

        Raises:
            InputError: As in `batches`.
            OptionError: As in `batches`, or if a file has no such column.
        """
        found = Controls(controls)
        names = _names("keys", keys)
        self._pass = Pass(self._source, self._options, found.columns, keys=names, ballots=ballots)
        for taken in self._pass.run():
            yield measured(taken, found.bound, self._options.on_error, self.report)

    def date_columns(self) -> list[str]:
        """Returns the columns of the first file whose first values are dates.

        Columns that hold contestants or outcomes are not among them. A column of numbers is one
        only if its name says so ("tstamp", "created_at").

        Raises:
            InputError: If the file cannot be read, or its format is not recognized.
        """
        return date_columns(self._source, self._options)

    @property
    def names(self) -> list[str]:
        """The names seen so far in the last pass by code, including unjudged and excluded ones."""
        return self._pass.renaming.names()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the last pass, including that of the ballots if it has them."""
        return self._pass.keys.names

    @property
    def labels(self) -> list[list[str]]:
        """The labels of each key seen so far in the last pass, by code."""
        return self._pass.labels

    @property
    def contestants(self) -> int:
        """The number of names seen so far in the last pass, which is cheaper than `names`."""
        return len(self._pass.names)

    @property
    def report(self) -> ReadReport:
        """The report on the last pass, which is complete when the pass has ended."""
        return self._pass.report

    def to_polars(self, *, where_there: Sequence[str] = ()) -> pl.DataFrame:
        """Returns the matches as one frame with standard column names.

        The columns are model_a, model_b and winner ("model_a", "model_b", "tie", or null for a
        share). There is a column both_bad if any tie is both bad, score (of model_a) if there are
        shares, and count and weight if the log has them. The columns question_id, judge, language,
        turn, anony and tstamp and the columns to keep are copied unchanged. If the matches are
        pairs of ballots, the column ballot says of which.

        Args:
            where_there: Further columns to include from the files that have them.

        Raises:
            InputError: As in `batches`.
            OptionError: As in `batches`, or if no file has a column to keep.
        """
        kept = (*self._keep, *where_there)
        self._pass = Pass(self._source, self._options, kept)
        frames = [_normalised(taken, kept) for taken in self._pass.run()]
        out = pl.concat(frames, how="diagonal_relaxed")
        names = pl.Series(self.names, dtype=pl.String)
        out = out.with_columns(
            names.gather(out.get_column(side)).alias(side) for side in ("model_a", "model_b")
        )
        if BALLOT in out.columns:
            labels = out.get_column(BALLOT).unique().drop_nulls().to_list()
            known = dict(zip(labels, self._pass.finished(labels), strict=True))
            out = out.with_columns(pl.col(BALLOT).replace(known))
        for column in self._keep:
            if column not in out.columns:
                raise OptionError(f"keep: there is no column {column!r}")
        if not self._pass.report.both_bad:
            out = out.drop("both_bad")
        if "winner" in out.columns and not out.get_column("winner").has_nulls():
            out = out.drop("score", strict=False)
        return out


def _normalised(taken: Taken, keep: Sequence[str]) -> pl.DataFrame:
    """Returns the matches as a frame with standard column names and the codes of the names."""
    matches, outcome = taken.matches, taken.matches.outcome
    score = SHARES[outcome]
    if matches.score is not None:
        score = np.where(outcome == SOFT, matches.score, score)
    columns = {
        "model_a": pl.Series(matches.first),
        "model_b": pl.Series(matches.second),
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
    if taken.binding.reading.ballots:
        column = extras.get(BALLOT, BALLOT)
        found[BALLOT] = column if column in frame.columns else BALLOT
    found |= {column: column for column in keep if column in frame.columns}
    for role, column in found.items():
        if role not in columns:
            values = frame.get_column(column)
            if role in _LABELS and (values.dtype.is_nested() or values.dtype == pl.Object):
                # A list or an object, such as a judge of MT-bench, is one label.
                values = nested_text(values)
            columns[role] = values.gather(taken.rows)
    return pl.DataFrame(columns)


def _names(option: str, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise OptionError(f"{option} must be a sequence of names, not {names!r}")
    return tuple(dict.fromkeys(names))
