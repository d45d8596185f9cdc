"""From a chart to a file, or to text that can stand in a page."""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
from pathlib import Path
from typing import Any, Final

from humorrank._util.atomic import check_place, replacing
from humorrank.errors import MissingExtraError, OptionError
from humorrank.figures.extra import Part, alt

ENDINGS: Final = (".png", ".svg", ".json", ".html")

SCALE: Final = 2
"""Pixels of a PNG for each of the chart."""

_TAG: Final = re.compile(r"<[^>]*>")
_ID: Final = re.compile(r'( id="| [a-z:-]+="url\(#| (?:xlink:)?href="#)(?=[^"])')


def check_ending(path: str | os.PathLike[str]) -> str:
    """The ending of a file, if a figure can be written so.

    Raises:
        OptionError: it cannot, or there cannot be such a file.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise OptionError(f"{path}: a figure ends in {known}, not in {ending or 'nothing'}")
    check_place(path)
    return ending


def save(chart: Part, path: str | os.PathLike[str]) -> None:
    """Writes a figure, whole or not at all.

    Args:
        chart: any Altair chart.
        path: .png (two pixels a point of the figure), .svg, .json (the Vega-Lite spec), or .html
            (a page of its own that needs no network).

    Raises:
        OptionError: the ending is another one, or the file cannot be written.
        MissingExtraError: altair or vl-convert is not installed.
    """
    ending = check_ending(path)
    if ending == ".svg":
        content = svg(chart).encode()
    elif ending == ".json":
        with alt.data_transformers.enable("default"):
            content = (chart.to_json(indent=None) + "\n").encode()
    elif ending == ".html":
        content = _rendered(chart, io.StringIO(), "html", inline=True).getvalue().encode()
    else:
        content = _rendered(chart, io.BytesIO(), "png", scale_factor=SCALE).getvalue()
    with replacing(path) as file:
        file.write(content)


def svg(chart: Part) -> str:
    """A figure as SVG, to be put into a page as it is.

    Text is escaped, nothing is loaded from elsewhere, and ids begin with a hash of the figure, so
    that several can stand in one page. To a screen reader it is one picture, with its title and
    notes as description.

    Raises:
        MissingExtraError: altair or vl-convert is not installed.
    """
    text: str = _rendered(chart, io.StringIO(), "svg").getvalue()
    own = "f" + hashlib.sha256(text.encode()).hexdigest()[:10]
    about = getattr(chart, "description", None)
    if isinstance(about, str):
        label = html.escape(about, quote=True)
        text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    # Within a tag a quotation mark ends an attribute: in values, names among them, it is escaped.
    return _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{own}-", tag[0]), text)


def _rendered(chart: Part, to: Any, kind: str, **options: Any) -> Any:  # noqa: ANN401 - a buffer
    try:
        import vl_convert  # noqa: F401, PLC0415 - an optional dependency
    except ImportError as error:
        message = "PNG, SVG and HTML need vl-convert: pip install 'humorrank[figures]'"
        raise MissingExtraError(message) from error
    # Whatever the user has enabled for notebooks, a file holds its data.
    with alt.data_transformers.enable("default"):
        chart.save(to, format=kind, **options)
    return to
