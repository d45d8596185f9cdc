"""`humorrank.rate` with extended models: input, errors and results."""

import json
import pickle

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.judged import log

import humorrank
from humorrank import InputError, MatchLog, NoMaximumError, OptionError, Tally

RATINGS = (1100, 1050, 1000, 950, 900)


def votes(judgments=1_500, **options):
    """Simulates a log with ties, a position bias, and an effect of length."""
    table = log(RATINGS, judgments, **{"bias": 80, "ties": 0.4, "slope": 30, **options})
    lengths = [
        pl.col(f"joke_{s}").str.len_chars().cast(pl.Int64).alias(f"length_{s}") for s in "ab"
    ]
    return table.with_columns(lengths).drop("joke_a", "joke_b")


def rate(matches, **options):
    return humorrank.rate(matches, **{"elo_shuffles": 0, **options})


FULL = {"ties": "davidson", "first_position": True, "controls": ["length"]}


def test_the_board_says_everything_in_every_form():
    board = rate(votes(), **FULL)
    assert [p.name for p in board.parameters] == ["first position", "tie parameter nu", "length"]
    assert [p.unit for p in board.parameters] == ["points", "ratio", "points per unit"]
    first, nu, length = board.parameters
    assert first.p < 1e-4 and length.p < 1e-3 and nu.p is None
    assert nu.estimate / nu.lower == pytest.approx(nu.upper / nu.estimate)
    lines = board.to_text().splitlines()
    found = f"first position: {first.estimate:.1f} points ({first.lower:.1f} to {first.upper:.1f})"
    assert f"{found}, p < 0.0001" in lines
    assert any(line.startswith(f"tie parameter nu: {nu.estimate:.3f} (") for line in lines)
    assert any(line.startswith(f"length: {length.estimate:.4g} points per unit") for line in lines)
    assert "95 % interval" in lines[0]
    assert "tie parameter nu" in board._repr_html_()
    parameters = json.loads(board.to_json())["parameters"]
    assert [p["estimate"] for p in parameters] == [p.estimate for p in board.parameters]
    assert parameters[1]["p"] is None
    assert (board.settings["interval"], board.settings["bootstrap"]) == ("sandwich", 0)
    assert board.certificate["distance"] <= 1e-6
    assert pickle.loads(pickle.dumps(board.parameters)) == board.parameters
    assert board.table["rating"].mean() == pytest.approx(1000)
    plain = humorrank.rate(votes())
    elo = humorrank.rate(votes(), **FULL)
    assert plain.parameters == () and plain.to_dict()["parameters"] == []
    for row in plain:
        assert (elo[row.model].win_rate, elo[row.model].matches) == (row.win_rate, row.matches)
        assert elo[row.model].elo == row.elo


def test_without_bias_and_controls_ties_as_halves_are_the_plain_ratings():
    """A control of pure noise has almost no effect; the ratings are those of the plain model."""
    table = votes(bias=0, slope=0).with_columns(length=pl.Series([1e-3, -1e-3] * 750))
    plain, extended = rate(table), rate(table.drop("length_a", "length_b"), controls=["length"])
    for row in plain:
        assert extended[row.model].rating == pytest.approx(row.rating, abs=2)


def test_a_column_of_differences_is_the_same_as_two_columns():
    table = votes()
    difference = pl.col("length_a") - pl.col("length_b")
    one = table.select(pl.all().exclude("length_a", "length_b"), difference.alias("length"))
    assert rate(one, **FULL).to_dict()["parameters"] == rate(table, **FULL).to_dict()["parameters"]


@settings(max_examples=20, derandomize=True)
@given(st.integers(0, 2**32), st.sampled_from([None, "prompt", "judge"]))
def test_order_splits_and_ways_in_leave_no_trace(seed, cluster):
    table = votes(300, prompts=8).with_columns(judge=pl.Series([f"j{i % 6}" for i in range(300)]))
    expected = rate(table, cluster=cluster, **FULL).to_dict()
    order = np.random.default_rng(seed).permutation(300).tolist()
    shuffled = rate(table[order], cluster=cluster, **FULL).to_dict()
    assert shuffled["leaderboard"] == expected["leaderboard"]
    assert shuffled["parameters"] == expected["parameters"]
    keys = ["length_a", "length_b", *([cluster] if cluster else [])]
    tally = humorrank.tally(table[order[:100]], keys=keys)
    tally += humorrank.tally(table[order[100:]], keys=keys)
    counted = rate(tally, cluster=cluster, **FULL).to_dict()
    assert counted["parameters"] == expected["parameters"]


