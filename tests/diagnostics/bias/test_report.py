"""The bias report on simulated judges with known biases."""

import json
import math

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from support.fields import field, finish, made, spec_of
from support.judged import log

import humorrank
from humorrank.diagnostics.bias.measure import bias, rate_first_position
from humorrank.errors import InputError, NoMaximumError, OptionError
from humorrank.rating.run import POINTS
from humorrank.store.export import export_decisions, export_matches
from humorrank.store.store import Store

RATINGS = (1100, 1050, 1000, 950, 900)


def only(source, **options):
    (judge,) = bias(source, **options).judges
    return judge


def said(word, *, both=False, judgments=600):
    """Returns the log of a judge that always gives the same verdict."""
    return log(RATINGS, judgments, both=both).with_columns(winner=pl.lit(word))


@pytest.mark.parametrize("both", [False, True])
def test_a_judge_that_always_says_a_is_uninformative(both):
    judge = only(said("model_a", both=both))
    assert judge.uninformative
    assert judge.verdict == "uninformative: its verdict is A in all 600 judgments"
    assert judge.share_first.value == 1
    assert judge.share_first.lower > 0.99
    assert judge.effect.value == math.inf
    assert any("no maximum" in note for note in judge.notes)
    if both:
        assert judge.consistency.comparisons == judge.consistency.inconsistent > 100
        assert judge.consistency.share.value == 0
    with pytest.raises(NoMaximumError, match="rises without bound"):
        rate_first_position(said("model_a", both=both))


def test_always_b_and_always_tie_are_uninformative_too():
    assert only(said("model_b")).effect.value == -math.inf
    tied = only(said("tie"))
    assert tied.uninformative
    assert (tied.tie_share.value, tied.share_first.value) == (1, None)


def test_with_random_positions_ratings_of_an_always_a_judge_are_equal_within_noise():
    board = humorrank.rate(said("model_a", judgments=2_000), elo_shuffles=0, bootstrap=0)
    ratings = np.array([row.rating for row in board])
    matches = np.array([row.matches for row in board])
    # Twice the log-likelihood ratio is chi-squared with 4 degrees and is close to this sum.
    noise = (((ratings - 1000) / POINTS) ** 2 * matches / 4).sum()
    assert noise < 20


def test_coin_tosses_are_called_uninformative_as_often_as_promised():
    called = [
        only(log([1000] * 5, 600, bias=150, ties=0.4, seed=i)).uninformative for i in range(150)
    ]
    assert 0.89 <= np.mean(called) <= 0.99
    assert only(log(RATINGS, 600, bias=150)).uninformative is False


def test_counts_shares_and_consistency():
    rows = [
        ("x", "y", "model_a", "1"), ("y", "x", "model_b", "1"),  # x both times
        ("x", "y", "model_a", "2"), ("y", "x", "model_a", "2"),  # the first both times
        ("x", "z", "tie", "1"), ("z", "x", "model_a", "1"),  # a tie in one order
        ("y", "z", "model_b", "1"),  # one order only
    ]  # fmt: skip
    table = pl.DataFrame(rows, ["model_a", "model_b", "winner", "question_id"], orient="row")
    judge = only(table)
    assert (judge.judgments, judge.first, judge.second, judge.ties) == (7, 4, 2, 1)
    assert judge.share_first.value == pytest.approx(4 / 6)
    found = judge.consistency
    assert (found.comparisons, found.consistent, found.inconsistent, found.with_a_tie) == (
        3,
        1,
        1,
        1,
    )
    assert found.share.value == 0.5
    without = only(table.drop("question_id"))
    assert without.consistency is None
    assert any("the judgments have no prompt" in note for note in without.notes)
    some = only(table.with_columns(pl.col("question_id").replace("2", None)))
    assert some.consistency.comparisons == 2
    assert any("2 of 7 judgments have no prompt" in note for note in some.notes)


def test_several_judgments_of_one_order_count_by_their_shares():
    rows = [("x", "y", "model_a", "1")] * 3 + [
        ("x", "y", "model_b", "1"),
        ("y", "x", "model_b", "1"),
    ]
    table = pl.DataFrame(rows, ["model_a", "model_b", "winner", "question_id"], orient="row")
    found = only(table).consistency
    assert (found.comparisons, found.consistent, found.inconsistent) == (1, 0.75, 0.25)


def test_judges_are_told_apart_and_pooled():
    table = pl.concat(
        [log(RATINGS, 2_000, bias=200, judge="b"), log(RATINGS, 2_000, judge="a", seed=1)]
    )
    a, b = bias(table).judges
    assert (a.judge, b.judge) == ("a", "b")
    assert a.effect.lower < 0 < a.effect.upper
    assert b.effect.lower < 200 < b.effect.upper
    pooled = only(table, pooled=True)
    assert pooled.judgments == 4_000
    assert a.effect.value < pooled.effect.value < b.effect.value
    assert rate_first_position(table).effect == pooled.effect


