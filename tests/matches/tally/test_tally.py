"""Tallies are exact and additive, can be stored, and report what they do not contain."""

import random
from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.grouped import NAMES, bits, frame_of, rows

import humorrank
from humorrank import InputError, OptionError, Tally

few = settings(max_examples=30, suppress_health_check=list(HealthCheck))

LOG = pl.DataFrame(
    {
        "model_a": ["pun", "irony", "pun", "wit", "wit", "irony"],
        "model_b": ["irony", "pun", "wit", "pun", "irony", "wit"],
        "winner": ["model_a", "model_a", "tie", "model_a", "model_b", None],
        "judge": ["x", "y", "x", "", "y", "y"],
        "question_id": [1, 2, 1, 2, 1, 2],
    }
)


def brute(frame, keys=()):
    """Returns the cells of a log, counted by polars."""
    outcome = {"model_a": 0, "model_b": 1, "tie": 2, "tie (bothbad)": 3}
    judged = frame.filter(pl.col("winner").is_not_null())
    cells = judged.with_columns(pl.col("winner").replace_strict(outcome))
    by = [*keys, "model_a", "model_b", "winner", "weight"]
    counted = cells.group_by(by).agg(pl.col("count").sum())
    return sorted(map(tuple, counted.select(*by, "count").rows()), key=repr)


def found(tally):
    code = {"model_a": 0, "model_b": 1, "tie": 2, "both_bad": 3}
    frame = tally.to_polars().with_columns(pl.col("outcome").replace_strict(code))
    return sorted(map(tuple, frame.drop("score").rows()), key=repr)


# Counting -----------------------------------------------------------------------------------


@few
@given(rows, st.sampled_from([(), ("judge",), ("prompt", "judge")]))
def test_cells_match_the_counts_of_a_group_by(rows, keys):
    frame = frame_of(rows)
    tally = humorrank.tally(frame, keys=keys)
    key_columns = [*keys, "model_a", "model_b", "outcome", "score", "weight", "count"]
    assert tally.to_polars().columns == key_columns
    assert found(tally) == brute(frame, keys)
    assert tally.matches == sum(row[-1] for row in found(tally))


@pytest.mark.slow
@few
@given(rows, st.randoms(use_true_random=False), st.integers(0, 60))
def test_order_splits_files_and_threads_do_not_matter(tmp_path_factory, rows, r, cut):
    frame = frame_of(rows)
    options = {"prior": 0.5, "bootstrap": 40, "elo_shuffles": 2, "seed": 3}
    expected = bits(humorrank.rate(frame, **options))
    whole = humorrank.tally(frame, keys=["judge"])
    shuffled = list(range(len(frame)))
    r.shuffle(shuffled)
    again = humorrank.tally(frame[shuffled], keys=["judge"])
    assert again == whole
    path = tmp_path_factory.mktemp("tally") / "t.parquet"
    whole.write(path)
    assert Tally.read(path) == whole
    for threads in (1, 2, 8):
        assert bits(humorrank.rate(path, threads=threads, **options)) == expected
    assert bits(humorrank.rate(again, **options)) == expected
    parts = [part for part in (frame[:cut], frame[cut:]) if part["winner"].count()]
    tallies = [humorrank.tally(part, keys=["judge"]) for part in parts]
    summed = tallies[0] if len(tallies) == 1 else tallies[0] + tallies[1]
    assert summed == whole
    assert bits(humorrank.rate(summed, **options)) == expected


@few
@given(rows, rows, st.sampled_from([(), ("judge",)]))
def test_merged_tallies_can_be_subtracted(rows, more, keys):
    one, two = (humorrank.tally(frame_of(part), keys=keys) for part in (rows, more))
    assert one + two == two + one
    assert (one + two) - two == one
    assert one.project(()) == humorrank.tally(frame_of(rows))


shares = st.lists(
    st.tuples(
        st.permutations(NAMES[:4]).map(lambda names: names[:2]),
        st.sampled_from([0.0, 0.25, 0.5, 1 / 3, 1.0]),
        st.sampled_from([1.0, 0.3, 2.5]),
        st.sampled_from([1, 2, 2**33 + 1]),
        st.sampled_from(["ann", "bob", None]),
    ),
    min_size=1,
    max_size=30,
)


