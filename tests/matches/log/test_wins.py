"""Totals of pairs and tables of wins are read as matches with counts."""

import json
import random

import numpy as np
import pandas as pd
import polars as pl
import pytest

import humorrank
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

NAMES = ["m3", "m1", "m2"]
WINS = {("m3", "m1"): 3, ("m3", "m2"): 4, ("m1", "m3"): 1, ("m2", "m3"): 5, ("m1", "m2"): 2}


def counted(source, **options):
    """Returns the number of matches by (shown first, shown second, outcome), and the report."""
    log = MatchLog(source, **options)
    frame = log.to_polars()
    return {
        tuple(row[:3]): row[3]
        for row in frame.select("model_a", "model_b", "winner", "count").rows()
    }, log.report


def by_hand():
    """Returns the matches of WINS in a log with one row per match."""
    rows = [(a, b, "model_a") for (a, b), wins in WINS.items() for _ in range(wins)]
    return pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")


def table(empty=0, diagonal=0):
    return [[diagonal if a == b else WINS.get((a, b), empty) for b in NAMES] for a in NAMES]


EXPECTED = {(*pair, "model_a"): wins for pair, wins in WINS.items()}


@pytest.mark.parametrize("corner", ["", "model", "winner \\ loser"])
@pytest.mark.parametrize("diagonal", ["", "0", "0.0"])
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_table_of_wins_is_read_from_text(corner, diagonal, suffix, file):
    mark = "," if suffix == "csv" else "\t"
    rows = [[corner, *NAMES]]
    rows += [[n, *map(str, r)] for n, r in zip(NAMES, table(diagonal=diagonal), strict=True)]
    random.Random(2).shuffle(rows[1:])
    matches, report = counted(file(f"log.{suffix}", "\n".join(map(mark.join, rows)) + "\n"))
    assert matches == EXPECTED
    assert (report.reading, report.rows, report.rated) == ("win-matrix", 3, 5)