def test_the_order_of_rows_leaves_no_trace():
    table = log(RATINGS, 1_000, bias=70, ties=0.2)
    assert bias(table).to_json() == bias(table.reverse()).to_json()


def test_which_intervals_are_said():
    assert only(log(RATINGS, 1_000)).position.intervals == "prompt"
    assert only(log(RATINGS, 1_000, prompts=10)).position.intervals == "information"
    assert only(log(RATINGS, 1_000, prompts=10), cluster="prompt").position.clusters == 10
    assert "clustered by prompt" in bias(log(RATINGS, 1_000)).to_text()
    without = log(RATINGS, 1_000).drop("question_id")
    assert "from the inverse information" in bias(without).to_text()
    with pytest.raises(OptionError, match="at least two prompts"):
        bias(without, cluster="prompt")


def test_a_separated_field_is_rated_without_those_outside_and_says_so():
    table = log(RATINGS, 1_000, bias=50)
    extra = table.head(3).with_columns(model_a=pl.lit("hero"), winner=pl.lit("model_a"))
    judge = only(pl.concat([table, extra]))
    assert judge.effect == only(table).effect
    assert any("hero: never lost (3 of 3 won)" in note for note in judge.notes)
    with pytest.raises(NoMaximumError, match="field is separated"):
        rate_first_position(pl.concat([table, extra]))
    found = rate_first_position(pl.concat([table, extra]), disconnected="largest")
    assert "hero" in found.outside


def test_length_bias_is_found_and_is_that_of_a_logistic_regression():
    table = log(RATINGS, 4_000, bias=50, slope=80)
    judge = only(table, cluster="none")
    assert judge.length.doubling.lower < 80 < judge.length.doubling.upper
    assert judge.length.doubling.lower > 0
    assert judge.length.share.value > 0.5
    assert judge.length.judgments + table.filter(
        pl.col("joke_a").str.len_chars() == pl.col("joke_b").str.len_chars()
    ).height == len(table)
    names = sorted({*table["model_a"], *table["model_b"]})
    x = np.array(
        [
            [(a == name) - (b == name) for name in names[1:]]
            for a, b in table[["model_a", "model_b"]].iter_rows()
        ],
        float,
    )
    ratio = np.log(table["joke_a"].str.len_chars() / table["joke_b"].str.len_chars())
    x = np.column_stack([x, np.ones(len(x)), ratio])
    won = (table["winner"] == "model_a").to_numpy().astype(float)
    glm = sm.GLM(won, x, family=sm.families.Binomial()).fit(tol=1e-14)
    assert judge.length.slope.value == pytest.approx(glm.params[-1], abs=1e-8)
    half = judge.length.slope.upper - judge.length.slope.value
    assert half == pytest.approx(1.959963985 * glm.bse[-1], rel=1e-6)
    assert only(log(RATINGS, 4_000, bias=50)).length.doubling.lower < 0


def test_length_bias_without_texts_or_with_lengths_of_the_models():
    table = log(RATINGS, 1_000)
    assert only(table.drop("joke_a")).length is None
    lengths = {f"m{i}": "x" * length for i, length in enumerate((9, 11, 30, 44, 60))}
    fixed = table.with_columns(
        joke_a=pl.col("model_a").replace(lengths), joke_b=pl.col("model_b").replace(lengths)
    )
    judge = only(fixed)
    assert judge.length.slope.value is None
    assert "cannot be distinguished from the strengths" in judge.length.note
    empty = table.with_columns(
        joke_a=pl.when(pl.int_range(pl.len()) < 10).then(pl.lit("")).otherwise("joke_a")
    )
    assert only(empty).length.without_text == 10
    renamed = table.rename({"joke_a": "left text", "joke_b": "right text"})
    assert only(renamed, texts=("left text", "right text")).length == only(table).length
    with pytest.raises(OptionError, match="no column 'nothing'"):
        bias(table, texts=("nothing", "joke_b"))


def test_self_preference_is_found_and_its_absence_too():
    fond = log((1100, 1050, 1000, 950, 1050), 4_000, judge="fond")
    fair = log(RATINGS, 4_000, judge="fair", seed=1, bias=60)
    people = log(RATINGS, 4_000, judge="people", seed=2)
    report = bias(
        pl.concat([fond, fair, people]),
        own={"fond": "m4", "fair": "m2"},
        reference=["people"],
        confidence=0.999,
    )
    liking, none = report.self_preference
    assert (liking.judge, liking.model, liking.reference) == ("fond", "m4", ("people",))
    assert liking.preference.lower < 150 < liking.preference.upper
    assert liking.preference.lower > 50
    assert none.preference.lower < 0 < none.preference.upper
    assert liking.preference.value == pytest.approx(liking.own - liking.others)
    everyone = bias(pl.concat([fond, fair, people]), own={"fond": "m4"}).self_preference[0]
    assert everyone.reference == ("fair", "people")
    assert "self-preference" in report.to_text()


