"""Keys that are periods of dates: year, month, week and day of a column."""

import datetime as dt
import json
import random

import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

ZONE = dt.timezone(dt.timedelta(hours=-5, minutes=-30))
LABELS = {
    "year": lambda moment: f"{moment.year:04}",
    "month": lambda moment: f"{moment.year:04}-{moment.month:02}",
    "week": lambda moment: "{:04}-W{:02}".format(*moment.isocalendar()),
    "day": lambda moment: moment.date().isoformat(),
}


def moments(number=60, seed=0):
    """Returns moments of 2018 to 2026, many of them at the ends of years."""
    draw = random.Random(seed)
    days = [dt.date(draw.randint(2018, 2026), 1, 1) + dt.timedelta(draw.randint(-5, 5))
            for _ in range(number)]  # fmt: skip
    return [
        dt.datetime.combine(day, dt.time(draw.randrange(24), draw.randrange(60)), dt.UTC)
        for day in days
    ]


WRITTEN = {
    "datetime": lambda m: m.replace(tzinfo=None),
    "datetime with a zone": lambda m: m.astimezone(ZONE),
    "ISO text": lambda m: m.replace(tzinfo=None).isoformat(),
    "text with a zone": lambda m: m.astimezone(ZONE).isoformat(sep=" "),
    "text of Postgres": lambda m: m.strftime("%Y-%m-%d %H:%M:%S.123+00"),
    "seconds": lambda m: m.timestamp(),
    "whole seconds": lambda m: int(m.timestamp()),
    "milliseconds": lambda m: int(m.timestamp()) * 1000 + 7,
    "microseconds": lambda m: int(m.timestamp()) * 10**6,
    "nanoseconds": lambda m: int(m.timestamp()) * 10**9,
    "seconds as text": lambda m: str(int(m.timestamp())),
    "milliseconds as text": lambda m: f" {int(m.timestamp()) * 1000}",
}
"""What is written for a moment."""

DAYS = {
    "date": lambda m: m.date(),
    "ISO text": lambda m: m.date().isoformat(),
    "number": lambda m: int(m.strftime("%Y%m%d")),
}
"""What is written for a moment of which only the day is known."""


def rows(values, column="tstamp"):
    """Returns a log with a distinct pair of contestants for each row, so that rows are known."""
    return [
        {"model_a": f"a{i}", "model_b": f"b{i}", "winner": "model_a", column: value}
        for i, value in enumerate(values)
    ]


def groups(source, key, **options):
    """Returns the label of each row, by the number of its first contestant."""
    table = humorrank.tally(source, keys=[key], **options).to_polars()
    found = dict(zip(table["model_a"], table[key], strict=True))
    return [found.get(f"a{i}") for i in range(len(found))]


def sources(values, tmp_path):
    """Yields the same rows as a frame, a file of each format, and objects."""
    made = rows(values)
    frame = pl.DataFrame(made)
    yield frame
    yield made
    yield frame.to_arrow()
    frame.write_parquet(tmp_path / "log.parquet")
    yield tmp_path / "log.parquet"
    if not isinstance(values[0], dt.datetime) or values[0].tzinfo is None:
        frame.write_csv(tmp_path / "log.csv")
        yield tmp_path / "log.csv"
    lines = [json.dumps(row, default=lambda value: value.isoformat()) for row in made]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    yield tmp_path / "log.jsonl"


@pytest.mark.parametrize("form", WRITTEN)
def test_labels_are_those_of_the_calendar_in_every_form_and_format(form, tmp_path):
    found = moments()
    for source in sources([WRITTEN[form](moment) for moment in found], tmp_path):
        for unit, label in LABELS.items():
            assert groups(source, f"{unit}(tstamp)") == [label(m) for m in found], type(source)


@pytest.mark.parametrize("form", DAYS)
def test_labels_of_days(form, tmp_path):
    found = moments(20)
    for source in sources([DAYS[form](moment) for moment in found], tmp_path):
        for unit, label in LABELS.items():
            assert groups(source, f"{unit}(tstamp)") == [label(m) for m in found], type(source)


def test_sorted_labels_are_in_the_order_of_time():
    found = sorted(moments(300, seed=1))
    for label in LABELS.values():
        labels = [label(moment) for moment in found]
        assert labels == sorted(labels)


