"""Excel files have the matches of their first sheet, as a CSV file of it has."""

import csv
import datetime
import io
import os
import re
import subprocess
import sys
import zipfile

import openpyxl
import pytest
from support.packed import zip_of

import humorrank
from humorrank.errors import InputError, MissingExtraError
from humorrank.matches.log import MatchLog
from humorrank.matches.log.tables import sheet as sheets

HEADER = ["model_a", "model_b", "winner"]
ROWS = [["gpt", "claude", "model_a"], ["claude", "gpt", "tie"], ["gpt", "llama", "model_b"]]
MATCHES = [("gpt", "claude", "first"), ("claude", "gpt", "tie"), ("gpt", "llama", "second")]


def book_of(*rows, at=(1, 1), title="Votes"):
    """Returns a workbook with rows on a sheet, whose first cell may be anywhere."""
    book = openpyxl.Workbook()
    book.active.title = title
    put(book.active, rows, at)
    return book


def put(sheet, rows, at=(1, 1)):
    for down, row in enumerate(rows):
        for right, value in enumerate(row):
            if value is not None:
                sheet.cell(at[0] + down, at[1] + right, value)


def bytes_of(book):
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(*rows, **options):
    return bytes_of(book_of(*rows, **options))


@pytest.mark.parametrize("name", ["log.xlsx", "log.csv", "log"])
@pytest.mark.parametrize("at", [(1, 1), (4, 3)])
def test_a_sheet_is_recognized_by_its_content(file, read, name, at):
    rows, report = read(file(name, xlsx(HEADER, *ROWS, at=at)))
    assert rows == MATCHES
    assert report.notes == []


def test_a_sheet_without_a_header_is_read(file, read):
    rows, report = read(file("log.xlsx", xlsx(*[row[:2] for row in ROWS])))
    assert rows == [(first, second, "first") for first, second, _ in MATCHES]
    assert any("first row is data" in note for note in report.notes)


def test_a_sheet_in_a_zip_and_from_standard_input(file, read, tmp_path):
    content = xlsx(HEADER, *ROWS)
    assert read(file("log.zip", zip_of(content, "log.xlsx")))[0] == MATCHES
    code = "import humorrank; print(humorrank.MatchLog('-').to_polars().rows())"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=content,
        capture_output=True,
        env=environment,
        check=True,
    )
    assert [row[:2] for row in eval(done.stdout)] == [row[:2] for row in MATCHES]
    assert [path.name for path in tmp_path.iterdir()] == ["log.zip"]


def test_values_are_those_of_a_csv_file(file):
    """Numbers, dates, times and truth values have the text that a spreadsheet saves as CSV."""
    day, moment = datetime.date(2024, 3, 4), datetime.datetime(2024, 3, 4, 5, 6, 7)
    header = [*HEADER, "day", "tstamp", "turn", "share", "flag", "mixed"]
    rows = [
        [4, 3.5, "model_a", day, moment, 1, 0.1, True, 7],
        ["4", "3.5", "tie", day, datetime.datetime(2024, 3, 5), 2, 0.25, False, "x"],
        ["007", "1e3", "model_b", None, moment, 12345678901, 1e-7, None, 2.5],
    ]
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    as_text = file("log.csv", text.getvalue().replace("True", "true").replace("False", "false"))
    sheet = file("log.xlsx", xlsx(header, *rows))
    keep = ["day", "turn", "flag", "mixed"]
    found, expected = (
        MatchLog(path, keep=keep).to_polars().fill_null("") for path in (sheet, as_text)
    )
    assert found.rows() == expected.rows()
    where = "day >= '2024-03-04' AND share < 0.2 AND tstamp < '2024-03-05'"
    for path in (sheet, as_text):
        assert MatchLog(path, where=where).to_polars()["model_a"].to_list() == ["4"]


def test_numbers_keep_all_digits(file):
    shares = [1 / 3, 5 / 7, 1e-12, 0.1234560001, 0.5, 1e-101, 0.987654321987]
    rows = [["p", "q", share, number] for number, share in enumerate(shares)]
    path = file("log.xlsx", xlsx(["model_a", "model_b", "score", "turn"], *rows))
    found = MatchLog(path, score_of="a").to_polars()
    assert found["score"].to_list() == shares
    assert found["turn"].to_list() == [str(number) for number in range(7)]


def test_rows_have_the_numbers_of_the_sheet(file):
    rows = [HEADER, *ROWS, [None], [None], ["gpt", "claude", "won"]]
    path = file("log.xlsx", xlsx(*rows, at=(3, 2)))
    for read in (lambda log: list(log.batches()), humorrank.tally):
        with pytest.raises(InputError, match="unknown winner word 'won'") as caught:
            read(MatchLog(path))
        assert (caught.value.row, caught.value.column) == (9, "winner")


