"""Combines a template, a style, a script and data into a self-contained HTML file."""

from __future__ import annotations

import base64
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined

from humorrank._util.page import embedded, policy

TEMPLATE: Final = "page.html.jinja"
STYLES: Final = ("page.css", "tables.css", "groups.css")
SCRIPTS: Final = ("tools.js", "board.js", "groups.js", "pair.js", "tables.js", "start.js")
"""Scripts in the order of the page, where they are wrapped in one function."""


def rendered(title: str, data: dict[str, Any]) -> str:
    """Renders the page.

    `data` never becomes markup: the page contains it as JSON without "<", and the script puts it
    into elements as text. The leaderboards of groups are tables of the template, which escapes all
    text, because they are displayed without the script as well. A content security policy forbids
    loading anything. It allows only this script and this style, by their hashes.

    Args:
        title: Title of the page, as plain text.
        data: The data that the script displays, in the types of JSON, and under "groups" the
            leaderboards of groups or None.
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
        policy=policy([style], [script]),
        style=style,
        script=script,
        groups=data.get("groups"),
        data=embedded({name: part for name, part in data.items() if name != "groups"}),
    )


def picture(svg: str) -> str:
    """Encodes an SVG as a data URL."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


@cache
def _style() -> str:
    return "\n" + "".join(map(_asset, STYLES))


@cache
def _script() -> str:
    return '\n"use strict";\n(() => {\n' + "".join(map(_asset, SCRIPTS)) + "})();\n"


def _asset(name: str) -> str:
    # The hashes need the line ends that an HTML parser sees; a checkout may convert them.
    text = resources.files("humorrank.report").joinpath("assets", name).read_text("utf-8")
    return text.replace("\r\n", "\n")
