"""Judgments that contradict each other in the two orders."""

import json
from functools import partial

import polars as pl
import pytest
from support.fields import field, finish, made, spec_of, write_files

import humorrank
from humorrank.errors import OptionError
from humorrank.store.export import match_log, swapped
from humorrank.store.store import Store

JUDGE = {"position_bias": 150.0, "tie_rate": 0.2}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    path = tmp_path_factory.mktemp("both") / "T.sqlite"
    spec = spec_of(4, judge=JUDGE, position="both", budget=300)
    finish(made(path, spec, field(4, 60)))
    with Store(path, write=False) as store:
        yield store


def pairs(log):
    """Groups a log by comparison, with both judgments in each group."""
    low = pl.min_horizontal("model_a", "model_b").alias("low")
    high = pl.max_horizontal("model_a", "model_b").alias("high")
    return log.with_columns(low, high).group_by("question_id", "low", "high", maintain_order=True)


def test_a_comparison_is_one_match_whatever_becomes_of_it(both):
    log = match_log(both)
    assert log.height == 600
    assert log["weight"].to_list() == [0.5] * 600
    agg = pairs(log).agg("winner")
    contradict = agg.filter(
        (pl.col("winner").list.n_unique() == 1) & (pl.col("winner").list.first() != "tie")
    )
    found = swapped(both)
    assert (found.comparisons, found.inconsistent) == (300, contradict.height)
    assert 0 < found.inconsistent < 300
    tied, dropped = match_log(both, "tie"), match_log(both, "drop")
    ties = [int((frame["winner"] == "tie").sum()) for frame in (log, tied, dropped)]
    assert ties[1] == ties[0] + 2 * found.inconsistent
    assert ties[2] == ties[0]
    assert dropped.height == 600 - 2 * found.inconsistent
    kept = (
        pairs(log)
        .agg("winner")
        .join(pairs(dropped).agg("winner"), on=["question_id", "low", "high"])
    )
    assert kept["winner"].to_list() == kept["winner_right"].to_list()
    with pytest.raises(OptionError, match="tie, drop, halves, not 'both'"):
        match_log(both, "both")


def test_halves_and_ties_give_the_same_ratings_and_dropping_others(both):
    boards = [
        {
            row.model: row.rating
            for row in humorrank.rate(match_log(both, how), bootstrap=0, elo_shuffles=0)
        }
        for how in ("halves", "tie", "drop")
    ]
    assert boards[0] == pytest.approx(boards[1])
    assert boards[0] != pytest.approx(boards[2])


def test_a_comparison_judged_in_one_order_only_keeps_its_weight(tmp_path):
    judge = {**JUDGE, "failure_rate": 0.3, "retries": 0}
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, judge=judge, position="both", budget=200), field(4, 60)))
    with Store(path, write=False) as store:
        log, found = match_log(store), swapped(store)
    sizes = pairs(log).agg(pl.len(), pl.col("weight").sum())
    assert sizes["weight"].to_list() == [1.0] * sizes.height
    assert (sizes["len"] == 2).sum() == found.comparisons < sizes.height


def test_without_both_orders_the_log_is_as_it_was(tmp_path):
    path = tmp_path / "T.sqlite"
    finish(made(path, spec_of(4, judge=JUDGE, budget=100), field(4, 60)))
    with Store(path, write=False) as store:
        assert swapped(store).comparisons == 0
        assert "weight" not in match_log(store, "drop").columns
        assert match_log(store, "drop").height == 100


def test_the_spec_and_the_command_choose_and_say_the_count(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    run = partial(run, "tournament")
    lines = 'budget = 60\nposition = "both"\ninconsistent = "drop"\n'
    judge = '[judge]\nbackend = "simulated"\nposition_bias = 200\n'
    spec = write_files(tmp_path, 4, 20, lines + judge)
    assert run("run", spec, "--store", "T.sqlite")[0] == 0
    status = json.loads(run("status", "T.sqlite", "--format", "json")[1])
    assert status["swapped"] == 60
    count = status["inconsistent"]
    assert count > 0
    said = f"60 comparisons were judged in both orders, {count} of them inconsistently"
    for arguments, rows, became in (
        ([], 120 - 2 * count, "not at all"),
        (["--inconsistent", "tie"], 120, "as tied half matches"),
        (["--inconsistent", "halves"], 120, "as a half match won by each"),
        (["--decisions"], 120, "as they are"),
    ):
        code, _, err = run("export", "T.sqlite", "-o", "log.csv", *arguments)
        assert code == 0
        assert said in err
        assert became in err
        assert pl.read_csv("log.csv").height == rows
    code, _, err = run("export", "T.sqlite", "-o", "x.csv", "--decisions", "--inconsistent", "tie")
    assert code == 2
    assert "to the match log, not to --decisions" in err
    code, _, err = run("run", spec, "--store", "T.sqlite", "--inconsistent", "tie")
    assert code == 2
    assert 'inconsistent (stored "drop", given "tie")' in err
    code, _, err = run("run", spec, "--store", "U.sqlite", "--set", "inconsistent=never")
    assert code == 2
    assert "inconsistent must be one of tie, drop, halves" in err
