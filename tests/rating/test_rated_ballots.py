"""Ballots are rated like their pairs written out by hand, with intervals by ballot."""

import json

import numpy as np
import polars as pl
import pytest
from support.reference import fit_all, maximum

import humorrank
from humorrank import HumorRankWarning
from humorrank.errors import InputError, OptionError

MODELS = 6
BALLOTS = 120


def ballots(seed=1, ties=0.3):
    """Returns rankings as the places of the models; half of the models are missing on some."""
    random = np.random.default_rng(seed)
    strength = np.linspace(0.9, -0.9, MODELS)
    out = []
    for _ in range(BALLOTS):
        scores = strength + random.gumbel(size=MODELS)
        scores = np.where(random.random(MODELS) < ties, np.round(scores), scores)
        shown = np.sort(random.permutation(MODELS)[: random.choice([3, MODELS])])
        out.append({int(model): float(scores[model]) for model in shown})
    return out


def points_of(ballot):
    """Returns the points of each model against each other on one ballot."""
    points = np.zeros((MODELS, MODELS))
    for one, score in ballot.items():
        for other, against in ballot.items():
            if one != other:
                points[one, other] = 1.0 if score > against else 0.5 if score == against else 0.0
    return points


def in_pairs(rows):
    """Returns a log with one row per pair."""
    frame = []
    for number, ballot in enumerate(rows):
        models = list(ballot)
        for place, one in enumerate(models):
            for other in models[place + 1 :]:
                won = np.sign(ballot[one] - ballot[other])
                frame.append((f"m{one}", f"m{other}", {1: "a", -1: "b", 0: "tie"}[won], number))
    return pl.DataFrame(frame, schema=["model_a", "model_b", "winner", "cast"], orient="row")


def in_scores(rows):
    data = [(n, f"m{m}", score) for n, ballot in enumerate(rows) for m, score in ballot.items()]
    return pl.DataFrame(data, schema=["prompt", "model", "score"], orient="row")


def in_ranks(rows):
    rank = pl.col("score").rank("min", descending=True).over("prompt")
    return in_scores(rows).select("prompt", "model", rank.alias("rank"))


def in_lists(rows):
    out = []
    for ballot in rows:
        scores = sorted(set(ballot.values()), reverse=True)
        out.append({"ranking": [[f"m{m}" for m in ballot if ballot[m] == s] for s in scores]})
    return out


FORMS = {"scores": in_scores, "ranks": in_ranks, "lists": in_lists}
RATINGS = maximum(np.sum([points_of(ballot) for ballot in ballots()], axis=0))


def ratings(board):
    found = dict(zip(board.columns["model"], board.columns["rating"].tolist(), strict=True))
    return np.array([found[f"m{i}"] for i in range(MODELS)])


def ends(board):
    table = board.to_polars().sort("model")
    return np.stack([table["rating_lower"].to_numpy(), table["rating_upper"].to_numpy()])


@pytest.mark.parametrize("form", FORMS)
def test_ratings_are_those_of_the_pairs_written_out(form):
    board = humorrank.rate(FORMS[form](ballots()), bootstrap=0)
    assert np.abs(ratings(board) - RATINGS).max() < 1e-6
    by_hand = humorrank.rate(in_pairs(ballots()), bootstrap=0)
    assert np.abs(ratings(board) - ratings(by_hand)).max() < 1e-6
    assert board.counts["rated"] == by_hand.counts["rated"]
    assert board.counts["ties"] == by_hand.counts["ties"] > 10


def test_best_and_worst_are_rated_like_their_five_pairs():
    random = np.random.default_rng(5)
    rows, points = [], np.zeros((MODELS, MODELS))
    for _ in range(300):
        shown = random.permutation(MODELS)[:4]
        order = sorted(shown, key=lambda m: -random.gumbel(0.3 * m))
        best, *between, worst = map(int, order)
        for model in between:
            points[best, model] += 1
            points[model, worst] += 1
        points[best, worst] += 1
        rows.append({"items": [f"m{m}" for m in shown], "best": f"m{best}", "worst": f"m{worst}"})
    board = humorrank.rate(rows, bootstrap=0)
    assert board.counts["rated"] == 1_500
    assert np.abs(ratings(board) - maximum(points)).max() < 1e-6


def resampled(replicates, seed):
    """Returns the ratings of logs that consist of ballots drawn with replacement."""
    random = np.random.default_rng(seed)
    each = np.array([points_of(ballot) for ballot in ballots()])
    fields = np.empty((replicates, MODELS, MODELS))
    for replicate in range(replicates):
        fields[replicate] = each[random.integers(0, BALLOTS, BALLOTS)].sum(axis=0)
    fitted = fit_all(fields, np.ones((replicates, MODELS), bool))
    return 1000 + fitted * 400 / np.log(10)