@pytest.mark.parametrize("options", [{}, {"ties": "exclude"}, {"ties": "davidson"}])
def test_swapping_the_sides_turns_the_effect_of_position(options):
    table = votes()
    swapped = table.rename({"model_a": "model_b", "model_b": "model_a"}).with_columns(
        pl.col("winner").replace({"model_a": "model_b", "model_b": "model_a"})
    )
    one = rate(table, first_position=True, **options)
    two = rate(swapped, first_position=True, **options)
    assert one.parameters[0].estimate == pytest.approx(-two.parameters[0].estimate)
    assert one["m0"].rating == pytest.approx(two["m0"].rating)


def test_an_anchor_shifts_all_and_no_interval_changes_its_width():
    plain = rate(votes(), **FULL)
    board = rate(votes(), anchor={"m2": 500}, **FULL)
    assert board["m2"].rating == pytest.approx(500)
    for row in plain:
        width = board[row.model].rating_upper - board[row.model].rating_lower
        assert width == pytest.approx(row.rating_upper - row.rating_lower)
    assert board.parameters == plain.parameters


def test_a_separated_field_is_refused_or_rated_in_part():
    table = pl.concat(
        [
            votes().select("model_a", "model_b", "winner"),
            pl.DataFrame({"model_a": ["ace"] * 3, "model_b": ["m0"] * 3, "winner": "model_a"}),
        ]
    )
    with pytest.raises(NoMaximumError, match="ace: never lost") as caught:
        rate(table, ties="davidson")
    assert "prior" not in str(caught.value)
    board = rate(table, ties="davidson", first_position=True, disconnected="largest")
    assert [unrated.model for unrated in board.unrated] == ["ace"]
    assert board.parameters == rate(votes(), ties="davidson", first_position=True).parameters
    few = rate(table, ties="davidson", first_position=True, min_matches=10)
    assert few.parameters == board.parameters
    assert few.counts["filtered_by"] == {"min_matches": 3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": 1}, "prior.*leave it out"),
        ({"solver": "mm"}, "solver 'mm' cannot be combined with .*use 'newton'"),
        ({"by": "judge"}, "by .*rate each group separately"),
        ({"interval": "percentile"}, "do not support the bootstrap: use 'sandwich' or 'wald'"),
        ({"interval": "wold"}, "interval must be one of percentile"),
        ({"interval": "wald", "cluster": "prompt"}, "does not support clusters"),
        ({"cluster": "judge"}, "has 1 cluster, but"),
        ({"cluster": "nobody"}, "no column 'nobody'"),
        ({"controls": "length"}, "controls must be a sequence of columns"),
        ({"controls": ["length", "length"]}, "control 'length' is given twice"),
        ({"controls": ["style"]}, "neither the columns 'style_a' and 'style_b'.*nor.* 'style'"),
        ({"ties": "davidsen"}, "ties must be one of half, exclude, davidson"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises((OptionError, InputError), match=message):
        rate(votes(200), **{"first_position": True, **options})


def test_bootstrap_is_not_used_whatever_it_is():
    boards = [rate(votes(200), bootstrap=b, ties="davidson", confidence=0.999) for b in (0, 100)]
    assert boards[0].to_dict() == boards[1].to_dict()


def test_few_clusters_are_told():
    board = rate(votes(prompts=12), first_position=True, cluster="prompt")
    assert any("only 12 clusters (prompt)" in text for text in board.warnings)
    assert not any("clusters" in text for text in rate(votes(), cluster="prompt", **FULL).warnings)


def test_soft_scores_and_forms_without_an_order_are_refused():
    rows = {"model_a": ["a", "b", "a"], "model_b": ["b", "a", "b"], "score": [0.7, 0.2, 0.5]}
    with pytest.raises(OptionError, match=r"2 matches have a soft score.*ties='half'"):
        rate(rows, score_of="a", ties="davidson")
    assert rate(rows, score_of="a", ties="half", first_position=True).parameters
    pairs = pl.DataFrame({"winner": ["a", "b"] * 9, "loser": ["b", "a"] * 9})
    for source in (pairs, humorrank.tally(pairs)):
        with pytest.raises(InputError, match="format winner-loser names the winner first"):
            rate(source, first_position=True)


def test_both_bad_is_a_tie():
    table = votes(400).with_columns(pl.col("winner").replace("tie", "tie (bothbad)"))
    board = rate(table, ties="davidson")
    assert board.counts["both_bad"] > 0
    assert board.parameters == rate(votes(400), ties="davidson").parameters


@pytest.mark.parametrize("bad", ["", "long", "inf", "nan"])
def test_a_control_without_a_number_is_named_by_file_row_and_column(tmp_path, bad):
    path = tmp_path / "votes.csv"
    table = votes(300).with_columns(pl.col("length_b").cast(pl.String))
    words = table["length_b"].to_list()
    words[40] = bad
    table.with_columns(length_b=pl.Series(words)).write_csv(path)
    with pytest.raises(InputError, match="is not a finite number") as caught:
        rate(path, **FULL)
    assert (caught.value.row, caught.value.column) == (42, "length_b")
    assert caught.value.file == str(path)
    board = rate(path, on_error="skip", **FULL)
    assert board.counts["skipped_by_kind"] == {"bad control": 1}
    assert board.counts["rated"] == 299
    left = rate(table.filter(pl.int_range(300) != 40), **FULL)
    assert board.parameters == left.parameters
    assert any("row 42, column 'length_b'" in text for text in board.warnings)
    counts = board.counts
    parts = ("rated", "unjudged", "skipped", "filtered", "void", "tied_out", "outside")
    assert counts["read"] == sum(counts[part] for part in parts)


def test_a_tally_needs_controls_and_clusters_as_keys(tmp_path):
    path = tmp_path / "t.parquet"
    humorrank.tally(votes(300), keys=["judge"]).write(path)
    with pytest.raises(OptionError, match=r"no key 'length_a'.*--keys judge,length_a,length_b"):
        rate(path, **FULL)
    with pytest.raises(OptionError, match="no key 'prompt'"):
        rate(Tally.read(path), ties="davidson", cluster="prompt")
    assert rate(path, ties="davidson", first_position=True).counts["rated"] == 300
    words = humorrank.tally(votes(300).with_columns(length=pl.lit("long")), keys=["length"])
    with pytest.raises(InputError, match="column 'length': 'long' is not a finite number"):
        rate(words, **FULL)


@pytest.mark.parametrize("controls", [[], ["length"]])
def test_a_match_without_a_cluster_is_refused(controls):
    table = votes(300).with_columns(question_id=pl.Series(["", None] + ["p", "q", "r"] * 99 + [""]))
    with pytest.raises(InputError, match="'prompt': 3 matches have no value; filter them out"):
        rate(table, first_position=True, controls=controls, cluster="prompt")


def test_a_constant_control_is_refused():
    with pytest.raises(InputError, match="control 'length' is 3 in every match"):
        rate(votes(300).drop("length_a", "length_b").with_columns(length=3), controls=["length"])
    of_models = votes(300).with_columns(
        size_a=pl.col("model_a").str.slice(1).cast(pl.Float64),
        size_b=pl.col("model_b").str.slice(1).cast(pl.Float64),
    )
    with pytest.raises(NoMaximumError, match="control 'size' cannot be distinguished from the"):
        rate(of_models, controls=["size", "length"])


def test_a_log_that_was_opened_is_taken_with_its_own_options():
    opened = MatchLog(votes(), where="question_id <> 'p1'")
    board = rate(opened, **FULL)
    assert board.counts["filtered"] > 0
    with pytest.raises(OptionError, match="must be set when the log is opened"):
        rate(opened, unjudged="fail", **FULL)


def test_counts_and_weights():
    table = votes(400)
    rows = table.group_by(pl.all()).len("count")
    twice = rate(pl.concat([table, table]), cluster=None, **FULL)
    counted = rate(rows.with_columns(pl.col("count") * 2), **FULL)
    assert counted.parameters == twice.parameters
    # A weight is the importance of a match, so a common weight changes nothing.
    for interval in ("wald", "sandwich"):
        plain = rate(table, interval=interval, **FULL)
        weighed = rate(table.with_columns(weight=1e-3), interval=interval, **FULL)
        for one, other in zip(plain.parameters, weighed.parameters, strict=True):
            assert other.estimate == pytest.approx(one.estimate)
            if interval == "sandwich":
                assert other.standard_error == pytest.approx(one.standard_error)


def test_odd_names_and_two_contestants():
    names = ["", "  ", "a,b", "ü\n"]
    table = votes(400).with_columns(
        pl.col("model_a", "model_b").replace({f"m{i}": n * 2 + "x" for i, n in enumerate(names)})
    )
    assert len(rate(table, **FULL)) == 5
    two = votes(400).filter(pl.col("model_a").is_in(["m0", "m1"]))
    two = two.filter(pl.col("model_b").is_in(["m0", "m1"]))
    board = rate(two, **FULL)
    assert board["m0"].rating + board["m1"].rating == pytest.approx(2000)
    assert board["m0"].rating_upper > board["m0"].rating > board["m0"].rating_lower


def test_more_contestants_than_a_dense_matrix_holds():
    ring = np.arange(5_001)
    first, second = np.tile(ring, 2), np.tile(np.roll(ring, 1), 2)
    tally = Tally.from_codes(None, first, second, np.repeat([0, 1], 5_001))
    with pytest.raises(OptionError, match="up to 5,000 contestants, not 5,001"):
        rate(tally, first_position=True)


def test_progress_is_told():
    told = []
    rate(votes(300), progress=lambda *stage: told.append(stage[0]), **FULL)
    assert {"reading", "fitting"} <= set(told)
