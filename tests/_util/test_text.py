"""Tables that fit a terminal, shortened names that stay distinct, and counts with nouns."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from humorrank._util.text import Style, be, cell_width, distinct_names, named, number_of, one_line

MONTHS = ("04", "05", "09")
LONG = [f"gemini-2.5-flash-preview-{month}-2025-thinking-high" for month in MONTHS]
HEADER = ["rank", "model", "rating", "95 % interval", "matches", "Elo"]
DROP = ("Elo", "matches")
ROWS = [
    [str(at + 1), name, "1000.0", "950.1 to 1060.2", "12,345", "1001.5"]
    for at, name in enumerate([*LONG, "模型非常长的名字模型非常长的名字", "gpt-5"])
]


def table(width, **options):
    return Style(width=width, **options).table(HEADER, ROWS, left={"model"}, drop=DROP)


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width):
    lines = table(width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "model" in lines[0]
    assert set(lines[1]) == {"─"}
    assert len({*lines[2:7]}) == 5


def test_columns_are_left_out_in_order_and_named():
    assert "left out" not in table(None)
    assert table(None) == table(200)
    assert table(70).splitlines()[-1] == "column left out: Elo (--format csv has all columns)"
    both = "columns left out: matches, Elo (--format csv has all columns)"
    assert table(62).splitlines()[-1] == both
    assert "rating" in table(62)
    assert "12,345" not in table(62)


def test_the_rule_is_as_wide_as_the_table_and_colors_change_no_width():
    plain = table(200).splitlines()
    assert cell_len(plain[1]) == max(map(cell_len, plain))
    colored = table(200, color=True).splitlines()
    assert colored[0] == f"\x1b[1m{plain[0]}\x1b[0m"
    assert colored[1:] == plain[1:]
    blank = Style().table(["a", "b"], [["1", "2"], [], ["3", "4"]])
    assert blank.splitlines()[2:] == ["1   2", "", "3   4"]


def test_prose_is_wrapped_between_words_with_an_indent():
    lines = Style(width=24).join(["a note about " + "words " * 8, "", "  deeper " * 4]).splitlines()
    assert max(map(len, lines)) <= 24
    assert lines[1].startswith("  words")
    assert Style().join(["x" * 300]) == "x" * 300


def test_a_notebook_shows_tables_and_escaped_prose():
    style = Style(markup=True)
    made = style.join(
        ["<b>", style.table(["model", "x"], [["<script>", "1"], [], ["é", "2"]], left={"model"})]
    )
    assert made.startswith('<p style="white-space:pre-wrap">&lt;b&gt;</p><table>')
    assert "<script>" not in made
    assert made.count("<tr>") == 3
    assert html.escape("<script>") in made


@given(
    st.lists(st.text(st.characters(categories=["L", "N", "P"]), max_size=30), max_size=12),
    st.integers(8, 40),
)
def test_cut_names_fit_and_differ_exactly_where_the_names_do(names, width):
    short = distinct_names(names, width)
    assert all(cell_width(name) <= width for name in short)
    for one, cut_one in zip(names, short, strict=True):
        for other, cut_other in zip(names, short, strict=True):
            assert (one == other) == (cut_one == cut_other)


def test_a_long_name_is_cut_in_the_middle():
    assert distinct_names(["a" * 20 + "z" * 20], 11) == ["aaaaa…zzzzz"]
    assert one_line("a" * 40 + "z" * 40) == "a" * 30 + "…" + "z" * 29
    assert len({*distinct_names(LONG, 20)}) == 3


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (number_of(1, "row"), "1 row"),
        (number_of(0, "row"), "0 rows"),
        (number_of(2_000, "match", "matches"), "2,000 matches"),
        (f"{number_of(1, 'row has', 'rows have')} {be(1)} {be(2)}", "1 row has is are"),
        (named("int"), "an int"),
        (named("dict"), "a dict"),
    ],
)
def test_numbers_and_nouns_agree(found, text):
    assert found == text
