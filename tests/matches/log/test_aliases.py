"""Names that are changed before rating: aliases, and spellings that are merged."""

import polars as pl
import pytest
from support.packed import utf_16_of, zip_of
from typer.testing import CliRunner

import humorrank
from humorrank.cli import app
from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

ROWS = [
    ("GPT-4", "llama", "llama"),
    ("gpt-4", "llama", "gpt-4"),
    ("old", "llama", "old"),
    ("gpt-4", "GPT-4", "GPT-4"),
    ("old", "gpt-4", "tie"),
    ("llama", "phi", "phi"),
]
SCHEMA = ["model_a", "model_b", "winner"]


def frame(rows=ROWS):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def read(rows=ROWS, **options):
    log = MatchLog(frame(rows), reading="winner-name", **options)
    return log, log.to_polars()


def test_names_are_renamed_after_the_winner_is_found():
    log, matches = read(alias={"old": "gpt-4", "GPT-4": "gpt-4"})
    assert matches.rows() == [
        ("gpt-4", "llama", "model_b"),
        ("gpt-4", "llama", "model_a"),
        ("gpt-4", "llama", "model_a"),
        ("llama", "phi", "model_b"),
    ]
    assert log.report.filtered == {"alias": 2}
    assert log.report.read == log.report.rated + 2
    assert log.report.notes == [
        "renamed by alias: 'GPT-4' to 'gpt-4'",
        "renamed by alias: 'old' to 'gpt-4'",
    ]


def test_spellings_are_joined_under_the_first():
    log, matches = read(fold=["case"])
    assert matches["model_a"].to_list() == ["GPT-4", "GPT-4", "old", "old", "llama"]
    assert log.report.filtered == {"fold": 1}
    assert log.report.notes == ["joined by fold: 'GPT-4' and 'gpt-4' as 'GPT-4'"]
    assert humorrank.tally(log).names == ("GPT-4", "llama", "old", "phi")


def test_the_new_name_of_an_alias_is_the_spelling_of_its_contestant():
    log, matches = read(alias={"old": "gpt-4"}, fold=["case"])
    assert set(matches["model_a"]) == {"gpt-4", "llama"}
    assert log.report.filtered == {"alias": 1, "fold": 1}


@pytest.mark.parametrize(
    ("fold", "spellings", "chosen"),
    [
        ("space", (" a  b", "a b"), "a b"),
        ("unicode", ("cafe\u0301", "caf\u00e9"), "caf\u00e9"),
        ("unicode", ("g\u200bpt", "gpt"), "gpt"),
    ],
)
def test_spellings_without_superfluous_characters_come_first(fold, spellings, chosen):
    for one, other in (spellings, spellings[::-1]):
        log, matches = read([(one, "x", one), (other, "x", "x")], fold=[fold])
        assert matches["model_a"].to_list() == [chosen, chosen]
        assert log.report.notes[0].endswith(f" as {chosen!r}")


def test_excluded_names_are_those_after_renaming():
    _, matches = read(alias={"old": "new"}, exclude=["new"], fold=["case"])
    assert "new" not in set(matches["model_a"])
    with pytest.raises(OptionError, match="'old' is renamed to 'new' before"):
        read(alias={"old": "new"}, exclude=["old"])


def test_an_unjudged_spelling_is_not_an_unrated_contestant():
    log, _ = read([*ROWS, ("Phi", "llama", None), ("solo", "llama", None)], fold=["case"])
    assert log.report.unjudged_only == ["solo"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alias": {"Old": "x"}}, "alias: 'Old' does not occur in this log; did you mean 'old'"),
        ({"alias": {"a": "b", "b": "c"}}, "'a' to 'c'"),
        ({"alias": {"old": " x"}}, "begins or ends"),
        ({"alias": {"old": ""}}, "neither blank"),
        ({"alias": {"old": 1}}, "must be text"),
        ({"alias": 1}, "must be a mapping"),
        ({"fold": "case"}, "sequence of 'case'"),
        ({"fold": ["accent"]}, "sequence of 'case'"),
    ],
)
def test_an_impossible_renaming_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        read(**options)


@pytest.mark.parametrize("header", ["", "old,new\n"])
def test_aliases_are_read_from_a_file(header, tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_text(header + "old,gpt-4\nGPT-4,gpt-4\nllama,llama\n")
    expected = read(alias={"old": "gpt-4", "GPT-4": "gpt-4"})[1]
    assert read(alias=path)[1].equals(expected)
    path.write_bytes(zip_of(utf_16_of(path.read_bytes())))
    assert read(alias=path)[1].equals(expected)


def test_aliases_may_be_in_any_format(tmp_path):
    expected = read(alias={"old": "gpt-4", "GPT-4": "gpt-4"})[1]
    aliases = pl.DataFrame({"note": ["x", "y"], "new": ["gpt-4"] * 2, "old": ["old", "GPT-4"]})
    for name in ("write_parquet", "write_ndjson", "write_csv"):
        getattr(aliases, name)(tmp_path / "aliases.csv")
        assert read(alias=tmp_path / "aliases.csv")[1].equals(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n", "row 1: aliases need two columns, old and new"),
        ("a,b\na,c\n", "row 2: 'a' is renamed"),
    ],
)
def test_a_malformed_file_is_refused(text, message, tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        MatchLog(frame(), alias=path)
    with pytest.raises(InputError, match="does not exist"):
        MatchLog(frame(), alias=tmp_path / "none.csv")


def test_the_command_renames(tmp_path):
    frame().write_csv(tmp_path / "log.csv")
    (tmp_path / "aliases.csv").write_text("old,new\nold,GPT-4\n")
    log, out = str(tmp_path / "log.csv"), str(tmp_path / "t.parquet")
    names = ["--alias", str(tmp_path / "aliases.csv"), "--alias", "phi=Phi 2", "--fold", "case"]
    done = CliRunner().invoke(app, ["tally", log, *names, "-o", out])
    assert done.exit_code == 0, done.output
    assert humorrank.Tally.read(out).names == ("GPT-4", "Phi 2", "llama")
    for wrong in (["--alias", "a=b", "--alias", "a=c"], ["--fold", "accent"]):
        assert CliRunner().invoke(app, ["tally", log, *wrong, "-o", out]).exit_code != 0
    with pytest.raises(OptionError, match="applies to the rows of a log"):
        humorrank.tally(out, alias={"phi": "x"})
