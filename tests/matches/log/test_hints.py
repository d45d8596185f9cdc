"""Files that strangers bring are read, or refused with an error that says what to do."""

import io
import json
import sys

import pytest

from humorrank import rate
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog


def objects(rows=1_300, late=1_200, **later):
    """Returns JSONL whose rows have further keys from the given row on."""
    lines = []
    for number in range(1, rows + 1):
        row = {"model_a": "ab"[number % 2], "model_b": "ba"[number % 2], "winner": "model_a"}
        lines.append(json.dumps(row | later if number >= late else row))
    return "\n".join(lines) + "\n"


@pytest.fixture
def piped(monkeypatch):
    """Passes a text as standard input."""

    class Input:
        def __init__(self, text):
            self.buffer = io.BytesIO(text.encode())

    return lambda text: monkeypatch.setattr(sys, "stdin", Input(text))


def test_a_key_that_occurs_late_can_be_a_group(file):
    # The rows without the key are a group of their own.
    boards = rate(file("log.jsonl", objects(judge="u")), by="judge", bootstrap=0)
    assert sum(1 for _ in boards) == 2


@pytest.mark.parametrize(
    ("later", "where"),
    [({"language": "en"}, "language = 'en'"), ({"turn": 2}, "turn >= 2"), ({"ok": True}, "ok")],
)
def test_a_key_that_occurs_late_can_be_in_a_condition(file, read, later, where):
    rows, report = read(file("log.jsonl", objects(**later)), where=where)
    assert (len(rows), report.filtered["where"]) == (101, 1_199)


def test_a_condition_may_hold_only_after_many_rows_without_a_value(file, read):
    path = file("log.jsonl", objects(20_000, 19_901, turn=2))
    assert len(read(path, where="turn >= 2")[0]) == 100


def test_an_outcome_that_occurs_late_is_read(file, read):
    lines = objects(judge="u").replace(', "winner": "model_a"}', "}").splitlines()
    path = file("log.jsonl", "\n".join(lines))
    rows, report = read(path)
    assert (len(rows), report.unjudged) == (101, 1_199)


def test_a_column_that_occurs_late_is_in_the_frame(file):
    frame = MatchLog(file("log.jsonl", objects(language="en"))).to_polars()
    assert frame["language"].null_count() == 1_199


def test_a_late_weight_is_refused_with_its_row(file, read):
    with pytest.raises(InputError, match=r"row 1200, column 'weight': is missing in the first"):
        read(file("log.jsonl", objects(weight=2.0)))
    with pytest.raises(InputError, match=r"row 1, column 'weight': null is not a weight"):
        read(file("log.jsonl", objects(weight=2.0)), columns={"weight": "weight"})


def test_a_late_key_of_a_stream_is_refused(piped, read):
    piped(objects(language="en"))
    with pytest.raises(OptionError, match=r"only the first 1,000 rows of a stream are searched"):
        read("-", where="language = 'en'")
    piped(objects(language="en"))
    with pytest.raises(InputError, match=r"row 1200, column 'language': is missing in the first"):
        MatchLog("-").to_polars()


def test_a_key_that_never_occurs_is_refused(file, read):
    with pytest.raises(OptionError, match=r"there is no column 'lang' .*Columns: model_a"):
        read(file("log.jsonl", objects(language="en")), where="lang = 'en'")
