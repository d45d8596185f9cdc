"""The figure of ratings over time."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from support.drawings import datasets, drawn, log, names, notes, rows
from support.fields import field, finish, made, spec_of
from support.reference import maximum

from humorrank import figures, rate, tally
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.rating.history import history_of

START = dt.datetime(2024, 1, 10)
FAST = {"bootstrap": 50}


def dated(models=4, matches=800, days=150, **options):
    """Returns a log whose matches are spread evenly over some days."""
    step = dt.timedelta(days=days) / matches
    times = [START + i * step for i in range(matches)]
    return log(models, matches, **options).with_columns(tstamp=pl.Series(times))


MONTH = pl.col("tstamp").dt.strftime("%Y-%m")


def points(chart):
    """Returns the ratings by period and model."""
    out = {}
    for row in rows(chart, "model", "period", "rating", "new_matches"):
        out.setdefault(row["period"], {})[row["model"]] = row["rating"]
    return out


def fitted(frame):
    """Returns the ratings and the matches of each model, by a fit of the tests' own."""
    models = sorted({*frame["model_a"], *frame["model_b"]})
    place = {name: i for i, name in enumerate(models)}
    won = np.zeros((len(models), len(models)))
    for one, other, winner in frame.select("model_a", "model_b", "winner").iter_rows():
        share = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}[winner]
        won[place[one], place[other]] += share
        won[place[other], place[one]] += 1 - share
    ratings = maximum(won)
    matches = (won + won.T).sum(axis=1)
    return models, dict(zip(models, ratings, strict=True)), dict(zip(models, matches, strict=True))


def expected(frame, part, anchor=None):
    """Returns the ratings of a part of a log, on the scale of the whole log."""
    _, overall, _ = fitted(frame)
    models, ratings, matches = fitted(part)
    if anchor is not None:
        shift = anchor[1] - ratings[anchor[0]]
    else:
        weights = [matches[name] for name in models]
        shift = np.average([overall[name] - ratings[name] for name in models], weights=weights)
    return {name: rating + shift for name, rating in ratings.items()}


def test_each_point_is_a_fit_of_the_matches_up_to_the_end_of_its_month():
    frame = dated()
    found = points(figures.history(frame, by="month(tstamp)", bootstrap=0))
    assert list(found) == [f"2024-0{month}" for month in range(1, 7)]
    for month, ratings in found.items():
        assert ratings == pytest.approx(expected(frame, frame.filter(month >= MONTH)), abs=1e-6)
    whole = rate(frame, bootstrap=0, elo_shuffles=0).table
    wanted = dict(zip(whole["model"], whole["rating"], strict=True))
    assert found["2024-06"] == wanted, "the last point is the leaderboard"


@pytest.mark.parametrize("window", [1, 2])
def test_a_window_has_the_matches_of_its_months(window):
    frame = dated()
    chart = figures.history(frame, by="month(tstamp)", window=window, bootstrap=0)
    found = points(chart)
    months = list(found)
    for place, month in enumerate(months):
        held = months[max(0, place + 1 - window) : place + 1]
        part = frame.filter(MONTH.is_in(held))
        assert found[month] == pytest.approx(expected(frame, part), abs=1e-6)
    assert ("of each month alone" if window == 1 else "and the 1 month before it") in notes(chart)


def test_an_anchor_has_its_rating_in_every_month():
    frame = dated()
    chart = figures.history(frame, by="month(tstamp)", anchor={"model-002": 1234.0}, bootstrap=0)
    for month, ratings in points(chart).items():
        part = frame.filter(month >= MONTH)
        wanted = expected(frame, part, ("model-002", 1234.0))
        assert ratings == pytest.approx(wanted, abs=1e-6)
    assert any("model-002 at 1234" in text for text in drawn(chart)[1])


