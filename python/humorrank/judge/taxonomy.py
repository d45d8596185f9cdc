"""The labels with which a judge describes what made a joke funny or not."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from humorrank._util.suggest import refuse_unknown
from humorrank.errors import InputError, OptionError

Kind = Literal["humor", "delivery", "failures"]

_ACCENTS: Final = re.compile("[\u0300-\u036f]+")


@dataclass(frozen=True)
class Taxonomy:
    """Three lists of labels, in the order in which a prompt lists them.

    Attributes:
        humor: Mechanisms that make a joke funny.
        delivery: Labels of how a joke is told.
        failures: Reasons why a joke is not funny.
    """

    humor: tuple[str, ...]
    delivery: tuple[str, ...]
    failures: tuple[str, ...]

    def __post_init__(self) -> None:
        """Rejects labels that are invalid or cannot be distinguished.

        Raises:
            OptionError: If a list is empty, or a label is blank, contains a line break, or differs
                from another label of its list only in case, accents, spaces, hyphens or
                underscores.
        """
        for kind in fields(self):
            labels = getattr(self, kind.name)
            if not isinstance(labels, tuple) or not labels:
                raise OptionError(f"{kind.name} must be a list of at least one label")
            seen: dict[str, str] = {}
            for label in labels:
                if not isinstance(label, str) or not label.strip() or not label.isprintable():
                    raise OptionError(
                        f"{kind.name}: {label!r} is not a label: a label is one line of text"
                    )
                if (other := seen.get(fold(label))) is not None:
                    raise OptionError(f"{kind.name}: {other!r} and {label!r} are the same label")
                seen[fold(label)] = label

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        """Reads a TOML or JSON file with the keys `humor`, `delivery` and `failures`.

        Raises:
            InputError: If the file cannot be read, or is neither TOML nor JSON.
            OptionError: If a key is missing or unknown, or a list of labels is invalid.
        """
        table = _read(path)
        known = [kind.name for kind in fields(cls)]
        refuse_unknown(table, known, str(path))
        for name in known:
            if not isinstance(table.get(name), list):
                raise OptionError(f"{path}: {name} must be a list of labels")
        try:
            return cls(**{name: tuple(table[name]) for name in known})
        except OptionError as error:
            raise OptionError(f"{path}: {error}") from None

    def match(self, kind: Kind, label: str) -> str | None:
        """Returns the label of this kind that matches a spelling; None if there is none."""
        return self._folded[kind].get(fold(label))

    @cached_property
    def _folded(self) -> dict[str, dict[str, str]]:
        return {
            kind.name: {fold(label): label for label in getattr(self, kind.name)}
            for kind in fields(self)
        }


def fold(label: str) -> str:
    """Returns a label without case, accents, and characters other than letters and digits."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", label)).casefold()
    return _kept(bare) or bare.strip()


def _kept(characters: Iterable[str]) -> str:
    # Marks are kept, because vowels of Indic scripts are marks.
    return "".join(c for c in characters if c.isalnum() or unicodedata.category(c)[0] == "M")


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        table = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not a taxonomy: {error}", file=str(path)) from error
    if not isinstance(table, dict):
        raise InputError("is not a taxonomy: it must contain one object", file=str(path))
    return table


TAXONOMY: Final = Taxonomy(
    humor=(
        "incongruity",
        "wordplay",
        "absurdity",
        "surprise",
        "irony",
        "sarcasm",
        "observational",
        "narrative",
    ),
    delivery=(
        "timing",
        "conciseness",
        "deadpan",
        "escalation",
        "punchline_positioning",
        "framing_commitment",
    ),
    failures=(
        "cliché",
        "confusing",
        "offensive",
        "overexplained",
        "buried_punchline",
        "weak_punchline",
    ),
)
"""The labels of HumorRank, after the General Theory of Verbal Humor."""
