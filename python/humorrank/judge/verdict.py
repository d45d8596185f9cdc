"""From what a judge wrote to a verdict: lenient in form, strict in meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, SupportsIndex

import json_repair
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from humorrank.errors import VerdictError
from humorrank.judge.decision import FIELDS, as_decision, contradicted, doubled, has_fields, stated
from humorrank.judge.protocol import Decision
from humorrank.judge.taxonomy import TAXONOMY, Kind, Taxonomy

MOST_BYTES: Final = 64 * 1024
"""The longest text that is looked at, in UTF-8."""

DEEPEST: Final = 64
"""The deepest nesting that is mended."""

MOST_LOOKS: Final = 30_000
"""How often mending may look at a character: it is quadratic in places."""

LABELS: Final[Mapping[str, Kind]] = {
    "winner_humor_features": "humor",
    "winner_delivery_features": "delivery",
    "loser_features": "failures",
}
"""Field of a verdict -> which labels of the taxonomy it takes."""

_SEPARATORS: Final = re.compile(r"[,;|/\n]")
_BRACKETS: Final = re.compile(r"[\[\]{}]")


class Verdict(BaseModel):
    """What a judge decided on one comparison, and why.

    Attributes:
        reasoning: why, in words; empty where the judge gave no reason.
        decision: who is funnier: A, shown first, or B, or a genuine tie.
        winner_humor_features: labels of what made the winner funny.
        winner_delivery_features: labels of how it was told.
        loser_features: labels of what the loser lacked.
        unknown_labels: field -> labels given there that its taxonomy lacks, as they were written.
            A judge is not asked for them: they are no part of the schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reasoning: str
    decision: Decision
    winner_humor_features: tuple[str, ...]
    winner_delivery_features: tuple[str, ...]
    loser_features: tuple[str, ...]
    unknown_labels: SkipJsonSchema[Mapping[str, tuple[str, ...]]] = Field(default_factory=dict)


def verdict_schema(taxonomy: Taxonomy = TAXONOMY) -> dict[str, Any]:
    """The JSON schema of a verdict, for an engine that writes only what fits one.

    Reasoning comes first, so that the decision follows from it. Each list holds 1 to 3 labels.
    """
    schema = Verdict.model_json_schema()
    schema.pop("description", None)
    properties = {name: schema["properties"][name] for name in FIELDS}
    for name, kind in LABELS.items():
        properties[name] = {
            "type": "array",
            "items": {"type": "string", "enum": list(getattr(taxonomy, kind))},
            "minItems": 1,
            "maxItems": 3,
        }
    return {
        **schema,
        "properties": properties,
        "required": list(FIELDS),
        "additionalProperties": False,
    }


def parse_verdict(text: str | None, taxonomy: Taxonomy = TAXONOMY) -> Verdict:
    """Reads a judge's answer; docs/guides/judging.md lists what is mended and what is refused.

    Args:
        text: the whole answer; None as some endpoints answer when they refuse.
        taxonomy: the labels that are known.

    Raises:
        VerdictError: it does not state one decision, once; `code` says why.
    """
    if text is None or not text.strip(" \t\r\n\ufeff\u200b"):
        raise VerdictError("the answer is empty", code="empty")
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise VerdictError("the answer is longer than 64 KiB", code="too_long")
    pairs = _written(text) or _mended(text)
    decision = next(as_decision(value) for name, value in pairs if name == "decision")
    assert decision is not None
    return _verdict(decision, pairs, taxonomy)


class _Object(list[tuple[str, Any]]):
    """The pairs of a JSON object, doubled keys and all."""


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Object, strict=False)


def _written(text: str) -> _Object | None:
    """The one object with a decision in a text of well-formed objects; None if it is no such text.

    Raises:
        VerdictError: the objects, or the words around them, do not agree on one decision.
    """
    objects: list[_Object] = []
    around: list[str] = []
    end = 0
    while (start := text.find("{", end)) >= 0:
        around.append(text[end:start])
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            if not objects:
                return None
            # Braces in the words that follow.
            end = start
            break
        objects.append(_named(value))
    around.append(text[end:])
    prose = "\n".join(around)
    if not objects or has_fields(prose):
        return None
    found = [decision for value in objects for decision in _decisions(value)]
    if len(found) > 1:
        raise doubled([as_decision(value) for value in found])
    whole = [value for value in objects if any(name == "decision" for name, _ in value)]
    if not whole:
        raise VerdictError("the answer's object has no decision", code="no_decision")
    decision = as_decision(found[0])
    if decision is None:
        told = _text(found[0])[:40]
        raise VerdictError(f"the decision must be A, B or TIE, not {told!r}", code="bad_decision")
    if contradicted(prose, decision):
        raise VerdictError(
            f"the answer contradicts itself: {decision}, and another decision in the words around",
            code="contradiction",
        )
    return whole[0]


