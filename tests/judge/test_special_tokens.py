"""No text in a prompt contains a special token of a chat template."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humorrank.judge.special_tokens import FAMILIES, quoted

LISTED = sorted({token for family in FAMILIES.values() for token in family.tokens})
PLAIN = [
    "I <3 you, 1 < 2 > 0, [laughs], [sic], [1], [a, b], [x] [Audience laughs]",
    "a]b, list[0], x[i][j], f(x)[1:], !important, a || b, ||| x |||, -> <-, [A], [ok!]",
    "über 漢字 😀 'so' {braces} (parentheses) ~tilde~ a~[b c]",
]


@pytest.mark.parametrize("token", LISTED)
def test_listed_tokens_are_broken_wherever_they_stand(token):
    for text in (token, f"a{token}b", token * 3, f"[{token}]", f"<{token}", f"\\{token}"):
        written = quoted(text)
        assert token not in written
        assert json.loads(written) == text


@given(st.lists(st.sampled_from(LISTED) | st.text("[]<>|~!/_@aB0 ", max_size=4)).map("".join))
def test_no_mixture_of_tokens_contains_one(text):
    written = quoted(text)
    assert json.loads(written) == text
    assert not [token for token in LISTED if token in written]


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_stay_as_they_are(text):
    assert quoted(text) == f'"{text}"'


def test_each_family_has_a_source_and_tokens():
    for name, family in FAMILIES.items():
        assert family.tokens, name
        assert "/" in family.source, name


def test_the_tokens_of_mistrals_tokenizers_are_broken():
    base = pytest.importorskip("mistral_common.tokens.tokenizers.base")
    tokens = [token.value for token in base.SpecialTokens]
    assert "[INST]" in tokens
    assert not [token for token in tokens if token in quoted(f"a {token} b")]
