"""Identical jokes, which are equal character by character."""

from __future__ import annotations

import numpy as np

from humorrank.judge import Answers, Field


def text_numbers(field: Field) -> np.ndarray:
    """Returns a uint32 array (prompts x models) with equal numbers for equal jokes in a row."""
    numbers = np.empty((len(field.prompts), len(field.models)), np.uint32)
    for row, jokes in zip(numbers, field.jokes, strict=True):
        seen: dict[str, int] = {}
        row[:] = [seen.setdefault(joke, len(seen)) for joke in jokes]
    return numbers


def ties(size: int) -> Answers:
    """Returns the given number of ties for which no judge was asked."""
    asked, none = np.zeros(size, np.uint32), np.full(size, np.nan)
    return Answers(np.arange(size), np.full(size, 0.5), asked, none)


def identical_pairs(
    field: Field, models: int, prompts: int, known_models: int = 0, known_prompts: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns all comparisons of identical jokes.

    Comparisons among the first `known_models` contestants on the first `known_prompts` prompts are
    left out, and so are those of missing jokes ("").

    Args:
        field: Models, prompts and jokes.
        models: Number of contestants, from the first, that are considered.
        prompts: Number of prompts, from the first, that are considered.
        known_models: Number of contestants that were considered before.
        known_prompts: Number of prompts that were considered before.

    Returns:
        The contestant with the lower number, the other one, and the prompt, each as uint32.
    """
    found: list[tuple[int, int, int]] = []
    for prompt in range(prompts):
        same: dict[str, list[int]] = {}
        old = known_models if prompt < known_prompts else 0
        for model, joke in enumerate(field.jokes[prompt][:models]):
            if not joke:
                continue
            earlier = same.setdefault(joke, [])
            if model >= old:
                found += [(low, model, prompt) for low in earlier]
            earlier.append(model)
    columns = np.array(found, np.uint32).reshape(-1, 3).T
    return columns[0], columns[1], columns[2]
