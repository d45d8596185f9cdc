"""Detection of a prompt's words in a joke."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humorrank.generate import missing_words


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("cat", "The CAT sat."),
        ("cat", "Cats, obviously."),
        ("cat", "the cat's pyjamas"),
        ("run", "He was running late"),
        ("bake", "She is baking"),
        ("bake", "the baker"),
        ("city", "two cities"),
        ("happy", "happier than ever"),
        ("party", "we partied"),
        ("ice cream", "three ice creams"),
        ("ice cream", "an ice-cream van"),
        ("ice cream", "icecream"),
        ("café", "two CAFES"),
        ("cafe", "le café"),
        ("naïve", unicodedata.normalize("NFD", "so naïve")),
        ("Straße", "DIE STRASSE"),
        ("ﬁsh", "fish"),
        ("кошка", "две кошки"),
        ("кошка", "кошкой"),
        ("σκύλος", "ΣΚΎΛΟΣ"),
        ("猫", "我的猫会说话"),
        ("冰 淇淋", "吃冰淇淋"),
        ("ネコ", "そのネコが"),
        ("แมว", "ฉันมีแมวสองตัว"),
        ("고양이", "고양이가 웃었다"),
        ("كتاب", "قرأت الكتاب"),
        ("&", "salt & pepper"),
        ("C3PO", "c3po beeps"),
    ],
)
def test_a_word_occurs_in_its_forms(word, text):
    assert missing_words(text, (word,)) == ()


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("cat", "a category"),
        ("cat", "concatenate"),
        ("cat", "catfish"),
        ("cat", "a dog"),
        ("art", "a party"),
        ("ice cream", "cream on ice"),
        ("ice cream", "ice"),
        ("mouse", "two mice"),
        ("猫", "我的狗"),
        ("кошка", "кот"),
        ("run", ""),
    ],
)
def test_another_word_is_no_form(word, text):
    assert missing_words(text, (word,)) == (word,)


def test_each_missing_word_is_told_in_order():
    assert missing_words("a dog", ("cat", "dog", "fish")) == ("cat", "fish")


@given(st.text(min_size=1), st.text(), st.text())
def test_a_word_occurs_where_it_stands_alone(word, before, after):
    if word.strip():
        assert missing_words(f"{before} {word} {after}", (word,)) == ()
