"""Quotes in tab-separated text: its contents decide whether quotes enclose fields."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

import humorrank
from humorrank.errors import InputError
from humorrank.matches.log.tables.quoting import decided, opens_quotes
from humorrank.tournament.inputs import KNOWN
from humorrank.tournament.tables import read_tables

JOKES = [
    'He said "hi".',
    "Two\nlines, and more",
    '"Never," she said, "again."',
    "plain",
    'a\ttab and a ""doubled"" quote',
]


def written(rows, **options):
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n", **options).writerows(rows)
    return out.getvalue()


def texts(path, quoting=None):
    return [
        (table.value("id", row), table.value("text", row))
        for table in read_tables([path], KNOWN, quoting=quoting)
        for row in range(len(table.rows))
    ]


@pytest.fixture
def file(tmp_path):
    def write(text, name="system.tsv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("style", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_a_submission_is_unquoted_as_it_was_quoted(file, style):
    rows = [(str(i), joke) for i, joke in enumerate(JOKES * 3)]
    path = file(written([("id", "text"), *rows], quoting=style))
    assert texts(path) == rows


def test_without_line_breaks_a_submission_is_unquoted_too(file):
    rows = [("1", 'He said "hi".'), ("2", "plain"), ("3", '"Yes."')]
    path = file(written([("id", "text"), *rows]))
    assert '"""Yes."""' in path.read_text()
    assert texts(path) == rows


def test_prompts_are_written_as_they_are(file):
    """A headline may begin with a quote and contain others."""
    lines = ["id\ttext", '1\t"Barbie" tops the box office', '2\tThe word is "no"', "3\tplain"]
    path = file("\n".join(lines) + "\n")
    assert texts(path) == [
        ("1", '"Barbie" tops the box office'),
        ("2", 'The word is "no"'),
        ("3", "plain"),
    ]


def test_a_stray_quote_does_not_swallow_rows(file):
    rows = [
        "model_a\tmodel_b\twinner",
        '"He said hi\tm2\tmodel_a',
        "m2\tm3\ttie",
        "nice one\tm2\ttie",
    ]
    path = file("\n".join(rows) + "\n", "log.tsv")
    tally = humorrank.tally(path)
    assert tally.matches == 3 and '"He said hi' in tally.names


def test_a_quote_that_closes_rows_later_is_no_field(file):
    """Row 2 opens a quote that row 4 closes, but all raw lines have the same number of fields."""
    rows = [
        "model_a\tmodel_b\twinner",
        '"He said hi\tm2\tmodel_a',
        "m2\tm3\ttie",
        'nice one"\tm2\ttie',
    ]
    path = file("\n".join(rows) + "\n", "log.tsv")
    assert humorrank.tally(path, quoting="none").matches == 3
    with pytest.raises(InputError, match=r"both\s+fit|--quoting"):
        humorrank.tally(path)


def test_a_text_that_both_ways_fit_is_refused_with_both(file):
    path = file('id\ttext\n1\t"Hello."\n2\tplain\n')
    with pytest.raises(InputError, match=r"--quoting csv or --quoting none"):
        texts(path)
    assert texts(path, "csv") == [("1", "Hello."), ("2", "plain")]
    assert texts(path, "none") == [("1", '"Hello."'), ("2", "plain")]


def test_the_choice_is_reported(file, run):
    log = file(
        'model_a\tmodel_b\twinner\n"m ""1"""\tm2\tmodel_a\nm2\t"m ""1"""\tmodel_a\n', "l.tsv"
    )
    code, out, err = run("tally", log, "-o", log.with_suffix(".parquet"))
    assert code == 0 and "quotes enclose fields" in err, err
    raw = file('model_a\tmodel_b\twinner\n"x" y\tm2\tmodel_a\nm2\t"x" y\tmodel_a\n', "r.tsv")
    code, out, err = run("rate", raw, "--format", "json")
    assert code == 0 and "quotes are part of the text" in out + err
    assert '\\"x\\" y' in out


def test_commas_are_csv_unless_told_otherwise(file):
    path = file('model_a,model_b,winner\n"m1",m2,model_a\nm2,"m1",model_a\n', "log.csv")
    assert humorrank.tally(path).names == ("m1", "m2")
    assert humorrank.tally(path, quoting="none").names == ('"m1"', "m2")


CELLS = st.text(st.sampled_from('ab" \n\t'), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8), st.sampled_from([0, 1]))
def test_what_csv_writers_write_is_never_taken_for_raw_text(rows, style):
    """CSV is recognized as CSV or is ambiguous, but it is never recognized as raw text."""
    text = written([("id", "text"), *rows], quoting=style)
    lines = text.split("\n")[:-1]
    if opens_quotes(lines, "\t"):
        assert decided(lines, "\t", whole=True) in ("csv", None)


RAW = st.text(st.sampled_from('ab" '), min_size=1, max_size=6)


@given(st.lists(st.tuples(RAW, RAW), min_size=1, max_size=8))
def test_raw_lines_are_unquoted_only_where_every_quote_fits(rows):
    lines = ["id\ttext", *("\t".join(row) for row in rows)]
    if not opens_quotes(lines, "\t") or decided(lines, "\t", whole=True) != "csv":
        return
    parsed = list(csv.reader(io.StringIO("\n".join(lines) + "\n"), delimiter="\t", strict=True))
    assert all(len(row) == 2 for row in parsed)
