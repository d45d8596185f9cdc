"""The values of command-line options are parsed correctly."""

import pytest

from humorrank.cli._parsing import as_columns, as_words
from humorrank.errors import OptionError


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ('model_a="left, name",model_b=r', "left, name"),
        ('"model_a=left, name",model_b=r', "left, name"),
        ('model_b=r, model_a = "left, ""the"" name" ', 'left, "the" name'),
        ('model_a=5" wide,model_b=r', '5" wide'),
        ('model_a="a"b,model_b=r', '"a"b'),
        ("model_a=a=b,model_b=r", "a=b"),
    ],
)
def test_double_quotes_protect_a_comma_in_a_column(text, column):
    assert as_columns(text) == {"model_a": column, "model_b": "r"}


@pytest.mark.parametrize("text", ["model_a", "=left", "model_a=", "model_a=left,"])
def test_other_forms_of_columns_are_refused(text):
    with pytest.raises(OptionError, match="--columns takes role=column pairs"):
        as_columns(text)


def test_double_quotes_protect_a_comma_in_a_word():
    assert as_words('a="W, by far|W",b=L') == {"a": ["W, by far", "W"], "b": ["L"]}
