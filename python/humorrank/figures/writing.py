"""Writes charts to files, or converts them to text that can be embedded in a page."""

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
from humorrank.figures.page import page

ENDINGS: Final = (".png", ".svg", ".json", ".html")

SCALE: Final = 2
"""Number of pixels of a PNG file for each pixel of the chart."""

_TAG: Final = re.compile(r"<[^>]*>")
_ID: Final = re.compile(r'( id="| [a-z:-]+="url\(#| (?:xlink:)?href="#)(?=[^"])')


def check_ending(path: str | os.PathLike[str]) -> str:
    """Returns the ending of a file after checking that a figure can be written to it.

    Raises:
        OptionError: If the ending is not supported, or the file cannot be created.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise OptionError(
            f"{path}: the file of a figure must end in {known}, not in {ending or 'nothing'}"
        )
    check_place(path)
    return ending


def save(chart: Part, path: str | os.PathLike[str]) -> None:
    """Writes a figure completely or not at all.

    Args:
        chart: Any Altair chart.
        path: Path of the file, which ends in .png (two pixels per point of the figure), .svg,
            .json (the Vega-Lite specification), or .html (a page that needs no network).

    Raises:
        OptionError: If the ending is not supported, or the file cannot be written.
        MissingExtraError: If altair or vl-convert is not installed.
    """
    ending = check_ending(path)
    if ending == ".svg":
        content = svg(chart).encode()
    elif ending == ".json":
        with alt.data_transformers.enable("default"):
            content = (chart.to_json(indent=None) + "\n").encode()
    elif ending == ".html":
        with alt.data_transformers.enable("default"):
            content = page(chart, _bundle()).encode()
    else:
        content = _rendered(chart, io.BytesIO(), "png", scale_factor=SCALE).getvalue()
    with replacing(path) as file:
        file.write(content)


def svg(chart: Part) -> str:
    """Converts a figure to SVG that can be embedded in a page.

    Text is escaped, nothing is loaded from elsewhere, and ids begin with a hash of the figure, so
    that a page can contain several figures. For a screen reader, the figure is a single image,
    with its title and notes as the description.

    Raises:
        MissingExtraError: If altair or vl-convert is not installed.
    """
    text: str = _rendered(chart, io.StringIO(), "svg").getvalue()
    own = "f" + hashlib.sha256(text.encode()).hexdigest()[:10]
    about = getattr(chart, "description", None)
    if isinstance(about, str):
        label = html.escape(about, quote=True)
        text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    # A quotation mark within a tag always ends an attribute, because values escape it.
    return _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{own}-", tag[0]), text)


def _converter() -> Any:  # noqa: ANN401 - a module without types
    try:
        import vl_convert  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        message = "PNG, SVG and HTML need vl-convert: pip install 'humorrank[figures]'"
        raise MissingExtraError(message) from error
    return vl_convert


def _bundle() -> str:
    """Returns the script that draws charts of this version of Altair in a browser."""
    version = "_".join(alt.SCHEMA_VERSION.split(".")[:2])
    bundle: str = _converter().javascript_bundle(vl_version=version)
    return bundle


def _rendered(chart: Part, to: Any, kind: str, **options: Any) -> Any:  # noqa: ANN401 - a buffer
    _converter()
    # A file contains its data, whatever transformer the user has enabled for notebooks.
    with alt.data_transformers.enable("default"):
        chart.save(to, format=kind, **options)
    return to
