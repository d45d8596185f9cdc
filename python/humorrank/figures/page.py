"""Figures in HTML: files that need no network, and outputs of notebooks."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from humorrank._util.page import embedded, inert, policy
from humorrank.figures.extra import Part, alt

_STYLE: Final = """
body { margin: 0; background: white; font: 11px "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
#figure { overflow-x: auto; }
.vega-actions { padding: 0 12px 12px; }
.vega-actions a { margin-right: 12px; color: #005a8f; }
#vg-tooltip-element { position: fixed; z-index: 1000; visibility: hidden; max-width: 400px;
  padding: 8px; background: white; border: 1px solid #8c8c8c; overflow-wrap: anywhere; }
#vg-tooltip-element.visible { visibility: visible; }
#vg-tooltip-element td { padding: 2px; vertical-align: top; }
#vg-tooltip-element td.key { color: #595959; text-align: right; }
"""

_START: Final = """
"use strict";
const chart = JSON.parse(document.getElementById("chart").textContent);
vegaEmbed("#figure", chart, {
  mode: "vega-lite",
  // Expressions are interpreted, because the policy of the page forbids compiling them.
  ast: true,
  renderer: "svg",
  actions: { export: true, source: false, compiled: false, editor: false },
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
  downloadFileName: "figure",
});
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="figure" role="figure" aria-label="{described}"></div>
<noscript><p>The figure needs JavaScript, which is turned off.</p></noscript>
<script id="chart" type="application/json">{chart}</script>
<script>{library}</script>
<script>{start}</script>
</body>
</html>
"""

_ENDS: Final = re.compile("<(?=/script|!--)", re.IGNORECASE)
"""The "<" of texts that end or prolong a script element."""


def page(chart: Part, bundle: str) -> str:
    """Returns a figure as a page that needs no network.

    The page contains the figure as JSON that no text can end, and a content security policy allows
    only the scripts and the style below, by their hashes.

    Args:
        chart: Any Altair chart.
        bundle: The source of Vega-Embed, which defines `vegaEmbed`.
    """
    spec = chart.to_dict()
    library = _ENDS.sub(r"\\x3C", bundle.replace("\r\n", "\n").replace("\r", "\n"))
    described = spec.get("description", "Figure")
    return _PAGE.format(
        policy=html.escape(policy([_STYLE], [library, _START])),
        title=html.escape(described.partition(".")[0]),
        style=_STYLE,
        described=html.escape(described),
        chart=embedded(spec),
        library=library,
        start=_START,
    )


class _Guarded:
    """A chart whose HTML for notebooks contains no text as markup.

    Altair writes the chart into a script, where the text of a name could end the script.
    """

    def _repr_mimebundle_(self, *args: object, **options: object) -> Any:  # noqa: ANN401
        shown = super()._repr_mimebundle_(*args, **options)  # type: ignore[misc]
        kinds = shown[0] if isinstance(shown, tuple) else shown
        if kinds and "text/html" in kinds:
            kinds["text/html"] = _escaped(kinds["text/html"], self)
        return shown

    def to_html(self, *args: object, **options: object) -> str:
        """Returns the chart as HTML; see `altair.Chart.to_html`."""
        return _escaped(super().to_html(*args, **options), self)  # type: ignore[misc]


class _Layers(_Guarded, alt.LayerChart):  # type: ignore[misc]
    """Layers of a figure."""


class _Panels(_Guarded, alt.HConcatChart):  # type: ignore[misc]
    """Panels of a figure, side by side."""


def guarded(chart: Part) -> Part:
    """Returns a chart that shows names as text in a notebook as well."""
    kind = _Panels if isinstance(chart, alt.HConcatChart) else _Layers
    made = kind.__new__(kind)
    made.__dict__.update(chart.__dict__)
    return made


def _escaped(text: str, chart: Part) -> str:
    """Escapes the texts of a chart where they stand as JSON in HTML."""
    for part in {*_texts(chart.to_dict())}:
        if "<" in part:
            for quoted in (json.dumps(part), json.dumps(part, ensure_ascii=False)):
                text = text.replace(quoted, inert(quoted))
    return text


def _texts(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield name
            yield from _texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _texts(value)
