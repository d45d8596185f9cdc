"""Finds the decision in the raw text of an answer that is not valid JSON.

A library that repairs JSON guesses, and silently keeps the last of two equal keys. A repaired
decision is therefore accepted only if this scan of the raw text finds the same decision, stated
exactly once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from humorrank.errors import VerdictError
from humorrank.judge.protocol import Decision

FIELDS: Final = (
    "reasoning",
    "decision",
    "winner_humor_features",
    "winner_delivery_features",
    "loser_features",
)
"""The keys of a verdict, in the order in which a judge should write them."""

_OPEN, _CLOSE = "[\"'`\u2018\u201c]", "[\"'`\u2019\u201d]"
_CLOSING: Final = {"\u2018": "\u2019", "\u201c": "\u201d"}
_QUOTED_KEY: Final = re.compile(
    rf"{_OPEN}\s*decision\s*\\*{_CLOSE}\s*[:=]", re.IGNORECASE | re.ASCII
)
_BARE_KEY: Final = re.compile(r"(?:\A|[{,\n])[ \t]*decision[ \t]*[:=]", re.IGNORECASE | re.ASCII)
_VALUE: Final = re.compile(
    rf"\s*(?P<open>{_OPEN}?)\s*(?P<value>A|B|TIE)\s*(?P<close>{_CLOSE}?)(?P<gap>\s*)",
    re.IGNORECASE | re.ASCII,
)
_NEXT_KEY = rf"(?:{_OPEN}\s*\w{{1,64}}\s*{_CLOSE}|\w{{1,64}})\s*[:=]"
_AFTER: Final = re.compile(
    rf"\}}|```|,\s*(?:\}}|```|{_NEXT_KEY})|{_OPEN}\s*\w{{1,64}}\s*{_CLOSE}\s*[:=]", re.ASCII
)
_CUT: Final = re.compile(rf",?\s*{_OPEN}?(?P<key>\w{{0,64}}){_CLOSE}?\s*\Z", re.ASCII)
_FIELD: Final = re.compile(
    rf"{_OPEN}\s*(?:{'|'.join(FIELDS)})\s*\\*{_CLOSE}\s*[:=]", re.IGNORECASE | re.ASCII
)
_SAID: Final = re.compile(
    r"\bdecision\b[\"'*`]*\s*(?:[:=]|is\b)\s*[\"'*`]*(A|B|TIE|Tie|tie)\b(?!\s+[a-z])", re.ASCII
)
_LETTER: Final = re.compile(r"\\u00([46][1-9a-fA-F]|[57][0-9aA])")


@dataclass(frozen=True)
class _Key:
    end: int
    usable: bool
    """Whether a key can occur at this place; if not, it still makes the text unclear."""


def as_decision(value: object) -> Decision | None:
    """Returns a JSON value as A, B or TIE, in any case; None if it is something else."""
    if not isinstance(value, str) or not value.isascii():
        return None
    word = value.strip().upper()
    if word in ("A", "B", "TIE"):
        return word  # type: ignore[return-value]
    return None


def stated(text: str) -> Decision:
    """Returns the decision that a text states exactly once, as the value of a key.

    Raises:
        VerdictError: If the text states no decision, or more than one.
    """
    text = _plain(text)
    keys = _keys(text)
    if not keys:
        raise VerdictError("the answer has no decision", code="no_decision")
    found = [_value(text, key.end) for key in keys]
    if len(keys) > 1:
        raise doubled(found)
    if not keys[0].usable:
        raise VerdictError("the decision is inside another text", code="unclear")
    if found[0] is None:
        told = text[keys[0].end : keys[0].end + 24].strip()
        raise VerdictError(
            f"the decision must be A, B or TIE, not {told!r}"
            if told
            else "the answer ends before its decision",
            code="bad_decision",
        )
    return found[0]


def doubled(found: list[Decision | None]) -> VerdictError:
    """Returns the error for more than one decision."""
    if len(set(found)) > 1:
        told = " and ".join(decision or "something else" for decision in found[:3])
        return VerdictError(f"the answer contradicts itself: {told}", code="contradiction")
    return VerdictError(f"the answer has {len(found):,} decisions", code="doubled_decision")


def contradicted(prose: str, decision: Decision) -> bool:
    """Returns whether the text around an object states another decision than the object."""
    return any(said.group(1).upper() != decision for said in _SAID.finditer(_plain(prose)))


def has_fields(prose: str) -> bool:
    """Returns whether the text around an object holds a key of a verdict.

    The object is then only a part of the verdict.
    """
    prose = _plain(prose)
    return _FIELD.search(prose) is not None or bool(_keys(prose))


def _keys(text: str) -> list[_Key]:
    quoted = [
        _Key(match.end(), _may_start(text, match.start())) for match in _QUOTED_KEY.finditer(text)
    ]
    return quoted + [_Key(match.end(), True) for match in _BARE_KEY.finditer(text)]


def _may_start(text: str, place: int) -> bool:
    """Returns whether a key can start here.

    It can at the start of the text, and after a brace, a comma, or a closing bracket or quote.
    """
    while place and text[place - 1].isspace():
        place -= 1
    return not place or text[place - 1] in "{,]}\"'\u201d\u2019"


def _value(text: str, start: int) -> Decision | None:
    match = _VALUE.match(text, start)
    if match is None:
        return None
    opened, end = match["open"], match.end()
    if match["close"] != _CLOSING.get(opened, opened):
        return None
    if not opened and end == len(text):
        # The word may be cut off here.
        return None
    if end < len(text) and _AFTER.match(text, end) is None and not (opened and _is_cut(text, end)):
        return None
    return as_decision(match["value"])


def _is_cut(text: str, start: int) -> bool:
    """Returns whether the text ends here, within the next key of a verdict."""
    match = _CUT.match(text, start)
    return match is not None and any(name.startswith(match["key"].lower()) for name in FIELDS)


def _plain(text: str) -> str:
    r"""Replaces ASCII letters that are escaped, as in \u0064, by the letters themselves."""
    if "\\u00" not in text:
        return text
    return _LETTER.sub(lambda match: chr(int(match[1], 16)), text)