def test_bands_are_the_intervals_of_a_rating_of_the_same_matches():
    frame = dated()
    options = {"bootstrap": 80, "confidence": 0.9, "seed": 3}
    chart = figures.history(frame, by="month(tstamp)", **options)
    assert "90 % intervals" in notes(chart)
    for row in rows(chart, "model", "period", "rating_lower"):
        part = frame.filter(row["period"] >= MONTH)
        board = {each.model: each for each in rate(part, elo_shuffles=0, **options)}
        own = board[row["model"]]
        for end in ("rating_lower", "rating_upper"):
            wanted = getattr(own, end) - own.rating
            assert row[end] - row["rating"] == pytest.approx(wanted, abs=1e-9)
        assert row["matches"] == own.matches
        new = part.filter(row["period"] == MONTH)
        both = pl.concat([new["model_a"], new["model_b"]])
        assert row["new_matches"] == (both == row["model"]).sum()


def test_a_strong_newcomer_does_not_lower_the_others():
    frame = dated(5, 4_000, gap=100)
    late = frame.filter(
        (MONTH >= "2024-05")
        | ((pl.col("model_a") != "model-000") & (pl.col("model_b") != "model-000"))
    )
    found = points(figures.history(late, by="month(tstamp)", bootstrap=0))
    assert "model-000" not in found["2024-04"]
    for name in names(5)[1:]:
        assert abs(found["2024-05"][name] - found["2024-04"][name]) < 15


def sparse():
    """A log with a month without matches, islands in another, and models that are often absent."""
    frame = dated(6, 3_000, 240)

    def among(*models):
        return pl.col("model_a").is_in(models) & pl.col("model_b").is_in(models)

    def without(name):
        return (pl.col("model_a") != name) & (pl.col("model_b") != name)

    low, high = names(6)[:3], names(6)[3:]
    return frame.filter(
        MONTH != "2024-03",
        (MONTH != "2024-05") | among(*low) | among(*high),
        (MONTH == "2024-02") | without("model-005"),
        (MONTH != "2024-06") | without("model-001"),
    )


def test_what_a_window_cannot_rate_is_a_gap_and_is_said():
    chart = figures.history(sparse(), by="month(tstamp)", window=1, **FAST)
    found = points(chart)
    assert "2024-03" not in found
    assert set(found["2024-05"]) == set(names(3))
    assert [month for month in found if "model-005" in found[month]] == ["2024-02"]
    assert "model-001" not in found["2024-06"]
    said = notes(chart)
    assert "No ratings in 1 month (2024-03): there are no matches." in said
    assert "without a rating: up to 2 models in 1 month." in said
    labels = {row["model"]: row["label"] for row in rows(chart, "label")}
    assert labels["model-005"] == "model-005 (2024-02)"
    assert labels["model-000"] == "model-000"
    lines = {(row["model"], row["before"], row["period"]) for row in rows(chart, "before")}
    assert ("model-000", "2024-01", "2024-02") in lines
    assert ("model-000", "2024-04", "2024-05") in lines
    assert not {line for line in lines if line[1] == "2024-02" or line[2] == "2024-03"}
    assert ("model-001", "2024-05", "2024-06") not in lines
    months = [row["period"] for row in rows(chart, "alone") if row["alone"]]
    assert "2024-02" in months, "a point without neighbors has a bar"
    drawn(chart)


def test_a_sum_goes_on_without_new_matches_and_shows_it():
    chart = figures.history(sparse(), by="month(tstamp)", **FAST)
    found = points(chart)
    assert found["2024-03"] == found["2024-02"]
    old = {(row["model"], row["period"]) for row in rows(chart, "old", "matches") if row["old"]}
    assert {period for model, period in old if model == "model-000"} == {"2024-03"}
    assert len([1 for model, _ in old if model == "model-005"]) == len(found) - 2
    assert "Hollow points and dashed lines: no match" in notes(chart)
    dashed = {row["period"] for row in rows(chart, "before") if row["model"] == "model-000"
              and row["old"]}  # fmt: skip
    assert dashed == {"2024-03"}


