"""Every file format gives the same matches, and a damaged file is rejected as a whole."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pyarrow as pa
import pytest
from support.signals import PATIENCE

from humorrank.errors import InputError, OptionError
from humorrank.matches.log import MatchLog

ROWS = [
    ("gpt-4", "clau,de", "model_a"),
    ('a "quoted" one', "naïve 模型", "model_b"),
    ("clau,de", "gpt-4", "tie"),
    ("two\nlines", "gpt-4", "tie (bothbad)"),
    ("gpt-4", "two\nlines", ""),
]
MATCHES = [
    ("gpt-4", "clau,de", "first"),
    ('a "quoted" one', "naïve 模型", "second"),
    ("clau,de", "gpt-4", "tie"),
    ("two\nlines", "gpt-4", "both bad"),
]
FRAME = pl.DataFrame(
    [(a, b, w or None) for a, b, w in ROWS], ["model_a", "model_b", "winner"], orient="row"
).with_columns(conversation=pl.lit("long " * 9))


def delimited(separator=",", end="\n", header=True):
    def cell(text):
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if any(mark in text for mark in (separator, '"', "\n")) else text

    lines = [separator.join(map(cell, row)) for row in ROWS]
    head = [separator.join(["model_a", "model_b", "winner"])] if header else []
    return (end.join([*head, *lines]) + end).encode()


def objects(indent=None):
    rows = [dict(zip(("model_a", "model_b", "winner"), row, strict=True)) for row in ROWS]
    return rows, json.dumps(rows, indent=indent, ensure_ascii=False).encode()


def jsonl():
    return "".join(json.dumps(row) + "\n" for row in objects()[0]).encode()


def written(method, **options):
    out = io.BytesIO()
    getattr(FRAME, method)(out, **options)
    return out.getvalue()


def zstd_of(data):
    return pa.compress(data, codec="zstd", asbytes=True)


CONTAINERS = {
    "log.csv": delimited,
    "crlf.csv": lambda: delimited(end="\r\n"),
    "bom.csv": lambda: b"\xef\xbb\xbf" + delimited(),
    "blank-lines.csv": lambda: b"\n" + delimited().replace(b"model_b\n", b"model_b\n\n") + b"\n\n",
    "no-last-newline.csv": lambda: delimited()[:-1],
    "semicolons.csv": lambda: delimited(";"),
    "log.tsv": lambda: delimited("\t"),
    "tabs.txt": lambda: delimited("\t"),
    "noextension": delimited,
    "log.csv.gz": lambda: gzip.compress(delimited()),
    "members.csv.gz": lambda: gzip.compress(delimited()[:40]) + gzip.compress(delimited()[40:]),
    "log.tsv.zst": lambda: zstd_of(delimited("\t")),
    "log.jsonl": jsonl,
    "bom.jsonl": lambda: b"\xef\xbb\xbf" + jsonl(),
    "log.ndjson.gz": lambda: gzip.compress(jsonl()),
    "log.jsonl.zst": lambda: zstd_of(jsonl()),
    "misnamed.csv": jsonl,
    "log.json": lambda: objects()[1],
    "pretty.json": lambda: objects(indent=4)[1],
    "log.json.gz": lambda: gzip.compress(objects(indent=1)[1]),
    "log.parquet": lambda: written("write_parquet"),
    "misnamed.parquet.csv": lambda: written("write_parquet"),
    "log.arrow": lambda: written("write_ipc"),
    "log.feather": lambda: written("write_ipc", compression="lz4"),
    "stream.arrows": lambda: written("write_ipc_stream"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_same_rows_in_any_container_are_the_same_matches(file, read, name):
    rows, report = read(file(name, CONTAINERS[name]()))
    assert rows == MATCHES
    assert (report.unjudged, report.rows) == (1, 5)


PREPARED = """
import os, signal, tempfile
from humorrank.matches.log import MatchLog
# The workers of pytest-xdist ignore interrupts, which is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
READ = """
log = MatchLog("-")
print(sum(map(len, log.batches())), log.report.files, log.report.notes)
print([path for path in os.listdir(tempfile.gettempdir()) if path.startswith("humorrank-")])
"""
FROM_STDIN = PREPARED + READ


