"""Whether both words of a prompt occur in a joke.

The rule, on text that is casefolded and has no accents (NFKD without the combining marks U+0300 to
U+036F):

- A word in a script that is written without spaces, or that puts particles onto words (Han, Kana,
  Thai, Lao, Khmer, Burmese, Tibetan, Hangul, Arabic, Hebrew), occurs where the text holds it.
- Any other word occurs where a word of the text is one of its forms: the word itself; the word, or
  what is left of it without a last e or y (at least three letters), with one of `ENDINGS` behind,
  the last consonant doubled or not ("run": runs, running; "bake": baking; "city": cities); for a
  word with letters beyond a to z, also one that shares all but its last two letters (at least
  three) and is at most two letters longer ("кошка": кошки, кошкой).
- Several words ("ice cream") occur one behind the other, each in one of its forms, or as one word.

Irregular forms (mouse, mice) and compounds (cat, catfish) do not count.
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
"""What can stand behind a word in one of its forms."""

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
    """Which of some words do not occur in a text; the rule stands above."""
    told = _folded(text)
    tokens = _WORDS.findall(told)
    return tuple(word for word in words if not _occurs(_folded(word), told, tokens))


def _occurs(word: str, text: str, tokens: Sequence[str]) -> bool:
    if _INSIDE.search(word):
        return "".join(word.split()) in "".join(text.split())
    parts = _WORDS.findall(word)
    if not parts:
        # A sign, not a word.
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