def log(rows=400):
    draw = random.Random(3)
    start = dt.datetime(2024, 11, 20)
    made = []
    for i in range(rows):
        one, other = draw.sample("pqrs", 2)
        time = start + dt.timedelta(hours=6 * i)
        made.append((one, other, draw.choice(["model_a", "model_b", "tie"]), time, i % 40))
    names = ["model_a", "model_b", "winner", "tstamp", "prompt"]
    return pl.DataFrame(made, schema=names, orient="row")


OPTIONS = {"bootstrap": 50, "elo_shuffles": 2}


def test_a_rating_by_month_is_that_of_the_matches_of_each_month():
    frame = log()
    boards = humorrank.rate(frame, by="month(tstamp)", **OPTIONS)
    assert list(boards) == ["2024-11", "2024-12", "2025-01", "2025-02"]
    for month in boards:
        own = frame.filter(pl.col("tstamp").dt.strftime("%Y-%m") == month)
        assert boards[month].table.equals(humorrank.rate(own, **OPTIONS).table)


def test_periods_compose_with_other_columns_and_roles():
    frame = log().with_columns(judge=pl.Series(["x", "y"] * 200)).rename({"tstamp": "timestamp"})
    boards = humorrank.rate(frame, by=["Month( tstamp )", "judge"], bootstrap=0, elo_shuffles=0)
    assert boards.by == ("Month( tstamp )", "judge")
    assert list(boards)[:3] == [("2024-11", "x"), ("2024-11", "y"), ("2024-12", "x")]


@pytest.mark.parametrize("options", [{}, {"first_position": True}, {"controls": ["length"]}])
def test_clusters_of_weeks_are_those_of_a_column_of_weeks(options):
    frame = log().with_columns(
        week=pl.col("tstamp").dt.strftime("%G-W%V"), length=pl.col("prompt") % 7
    )
    one = humorrank.rate(frame, cluster="week(tstamp)", **OPTIONS, **options)
    other = humorrank.rate(frame, cluster="week", **OPTIONS, **options)
    assert one.table.equals(other.table)


def test_a_match_without_a_date_has_no_cluster():
    frame = log().with_columns(tstamp=pl.when(pl.col("prompt") > 0).then("tstamp"))
    with pytest.raises(InputError, match='where="tstamp IS NOT NULL"'):
        humorrank.rate(frame, cluster="week(tstamp)")


@pytest.mark.parametrize("missing", [None, "", "  ", "n/a", "NaN", "null"])
def test_missing_dates_are_a_group_of_their_own(missing):
    values = ["2025-01-05", missing, "2025-02-05"]
    assert groups(rows(values), "month(tstamp)") == ["2025-01", None, "2025-02"]


def test_missing_numbers_are_a_group_of_their_own():
    values = [1.7e9, float("nan"), None]
    assert groups(pl.DataFrame(rows(values)), "year(tstamp)") == ["2023", None, None]


@pytest.mark.parametrize(
    "value",
    ["13/05/2025", "2025-13-01", "2025-02-30", "yesterday", "2025", 0, 12, -3.5, 20251301, 1e21,
     True, dt.time(3), dt.timedelta(days=3), [2025], {"year": 2025}, b"2025"],
)  # fmt: skip
def test_values_that_are_no_dates_are_bad_rows(value):
    good = {str: "2025-01-01", bytes: "2025-01-01"}.get(type(value))
    values = [good, good, value, good]
    frame = pl.DataFrame(rows(values))
    if isinstance(value, bytes):
        frame = frame[2:].with_columns(tstamp=pl.Series([value, None], dtype=pl.Binary))
    row = frame["tstamp"].to_list().index(value) + 1
    with pytest.raises(InputError, match="is not a date, as month") as caught:
        humorrank.tally(frame, keys=["month(tstamp)"])
    assert (caught.value.row, caught.value.column) == (row, "tstamp")
    assert "\n" not in str(caught.value)
    if not isinstance(value, bytes):
        found = humorrank.tally(frame, keys=["month(tstamp)"], on_error="skip")
        assert found.matches == 3
        assert found.report.skipped == {"bad date": 1}


def test_a_bad_date_in_a_file_is_named_with_its_row(file):
    lines = ["model_a,model_b,winner,tstamp"]
    lines += [f"a{i},b{i},model_a,{1_700_000_000 + i}" for i in range(3_000)]
    lines[2_501] = "a,b,model_a,soon"
    path = file("log.csv", "\n".join(lines))
    with pytest.raises(InputError, match=r"row 2502.*'soon' is not a date") as caught:
        humorrank.tally(path, keys=["day(tstamp)"])
    assert caught.value.row == 2502
    found = humorrank.tally(path, keys=["day(tstamp)"], on_error="skip")
    assert found.matches == 2999


