"""Boards that are read from JSON: what they hold, and what they refuse."""

import json

import polars as pl
import pytest

import humorrank
from humorrank import Leaderboard
from humorrank.matches.kinds import is_board

LOG = [
    ("pun", "irony", "model_a"),
    ("pun", "irony", "model_b"),
    ("irony", "satire", "model_a"),
    ("irony", "satire", "tie"),
    ("satire", "pun", "model_a"),
    ("satire", "pun", "model_b"),
    ("alone", "lonely", "model_a"),
] * 4

OPTIONS = {
    "plain": {},
    "no intervals": {"bootstrap": 0},
    "no elo": {"elo_shuffles": 0},
    "open ends": {"bootstrap": 40, "seed": 3},
    "ties": {"ties": "davidson"},
    "anchored": {"anchor": {"pun": 1200}, "prior": 0.5, "disconnected": "error"},
    "simultaneous": {"simultaneous": True},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_board_survives_a_journey_through_json(name, tmp_path):
    board = humorrank.rate(LOG, **{"disconnected": "largest", **OPTIONS[name]})
    path = tmp_path / "board.json"
    path.write_text(board.to_json(), encoding="utf-8")
    for read in (Leaderboard.from_json(board.to_json()), Leaderboard.from_json(path)):
        assert read.rows == board.rows
        assert read.table.equals(board.table)
        assert read.unrated == board.unrated
        assert read.warnings == board.warnings
        assert read.parameters == board.parameters
        assert json.loads(read.to_json()) == json.loads(board.to_json())
        assert str(read) == str(board)
        assert read.to_text(width=70) == board.to_text(width=70)
        assert read._repr_html_() == board._repr_html_()
        assert read["pun"] == board["pun"]
        assert read.to_latex() == board.to_latex()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_board_is_read_in_the_encodings_of_redirected_output(encoding, tmp_path):
    board = humorrank.rate(LOG, disconnected="largest")
    path = tmp_path / "board.json"
    path.write_text(board.to_json(), encoding=encoding)
    assert Leaderboard.from_json(path).rows == board.rows
    assert is_board(path)


def test_a_board_that_never_had_a_finite_end_keeps_its_intervals():
    board = humorrank.rate([("a", "b", "model_a"), ("b", "a", "model_a")], bootstrap=40)
    read = Leaderboard.from_json(board.to_json())
    assert read.rows == board.rows


def test_what_needs_the_matches_is_refused():
    read = Leaderboard.from_json(humorrank.rate(LOG, disconnected="largest").to_json())
    for call in (
        read.ranks,
        read.win_matrix,
        lambda: read.compare("pun", "irony"),
        lambda: humorrank.ranks(read),
    ):
        with pytest.raises(humorrank.OptionError, match=r"read from JSON.*not its matches"):
            call()
    with pytest.raises(KeyError, match="nobody"):
        read.compare("nobody", "pun")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "malformed JSON"),
        ("[1]", "not a board"),
        ("{}", "there is no 'leaderboard'"),
        ('{"leaderboard": [{}]}', "there is no 'rank'"),
        ('{"leaderboard": 7}', "not a board"),
        ('{"leaderboards": []}', "one board per group"),
        ("missing.json", "missing.json: cannot be read: No such file"),
    ],
)
def test_anything_else_is_refused_by_name(text, words):
    with pytest.raises(humorrank.InputError, match=words):
        Leaderboard.from_json(text)


def test_tables_as_csv_and_markdown():
    board = humorrank.rate(LOG, disconnected="largest")
    assert board.to_csv() == board.to_polars().write_csv()
    assert board.to_csv(1).count("\n") == 2
    lines = board.to_markdown(2).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("| rank | model | rating |")
    boards = humorrank.rate(pl.DataFrame(LOG, ["model_a", "model_b", "winner"], orient="row")
        .with_columns(judge=pl.lit("anna")), by="judge", disconnected="largest")  # fmt: skip
    assert boards.to_csv().startswith("judge,rank,model")
    assert boards.to_markdown(1).splitlines()[0].startswith("| judge | rank")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "board.json"
    board = humorrank.rate(LOG, disconnected="largest", bootstrap=40)
    path.write_text(board.to_json(), encoding="utf-8")
    return path


def test_commands_take_a_saved_board_or_say_what_it_lacks(run, saved, tmp_path):
    figure = tmp_path / "f.svg"
    assert run("plot", "leaderboard", saved, "-o", figure)[0] == 0
    assert "pun" in figure.read_text()
    for arguments in (
        ("compare", saved, "pun", "irony"),
        ("ranks", saved),
        ("plot", "ranks", saved, "-o", figure),
        ("plot", "win-rates", saved, "-o", figure),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "read from JSON, which contains its ratings but not its matches" in err
    code, _, err = run("plot", "leaderboard", saved, "-o", figure, "--prior", "1")
    assert code == 2
    assert "--prior does not apply to a leaderboard that is already rated" in err
    code, _, err = run("plot", "leaderboard", saved, "-o", figure, "--bootstrap", "10")
    assert "--bootstrap does not apply" in err
    code, _, err = run("report", saved, "-o", tmp_path / "p.html", "--where", "x = 1")
    assert "--where does not apply" in err


def test_a_page_of_a_saved_board_says_what_it_lacks(run, saved, tmp_path):
    page = tmp_path / "page.html"
    code, _, err = run("report", saved, "-o", page, "--no-pictures")
    assert code == 0, err
    text = page.read_text(encoding="utf-8")
    assert "does not contain its matches" in text
    assert "satire" in text
    made = humorrank.report.make_page(str(saved), pictures=False)
    assert made.data["pairs"] == {"models": 0}
    assert len(made.evidence.fingerprint) == 64