@settings(few, max_examples=5)
@given(shares, st.randoms(use_true_random=False), st.integers(0, 30), st.booleans())
def test_shares_weights_and_large_counts_give_the_same_board(
    tmp_path_factory, rows, r, cut, with_keys
):
    schema = ["model_a", "model_b", "score", "weight", "count", "judge"]
    plain = [(*pair, score, weight, n, judge) for pair, score, weight, n, judge in rows]
    # Every contestant has beaten every other one, so a maximum exists.
    plain += [(*pair, 1.0, 1.0, 2**33 + 1, "ann") for pair in permutations(NAMES[:4], 2)]
    frame = pl.DataFrame(plain, schema=schema, orient="row")
    reading = {"score_of": "a"}
    options = {"bootstrap": 40, "elo_shuffles": 0, "seed": 3}
    expected = bits(humorrank.rate(frame, **options, **reading))

    def counted(part):
        return humorrank.tally(part, keys=["judge"] if with_keys else None, **reading)

    whole = counted(frame)
    path = tmp_path_factory.mktemp("tally") / "t.parquet"
    (whole + whole).subtract(whole).write(path)
    shuffled = list(range(len(frame)))
    r.shuffle(shuffled)
    parts = [part for part in (frame[:cut], frame[cut:]) if len(part)]
    merged = [counted(part) for part in parts]
    total = merged[-1] if len(merged) == 1 else merged[-1].merge(merged[0])
    for threads, matches in ((1, path), (2, counted(frame[shuffled])), (8, total)):
        assert bits(humorrank.rate(matches, threads=threads, **options)) == expected
    if with_keys:
        boards = bits(humorrank.rate(frame, by="judge", **options, **reading))
        for matches in (total, path):
            assert bits(humorrank.rate(matches, by="judge", **options)) == boards


def test_soft_outcomes_are_separate_cells():
    frame = pl.DataFrame(
        {"model_a": ["a", "b", "a"], "model_b": ["b", "a", "b"], "score": [0.25, 1.0, 0.25]}
    )
    tally = humorrank.tally(frame, score_of="a")
    cells = tally.to_polars().select("outcome", "score", "count").rows()
    assert sorted(cells) == [("model_a", 1.0, 1), ("soft", 0.25, 2)]


def test_counts_are_exact_beyond_32_and_53_bits(tmp_path):
    many = 2**60 + 1
    keys = {"judge": (["x"], [0, 0])}
    for extra in ({}, {"keys": keys}):
        tally = Tally.from_codes(["a", "b"], [0, 1], [1, 0], [0, 0], count=[many, 2**33], **extra)
        assert (tally + tally).matches == 2 * (many + 2**33)
        tally.write(tmp_path / "t.parquet")
        assert Tally.read(tmp_path / "t.parquet") == tally
        assert sorted(tally.to_polars()["count"]) == [2**33, many]
        with pytest.raises(InputError, match=r"2\^64"):
            for _ in range(5):
                tally = tally + tally
            humorrank.rate(tally)


def test_keys_are_columns_or_roles_and_missing_values_form_a_group():
    tally = humorrank.tally(LOG, keys=["judge", "prompt"])
    groups = tally.to_polars().select("judge", "prompt").unique().rows()
    assert set(groups) == {("x", "1"), ("y", "2"), ("y", "1"), (None, "2")}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (["language"], "no column 'language'.*columns: model_a"),
        (["jugde"], "did you mean 'judge'"),
        (["judge", "judge"], "given twice"),
        (["outcome"], "the result already has a column of that name"),
        ("judge", "sequence of columns"),
    ],
)
def test_invalid_keys_are_refused(keys, message):
    with pytest.raises(OptionError, match=message):
        humorrank.tally(LOG, keys=keys)


@pytest.mark.parametrize("winners", ["tie", None], ids=["plain", "with rows left out"])
@pytest.mark.parametrize("keys", [["judge"], ["prompt", "judge"], ["judge", "flag"]])
def test_keys_are_the_same_from_every_source(tmp_path, keys, winners):
    rows = 3_000
    codes = np.random.default_rng(1)
    first = codes.integers(9, size=rows)
    frame = pl.DataFrame(
        {
            "model_a": [f"m{i}" for i in first],
            "model_b": [f"m{i}" for i in (first + codes.integers(1, 9, size=rows)) % 9],
            "winner": [["model_a", "model_b", winners][i] for i in codes.integers(3, size=rows)],
            "judge": [["x", "y", "", None][i] for i in codes.integers(4, size=rows)],
            "prompt": codes.integers(0, 50, size=rows),
            "flag": codes.random(rows) < 0.5,
        }
    )
    expected = humorrank.tally(frame.rows(named=True), keys=keys)
    frame.write_parquet(tmp_path / "log.parquet")
    frame.write_csv(tmp_path / "log.csv")
    categories = frame.with_columns(pl.col("judge").cast(pl.Categorical))
    sources = [frame, frame.lazy(), categories, tmp_path / "log.parquet", tmp_path / "log.csv"]
    for source in sources:
        assert humorrank.tally(source, keys=keys) == expected
        assert humorrank.tally(source, keys=keys, where="model_a <> ''") == expected


# Codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint32, np.int64, np.int16, list])
def test_codes_give_the_same_tally_as_names(dtype):
    r = random.Random(1)
    names = ["wit", "10", "9", "pun"]
    pairs = [r.sample(range(4), 2) for _ in range(500)]
    how = [r.randrange(4) for _ in pairs]
    first, second = ([pair[i] for pair in pairs] for i in (0, 1))
    judges = [r.randrange(3) for _ in pairs]
    if dtype is not list:
        first, second = np.array(first, dtype), np.array(second, dtype)
    words = ["model_a", "model_b", "tie", "both_bad"]
    log = pl.DataFrame(
        {
            "model_a": [names[a] for a, _ in pairs],
            "model_b": [names[b] for _, b in pairs],
            "winner": [words[i] for i in how],
            "judge": [["z", "x", "y"][i] for i in judges],
        }
    )
    assert Tally.from_codes(names, first, second, how) == humorrank.tally(log)
    keyed = Tally.from_codes(names, first, second, how, keys={"judge": (["z", "x", "y"], judges)})
    assert keyed == humorrank.tally(log, keys=["judge"])
    unnamed = Tally.from_codes(None, first, second, how)
    assert unnamed.names == ("0", "1", "2", "3")


def test_codes_without_names_are_in_the_order_of_their_text():
    first = np.arange(11, dtype=np.uint32)
    tally = Tally.from_codes(None, first, (first + 1) % 11, np.zeros(11, np.uint8))
    assert tally.names == tuple(sorted(map(str, range(11))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"first": [0, 2]}, r"'first': contains 2 in row 1 .*0 to 1"),
        ({"second": [1, -1]}, r"'second': contains -1 in row 1"),
        ({"second": [1, 1]}, r"'b' plays against itself"),
        ({"outcome": [0, 4]}, r"'outcome': contains 4 in row 1 .*0, 1, 2 or 3"),
        ({"outcome": [0, 256]}, r"'outcome': contains 256"),
        ({"first": [0.0, 1.0]}, r"'first': must be whole numbers, not float64"),
        ({"first": [0, 1, 0]}, r"'second': must be a column of 3"),
        ({"count": [1, -2]}, r"'count': contains -2"),
        ({"names": ["a", "a"]}, r"names contains 'a' twice"),
        ({"names": ["a", 1]}, r"names must be text"),
        ({"names": ["a", "\udc80"]}, r"text that can be encoded as UTF-8, not '\\udc80'"),
        ({"first": [], "second": [], "outcome": []}, "there are no matches"),
        ({"keys": {"judge": (["x"], [0, 1])}}, r"'judge': contains 1 in row 1"),
        ({"keys": {"judge": (["x"], [0])}}, r"'judge': must be a column of 2"),
        ({"names": None, "first": [0, 2**31]}, r"below 1,073,741,824"),
    ],
)
@pytest.mark.parametrize("keyed", [False, True])
def test_invalid_codes_are_refused(change, message, keyed):
    columns = {"names": ["a", "b"], "first": [0, 1], "second": [1, 0], "outcome": [0, 1]} | change
    if keyed and "keys" not in columns:
        length = len(columns["first"])
        columns["keys"] = {"judge": (["x"], [0] * length)}
    with pytest.raises(InputError, match=message):
        Tally.from_codes(**columns)


# Addition and subtraction -------------------------------------------------------------------


def test_reports_are_added_and_subtracted(tmp_path):
    one, two = humorrank.tally(LOG), humorrank.tally(LOG[3:])
    total = one + two
    assert (total.report.read, total.report.unjudged) == (9, 2)
    total.write(tmp_path / "t.parquet")
    board = humorrank.rate(tmp_path / "t.parquet", prior=1)
    assert (board.counts["read"], board.counts["unjudged"], board.counts["rated"]) == (9, 2, 7)
    assert "2 rows have no outcome and are not rated" in board.warnings
    left = total - two
    assert left.report == one.report
    codes = Tally.from_codes(["pun", "wit"], [0], [1], [2])
    assert ((one + codes).report.read, (one + codes).report.ties) == (7, 2)


