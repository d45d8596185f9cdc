"""One HTML file of a template, a style, a script and data, which needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined

TEMPLATE: Final = "page.html.jinja"
STYLES: Final = ("page.css", "tables.css")
SCRIPTS: Final = ("tools.js", "board.js", "pair.js", "tables.js", "start.js")
"""In the order in which they stand in the page, within one function."""


def rendered(title: str, data: dict[str, Any]) -> str:
    """The page.

    Nothing of `data` becomes markup: it stands in the page as JSON without "<", which the script
    puts into elements as text. A content security policy lets nothing be loaded, and nothing run
    but this script and this style, whose hashes it names.

    Args:
        title: of the page, as text.
        data: what the script shows, in JSON's types.
    """
    style, script = _style(), _script()
    environment = Environment(
        loader=DictLoader({TEMPLATE: _asset(TEMPLATE)}),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        title=title,
        policy=policy(style, script),
        style=style,
        script=script,
        data=embedded(data),
    )


def policy(style: str, script: str) -> str:
    """The content security policy of a page with this style and this script."""
    return (
        f"default-src 'none'; script-src '{_hashed(script)}'; style-src '{_hashed(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def embedded(data: Any) -> str:  # noqa: ANN401 - any tree
    """Data as JSON that can stand in an element of HTML: no text of it can end the element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def picture(svg: str) -> str:
    """An SVG as an address that holds it."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


@cache
def _style() -> str:
    return "\n" + "".join(map(_asset, STYLES))


@cache
def _script() -> str:
    return '\n"use strict";\n(() => {\n' + "".join(map(_asset, SCRIPTS)) + "})();\n"


def _asset(name: str) -> str:
    # Lines end as HTML's parser sees them, whatever a checkout made of them.
    text = resources.files("humorrank.report").joinpath("assets", name).read_text("utf-8")
    return text.replace("\r\n", "\n")


def _hashed(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
