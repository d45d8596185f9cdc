"""Triples and cycles, compared with a count of all triples."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.reference import shared

import humorrank
from humorrank.diagnostics.agreement.triples import transitivity
from humorrank.errors import OptionError

NAMES = "abcdefgh"
LOGS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.sampled_from(["model_a", "model_b", "tie"]),
    ).filter(lambda row: row[0] != row[1]),
    min_size=1,
    max_size=80,
)  # fmt: skip


def frame(rows, **more):
    return pl.DataFrame(rows, ["model_a", "model_b", "winner"], orient="row").with_columns(**more)


def one_by_one(rows):
    """Returns the triples, the tied ones, and the cycles as (narrowest majority, models)."""
    points = {}
    for one, other, winner in rows:
        share = {"model_a": 1, "model_b": 0, "tie": 0.5}[winner]
        for pair, gain in (((one, other), share), ((other, one), 1 - share)):
            points[pair] = points.get(pair, 0) + gain
    triples, tied, cycles = 0, 0, []
    for trio in itertools.combinations(NAMES, 3):
        pairs = list(itertools.combinations(trio, 2))
        if not all(pair in points for pair in pairs):
            continue
        if any(points[a, b] == points[b, a] for a, b in pairs):
            tied += 1
            continue
        triples += 1
        for a, b, c in (trio, (trio[0], trio[2], trio[1])):
            steps = ((a, b), (b, c), (c, a))
            shares = [points[x, y] / (points[x, y] + points[y, x]) for x, y in steps]
            if min(shares) > 0.5:
                cycles.append((-min(shares), trio, (a, b, c), shares))
    return triples, tied, sorted(cycles)


@settings(max_examples=100)
@given(LOGS, st.sampled_from([0, 2, 100]), st.sampled_from([0, 2048]))
def test_it_counts_what_there_is(rows, limit, dense):
    triples, tied, cycles = one_by_one(rows)
    with pytest.MonkeyPatch.context() as patch:
        # Larger fields are enumerated instead of counted by matrices; both must agree.
        patch.setattr("humorrank.diagnostics.agreement.triples.MOST_DENSE", dense)
        found = transitivity(frame(rows), limit=limit)
    assert (found.triples, found.cyclic, found.tied) == (triples, len(cycles), tied)
    assert found.share == (1 - len(cycles) / triples if triples else None)
    assert (found.note is None) == bool(triples)
    assert len(found.cycles) == min(limit, len(cycles))
    for cycle, (_, _, models, shares) in zip(found.cycles, cycles, strict=False):
        assert cycle.models == models
        assert cycle.shares == pytest.approx(shares)


def test_counts_weights_and_soft_scores_are_points():
    log = pl.DataFrame(
        {
            "model_a": ["a", "a", "b", "c"],
            "model_b": ["b", "b", "c", "a"],
            "score": [0.0, 0.9, 0.6, 0.8],
            "count": [3, 1, 1, 1],
            "weight": [0.1, 1, 1, 1],
        }
    )
    found = transitivity(log, score_of="a")
    assert (found.triples, found.cyclic) == (1, 1)
    (cycle,) = found.cycles
    assert cycle.models == ("a", "b", "c")
    assert cycle.shares == pytest.approx((0.9 / 1.3, 0.6, 0.8))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "b", "tie")], "no three contestants have all met"),
        ([("a", "b", "tie"), ("b", "c", "tie"), ("a", "c", "tie")], "have a majority in each"),
    ],
)
def test_without_triples_there_is_no_share(rows, words):
    found = transitivity(frame(rows))
    assert (found.share, found.triples) == (None, 0)
    assert words in found.note
    with pytest.raises(OptionError, match="limit"):
        transitivity(frame(rows), limit=-1)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_thousand_models_are_counted_exactly(seed):
    """A complete tournament has C(n, 3) - sum C(wins, 2) cycles [KB40]."""
    n = 1_000
    low, high = np.triu_indices(n, 1)
    up = np.random.default_rng(seed).random(len(low)) < 0.9
    tally = humorrank.Tally.from_codes(
        None, low.astype(np.uint32), high.astype(np.uint32), (~up).astype(np.uint8)
    )
    wins = np.bincount(np.where(up, low, high), minlength=n)
    triples = n * (n - 1) * (n - 2) // 6
    found = transitivity(tally, limit=0)
    assert found.triples == triples
    assert found.cyclic == triples - int((wins * (wins - 1) // 2).sum())


def test_the_real_judgments_of_4030_texts():
    path = shared("data/humor-pairs/pairs.csv")
    found = transitivity(path)
    pairs = pl.read_csv(path, has_header=False, new_columns=["winner", "loser"]).to_numpy()
    points, near = {}, {}
    for one, other in pairs.tolist():
        points[one, other] = points.get((one, other), 0) + 1
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    triples = cycles = tied = 0
    for a, others in near.items():
        for b, c in itertools.combinations(sorted(x for x in others if x > a), 2):
            if c not in near[b]:
                continue
            gaps = [points.get(s, 0) - points.get(s[::-1], 0) for s in ((a, b), (b, c), (c, a))]
            tied += 0 in gaps
            triples += 0 not in gaps
            cycles += all(gap > 0 for gap in gaps) or all(gap < 0 for gap in gaps)
    assert (found.triples, found.cyclic, found.tied) == (triples, cycles, tied)
    assert triples > 100
