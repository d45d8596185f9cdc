"""The whole agreement report: agreement between raters and between their boards."""

import itertools
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from support.fields import field, finish, made, spec_of
from support.judged import log
from support.reference import shared

import humorrank
from humorrank._stats.estimate import Estimate
from humorrank.diagnostics.agreement.agree import agree
from humorrank.diagnostics.agreement.alpha import krippendorff_alpha
from humorrank.diagnostics.agreement.comparisons import Comparisons
from humorrank.diagnostics.agreement.raw import Reference
from humorrank.diagnostics.agreement.triples import transitivity
from humorrank.errors import InputError, OptionError

RATINGS = (1200, 1120, 1040, 960, 880, 800)
JUDGMENTS = st.lists(
    st.tuples(
        st.sampled_from("xyz"),
        st.sampled_from(["p", "q"]),
        st.sampled_from("abc"),
        st.sampled_from("abc"),
        st.sampled_from(["model_a", "model_b", "tie"]),
    ).filter(lambda row: row[2] != row[3]),
    min_size=1,
    max_size=60,
)


def frame(rows):
    columns = ["judge", "question_id", "model_a", "model_b", "winner"]
    return pl.DataFrame(rows, columns, orient="row")


def noisy(table, judge, share, seed):
    """Returns another judge's version of a log, with some verdicts drawn anew."""
    random = np.random.default_rng(seed)
    drawn = pl.Series(random.choice(["model_a", "model_b", "tie"], table.height))
    anew = pl.Series(random.random(table.height) < share)
    return table.with_columns(
        judge=pl.lit(judge), winner=pl.when(anew).then(drawn).otherwise("winner")
    )


@pytest.fixture(scope="module")
def three():
    first = log(RATINGS, 900, judge="llm", ties=0.2, prompts=60)
    return pl.concat([first, noisy(first, "anna", 0.3, 1), noisy(first, "ben", 0.4, 2).head(500)])


def verdict(row):
    judge, prompt, one, other, winner = row
    won = {"model_a": one, "model_b": other, "tie": None}[winner]
    return judge, (prompt, frozenset((one, other))), won


@settings(max_examples=60)
@given(JUDGMENTS, st.sampled_from([(), ("x",), ("x", "y")]))
def test_raw_agreement_is_that_of_all_pairs_of_judgments(rows, reference):
    said = [verdict(row) for row in rows]
    judges = {judge for judge, _, _ in said}
    if not set(reference) <= judges:
        return
    between, against = {}, {}
    for (j, unit, won), (k, other, theirs) in itertools.permutations(said, 2):
        if unit == other and j != k:
            if j < k:
                between.setdefault((j, k), []).append(won == theirs)
            if k in reference:
                against.setdefault(j, []).append(won == theirs)
    report = agree(frame(rows), reference=reference, replicates=0)
    found = {(pair.one, pair.other): pair.agreement for pair in report.pairs if pair.agreement}
    assert found.keys() == between.keys()
    for pair, equal in between.items():
        assert found[pair].share.value == pytest.approx(np.mean(equal))
        assert found[pair].pairs == len(equal)
    if between:
        every = list(itertools.chain(*between.values()))
        assert report.raw.micro.share.value == pytest.approx(np.mean(every))
        assert report.raw.micro.pairs == len(every)
        assert report.raw.macro == pytest.approx(np.mean([np.mean(x) for x in between.values()]))
        assert report.raw.rater_pairs == len(between)
    for rater in report.raters:
        mine = against.get(rater.rater, [])
        if reference:
            assert rater.with_reference.pairs == len(mine)
            assert rater.with_reference.share.value == (
                pytest.approx(np.mean(mine)) if mine else None
            )
        else:
            assert rater.with_reference is None


@pytest.mark.slow
@settings(max_examples=40)
@given(JUDGMENTS, st.randoms())
def test_the_order_of_rows_and_of_presentation_leaves_no_trace(rows, random):
    swapped = {"model_a": "model_b", "model_b": "model_a", "tie": "tie"}
    mixed = [
        (j, p, b, a, swapped[w]) if random.random() < 0.5 else (j, p, a, b, w)
        for j, p, a, b, w in random.sample(rows, len(rows))
    ]
    one, other = (agree(frame(part), replicates=50, confidence=0.9) for part in (rows, mixed))
    assert one.to_json() == other.to_json()
    # Names do not matter either, except for the order of the listings.
    names = {"a": "z", "b": "y", "c": "x"}
    renamed = agree(frame([(j, p, names[a], names[b], w) for j, p, a, b, w in rows]), replicates=0)
    value = one.alpha.alpha.value
    assert renamed.alpha.alpha.value == (None if value is None else pytest.approx(value, abs=1e-9))


def test_one_judgment_a_comparison_has_wilsons_interval(three):
    once = three.unique(["judge", "question_id", "model_a", "model_b"]).filter(
        pl.col("model_a") < pl.col("model_b")
    )
    pair = next(p for p in agree(once).pairs if (p.one, p.other) == ("anna", "llm"))
    found = pair.agreement
    assert found.pairs == found.comparisons > 100
    ends = proportion_confint(found.share.value * found.pairs, found.pairs, 0.05, method="wilson")
    assert (found.share.lower, found.share.upper) == pytest.approx(ends, abs=1e-9)


