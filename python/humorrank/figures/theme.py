"""The common style of all figures: colors, fonts, sizes, titles, and names that fit."""

from __future__ import annotations

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final

import polars as pl

from humorrank._util.checks import whole
from humorrank._util.text import distinct_names
from humorrank.errors import OptionError
from humorrank.figures.extra import Figure, Part, alt
from humorrank.figures.page import guarded

FONT: Final = "Noto Sans, DejaVu Sans, Liberation Sans, Arial, Helvetica, sans-serif"

_SCRIPTS: Final = (
    (r"\u0590-\u05ff", "Noto Sans Hebrew"),
    (r"\u0600-\u06ff", "Noto Sans Arabic"),
    (r"\u0900-\u097f", "Noto Sans Devanagari"),
    (r"\u0980-\u09ff", "Noto Sans Bengali"),
    (r"\u0b80-\u0bff", "Noto Sans Tamil"),
    (r"\u0c00-\u0c7f", "Noto Sans Telugu"),
    (r"\u0e00-\u0e7f", "Noto Sans Thai"),
    (r"\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef", "Noto Sans CJK SC"),
    (r"\ud83c-\ud83e", "DejaVu Sans"),
)
"""Characters that the font above lacks, in JavaScript notation, and a font that has them.

A browser finds such a font by itself. vl-convert uses the first one that it finds, even a bold one.
"""

INK: Final = "#1a1a1a"
SOFT: Final = "#595959"
LINE: Final = "#8c8c8c"
FAINT: Final = "#e2e2e2"
BLUE: Final = "#0072b2"
"""A color of the palette of Okabe and Ito, which color-blind readers can distinguish."""

PALETTE: Final = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
)
"""Colors of Okabe and Ito (2008), without yellow, which is too light for lines on white."""

SCHEME: Final = "cividis"
"""A color scheme whose lightness increases throughout, so that it is readable in gray."""

LIGHT_FROM: Final = 0.47
"""The part of the scheme from which dark text is easier to read than white text."""

MOST_ROWS: Final = 5_000
"""Maximum number of rows in a chart, which is Altair's own limit."""

MOST_MODELS: Final = 300
"""Number of models that are shown by default."""

_CONFIG: Final[dict[str, Any]] = {
    # A screen reader reads one description of the figure, not thousands of marks.
    "aria": False,
    "background": "white",
    "font": FONT,
    "padding": 12,
    "title": {
        "anchor": "start",
        "frame": "bounds",
        "color": INK,
        "fontSize": 15,
        "fontWeight": "bold",
        "offset": 14,
        "subtitleColor": SOFT,
        "subtitleFontSize": 11,
        "subtitleLineHeight": 15,
        "subtitlePadding": 5,
    },
    "axis": {
        "domainColor": LINE,
        "gridColor": FAINT,
        "labelColor": INK,
        "labelFlush": False,
        "labelFontSize": 11,
        "labelLimit": 190,
        "tickColor": LINE,
        "titleColor": INK,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 11,
        "titleColor": INK,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titleLimit": 300,
    },
    "header": {"labelColor": INK, "labelFontSize": 11, "titleColor": INK},
    "view": {"stroke": FAINT},
}


def finished(chart: Part, title: str, notes: Iterable[str], *, width: int = 640) -> Figure:
    """Adds a title, notes and the common style to a chart.

    Args:
        chart: The chart without a title.
        title: Title of the figure.
        notes: Notes below the title, each of which begins a line.
        width: Width of the whole figure in pixels, which determines how the notes are wrapped.
    """
    notes = list(notes)
    lines = [line for note in notes for line in textwrap.wrap(note, max(50, int(width / 5.8)))]
    heading = alt.TitleParams(text=title, subtitle=lines)
    described = " ".join(f"{text.removesuffix('.')}." for text in (title, *notes))
    out: Figure = guarded(
        chart.properties(title=heading, description=described).configure(**_CONFIG)
    )
    return out