def test_self_preference_covers():
    covered = []
    for seed in range(60):
        one = log((1000, 1000, 1000, 1060), 600, judge="one", seed=2 * seed, prompts=60)
        two = log((1000, 1000, 1000, 1000), 600, judge="two", seed=2 * seed + 1, prompts=60)
        found = bias(pl.concat([one, two]), own={"one": "m3"}).self_preference[0].preference
        covered.append(found.lower <= 60 <= found.upper)
    assert np.mean(covered) >= 0.86


def test_self_preference_from_one_judge_alone_is_refused_with_the_reason():
    table = log(RATINGS, 500, judge="j")
    with pytest.raises(OptionError, match="preference or quality"):
        bias(table, own={"j": "m1"})
    two = pl.concat([table, log(RATINGS, 500, judge="k")])
    with pytest.raises(OptionError, match="preference or quality"):
        bias(two, own={"j": "m1", "k": "m1"})
    with pytest.raises(OptionError, match="no judge 'nobody'"):
        bias(two, own={"nobody": "m1"})
    with pytest.raises(OptionError, match="no contestant 'm9'"):
        bias(two, own={"j": "m9"})
    elsewhere = log(RATINGS, 500, judge="k").with_columns(pl.col("model_a", "model_b") + "'")
    found = bias(pl.concat([table, elsewhere]), own={"j": "m1"}).self_preference[0]
    assert found.preference.value is None
    assert "both in the judge's field and in that of the other judges" in found.note


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("bias") / "T.sqlite"
    judge = {"position_bias": 100.0, "tie_rate": 0.1}
    finish(made(path, spec_of(5, judge=judge, position="both", budget=600), field(5, 100, twins=2)))
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_store_and_its_exports_say_the_same(store, tmp_path, ending):
    report = bias(store)
    (judge,) = report.judges
    assert judge.effect.lower < 100 < judge.effect.upper
    assert report.identical > 0
    assert judge.consistency.inconsistent > 100
    decisions, matches = tmp_path / f"decisions.{ending}", tmp_path / f"matches.{ending}"
    with Store(store, write=False) as opened:
        export_decisions(opened, decisions)
        export_matches(opened, matches)
    assert bias(decisions).to_dict() == report.to_dict()
    of_matches = bias(matches)
    assert of_matches.identical == report.identical
    assert of_matches.judges[0].consistency == judge.consistency
    assert of_matches.judges[0].effect.upper == pytest.approx(judge.effect.upper)


def test_tallies_say_what_their_keys_let_them(tmp_path):
    table = log(RATINGS, 1_000, bias=100)
    humorrank.tally(table, keys=["judge", "question_id"]).write(tmp_path / "t.parquet")
    keyed = only(tmp_path / "t.parquet")
    assert keyed.effect == only(table).effect
    assert keyed.consistency == only(table).consistency
    assert keyed.length is None
    bare = only(humorrank.tally(table))
    assert bare.judge is None
    assert bare.effect.value == pytest.approx(only(table).effect.value)
    assert bare.position.intervals == "information"


def test_frames_and_json_hold_every_figure():
    report = bias(log(RATINGS, 1_000, bias=60))
    row = report.to_polars().row(0, named=True)
    assert row["effect_lower"] < row["effect"] < row["effect_upper"]
    assert row["judgments"] == 1_000
    assert report.ratings().columns[:3] == ["judge", "model", "rating"]
    assert json.loads(report.to_json())["judges"][0]["effect"]["value"] == row["effect"]
    unbounded = bias(said("model_a"))
    assert json.loads(unbounded.to_json())["judges"][0]["effect"]["value"] is None
    assert unbounded.ratings().is_empty()
    assert "∞" in unbounded.to_text()


def test_bad_options_and_inputs():
    table = log(RATINGS, 100)
    for options, words in (
        ({"confidence": 1.0}, "between 0 and 1"),
        ({"cluster": "judge"}, "auto, prompt, none"),
        ({"reference": ["judge"]}, "set own"),
        ({"own": {"judge": "m0"}, "pooled": True}, "needs them separately"),
    ):
        with pytest.raises(OptionError, match=words):
            bias(table, **options)
    with pytest.raises(InputError, match="does not record who was shown first"):
        bias(pl.DataFrame({"winner": ["a", "b", "a"], "loser": ["b", "a", "c"]}))
    with pytest.raises(InputError, match=r"joke_a.*not text"):
        bias(table.with_columns(joke_a=pl.concat_list("joke_a")))
    with pytest.raises(InputError, match="identical jokes"):
        bias(table.with_columns(identical=pl.lit(value=True)))
