"""Every file format preserves arbitrary names and words."""

import csv
import io
import json
import string

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from humorrank.matches.log import MatchLog

PROFILE = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
COLUMNS = ["model_a", "model_b", "winner"]
OUTCOMES = {"model_a": 0, "B": 1, "Tie": 2, "both_bad": 3, "": 5, "error": 5, "right": 1}

# A name is any text with a visible character. Delimited files cannot contain a lone carriage
# return. The asterisk keeps names distinct from the words for outcomes.
NAMES = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), min_size=1)
    .filter(str.strip)
    .map(lambda name: name + "*")
)
MATCHES = st.lists(
    st.tuples(NAMES, NAMES, st.sampled_from(sorted(OUTCOMES))).filter(lambda row: row[0] != row[1]),
    min_size=1,
    max_size=8,
).map(lambda rows: [("p*", "q*", "model_a"), *rows])


def expected(rows):
    return [(a, b, OUTCOMES[word]) for a, b, word in rows if OUTCOMES[word] < 5]


def found(source):
    log = MatchLog(source)
    out = []
    for batch in log.batches():
        names = log.names
        codes = zip(batch.first, batch.second, batch.outcome, strict=True)
        out += [(names[a], names[b], int(outcome)) for a, b, outcome in codes]
    return out


@pytest.mark.parametrize(("name", "delimiter"), [("log.csv", ","), ("log.tsv", "\t"), ("x", ";")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@given(rows=MATCHES)
@PROFILE
def test_delimited_text_is_read_back(tmp_path, name, delimiter, end, rows):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    path = tmp_path / name
    path.write_bytes(out.getvalue().encode())
    assert found(path) == expected(rows)


@given(rows=MATCHES, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
@PROFILE
def test_json_is_read_back(tmp_path, rows, indent, ascii_only):
    objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    array, lines = tmp_path / "log.json", tmp_path / "log.jsonl"
    array.write_text(json.dumps(objects, indent=indent, ensure_ascii=ascii_only), "utf-8")
    one_a_line = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in objects)
    lines.write_text(one_a_line, "utf-8")
    assert found(array) == found(lines) == expected(rows)


@given(rows=MATCHES)
@PROFILE
def test_frames_and_tuples_are_read_back(rows):
    frame = pl.DataFrame(rows, COLUMNS, orient="row")
    assert found(rows) == expected(rows)
    for source in (frame, frame.cast(pl.Categorical), frame.to_arrow(), frame.to_pandas()):
        assert found(source) == expected(rows)


@given(rows=MATCHES, word=st.text(string.ascii_letters, min_size=3, max_size=12))
@PROFILE
def test_a_word_is_known_or_refused_with_its_row_and_never_guessed(rows, word):
    known = {
        "tie": 2,
        "draw": 2,
        "left": 0,
        "right": 1,
        "nan": 5,
        "null": 5,
        "none": 5,
        "error": 5,
        "skip": 5,
        "skipped": 5,
        "bothbad": 3,
    }
    log = MatchLog([*rows, ("p*", "q*", word)], on_error="skip")
    outcomes = [o for batch in log.batches() for o in batch.outcome.tolist()]
    want = known.get(word.casefold())
    assert log.report.skipped == ({} if want is not None else {"unknown winner word": 1})
    assert outcomes == [o for *_, o in expected(rows)] + ([want] if want in (0, 1, 2, 3) else [])
