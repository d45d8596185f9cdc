"""The share of matches in which both were called bad, for each contestant on request."""

import io
import json
import random

import polars as pl
import pytest

import humorrank
from humorrank.errors import OptionError

WORDS = ("model_a", "model_b", "tie", "both_bad", "tie (bothbad)", "")
OPTIONS = {"bootstrap": 0, "elo_shuffles": 0, "prior": 1, "both_bad_share": True}


def votes(size=200):
    """Returns votes in which models with a later letter are more often bad."""
    rng = random.Random(4)
    rows = []
    for _ in range(size):
        pair = rng.sample("abcd", 2)
        weights = (3, 3, 2, *(["abcd".index(max(pair))] * 2), 1)
        word = rng.choices(WORDS, weights)[0]
        rows.append((*pair, word, rng.choice("uvxyz"), rng.choice([1, 1, 2, 5])))
    return pl.DataFrame(rows, ["model_a", "model_b", "winner", "judge", "count"], orient="row")


def expected(frame):
    """Returns the share of each model, counted by hand."""
    matches, bad = dict.fromkeys("abcd", 0), dict.fromkeys("abcd", 0)
    for one, other, word, _, count in frame.iter_rows():
        for model in (one, other):
            matches[model] += count * bool(word)
            bad[model] += count * ("bad" in word)
    return {model: bad[model] / matches[model] for model in "abcd" if matches[model]}


LOG = votes()


def shares(rows):
    return {row.model: row.both_bad_share for row in rows}


@pytest.mark.parametrize(
    "options",
    [{}, {"ties": "exclude"}, {"cluster": "judge", "interval": "sandwich"}],
)
def test_the_share_is_that_of_all_judged_matches(tmp_path, options):
    LOG.write_csv(tmp_path / "votes.csv")
    humorrank.tally(LOG, keys=["judge"]).write(tmp_path / "tally.parquet")
    for source in (LOG, tmp_path / "votes.csv", tmp_path / "tally.parquet"):
        board = humorrank.rate(source, **OPTIONS, **options)
        assert shares(board) == pytest.approx(expected(LOG), abs=1e-12)
        assert board.table.columns[-1] == "both_bad_share"
    plain = {**OPTIONS, "both_bad_share": False}
    assert "both_bad_share" not in humorrank.rate(LOG, **plain, **options).table.columns


def test_models_with_their_own_parameters_have_the_share():
    options = {**OPTIONS, "prior": None, "ties": "davidson"}
    assert shares(humorrank.rate(LOG, **options)) == pytest.approx(expected(LOG), abs=1e-12)


def test_contestants_that_are_left_out_do_not_count():
    rare = pl.DataFrame([("a", "rare", "both_bad", "x", 1)], LOG.schema, orient="row")
    board = humorrank.rate(pl.concat([LOG, rare]), min_matches=2, **OPTIONS)
    assert shares(board) == pytest.approx(expected(LOG), abs=1e-12)


def test_each_group_has_its_own_shares():
    boards = humorrank.rate(LOG, by="judge", **OPTIONS)
    by_table = {}
    for row in boards.table.iter_rows(named=True):
        by_table.setdefault(row["judge"], {})[row["model"]] = row["both_bad_share"]
    for judge in "uvxyz":
        wanted = expected(LOG.filter(judge=judge))
        assert shares(boards[judge]) == pytest.approx(wanted, abs=1e-12)
        assert by_table[judge] == pytest.approx(wanted, abs=1e-12)
    found = json.loads(boards.to_json())["leaderboards"][0]["leaderboard"][0]
    assert found["both_bad_share"] == by_table["u"][found["model"]]
    assert "both bad" in boards.to_text()


def test_every_format_has_the_column():
    board = humorrank.rate(LOG, **OPTIONS)
    wanted = board.table["both_bad_share"].to_list()
    assert pl.read_csv(io.StringIO(board.to_csv()))["both_bad_share"].to_list() == wanted
    found = [row["both_bad_share"] for row in json.loads(board.to_json())["leaderboard"]]
    assert found == wanted
    assert humorrank.Leaderboard.from_json(board.to_json()).rows == board.rows
    best = f"{wanted[0]:.1%}"
    for text in (board.to_text(), board.to_latex(), board._repr_html_()):
        assert "both bad" in text and best.replace("%", "") in text
    assert f"| {wanted[0]:.3f} |" in board.to_markdown()


def test_shares_of_matches_that_were_left_out_are_refused():
    for by in (None, "judge"):
        log = humorrank.MatchLog(LOG, both_bad="skip")
        with pytest.raises(OptionError, match=r"which both_bad='skip' .* leaves out"):
            humorrank.rate(log, by=by, **OPTIONS)


def test_a_log_without_such_verdicts_is_said_to_have_none():
    plain = LOG.filter(~pl.col("winner").str.contains("bad"))
    for by in (None, "judge"):
        boards = humorrank.rate(plain, by=by, **OPTIONS)
        assert "no verdict says that both were bad" in " ".join(boards.warnings)


def test_the_command_adds_the_column(tmp_path, run):
    LOG.write_csv(tmp_path / "votes.csv")
    options = ("--prior", "1", "--bootstrap", "0", "--elo-shuffles", "0")
    code, out, _ = run("rate", tmp_path / "votes.csv", "--both-bad-share", *options, "-f", "csv")
    assert code == 0
    table = pl.read_csv(io.StringIO(out))
    assert dict(table.select("model", "both_bad_share").iter_rows()) == pytest.approx(expected(LOG))
    code, out, _ = run("rate", tmp_path / "votes.csv", *options)
    assert code == 0 and "both bad" not in out
