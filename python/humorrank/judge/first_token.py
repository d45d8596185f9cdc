"""A decision read from the probabilities of a model's first token."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from humorrank.errors import JudgeError, VerdictError
from humorrank.judge.protocol import Decision

REQUEST: Final = (
    "\n\nWrite no JSON object and no reasons this time. Answer with one word: A, B or TIE."
)
"""What is added to the last message."""

SPELLINGS: Final[Mapping[Decision, tuple[str, ...]]] = {
    "A": ("A", " A"),
    "B": ("B", " B"),
    "TIE": ("TIE", " TIE", "Tie", " Tie"),
}

LEAST_MASS: Final = 0.1
"""A model that gives the three words less than this did not answer the question."""


@dataclass(frozen=True)
class FirstTokens:
    """Which tokens begin which decision.

    Attributes:
        of: decision -> tokens.
    """

    of: Mapping[Decision, frozenset[int]]

    @classmethod
    def find(cls, encode: Callable[[str], Sequence[int]]) -> FirstTokens:
        """Of a tokenizer; a token that begins two decisions counts for none.

        Args:
            encode: text -> tokens, without special ones.

        Raises:
            JudgeError: no token tells one of the decisions.
        """
        found = {
            decision: {encode(text)[0] for text in texts} for decision, texts in SPELLINGS.items()
        }
        own = {
            decision: frozenset(
                tokens.difference(*(other for name, other in found.items() if name != decision))
            )
            for decision, tokens in found.items()
        }
        for decision, tokens in own.items():
            if not tokens:
                raise JudgeError(
                    f"this model's tokenizer has no first token that tells {decision} from the "
                    "others: decision_only cannot be used with it"
                )
        return cls(own)

    @property
    def all(self) -> list[int]:
        """Every token whose log-probability is needed."""
        return sorted(token for tokens in self.of.values() for token in tokens)

    def read(self, logprobs: Mapping[int, float]) -> tuple[Decision, float]:
        """The likeliest decision, and the probability that A is funnier, a tie half.

        Args:
            logprobs: token -> natural logarithm of its probability, untempered.

        Raises:
            VerdictError: the three decisions together are less than a tenth likely.
        """
        mass: dict[Decision, float] = {
            decision: sum(math.exp(logprobs.get(token, -math.inf)) for token in tokens)
            for decision, tokens in self.of.items()
        }
        whole = sum(mass.values())
        if not whole >= LEAST_MASS:
            raise VerdictError(
                f"A, B and TIE together are only {whole:.2%} likely as the first word",
                code="no_decision",
            )
        likeliest = max(mass.values())
        best = [decision for decision in mass if mass[decision] == likeliest]
        probability = (mass["A"] + mass["TIE"] / 2) / whole
        return best[0] if len(best) == 1 else "TIE", min(max(probability, 0.0), 1.0)