def test_errors_of_formulas_are_text_and_not_missing(file, read):
    book = book_of(HEADER, *ROWS, ["p", "q", "#N/A"], at=(2, 2))
    book.active.cell(6, 4).data_type = "e"
    path = file("log.xlsx", bytes_of(book))
    with pytest.raises(InputError, match="row 6, column 'winner': unknown winner word '#N/A'"):
        read(path)
    assert read(path, on_error="skip")[0] == MATCHES


def test_formulas_without_values_are_refused(file, read):
    path = file("log.xlsx", xlsx(HEADER, *ROWS, ["p", "q", '="a"']))
    with pytest.raises(InputError, match=r"the formula in C5 has no value.*save it"):
        read(path)


def test_formulas_with_values_are_read(file, read):
    content = xlsx(HEADER, ["gpt", "claude", "model_a"])
    path = file("log.xlsx", changed(content, rb"<c r=\"C2\" t=\"inlineStr\">.*?</c>", FORMULA))
    assert read(path)[0] == [("gpt", "claude", "tie")]


FORMULA = b'<c r="C2" t="str"><f>"t"&amp;"ie"</f><v>tie</v></c>'


def changed(content, pattern, new, name="xl/worksheets/sheet1.xml"):
    """Returns an Excel file in which a part of the text of a sheet is replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as archive:
        for info in old.infolist():
            text = old.read(info)
            if info.filename == name:
                text, count = re.subn(pattern, new, text)
                assert count
            archive.writestr(info.filename, text)
    return out.getvalue()


def test_the_first_visible_sheet_with_cells_is_read_and_others_are_named(file, read):
    book = book_of(title="Empty")
    for name in ("Hidden", "Votes", "Notes"):
        book.create_sheet(name)
    book["Hidden"].append(["secret"])
    book["Hidden"].sheet_state = "hidden"
    put(book["Votes"], [HEADER, *ROWS])
    book["Notes"].append(["about"])
    rows, report = read(file("log.xlsx", bytes_of(book)))
    assert rows == MATCHES
    (note,) = report.notes
    assert "only the sheet 'Votes' is read" in note
    assert "('Notes')" in note


def damaged_at(content, position):
    out = bytearray(content)
    out[position] ^= 0xFF
    return bytes(out)


WHOLE = xlsx(HEADER, *ROWS * 200)
DAMAGED = {
    "truncated": (WHOLE[:-100], "damaged"),
    "half": (WHOLE[: len(WHOLE) // 2], "damaged"),
    "a wrong byte": (damaged_at(WHOLE, WHOLE.index(b"xl/worksheets/sheet1.xml") + 60), "damaged"),
    "malformed XML": (changed(WHOLE, b"</sheetData>", b"</sheetDat>"), "damaged"),
    "a malformed workbook": (changed(WHOLE, b"<sheets>", b"<", "xl/workbook.xml"), "damaged"),
    "empty": (xlsx(), "without a visible sheet"),
    "only a header": (xlsx(HEADER), "no rows"),
    "twice the same column": (xlsx(["winner", "winner"], ["p", "q"]), "'winner'.*earlier column"),
    "a cell far away": (xlsx(["p"], at=(1_048_576, 16_384)), "delete the cells far from"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_give_one_error_with_the_name_of_the_file(file, name):
    content, problem = DAMAGED[name]
    if name == "a cell far away":
        book = openpyxl.load_workbook(io.BytesIO(content))
        put(book.active, [HEADER, *ROWS])
        content = bytes_of(book)
    path = file("log.xlsx", content)
    with pytest.raises(InputError, match=problem) as caught:
        list(MatchLog(path, on_error="skip").batches())
    assert caught.value.file == str(path)


def test_a_file_that_unpacks_to_much_more_is_refused(file, read, monkeypatch):
    monkeypatch.setattr("humorrank.matches.log.tables.layers._USUAL_SIZE", 1 << 20)
    content = changed(xlsx(HEADER, *ROWS), b"</sheetData>", b" " * (4 << 20) + b"</sheetData>")
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for info in old.infolist():
            archive.writestr(info.filename, old.read(info))
    with pytest.raises(InputError, match="more than 50 times its size"):
        read(file("log.xlsx", packed.getvalue()))


def test_cells_are_counted_across_pieces():
    """The text of a sheet is cut anywhere."""
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        text = archive.read("xl/worksheets/sheet1.xml")
    for size in (7, 100, 1 << 16):
        pieces = (text[start : start + size] for start in range(0, len(text), size))
        found = sheets._extent(pieces, "log.xlsx")
        assert (found.cells, found.rows, found.columns) == (1803, 601, {1, 2, 3})


def test_the_extra_is_named_if_it_is_missing(file, read, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    path = file("log.xlsx", xlsx(HEADER, *ROWS))
    with pytest.raises(MissingExtraError, match=r"log\.xlsx: .*humorrank\[excel\]"):
        read(path)
