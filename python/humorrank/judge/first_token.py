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
"""The request for a bare decision, which is appended to the last message."""

SPELLINGS: Final[Mapping[Decision, tuple[str, ...]]] = {
    "A": ("A", " A"),
    "B": ("B", " B"),
    "TIE": ("TIE", " TIE", "Tie", " Tie"),
}

LEAST_MASS: Final = 0.1
"""The least total probability of the three decisions for the question to count as answered."""


@dataclass(frozen=True)
class FirstTokens:
    """The tokens that begin each decision.

    Attributes:
        of: Mapping from decision to tokens.
    """

    of: Mapping[Decision, frozenset[int]]

    @classmethod
    def find(cls, encode: Callable[[str], Sequence[int]]) -> FirstTokens:
        """Finds the tokens with a tokenizer; a token that begins two decisions counts for neither.

        Args:
            encode: Function from text to tokens, without special tokens.

        Raises:
            JudgeError: If a decision has no token that distinguishes it from the others.
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
                    f"this model's tokenizer has no first token that distinguishes {decision} from "
                    "the others: decision_only cannot be used with it"
                )
        return cls(own)

    @property
    def all(self) -> list[int]:
        """The tokens whose log-probabilities are needed."""
        return sorted(token for tokens in self.of.values() for token in tokens)

    def read(self, logprobs: Mapping[int, float]) -> tuple[Decision, float]:
        """Returns the likeliest decision and the probability that A is funnier.

        A tie counts half.

        Args:
            logprobs: Mapping from token to the natural logarithm of its probability, at
                temperature 1.

        Raises:
            VerdictError: If the three decisions have a total probability below `LEAST_MASS`.
        """
        mass: dict[Decision, float] = {
            decision: sum(math.exp(logprobs.get(token, -math.inf)) for token in tokens)
            for decision, tokens in self.of.items()
        }
        whole = sum(mass.values())
        if not whole >= LEAST_MASS:
            raise VerdictError(
                f"A, B and TIE together have a probability of only {whole:.2%} as the first word",
                code="no_decision",
            )
        likeliest = max(mass.values())
        best = [decision for decision in mass if mass[decision] == likeliest]
        probability = (mass["A"] + mass["TIE"] / 2) / whole
        return best[0] if len(best) == 1 else "TIE", min(max(probability, 0.0), 1.0)
