"""Conditions on dates are written the same way for every format."""

import datetime as dt
import json

import polars as pl
import pytest

from humorrank.errors import InputError, OptionError

TIMES = [dt.datetime(2024, 4, 30, 23, 59), dt.datetime(2024, 5, 1, 10), dt.datetime(2024, 5, 2)]
MATCHES = {"model_a": ["p", "q", "r"], "model_b": ["q", "r", "p"], "winner": ["a", "a", "a"]}
UNIX = [time.replace(tzinfo=dt.UTC).timestamp() for time in TIMES]
WRITTEN = {
    "datetime": TIMES,
    "with a zone": pl.Series(TIMES).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo"),
    "date": [time.date() for time in TIMES],
    "text": [time.isoformat() for time in TIMES],
    "text with a space": [str(time) for time in TIMES],
    "text with a zone": [
        "2024-05-01T01:59+02:00",
        "2024-05-01T10:00:00Z",
        "2024-05-01 19:00 -0500",
    ],
    "seconds": UNIX,
    "milliseconds": [int(1e3 * time) for time in UNIX],
}


@pytest.fixture(params=WRITTEN)
def frame(request):
    return pl.DataFrame({**MATCHES, "tstamp": WRITTEN[request.param]})


@pytest.mark.parametrize(
    ("condition", "rated"),
    [
        ("tstamp >= '2024-05-01'", 2),
        ("tstamp < '2024-05-01'", 1),
        ("'2024-05-02' <= tstamp", 1),
        ("tstamp BETWEEN '2024-05-01' AND '2024-05-01 23:59:59'", 1),
        ("tstamp IN ('2024-05-02', '2024-06-01')", 1),
        ("tstamp >= DATE '2024-05-01' AND model_a <> 'r'", 1),
    ],
)
def test_dates_are_compared_in_every_format(frame, condition, rated, file, read, tmp_path):
    parquet = tmp_path / "log.parquet"
    frame.write_parquet(parquet)
    lines = "".join(json.dumps(row, default=str) + "\n" for row in frame.to_dicts())
    text = file("log.csv", frame.write_csv())
    for source in (frame, parquet, text, file("log.jsonl", lines)):
        assert len(read(source, where=condition)[0]) == rated


def test_text_that_is_no_date_is_compared_as_text(read):
    frame = pl.DataFrame({**MATCHES, "version": ["2024-05-01", "v2", "2024-05-01"]})
    assert len(read(frame, where="version = '2024-05-01'")[0]) == 2


def test_a_late_value_that_is_no_date_is_refused(file, read):
    rows = "p,q,a,2024-05-01\n" * 140_000
    path = file("log.csv", f"model_a,model_b,winner,day\n{rows}p,q,a,soon\n")
    with pytest.raises(InputError, match=r"row 140002, column 'day': 'soon' is not a date"):
        read(path, where="day >= '2024-05-01'")


def test_a_number_is_not_compared_with_a_date(read):
    frame = pl.DataFrame({**MATCHES, "tstamp": TIMES, "year": [2024, 2024, 2025]})
    with pytest.raises(OptionError, match=r"'tstamp' holds dates, which are written as '2024"):
        read(frame, where="tstamp > 1714557600")
    with pytest.raises(OptionError, match=r"it does not fit its columns \('year' holds numbers\)"):
        read(frame, where="year > '2024-05-01'")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("tstamp >= '2024-02-30'", "'2024-02-30' is not a date"),
        ("tstamp >= ", "it is not a condition in SQL"),
        ("foo(tstamp)", "it is not a condition in SQL"),
        ("model_a > 2", r"it does not fit its columns \('model_a' holds text\)"),
        ("model_a ~ '('", "it does not fit its columns"),
        ("model_a || 'x'", "it gives values instead of true or false"),
    ],
)
def test_errors_of_conditions_say_what_to_write(condition, problem, read):
    frame = pl.DataFrame({**MATCHES, "tstamp": TIMES})
    with pytest.raises(OptionError, match=problem):
        read(frame, where=condition)