def test_open_intervals_end_at_the_border():
    frame = dated(4, 400, 90)
    few = frame.filter((MONTH != "2024-01") | (pl.int_range(pl.len()) % 11 == 0))
    chart = figures.history(few, by="month(tstamp)", **FAST)
    open_ones = [row for row in rows(chart, "low") if row["rating_upper"] is None]
    assert open_ones
    assert all(row["beyond_high"] and row["high"] < 3000 for row in open_ones)
    assert "Triangle at the border" in notes(chart)


def test_a_month_of_separate_islands_has_no_ratings():
    frame = dated(4, 1_000, 80)
    pairs = (pl.col("model_a") + pl.col("model_b")).is_in(
        [a + b for a, b in [*zip(names(4)[::2], names(4)[1::2], strict=True)]]
        + [b + a for a, b in [*zip(names(4)[::2], names(4)[1::2], strict=True)]]
    )
    chart = figures.history(
        frame.filter((MONTH != "2024-02") | pairs), by="month(tstamp)", window=1, bootstrap=0
    )
    assert "2024-02" not in points(chart)
    assert "(2024-02): wins do not connect the models in both directions" in notes(chart)
    apart = frame.filter(pairs)
    with pytest.raises(NoMaximumError):
        figures.history(apart, by="month(tstamp)", bootstrap=0)
    assert len(points(figures.history(apart, by="month(tstamp)", prior=1.0, bootstrap=0))) == 3


def test_months_without_the_anchor_or_enough_matches_have_no_ratings():
    chart = figures.history(
        sparse(), by="month(tstamp)", window=1, anchor={"model-001": 1000.0}, bootstrap=0
    )
    assert "2024-06" not in points(chart)
    assert "(2024-06): the anchor 'model-001' has no rating." in notes(chart)
    chart = figures.history(sparse(), by="month(tstamp)", window=1, min_matches=60, bootstrap=0)
    assert "months (2024-05, 2024-09): no contestant has the required 60 matches." in notes(chart)
    rare = (pl.col("model_a") == "model-004") | (pl.col("model_b") == "model-004")
    frame = dated(5, 2_000).filter(~rare | (pl.int_range(pl.len()) % 8 == 0))
    chart = figures.history(frame, by="month(tstamp)", window=1, min_matches=40, bootstrap=0)
    said = "Not connected to the others, or with fewer than 40 matches, and thus without a rating"
    assert f"{said}: up to 1 model in " in notes(chart)
    with pytest.raises(OptionError, match="the anchor 'x' is not among"):
        figures.history(sparse(), by="month(tstamp)", anchor={"x": 1000.0}, bootstrap=0)


@pytest.mark.parametrize(
    ("days", "unit", "count"), [(20, "day", 20), (100, "week", 15), (300, "month", 11),
                                (3_000, "year", 9)]
)  # fmt: skip
def test_the_column_and_the_period_are_found(days, unit, count, tmp_path):
    frame = dated(3, 600, days)
    path = tmp_path / "log.csv"
    frame.rename({"tstamp": "created"}).with_columns(
        pl.lit(3_000_000_000).alias("id"), pl.lit("2024").alias("version")
    ).write_csv(path)
    found = history_of(path, bootstrap=0)
    assert (found.unit, len(found.periods)) == (unit, count)
    assert found.periods[0] == {"day": "2024-01-10", "week": "2024-W02", "month": "2024-01",
                                "year": "2024"}[unit]  # fmt: skip
    named = history_of(path, by=f"{unit}(created)", bootstrap=0)
    assert found.table.equals(named.table)


