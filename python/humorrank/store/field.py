"""The contestants and prompts of a store, and their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, overload

import numpy as np

from humorrank._util.draws import name_keys


@dataclass(frozen=True)
class Prompt:
    """A prompt for jokes.

    Attributes:
        id: Name of the prompt.
        text: The prompt, the headline, or the two words as "one, two".
        kind: Which of these the text is.
        words: The two words that must occur, or None for a prompt of another kind.
    """

    id: str
    text: str
    kind: Literal["prompt", "headline", "words"] = "prompt"
    words: tuple[str, str] | None = None


class SparseJokes(Sequence[str]):
    """The jokes of all contestants for a prompt for which only some wrote one.

    The joke of a contestant that wrote nothing is "".

    Args:
        jokes: Jokes by number of the contestant.
        models: Number of contestants.
    """

    def __init__(self, jokes: Mapping[int, str], models: int) -> None:
        self._jokes, self._models = jokes, models

    def __len__(self) -> int:
        """Returns the number of contestants."""
        return self._models

    @overload
    def __getitem__(self, model: int) -> str: ...
    @overload
    def __getitem__(self, model: slice) -> list[str]: ...
    def __getitem__(self, model: int | slice) -> str | list[str]:
        """Returns the joke of a contestant, or the jokes of several."""
        if isinstance(model, slice):
            return [self[i] for i in range(*model.indices(self._models))]
        if not -self._models <= model < self._models:
            raise IndexError(model)
        return self._jokes.get(model % self._models, "")


@dataclass(frozen=True)
class Field:
    """The contestants, the prompts, and the joke of each contestant for each prompt.

    Attributes:
        models: Names of the contestants, which are numbered by their position here.
        prompts: Prompts, numbered in the same way.
        jokes: Jokes as jokes[prompt][model]; "" if a contestant wrote nothing for a prompt, which
            occurs for given pairs and if missing jokes are skipped.
    """

    models: Sequence[str]
    prompts: Sequence[Prompt]
    jokes: Sequence[Sequence[str]]

    @cached_property
    def model_keys(self) -> np.ndarray:
        """Keys of the contestants for random draws, as uint64, derived from their names."""
        return name_keys(self.models)

    @cached_property
    def prompt_keys(self) -> np.ndarray:
        """Keys of the prompts for random draws, as uint64, derived from their ids."""
        return name_keys(prompt.id for prompt in self.prompts)
