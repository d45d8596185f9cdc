"""Names that look alike, which the warnings and the error of a missing maximum point out."""

import itertools
import pickle

import pytest

import humorrank
from humorrank._util.spelling import folded, look_alikes, told_apart

ACCENTED = ("caf\u00e9", "cafe\u0301")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GPT-4", "gpt-4"),
        ("Stra\u00dfe", "STRASSE"),
        ("gpt 4", " gpt  4\t"),
        ("gpt 4", "gpt\u00a04"),
        ("gpt 4", "gpt\u30004"),
        ACCENTED,
        ("CAFE\u0301", "caf\u00e9"),
        ("\u01c6", "d\u017e"),
        *(("gpt-4", f"gpt{mark}-4") for mark in "\u00ad\u200b\u200c\u200d\u2060\ufeff"),
    ],
)
def test_spellings_of_one_name_look_alike(one, other):
    assert look_alikes(["b", one, "a", other]) == [[one, other]]


def test_other_names_do_not_look_alike():
    assert look_alikes(["gpt-4", "gpt-4o", "gpt4", "gpt_4", "cafe", "caf\u00e9"]) == []


def test_each_fold_ignores_one_difference():
    assert folded(" A\u00a0B ", ["case"]) == " a\u00a0b "
    assert folded(" A\u00a0B ", ["space"]) == "A B"
    assert folded("A\u00a0B\u200b", ["unicode"]) == "A B"
    assert folded(" A ", []) == " A "


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("GPT", "gpt "), "'GPT' and 'gpt '"),
        (("gpt-4", "gpt\u200b-4"), r"'gpt-4' and 'gpt\u200b-4'"),
        (("\u901a 4", "\u901a\u00a04"), "'\u901a 4' and '\u901a\\xa04'"),
        (ACCENTED, r"'caf\xe9' and 'cafe\u0301'"),
        (("Caf\u00e9", *ACCENTED), r"'Café' and 'caf\xe9' and 'cafe\u0301'"),
    ],
)
def test_the_text_shows_in_what_spellings_differ(names, shown):
    assert told_apart(names) == shown


def test_the_warning_names_the_first_groups():
    names = [spelling for i in range(5) for spelling in (f"M{i}", f"m{i}")]
    rows = [(a, b, "tie") for a, b in itertools.pairwise(names)]
    board = humorrank.rate(rows, bootstrap=0)
    [warning] = [text for text in board.warnings if "differ only in case" in text]
    assert "'M2' and 'm2'; and 2 more groups" in warning


@pytest.mark.parametrize("options", [{}, {"first_position": True}, {"ties": "davidson"}])
def test_the_error_without_a_maximum_names_the_look_alikes_outside(options):
    rows = [("x", "y", "a"), ("y", "x", "a"), ("x", "y", "tie"), ("y", "z", "tie")]
    rows += [("X", "y", "a"), ("z", "Z", "tie")]
    with pytest.raises(humorrank.NoMaximumError, match="'X' and 'x'") as caught:
        humorrank.rate(rows, **options)
    assert "'Z'" not in str(caught.value)
    assert caught.value.outside[0].models == ("X",)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.component) == (str(caught.value), caught.value.component)


def test_the_error_does_not_mention_look_alikes_without_any():
    with pytest.raises(humorrank.NoMaximumError) as caught:
        humorrank.rate([("x", "y", "a")])
    assert "differ only" not in str(caught.value)