SOURCES = {
    "polars": lambda: pl.DataFrame(table(), schema=NAMES, orient="row").insert_column(
        0, pl.Series("model", NAMES)
    ),
    "pandas with an index": lambda: pd.DataFrame(table(None), index=NAMES, columns=NAMES),
    "pandas with other rows": lambda: pd.DataFrame(table(), index=NAMES, columns=NAMES).loc[
        sorted(NAMES)
    ],
    "pandas, named": lambda: pd.DataFrame(
        table(), index=pd.Index(NAMES, name="winner"), columns=pd.Index(NAMES, name="loser")
    ),
    "crosstab": lambda: pd.crosstab(
        by_hand().to_pandas()["model_a"], by_hand().to_pandas()["model_b"]
    ),
    "pandas with a column": lambda: pd.DataFrame(
        {"model": NAMES, **{n: [row[i] for row in table()] for i, n in enumerate(NAMES)}}
    ),
    "objects": lambda: [
        {"model": n, **dict(zip(NAMES, row, strict=True))}
        for n, row in zip(NAMES, table(), strict=True)
    ],
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_table_of_wins_is_read_from_memory(name):
    matches, report = counted(SOURCES[name]())
    assert matches == EXPECTED
    assert report.reading == "win-matrix"


def test_an_array_of_wins_is_counted_with_its_names():
    expected = humorrank.tally(by_hand())
    wins = np.array(table(np.nan, np.nan), float)
    with pytest.raises(InputError, match="contains nan for 'm2' against 'm1'"):
        humorrank.Tally.from_matrix(NAMES, wins)
    wins[2, 1] = 0
    assert humorrank.Tally.from_matrix(NAMES, wins) == expected
    ties = [[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    tally = humorrank.Tally.from_matrix(NAMES, table(), ties)
    assert (tally.matches, tally.outcomes[2]) == (expected.matches + 3, 3)


ARRAYS = {
    "shape": (table()[:2], None, r"\(3, 3\).*not \(2, 3\)"),
    "diagonal": ([[1, 2, 3], [1, 0, 1], [1, 1, 0]], None, "matches of 'm3' against itself"),
    "negative": ([[0, -2, 3], [1, 0, 1], [1, 1, 0]], None, "contains -2 for 'm3' against 'm1'"),
    "fraction": ([[0, 0.5, 3], [1, 0, 1], [1, 1, 0]], None, "contains 0.5 for 'm3'"),
    "text": ([["x"] * 3] * 3, None, "must be a table of numbers"),
    "ties": (table(), [[0, 1, 0], [2, 0, 0], [0, 0, 0]], "different numbers of ties for 'm3'"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_a_wrong_array_is_refused(name):
    wins, ties, message = ARRAYS[name]
    with pytest.raises(InputError, match=message):
        humorrank.Tally.from_matrix(NAMES, wins, ties)


def test_an_array_without_names_leads_to_the_function_for_it():
    with pytest.raises(InputError, match=r"Tally\.from_matrix"):
        humorrank.rate(np.zeros((4, 4)))


TOTALS = {
    "1 and 2": ("model_a", "model_b", "wins_1", "wins_2", "ties"),
    "a and b": ("player_1", "player_2", "Wins A", "Wins B", "draws"),
    "won": ("left", "right", "won_a", "won_b", "draw"),
}


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "polars"])
def test_totals_are_read_as_counted_matches(name, kind, tmp_path):
    frame = pl.DataFrame(
        [("x", "y", 3, 4, 1), ("y", "z", 0, 2, 0), ("z", "x", 0, 0, 0)],
        schema=TOTALS[name],
        orient="row",
    )
    path = tmp_path / f"log.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    elif kind == "parquet":
        frame.write_parquet(path)
    matches, report = counted(frame if kind == "polars" else path)
    assert matches == {
        ("x", "y", "model_a"): 3,
        ("x", "y", "model_b"): 4,
        ("x", "y", "tie"): 1,
        ("y", "z", "model_b"): 2,
    }
    assert (report.reading, report.read, report.rated) == ("win-totals", 5, 4)
    assert (report.ties, report.void) == (1, 1)


def test_totals_may_lack_ties_and_have_columns_of_other_names(file):
    path = file("log.csv", "one,two,a won,b won,drawn\nx,y,3,4,2\n")
    columns = {"model_a": "one", "model_b": "two", "wins_a": "a won", "wins_b": "b won"}
    assert len(counted(path, columns=columns)[0]) == 2
    matches, _ = counted(path, columns={**columns, "ties": "drawn"})
    assert matches[("x", "y", "tie")] == 2


def test_the_number_of_matches_beside_totals_is_not_used(file):
    path = file("log.csv", "model_a,model_b,wins_a,wins_b,count\nx,y,3,4,7\n")
    matches, report = counted(path)
    assert sum(matches.values()) == 7
    assert any("the column 'count' is not used" in note for note in report.notes)


FAULTS = {
    "fraction": ("x,y,0.5,1,0", "wins_1", "shares do not say how many matches", "bad number"),
    "negative": ("x,y,-1,1,0", "wins_1", "is not a number of matches", "bad number"),
    "missing": ("x,y,1,,0", "wins_2", "is not a number of matches", "bad number"),
    "text": ("x,y,1,1,no", "ties", "'no' is not a number of matches", "bad number"),
    "no name": ("x,,1,1,1", "model_b", "is not a name", "empty name"),
    "itself": ("x,x,1,1,1", "model_b", "plays against itself", "model against itself"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_total_is_named_or_left_out(name, file):
    row, column, message, kind = FAULTS[name]
    path = file("log.csv", f"model_a,model_b,wins_1,wins_2,ties\nx,y,1,2,3\n{row}\ny,x,1,0,0\n")
    with pytest.raises(InputError, match=message) as caught:
        MatchLog(path).to_polars()
    assert (caught.value.row, caught.value.column) == (3, column)
    matches, report = counted(path, on_error="skip")
    assert len(matches) == 4
    assert sum(report.skipped.values()) == 1
    assert next(iter(report.skipped)).startswith(kind)


CELLS = {
    "diagonal": (",x,y\nx,1,2\ny,3,0\n", 2, "x", "the diagonal of a table of wins must be empty"),
    "negative": (",x,y\nx,,2\ny,-3,\n", 3, "x", "'-3' is not a number of matches"),
    "share": (",x,y\nx,,2\ny,0.25,\n", 3, "x", "shares do not say how many"),
    "text": (",x,y\nx,,2\ny,many,\n", 3, "x", "'many' is not a number"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_bad_cell_is_named_or_left_out(name, file):
    text, row, column, message = CELLS[name]
    path = file("log.csv", text)
    with pytest.raises(InputError, match=message) as caught:
        MatchLog(path).to_polars()
    assert (caught.value.row, caught.value.column) == (row, column)
    matches, report = counted(path, on_error="skip")
    assert matches[("x", "y", "model_a")] == 2
    assert sum(report.skipped.values()) == 1


UNEVEN = {
    "no row": (",x,y,z\nx,,2,1\ny,3,,1\n", "a column of 'z', but no row of it.*row of zeros"),
    "no column": (",x,y\nx,,2\ny,3,\nz,1,1\n", "a row of 'z', but no column"),
    "spelling": (",x,y,z\nx,,2,1\ny,3,,1\nZ,1,1,\n", "a row of 'Z', but no column"),
    "two rows": (",x,y\nx,,2\ny,3,\nx,,1\n", "two rows of 'x'"),
    "no name": (",x,y,z\nx,,2,1\ny,3,,1\n,1,1,\n", "row 3 of the table of wins has no model"),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_a_table_must_have_the_same_models_in_rows_and_columns(name, file):
    text, message = UNEVEN[name]
    with pytest.raises(InputError, match=message):
        MatchLog(file("log.csv", text), on_error="skip").to_polars()


def test_empty_cells_are_counted_and_said(file):
    _, report = counted(file("log.csv", ",x,y,z\nx,,2,\ny,3,,1\nz,1,1,\n"))
    assert any("1 empty cell of the table of wins" in note for note in report.notes)
    _, report = counted(file("log.csv", ",x,y,z\nx,,2,1\ny,3,,1\nz,1,1,\n"))
    assert report.notes == []


def test_a_column_twice_is_refused(file):
    with pytest.raises(InputError, match="same name as an earlier column"):
        MatchLog(file("log.csv", ",x,y,x\nx,,2,1\ny,3,,1\n")).to_polars()


def test_conditions_do_not_apply_to_a_table_of_wins(file):
    path = file("log.csv", "model,x,y\nx,,2\ny,3,\n")
    with pytest.raises(OptionError, match=r"where: .* are models"):
        MatchLog(path, where="model = 'x'").to_polars()


def test_tables_with_few_common_names_are_not_tables_of_wins(file):
    with pytest.raises(InputError, match="there is no column"):
        MatchLog(file("log.csv", "name,p,q,r\np,1,2,3\nu,1,2,3\nv,1,2,3\n")).to_polars()
    path = file("log.csv", "name,x,y\nx,0,1\nu,2,0\n")
    with pytest.raises(InputError, match="a row of 'u', but no column"):
        MatchLog(path, reading="win-matrix").to_polars()


@pytest.mark.parametrize("command", ["rate", "check", "ranks"])
def test_commands_take_a_table_of_wins(command, file, run):
    text = ",x,y,z\nx,,9,8\ny,7,,12\nz,6,5,\n"
    code, out, err = run(command, file("log.csv", text), "--format", "json")
    assert code == 0, err
    assert json.loads(out)


def test_a_table_of_wins_gives_the_ratings_of_its_matches():
    expected = humorrank.rate(by_hand(), bootstrap=0)
    totals = [
        {"model_a": a, "model_b": b, "wins_a": WINS.get((a, b), 0), "wins_b": WINS.get((b, a), 0)}
        for a, b in (("m1", "m2"), ("m1", "m3"), ("m2", "m3"))
    ]
    for source in (SOURCES["polars"](), totals, humorrank.Tally.from_matrix(NAMES, table())):
        board = humorrank.rate(source, bootstrap=0)
        assert board.columns["model"] == expected.columns["model"]
        assert np.abs(board.columns["rating"] - expected.columns["rating"]).max() < 1e-6
        assert board.counts["rated"] == 15
