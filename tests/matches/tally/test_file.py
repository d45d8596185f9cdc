"""The file of a tally: its contents, invalid files, and how it is written."""

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, settings

import humorrank
from humorrank import InputError, OptionError, Tally
from humorrank._util.atomic import replacing
from humorrank.matches.kinds import TALLY_METADATA

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


def rewritten(path, frame=None, **about):
    """Rewrites the file with different cells or different metadata."""
    metadata = json.loads(pl.read_parquet_metadata(path)[TALLY_METADATA]) | about
    frame = pl.read_parquet(path) if frame is None else frame
    frame.write_parquet(path, metadata={TALLY_METADATA: json.dumps(metadata)})


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "t.parquet"
    humorrank.tally(LOG, keys=["judge"]).write(path)
    return path


def test_the_file_is_a_plain_table(file):
    frame = pl.read_parquet(file)
    assert dict(frame.schema) == {
        "judge": pl.String,
        "model_a": pl.String,
        "model_b": pl.String,
        "outcome": pl.String,
        "score": pl.Float64,
        "weight": pl.Float64,
        "count": pl.UInt64,
    }
    assert frame["count"].sum() == 5
    about = json.loads(pl.read_parquet_metadata(file)[TALLY_METADATA])
    assert (about["schema"], about["version"]) == (1, humorrank.__version__)
    assert (about["keys"], about["cells"], about["matches"]) == (["judge"], 5, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.lit(-1).alias("count"), r"row 1, column 'count': -1 is not a count"),
        (pl.lit(0).alias("count"), r"row 1, column 'count': 0 is not a count"),
        (pl.lit(1.5).alias("count"), r"row 1, column 'count': 1.5 is not a count"),
        (pl.lit("model_c").alias("outcome"), r"'model_c' is not one of model_a, model_b, tie"),
        (pl.col("model_a").alias("model_b"), r"column 'model_b': '.*' is a model against itself"),
        (pl.lit(0.3).alias("score"), r"column 'score': 0.3 does not match its outcome"),
        (pl.lit(-1.0).alias("weight"), r"column 'weight': -1.0 is not a weight"),
        (pl.lit(float("nan")).alias("weight"), r"column 'weight': nan is not a weight"),
        (pl.lit(None, pl.String).alias("model_a"), r"column 'model_a': None is missing"),
        (pl.lit(7).alias("model_a"), r"damaged tally: column 'model_a' contains Int32, not text"),
        (pl.lit("1").alias("count"), r"damaged tally: column 'count' contains String, not numbers"),
        (pl.col("count") + 1, r"damaged tally: contains 10 matches in 5 cells, but 5 in 5"),
    ],
)
def test_a_file_with_invalid_contents_is_refused(file, change, message):
    rewritten(file, pl.read_parquet(file).with_columns(change))
    with pytest.raises(InputError, match=message):
        Tally.read(file)
    with pytest.raises(InputError, match=message):
        humorrank.rate(file)


def test_duplicate_and_missing_cells_are_detected(file):
    frame = pl.read_parquet(file)
    rewritten(file, pl.concat([frame, frame[:1]]))
    with pytest.raises(InputError, match="belongs to a cell that occurs twice"):
        Tally.read(file)
    rewritten(file, frame[1:])
    with pytest.raises(InputError, match="contains 4 matches in 4 cells, but 5 in 5 were written"):
        Tally.read(file)
    rewritten(file, frame.drop("weight"))
    with pytest.raises(InputError, match="damaged tally: has the columns"):
        Tally.read(file)


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"schema": 2}, r"tally of format 2, .* reads formats up to 1: upgrade it"),
        ({"schema": "x"}, "its metadata is malformed"),
        ({"keys": "judge"}, "its metadata is malformed"),
        ({"report": {"read": "many"}}, "malformed 'read'"),
        ({"report": {"read": -1}}, "negative 'read'"),
        ({"report": {"unknown": 1}}, "report on reading is malformed"),
    ],
)
def test_invalid_metadata_are_refused(file, about, message):
    rewritten(file, **about)
    with pytest.raises(InputError, match=message):
        humorrank.rate(file)


def test_damaged_and_other_files_are_not_tallies(file, tmp_path):
    whole = file.read_bytes()
    for size in (0, 3, 40, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"t\.parquet"):
            Tally.read(file)
    LOG.write_parquet(file)
    with pytest.raises(InputError, match=r"is not a tally: .*humorrank tally LOG"):
        Tally.read(file)
    with pytest.raises(InputError, match="does not exist"):
        Tally.read(tmp_path / "absent.parquet")


@pytest.mark.slow
def test_a_broken_byte_is_an_error_or_keeps_the_number_of_matches(file):
    refused = 0
    whole = bytearray(file.read_bytes())
    for at in range(4, len(whole) - 1500, 7):
        broken = bytearray(whole)
        broken[at] ^= 0xFF
        file.write_bytes(broken)
        try:
            read = Tally.read(file)
        except InputError:
            refused += 1
        else:
            assert read.matches == 5
    assert refused


def test_writing_replaces_a_file_completely_or_not_at_all(file, monkeypatch):
    before = file.read_bytes()

    def half(frame, file, **_):
        file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pl.DataFrame, "write_parquet", half)
        with pytest.raises(KeyboardInterrupt):
            humorrank.tally(LOG).write(file)
    with pytest.raises(KeyboardInterrupt), replacing(file) as opened:
        half(None, opened)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]
    with pytest.raises(OptionError, match="cannot be written"):
        humorrank.tally(LOG).write(file.parent / "no" / "t.parquet")


def test_links_and_permissions_are_kept(file):
    file.chmod(0o640)
    link = file.parent / "link.parquet"
    link.symlink_to(file.name)
    tally = humorrank.tally(LOG[:1])
    tally.write(link)
    assert link.is_symlink()
    assert Tally.read(file) == tally
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(file.parent.iterdir()) == sorted([file, link])


def test_keys_that_are_not_requested_do_not_matter(file, tmp_path):
    humorrank.tally(LOG).write(tmp_path / "plain.parquet")
    board = humorrank.rate([file, tmp_path / "plain.parquet"], prior=1)
    assert board.counts["rated"] == 10
    assert humorrank.tally(file).keys == ("judge",)
    assert humorrank.tally(file, keys=()).keys == ()


def test_a_pattern_that_matches_tallies_and_logs_is_refused(file, tmp_path):
    LOG.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(InputError, match=r"both tallies \(.*t\.parquet\) and logs .*counted twice"):
        humorrank.rate(str(tmp_path / "*.parquet"))


def test_files_add_up_with_logs_and_each_other(file, tmp_path):
    log = tmp_path / "today.csv"
    LOG.write_csv(log)
    twice = humorrank.tally(LOG, keys=["judge"]) + humorrank.tally(LOG, keys=["judge"])
    assert humorrank.tally([file, file], keys=["judge"]) == twice
    assert humorrank.tally([file, log], keys=["judge"]) == twice
    assert humorrank.tally(str(tmp_path / "t*.parquet"), keys=["judge"]).matches == 5
    assert humorrank.rate([file, log], prior=1).counts["rated"] == 10
