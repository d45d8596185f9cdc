"""Compressed files, archives and texts in UTF-16 have the matches of the files in them."""

import bz2
import io
import lzma
import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
import zlib

import polars as pl
import pytest
from support.packed import PACKED, gzip_of, utf_16_of, zip_of, zstd_of
from support.signals import PATIENCE

import humorrank
from humorrank.errors import InputError
from humorrank.matches.log import MatchLog
from humorrank.matches.log.tables import layers

CSV = 'model_a,model_b,winner\ngpt,"clau,de",a\n\nnaïve 模型,gpt,tie\n一,二,b\n'.encode()
TSV = CSV.replace(b",", b"\t").replace(b'"clau\tde"', b"clau,de")
JSONL = (
    '{"model_a": "gpt", "model_b": "clau,de", "winner": "a"}\n'
    '{"model_a": "naïve 模型", "model_b": "gpt", "winner": "tie"}\n'
    '{"model_a": "一", "model_b": "二", "winner": "b"}\n'
).encode()
JSON = b"[" + JSONL.strip().replace(b"\n", b",\n") + b"]"
MATCHES = [("gpt", "clau,de", "first"), ("naïve 模型", "gpt", "tie"), ("一", "二", "second")]
LONG = b"model_a,model_b,winner\n" + b"gpt,claude,a\nclaude,gpt,tie\n" * 40_000


def binary(method, **options):
    out = io.BytesIO()
    frame = pl.DataFrame(MATCHES, ["model_a", "model_b", "winner"], orient="row")
    words = {"first": "a", "second": "b"}
    getattr(frame.with_columns(pl.col("winner").replace(words)), method)(out, **options)
    return out.getvalue()


