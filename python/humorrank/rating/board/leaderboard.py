"""The result of rating: a table, and everything that it came from."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from humorrank._util import json as as_json
from humorrank._util.checks import whole
from humorrank._util.progress import Progress, stage
from humorrank.errors import MissingExtraError, OptionError
from humorrank.matches.source import Board
from humorrank.rating.board import text as board_text
from humorrank.rating.board.parameter import TIE_PARAMETER, Parameter
from humorrank.rating.board.text import BoardTable
from humorrank.rating.board.tiers import Tier, tier_of, tiers_of
from humorrank.rating.uncertainty.difference import RatingDifference, beats
from humorrank.rating.uncertainty.rank_intervals import RankTable, Uncertainty, rank_table

if TYPE_CHECKING:
    import pandas as pd

    from humorrank import _core

SCHEMA: Final = {
    "rank": pl.Int64,
    "model": pl.String,
    "rating": pl.Float64,
    "rating_lower": pl.Float64,
    "rating_upper": pl.Float64,
    "rank_ci": pl.Int64,
    "win_rate": pl.Float64,
    "matches": pl.Int64,
    "elo": pl.Float64,
    "elo_sd": pl.Float64,
}
COLUMNS: Final = tuple(SCHEMA)
"""The columns of a leaderboard, in every format."""

_SHOWN_ROWS = 30

_PLOTTING_BACKEND: Final = "humorrank.figures"
"""Named, not imported, as pandas names its plotting backends: pictures are made of boards."""


@dataclass(frozen=True)
class Row:
    """One contestant.

    Attributes:
        rank: 1 for the highest rating; equal ratings share a rank.
        model: the name.
        rating: Bradley-Terry rating in points; the mean of the board is 1000 unless anchored.
        rating_lower: lower end of the interval, -inf where it is open, None without bootstrap.
        rating_upper: upper end of the interval, +inf where it is open, None without bootstrap.
        rank_ci: 1 + the number of models whose lower end lies above this one's upper end.
        win_rate: points (wins and half the ties) over matches; None if nothing has weight.
        matches: the number of matches rated.
        elo: Stable Elo, the mean over the shuffles; None without shuffles.
        elo_sd: its population standard deviation over the shuffles.
    """

    rank: int
    model: str
    rating: float
    rating_lower: float | None
    rating_upper: float | None
    rank_ci: int | None
    win_rate: float | None
    matches: int
    elo: float | None
    elo_sd: float | None


@dataclass(frozen=True)
class Unrated:
    """A contestant that could not be rated.

    Attributes:
        model: the name.
        reason: why, in words.
        matches: its matches in the log, which rated nobody.
    """

    model: str
    reason: str
    matches: int


@dataclass(frozen=True, eq=False)
class Leaderboard(Board):
    """Ratings with intervals, and what they came from.

    Attributes:
        columns: the figures as arrays, best first; those of `COLUMNS` that there are.
        unrated: who could not be rated, and why.
        settings: the options of `rate`, the seed among them.
        certificate: `distance` to the maximum in points, the `tolerance` it was held to, and
            the `iterations` it took.
        bootstrap: `replicates`, and how many were `without_maximum`.
        elo: `shuffles`, and the largest (`max_sd`) and mean (`mean_sd`) standard deviation.
        counts: rows `read` (games, where a row holds several); matches `rated`, and of them
            `ties`, `both_bad` and `soft`; rows `unjudged`, `skipped`, `filtered`, `void` (count
            or weight 0); matches `tied_out` by ties="exclude" and `outside` (with an unrated
            contestant). Where no row has a count, `read` is the sum of `rated`, `unjudged`,
            `skipped`, `filtered`, `void`, `tied_out` and `outside`.
        sources: the files or objects read, and the `reading` recognised.
        warnings: what a reader of the board should know.
        version: the version of humorrank.
        parameters: what is fitted beside the ratings: the first position, Davidson's tie
            parameter, controls; () in the plain model.
    """

    columns: Mapping[str, Any] = field(repr=False)
    unrated: tuple[Unrated, ...]
    settings: Mapping[str, Any]
    certificate: Mapping[str, Any]
    bootstrap: Mapping[str, Any]
    elo: Mapping[str, Any]
    counts: Mapping[str, Any]
    sources: Mapping[str, Any]
    warnings: tuple[str, ...]
    version: str
    _field: _core.Field = field(repr=False, compare=False)
    _names: tuple[str, ...] = field(repr=False, compare=False)
    _uncertainty: Uncertainty | None = field(repr=False, compare=False)
    parameters: tuple[Parameter, ...] = ()
    tiers: tuple[Tier, ...] = ()

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a contestant, best first, with the columns `COLUMNS`, and `tier` with tiers.

        Open ends are infinite, and missing figures null.
        """
        nothing = [None] * len(self)
        table = pl.DataFrame(
            [
                pl.Series(name, self.columns.get(name, nothing), dtype=dtype, nan_to_null=True)
                for name, dtype in SCHEMA.items()
            ]
        )
        if not self.tiers:
            return table
        return table.with_columns(pl.Series("tier", self._tier_names(), dtype=pl.String))

    def _tier_names(self) -> list[str | None]:
        return [tier_of(rating, self.tiers) for rating in self.columns["rating"].tolist()]

    def _shown(self) -> BoardTable:
        """What text functions show."""
        return BoardTable(
            self.columns,
            self._tier_names() if self.tiers else None,
            self.settings["confidence"],
            self.settings["simultaneous"],
            bool(self.elo["shuffles"]),
            [parameter.to_text() for parameter in self.parameters],
            self.summary(),
        )

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows, best first."""
        nothing = [None] * len(self)
        lists = {
            name: values if isinstance(values, list) else values.tolist()
            for name, values in self.columns.items()
        }
        # Not a number is not equal to itself.
        lists["win_rate"] = [rate if rate == rate else None for rate in lists["win_rate"]]  # noqa: PLR0124
        return tuple(Row(*v) for v in zip(*(lists.get(c, nothing) for c in COLUMNS), strict=True))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.columns["model"])}

    @cached_property
    def codes(self) -> np.ndarray:
        """The number of each contestant, best first, in the order of their names."""
        code = {name: code for code, name in enumerate(self._names)}
        return np.array([code[name] for name in self.columns["model"]], np.int64)

    def __len__(self) -> int:
        """The number of rated contestants."""
        return len(self.columns["model"])

    def __iter__(self) -> Iterator[Row]:
        """The rows, best first."""
        return iter(self.rows)

    def __contains__(self, model: object) -> bool:
        """Whether a contestant is rated."""
        return model in self._places

    def __getitem__(self, model: str) -> Row:
        """The row of one contestant.

        Raises:
            KeyError: there is no such contestant on the board; the message says why or names
                similar ones.
        """
        place = self._places.get(model)
        if place is not None:
            return self.rows[place]
        for unrated in self.unrated:
            if unrated.model == model:
                message = f"{model!r} is not rated: {unrated.reason}"
                raise KeyError(message)
        similar = difflib.get_close_matches(str(model), self._places, n=3)
        hint = f"; did you mean {' or '.join(map(repr, similar))}?" if similar else ""
        message = f"there is no {model!r} on this board{hint}"
        raise KeyError(message)

    def to_polars(self) -> pl.DataFrame:
        """The table as a polars frame."""
        return self.table

    def best(self, top: int | None = None) -> pl.DataFrame:
        """The table with only the `top` best; all by default."""
        return self.table.head(len(self) if top is None else top)

    def to_pandas(self) -> pd.DataFrame:
        """The table as a pandas frame.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            message = "to_pandas needs pandas: pip install 'humorrank[pandas]'"
            raise MissingExtraError(message) from error
        return pd.DataFrame(self.table.to_dict(as_series=False))

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Everything, in JSON's types: open ends are null, as are missing figures.

        Args:
            top: only the best so many rows; all by default.
        """
        return {
            "leaderboard": [
                as_json.tree(row)
                for row in self.table.head(len(self) if top is None else top).iter_rows(named=True)
            ],
            "unrated": [vars(unrated) for unrated in self.unrated],
            "parameters": [as_json.tree(vars(parameter)) for parameter in self.parameters],
            "settings": dict(self.settings),
            "certificate": dict(self.certificate),
            "bootstrap": dict(self.bootstrap),
            "elo": dict(self.elo),
            "counts": dict(self.counts),
            "sources": dict(self.sources),
            "warnings": list(self.warnings),
            "version": self.version,
        }

    def to_json(self, top: int | None = None) -> str:
        """`to_dict` as text."""
        return as_json.text(self.to_dict(top))

    def ranks(
        self, top: int | None = None, *, joint: bool = False, progress: Progress | None = None
    ) -> RankTable:
        """The ranks that the data allow, the chances to be best, and who cannot be told apart.

        Intervals of ranks follow from those of differences to all others that hold at once, at the
        board's confidence (docs/statistics/intervals.md).

        Args:
            top: the k of the chance to be among the first k; 3, or all of fewer, by default.
            joint: whether the intervals shall hold for all contestants at once, and not each for
                its own.
            progress: called with (stage, done, total).

        Raises:
            OptionError: the board has no intervals, or there is no such top.
        """
        top = min(3, len(self)) if top is None else whole("top", top, 1, len(self))
        return rank_table(
            self._intervals(),
            self.columns["model"],
            self.columns["rank"],
            self.columns["rating"],
            order=self.codes,
            top=top,
            confidence=self.settings["confidence"],
            joint=joint,
            progress=stage(progress, "ranks"),
        )

    def compare(self, model_a: str, model_b: str) -> RatingDifference:
        """How far two contestants are apart, and how sure the data make it.

        Args:
            model_a: one of them.
            model_b: the other.

        Raises:
            KeyError: one is not on the board.
            OptionError: the board has no intervals, or the two are one.
        """
        a, b = self[model_a], self[model_b]
        if model_a == model_b:
            raise OptionError(f"{model_a!r} is compared with itself")
        uncertainty = self._intervals()
        confidence = self.settings["confidence"]
        code_a, code_b = (self.codes[self._places[name]] for name in (model_a, model_b))
        pair = np.array([code_a]), np.array([code_b])
        lower, upper = (float(end[0]) for end in uncertainty.differences(*pair, confidence))
        matches, points_a, points_b = self._direct(code_a, code_b)
        difference = a.rating - b.rating
        nu = next((p.estimate for p in self.parameters if p.name == TIE_PARAMETER), 0.0)
        return RatingDifference(
            model_a,
            model_b,
            difference,
            lower,
            upper,
            float(uncertainty.stronger(*pair)[0]),
            beats(difference, nu),
            beats(lower, nu),
            beats(upper, nu),
            matches,
            points_a,
            points_b,
            confidence,
            self.settings["interval"],
            uncertainty.basis,
        )

    def _direct(self, a: int, b: int) -> tuple[int, float, float]:
        """Matches between two contestants, and the points of each in them."""
        low, high, low_points, high_points = self._field.pairs()
        met = np.flatnonzero((low == min(a, b)) & (high == max(a, b)))
        if not len(met):
            return 0, 0.0, 0.0
        pair, _, _, count = self._field.kinds()
        points = float(low_points[met[0]]), float(high_points[met[0]])
        return int(count[pair == met[0]].sum()), *(points if a < b else points[::-1])

    def _intervals(self) -> Uncertainty:
        if self._uncertainty is None:
            raise OptionError(
                "the board was rated with bootstrap=0, so that it has no intervals; rate again "
                "with bootstrap=1000, or interval='sandwich'"
            )
        return self._uncertainty

    def win_matrix(self) -> pl.DataFrame:
        """Share of the points that each row's model took from each column's, in rank order.

        Half a point for a tie; null where two models never met. The first column, `model`
        (`model_` if a contestant is called `model`), names the row.
        """
        label = "model"
        while label in self:
            label += "_"
        models = self.table["model"].to_list()
        place = np.array([self._places[name] for name in self._names])
        low, high, low_points, high_points = self._field.pairs()
        share = np.full((len(models), len(models)), np.nan)
        with np.errstate(invalid="ignore"):
            low_share = low_points / (low_points + high_points)
        share[place[low], place[high]] = low_share
        share[place[high], place[low]] = 1 - low_share
        return (
            pl.DataFrame(share, schema=models)
            .fill_nan(None)
            .insert_column(0, pl.Series(label, models))
        )

    def plot(self, top: int | None = None) -> Any:  # noqa: ANN401 - a chart of an optional library
        """Ratings with their intervals as an Altair chart; see `humorrank.figures.leaderboard`.

        Args:
            top: how many of the best are shown; all, up to 300, by default.

        Raises:
            MissingExtraError: altair is not installed.
        """
        return importlib.import_module(_PLOTTING_BACKEND).leaderboard(self, top)

    def to_text(
        self, top: int | None = None, *, color: bool = False, width: int | None = None
    ) -> str:
        """The board as a table for people.

        Args:
            top: only the best so many; all by default.
            color: with the escape codes of a terminal.
            width: characters in a line, into which intervals are drawn as bars too; none are
                drawn by default.
        """
        return board_text.table_text(self._shown(), top, color=color, width=width)

    def to_latex(self, top: int | None = None) -> str:
        """The board as a table of LaTeX with booktabs.

        Args:
            top: only the best so many; all by default.
        """
        return board_text.latex(self._shown(), top)

    def with_tiers(self, tiers: str | Mapping[str, float | None] | None) -> Leaderboard:
        """The same board with a column of bands of ratings.

        Args:
            tiers: "paper"; or name -> the lowest rating of the band, where one band may have None
                for all below the others; or the same as text: "strong=1100,middle=950,weak". None
                for no bands.

        Raises:
            OptionError: it is none of these, or two bands have one name or one rating.
        """
        return replace(self, tiers=tiers_of(tiers))

    def __repr__(self) -> str:
        """The board as a plain table."""
        return self.to_text(_SHOWN_ROWS)

    def _repr_html_(self) -> str:
        return board_text.markup(self._shown(), _SHOWN_ROWS)

    def summary(self) -> str:
        """One line: how many contestants and matches, and how many could not be rated."""
        text = f"{len(self):,} contestants, {self.counts['rated']:,} matches"
        if self.settings["prior"]:
            text += f", shrunken by a prior of {self.settings['prior']:g}"
        if self.settings["interval"] != "percentile" or self.settings["cluster"]:
            text += f", {self.settings['interval']} intervals"
        if self.settings["cluster"]:
            text += f" by {self.settings['cluster']}"
        if self.unrated:
            text += f", {len(self.unrated):,} unrated"
        return text
