"""The leaderboards of groups on a page, as data."""

import polars as pl
from support.decided import by_judges
from support.fields import field, finish, made, spec_of

import humorrank
from humorrank.report import groups as module
from humorrank.report import make_page

OPTIONS = {"bootstrap": 60, "elo_shuffles": 0}


def panels(source, **options):
    return make_page(source, pictures=False, **{**OPTIONS, **options}).data["groups"]


def test_groups_may_be_months_of_a_store_or_a_tally(tmp_path):
    by = "month(tstamp)"
    wanted = panels(by_judges(), by=by)
    assert [panel["title"] for panel in wanted["panels"]] == ["2023-11", "2023-12", "2024-01",
                                                             "2024-02"]  # fmt: skip
    assert wanted["by"] == by
    humorrank.tally(by_judges(), keys=[by]).write(tmp_path / "T.parquet")
    assert panels(tmp_path / "T.parquet", by=by)["panels"] == wanted["panels"]
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, budget=200), field(4, 60)))
    assert len(panels(path, by=by)["panels"]) == 1
    assert len(panels(path, by="judge", reading={"where": "round >= 0"})["panels"]) == 1


def test_several_columns_make_one_title():
    found = panels(by_judges(), by=["judge", "year(tstamp)"], bootstrap=0)
    titles = [panel["title"] for panel in found["panels"]]
    assert titles[:2] == ["judge anna <b>, year(tstamp) 2023", "judge anna <b>, year(tstamp) 2024"]
    assert titles[-1] == "no judge, year(tstamp) 2024"
    assert found["interval"] is None
    assert all(row["interval"] is None for panel in found["panels"] for row in panel["rows"])


def test_the_fingerprint_and_the_leaderboard_do_not_depend_on_groups():
    one = make_page(by_judges(), pictures=False, **OPTIONS).data
    other = make_page(by_judges(), by="judge", pictures=False, **OPTIONS).data
    assert one["head"]["fingerprint"] == other["head"]["fingerprint"]
    assert one["board"] == other["board"]
    assert one["groups"] is None
    assert ["by", "judge"] in other["head"]["settings"]


def test_groups_that_cannot_be_rated_say_why():
    frame = by_judges().filter(
        (pl.col("judge").ne_missing("ben & co")) | (pl.col("model_a") == "model-0")
    )
    won = pl.when(pl.col("judge") == "ben & co").then(pl.lit("model_a")).otherwise("winner")
    found = panels(frame.with_columns(winner=won), by="judge")
    ben = found["panels"][1]
    assert ben["rows"] == []
    assert ben["note"].startswith("no maximum: ")
    assert any("of 4 groups have no maximum" in note for note in found["notes"])
    assert not any("see the column" in note for note in found["notes"])


def test_many_groups_and_models_are_limited_and_it_is_said(monkeypatch):
    monkeypatch.setattr(module, "MOST_GROUPS", 3)
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    frame = by_judges().filter(
        (pl.col("judge").ne_missing("ben & co")) | (pl.int_range(pl.len()) % 3 == 0)
    )
    found = panels(frame, by="judge")
    assert [panel["title"] for panel in found["panels"]] == ["anna <b>", 'llama "70b"', "no judge"]
    assert found["notes"][0].startswith("The 3 of 4 groups with the most matches are shown.")
    assert all(len(panel["rows"]) == 2 for panel in found["panels"])
    assert "The best 2 are shown." in found["panels"][0]["facts"]


def test_hostile_labels_and_names_are_text():
    evil = "</table><script>alert(1)</script>"
    frame = by_judges().with_columns(
        judge=pl.lit(evil),
        model_a=pl.col("model_a").replace("model-0", evil),
        model_b=pl.col("model_b").replace("model-0", evil),
    )
    html = make_page(frame, by="judge", pictures=False, **OPTIONS).html
    assert evil not in html
    assert html.count("<script") == 2
    assert "&lt;/table&gt;&lt;script&gt;alert(1)" in html


def test_the_size_of_the_tables_is_known_before_the_examples_are_chosen():
    made = make_page(by_judges(), by="day(tstamp)", pictures=False, bootstrap=100, prior=1.0)
    html = made.html
    start, end = html.index('<section id="groups"'), html.index('<section id="pair"')
    held = len(html[start:end].encode())
    assert 0.7 * held < module.bytes_of(made.data["groups"]) < 1.3 * held
    assert len(made.data["groups"]["panels"]) == module.MOST_GROUPS