@pytest.mark.parametrize("form", FORMS)
def test_intervals_are_those_of_resampling_whole_ballots(form):
    with pytest.warns(HumorRankWarning, match="pairs of 120 ballots, and the intervals are clust"):
        board = humorrank.rate(FORMS[form](ballots()), bootstrap=2_000, elo_shuffles=0)
    drawn = resampled(4_000, seed=7)
    expected = np.quantile(drawn, [0.025, 0.975], axis=0)
    spread = drawn.std(axis=0)
    # The standard error of a 2.5 % quantile of a normal distribution is sqrt(p (1 - p) / B) / f.
    error = spread * np.sqrt(0.025 * 0.975 * (1 / 2_000 + 1 / 4_000)) / 0.05845
    assert (np.abs(ends(board) - expected) < 4.5 * error).all()
    assert board.settings["cluster"] == "ballot"
    assert "intervals by ballot" in board.summary()
    alone = humorrank.rate(FORMS[form](ballots()), bootstrap=2_000, elo_shuffles=0, cluster="none")
    assert alone.settings["cluster"] is None
    assert not any("ballots, and" in warning for warning in alone.warnings)
    width, narrow = np.diff(ends(board), axis=0), np.diff(ends(alone), axis=0)
    assert (width > 1.08 * narrow).all()


@pytest.mark.parametrize("interval", ["basic", "bca", "sandwich"])
@pytest.mark.parametrize("form", FORMS)
def test_every_interval_is_that_of_clustering_the_pairs_by_hand(form, interval):
    options = {"interval": interval, "bootstrap": 400, "elo_shuffles": 0}
    board = humorrank.rate(FORMS[form](ballots()), **options)
    by_hand = humorrank.rate(in_pairs(ballots()), cluster="cast", **options)
    # The labels of rankings, and with them the draws, are in another order than the numbers.
    tolerance = 25.0 if form == "lists" and interval != "sandwich" else 1e-6
    assert np.abs(ends(board) - ends(by_hand)).max() < tolerance


def test_davidsons_ties_are_clustered_by_ballot():
    board = humorrank.rate(in_ranks(ballots()), ties="davidson")
    by_hand = humorrank.rate(in_pairs(ballots()), ties="davidson", cluster="cast")
    assert board.settings["cluster"] == "ballot"
    assert np.abs(ends(board) - ends(by_hand)).max() < 1e-6


def test_a_control_of_the_models_is_the_difference_of_their_values():
    frame = in_ranks(ballots()).with_columns(
        length=pl.Series(np.random.default_rng(2).integers(10, 90, in_ranks(ballots()).height))
    )
    board = humorrank.rate(frame, controls=["length"])
    length = {(p, m): v for p, m, _, v in frame.iter_rows()}
    pairs = in_pairs(ballots()).with_columns(
        pl.struct("cast", side)
        .map_elements(lambda row: length[tuple(row.values())], pl.Int64)
        .alias(f"length_{side[-1]}")
        for side in ("model_a", "model_b")
    )
    by_hand = humorrank.rate(pairs, controls=["length"], cluster="cast")
    assert np.abs(ends(board) - ends(by_hand)).max() < 1e-6
    one, other = board.parameters[0], by_hand.parameters[0]
    assert one.estimate == pytest.approx(other.estimate, rel=1e-6)
    assert one.standard_error == pytest.approx(other.standard_error, rel=1e-6)
    with pytest.raises(OptionError, match=r"controls: .* format ranking, whose rows have no"):
        humorrank.rate([{"ranking": ["a", "b"], "length": 3}], controls=["length"])


def test_wald_intervals_need_the_consent_to_independence():
    with pytest.raises(OptionError, match=r"interval='wald' treats .* cluster='none'"):
        humorrank.rate(in_ranks(ballots()), interval="wald")
    assert humorrank.rate(in_ranks(ballots()), interval="wald", cluster="none").columns


