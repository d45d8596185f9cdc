"""Prompts, candidates and pairs are read from the same files as match logs."""

import io
import lzma

import openpyxl
import pytest
from support.packed import PACKED, utf_16_of, zip_of

from humorrank.tournament.inputs import read_field
from humorrank.tournament.pairs import read_pairs

PROMPTS = "id\tword1\tword2\theadline\n1\tant\tbee\t-\n2\t-\t-\tMan bites dog\n"
JOKES = 'id\ttext\n1\t"A ""joke"",\nof two lines"\n2\tAnother\n'


def sheet_of(text):
    """Returns an Excel file with the fields of a text with tabs."""
    book = openpyxl.Workbook()
    for line in text.strip().split("\n"):
        book.active.append(line.split("\t"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


CONTAINERS = {
    "plain.tsv": lambda text: text.encode(),
    "utf-16.tsv": lambda text: utf_16_of(text.encode()),
    "sep.csv": lambda text: b"sep=\t\r\n" + text.encode(),
    **{f"packed.tsv{end}": lambda text, end=end: PACKED[end](text.encode()) for end in PACKED},
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_prompts_and_candidates_may_be_packed(tmp_path, name):
    pack = CONTAINERS[name]
    prompts, jokes = tmp_path / f"prompts-{name}", tmp_path / f"gpt-4.1.{name}"
    prompts.write_bytes(pack(PROMPTS))
    jokes.write_bytes(pack(JOKES))
    other = tmp_path / "other.xlsx"
    other.write_bytes(sheet_of("id\ttext\n1\tX\n2\tY\n"))
    field = read_field([prompts], [jokes, other]).field
    assert set(field.models) == {f"gpt-4.1.{name.split('.')[0]}", "other"}
    ours = list(field.models).index("other")
    assert [row[ours] for row in field.jokes] == ["X", "Y"]
    assert [row[1 - ours] for row in field.jokes] == ['A "joke",\nof two lines', "Another"]


def test_pairs_may_be_packed(tmp_path):
    text = "prompt\tjoke_a\tjoke_b\nants\tone\ttwo\nbees\tthree\tfour\n"
    found = []
    for name, content in {
        "plain.tsv": text.encode(),
        "packed.tsv.xz": lzma.compress(text.encode()),
        "zip.zip": zip_of(utf_16_of(text.encode()), "pairs.tsv"),
        "sheet.xlsx": sheet_of(text),
    }.items():
        path = tmp_path / name
        path.write_bytes(content)
        found.append([[row[0], row[1]] for row in read_pairs(path).field.jokes])
    assert all(jokes == found[0] for jokes in found)
    assert found[0] == [["one", "two"], ["three", "four"]]
