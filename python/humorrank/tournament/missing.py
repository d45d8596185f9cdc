"""Prompts for which a candidate has no joke, and how they are handled."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from humorrank._util.text import number_of, one_line
from humorrank.errors import OptionError
from humorrank.store.field import Field, Prompt
from humorrank.tournament.spec import Missing

REMEDY: Final = (
    "every candidate needs one joke for every prompt. Add it, or set missing = 'drop' to leave out "
    "the prompt for all candidates, or missing = 'skip' to leave out only the comparisons that "
    "need the joke (--missing drop or --missing skip)"
)
"""What to do about a missing joke."""

_SHOWN: Final = 3

Gap = tuple[int, int]
"""A prompt, and a model that has no joke for it."""


@dataclass(frozen=True)
class Completed:
    """A field that can be played.

    Attributes:
        field: Models, prompts and jokes; a joke is "" if it is missing and its comparisons are left
            out.
        notes: Notes for the user on what is left out.
    """

    field: Field
    notes: tuple[str, ...] = ()


def completed(
    models: Sequence[str],
    prompts: Sequence[Prompt],
    texts: Sequence[Sequence[str | None]],
    missing: Missing,
    *,
    known_prompts: int,
) -> Completed:
    """Makes a field of jokes of which some may be missing.

    Args:
        models: Names of the models.
        prompts: Prompts.
        texts: Jokes as texts[prompt][model]; None if a joke is missing, "" if the tournament
            already leaves out its comparisons.
        missing: How missing jokes are handled, as in `Spec`.
        known_prompts: Number of prompts that are already in the tournament.

    Raises:
        OptionError: If jokes are missing and this is to fail, or nothing would be left.
    """
    if len(models) < 2:
        raise OptionError(f"a tournament needs at least two candidates, not {len(models)}")
    gaps = [
        (prompt, model)
        for prompt, row in enumerate(texts)
        for model, text in enumerate(row)
        if text is None
    ]
    notes: tuple[str, ...] = ()
    if gaps and missing == "fail":
        _refuse(models, prompts, texts, gaps)
    if gaps and missing == "drop":
        _refuse_known(models, prompts, gaps, known_prompts)
        incomplete = sorted({prompt for prompt, _ in gaps})
        if len(incomplete) == len(prompts):
            raise OptionError(
                f"no prompt is left, because each lacks a joke of some candidate "
                f"({_listed(models, prompts, gaps)}); set missing = 'skip' (--missing skip) to "
                "leave out only the comparisons that need the joke"
            )
        kept = [place for place in range(len(prompts)) if place not in set(incomplete)]
        notes = (
            f"{number_of(len(incomplete), 'prompt is', 'prompts are')} left out for all "
            f"candidates, because jokes are missing: {_listed(models, prompts, gaps)}",
        )
        prompts, texts = [prompts[p] for p in kept], [texts[p] for p in kept]
    field = Field(models, prompts, [[text or "" for text in row] for row in texts])
    if gaps and missing == "skip":
        _refuse_silent(field)
        lost = _lost(field, gaps)
        notes = (
            f"{number_of(len(gaps), 'joke is', 'jokes are')} missing, so "
            f"{number_of(lost, 'comparison is', 'comparisons are')} left out: "
            f"{_listed(models, prompts, gaps)}",
        )
    return Completed(field, notes)


def missing_pairs(
    field: Field, models: int, prompts: int, known_models: int = 0, known_prompts: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns all comparisons in which a joke is missing, as `identical_pairs` does."""
    parts = [np.empty((3, 0), np.uint32)]
    every = np.arange(models)
    for prompt in range(prompts):
        old = known_models if prompt < known_prompts else 0
        there = np.array([bool(joke) for joke in field.jokes[prompt][:models]], bool)
        for model in np.flatnonzero(~there).tolist():
            # A pair of two models without a joke is counted once, with the lower number.
            others = every[there | (every > model)]
            low, high = np.minimum(others, model), np.maximum(others, model)
            pairs = np.stack([low, high, np.full(len(others), prompt)])[:, high >= old]
            parts.append(pairs.astype(np.uint32))
    columns = np.concatenate(parts, axis=1)
    return columns[0], columns[1], columns[2]


def _lost(field: Field, gaps: Sequence[Gap]) -> int:
    """Returns the number of comparisons that could be made if the given jokes were there."""
    lost = 0
    for prompt, absent in Counter(prompt for prompt, _ in gaps).items():
        there = sum(map(bool, field.jokes[prompt]))
        lost += math.comb(there + absent, 2) - math.comb(there, 2)
    return lost


def _refuse(
    models: Sequence[str],
    prompts: Sequence[Prompt],
    texts: Sequence[Sequence[str | None]],
    gaps: Sequence[Gap],
) -> None:
    for prompt, row in zip(prompts, texts, strict=True):
        if all(text is None for text in row):
            raise OptionError(f"prompt {_name(prompt)} has no jokes; {REMEDY}")
    raise OptionError(f"{_listed(models, prompts, gaps)}; {REMEDY}")


def _refuse_known(
    models: Sequence[str], prompts: Sequence[Prompt], gaps: Sequence[Gap], known: int
) -> None:
    found = [gap for gap in gaps if gap[0] < known]
    if found:
        raise OptionError(
            f"{_listed(models, prompts, found)}; a prompt cannot be left out when it is already in "
            "the tournament. Add the joke, or set missing='skip' (--missing skip) to leave out "
            "only the comparisons that need it"
        )


def _refuse_silent(field: Field) -> None:
    for model, name in enumerate(field.models):
        if not any(row[model] for row in field.jokes):
            raise OptionError(f"{name!r} has no joke for any prompt; leave it out")


def _listed(models: Sequence[str], prompts: Sequence[Prompt], gaps: Sequence[Gap]) -> str:
    shown = [
        f"{models[model]!r} has no joke for prompt {_name(prompts[prompt])}"
        for prompt, model in gaps[:_SHOWN]
    ]
    more = f", and {len(gaps) - _SHOWN:,} more are missing" if len(gaps) > _SHOWN else ""
    return f"{', '.join(shown)}{more}"


def _name(prompt: Prompt) -> str:
    return repr(one_line(prompt.id))
