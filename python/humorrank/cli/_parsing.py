"""Parses the values of options."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from humorrank._util.spelling import FOLDS
from humorrank.errors import OptionError
from humorrank.matches.log._aliases import read_aliases

_PART: Final = re.compile(
    r"""\s*(?:"((?:[^"]|"")*)"|([^,="]*=)\s*"((?:[^"]|"")*)"|([^,]*))\s*(,|$)"""
)


def _parts(text: str) -> Iterator[str]:
    """Yields the parts of a text between commas, without the double quotes that protect commas."""
    start: int | None = 0
    while text and start is not None:
        match = _PART.match(text, start)
        assert match is not None, "as the last alternative fits any text"
        whole, role, quoted, plain, comma = match.groups()
        if plain is not None:
            yield plain
        else:
            yield (role or "") + (quoted if whole is None else whole).replace('""', '"')
        start = match.end() if comma else None


def as_columns(text: str | None) -> dict[str, str] | None:
    """Parses `role=column,role=column` into a mapping.

    Double quotes protect a column name that contains a comma (`role="left, name"`). They may also
    enclose the whole pair, as in CSV.

    Raises:
        OptionError: If the text does not have this form.
    """
    if text is None:
        return None
    out: dict[str, str] = {}
    for part in _parts(text):
        role, equals, column = part.partition("=")
        if not equals or not role.strip() or not column.strip():
            message = (
                f"--columns takes role=column pairs (model_a=left,model_b=right), not {part!r}"
            )
            raise OptionError(message)
        if role.strip() in out:
            message = f"--columns names the role {role.strip()!r} twice"
            raise OptionError(message)
        out[role.strip()] = column.strip()
    return out


def as_words(text: str | None) -> dict[str, list[str]] | None:
    """Parses `OUTCOME=WORD,...` as a mapping; `|` separates several words of an outcome.

    Double quotes protect a comma, as in `as_columns`.

    Raises:
        OptionError: If the text does not have this form.
    """
    if text is None:
        return None
    out: dict[str, list[str]] = {}
    for part in _parts(text):
        outcome, equals, words = part.partition("=")
        if not equals or not outcome.strip() or not words:
            raise OptionError(
                f"--winner-words takes OUTCOME=WORD pairs (a=1-0,b=0-1,tie=1/2-1/2), not {part!r}"
            )
        out.setdefault(outcome.strip(), []).extend(words.split("|"))
    return out


def as_aliases(texts: list[str] | None) -> dict[str, str] | None:
    """Parses `OLD=NEW` pairs and files of aliases, which have no equals sign in their path.

    Raises:
        InputError: If a file cannot be read.
        OptionError: If a name has two new names.
    """
    if texts is None:
        return None
    out: dict[str, str] = {}
    for text in texts:
        old, equals, new = text.partition("=")
        for name, renamed in ({old: new} if equals else read_aliases(text)).items():
            if out.setdefault(name, renamed) != renamed:
                raise OptionError(f"--alias renames {name!r} to both {out[name]!r} and {renamed!r}")
    return out


def as_folds(text: str | None) -> tuple[str, ...]:
    """Parses `case,space,unicode`.

    Raises:
        OptionError: If there is another word.
    """
    if text is None:
        return ()
    parts = tuple(part.strip() for part in text.split(","))
    if not set(parts) <= set(FOLDS):
        raise OptionError(f"--fold takes {', '.join(FOLDS)}, separated by commas, not {text!r}")
    return parts


def as_names(
    option: str, texts: list[str] | None, *, empty: bool = False
) -> tuple[str, ...] | None:
    """Parses an option that names columns, separated by commas or by repeating the option.

    Quotes protect a column name that contains a comma.

    Args:
        option: Name of the option.
        texts: Values of the option, or None if it was not given.
        empty: Whether an empty value is allowed and means no columns.

    Returns:
        The names of the columns, or None if the option was not given.

    Raises:
        OptionError: If a name is empty.
    """
    if texts is None:
        return None
    found = tuple(part.strip() for text in texts for part in next(csv.reader([text]), [""]))
    if not all(found) or not (found or empty):
        raise OptionError(f"--{option} takes columns (judge,prompt), not {','.join(texts)!r}")
    return found


def as_anchor(text: str | None) -> tuple[str, float] | None:
    """Parses `NAME=RATING` into a pair; a name may contain equals signs.

    Raises:
        OptionError: If the text does not have this form.
    """
    if text is None:
        return None
    name, equals, rating = text.rpartition("=")
    try:
        if equals and name:
            return name, float(rating)
    except ValueError:
        pass
    message = f"--anchor takes NAME=RATING (gpt-5=1300), not {text!r}"
    raise OptionError(message)
