"""Opens a store of sorted texts, and reads the ranking from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl

from humorrank._util.text import number_of
from humorrank._util.warned import quietly
from humorrank.errors import OptionError, StoreError
from humorrank.judge import Field, Judge
from humorrank.judge.backends import PEOPLE, asks_language_model
from humorrank.judge.template import SORTING
from humorrank.rating.rate import rate
from humorrank.rating.uncertainty.clusters import LEAST as LEAST_PAIRS
from humorrank.store.differences import differences
from humorrank.store.export import match_log
from humorrank.store.faults import store_errors
from humorrank.store.store import Store, write_field
from humorrank.tournament.engine import Ending
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.opening import Tournament, judge_of
from humorrank.tournament.ranking import RankedItem, Ranking, Spent, ranked
from humorrank.tournament.spec import Spec
from humorrank.tournament.stopping import PRIOR, SeparationRule, separation

T = TypeVar("T")

_GROWING: Final = ("candidates", "prompts", "budget", "stop.k", "stop.confidence")
"""The settings that may change when sorting continues."""

_SPENT: Final = (
    "SELECT (SELECT COUNT(*) FROM judgments), "
    "(SELECT COUNT(*) FROM judgments WHERE score = 0.5), "
    "(SELECT COUNT(*) FROM failures f WHERE NOT EXISTS (SELECT 1 FROM judgments j WHERE "
    "(j.comparison, j.position, j.judge) = (f.comparison, f.position, f.judge))), "
    "SUM(prompt_tokens), SUM(output_tokens) FROM "
    "(SELECT prompt_tokens, output_tokens FROM judgments UNION ALL "
    "SELECT prompt_tokens, output_tokens FROM failures)"
)


def open_sorting(
    path: Path, spec: Spec, field: Field, judge: Judge | None, budget: int | None, each: int
) -> Tournament:
    """Opens a store of sorted texts, or creates it if there is none.

    Args:
        path: Path of the store.
        spec: Spec of the tournament, without its budget.
        field: The texts, and one prompt with the question for each repeat.
        judge: Judge of the tournament; the judge of the spec if None.
        budget: Most judgments; `each` for each text if None.
        each: Default number of judgments for each text.

    Raises:
        HumorRankError: If a setting is invalid, or the store contains something else. The store
            is then unchanged.
    """
    size = len(field.models)
    possible = size * (size - 1) // 2 * len(field.prompts)
    comparisons = (each * size if budget is None else budget) // 2
    spec = replace(spec, budget=min(comparisons, possible), judge=_sorting_judge(spec))
    made = judge or judge_of(spec, field)
    if made is None:
        raise OptionError(f"the judge {PEOPLE!r} cannot sort; name a model, or set a function")
    if path.exists():
        return _continued(path, spec, field, made, budget)
    if not path.parent.is_dir():
        raise StoreError(f"{path}: there is no folder {path.parent}")
    return _tournament(path, None, spec, field, made)


def _sorting_judge(spec: Spec) -> Any:  # noqa: ANN401 - JudgeSpec or None
    """Returns the judge of a spec, with the template for sorting unless it has another one."""
    how = spec.judge
    if how is None or not asks_language_model(how.backend):
        return how
    return replace(how, options={"template": str(SORTING), **how.options})


def _continued(
    path: Path, spec: Spec, field: Field, judge: Judge, budget: int | None
) -> Tournament:
    store = Store(path, write=True)
    try:
        old, before = store.field(), store.budget()
        _check_same(path, old, field)
        assert spec.budget is not None
        if len(field.prompts) < len(old.prompts):
            raise OptionError(
                f"{path}: repeats cannot be reduced from {len(old.prompts):,} to "
                f"{len(field.prompts):,}"
            )
        if spec.budget < before:
            if budget is not None:
                raise OptionError(
                    f"{path}: the budget cannot be reduced from {2 * before:,} to {budget:,} "
                    "judgments"
                )
            spec = replace(spec, budget=before)
        tournament = _tournament(path, store, spec, field, judge)
    except BaseException:
        store.close()
        raise
    return tournament


def _tournament(
    path: Path, store: Store | None, spec: Spec, field: Field, judge: Judge
) -> Tournament:
    assert spec.budget is not None
    stop = separation(spec.stop, field)
    given = tournament_fingerprint(spec, field, spec.budget, judge)
    if store is None:
        store = Store.create(path, spec.content(), field, spec.budget, given)
        return Tournament(store, spec, field, judge, stop)
    stored = store.fingerprint()
    kept = {key: stored[key] for key in _GROWING if key in stored}
    if found := differences(stored, {**given, **kept}):
        raise StoreError(
            f"{path}: was made with other settings: {'; '.join(found)}. Use another store"
        )
    if differences(stored, given):
        with store.transaction() as connection:
            write_field(connection, field, len(field.models), store.changes()[-1].prompts)
            store.add_change(
                "extend",
                models=len(field.models),
                prompts=len(field.prompts),
                budget=spec.budget,
                spec=spec.content(),
                fingerprint=given,
            )
            connection.execute("DELETE FROM state WHERE key = 'ended'")
    return Tournament(store, spec, field, judge, stop)


def _check_same(path: Path, old: Field, field: Field) -> None:
    """Raises an error unless a store has the texts and the question of a field."""
    ids = [[prompt.id for prompt in one.prompts] for one in (old, field)]
    if any(before != now for before, now in zip(*ids, strict=False)):
        raise StoreError(
            f"{path}: is not a store of `humorrank sort`, or its question has another name; use "
            "another store"
        )
    if list(old.models) != list(field.models) or list(old.jokes[0]) != list(field.jokes[0]):
        raise StoreError(f"{path}: contains other texts; use another store")
    if old.prompts[0].text != field.prompts[0].text:
        raise StoreError(
            f"{path}: contains the judgments of another question, {old.prompts[0].text!r}; use "
            "another store"
        )


def ranking_of(
    opened: Tournament,
    ending: Ending,
    items: Sequence[T],
    number: Sequence[int],
    *,
    top: int,
    confidence: float,
    notes: Sequence[str],
) -> Ranking[T]:
    """Returns the ranking of the items of a store.

    Args:
        opened: The tournament, whose store is open.
        ending: How its last run ended.
        items: The items.
        number: The number of the text of each item.
        top: Number of items at the top that should be separated.
        confidence: Confidence level of the intervals.
        notes: Notes for the user.
    """
    store, field = opened.store, opened.field
    assert isinstance(opened.stop, SeparationRule)
    with store_errors(store.path):
        judgments, ties, failures, read, written = store.connection.execute(_SPENT).fetchone()
    spent = Spent(judgments, ties, failures, read, written, _cost(opened.spec, read, written))
    rated = _ratings(match_log(store), confidence)
    none = (None, None, None, 0)
    rows = []
    for place, (item, own) in enumerate(zip(items, number, strict=True)):
        rating, low, high, judgments = rated.get(field.models[own], none)
        rows.append(
            RankedItem(None, item, place, field.jokes[0][own], rating, low, high, judgments)
        )
    rows.sort(key=lambda row: (row.rating is None, -(row.rating or 0.0), row.place))
    separated = opened.stop.separated
    return Ranking(
        field.prompts[0].text,
        ranked(rows),
        separated=separated,
        ended=None
        if ending.reason is None
        else _ended(opened, separated=separated, top=top, confidence=confidence),
        spent=spent,
        notes=notes,
    )


def _ratings(
    log: pl.DataFrame, confidence: float
) -> dict[str, tuple[float | None, float | None, float | None, int]]:
    """Returns rating, lower end, upper end and number of judgments by name.

    The interval is the wider one of that from the model and of the one clustered by pair, as in
    the rule for early stopping. Few pairs do not show how much pairs differ, so their interval is
    that from the model.
    """
    if not log.height:
        return {}
    log = log.with_columns(
        pair=pl.concat_str(
            pl.min_horizontal("model_a", "model_b"),
            pl.max_horizontal("model_a", "model_b"),
            separator=" ",
        )
    )
    how: dict[str, Any] = {"prior": PRIOR, "elo_shuffles": 0, "confidence": confidence}
    with quietly():
        boards = [rate(log, interval="wald", **how)]
        if log["pair"].n_unique() >= LEAST_PAIRS:
            boards.append(rate(log, interval="sandwich", cluster="pair", **how))
    counts = dict(pl.concat([log["model_a"], log["model_b"]]).value_counts().iter_rows())
    found = {}
    for row in boards[0].rows:
        same = [board[row.model] for board in boards]
        lows = [one.rating_lower for one in same if one.rating_lower is not None]
        highs = [one.rating_upper for one in same if one.rating_upper is not None]
        found[row.model] = (row.rating, min(lows), max(highs), counts[row.model])
    return found


def _cost(spec: Spec, prompt_tokens: int | None, output_tokens: int | None) -> float | None:
    prices = {} if spec.judge is None else spec.judge.options
    known = [
        (tokens or 0) * float(prices[name])
        for name, tokens in (("price_prompt", prompt_tokens), ("price_output", output_tokens))
        if prices.get(name) is not None
    ]
    return sum(known) / 1e6 if known else None


def _ended(opened: Tournament, *, separated: bool, top: int, confidence: float) -> str:
    field, spec = opened.field, opened.spec
    best = "the best item" if top == 1 else f"the best {top:,} items"
    be = "is" if top == 1 else "are"
    sure = f"from the others at {100 * confidence:g} %"
    if separated:
        return f"{best} {be} separated {sure}"
    size, repeats = len(field.models), len(field.prompts)
    possible = size * (size - 1) // 2 * repeats
    if spec.budget == possible:
        often = "" if repeats == 1 else f" {repeats:,} times"
        why = f"every pair has been judged in both orders{often}"
    else:
        why = f"the budget of {number_of(2 * (spec.budget or 0), 'judgment')} is spent"
    return f"{why}; {best} {be} not separated {sure}"
