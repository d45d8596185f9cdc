"""Columns may be fields inside objects, which are named by paths with dots."""

import gzip
import io
import json
import sys
from collections import Counter

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import humorrank
from humorrank.errors import HumorRankError, InputError

ROLES = {"model_a": "sides.first", "model_b": "sides.second", "winner": "verdict.word"}
WORDS = ("model_a", "model_b", "model_b", "tie")
LOG = [
    {
        "sides": {"first": "pun", "second": ("irony", "farce")[i % 2]},
        "verdict": {"word": WORDS[i % 4], "by": {"judge": f"j{i % 5}", "sure": 0.5 + i % 2}},
        "meta": {"lang": ("en", "de", None)[i % 3], "counts": {"h1": i, "h2": 2}},
        "meta.turn": i % 2,
        "plain": "text",
    }
    for i in range(24)
]
LOG[5]["meta"] = None


def as_lazy(path):
    pl.DataFrame(LOG).write_parquet(path)
    return pl.scan_parquet(path)


def of_arrow_dtype():
    table = pl.DataFrame(LOG).to_arrow()
    return pd.DataFrame(
        {name: pd.array(table[name], dtype=pd.ArrowDtype(table[name].type)) for name in LOG[0]}
    )


SOURCES = {
    "jsonl": lambda path: path.write_text("\n".join(map(json.dumps, LOG))) and path,
    "json": lambda path: path.write_text(json.dumps(LOG)) and path,
    "parquet": lambda path: pl.DataFrame(LOG).write_parquet(path) or path,
    "arrow": lambda path: pl.DataFrame(LOG).write_ipc(path) or path,
    "arrow stream": lambda path: pl.DataFrame(LOG).write_ipc_stream(path) or path,
    "polars": lambda _: pl.DataFrame(LOG),
    "polars objects": lambda _: pl.DataFrame(
        [pl.Series(name, [row[name] for row in LOG], dtype=pl.Object) for name in LOG[0]]
    ),
    "lazy": as_lazy,
    "pyarrow": lambda _: pl.DataFrame(LOG).to_arrow(),
    "pandas": lambda _: pd.DataFrame(LOG),
    "pandas with arrow": lambda _: of_arrow_dtype(),
    "dictionaries": lambda _: LOG,
    "columns": lambda _: {name: [row[name] for row in LOG] for name in LOG[0]},
}


@pytest.fixture(params=SOURCES)
def source(request, tmp_path):
    """Returns the log as a file, a frame or a list of each kind."""
    return SOURCES[request.param](tmp_path / "log")


def test_every_option_that_names_a_column_takes_a_path(source):
    log = humorrank.MatchLog(
        source,
        columns={**ROLES, "weight": "verdict.by.sure", "judge": "verdict.by.judge"},
        where="meta.lang = 'en' AND meta.counts.h1 > 3",
        exclude=["farce"],
        keep=["meta.counts.h1"],
    )
    wanted = [
        row
        for row in LOG
        if row["meta"]
        and row["meta"]["lang"] == "en"
        and row["meta"]["counts"]["h1"] > 3
        and row["sides"]["second"] != "farce"
    ]
    found = log.to_polars()
    assert found["model_b"].to_list() == ["irony"] * len(wanted) != []
    assert found["winner"].to_list() == [row["verdict"]["word"] for row in wanted]
    assert found["weight"].to_list() == [row["verdict"]["by"]["sure"] for row in wanted]
    assert found["judge"].to_list() == [row["verdict"]["by"]["judge"] for row in wanted]
    assert found["meta.counts.h1"].to_list() == [row["meta"]["counts"]["h1"] for row in wanted]


def test_keys_groups_and_clusters_take_a_path(source):
    tally = humorrank.tally(source, columns=ROLES, keys=["meta.lang", "verdict.by.judge"])
    counts = tally.to_polars().group_by("meta.lang").agg(pl.col("count").sum())
    languages = [row["meta"]["lang"] if row["meta"] else None for row in LOG]
    assert dict(counts.iter_rows()) == {name: languages.count(name) for name in set(languages)}
    options = {"columns": ROLES, "prior": 1, "bootstrap": 0, "elo_shuffles": 0}
    boards = humorrank.rate(source, by="verdict.by.judge", **options)
    assert list(boards) == ["j0", "j1", "j2", "j3", "j4"]
    board = humorrank.rate(source, cluster="verdict.by.judge", interval="sandwich", **options)
    flat = [
        {
            "model_a": row["sides"]["first"],
            "model_b": row["sides"]["second"],
            "winner": row["verdict"]["word"],
            "judge": row["verdict"]["by"]["judge"],
        }
        for row in LOG
    ]
    same = humorrank.rate(flat, cluster="judge", interval="sandwich", **options | {"columns": None})
    assert board.rows == same.rows


