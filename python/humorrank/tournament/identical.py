"""Jokes that are the same, letter by letter."""

from __future__ import annotations

import numpy as np

from humorrank.judge import Answers, Field


def text_numbers(field: Field) -> np.ndarray:
    """uint32, prompts x models: equal numbers in a row for equal jokes."""
    numbers = np.empty((len(field.prompts), len(field.models)), np.uint32)
    for row, jokes in zip(numbers, field.jokes, strict=True):
        seen: dict[str, int] = {}
        row[:] = [seen.setdefault(joke, len(seen)) for joke in jokes]
    return numbers


def ties(size: int) -> Answers:
    """So many ties that nobody was asked about."""
    asked, none = np.zeros(size, np.uint32), np.full(size, np.nan)
    return Answers(np.arange(size), np.full(size, 0.5), asked, none)


def identical_pairs(
    field: Field, models: int, prompts: int, known_models: int = 0, known_prompts: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All comparisons of identical jokes.

    Args:
        field: the jokes.
        models: only among the first so many contestants.
        prompts: only for the first so many prompts.
        known_models: leaving out those among the first so many contestants ...
        known_prompts: ... for the first so many prompts.

    Returns:
        The contestant of the lower number, the other one, and the prompt, each as uint32.
    """
    found: list[tuple[int, int, int]] = []
    for prompt in range(prompts):
        same: dict[str, list[int]] = {}
        old = known_models if prompt < known_prompts else 0
        for model, joke in enumerate(field.jokes[prompt][:models]):
            earlier = same.setdefault(joke, [])
            if model >= old:
                found += [(low, model, prompt) for low in earlier]
            earlier.append(model)
    columns = np.array(found, np.uint32).reshape(-1, 3).T
    return columns[0], columns[1], columns[2]
