"""The figure of the labels that judges assign."""

import json

import numpy as np
import polars as pl
import pytest
from support.drawings import board, drawn, log, notes, rows
from support.fields import field, finish, made, spec_of

from humorrank import MatchLog, figures, rate, tally
from humorrank.errors import InputError, OptionError
from humorrank.store.export import export_decisions
from humorrank.store.store import Store

COLUMNS = ("winner_humor_features", "winner_delivery_features", "loser_features")
LABELS = (("irony", "wordplay", "absurdity"), ("timing", "deadpan"), ("cliché", "confusing"))


def decisions(models=4, matches=400, seed=0):
    """Returns a decision log in which some lists of labels are empty and some are missing."""
    random = np.random.default_rng(seed)
    frame = log(models, matches, seed=seed)
    for column, labels in zip(COLUMNS, LABELS, strict=True):
        lists = [
            None if random.random() < 0.1 else [name for name in labels if random.random() < 0.4]
            for _ in range(matches)
        ]
        frame = frame.with_columns(pl.Series(column, lists, dtype=pl.List(pl.String)))
    return frame


def as_json(frame):
    return frame.with_columns(
        pl.Series(
            name,
            [
                None if v is None else json.dumps(v, ensure_ascii=False)
                for v in frame[name].to_list()
            ],
        )
        for name in COLUMNS
    )


def shares(frame, mass=lambda row: 1.0):
    """Computes the share of each (model, label) by iterating over the decisions."""
    given, decided = {}, {}
    for row in frame.to_dicts():
        if row["winner"] == "tie":
            continue
        won, lost = row[row["winner"]], row[{"model_a": "model_b"}.get(row["winner"], "model_a")]
        for column, labels, model in zip(COLUMNS, LABELS, (won, won, lost), strict=True):
            if row[column] is None:
                continue
            for label in labels:
                key = model, label
                decided[key] = decided.get(key, 0.0) + mass(row)
                given[key] = given.get(key, 0.0) + mass(row) * (label in row[column])
    return {key: given[key] / decided[key] for key in decided}


def found(chart):
    return {(row["model"], row["label"]): row["share"] for row in rows(chart, "label", "share")}


def test_shares_are_those_of_wins_and_losses():
    frame = decisions()
    wanted = shares(frame)
    for source in (frame, as_json(frame), MatchLog(as_json(frame))):
        assert found(figures.features(source)) == pytest.approx(wanted, abs=1e-12)


def test_counts_and_weights_are_counted():
    frame = decisions().with_columns(
        weight=pl.Series(np.tile([0.5, 1.0, 2.0, 0.0], 100)),
        count=pl.Series(np.tile([1, 10**6], 200)),
    )
    wanted = shares(frame, lambda row: row["weight"] * row["count"])
    assert found(figures.features(frame)) == pytest.approx(wanted, abs=1e-12)


def test_the_order_is_that_of_the_board_and_top_cuts_it():
    frame = decisions()
    made_board = rate(frame, bootstrap=0, elo_shuffles=0)
    order = made_board.table["model"].to_list()
    chart = figures.features(frame, made_board)
    domain = chart.to_dict()["hconcat"][0]["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert domain == order
    assert {model for model, _ in found(figures.features(frame, top=2))} == set(order[:2])
    assert "the best 2 of 4 models" in notes(figures.features(frame, top=2))


def test_labels_of_any_taxonomy_are_drawn_the_most_frequent_first():
    labels = ["Wortspiel", "皮肉", "<b>", "rare"]
    frame = pl.DataFrame(
        {
            "model_a": ["a", "b"] * 8,
            "model_b": ["b", "a"] * 8,
            "winner": ["model_a", "model_a", "model_b", "model_b"] * 4,
            "winner_humor_features": [json.dumps(labels[: 1 + n % 4]) for n in range(16)],
        }
    )
    chart = figures.features(frame)
    (part,) = chart.to_dict()["hconcat"]
    assert part["layer"][0]["encoding"]["x"]["scale"]["domain"] == labels
    _, texts = drawn(chart)
    assert {"<b>", "皮肉"} <= set(texts)


def test_many_labels_of_many_models_are_cut_and_it_is_said():
    frame = log(300, 3_000)
    lists = [[f"label {n % 40}"] for n in range(3_000)]
    frame = frame.with_columns(pl.Series("loser_features", lists))
    chart = figures.features(frame)
    assert "the 16 most frequent of 40 labels" in notes(chart)
    assert len({label for _, label in found(chart)}) == 16


def test_an_undefeated_model_has_no_failures_and_is_drawn():
    frame = decisions().with_columns(
        winner=pl.when(pl.col("model_a") == "model-000")
        .then(pl.lit("model_a"))
        .when(pl.col("model_b") == "model-000")
        .then(pl.lit("model_b"))
        .otherwise(pl.col("winner"))
    )
    chart = figures.features(frame)
    assert "shrunk by a prior" in notes(chart)
    shown = found(chart)
    assert ("model-000", "irony") in shown
    assert ("model-000", "cliché") not in shown


def test_a_store_is_drawn_as_its_decision_log(tmp_path):
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, budget=60), field(4, 12)))
    with pytest.raises(InputError, match="have no labels"):
        figures.features(path)
    with Store(path, write=True) as store, store.transaction() as connection:
        judged = connection.execute("SELECT comparison, position, judge FROM judgments").fetchall()
        connection.executemany(
            "INSERT INTO rationales VALUES (?, ?, ?, 'why', ?, ?, ?, NULL)",
            [
                (*key, json.dumps(LABELS[0][: n % 4]), '["timing"]', json.dumps([LABELS[2][n % 2]]))
                for n, key in enumerate(judged[:-5])
            ],
        )
    with Store(path, write=False) as store:
        export_decisions(store, tmp_path / "d.parquet")
    wanted = found(figures.features(tmp_path / "d.parquet"))
    assert len(wanted) > 16
    assert found(figures.features(path)) == pytest.approx(wanted, abs=1e-12)
    frame = pl.read_parquet(tmp_path / "d.parquet").with_columns(
        pl.col(name).str.json_decode(pl.List(pl.String)) for name in COLUMNS
    )
    assert {key: value for key, value in wanted.items() if value} == pytest.approx(
        {key: value for key, value in shares(frame).items() if value}, abs=1e-12
    )
    some = {"where": "model_a <> 'model-00'"}
    assert found(figures.features(path, **some)) == pytest.approx(
        found(figures.features(tmp_path / "d.parquet", **some)), abs=1e-12
    )


def test_what_has_no_labels_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"have no labels \(winner_humor_features"):
        figures.features(log(3, 100))
    empty = log(3, 100).with_columns(loser_features=pl.lit("[]"))
    with pytest.raises(InputError, match="have no labels"):
        figures.features(empty)
    tally(log(3, 100)).write(tmp_path / "t.parquet")
    for holder in (board(), tally(log(3, 100)), tmp_path / "t.parquet"):
        with pytest.raises(OptionError, match="contains no labels; pass the log"):
            figures.features(holder)


@pytest.mark.parametrize("text", ["irony", '{"a": 1}', "[1, 2]", '["open"'])
def test_what_is_no_list_of_labels_is_refused(text):
    frame = log(3, 100).with_columns(winner_humor_features=pl.lit(text))
    with pytest.raises(InputError, match="is not a JSON list of labels") as raised:
        figures.features(frame)
    assert raised.value.column == "winner_humor_features"
    assert raised.value.value == text


def test_numbers_are_no_labels():
    frame = log(3, 100).with_columns(loser_features=pl.lit(3))
    with pytest.raises(InputError, match="not lists of labels"):
        figures.features(frame)