def test_what_numbers_are_taken_for_is_said():
    def notes(*values):
        return humorrank.tally(rows(values), keys=["day(tstamp)"]).report.notes

    assert notes("2025-03-01") == []
    assert notes(1.7e9, 1.8e9, None) == [
        "the numbers in 'tstamp' are read as Unix times in seconds, and periods are in UTC"
    ]
    (mixed,) = notes(1_700_000_000, 1_700_000_000_000, 20250301)
    assert "1 value as Unix times in seconds, 1 value as Unix times in milliseconds" in mixed
    assert "1 value as dates in the form YYYYMMDD" in mixed
    board = humorrank.rate(
        log().with_columns(pl.col("tstamp").dt.epoch("ms")), by="year(tstamp)", **OPTIONS
    )
    assert any("Unix times in milliseconds" in warning for warning in board.warnings)


def test_a_column_of_that_very_name_comes_first():
    made = [{**row, "month(tstamp)": "May"} for row in rows(["2025-01-01"])]
    assert groups(made, "month(tstamp)") == ["May"]


def test_unknown_columns_and_periods_are_refused_with_the_known_ones():
    for key in ("month(time)", "fortnight(tstamp)", "month()", "month"):
        with pytest.raises(OptionError, match=r"no column '(time|fortnight.*|month\(\)|month)'"):
            humorrank.tally(rows(["2025-01-01"]), keys=[key])
    with pytest.raises(OptionError, match=r"year\(column\), month\(column\), week"):
        humorrank.tally(rows(["2025-01-01"]), keys=["fortnight(tstamp)"])


@pytest.mark.parametrize("key", ["tstamp", "day(tstamp)"])
def test_a_tally_with_dates_or_days_gives_all_periods(key, tmp_path):
    frame = log()
    humorrank.tally(frame, keys=[key, "prompt"]).write(tmp_path / "T.parquet")
    for unit in LABELS:
        wanted = humorrank.tally(frame, keys=[f"{unit}(tstamp)"])
        found = humorrank.tally(tmp_path / "T.parquet", keys=[f"{unit}(tstamp)"])
        assert found.keyed.labels == wanted.keyed.labels
        assert found.keyed.cells == wanted.keyed.cells
    boards = humorrank.rate(tmp_path / "T.parquet", by=["month(tstamp)", "year(tstamp)"], **OPTIONS)
    assert ("2024-11", "2024") in boards


def test_a_tally_with_other_values_or_periods_is_refused(tmp_path):
    made = humorrank.tally(rows(["2025-01-01", "n/a", "v2"]), keys=["tstamp"])
    with pytest.raises(InputError, match="has the value 'v2', which is not a date"):
        made.project(["month(tstamp)"])
    made = humorrank.tally(rows([1.7e9, None]), keys=["tstamp"])
    assert made.project(["year(tstamp)"]).keyed.table["year(tstamp)"].to_list() == ["2023", None]
    assert "Unix times in seconds" in made.project(["year(tstamp)"]).report.notes[0]
    made = humorrank.tally(rows(["2025-01-01"]), keys=["month(tstamp)"])
    with pytest.raises(OptionError, match=r"no key 'week\(tstamp\)'"):
        made.project(["week(tstamp)"])


def test_conditions_know_the_same_dates():
    for value in (20250301, "20250301", "2025-03-01 10:00:00+00", "1740787200"):
        frame = pl.DataFrame(rows([value]))
        assert len(MatchLog(frame, where="tstamp < '2025-03-02'").to_polars()) == 1
        with pytest.raises(InputError, match="no matches"):
            MatchLog(frame, where="tstamp < '2025-03-01'").to_polars()


def test_dates_may_be_fields_of_objects(tmp_path):
    found = moments(20)
    made = rows([{"at": moment.isoformat()} for moment in found], "meta")
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, made)))
    for source in (made, pl.DataFrame(made), path):
        assert groups(source, "week(meta.at)") == [LABELS["week"](moment) for moment in found]
    log = MatchLog(path, columns={"tstamp": "meta.at"})
    assert log.date_columns() == ["meta.at"]
