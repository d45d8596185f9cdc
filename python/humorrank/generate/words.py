"""Checks that both words of a prompt occur in a joke.

The rule applies to text that is casefolded and has no accents (NFKD without the combining marks
U+0300 to U+036F):

- A word in a script without spaces between words, or with particles attached to words (Han, Kana,
  Thai, Lao, Khmer, Burmese, Tibetan, Hangul, Arabic, Hebrew), occurs if it is a substring of the
  text.
- Any other word occurs if a word of the text is one of its forms:
  - the word itself;
  - the word, or its stem without a final e or y (at least three letters), followed by one of
    `ENDINGS`, where the last consonant may be doubled ("run": runs, running; "bake": baking;
    "city": cities);
  - for a word with letters beyond a to z, also any word that shares all but its last two letters
    (at least three) and is at most two letters longer ("кошка": кошки, кошкой).
- Several words ("ice cream") occur if they follow each other, each in one of its forms, or if they
  occur as one word.

Irregular forms (mouse, mice) and compounds (cat, catfish) do not count. See
docs/guides/generating.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

ENDINGS: Final = (
    *("s", "es", "ies", "ed", "d", "ied", "ing", "ings", "en", "n"),
    *("er", "ers", "ier", "est", "iest", "r", "y", "ly", "ily"),
)
"""The endings that can follow a word in one of its forms."""

_WORDS: Final = re.compile(r"[^\W_]+")
_INSIDE: Final = re.compile(
    "["
    "\u0590-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb1d-\ufdff\ufe70-\ufeff"  # Hebrew, Arabic
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"  # Kana, Han
    "\U00020000-\U0003ffff]"
)
_ACCENTS: Final = re.compile("[\u0300-\u036f]")


def missing_words(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Returns the words that do not occur in a text, by the rule above."""
    told = _folded(text)
    tokens = _WORDS.findall(told)
    return tuple(word for word in words if not _occurs(_folded(word), told, tokens))


def _occurs(word: str, text: str, tokens: Sequence[str]) -> bool:
    if _INSIDE.search(word):
        return "".join(word.split()) in "".join(text.split())
    parts = _WORDS.findall(word)
    if not parts:
        # The word consists of signs only.
        return word.strip() in text
    size = len(parts)
    if size > 1 and any(_is_form(token, "".join(parts)) for token in tokens):
        return True
    return any(
        all(_is_form(token, part) for token, part in zip(tokens[i : i + size], parts, strict=True))
        for i in range(len(tokens) - size + 1)
    )


def _is_form(token: str, word: str) -> bool:
    if token == word:
        return True
    stems = [word]
    if len(word) > 3 and word[-1] in "ey":
        stems.append(word[:-1])
    if any(token.startswith(stem) and token[len(stem) :] in ENDINGS for stem in stems):
        return True
    doubled = word + word[-1]
    if token.startswith(doubled) and token[len(doubled) :] in ENDINGS:
        return True
    if word.isascii() or len(token) > len(word) + 2:
        return False
    shared = max(3, len(word) - 2)
    return token[:shared] == word[:shared] and len(token) >= shared


def _folded(text: str) -> str:
    decomposed = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFKC", decomposed).casefold()