def from_stdin(folder, code=FROM_STDIN, **options):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(folder)},
        **options,
    )


@pytest.mark.parametrize("name", [name for name in CONTAINERS if "semicolons" not in name])
def test_standard_input_is_recognized_by_its_content(file, name):
    path = file(name, CONTAINERS[name]())
    with path.open("rb") as stdin:
        done, _ = from_stdin(path.parent, stdin=stdin).communicate()
    read, left = done.decode().splitlines()
    assert read.startswith("4 ['standard input']")
    assert left == "[]"
    binary = any(kind in name for kind in ("parquet", "arrow", "feather"))
    assert ("read from a temporary copy" in read) == binary


KILLED = """
import os, sys, tempfile, time
from humorrank.matches.log.tables import opening
def stay(path, label, kind):
    print(path.read_bytes()[:4], flush=True)
    time.sleep(600)
opening.file_table = stay
from humorrank.matches.log import MatchLog
list(MatchLog("-").batches())
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="files need names here")  # noqa: PTH110
def test_a_process_that_is_killed_leaves_no_copy_of_standard_input(file):
    path = file("log.parquet", CONTAINERS["log.parquet"]())
    folder = path.parent / "temporary"
    folder.mkdir()
    for how in (signal.SIGTERM, signal.SIGKILL):
        with path.open("rb") as stdin:
            process = from_stdin(folder, KILLED, stdin=stdin)
        assert process.stdout.readline() == b"b'PAR1'\n"
        process.send_signal(how)
        process.communicate()
        assert process.returncode == -how
        assert not any(folder.iterdir())


@pytest.fixture
def hive(tmp_path):
    """Returns a folder of Parquet files with the judge in their paths."""
    for judge in ("x", "y"):
        folder = tmp_path / "hive" / f"judge={judge}"
        folder.mkdir(parents=True)
        FRAME.write_parquet(folder / "part.parquet")
    return tmp_path / "hive"


def test_folders_of_parquet_files_are_read(hive, tmp_path, read):
    rows, report = read(hive)
    assert rows == MATCHES * 2
    assert report.files == [str(hive)]
    assert read(hive, where="judge = 'y'")[0] == MATCHES
    rows, report = read(hive / "judge=x")
    assert (rows, report.files) == (MATCHES, [str(hive / "judge=x" / "part.parquet")])
    assert read([hive / "judge=x", hive / "judge=y"])[0] == MATCHES * 2


@pytest.mark.parametrize("pattern", ["/", "/**/*.parquet", "/judge=x/part.parquet"])
def test_parquet_is_read_from_urls(hive, read, pattern):
    rows, report = read(f"file://{hive}{pattern}")
    assert rows == MATCHES * (1 if "=x" in pattern else 2)
    assert report.files == [f"file://{hive}{pattern}"]


def test_arrow_files_are_read_from_urls(file, read):
    path = file("log.arrow", b"")
    FRAME.write_ipc(path)
    assert read(f"file://{path}")[0] == MATCHES


def test_text_from_standard_input_is_not_copied(tmp_path):
    """Text is read as it arrives, before the end of a stream that is larger than any buffer."""
    process = from_stdin(tmp_path, stdin=subprocess.PIPE)
    process.stdin.write(b"model_a,model_b,winner\n" + b"p,q,a\nq,p,tie\n" * 200_000)
    process.stdin.flush()
    assert not any(tmp_path.iterdir())
    process.stdin.write(b"p,q,a\n")
    done, _ = process.communicate()
    assert done.decode().startswith("400001 ")


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"model_a,model_b,winner\n" + b"p,q,a\n" * 50_000,
        jsonl(),
        written("write_parquet")[:99],
    ],
    ids=["nothing", "csv", "jsonl", "parquet"],
)
def test_ctrl_c_immediately_ends_a_wait_for_standard_input(tmp_path, start):
    code = PREPARED + 'print("ready", flush=True)' + READ
    process = from_stdin(tmp_path, code, stdin=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(start)
        process.stdin.flush()
        # By then, the process is waiting for more input, unless the machine is busy.
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        # Without the signal, it would wait forever.
        process.wait(PATIENCE)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in process.stderr.read()
    assert not any(tmp_path.iterdir())
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


def test_an_unexpected_delimiter_is_noted(file, read):
    (note,) = read(file("log.csv", delimited(";")))[1].notes
    assert "semicolons" in note


def test_globs_and_lists_are_read_in_order(file, read):
    first = file("a.csv", "model_a,model_b,winner\np,q,a\n")
    file("b.csv", "Winner,model_b,model_a\nb,p,q\n")
    last = file("c.jsonl", '{"model_a": "r", "model_b": "p", "winner": "tie"}\n')
    rows, report = read([str(first.parent / "*.csv"), last])
    assert rows == [("p", "q", "first"), ("q", "p", "second"), ("r", "p", "tie")]
    assert [name[-5:] for name in report.files] == ["a.csv", "b.csv", "jsonl"]


def test_an_existing_file_with_brackets_in_its_name_is_not_a_pattern(file, read):
    assert len(read(file("log[1].csv", delimited()))[0]) == 4
    assert len(read(file("log[1].parquet", written("write_parquet")))[0]) == 4


DOUBLED = b'{"model_a": "p", "model_b": "q", "winner": "a", "x": {}, "winner": "b"}\n'
WHOLE = {
    "empty": ("e.csv", b"", "empty"),
    "empty gzip": ("e.csv.gz", gzip.compress(b""), "empty"),
    "blank": ("e.csv", b"\n\n  \n", "empty"),
    "only a header": ("h.csv", b"model_a,model_b,winner\n", "no rows"),
    "only a header, Parquet": ("h.parquet", None, "no rows"),
    "UTF-16 without rows": ("u.csv", "model_a,model_b,winner\n".encode("utf-16"), "no rows"),
    "Latin-1": (
        "l.csv",
        "model_a,model_b,winner\np,na\xefve,a\n".encode("latin-1"),
        "row 2.*UTF-8",
    ),
    "Latin-1 JSON": ("l.jsonl", '{"a": 1}\n{"a": "\xef"}\n'.encode("latin-1"), "row 2.*UTF-8"),
    "a broken gzip": ("b.csv.gz", gzip.compress(delimited() * 50)[:-9], "cannot be read"),
    "a broken zstd": ("b.csv.zst", zstd_of(delimited() * 50)[:-9], ""),
    "a broken Parquet": ("b.parquet", written("write_parquet")[:-9], "cannot be read"),
    "lines of old": ("r.csv", b"model_a,model_b,winner\rp,q,a\r", "carriage returns"),
    "no objects": ("j.json", b"[]", "no objects"),
    "doubled columns": ("d.csv", b"model_a,model_b,winner,winner\np,q,a,b\n", "'winner'.*earlier"),
    "an open quote": ("q.csv", b'model_a,model_b,winner\np,q,"a\nq,p,b\n', "row 2.*quote"),
    "broken JSONL": ("j.jsonl", b'{"a": 1}\n\n{"a": \n', "row 3.*malformed"),
    "broken JSON": ("j.json", b'[{"a": 1},\n\n\n{"a" 1}]', "row 4.*malformed"),
    "unfinished JSON": ("j.json", b'[{"a": 1},\n{"a": 1}', "row 2.*malformed"),
    "JSON and more": ("j.json", b'[{"a": 1}]\n{"a": 1}', "row 2.*extra data after the array"),
    "JSON of numbers": ("j.json", b"[1, 2]", "row 1.*object"),
    "JSONL of lists": ("j.jsonl", b'["p", "q", "a"]\n', "object"),
    "a JSON object": ("j.json", b'{\n"a": [1]\n}', "row 1.*every line .*must be a complete object"),
    "a doubled key": ("j.jsonl", DOUBLED, "row 1.*'winner' twice"),
    "text as JSON": ("j.json", b"model_a,model_b\n", "row 1.*malformed"),
}


@pytest.mark.parametrize("fault", WHOLE)
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_a_damaged_file_is_refused_as_a_whole(file, fault, on_error):
    name, content, words = WHOLE[fault]
    if content is None:
        out = io.BytesIO()
        FRAME.clear().write_parquet(out)
        content = out.getvalue()
    path = file(name, content)
    with pytest.raises(InputError, match=f"(?s){words}") as caught:
        list(MatchLog(path, on_error=on_error).batches())
    assert caught.value.file == str(path)


def test_half_a_surrogate_pair_is_refused_with_its_row(file):
    path = file("s.jsonl", '{"model_a": "p", "model_b": "\\ud83d", "winner": "a"}\n')
    with pytest.raises(InputError, match=r"row 1.*Unicode"):
        list(MatchLog(path).batches())


def test_paths_without_files_are_refused(tmp_path):
    for source, words in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "directory without Parquet"),
        (str(tmp_path / "*.csv"), "no file matches"),
        ("https://example.org/log.csv", "download"),
        ("s3://bucket/log.csv", "download"),
        (f"file://{tmp_path}/none.parquet", "does not exist"),
    ):
        with pytest.raises(InputError, match=words):
            list(MatchLog(source).batches())


@pytest.mark.parametrize("source", [3, None, b"bytes"])
def test_objects_that_cannot_contain_matches_are_refused(source):
    with pytest.raises(OptionError, match="pass a path"):
        list(MatchLog(source).batches())


def test_a_missing_column_of_columns_by_name_is_reported():
    with pytest.raises(InputError, match="no column 'model_b'"):
        list(MatchLog({"model_a": ["p"]}).batches())


@pytest.mark.parametrize("source", [[], iter(())])
def test_empty_sources_are_refused(source):
    with pytest.raises(InputError, match="no matches"):
        list(MatchLog(source).batches())


def test_a_key_that_also_occurs_in_an_inner_object_is_not_a_duplicate(file, read):
    row = {"model_a": "p", "model_b": "q", "winner": "a", "meta": {"winner": "b", "of": ["winner"]}}
    for text in (json.dumps(row), json.dumps([row])):
        assert read(file("m.json", text))[0] == [("p", "q", "first")]


def test_json_values_of_mixed_types_are_read_as_text(file, read):
    lines = [
        {"model_a": 7, "model_b": "p", "winner": "a"},
        {"model_a": 7.0, "model_b": "p", "winner": float("nan")},
        {"winner": "b", "model_b": 7.5, "model_a": "p", "late": [1]},
        {"model_a": "7", "model_b": "p"},
    ]
    rows, report = read(file("m.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert rows == [("7", "p", "first"), ("p", "7.5", "second")]
    assert report.unjudged == 2


def test_counts_that_start_later_in_a_file_are_refused(file):
    row = '{"model_a": "p", "model_b": "q", "winner": "a"}\n'
    late = '{"model_a": "p", "model_b": "q", "winner": "a", "count": 5}\n'
    with pytest.raises(InputError, match=r"'count'.*every row"):
        list(MatchLog(file("m.jsonl", row * 1_500 + late)).batches())


def test_many_batches_are_one_log(file):
    n = 300_000
    lines = "".join(f"p,q,{'ab'[i % 2]}\n" for i in range(n))
    log = MatchLog(file("log.csv", "model_a,model_b,winner\n" + lines))
    assert sum(map(len, log.batches())) == n
    path = file("bad.csv", "model_a,model_b,winner\n" + lines + "p,q,c\n")
    with pytest.raises(InputError) as caught:
        list(MatchLog(path).batches())
    assert caught.value.row == n + 2
