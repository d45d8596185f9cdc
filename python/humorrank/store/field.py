"""Who competes, on which prompts, with which texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np

from humorrank._util.draws import name_keys


@dataclass(frozen=True)
class Prompt:
    """What jokes were asked for.

    Attributes:
        id: its name.
        text: the prompt; a headline; or both words, as "one, two".
        kind: which of these it is.
        words: the two words that must occur, where it is a prompt of two words.
    """

    id: str
    text: str
    kind: Literal["prompt", "headline", "words"] = "prompt"
    words: tuple[str, str] | None = None


class SparseJokes(Sequence[str]):
    """What some of many contestants wrote for a prompt; "" stands for those that wrote nothing.

    Args:
        jokes: number of the contestant -> joke.
        models: how many contestants there are.
    """

    def __init__(self, jokes: Mapping[int, str], models: int) -> None:
        self._jokes, self._models = jokes, models

    def __len__(self) -> int:
        """How many contestants there are."""
        return self._models

    @overload
    def __getitem__(self, model: int) -> str: ...
    @overload
    def __getitem__(self, model: slice) -> list[str]: ...
    def __getitem__(self, model: int | slice) -> str | list[str]:
        """What one of them wrote, or some."""
        if isinstance(model, slice):
            return [self[i] for i in range(*model.indices(self._models))]
        if not -self._models <= model < self._models:
            raise IndexError(model)
        return self._jokes.get(model % self._models, "")


@dataclass(frozen=True)
class Field:
    """Contestants, prompts, and what each contestant wrote for each prompt.

    Attributes:
        models: the names of the contestants; they are numbered by their place here.
        prompts: the prompts, numbered likewise.
        jokes: jokes[prompt][model]: what the model wrote for the prompt; "" for nothing, where
            pairs are given that not all contestants are in.
    """

    models: Sequence[str]
    prompts: Sequence[Prompt]
    jokes: Sequence[Sequence[str]]

    @cached_property
    def model_keys(self) -> np.ndarray:
        """uint64, one a contestant, made of the name."""
        return name_keys(self.models)

    @cached_property
    def prompt_keys(self) -> np.ndarray:
        """uint64, one a prompt, made of its id."""
        return name_keys(prompt.id for prompt in self.prompts)