def data(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Converts rows to the data of a chart.

    Raises:
        OptionError: If there are more rows than a chart may contain.
    """
    if len(rows) > MOST_ROWS:
        raise OptionError(
            f"the figure would have {len(rows):,} rows, but at most {MOST_ROWS:,} can be drawn; "
            "choose fewer models (top)"
        )
    # Altair repeatedly copies and checks lists of rows, but not frames.
    frame = pl.DataFrame(rows, infer_schema_length=None)
    # A column without any value has no type, which not all versions of Altair accept.
    return frame.with_columns(pl.selectors.by_dtype(pl.Null).cast(pl.Float64))


def limited(size: int, top: int | None, *, most: int = MOST_MODELS) -> int:
    """Returns the number of models to show: `top`, or all up to `most`.

    Raises:
        OptionError: If `top` is not a valid number of models.
    """
    if top is None:
        return min(size, most)
    return min(size, whole("top", top, 1))


def shown_note(shown: int, size: int) -> list[str]:
    """Returns a note if not all models are shown."""
    return [] if shown == size else [f"Only the best {shown:,} of {size:,} models are shown."]


def names_of(names: Sequence[str]) -> list[str]:
    """Returns unique names for display, with unprintable characters escaped."""
    out: list[str] = []
    seen: set[str] = set()
    for name in names:
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
        unique, number = shown or "(no name)", 1
        while unique in seen:
            number += 1
            unique = f"{shown} ({number})"
        seen.add(unique)
        out.append(unique)
    return out


_LABEL_WIDTH: Final = 190
"""Maximum width of the label of an axis in pixels."""


def short_names(
    names: Sequence[str], width: float = _LABEL_WIDTH, size: float = 11, *, most: int | None = None
) -> list[str]:
    """Cuts long names in the middle so that they fit and names that differ stay different.

    Args:
        names: Names for display.
        width: Maximum width in pixels.
        size: Font size.
        most: Maximum number of characters, instead of a width.
    """
    if most is not None:
        return distinct_names(names, most, measure=len)
    return distinct_names(names, width, measure=lambda text: text_width(text, size))


def short_labels(
    names: Sequence[str], width: float = _LABEL_WIDTH, size: float = 11
) -> dict[str, Any]:
    """Returns the options of an axis whose labels are `short_names`.

    The data keep the whole names, which the tooltips show.
    """
    shown = zip(names, short_names(names, width, size), strict=True)
    cut = {name: short for name, short in shown if name != short}
    # The width is an estimate. Vega would cut wider labels at their end, where names may differ.
    options: dict[str, Any] = {"labelLimit": 2 * width}
    if cut:
        place = f"indexof({_array(cut)}, datum.label)"
        options["labelExpr"] = f"{_array(cut.values())}[{place}] || datum.label"
    return options


def axis_values(names: Iterable[str]) -> Any:  # noqa: ANN401 - an expression
    """Returns the names that an axis shows, out of all those of its scale."""
    return alt.ExprRef(_array(names))


def _array(names: Iterable[str]) -> str:
    """Returns an expression with the value of an array of names.

    The names are a single literal, because Vega takes a literal for an identifier if it is a
    property of every JavaScript object ("constructor") or the name of a macro ("if").
    """
    return f"slice(split({json.dumps(''.join(f'{_BREAK}{name}' for name in names))}, '\\n'), 1)"


_BREAK: Final = "\n"
"""Separates names, which contain no line breaks: `names_of` escapes them."""


def name_font(names: Iterable[str]) -> Any:  # noqa: ANN401 - a name, or altair's condition
    """Returns the font of axis labels, which depends on the script of each name."""
    found = _scripts(names)
    if not found:
        return FONT
    conditions = [
        {"test": f"test(/[{characters}]/, datum.value)", "value": f"{font}, {FONT}"}
        for characters, font in found
    ]
    return {"condition": conditions, "value": FONT}


def text_font(names: Iterable[str], field: str) -> Any:  # noqa: ANN401 - a name, or an expression
    """Returns the font of text marks, which depends on the script of a field of the data."""
    found = _scripts(names)
    if not found:
        return FONT
    chosen = f"'{FONT}'"
    for characters, font in reversed(found):
        chosen = f"test(/[{characters}]/, datum.{field}) ? '{font}, {FONT}' : {chosen}"
    return alt.ExprRef(chosen)


def _scripts(names: Iterable[str]) -> list[tuple[str, str]]:
    """Returns the scripts in the names that need a font of their own."""
    # JavaScript represents a character above U+FFFF as two units.
    units = {
        unit
        for name in set(names)
        if not name.isascii()
        for unit in memoryview(name.encode("utf-16-le")).cast("H")
    }
    return [
        (characters, font)
        for characters, font in _SCRIPTS
        if any(
            int(low, 16) <= unit <= int(high, 16)
            for low, high in re.findall(r"u(\w{4})-\\u(\w{4})", characters)
            for unit in units
        )
    ]


def text_width(text: str, size: float) -> float:
    """Estimates the width of a text in pixels; wide characters are as wide as they are high."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return size * (0.56 * (len(text) - wide) + wide)


def row_step(rows: int) -> int:
    """Returns the height of a row in pixels."""
    return 26 if rows <= 12 else 18 if rows <= 30 else 13


def row_font(rows: int) -> int:
    """Returns the font size of the names of rows."""
    return 12 if rows <= 12 else 11 if rows <= 30 else 10


def few(names: Sequence[str], step: int) -> list[str]:
    """Returns every `step`-th name, beginning with the first."""
    return list(names[::step])


def percent_label(confidence: float) -> str:
    """Formats a confidence level, for example as "95 %"."""
    return f"{100 * confidence:g} %"
