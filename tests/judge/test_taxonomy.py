"""Labels: reading a taxonomy, and matching the spellings of its labels."""

import json

import pytest

from humorrank.errors import InputError, OptionError
from humorrank.judge import TAXONOMY, Taxonomy

OWN = {"humor": ["Slapstick", "pun"], "delivery": ["ritmo rápido"], "failures": ["天然"]}


@pytest.mark.parametrize(
    ("kind", "written", "meant"),
    [
        ("humor", "WordPlay", "wordplay"),
        ("humor", " wordplay. ", "wordplay"),
        ("delivery", "Punchline Positioning", "punchline_positioning"),
        ("delivery", "punchline-positioning", "punchline_positioning"),
        ("delivery", "framingCommitment", "framing_commitment"),
        ("failures", "cliche", "cliché"),
        ("failures", "CLICHÉ", "cliché"),
        ("failures", "cliche\u0301", "cliché"),
        ("failures", "over-explained", "overexplained"),
        ("humor", "timing", None),
        ("humor", "word", None),
        ("humor", "", None),
        ("humor", "-", None),
        ("humor", "w\u043erdplay", None),
    ],
)
def test_spelling_does_not_matter_and_meaning_does(kind, written, meant):
    assert TAXONOMY.match(kind, written) == meant


def test_marks_that_are_vowels_tell_labels_apart():
    taxonomy = Taxonomy(("हास", "हसी"), ("x",), ("y",))
    assert taxonomy.match("humor", "हसी") == "हसी"


def test_a_taxonomy_is_read_from_toml_and_json(tmp_path):
    as_json = tmp_path / "own.json"
    as_json.write_text(json.dumps(OWN))
    as_toml = tmp_path / "own.toml"
    lines = [f"{kind} = {json.dumps(labels, ensure_ascii=False)}" for kind, labels in OWN.items()]
    as_toml.write_text("\n".join(lines))
    for path in (as_json, as_toml):
        taxonomy = Taxonomy.load(path)
        assert taxonomy.humor == ("Slapstick", "pun")
        assert taxonomy.match("delivery", "Ritmo Rapido") == "ritmo rápido"
        assert taxonomy.match("failures", "天然") == "天然"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"humor": []}, "humor must be a list of at least one label"),
        ({"humor": "pun"}, "humor must be a list of labels"),
        ({"humor": ["pun", "Pun "]}, "'pun' and 'Pun ' are the same label"),
        ({"failures": ["a", "a"]}, "'a' and 'a' are the same label"),
        ({"humor": ["pun", 7]}, "7 is not a label"),
        ({"humor": ["  "]}, "is not a label"),
        ({"humor": ["a\nb"]}, "is not a label"),
        ({"mechanisms": ["pun"]}, "there is no key 'mechanisms'"),
    ],
)
def test_a_bad_taxonomy_is_refused_with_its_file(tmp_path, change, told):
    path = tmp_path / "own.json"
    path.write_text(json.dumps({**OWN, **change}))
    with pytest.raises(OptionError) as caught:
        Taxonomy.load(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_key_is_refused(tmp_path):
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"humor": ["pun"], "delivery": ["timing"]}))
    with pytest.raises(OptionError, match="failures must be a list"):
        Taxonomy.load(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", b"{"),
        ("x.json", b"[1]"),
        ("x.json", b"[" * 100_000),
        ("x.toml", b"humor = ["),
        ("x.toml", b"\xff\xfe"),
    ],
)
def test_a_file_that_is_none_says_so(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a taxonomy"):
        Taxonomy.load(path)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        Taxonomy.load(tmp_path / "none.toml")