def _mended(text: str) -> _Object:
    """The object of a text that is no well-formed JSON.

    Raises:
        VerdictError: the text as it stands, and what becomes of it, do not state one decision.
    """
    if "{" not in text and "}" not in text:
        raise VerdictError("the answer holds no JSON object", code="no_object")
    decision = stated(text)
    _check_depth(text)
    try:
        value = json_repair.loads(_Metered(text), skip_json_loads=True)
    except _SpentError:
        raise VerdictError("the answer is too tangled to mend", code="too_tangled") from None
    except Exception as error:
        # Whatever a judge writes must not stop a tournament.
        raise VerdictError(f"the answer cannot be mended: {error}", code="unclear") from error
    objects = [
        _named(_Object(part.items()))
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    if not objects:
        raise VerdictError("the answer holds no JSON object", code="no_object")
    whole = [part for part in objects if any(name == "decision" for name, _ in part)]
    if len(whole) != 1 or [as_decision(value) for value in _decisions(whole[0])] != [decision]:
        raise VerdictError(f"{decision} is no decision of the answer's object", code="unclear")
    return whole[0]


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > DEEPEST:
            raise VerdictError(f"the answer is nested over {DEEPEST} deep", code="too_deep")


class _SpentError(BaseException):
    """Mending looked too often. No `Exception`: the library must not take it for its own."""


class _Metered(str):
    """A text that counts how often it is looked at.

    Time is no measure: the same text must always be mended, or never, however busy a machine is.
    """

    __slots__ = ("_looks",)

    def __init__(self, _: str) -> None:
        self._looks = [0]

    def __getitem__(self, place: SupportsIndex | slice) -> str:
        found = str.__getitem__(self, place)
        self._looks[0] += 1 if len(found) < 2 else 1 + len(found) // 64
        if self._looks[0] > MOST_LOOKS:
            raise _SpentError
        return self._with(found) if isinstance(place, slice) else found

    def __add__(self, other: str) -> str:
        return self._with(str.__add__(self, other))

    def __radd__(self, other: str) -> str:
        return self._with(str.__add__(other, self))

    def _with(self, text: str) -> _Metered:
        """A text on the same account."""
        made = _Metered(text)
        made._looks = self._looks
        return made


def _named(pairs: _Object) -> _Object:
    """With the names of the fields, however they are spelled."""
    return _Object((_NAMES.get(_folded(name), str(name)), value) for name, value in pairs)


def _folded(name: object) -> str:
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")


_NAMES: Final = {_folded(name): name for name in FIELDS}


def _decisions(value: object) -> Iterator[Any]:
    """The values of all keys "decision", at any depth."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            part = _Object(part.items())
        if isinstance(part, _Object):
            for name, inner in part:
                if _folded(name) == "decision":
                    yield inner
                stack.append(inner)
        elif isinstance(part, list):
            stack.extend(part)


def _verdict(decision: Decision, pairs: _Object, taxonomy: Taxonomy) -> Verdict:
    reasons, known, unknown = [], {}, {}
    for name in LABELS:
        known[name], unknown[name] = dict[str, None](), dict[str, None]()
    for name, value in pairs:
        if name == "reasoning" and value is not None:
            reasons.append(_text(value))
        elif name in LABELS:
            for label in _labels(value):
                match = taxonomy.match(LABELS[name], label)
                (unknown if match is None else known)[name][label if match is None else match] = (
                    None
                )
    return Verdict(
        reasoning="\n".join(reasons),
        decision=decision,
        winner_humor_features=tuple(known["winner_humor_features"]),
        winner_delivery_features=tuple(known["winner_delivery_features"]),
        loser_features=tuple(known["loser_features"]),
        unknown_labels={name: tuple(labels) for name, labels in unknown.items() if labels},
    )


def _labels(value: object) -> list[str]:
    """The labels of a list, or of a text that lists them."""
    if value is None:
        return []
    if isinstance(value, str):
        parts: list[object] = list(_SEPARATORS.split(value))
    elif isinstance(value, list) and not isinstance(value, _Object):
        parts = [part for part in value if part is not None]
    else:
        parts = [value]
    return [label for part in parts if (label := _text(part).strip())]


def _text(value: object) -> str:
    """A JSON value as text that every file can hold: no lone surrogates, no zeros."""
    if not isinstance(value, str):
        value = json.dumps(_plain(value), ensure_ascii=False)
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _plain(value: object) -> object:
    """With objects as mappings again; deeper than the encoder goes, as they are printed."""
    try:
        return json.loads(json.dumps(_mapping(value)))
    except RecursionError:
        return "(nested too deep)"


def _mapping(value: object) -> object:
    if isinstance(value, _Object):
        return {name: _mapping(inner) for name, inner in value}
    if isinstance(value, list):
        return [_mapping(inner) for inner in value]
    return value