def test_another_column_can_define_the_clusters():
    frame = in_ranks(ballots()).with_columns(group=pl.col("prompt") // 6)
    board = humorrank.rate(frame, cluster="group", interval="sandwich")
    pairs = in_pairs(ballots()).with_columns(group=pl.col("cast") // 6)
    by_hand = humorrank.rate(pairs, cluster="group", interval="sandwich")
    assert board.settings["cluster"] == "group"
    assert np.abs(ends(board) - ends(by_hand)).max() < 1e-6


def test_few_ballots_are_rated_without_intervals():
    rows = [{"ranking": r} for r in (["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"])]
    with pytest.warns(HumorRankWarning, match="no intervals, because 3 ballots do not show"):
        board = humorrank.rate(rows)
    assert "rating_lower" not in board.columns
    assert np.abs(board.columns["rating"] - 1000).max() < 1e-6
    with pytest.raises(InputError, match="has 3 clusters"):
        humorrank.rate(rows, bootstrap=100)


def test_the_order_of_the_rows_does_not_matter():
    for form in FORMS.values():
        rows = form(ballots())
        turned = rows[::-1]
        boards = [humorrank.rate(r, bootstrap=50, elo_shuffles=2) for r in (rows, turned)]
        assert boards[0].to_polars().equals(boards[1].to_polars())


def test_a_tally_keeps_the_ballots(tmp_path):
    rows = ballots()
    whole = humorrank.rate(in_ranks(rows), bootstrap=200)
    halves = [in_ranks(rows).filter(pl.col("prompt") % 2 == part) for part in (0, 1)]
    tallies = [humorrank.tally(half) for half in halves]
    assert {tally.keys for tally in tallies} == {("ballot",)}
    assert humorrank.rate(tallies[0] + tallies[1], bootstrap=200).columns.keys()
    paths = [str(tmp_path / f"{part}.parquet") for part in (0, 1)]
    for tally, path in zip(tallies, paths, strict=True):
        tally.write(path)
    for source in (paths, tallies[0] + tallies[1]):
        board = humorrank.rate(source, bootstrap=200)
        assert board.settings["cluster"] == "ballot"
        assert (ends(board) == ends(whole)).all()
    with pytest.warns(HumorRankWarning, match="the tally has no key 'ballot'"):
        board = humorrank.rate(humorrank.tally(in_ranks(rows), keys=()))
    assert board.settings["cluster"] is None


def test_a_tally_with_a_key_of_this_name_is_not_taken_for_ballots():
    pairs = in_pairs(ballots()).rename({"cast": "ballot"})
    board = humorrank.rate(humorrank.tally(pairs, keys=["ballot"]), bootstrap=50)
    assert board.settings["cluster"] is None
    assert humorrank.tally(pairs).keys == ()


def test_groups_have_no_intervals_unless_pairs_are_independent():
    frame = in_ranks(ballots()).with_columns(judge=pl.col("prompt") % 2)
    with pytest.warns(HumorRankWarning, match="no intervals, because the matches are pairs of b"):
        boards = humorrank.rate(frame, by="judge")
    assert "rating_lower" not in boards["0"].columns
    with pytest.raises(OptionError, match="by does not support clusters"):
        humorrank.rate(frame, by="judge", bootstrap=100)
    assert "rating_lower" in humorrank.rate(frame, by="judge", cluster="none")["1"].columns


def test_predictions_hold_out_whole_ballots():
    report = humorrank.check(in_ranks(ballots()), seed=3)
    by_hand = humorrank.check(in_pairs(ballots()), cluster="cast", seed=3)
    assert report.cluster == "ballot"
    assert any("pairs of ballots, which are held out" in warning for warning in report.warnings)
    assert report.to_dict()["calibration"] == by_hand.to_dict()["calibration"]
    assert humorrank.check(in_ranks(ballots()), cluster="none", seed=3).cluster is None


def test_boards_of_ballots_are_compared_by_ballot():
    old, new = in_ranks(ballots()), in_ranks(ballots(seed=2))
    found = humorrank.diff(old, new)
    pairs = [in_pairs(ballots(seed=seed)) for seed in (1, 2)]
    by_hand = humorrank.diff(*pairs, cluster="cast")
    assert (found.basis, found.shared) == ("clusters", by_hand.shared)
    columns = ["move", "move_lower", "move_upper"]
    difference = found.table.sort("model")[columns] - by_hand.table.sort("model")[columns]
    assert difference.to_numpy().__abs__().max() < 1e-6
    assert humorrank.diff(old, new, cluster="none").basis == "matches"
    with pytest.raises(OptionError, match="one of the logs contains pairs of ballots"):
        humorrank.diff(old, pairs[1])


@pytest.mark.parametrize(
    "command",
    ["rate", "ranks", "compare m0 m1", "check", "agree", "elo", "report", "report --by judge"],
)
def test_every_command_takes_ballots(command, tmp_path, run):
    rows = in_ranks(ballots()).with_columns(judge=pl.col("prompt") % 3)
    path = tmp_path / "log.csv"
    rows.with_columns(prompt=pl.col("prompt") // 3).write_csv(path)
    name, *further = command.split()
    page = ["-o", tmp_path / "page.html", "--no-pictures"]
    code, text, err = run(name, path, *further, *(page if name == "report" else ["-f", "json"]))
    assert code == 0, err
    assert "pairs of" in err
    if name != "agree":
        assert "are a ballot, which is read as the pairs" in err
    if name in ("rate", "ranks", "compare", "report"):
        assert "clustered by ballot" in err
    if name == "rate":
        assert json.loads(text)["settings"]["cluster"] == "ballot"


def test_the_command_takes_no_clusters_and_a_tally(tmp_path, run):
    path, tally = tmp_path / "log.csv", tmp_path / "log.parquet"
    in_ranks(ballots()).write_csv(path)
    assert run("tally", path, "-o", tally)[0] == 0
    for source, options, cluster in (
        (tally, (), "ballot"),
        (path, ("--cluster", "none"), None),
        (tally, ("--cluster", "none"), None),
        (path, ("--cluster", "ballot"), "ballot"),
        (path, ("--ties", "davidson"), "ballot"),
    ):
        code, out, err = run("rate", source, *options, "--format", "json")
        assert code == 0, err
        assert json.loads(out)["settings"]["cluster"] == cluster