def test_repeated_judgments_do_not_narrow_the_interval():
    random = np.random.default_rng(0)
    rows = [
        (judge, f"p{i}", "a", "b", winner)
        for i in range(100)
        for judge, winner in (("x", "model_a"), ("y", random.choice(["model_a", "model_b"])))
    ]
    once = agree(frame(rows)).raw.micro
    often = agree(frame(rows).with_columns(count=10**9)).raw.micro
    assert often.share.value == once.share.value
    assert often.share.lower == pytest.approx(once.share.lower)
    assert often.share.upper == pytest.approx(once.share.upper)


def test_intervals_cover_where_people_share_comparisons():
    """The judge is constant, half of the comparisons are hard, and six people judge each one."""
    people, comparisons = 6, 80
    unit = np.repeat(np.arange(comparisons), people + 1)
    rater = np.tile(np.arange(people + 1), comparisons)
    reference = np.arange(people + 1) > 0
    covered, naive = [], []
    for seed in range(400):
        random = np.random.default_rng(seed)
        chance = np.where(random.random(comparisons) < 0.5, 0.4, 0.9)[unit]
        same = (rater == 0) | (random.random(len(unit)) < chance)
        said = np.column_stack([same, ~same, np.zeros(len(unit))]).astype(float)
        everybody = Comparisons(unit, rater, said, ("llm", *"abcdef"), comparisons)
        found = Reference.of(everybody, reference).of_rater(0, 0.95)
        covered.append(found.share.lower <= 0.65 <= found.share.upper)
        ends = Estimate.share(found.share.value * found.pairs, found.pairs, 0.95)
        naive.append(ends.lower <= 0.65 <= ends.upper)
    assert 0.92 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < 0.88


def test_boards_of_judges_are_compared_with_each_other_and_the_reference(three):
    report = agree(three, reference=["anna", "ben"])
    boards = humorrank.rate(three, by="judge", bootstrap=0, elo_shuffles=0)
    for pair in report.pairs:
        one, other = (
            boards[judge].table.sort("model")["rating"] for judge in (pair.one, pair.other)
        )
        expected = stats.kendalltau(one, other)
        assert pair.boards.kendall.value == pytest.approx(expected.statistic, abs=1e-8)
        assert pair.boards.kendall.p == pytest.approx(expected.pvalue, abs=1e-8)
        rho = stats.spearmanr(one, other)
        assert pair.boards.spearman.value == pytest.approx(rho.statistic, abs=1e-8)
    llm = report.raters[2]
    people = humorrank.rate(three.filter(pl.col("judge") != "llm"), bootstrap=0, elo_shuffles=0)
    expected = stats.kendalltau(
        boards["llm"].table.sort("model")["rating"], people.table.sort("model")["rating"]
    )
    assert llm.board.kendall.value == pytest.approx(expected.statistic, abs=1e-8)
    assert report.raters[0].board is None
    own = transitivity(three.filter(pl.col("judge") == "llm"))
    assert (llm.transitivity.triples, llm.transitivity.cyclic) == (own.triples, own.cyclic)
    assert report.transitivity == transitivity(three)


def test_alpha_within_the_reference_is_that_of_its_raters(three):
    report = agree(three, reference=["anna", "ben"], replicates=0)
    alone = agree(three.filter(pl.col("judge") != "llm"), replicates=0)
    assert report.reference_alpha == alone.alpha
    assert agree(three, replicates=0).reference_alpha is None


def test_a_judge_without_a_maximum_fails_nobody_else(three):
    rows = frame([("cat", "p0", "m0", "m1", "model_a")])
    columns = rows.columns
    report = agree(pl.concat([three.select(columns), rows]))
    cat = next(rater for rater in report.raters if rater.rater == "cat")
    assert "no maximum" in cat.no_board
    assert cat.rated == 0
    for pair in report.pairs:
        if "cat" in (pair.one, pair.other):
            assert pair.boards is None
            assert pair.no_boards.startswith("cat: no maximum")
        else:
            assert pair.boards is not None
    assert "no board for cat" in report.to_text()
    assert "no maximum" in report.raters_table().filter(pl.col("rater") == "cat")["note"][0]


