"""The result of a rating: the leaderboard with its settings, counts and sources."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from humorrank._util import json as as_json
from humorrank._util.checks import whole
from humorrank._util.markdown import markdown_table
from humorrank._util.progress import Progress, stage
from humorrank._util.suggest import did_you_mean, similar
from humorrank._util.text import number_of
from humorrank.errors import InputError, MissingExtraError, OptionError
from humorrank.matches.source import Board
from humorrank.rating.board import text as board_text
from humorrank.rating.board.from_json import columns_of, content_of, parameter_of
from humorrank.rating.board.parameter import TIE_PARAMETER, Parameter
from humorrank.rating.board.rows import COLUMNS, DECIMALS, OPTIONAL, Row, Unrated, dtype_of
from humorrank.rating.board.text import BoardTable
from humorrank.rating.board.tiers import Tier, tier_of, tiers_of
from humorrank.rating.uncertainty.difference import RatingDifference, beats
from humorrank.rating.uncertainty.rank_intervals import RankTable, Uncertainty, rank_table
from humorrank.rating.uncertainty.replicates import refuse_few_replicates

if TYPE_CHECKING:
    import pandas as pd

    from humorrank import _core

_SHOWN_ROWS = 30

_PLOTTING_BACKEND: Final = "humorrank.figures"
"""The module that draws charts, imported by name because it depends on this one."""


@dataclass(frozen=True, eq=False)
class Leaderboard(Board):
    """Ratings with intervals, and the settings, counts and sources behind them.

    Attributes:
        columns: The available columns of `COLUMNS` and `OPTIONAL` as arrays, best contestant first.
        unrated: The contestants that could not be rated, with the reasons.
        settings: The options of `rate`, including the seed.
        certificate: The `distance` to the maximum in points, the `tolerance` for it, and the
            number of `iterations`.
        bootstrap: The number of `replicates`, and of those `without_maximum`.
        elo: The number of `shuffles`, and the largest (`max_sd`) and mean (`mean_sd`) standard
            deviation.
        counts: The number of rows `read` (matches, if a row holds several), of matches `rated`,
            and among these of `ties`, `both_bad` and `soft` scores. Also the rows `unjudged`,
            `skipped`, `filtered` and `void` (count or weight 0), and the matches `tied_out` by
            ties="exclude" and `outside` (with an unrated contestant). If no row has a count,
            `read` is the sum of `rated`, `unjudged`, `skipped`, `filtered`, `void`, `tied_out`
            and `outside`.
        sources: The files or objects read, and the `reading` recognized.
        warnings: Warnings for the reader of the board.
        version: The version of humorrank.
        parameters: The parameters fitted in addition to the ratings: the first position,
            Davidson's tie parameter, and controls. Empty in the plain model.
        tiers: The tiers of `with_tiers`; empty by default.
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
    _field: _core.FitData | None = field(repr=False, compare=False)
    _names: tuple[str, ...] = field(repr=False, compare=False)
    _uncertainty: Uncertainty | None = field(repr=False, compare=False)
    parameters: tuple[Parameter, ...] = ()
    tiers: tuple[Tier, ...] = ()

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row per contestant, best first, with the columns `COLUMNS`.

        The columns `both_bad_share` and `tier` follow if they were requested.

        Open interval ends are infinite, and missing values are null.
        """
        nothing = [None] * len(self)
        table = pl.DataFrame(
            [
                pl.Series(
                    name, self.columns.get(name, nothing), dtype=dtype_of(name), nan_to_null=True
                )
                for name in (*COLUMNS, *(name for name in OPTIONAL if name in self.columns))
            ]
        )
        if not self.tiers:
            return table
        return table.with_columns(pl.Series("tier", self._tier_names(), dtype=pl.String))

    def _tier_names(self) -> list[str | None]:
        return [tier_of(rating, self.tiers) for rating in self.columns["rating"].tolist()]

    def _shown(self) -> BoardTable:
        """Returns the content of the text, LaTeX and HTML tables."""
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
        # NaN is not equal to itself.
        lists["win_rate"] = [rate if rate == rate else None for rate in lists["win_rate"]]  # noqa: PLR0124
        columns = (lists.get(name, nothing) for name in (*COLUMNS, *OPTIONAL))
        return tuple(Row(*values) for values in zip(*columns, strict=True))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.columns["model"])}

    @property
    def has_matches(self) -> bool:
        """Whether the board holds its matches, unlike one that was read from JSON."""
        return self._field is not None

    def counted(self) -> _core.FitData:
        """Returns the counted matches of the board.

        Raises:
            OptionError: If the board was read from JSON, which does not contain its matches.
        """
        if self._field is None:
            raise OptionError(
                "the board was read from JSON, which contains its ratings but not its matches; "
                "this needs the log, tally or store from which it was made"
            )
        return self._field

    @cached_property
    def codes(self) -> np.ndarray:
        """The code of each contestant of the board, best first."""
        code = {name: code for code, name in enumerate(self._names)}
        return np.array([code[name] for name in self.columns["model"]], np.int64)

    def __len__(self) -> int:
        """Returns the number of rated contestants."""
        return len(self.columns["model"])

    def __iter__(self) -> Iterator[Row]:
        """Iterates over the rows, best first."""
        return iter(self.rows)

    def __contains__(self, model: object) -> bool:
        """Returns whether a contestant is rated."""
        return model in self._places

    def __getitem__(self, model: str) -> Row:
        """Returns the row of one contestant.

        Raises:
            KeyError: If the contestant is not on the board. The message gives the reason, or
                similar names.
        """
        place = self._places.get(model)
        if place is not None:
            return self.rows[place]
        for unrated in self.unrated:
            if unrated.model == model:
                message = f"{model!r} is not rated: {unrated.reason}"
                raise KeyError(message)
        hint = did_you_mean(similar(str(model), self._places))
        message = f"there is no {model!r} on this board{hint}"
        raise KeyError(message)

    def to_polars(self) -> pl.DataFrame:
        """Returns the table as a polars DataFrame."""
        return self.table

    def best(self, top: int | None = None) -> pl.DataFrame:
        """Returns the `top` best rows of the table; all rows by default."""
        return self.table.head(len(self) if top is None else top)

    def to_pandas(self) -> pd.DataFrame:
        """Returns the table as a pandas DataFrame.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            message = "to_pandas needs pandas: pip install 'humorrank[pandas]'"
            raise MissingExtraError(message) from error
        return pd.DataFrame(self.table.to_dict(as_series=False))

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Returns the board in JSON types; open interval ends and missing values are null.

        Args:
            top: The number of rows, best first; all by default.
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
        """Returns `to_dict` as JSON text."""
        return as_json.text(self.to_dict(top))

    def to_csv(self, top: int | None = None) -> str:
        """Returns the table as CSV text.

        Args:
            top: The number of rows, best first; all by default.
        """
        return self.best(top).write_csv()

    def to_markdown(self, top: int | None = None) -> str:
        """Returns the table as a markdown table with rounded numbers.

        Args:
            top: The number of rows, best first; all by default.
        """
        return markdown_table(self.best(top), DECIMALS)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Leaderboard:
        """Reads a board that `to_json` or `humorrank rate --format json` wrote.

        The board has its rows, settings, counts and warnings, but not its matches. Methods that
        need the matches (`ranks`, `compare`, `win_matrix`) raise an OptionError.

        >>> import humorrank
        >>> board = humorrank.rate([("pun", "irony", "model_a"), ("pun", "irony", "model_b")])
        >>> humorrank.Leaderboard.from_json(board.to_json()) == board
        False
        >>> humorrank.Leaderboard.from_json(board.to_json()).rows == board.rows
        True

        Args:
            source: The JSON text, or the path of a file that contains it.

        Raises:
            InputError: If the text is not a board, or the file cannot be read.
        """
        label, content = content_of(source)
        try:
            rows = content["leaderboard"]
            columns = columns_of(rows)
            parameters = tuple(parameter_of(found) for found in content["parameters"])
            return cls(
                columns=columns,
                unrated=tuple(Unrated(**found) for found in content["unrated"]),
                settings={
                    **content["settings"],
                    "controls": tuple(content["settings"]["controls"]),
                },
                certificate=content["certificate"],
                bootstrap=content["bootstrap"],
                elo=content["elo"],
                counts=content["counts"],
                sources=content["sources"],
                warnings=tuple(content["warnings"]),
                version=content["version"],
                _field=None,
                _names=tuple(columns["model"]),
                _uncertainty=None,
                parameters=parameters,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            missing = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(
                f"not a board written by `humorrank rate --format json`: {missing}", file=label
            ) from error

    def ranks(
        self, top: int | None = None, *, joint: bool = False, progress: Progress | None = None
    ) -> RankTable:
        """Returns rank intervals, the probability of being best, and indistinguishable groups.

        The rank intervals follow from simultaneous intervals of the differences to all other
        contestants, at the confidence level of the board (docs/statistics/intervals.md).

        Args:
            top: The k for the probability of being among the first k. The default is 3, or the
                number of contestants if there are fewer.
            joint: Whether the rank intervals hold for all contestants simultaneously instead of
                for each one separately.
            progress: A function called with (stage, done, total).

        Raises:
            OptionError: If the board has no intervals, or `top` is out of range.
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
        """Returns the difference between two contestants, with its uncertainty.

        Args:
            model_a: Name of the first contestant.
            model_b: Name of the second contestant.

        Raises:
            KeyError: If one of the two contestants is not on the board.
            OptionError: If the board has no intervals, both names are the same, or the BCa
                interval of the difference needs more replicates.
        """
        a, b = self[model_a], self[model_b]
        if model_a == model_b:
            raise OptionError(f"cannot compare {model_a!r} with itself: name two contestants")
        uncertainty = self._intervals()
        confidence = self.settings["confidence"]
        code_a, code_b = (self.codes[self._places[name]] for name in (model_a, model_b))
        pair = np.array([code_a]), np.array([code_b])
        ends = uncertainty.differences(*pair, confidence)
        refuse_few_replicates(ends, self.settings["bootstrap"])
        lower, upper = float(ends.lower[0]), float(ends.upper[0])
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
        """Returns the number of matches between two contestants and the points of each."""
        low, high, low_points, high_points = self.counted().pairs()
        met = np.flatnonzero((low == min(a, b)) & (high == max(a, b)))
        if not len(met):
            return 0, 0.0, 0.0
        pair, _, _, count = self.counted().kinds()
        points = float(low_points[met[0]]), float(high_points[met[0]])
        return int(count[pair == met[0]].sum()), *(points if a < b else points[::-1])

    def _intervals(self) -> Uncertainty:
        self.counted()
        if self._uncertainty is None:
            raise OptionError(
                "the board was rated with bootstrap=0 and has no intervals; rate again without "
                "it, or with interval='sandwich'"
            )
        return self._uncertainty

    def win_matrix(self) -> pl.DataFrame:
        """Returns the share of points that each row's model won against each column's model.

        A tie counts half a point, and the share is null for two models that never met. Rows and
        columns are in rank order. The first column, `model` (`model_` if a contestant is called
        `model`), contains the names of the rows.
        """
        counted = self.counted()
        label = "model"
        while label in self:
            label += "_"
        models = self.table["model"].to_list()
        place = np.array([self._places[name] for name in self._names])
        low, high, low_points, high_points = counted.pairs()
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
        """Draws the ratings with their intervals as an Altair chart.

        See `humorrank.figures.leaderboard`.

        Args:
            top: The number of contestants, best first; all, up to 300, by default.

        Raises:
            MissingExtraError: If altair is not installed.
        """
        return importlib.import_module(_PLOTTING_BACKEND).leaderboard(self, top)

    def to_text(
        self, top: int | None = None, *, color: bool = False, width: int | None = None
    ) -> str:
        """Returns the board as a text table.

        Args:
            top: The number of rows, best first; all by default.
            color: Whether to use the color codes of a terminal.
            width: The number of characters in a line, by default any number. If it is given, the
                intervals are also drawn as bars in the remaining space. Columns that do not fit
                are left out, and a line names them.
        """
        return board_text.table_text(self._shown(), top, color=color, width=width)

    def to_latex(self, top: int | None = None) -> str:
        """Returns the board as a LaTeX table that uses booktabs.

        Args:
            top: The number of rows, best first; all by default.
        """
        return board_text.latex(self._shown(), top)

    def with_tiers(self, tiers: str | Mapping[str, float | None] | None) -> Leaderboard:
        """Returns the same board with a column of tiers.

        Args:
            tiers: "paper" for the tiers of the paper, a mapping from the name of each tier to its
                lowest rating, or the same as text: "strong=1100,middle=950,weak". One tier may
                have the rating None and then holds all lower ratings. None removes the tiers.

        Raises:
            OptionError: If the tiers are invalid, or two tiers have the same name or rating.
        """
        return replace(self, tiers=tiers_of(tiers))

    def __repr__(self) -> str:
        """Returns the board as a plain text table."""
        return self.to_text(_SHOWN_ROWS)

    def _repr_html_(self) -> str:
        return board_text.markup(self._shown(), _SHOWN_ROWS)

    def summary(self) -> str:
        """Returns one line with the numbers of contestants, matches and unrated contestants."""
        text = f"{number_of(len(self), 'contestant')}, "
        text += number_of(self.counts["rated"], "match", "matches")
        if weight := self.sources["columns"].get("weight"):
            text += f", weighted by {weight}"
        if self.settings["prior"]:
            text += f", shrunk by a prior of {self.settings['prior']:g}"
        if self.settings["interval"] != "percentile" or self.settings["cluster"]:
            text += f", {self.settings['interval']} intervals"
        if self.settings["cluster"]:
            text += f" by {self.settings['cluster']}"
        if self.unrated:
            text += f", {len(self.unrated):,} unrated"
        return text