def test_labels_that_are_objects_have_one_spelling_in_every_format(source):
    counts = humorrank.tally(source, columns=ROLES, keys=["meta", "verdict.by"]).to_polars()
    for name, values in (
        ("meta", [row["meta"] for row in LOG]),
        ("verdict.by", [row["verdict"]["by"] for row in LOG]),
    ):
        wanted = Counter(
            value and json.dumps({k: value[k] for k in sorted(value) if value[k] is not None})
            for value in values
        )
        found = counts.group_by(name).agg(pl.col("count").sum())
        assert dict(found.iter_rows()) == wanted


def test_labels_that_are_lists_have_one_spelling_in_every_format():
    rows = [
        {"model_a": "a", "model_b": "b", "winner": "tie", "judge": judge}
        for judge in (["gpt-4", "pär"], None, ["gpt-4", "pär"], ["x", None])
    ]
    frame = pl.DataFrame(rows)
    for source in (rows, frame, frame.to_pandas(), frame.to_arrow()):
        counts = dict(
            humorrank.tally(source, keys=["judge"]).to_polars().select("judge", "count").iter_rows()
        )
        assert counts == {'["gpt-4", "pär"]': 2, '["x", null]': 1, None: 1}
        kept = humorrank.MatchLog(source).to_polars()["judge"].to_list()
        assert kept[:2] == ['["gpt-4", "pär"]', None]


def test_a_column_whose_name_contains_the_dot_comes_first(source):
    tally = humorrank.tally(source, columns=ROLES, keys=["meta.turn"])
    assert sorted(tally.to_polars()["meta.turn"].unique()) == ["0", "1"]
    for condition in ("meta.turn = 1", '"meta.turn" = 1'):
        log = humorrank.MatchLog(source, columns=ROLES, where=condition)
        assert log.to_polars().height == 12


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"columns": {**ROLES, "judge": "verdict.by.jugde"}}, r"'verdict\.by' have no field 'jugde'"
         r" \(fields: judge, sure; did you mean 'judge'\?\)"),
        ({"columns": {**ROLES, "judge": "verdict.who.judge"}}, r"'verdict' have no field 'who' "
         r"\(fields: word, by\)"),
        ({"columns": {**ROLES, "judge": "verdict.word.judge"}}, "word' holds no objects"),
        ({"columns": {**ROLES, "judge": "plain.judge"}}, r"'plain' holds no objects"),
        ({"columns": {**ROLES, "judge": "other.judge"}}, r"no column 'other\.judge'"),
        ({"columns": {**ROLES, "judge": "sure"}}, r"did you mean 'verdict\.by\.sure'\?"),
        ({"columns": ROLES, "keys": ["lang"]}, r"did you mean 'meta\.lang'\?"),
        ({"columns": ROLES, "where": "meta.language = 'en'"}, r"'meta' have no field 'language'"),
        ({"columns": ROLES, "keys": ["meta.counts.h3"]}, r"'meta\.counts' have no field 'h3' "
         r"\(fields: h1, h2"),
    ],
)  # fmt: skip
def test_a_path_that_does_not_exist_is_refused_with_the_fields_that_do(source, options, error):
    with pytest.raises(HumorRankError, match=error):
        humorrank.tally(source, **options)


def test_fields_are_read_from_a_pipe(monkeypatch):
    text = "\n".join(map(json.dumps, LOG))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    tally = humorrank.tally("-", columns=ROLES, keys=["meta.lang"])
    assert sum(tally.to_polars()["count"]) == 24


def late(rows):
    """Returns matches of which only the last has the field meta.lang."""
    first = {"model_a": "a", "model_b": "b", "winner": "tie", "meta": {"id": 1}}
    return [*[first] * (rows - 1), first | {"meta": {"id": 2, "lang": "en"}}]


