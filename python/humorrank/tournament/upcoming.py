"""Lists the next comparisons of a tournament, for people and other tools."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from humorrank.judge import Field
from humorrank.store.store import Store
from humorrank.tournament.history import History, replay
from humorrank.tournament.rounds import OpenRound, open_round
from humorrank.tournament.spec import Spec


def upcoming(path: Path, n: int) -> pl.DataFrame:
    """Returns the next comparisons of a tournament, without changing its store.

    Comparisons that are scheduled but not judged come first, followed by those that the schedule
    would add in its current state.

    Args:
        path: Path of the store.
        n: Most comparisons.

    Returns:
        The columns question_id, prompt, model_a, model_b, joke_a and joke_b, where model_a should
        be shown first.

    Raises:
        StoreError: If the store cannot be used.
    """
    with Store(path, write=False) as store:
        spec, field, budget = Spec.of_store(store), store.field(), store.budget()
        history = replay(store, spec, field)
    rows: list[dict[str, str]] = []
    for opened in _rounds(history, spec, field, budget):
        for row in _rows(opened, field):
            if len(rows) == n:
                break
            rows.append(row)
        if len(rows) == n:
            break
    columns = ("question_id", "prompt", "model_a", "model_b", "joke_a", "joke_b")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))


def _rounds(history: History, spec: Spec, field: Field, budget: int) -> Iterator[OpenRound]:
    yield from history.open
    while (left := budget - history.comparisons) > 0:
        made = history.scheduler.next_round(left)
        if made.reason is not None:
            return
        pairs = made.first, made.second, made.prompt
        opened = open_round(
            history.rounds, history.comparisons, pairs, field, spec.position, spec.seed
        )
        history.add(opened)
        yield opened


def _rows(opened: OpenRound, field: Field) -> Iterator[dict[str, str]]:
    slots = (~opened.asked).nonzero()[0]
    first, second = opened.shown(slots)
    prompt = opened.prompt[opened.comparison[slots]]
    for a, b, p in zip(*(np.asarray(c).tolist() for c in (first, second, prompt)), strict=True):
        yield {
            "question_id": field.prompts[p].id,
            "prompt": field.prompts[p].text,
            "model_a": field.models[a],
            "model_b": field.models[b],
            "joke_a": field.jokes[p][a],
            "joke_b": field.jokes[p][b],
        }
