"""Moves between boards, compared with a plain paired bootstrap."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import humorrank
from humorrank._stats.distributions import normal_quantile, student_quantile
from humorrank.diagnostics.diff.diff import diff
from humorrank.errors import InputError, OptionError

ALL = 0.95 ** (1 / 5)
"""Of each of five intervals that hold together."""

FIELD = {"a": 1150, "b": 1050, "c": 1000, "d": 950, "e": 850}


def log(rows, seed, field=FIELD):
    made = humorrank.simulate(field, rows, seed=seed)
    prompt = np.random.default_rng(seed).integers(0, 40, rows)
    return made.with_columns(prompt=pl.Series(prompt))


def moves(old, new, common):
    boards = [humorrank.rate(side, bootstrap=0, elo_shuffles=0) for side in (old, new)]
    ratings = [np.array([board[name].rating for name in common]) for board in boards]
    return (ratings[1] - ratings[1].mean()) - (ratings[0] - ratings[0].mean())


def test_the_interval_is_that_of_a_paired_bootstrap():
    shared, added = log(500, 1), log(300, 3)
    grown = pl.concat([shared, added])
    found = diff(shared, grown)
    random = np.random.default_rng(4)
    drawn = []
    for _ in range(600):
        s, n = (part[random.integers(0, part.height, part.height)] for part in (shared, added))
        drawn.append(moves(s, pl.concat([s, n]), list("abcde")))
    table = found.table.sort("model")
    assert found.shared == 500
    half = (table["move_upper"] - table["move_lower"]).to_numpy() / 2
    np.testing.assert_allclose(half, normal_quantile((1 + ALL) / 2) * np.std(drawn, 0), rtol=0.12)
    np.testing.assert_allclose(table["move"], moves(shared, grown, list("abcde")), atol=1e-6)
    # A log that has shrunk gives the same result with old and new exchanged.
    back = diff(grown, shared).table.sort("model")
    np.testing.assert_allclose(back["move_upper"], -table["move_lower"].to_numpy(), atol=1e-9)


def test_equal_matches_of_two_logs_may_be_so_by_chance():
    found = diff(log(500, 1), log(400, 2))
    assert found.shared == 0
    table = found.table.sort("model")
    boards = [
        humorrank.rate(log(*made), interval="sandwich", confidence=ALL)
        for made in ((500, 1), (400, 2))
    ]
    for row in table.iter_rows(named=True):
        wide = [
            board[row["model"]].rating_upper - board[row["model"]].rating_lower for board in boards
        ]
        assert row["move_upper"] - row["move_lower"] == pytest.approx(np.hypot(*wide), rel=2e-3)


def test_matches_that_are_named_are_shared_by_their_names():
    # The log has lost 5 matches and gained 250; judged by its cells alone, it has grown.
    old = log(400, 1).with_row_index("id")
    added = log(250, 3).with_row_index("id", offset=400)
    new = pl.concat([old[5:], added])
    assert diff(old, new).shared == 400
    found = diff(old, new, match_id=["id"])
    assert (found.shared, found.match_id) == (395, ("id",))
    random = np.random.default_rng(4)
    drawn = []
    for _ in range(600):
        lost, kept, got = (
            part[random.integers(0, part.height, part.height)] for part in (old[:5], old[5:], added)
        )
        drawn.append(moves(pl.concat([lost, kept]), pl.concat([kept, got]), list("abcde")))
    table = found.table.sort("model")
    half = (table["move_upper"] - table["move_lower"]).to_numpy() / 2
    np.testing.assert_allclose(half, normal_quantile((1 + ALL) / 2) * np.std(drawn, 0), rtol=0.12)
    # A match that was judged again is a different match.
    turned = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    anew = old.with_columns(
        winner=pl.when(pl.col("id") < 40).then(pl.col("winner").replace(turned)).otherwise("winner")
    )
    won = int((old["winner"][:40] != "tie").sum())
    assert diff(old, anew, match_id=["id"]).shared == 400 - won
    for nameless in ({"match_id": "id"}, {"match_id": ["id"], "cluster": "prompt"}):
        with pytest.raises(OptionError, match="match_id"):
            diff(old, new, **nameless)
    with pytest.raises(InputError, match="1 match has no value"):
        diff(old, new.with_columns(id=pl.col("id").replace(401, None)), match_id=["id"])


def test_status_interval_and_p_agree():
    for seed in range(6):
        table = diff(log(300, seed), log(300, seed + 10, FIELD | {"c": 1060})).table
        for row in table.iter_rows(named=True):
            apart = not row["move_lower"] <= 0 <= row["move_upper"]
            assert apart == (row["status"] != "same") == (row["p_all"] < 0.05)
            assert row["p_all"] == pytest.approx(1 - (1 - row["p"]) ** 5)


def test_clusters_of_one_name_are_shared():
    old, new = log(600, 1), pl.concat([log(600, 1), log(300, 2)])
    found = diff(old, new, cluster="prompt")
    assert (found.basis, found.shared) == ("clusters", 40)
    random = np.random.default_rng(4)
    by_prompt = [
        [side.filter(pl.col("prompt") == prompt) for prompt in range(40)] for side in (old, new)
    ]
    drawn = []
    for _ in range(600):
        picked = random.integers(0, 40, 40)
        drawn.append(
            moves(*(pl.concat([side[i] for i in picked]) for side in by_prompt), list("abcde"))
        )
    table = found.table.sort("model")
    half = (table["move_upper"] - table["move_lower"]).to_numpy() / 2
    np.testing.assert_allclose(half, student_quantile(ALL, 39) * np.std(drawn, 0), rtol=0.15)


def test_nobody_moves_between_equal_logs():
    found = diff(log(500, 1), log(500, 1))
    assert found.table["status"].unique().to_list() == ["same"]
    for column in ("move", "move_lower", "move_upper"):
        assert found.table[column].abs().max() == 0
    assert found.shared == 500


def test_a_strong_newcomer_moves_nobody():
    # All models have the same record against the newcomer, so their differences stay.
    old = [
        (x, y, w) for x in "abc" for y in "abc" if x < y for w in ["model_a"] * 6 + ["model_b"] * 4
    ]
    new = old + [("z", x, w) for x in "abc" for w in ["model_a"] * 9 + ["model_b"]]
    new += [("a", "q", "model_a"), ("q", "a", "model_a")]
    plain = humorrank.rate(new, bootstrap=0, elo_shuffles=0)
    assert plain["a"].rating < humorrank.rate(old, bootstrap=0, elo_shuffles=0)["a"].rating - 40
    found = diff(old, new).table
    common = found.filter(pl.col("move").is_not_null())
    assert common["model"].sort().to_list() == ["a", "b", "c"]
    assert common["move"].abs().max() < 12
    assert set(common["status"]) == {"same"}
    assert found.filter(status="new")["model"].to_list() == ["z", "q"]
    back = diff(new, old).table
    assert back.filter(status="gone")["model"].to_list() == ["z", "q"]
    assert back["model"].to_list()[-2:] == ["z", "q"]


@pytest.mark.slow
def test_a_real_move_is_found_and_noise_is_not():
    moved = FIELD | {"c": 1200}
    table = diff(log(4000, 1), log(4000, 2, moved)).table
    assert table.filter(model="c")["status"].item() == "up"
    false = sum(
        set(diff(log(400, 2 * seed), log(400, 2 * seed + 1)).table["status"]) != {"same"}
        for seed in range(5, 45)
    )
    # At most 5 % of 40 are expected by chance; more than 7 has a probability of 1 in 1,000.
    assert false <= 7


def test_boards_as_they_were_written(tmp_path, run):
    for name, seed in (("old", 1), ("new", 2)):
        log(500, seed).write_csv(tmp_path / f"{name}.csv")
        code, _, _ = run("rate", tmp_path / f"{name}.csv", "-o", tmp_path / f"{name}.json")
        assert code == 0
    code, out, _ = run("diff", tmp_path / "old.json", tmp_path / "new.json", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert (found["basis"], found["shared"]) == ("intervals", None)
    code, out, _ = run("diff", tmp_path / "old.csv", tmp_path / "new.json")
    assert code == 0
    assert "as if no matches were shared" in out
    paired = diff(tmp_path / "old.csv", tmp_path / "new.csv").table
    assert paired["move"].to_list() == pytest.approx([row["move"] for row in found["moves"]])
    code, _, err = run("diff", tmp_path / "old.json", tmp_path / "new.json", "--cluster", "prompt")
    assert code == 2
    assert "cluster needs both logs" in err
    code, _, err = run("diff", tmp_path / "old.csv", tmp_path / "new.json", "--match-id", "winner")
    assert code == 2
    assert "match_id needs both logs" in err
    code, _, err = run("diff", tmp_path / "old.csv", tmp_path / "new.csv", "--match-id", "")
    assert code == 2
    assert "--match-id takes columns" in err
    (tmp_path / "new.json").write_text('{"leaderboard": [{"model": 3}]}')
    code, _, err = run("diff", tmp_path / "old.json", tmp_path / "new.json")
    assert code == 2
    assert "new.json: not a board written by" in err


def test_what_cannot_be_compared():
    one, other = [("a", "b", "tie")] * 2, [("a", "c", "tie")] * 2
    with pytest.raises(humorrank.OptionError, match="share 1 model,"):
        diff(one, other)
    board = humorrank.rate(log(300, 1), prior=1, elo_shuffles=0)
    with pytest.raises(humorrank.OptionError, match="with a prior"):
        diff(board, log(300, 2))
    with pytest.raises(humorrank.OptionError, match="confidence"):
        diff(one, one, confidence=95)
