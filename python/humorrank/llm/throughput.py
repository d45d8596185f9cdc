"""The throughput of a language model that judges."""

from __future__ import annotations

import time
from dataclasses import dataclass

from humorrank._util.text import number_of


@dataclass
class Throughput:
    """Counters of a judge, which start with its first question.

    Attributes:
        matches: Number of comparisons that were answered with a judgment.
        failed: Number of comparisons that failed.
        requests: Number of attempts for both.
        prompt_tokens: Prompt tokens of all attempts.
        cached_tokens: Number of these that were in a prefix cache.
        output_tokens: Output tokens of all attempts.
        busy: Seconds during which the engine had work, as far as known.
        price_prompt: Price of a million prompt tokens, if known.
        price_output: Price of a million output tokens, if known.
        began: Time of the first question, in seconds of `time.perf_counter`.
        ended: Time of the last answer, in seconds of `time.perf_counter`.
    """

    matches: int = 0
    failed: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    busy: float = 0.0
    price_prompt: float | None = None
    price_output: float | None = None
    began: float | None = None
    ended: float | None = None

    def asked(self) -> None:
        """Records the time of a question."""
        if self.began is None:
            self.began = time.perf_counter()

    def answered(self, matches: int, failed: int) -> None:
        """Counts comparisons that were answered or failed."""
        self.matches += matches
        self.failed += failed
        self.ended = time.perf_counter()

    @property
    def wall(self) -> float:
        """Seconds from the first question to the last answer."""
        return 0.0 if self.began is None or self.ended is None else self.ended - self.began

    @property
    def cost(self) -> float | None:
        """The cost, in the currency of the prices; None if there are no prices."""
        if self.price_prompt is None and self.price_output is None:
            return None
        prompts = self.prompt_tokens * (self.price_prompt or 0.0)
        return (prompts + self.output_tokens * (self.price_output or 0.0)) / 1e6

    def as_dict(self) -> dict[str, float]:
        """Returns counts and rates per second of wall time; empty if nothing was answered."""
        if not self.wall:
            return {}
        return {
            "matches": self.matches,
            "failed": self.failed,
            "requests": self.requests,
            "wall": self.wall,
            "matches_per_second": self.matches / self.wall,
            "prompt_tokens": self.prompt_tokens,
            "prompt_tokens_per_second": self.prompt_tokens / self.wall,
            "output_tokens": self.output_tokens,
            "output_tokens_per_second": self.output_tokens / self.wall,
            "cached_share": self.cached_tokens / max(self.prompt_tokens, 1),
            "engine_share": self.busy / self.wall,
            **({} if self.cost is None else {"cost": self.cost}),
        }

    def report(self) -> str:
        """Returns the counts and rates as text."""
        told = self.as_dict()
        if not told:
            return "nothing was judged"
        failed = f", {self.failed:,} failed" if self.failed else ""
        return (
            f"{number_of(self.matches, 'match', 'matches')}{failed} in {self.wall:,.1f} s: "
            f"{told['matches_per_second']:,.2f} matches/s; "
            f"{told['prompt_tokens_per_second']:,.0f} prompt tokens/s, "
            f"{told['output_tokens_per_second']:,.0f} output tokens/s; "
            f"{told['cached_share']:.1%} of the prompt tokens from the cache; "
            f"the engine was busy for {told['engine_share']:.1%} of the time"
            + ("" if self.cost is None else f"; cost {self.cost:,.2f}")
        )