def test_a_field_that_occurs_late_is_found_in_a_file_and_refused_in_a_pipe(tmp_path, monkeypatch):
    path = tmp_path / "late.jsonl"
    text = "\n".join(map(json.dumps, late(1_200)))
    path.write_text(text)
    for source in (path, late(1_200)):
        log = humorrank.MatchLog(source, where="meta.lang = 'en'")
        assert (log.to_polars().height, log.report.rows) == (1, 1_200)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    with pytest.raises(InputError, match=r"'meta' have no field 'lang'.*only the first 1,000 rows"):
        humorrank.tally("-", where="meta.lang = 'en'")


@pytest.mark.skipif(not hasattr(pl, "Map"), reason="this version of polars has no maps")
def test_the_keys_of_a_map_are_fields(tmp_path):
    kind = pa.map_(pa.string(), pa.int64())
    columns = {"model_a": ["x"] * 1_200, "model_b": ["y"] * 1_200, "winner": ["tie"] * 1_200}
    maps = [[("h1", 1)], [("h1", 1), ("h2", 2)]] * 599 + [[("h1", 1)], [("late", 3)]]
    table = pa.table(columns | {"meta": pa.array(maps, kind)})
    pq.write_table(table, tmp_path / "log.parquet")
    for source in (table, tmp_path / "log.parquet"):
        counts = humorrank.tally(source, keys=["meta.h2", "meta.late"]).to_polars()
        found = counts.group_by("meta.h2", "meta.late").agg(pl.col("count").sum())
        assert sorted(found.iter_rows(), key=str) == [
            ("2", None, 599),
            (None, "3", 1),
            (None, None, 600),
        ]


def test_a_pipe_is_not_consumed_by_the_search_for_a_field(monkeypatch):
    text = "\n".join(map(json.dumps, late(1_200))).encode()
    empty = "model_a,model_b,winner,meta\n" + "a,b,tie,\n" * 1_200
    for content, error in (
        (gzip.compress(text), r"have no field 'lang'.*only the first 1,000 rows"),
        (gzip.compress(empty.encode()), "'meta' holds no objects"),
    ):
        piped = io.BytesIO(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(piped))
        with pytest.raises(InputError, match=error):
            humorrank.tally("-", where="meta.lang = 'en'")


def test_a_key_of_a_field_that_occurs_twice_is_refused(tmp_path):
    path = tmp_path / "log.jsonl"
    row = '{"model_a": "a", "model_b": "b", "winner": "tie", "meta": {"lang": "en"%s}}\n'
    path.write_text(row % "" + row % ', "lang": "de"')
    with pytest.raises(InputError, match="the key 'lang' twice") as caught:
        humorrank.tally(path, keys=["meta.lang"])
    assert caught.value.row == 2
    assert humorrank.tally(path).report.rated == 2


def test_a_value_that_is_no_object_is_refused_with_its_row(tmp_path):
    rows = [dict(row, meta=dict(row["meta"] or {}, id=1)) for row in LOG]
    rows[7]["meta"] = "none"
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    for source, file in ((path, str(path)), (rows, "dictionaries")):
        with pytest.raises(InputError, match="'none' is not an object") as caught:
            humorrank.tally(source, columns=ROLES, keys=["meta.lang"])
        assert (caught.value.file, caught.value.row, caught.value.column) == (file, 8, "meta")


def test_names_in_double_quotes_and_text_in_conditions_keep_their_dots():
    rows = [
        {"model_a": "a", "model_b": "b", "winner": "tie", "my data": {"site url": address}}
        for address in ("a.b", "a.c", "it's a.b")
    ]
    for condition, count in (
        ('"my data"."site url" = \'a.b\'', 1),
        ("\"my data.site url\" = 'it''s a.b'", 1),
        ("\"my data\" . \"site url\" IN ('a.b', 'a.c') AND 1.5 > 1", 2),
    ):
        assert humorrank.MatchLog(rows, where=condition).to_polars().height == count


def test_periods_of_dates_inside_objects_are_keys():
    times = ("2024-05-31", "2024-06-01", "2024-06-30 23:59")
    rows = [
        {"model_a": "a", "model_b": "b", "winner": "tie", "vote": {"time": time}} for time in times
    ]
    counts = humorrank.tally(rows, keys=["month(vote.time)"]).to_polars()
    assert sorted(counts.select("month(vote.time)", "count").iter_rows()) == [
        ("2024-05", 1),
        ("2024-06", 2),
    ]