def test_several_columns_of_dates_or_none_are_refused():
    frame = dated(3, 100)
    with pytest.raises(OptionError, match="several columns of dates: tstamp, made; choose"):
        history_of(frame.with_columns(made="tstamp"))
    with pytest.raises(OptionError, match="no column of dates"):
        history_of(frame.drop("tstamp"))
    with pytest.raises(OptionError, match=r"by must be a period.*month"):
        history_of(frame, by="tstamp")
    with pytest.raises(OptionError, match="no column 'time'"):
        history_of(frame, by="month(time)")
    with pytest.raises(InputError, match="no match has a date"):
        history_of(frame.with_columns(tstamp=pl.lit(None, pl.Date)), by="month(tstamp)")
    with pytest.raises(InputError, match=r"row 1, column 'winner'.*is not a date"):
        history_of(frame, by="month(winner)")
    with pytest.raises(OptionError, match="a board contains no dates"):
        history_of(rate(frame, bootstrap=0))
    with pytest.raises(OptionError, match="read only once"):
        history_of(iter([("p", "q", "model_a")]))
    for name in ("cluster", "controls", "disconnected", "simultaneous"):
        with pytest.raises(OptionError, match=f"{name} does not apply to a history"):
            history_of(frame, **{name: None})


def test_matches_without_a_date_are_left_out_and_counted():
    frame = dated(3, 400)
    some = frame.with_columns(tstamp=pl.when(pl.int_range(pl.len()) > 9).then("tstamp"))
    chart = figures.history(some, bootstrap=0)
    assert "10 matches without a date are left out." in notes(chart)
    assert points(chart) == points(figures.history(frame[10:], bootstrap=0))


def test_a_wrong_date_among_others_is_not_drawn_as_decades_of_nothing():
    frame = dated(3, 300, 20)
    wrong = pl.concat([frame, frame[:5].with_columns(tstamp=dt.datetime(1970, 1, 2))])
    with pytest.raises(OptionError, match=r"1970-01-02 to 2024-01-\d\d are .* days, but at most"):
        history_of(wrong, by="day(tstamp)")
    with pytest.raises(OptionError, match=r"12 models in .* days .* more than 5,000 ratings"):
        figures.history(dated(12, 3_000, 900), by="day(tstamp)", bootstrap=0)


def test_tallies_and_stores_have_histories(tmp_path):
    frame = dated(3, 400)
    wanted = history_of(frame, by="month(tstamp)", **FAST).table
    for keys in (["tstamp"], ["day(tstamp)"], ["month(tstamp)"]):
        tally(frame, keys=keys).write(tmp_path / "T.parquet")
        assert history_of(tmp_path / "T.parquet", by="month(tstamp)", **FAST).table.equals(wanted)
    assert history_of(tmp_path / "T.parquet", **FAST).unit == "month"
    assert history_of(tally(frame, keys=["day(tstamp)"]), **FAST).unit == "week"
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, budget=200), field(4, 60)))
    found = history_of(path, **FAST)
    assert (found.unit, len(found.periods)) == ("day", 1)
    assert found.board.counts["rated"] == 200
    drawn(figures.history(found))


def test_the_best_twelve_are_shown_unless_more_are_asked_for():
    frame = dated(30, 6_000)
    found = history_of(frame, by="month(tstamp)", bootstrap=0)
    chart = figures.history(found)
    best = list(found.board.columns["model"][:12])
    assert list(points(chart)["2024-06"]) == best
    assert "Only the best 12 of 30 models are shown." in notes(chart)
    chart = figures.history(found, top=30)
    assert len(rows(chart, "label")) == 30
    assert len(points(chart)["2024-06"]) == 30
    with pytest.raises(OptionError, match="window cannot be set for a history"):
        figures.history(found, window=1)


def test_long_names_keep_different_labels():
    called = [f"gemini-2.5-flash-preview-05-20-thinking-{end}" for end in "abc"]
    chart = figures.history(dated(3, 300, called=called), bootstrap=0)
    labels = [row["label"] for row in rows(chart, "label")]
    assert len(set(labels)) == 3
    assert all(len(label) <= 28 for label in labels)
    assert {row["model"] for row in rows(chart, "new_matches")} == set(called)
    texts = drawn(chart)[1]
    assert all(label in texts for label in labels)


def test_the_figure_does_not_depend_on_the_order_of_rows_or_threads():
    frame = dated(4, 400)
    one = figures.history(frame, seed=5, threads=1, **FAST)
    other = figures.history(frame.sample(fraction=1, shuffle=True, seed=1), seed=5, **FAST)
    assert datasets(one) == datasets(other)
