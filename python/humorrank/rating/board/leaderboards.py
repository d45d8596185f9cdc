"""The result of rating by group: a mapping from group to leaderboard, and one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from humorrank import _core
from humorrank._util import json as as_json
from humorrank._util.markdown import markdown_table
from humorrank._util.progress import Progress, stage
from humorrank._util.suggest import did_you_mean, similar
from humorrank._util.text import Style, number_of, shortened_names
from humorrank.errors import OptionError
from humorrank.matches.source import Board
from humorrank.matches.tally.keyed import Keyed, Label, checked_columns
from humorrank.matches.tally.tally import Tally
from humorrank.rating.board import both_bad, group_notes
from humorrank.rating.board.group_text import boards_text
from humorrank.rating.board.leaderboard import Leaderboard
from humorrank.rating.board.ranks import ranks_by_interval, ranks_by_rating
from humorrank.rating.board.rows import COLUMNS, DECIMALS, OPTIONAL, dtype_of
from humorrank.rating.notices import of_names, of_reading
from humorrank.rating.settings import RatingSettings

Key = Label | tuple[Label, ...]
"""The key of a group."""

_GROUP_COLUMNS = ("contestants", "rated", "matches", "distance", "iterations", "without_maximum")
_SHOWN_ROWS = 30
_GROUPS_AT_ONCE = 10_000


class Leaderboards(Board, Mapping[Key, Leaderboard]):
    """An independent Leaderboard for each group of matches.

    The keys are the values of the column, or None for matches without a value. If `by` was a
    sequence, they are tuples of these. All groups are rated together into one table; see
    `to_polars`. The full Leaderboard of a group is computed on access and equals that of the
    group's matches alone, bit for bit.

    Attributes:
        by: The columns that define the groups.
        settings: The options of `rate`, including the seed.
        warnings: Warnings for the reader of the boards.
        version: The version of humorrank.
    """

    def __init__(
        self,
        tally: Tally,
        settings: RatingSettings,
        threads: int | None,
        progress: Progress | None,
        *,
        one: bool,
        rate: Callable[[Tally], Leaderboard],
        notices: Sequence[str] = (),
    ) -> None:
        """Rates the groups of a tally.

        Args:
            tally: The matches, with the groups as its keys.
            settings: The options of the rating.
            threads: Number of threads; all processors by default.
            progress: A function called with (stage, done, total).
            one: Whether the key of a group is a single label instead of a tuple.
            rate: A function that rates the matches of one group with the same settings.
            notices: Warnings about the settings.

        Raises:
            OptionError: If the anchor has no match in any group, or a column has a reserved name.
        """
        assert tally.keyed is not None
        self.by = checked_columns(tally.keys, (*COLUMNS, *OPTIONAL, *_GROUP_COLUMNS, "note"))
        self.version = _core.VERSION
        self._tally = tally
        self._keyed: Keyed = tally.keyed
        self._settings = settings
        self._rate = rate
        self._threads = threads
        self._one = one
        self._notices = [*notices, *(both_bad.checked(tally) if settings.both_bad_share else ())]
        self._columns: Mapping[str, Any] = self._keyed.cells.rate(
            exclude_ties=settings.ties == "exclude",
            min_matches=settings.min_matches,
            largest=settings.disconnected == "largest",
            anchor=self._anchor(),
            prior=settings.prior,
            solver=settings.solver,
            bootstrap=settings.replicates,
            confidence=settings.confidence,
            shuffles=settings.elo_shuffles,
            k=settings.elo_k,
            seed=settings.seed,
            threads=threads,
            progress=stage(progress, "groups"),
        )

    def _anchor(self) -> tuple[int, float] | None:
        if self._settings.anchor is None:
            return None
        name, rating = self._settings.anchor
        if name not in self._tally.names:
            raise OptionError(
                f"the anchor {name!r} is not among the contestants: "
                f"{shortened_names(self._tally.names)}"
            )
        return self._tally.names.index(name), rating

    @property
    def _names(self) -> tuple[str, ...]:
        """The columns of the board of each group."""
        return COLUMNS + OPTIONAL * self._settings.both_bad_share

    @property
    def settings(self) -> dict[str, Any]:
        """The options of `rate`."""
        anchor = self._settings.anchor
        return {**vars(self._settings), "anchor": dict([anchor]) if anchor else None}

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the reading of the log, the names, and groups that are not rated."""
        out = list(self._notices)
        out += of_reading(self._tally.report, self._settings.ties)
        out += of_names(self._tally.names)
        out += group_notes.of_groups(self._columns, self._settings)
        return tuple(out)

    @cached_property
    def groups(self) -> pl.DataFrame:
        """One row per group, in the order of their keys.

        The columns are the keys, contestants, rated (the number of rated contestants), matches
        (rated), distance (to the maximum, in points), iterations, without_maximum (the number of
        replicates without one), and note.
        """
        columns = self._columns
        return pl.DataFrame(
            [
                *self._keyed.table.get_columns(),
                pl.Series("contestants", columns["lengths"], dtype=pl.Int64),
                pl.Series("rated", columns["rated"], dtype=pl.Int64),
                pl.Series("matches", columns["rated_matches"], dtype=pl.Int64),
                pl.Series("distance", columns["distance"]).fill_nan(None),
                pl.Series("iterations", columns["iterations"], dtype=pl.Int64),
                pl.Series("without_maximum", columns["without_maximum"], dtype=pl.Int64),
                group_notes.of_group(columns, self._settings),
            ]
        )

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row per contestant and group, with the groups in the order of their keys.

        The columns are the keys, those of a `Leaderboard`, and `note`, which gives the reason if a
        contestant has no rating.
        """
        found = self._columns
        lengths, rated = found["lengths"], found["state"] == 0
        group = np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths)
        place = np.flatnonzero(rated)
        each = found["rated"].astype(np.int64)
        starts = np.cumsum(each) - each
        names = pl.Series("model", self._tally.names, dtype=pl.String)
        columns: dict[str, pl.Series] = {
            "rank": _spread(ranks_by_rating(found["rating"][place], starts), place, rated),
            "model": names.gather(found["contestant"]),
            "rank_ci": pl.Series([None], dtype=pl.Int64).new_from_index(0, len(rated)),
            "matches": pl.Series(found["matches"], dtype=pl.Int64),
        }
        if self._settings.replicates:
            lower, upper = found["rating_lower"][place], found["rating_upper"][place]
            by_interval = ranks_by_interval(lower, upper, starts[each > 0])
            columns["rank_ci"] = _spread(by_interval, place, rated)
        for name in COLUMNS:
            if name not in columns and name in found:
                columns[name] = pl.Series(found[name], nan_to_null=True)
            elif name not in columns:
                columns[name] = pl.Series([None], dtype=dtype_of(name)).new_from_index(
                    0, len(rated)
                )
        if self._settings.both_bad_share:
            shares = both_bad.shares_by_group(self._tally, group, found["contestant"])
            columns["both_bad_share"] = pl.Series(shares)
        keys = self._keyed.table[group]
        ordered = [columns[name].cast(dtype_of(name)).alias(name) for name in self._names]
        notes = group_notes.of_rows(found, group, self.groups["note"], self._settings)
        return pl.DataFrame([*keys.get_columns(), *ordered, notes])

    def to_polars(self) -> pl.DataFrame:
        """Returns the table as a polars DataFrame."""
        return self.table

    def _key(self, row: tuple[Label, ...]) -> Key:
        return row[0] if self._one else row

    def __len__(self) -> int:
        """Returns the number of groups, rated or not."""
        return len(self._keyed)

    def __iter__(self) -> Iterator[Key]:
        """Iterates over the keys of the groups, in order."""
        return map(self._key, self._keyed.table.iter_rows())

    def __contains__(self, key: object) -> bool:
        """Returns whether a group exists."""
        return self._place(key) is not None

    def _place(self, key: object) -> int | None:
        labels = (key,) if self._one else key
        return self._keyed.place(labels) if isinstance(labels, tuple) else None

    def __getitem__(self, key: Key) -> Leaderboard:
        """Rates one group and returns its board.

        Raises:
            KeyError: If the group does not exist. The message gives similar names.
            NoMaximumError: If the likelihood of the group has no maximum.
            HumorRankError: If the group cannot be rated for another reason.
        """
        place = self._place(key)
        if place is None:
            known = {str(name): name for name in self}
            hint = did_you_mean(known[name] for name in similar(str(key), known))
            message = f"there is no group {key!r} by {', '.join(self.by)}{hint}"
            raise KeyError(message)
        contestants, counts = self._keyed.cells.group(place)
        names = [self._tally.names[code] for code in contestants.tolist()]
        return self._rate(Tally(names, counts))

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Returns all boards in JSON types; missing values and open interval ends are null.

        Args:
            top: The number of rows of each group, best first; all by default.
        """
        return {
            "by": list(self.by),
            "leaderboards": list(self._boards(top)),
            **self._about(),
        }

    def _about(self) -> dict[str, Any]:
        return {
            "settings": self.settings,
            "warnings": list(self.warnings),
            "version": self.version,
        }

    def _boards(self, top: int | None) -> Iterator[dict[str, Any]]:
        """Yields the board of each group in JSON types."""
        finite = [
            pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name)
            for name in ("rating_lower", "rating_upper")
        ]
        start = 0
        for groups in self.groups.iter_slices(_GROUPS_AT_ONCE):
            rows = self.table.slice(start, int(groups["contestants"].sum()))
            start += len(rows)
            left = iter(rows.drop(*self.by).with_columns(finite).to_dicts())
            for group in groups.iter_rows(named=True):
                own = list(islice(left, group["contestants"]))
                yield {
                    "group": {key: group[key] for key in self.by},
                    "note": group["note"],
                    **{name: group[name] for name in _GROUP_COLUMNS},
                    "leaderboard": [
                        {name: row[name] for name in self._names}
                        for row in own[: group["rated"]][:top]
                    ],
                    "unrated": [
                        {"model": row["model"], "reason": row["note"], "matches": row["matches"]}
                        for row in own[group["rated"] :]
                    ],
                }

    def to_json(self, top: int | None = None) -> str:
        """Returns `to_dict` as JSON text, with one line per group."""
        return "".join(self.json_pieces(top))

    def json_pieces(self, top: int | None = None) -> Iterator[str]:
        """Yields the text of `to_json` in small pieces, to save memory."""
        yield f'{{\n"by": {as_json.line(list(self.by))},\n"leaderboards": ['
        separator = "\n"
        for board in self._boards(top):
            yield separator + as_json.line(board)
            separator = ",\n"
        yield "\n]"
        for name, value in self._about().items():
            yield f',\n"{name}": {as_json.line(value)}'
        yield "\n}"

    def to_csv(self, top: int | None = None) -> str:
        """Returns the table as CSV text.

        Args:
            top: The number of rows of each group, best first; all by default.
        """
        return self.best(top).write_csv()

    def to_markdown(self, top: int | None = None) -> str:
        """Returns the table as a markdown table with rounded numbers.

        Args:
            top: The number of rows of each group, best first; all by default.
        """
        return markdown_table(self.best(top), DECIMALS)

    def best(self, top: int | None = None) -> pl.DataFrame:
        """Returns the `top` best rows and the unrated rows of each group; all by default."""
        if top is None:
            return self.table
        lengths = self._columns["lengths"].astype(np.int64)
        place = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        kept = (place < top) | (self._columns["state"] != 0)
        return self.table.filter(pl.Series(kept))

    def to_text(
        self, top: int | None = None, *, color: bool = False, width: int | None = None
    ) -> str:
        """Returns the boards of all groups as a text table.

        Args:
            top: The number of rows of each group, best first; all by default.
            color: Whether to use the color codes of a terminal.
            width: The number of characters in a line, by default any number. Columns that do not
                fit are left out, and a line names them.
        """
        return self._written(self.best(top), self.groups, Style(color, width))

    def _repr_html_(self) -> str:
        table = self.table.head(_SHOWN_ROWS)
        return self._written(table, self.groups.head(_SHOWN_ROWS), Style(markup=True))

    def _written(self, table: pl.DataFrame, groups: pl.DataFrame, style: Style) -> str:
        more = len(self.table) - len(table) if style.markup else 0
        return boards_text(
            table, groups, self.by, self.summary(), self._settings, style=style, more=more
        )

    def __repr__(self) -> str:
        """Returns the first rows of the table and the summary."""
        with pl.Config(tbl_rows=_SHOWN_ROWS, tbl_hide_dataframe_shape=True):
            return f"{self.table.head(_SHOWN_ROWS)}\n{self.summary()}"

    def summary(self) -> str:
        """Returns one line with the numbers of groups, contestants and matches."""
        columns = self._columns
        unrated = int(np.count_nonzero(columns["status"]))
        text = (
            f"{number_of(len(self), 'group')} by {', '.join(self.by)}, "
            f"{number_of(len(self._tally.names), 'contestant')}, "
            f"{number_of(int(columns['rated_matches'].sum()), 'match', 'matches')} rated"
        )
        return f"{text}, {number_of(unrated, 'group')} not rated" if unrated else text


def _spread(values: np.ndarray, place: np.ndarray, where: np.ndarray) -> pl.Series:
    """Returns a column with the values at the given places and null elsewhere."""
    out = np.zeros(len(where), np.int64)
    out[place] = values
    column = pl.Series(out)
    return (
        column
        if where.all()
        else column.zip_with(pl.Series(where), pl.Series([None], dtype=pl.Int64))
    )