def test_a_board_from_a_tally_equals_one_from_the_log(tmp_path):
    path = tmp_path / "t.parquet"
    humorrank.tally(LOG).write(path)
    one, two = (humorrank.rate(source, prior=1).to_dict() for source in (LOG, path))
    assert one == two


def test_names_with_matches_in_another_tally_are_no_longer_unjudged_only():
    absent = pl.DataFrame({"model_a": ["pun", "pun"], "model_b": ["wit", "new"]})
    one = humorrank.tally(absent.with_columns(winner=pl.Series(["tie", None])))
    two = humorrank.tally(absent.with_columns(winner=pl.Series(["tie", "model_a"])))
    assert one.report.unjudged_only == ["new"]
    assert (one + two).report.unjudged_only == []


def test_subtracting_missing_matches_reports_them():
    day, other = humorrank.tally(LOG[:2]), humorrank.tally(LOG[:1])
    with pytest.raises(InputError, match=r"'irony' shown before 'pun', outcome model_a: 1 .* 0 "):
        other.subtract(day)
    keyed, less = (humorrank.tally(part, keys=["judge"]) for part in (LOG[:2], LOG[:1]))
    with pytest.raises(
        InputError, match=r"judge 'y': 'irony' shown before 'pun'.* only 0 in the tally"
    ):
        less - keyed
    assert less == humorrank.tally(LOG[:1], keys=["judge"])


def test_tallies_with_different_keys_cannot_be_added():
    with pytest.raises(
        OptionError, match=r"keys of two tallies differ: \(judge\) and \(\).* --keys ''"
    ):
        humorrank.tally(LOG, keys=["judge"]) + humorrank.tally(LOG)


# What a tally does not keep -----------------------------------------------------------------


def test_an_error_about_missing_data_says_how_to_get_them(tmp_path):
    path = tmp_path / "t.parquet"
    tally = humorrank.tally(LOG, keys=["judge"])
    tally.write(path)
    for source in (tally, path, str(path), [path]):
        with pytest.raises(OptionError, match=r"no key 'language' .*--keys judge,language"):
            humorrank.rate(source, by="language")
        with pytest.raises(OptionError, match="does not keep the order of the matches: replay"):
            humorrank.replay_elo(source)
        with pytest.raises(
            OptionError, match=r"columns \(--columns\) applies to the rows of a log"
        ):
            humorrank.rate(source, columns={"model_a": "left"})
        with pytest.raises(OptionError, match="by must name at least one column"):
            humorrank.rate(source, by=[])
        with pytest.raises(OptionError, match=r"humorrank tally LOG --where \.\.\."):
            humorrank.tally(source, where="judge = 'x'")


# The file -----------------------------------------------------------------------------------


def test_options_of_an_opened_log_cannot_be_set_again():
    log = humorrank.MatchLog(LOG)
    with pytest.raises(OptionError, match=r"where must be set when the log is opened: MatchLog"):
        humorrank.tally(log, where="judge = 'x'")
    assert humorrank.tally(log).matches == 5


def test_more_contestants_than_one_block_are_counted_and_rated():
    n = 40_000
    names = [f"{code:05}" for code in range(n)]
    first = np.arange(n, dtype=np.uint32)
    second = np.roll(first, 1)
    outcome = np.zeros(n, np.uint8)
    tally = Tally.from_codes(names, first, second, outcome)
    assert tally.matches == n
    assert tally == Tally.from_codes(names, first[::-1], second[::-1], outcome)
    board = humorrank.rate(tally, bootstrap=0, elo_shuffles=0)
    assert np.allclose(board.to_polars()["rating"], 1000)
    second[7] = 7
    with pytest.raises(InputError, match="itself"):
        Tally.from_codes(names, first, second, outcome)


@pytest.mark.parametrize("contestants", [3, 1_100])
def test_counts_beyond_64_bits_are_an_input_error(contestants):
    names = [f"{i:05}" for i in range(contestants)]
    first = np.arange(contestants)
    columns = [np.append(column, 0) for column in (first, (first + 1) % contestants)]
    columns[1][-1] = 1
    count = np.append(np.ones(contestants, np.uint64), np.uint64(2**64 - 1))
    outcome = np.zeros(contestants + 1, np.uint8)
    with pytest.raises(InputError, match="more than 2\\^64 - 1"):
        Tally.from_codes(names, *columns, outcome, count)
    # Each cell fits into 64 bits, but their sum does not.
    outcome[-1] = 1
    with pytest.raises(InputError, match="more than 2\\^64 - 1"):
        Tally.from_codes(names, *columns, outcome, count)
