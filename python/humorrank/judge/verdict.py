"""Parses the text of a judge's answer into a verdict: lenient about form, strict about meaning."""

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
"""Most bytes of an answer, in UTF-8; a longer one is not examined."""

DEEPEST: Final = 64
"""Deepest nesting of an answer that is repaired."""

MOST_LOOKS: Final = 30_000
"""Number of times that a repair may inspect a character, since some repairs are quadratic."""

LABELS: Final[Mapping[str, Kind]] = {
    "winner_humor_features": "humor",
    "winner_delivery_features": "delivery",
    "loser_features": "failures",
}
"""Mapping from a field of a verdict to the labels of the taxonomy that it contains."""

_SEPARATORS: Final = re.compile(r"[,;|/\n]")
_BRACKETS: Final = re.compile(r"[\[\]{}]")


class Verdict(BaseModel):
    """A judge's decision on one comparison, with its reasons.

    Attributes:
        reasoning: Reasons for the decision, as text; empty if the judge gave none.
        decision: The funnier joke: A, which was shown first, or B; TIE for a genuine tie.
        winner_humor_features: Labels of what made the winner funny.
        winner_delivery_features: Labels of the winner's delivery.
        loser_features: Labels of what the loser lacked.
        unknown_labels: Mapping from a field to the labels that were given there and that the
            taxonomy lacks, as written. A judge is not asked for them: they are not in the schema.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reasoning: str
    decision: Decision
    winner_humor_features: tuple[str, ...]
    winner_delivery_features: tuple[str, ...]
    loser_features: tuple[str, ...]
    unknown_labels: SkipJsonSchema[Mapping[str, tuple[str, ...]]] = Field(default_factory=dict)


def verdict_schema(taxonomy: Taxonomy = TAXONOMY, *, labels: bool = True) -> dict[str, Any]:
    """Returns the JSON schema of a verdict, for engines with structured outputs.

    The reasoning comes first, so that the decision follows from it. Each list has 1 to 3 labels.

    Args:
        taxonomy: The labels.
        labels: Whether a verdict has labels. If not, it has only a reasoning and a decision.
    """
    schema = Verdict.model_json_schema()
    schema.pop("description", None)
    names = [name for name in FIELDS if labels or name not in LABELS]
    properties = {name: schema["properties"][name] for name in names}
    for name, kind in LABELS.items() if labels else ():
        properties[name] = {
            "type": "array",
            "items": {"type": "string", "enum": list(getattr(taxonomy, kind))},
            "minItems": 1,
            "maxItems": 3,
        }
    return {
        **schema,
        "properties": properties,
        "required": names,
        "additionalProperties": False,
    }


def parse_verdict(text: str | None, taxonomy: Taxonomy = TAXONOMY) -> Verdict:
    """Parses a judge's answer.

    See docs/guides/verdicts.md for the deviations that are repaired and those that are rejected.

    Args:
        text: The whole answer; some endpoints return None when they refuse.
        taxonomy: The known labels.

    Raises:
        VerdictError: If the answer does not state exactly one decision, exactly once. Its `code`
            states the reason.
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
    """The pairs of a JSON object, including repeated keys."""


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_Object, strict=False)


def _written(text: str) -> _Object | None:
    """Returns the one object with a decision from a text whose objects are well-formed.

    Returns:
        The object, or None if the text needs repair.

    Raises:
        VerdictError: If the objects, or the text around them, do not agree on one decision.
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
            # A brace in the text after the objects.
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
            f"the answer contradicts itself: {decision}, but another decision in the text around",
            code="contradiction",
        )
    return whole[0]


def _mended(text: str) -> _Object:
    """Returns the object of a text that is not well-formed JSON, after repairing it.

    Raises:
        VerdictError: If the original text and the repaired object do not state the same single
            decision.
    """
    if "{" not in text and "}" not in text:
        raise VerdictError("the answer contains no JSON object", code="no_object")
    decision = stated(text)
    _check_depth(text)
    try:
        value = json_repair.loads(_Metered(text), skip_json_loads=True)
    except _SpentError:
        raise VerdictError("the answer is too tangled to repair", code="too_tangled") from None
    except Exception as error:
        # No answer may stop a tournament, whatever its text.
        raise VerdictError(f"the answer cannot be repaired: {error}", code="unclear") from error
    objects = [
        _named(_Object(part.items()))
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict)
    ]
    if not objects:
        raise VerdictError("the answer contains no JSON object", code="no_object")
    whole = [part for part in objects if any(name == "decision" for name, _ in part)]
    if len(whole) != 1 or [as_decision(value) for value in _decisions(whole[0])] != [decision]:
        raise VerdictError(f"{decision} is not the decision of the answer's object", code="unclear")
    return whole[0]


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > DEEPEST:
            raise VerdictError(
                f"the answer is nested more than {DEEPEST} levels deep", code="too_deep"
            )


class _SpentError(BaseException):
    """Raised when a repair exceeds its limit.

    It is not an `Exception`, so that the library that repairs does not catch it.
    """


class _Metered(str):
    """A text that counts how often it is inspected.

    A time limit would not do: the same text must always be repaired or never, however busy the
    machine is.
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
        """Returns a text that shares this counter."""
        made = _Metered(text)
        made._looks = self._looks
        return made


def _named(pairs: _Object) -> _Object:
    """Returns the pairs with the standard names of the fields, however they are spelled."""
    return _Object((_NAMES.get(_folded(name), str(name)), value) for name, value in pairs)


def _folded(name: object) -> str:
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")


_NAMES: Final = {_folded(name): name for name in FIELDS}


def _decisions(value: object) -> Iterator[Any]:
    """Yields the values of all keys "decision", at any depth."""
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
    """Returns the labels of a list, or of a text that lists them."""
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
    """Returns a JSON value as text without unpaired surrogates and U+0000.

    Neither can be stored in every file.
    """
    if not isinstance(value, str):
        value = json.dumps(_plain(value), ensure_ascii=False)
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _plain(value: object) -> object:
    """Returns a value with objects as mappings; a placeholder if it is nested too deep."""
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