CONTENTS = {
    "csv": CSV,
    "bom.csv": b"\xef\xbb\xbf" + CSV,
    "tsv": TSV,
    "jsonl": JSONL,
    "json": JSON,
    "utf-16.csv": utf_16_of(CSV),
    "utf-16-be.jsonl": utf_16_of(JSONL, big=True),
    "sep.csv": b"sep=,\n" + CSV,
    "parquet": binary("write_parquet"),
    "arrow": binary("write_ipc"),
    "arrows": binary("write_ipc_stream"),
}
TEXTS = {
    "UTF-16": utf_16_of(CSV),
    "UTF-16, big-endian": utf_16_of(CSV, big=True),
    "UTF-16 without a mark": utf_16_of(CSV, mark=False),
    "UTF-16 without a mark, big-endian": utf_16_of(CSV, mark=False, big=True),
    "UTF-32": CSV.decode().encode("utf-32"),
    "UTF-32, big-endian": b"\0\0\xfe\xff" + CSV.decode().encode("utf-32-be"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + CSV,
    "JSONL in UTF-16": utf_16_of(JSONL, mark=False),
    "a JSON array in UTF-16": utf_16_of(JSON),
    "a line for Excel": b"sep=,\n" + CSV,
    "a line for Excel with a mark": b'\xef\xbb\xbf"SEP=,"\r\n' + CSV.replace(b"\n", b"\r\n"),
    "a line for Excel and tabs": b"sep=\t\r\n" + TSV,
    "a line for Excel and semicolons": b"sep=;\n" + TSV.replace(b"\t", b";"),
    "a line for Excel and bars": b"sep=|\n" + TSV.replace(b"\t", b"|"),
    "a line for Excel that names nothing": b"sep=\n" + CSV,
    "a line for Excel in UTF-16": utf_16_of(b"sep=\t\r\n" + TSV),
    "two streams of bzip2": bz2.compress(CSV[:50]) + bz2.compress(CSV[50:]),
    "two streams of xz": lzma.compress(CSV[:50]) + bytes(8) + lzma.compress(CSV[50:]) + bytes(4),
    "a stored zip": zip_of(CSV, method=zipfile.ZIP_STORED),
    "a zip with bzip2": zip_of(CSV, method=zipfile.ZIP_BZIP2),
    "a zip with LZMA": zip_of(CSV, method=zipfile.ZIP_LZMA),
    "a zip of a Mac": zip_of(CSV, **{"__MACOSX/._log.csv": b"\0", ".DS_Store": b"\0"}),
    "a zip of a file without a name": zip_of(CSV, "-").replace(b"-", b"\0"),
    "a zip with a folder": zip_of(CSV, "folder/log.csv", **{"folder/": b""}),
    "gzip in a zip": zip_of(gzip_of(CSV), "log.csv.gz"),
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("end", PACKED)
def test_packed_files_are_read_as_the_files_in_them(file, read, kind, end):
    content = CONTENTS[kind]
    packed = zip_of(content, f"log.{kind}") if end == ".zip" else PACKED[end](content)
    rows, report = read(file(f"log.{kind}{end}", packed))
    assert rows == MATCHES
    copied = kind in ("parquet", "arrow", "arrows")
    assert any("temporary copy" in note for note in report.notes) == copied


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("path", ["log", "log.parquet"])
def test_encodings_are_recognized_by_the_bytes(file, read, name, path):
    assert read(file(path, TEXTS[name]))[0] == MATCHES


def test_packed_logs_are_counted_and_framed(file):
    path = file("log.csv.xz", lzma.compress(CSV))
    assert MatchLog(path).to_polars().height == 3
    assert humorrank.tally(path).to_polars()["count"].sum() == 3
    assert MatchLog([str(path), str(path)]).to_polars().height == 6


READ = """
import os, sys, tempfile
import humorrank
print(humorrank.MatchLog("-").to_polars().rows())
print([path for path in os.listdir(tempfile.gettempdir()) if path.startswith("humorrank-")])
"""


def piped(folder, content):
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=content,
        capture_output=True,
        env={**os.environ, "TMPDIR": str(folder)},
        check=True,
    )
    rows, left = done.stdout.decode().splitlines()
    assert left == "[]"
    return eval(rows)


STREAMS = {
    "bzip2": bz2.compress(CSV),
    "xz": lzma.compress(CSV),
    "zip": zip_of(CSV),
    "UTF-16": utf_16_of(CSV),
    "a line for Excel": b"sep=,\n" + CSV,
    "Parquet in xz": lzma.compress(CONTENTS["parquet"]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_standard_input_may_be_packed(tmp_path, name):
    rows = piped(tmp_path, STREAMS[name])
    assert [(first, second) for first, second, *_ in rows] == [row[:2] for row in MATCHES]


def test_a_long_text_is_read_in_pieces(file):
    for content in (bz2.compress(LONG), lzma.compress(LONG), zip_of(LONG), utf_16_of(LONG)):
        counts = humorrank.tally(file("long", content)).to_polars()["count"].to_list()
        assert counts == [40_000, 40_000]


WAYS = {
    **PACKED,
    "UTF-16": utf_16_of,
    "UTF-16 without a mark": lambda text: utf_16_of(text, mark=False, big=True),
    "UTF-16 in gzip": lambda text: gzip_of(utf_16_of(text)),
    "a line for Excel": lambda text: b"sep=,\n" + text,
    "a line for Excel after blank ones": lambda text: b"\n\nsep=,\r\n" + text,
}


@pytest.mark.parametrize("name", WAYS)
def test_rows_keep_their_numbers(file, name):
    text = CSV + b'"two\nlines",q,b\n\np,q,?\n'
    path = file("log.csv", WAYS[name](text))
    before = {"a line for Excel": 1, "a line for Excel after blank ones": 3}.get(name, 0)
    for read in (lambda log: list(log.batches()), humorrank.tally):
        with pytest.raises(InputError, match="unknown winner word") as caught:
            read(MatchLog(path))
        assert (caught.value.file, caught.value.row) == (str(path), 9 + before)


def flipped(content, at=-40):
    out = bytearray(content)
    out[at] ^= 0xFF
    return bytes(out)


def with_password(content):
    """Returns a zip archive whose file is marked as encrypted."""
    out = bytearray(content)
    out[6] |= 1
    out[out.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


def with_method(content, method):
    out = bytearray(content)
    out[8] = method
    out[out.index(b"PK\x01\x02") + 10] = method
    return bytes(out)


def wrong_checksum(content):
    out = bytearray(content)
    out[out.index(b"PK\x01\x02") + 16] ^= 0xFF
    return bytes(out)


MORE = LONG[:20_000]
DAMAGED = {
    "a truncated bzip2": (bz2.compress(MORE)[:-9], "damaged.*ends early"),
    "a bzip2 with a wrong byte": (flipped(bz2.compress(MORE)), "damaged"),
    "a bzip2 with more behind it": (bz2.compress(MORE) + b"more", "damaged"),
    "the start of a bzip2": (b"BZh9", "damaged"),
    "a truncated xz": (lzma.compress(MORE)[:-9], "damaged.*ends early"),
    "an xz with a wrong byte": (flipped(lzma.compress(MORE)), "damaged"),
    "an xz with more behind it": (lzma.compress(MORE) + b"more", "damaged"),
    "a truncated zip": (zip_of(MORE)[:-50], "damaged"),
    "half a zip": (zip_of(MORE)[: len(zip_of(MORE)) // 2], "damaged"),
    "a zip with a wrong byte": (flipped(zip_of(MORE), 60), "damaged"),
    "a zip with a wrong checksum": (wrong_checksum(zip_of(MORE)), "damaged.*CRC"),
    "a zip of bzip2 with a wrong checksum": (
        wrong_checksum(zip_of(MORE, method=zipfile.ZIP_BZIP2)),
        "damaged.*checksum",
    ),
    "a zip of LZMA with a wrong checksum": (
        wrong_checksum(zip_of(MORE, method=zipfile.ZIP_LZMA)),
        "damaged.*checksum",
    ),
    "a zip with a password": (with_password(zip_of(MORE)), "password"),
    "a zip in an unknown way": (with_method(zip_of(MORE), 9), "method that is not .*unpack it"),
    "an empty zip": (b"PK\x05\x06" + bytes(18), "without files"),
    "a zip of several files": (
        zip_of(MORE, **{"b.csv": b"", "c.csv": b""}),
        r"several files \('log.csv', 'b.csv', 'c.csv'\); unpack it",
    ),
    "a zip of many files": (zip_of(MORE, **{f"{i}": b"" for i in range(20)}), "and 11 more"),
    "a truncated gzip": (gzip_of(MORE)[:-9], "cannot be read"),
    "a truncated gzip of UTF-16": (gzip_of(utf_16_of(MORE))[:-9], "cannot be read"),
    "a truncated zstd": (zstd_of(MORE)[:-9], "cannot be read"),
    "a truncated UTF-16": (utf_16_of(MORE)[:-1], r"row 1\d\d\d: is not UTF-16"),
    "half a surrogate pair": (
        utf_16_of(b"model_a,model_b,winner\np,")
        + b"\x00\xd8"
        + utf_16_of(b"q,a\n" * 9, mark=False),
        "row 2: is not UTF-16",
    ),
    "a packed tally": (None, "is a tally, which cannot be read from a pipe or an archive"),
    "a zip in a zip in a zip": (zip_of(zip_of(zip_of(zip_of(zip_of(zip_of(CSV)))))), "several t"),
    "a packed store": (gzip_of(b"SQLite format 3\0" + bytes(99)), "is a store, which"),
    "a packed tar": (gzip_of(bytes(257) + b"ustar" + bytes(300)), "tar archive.*unpack it"),
    "an empty bzip2": (bz2.compress(b""), "is empty"),
    "an empty xz": (lzma.compress(b""), "is empty"),
    "an empty file in a zip": (zip_of(b""), "is empty"),
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_damaged_archives_give_one_error_with_the_name_of_the_file(file, tmp_path, name, on_error):
    content, problem = DAMAGED[name]
    if content is None:
        humorrank.tally(file("log.csv", CSV)).write(tmp_path / "tally.parquet")
        content = zip_of((tmp_path / "tally.parquet").read_bytes(), "tally.parquet")
    path = file("log.csv", content)
    with pytest.raises(InputError, match=f"(?s){problem}") as caught:
        list(MatchLog(path, on_error=on_error).batches())
    assert caught.value.file == str(path)


FOREIGN = {
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "7-Zip.*`7z x`"),
    "RAR": (b"Rar!\x1a\x07\x01\x00" + bytes(30), "RAR.*unrar"),
    "LZ4": (b"\x04\x22\x4d\x18" + bytes(30), "LZ4.*unlz4"),
    "tar": (b"a" * 100 + bytes(157) + b"ustar\x0000" + bytes(300), "tar archive"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls.*save it as xlsx or CSV"),
    "ods": (zip_of(b"", "META-INF/manifest.xml", **{"content.xml": b""}), "OpenDocument.*xlsx"),
    "xlsb": (zip_of(b"", "xl/workbook.bin"), "binary Excel.*xlsx"),
    "Word": (zip_of(b"", "word/document.xml"), "Word"),
    "a number of zeros": (bytes(600), "neither text"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_other_containers_are_refused_with_a_remedy(file, read, name):
    content, remedy = FOREIGN[name]
    with pytest.raises(InputError, match=remedy):
        read(file("log.csv", content))


def test_an_archive_that_unpacks_to_much_more_is_not_copied(file, read, tmp_path, monkeypatch):
    """Only text is read in pieces; other formats are copied, up to a limit."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(layers, "_USUAL_SIZE", 1 << 20)
    path = file("log.bz2", bz2.compress(b"PAR1" + bytes(30 << 20), 1))
    tracemalloc.start()
    with pytest.raises(InputError, match="more than 200 times its size"):
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()
    assert list(tmp_path.iterdir()) == [path]


def test_an_xz_file_that_needs_much_memory_is_refused(file, read):
    content = bytearray(lzma.compress(CSV))
    # The header of the block ends with the size of the dictionary, 2^(12 + n / 2) bytes, zeros and
    # a checksum.
    end = 12 + (content[12] + 1) * 4
    content[content.index(b"\x21\x01", 12) + 2] = 36
    content[end - 4 : end] = zlib.crc32(content[12 : end - 4]).to_bytes(4, "little")
    with pytest.raises(InputError, match="more than 128 MB of memory"):
        read(file("log.xz", bytes(content)))


def test_ctrl_c_leaves_no_copy(tmp_path):
    code = (
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print('ready', flush=True)\n" + READ
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(zip_of(CSV)[:-1])
        process.stdin.flush()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in process.stderr.read()
    assert not any(tmp_path.iterdir())
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
