"""Who competes, on which prompts, with which texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from humorrank.draws import name_keys


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


@dataclass(frozen=True)
class Field:
    """Contestants, prompts, and what each contestant wrote for each prompt.

    Attributes:
        models: the names of the contestants; they are numbered by their place here.
        prompts: the prompts, numbered likewise.
        jokes: jokes[prompt][model]: what the model wrote for the prompt.
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
