"""Keys that occur twice in an object are found however they are written."""

from pathlib import Path

import pytest

import humorrank


@pytest.mark.parametrize("before", ["\t", "  ", "\r", " \t", "\n"])
def test_a_key_with_any_space_before_its_colon_is_counted(before: str, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(
        '[{"model_a": "a", "model_b": "b", "winner": "a", "winner"' + before + ': "b"}]'
    )
    with pytest.raises(humorrank.InputError, match="the key 'winner' twice"):
        humorrank.rate(path)


@pytest.mark.parametrize("key", [r"win\u006eer", r"\u0077inner", r"\u0077\u0069nner"])
def test_a_key_that_is_written_with_escapes_is_counted(key: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    row = '{"model_a": "a", "model_b": "b", "winner": "a", "' + key + '": "b"}'
    for text in (row, f"[{row}]"):
        path.write_text(text)
        with pytest.raises(humorrank.InputError, match="the key 'winner' twice"):
            humorrank.rate(path)
    once = row.replace('"winner": "a", ', "")
    path.write_text(once + "\n" + row.replace(f'"{key}": "b"', '"text": "\\\\"'))
    assert humorrank.tally(path).matches == 2
