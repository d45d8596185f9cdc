"""Names and texts that are markup, formulas or control characters, in what people read."""

import csv
import io
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from humorrank._util.markdown import markdown_table
from humorrank._util.spreadsheet import formulas, names_meant, spreadsheet_csv
from humorrank._util.text import Style, shortened_names, visible

LIVE = [
    "![x](http://evil/x.png)",
    "[a](javascript:alert(1))",
    "[a]: http://evil",
    "<img src=x onerror=alert(1)>",
    "<http://evil>",
    "`code`",
    "**bold** _it_ ~~gone~~",
    "a | b",
    "\\![x](y)",
    "\\",
    "&lt;b&gt; &#60;",
    "x\n\n# title",
    "</td><td>",
    "__proto__",
    "$x^2$",
]
CONTROL = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\u202eb",
    "\u2066x",
    "\x9b2J",
    "a\rb",
    "\x08",
]


def parsed(table):
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(table)


@pytest.mark.parametrize("name", [*LIVE, *CONTROL])
def test_markdown_tables_show_names_as_text(name):
    written = markdown_table(pl.DataFrame({"model": [name], name: [1.5]}), {})
    tokens = parsed(written)
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 4
    parts = [part for token in inline for part in token.children]
    assert {part.type for part in parts} <= {"text", "text_special"}
    shown = "".join(part.content for part in inline[2].children)
    assert shown.split() == " ".join(visible(name).split("\n")).split()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", written)


@given(st.text("[]()!<>`*_~|\\:/.&#a w\n\x1b\u202e", max_size=20))
def test_no_text_is_markup_in_a_table(text):
    tokens = parsed(markdown_table(pl.DataFrame({"model": [text], "b": [1]}), {}))
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 4
    assert {part.type for token in inline for part in token.children} <= {"text", "text_special"}


@pytest.mark.parametrize("address", ["http://evil.com/x", "https://evil", "www.evil.com"])
def test_addresses_are_no_links_of_their_own(address):
    written = markdown_table(pl.DataFrame({"model": [address]}), {})
    assert address not in written
    assert "://" not in written and "www." not in written


@pytest.mark.parametrize("name", CONTROL)
def test_tables_and_sentences_for_terminals_have_no_control_characters(name):
    for color in (False, True):
        style = Style(color, 80)
        told = style.join([style.table(["model"], [[name]], left={"model"}), f"best: {name}"])
        plain = told.replace("\x1b[1m", "").replace("\x1b[0m", "") if color else told
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)


def test_a_name_cannot_imitate_a_message():
    assert "\n" not in shortened_names(["a\nerror: all is lost"])


FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\uff1d1", '=HYPERLINK("http://x")', "'=1"]


def test_spreadsheets_have_no_formulas_and_numbers_stay_numbers():
    table = pl.DataFrame({"model": [*FORMULAS, "plain", "a=b", None], "=x": [-1.5] * 12})
    (titles, *rows) = csv.reader(io.StringIO(spreadsheet_csv(table), newline=""))
    assert titles == ["model", "'=x"]
    assert [row[0] for row in rows] == [*(f"'{name}" for name in FORMULAS), "plain", "a=b", ""]
    assert {row[1] for row in rows} == {"-1.5"}
    assert formulas(table) == 8
    assert formulas(pl.DataFrame({"x": [1]})) == 0


def test_the_apostrophe_is_removed_only_from_known_names():
    assert names_meant("'=1", {"=1"}) == ["=1"]
    assert names_meant("'=1", {"'=1"}) == ["'=1"]
    assert names_meant("'=1", {"=1", "'=1"}) == ["'=1", "=1"]
    assert names_meant("x", {"=1"}) == []
