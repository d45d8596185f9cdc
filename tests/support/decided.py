"""Decision logs like those of a language model as a judge, for tests of pages and figures."""

from __future__ import annotations

import json
from random import Random

import numpy as np
import polars as pl

from humorrank.judge.taxonomy import TAXONOMY

HUMOR, DELIVERY, FAILURES = TAXONOMY.humor, TAXONOMY.delivery, TAXONOMY.failures


def decisions(
    names, judgments, *, prompts=40, length=60, offensive=0.05, ties=0.1, seed=0, judge="critic"
):
    """Returns a log of decisions between contestants, each 30 points stronger than the next.

    Args:
        names: The names of the contestants, best first.
        judgments: The number of judgments.
        prompts: The number of prompts.
        length: The approximate length of a joke and of a reason, in characters.
        offensive: The share of losing jokes that are labeled offensive.
        ties: The share of ties.
        seed: The seed of the random numbers.
        judge: The name of the judge.
    """
    random = np.random.default_rng(seed)
    n = len(names)
    first = random.integers(n, size=judgments)
    second = (first + random.integers(1, n, size=judgments)) % n
    prompt = random.integers(prompts, size=judgments)
    p = 1 / (1 + 10 ** ((first - second) * 30 / 400))
    drawn = random.random(judgments)
    winner = np.where(drawn < p, "model_a", "model_b")
    winner = np.where(random.random(judgments) < ties, "tie", winner)

    chosen = Random(seed)

    def some(labels, most=3):
        return json.dumps(chosen.sample(labels, chosen.randint(1, most)))

    words = ("the pigeon", "a toaster", "my landlord", "files", "denies", "the moon", "in Bern")

    def text(*key):
        draw = Random(f"{seed} {key}")
        out = " ".join(draw.choices(words, k=max(1, length // 8)))
        return f"{out[0].upper()}{out[1:]}."

    jokes = {(m, q): f"{text(m, q)} ({m}/{q})" for m in range(n) for q in range(prompts)}
    plain = [label for label in FAILURES if label != "offensive"]
    hurt = random.random(judgments) < offensive
    return pl.DataFrame(
        {
            "question_id": [f"p{q}" for q in prompt],
            "prompt": [f"Headline {q}: {text(q)}" for q in prompt.tolist()],
            "model_a": [names[i] for i in first],
            "model_b": [names[i] for i in second],
            "joke_a": [jokes[i, q] for i, q in zip(first.tolist(), prompt.tolist(), strict=True)],
            "joke_b": [jokes[i, q] for i, q in zip(second.tolist(), prompt.tolist(), strict=True)],
            "judge": judge,
            "winner": winner,
            "reasoning": [text(9, i) for i in range(judgments)],
            "winner_humor_features": [some(HUMOR) for _ in range(judgments)],
            "winner_delivery_features": [some(DELIVERY) for _ in range(judgments)],
            "loser_features": [json.dumps(["offensive"]) if bad else some(plain) for bad in hurt],
        }
    )


JUDGES = ["anna <b>", "ben & co", 'llama "70b"', None]
"""The judges of `by_judges`; the last one has no name."""


def by_judges() -> pl.DataFrame:
    """Returns decisions on five models by four judges, over three months."""
    frame = decisions([f"model-{i}" for i in range(5)], 1_200)
    judges = [JUDGES[row % len(JUDGES)] for row in range(frame.height)]
    times = 1.7e9 + pl.int_range(pl.len()) * 7_000
    return frame.with_columns(judge=pl.Series(judges), tstamp=times)