def test_several_logs_are_raters(three, tmp_path):
    parts = {judge: three.filter(pl.col("judge") == judge) for judge in ("llm", "anna")}
    for judge, part in parts.items():
        part.drop("judge").write_csv(tmp_path / f"{judge}.csv")
    files = [tmp_path / "llm.csv", tmp_path / "anna.csv"]
    found = agree(*files, reference=["anna"], seed=4)
    expected = agree(three.filter(pl.col("judge") != "ben"), reference=["anna"], seed=4)
    assert found.to_json() == expected.to_json()
    named = agree(*files, names=["x", "y"])
    assert [rater.rater for rater in named.raters] == ["x", "y"]
    pooled = agree(files[0], three.filter(pl.col("judge") != "llm"), names=["llm", "people"])
    assert [rater.judgments for rater in pooled.raters] == [900, 1_400]
    assert "the 2 judges of people are treated as one rater" in pooled.notes[0]
    humorrank.tally(files[0], keys=["question_id"]).write(tmp_path / "llm.parquet")
    assert agree(tmp_path / "llm.parquet", files[1], seed=4).alpha == found.alpha
    with pytest.raises(OptionError, match="have the name 'a'"):
        agree(*files, names=["a", "a"])
    with pytest.raises(OptionError, match="2 logs and 1 names"):
        agree(*files, names=["a"])
    with pytest.raises(OptionError, match="need names"):
        agree(parts["llm"], parts["anna"])
    with pytest.raises(OptionError, match="at least one log"):
        agree()


def test_who_is_no_judge_is_no_reference(three):
    with pytest.raises(OptionError, match="no judge 'ana'; did you mean 'anna'"):
        agree(three, reference=["ana"])
    with pytest.raises(OptionError, match="does not name judges"):
        agree(three.drop("judge"), reference=["anna"])
    with pytest.raises(OptionError, match="confidence"):
        agree(three, confidence=1)
    with pytest.raises(InputError):
        agree(three.head(0))


def test_one_rater_alone_is_told_so(three):
    report = agree(three.filter(pl.col("judge") == "llm").drop("question_id"))
    assert any("only one rater" in note for note in report.notes)
    assert any("no prompt" in note for note in report.notes)
    assert report.alpha.alpha.value is None
    assert report.raw.macro is None
    assert report.pairs == ()
    assert report.transitivity.triples > 0
    assert "raw agreement: none" in report.to_text()
    assert report.to_polars().height == 0
    json.loads(report.to_json())


def test_all_ties_and_names_with_odd_characters():
    rows = [(judge, "p", "a\n|b", "c", "tie") for judge in ("x, y", "\x1b[31mred")]
    report = agree(frame(rows))
    assert "all judgments are equal" in report.alpha.note
    assert report.raw.micro.share.value == 1
    assert report.transitivity.share is None
    assert report.pairs[0].boards.kendall.value is None
    assert "\x1b" not in report.to_text()


def test_a_tournaments_store_is_a_log(tmp_path):
    path = made(tmp_path / "T.sqlite", spec_of(4, budget=200), field(4, 60, twins=2))
    finish(path)
    report = agree(tmp_path / "T.sqlite")
    assert report.identical > 0
    assert [rater.rater for rater in report.raters] == ["simulated"]
    assert "identical jokes are left out" in report.to_text()


def test_more_raters_than_boards_are_looked_at(three, monkeypatch):
    monkeypatch.setattr("humorrank.diagnostics.agreement.agree.MOST_BOARDS", 2)
    report = agree(three)
    assert any("2 raters with the most judgments, of 3" in note for note in report.notes)
    ben = next(rater for rater in report.raters if rater.rater == "ben")
    assert ben.transitivity is None
    pair = next(pair for pair in report.pairs if (pair.one, pair.other) == ("anna", "ben"))
    assert pair.boards is None
    assert "other raters made more judgments" in pair.no_boards
    assert pair.agreement is not None


def test_halves_of_real_judgments_agree_as_scipy_says():
    """The 113,638 judgments are dealt to two raters; few texts are on the boards of both."""
    pairs = pl.read_csv(
        shared("data/humor-pairs/pairs.csv"), has_header=False, new_columns=["model_a", "model_b"]
    ).cast(pl.String)
    dealt = np.random.default_rng(0).integers(2, size=pairs.height)
    table = pairs.with_columns(winner=pl.lit("model_a"), judge=pl.Series(dealt).cast(pl.String))
    report = agree(table, replicates=100, confidence=0.9)
    said = {}
    for (one, other), judge in zip(pairs.iter_rows(), dealt.tolist(), strict=True):
        unit = (min(one, other), max(one, other))
        said.setdefault(unit, ([], []))[judge].append(one)
    agreeing = sum(x == y for one, other in said.values() for x in one for y in other)
    both = sum(len(one) * len(other) for one, other in said.values())
    micro = report.raw.micro
    assert (micro.share.value, micro.pairs) == (pytest.approx(agreeing / both), both)
    alpha = report.alpha.alpha
    assert alpha.value - 0.02 < alpha.lower < alpha.value < alpha.upper < alpha.value + 0.02
    assert report.alpha.units == sum(bool(one and other) for one, other in said.values())
    rows = [
        (unit, judge, "low" if won == unit[0] else "high")
        for unit, both_said in said.items()
        for judge, names in enumerate(both_said)
        for won in names
    ]
    plain = krippendorff_alpha(*zip(*rows, strict=True), replicates=0)
    # The numbers of the texts are arbitrary, so the plain alpha is nearly the same.
    assert report.alpha.alpha.value == pytest.approx(plain.alpha.value, abs=1e-3)
