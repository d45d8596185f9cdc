"""The questions to a language model that judges, independent of the backend that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from humorrank._util import draws
from humorrank._util.checks import positive, whole
from humorrank.errors import OptionError
from humorrank.judge.first_token import REQUEST
from humorrank.judge.protocol import Batch
from humorrank.judge.taxonomy import TAXONOMY, Taxonomy
from humorrank.judge.template import Template
from humorrank.judge.verdict import verdict_schema


class Questions:
    """Comparisons as chat messages.

    Args:
        template: File with the prompt template; the default template if None.
        taxonomy: File with the labels; the paper's labels if None.
        seed: Random seed for sampling, with one stream for each comparison; None for no seeds.
        decision_only: Whether only A, B or TIE is asked for.

    Attributes:
        taxonomy: The labels.
        schema: JSON schema of an answer.
        settings: The settings that answers depend on, as JSON values.

    Raises:
        HumorRankError: If the template or the taxonomy is invalid.
    """

    def __init__(
        self,
        template: Path | None,
        taxonomy: Path | None,
        seed: int | None,
        *,
        decision_only: bool,
    ) -> None:
        self._template = Template.default() if template is None else Template.load(template)
        self.taxonomy = TAXONOMY if taxonomy is None else Taxonomy.load(taxonomy)
        self._seed, self._decision_only = seed, decision_only
        self.schema: Mapping[str, Any] = verdict_schema(self.taxonomy, labels=self._template.labels)
        labels = (self.taxonomy.humor, self.taxonomy.delivery, self.taxonomy.failures)
        self.settings: Mapping[str, Any] = {
            "seed": seed,
            "decision_only": decision_only,
            "template": self._template.digest,
            "taxonomy": [list(group) for group in labels],
        }

    def messages(self, batch: Batch, row: int) -> list[dict[str, str]]:
        """Returns the chat messages for one comparison."""
        messages = self._template.messages(batch[row], self.taxonomy)
        if self._decision_only:
            last = messages[-1]
            messages[-1] = {**last, "content": last["content"] + REQUEST}
        return messages

    def seeds(self, batch: Batch) -> np.ndarray | None:
        """Returns a uint64 key for the seeds of each comparison; None if there is no seed."""
        if self._seed is None:
            return None
        models, prompts = batch.field.model_keys, batch.field.prompt_keys
        key = models[batch.first], models[batch.second], prompts[batch.prompt]
        return draws.bits(self._seed, *key, batch.attempts)


def check_settings(model: str, top_p: float, seed: int | None, *, decision_only: bool) -> None:
    """Rejects settings that are invalid for every model.

    Raises:
        OptionError: If a setting is invalid; the message states the allowed values.
    """
    if not isinstance(model, str) or not model:
        raise OptionError(f"model must be the name of a model, not {model!r}")
    if not 0 < positive("top_p", top_p) <= 1:
        raise OptionError(f"top_p must be above 0 and at most 1, not {top_p!r}")
    if seed is not None:
        whole("seed", seed, most=2**64 - 1)
    if not isinstance(decision_only, bool):
        raise OptionError(f"decision_only must be true or false, not {decision_only!r}")


def prefix_order(batch: Batch) -> list[int]:
    """Returns the rows in an order in which neighbors share the longest prefixes."""
    rows: list[int] = np.lexsort((batch.second, batch.first, batch.prompt)).tolist()
    return rows
