"""Creates, opens and extends the store of a tournament."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from humorrank._util.checks import one_of
from humorrank.errors import OptionError, StoreError
from humorrank.judge import Field, Judge
from humorrank.judge.backends import asks_language_model, make_judge
from humorrank.store.differences import differences
from humorrank.store.store import Store, write_field
from humorrank.tournament.fingerprint import tournament_fingerprint
from humorrank.tournament.history import Stop, impossible_pairs
from humorrank.tournament.inputs import complete_field, read_field, read_jokes, read_prompts
from humorrank.tournament.missing import Completed
from humorrank.tournament.spec import Missing, Spec, no_judge
from humorrank.tournament.stopping import separation
from humorrank.tournament.tables import expand


@dataclass
class Tournament:
    """A store with everything that is needed to play it.

    Attributes:
        store: Store, open for writing.
        spec: Spec of the tournament.
        field: Models, prompts and jokes.
        judge: Judge of the tournament; None if only people judge.
        stop: Rule for early stopping; None to play until the budget is spent.
        notes: Notes for the user on what is left out, because jokes are missing.
    """

    store: Store
    spec: Spec
    field: Field
    judge: Judge | None
    stop: Stop | None
    notes: tuple[str, ...] = ()


def begin(spec: Spec, path: Path, *, judge: Judge | None = None) -> Tournament:
    """Opens the store of a spec, or creates it if there is none.

    Args:
        spec: Spec of the tournament.
        path: Path of the store.
        judge: Judge of the tournament; the judge of the spec if None.

    Raises:
        HumorRankError: If an input is invalid, or the store was made with another spec. The store
            is then unchanged.
    """
    if judge is None and spec.judge is None:
        raise no_judge()
    read = read_field(
        _files(spec.prompts, spec), _candidates(spec), missing=spec.missing, quoting=spec.quoting
    )
    field = read.field
    budget = _budget(spec.budget, spec, field)
    judge, stop = judge or judge_of(spec, field), separation(spec.stop, field)
    given = tournament_fingerprint(spec, field, budget, judge)
    if path.exists():
        store = Store(path, write=True)
        _same(store, given, "the spec")
    else:
        if not path.parent.is_dir():
            raise StoreError(f"{path}: there is no folder {path.parent}")
        store = Store.create(path, spec.content(), field, budget, given)
    return Tournament(store, spec, field, judge, stop, read.notes)


def resume(
    path: Path, *, batch_size: int | None = None, in_flight: int | None = None
) -> Tournament:
    """Opens a store with the spec that it contains.

    Args:
        path: Path of the store.
        batch_size: Most comparisons in a batch; the value of the spec if None.
        in_flight: Most comparisons in flight; the value of the spec if None.

    Raises:
        HumorRankError: If there is no store, or an input of its judge has changed.
    """
    store = Store(path, write=True)
    try:
        spec, field = Spec.of_store(store), store.field()
        how = spec.judge
        if how is None:
            name = store.fingerprint()["judge.name"]
            raise OptionError(
                f"{path}: the judge {name!r} of this tournament is an object in Python; continue "
                "with humorrank.tournament.play(SPEC, STORE, judge=...)"
            )
        how = replace(
            how,
            batch_size=batch_size or how.batch_size,
            in_flight=in_flight or how.in_flight,
        )
        spec = replace(spec, judge=how)
        judge, stop = judge_of(spec, field), separation(spec.stop, field)
        _same(
            store, tournament_fingerprint(spec, field, store.budget(), judge), "the present state"
        )
    except BaseException:
        store.close()
        raise
    return Tournament(store, spec, field, judge, stop)


def extend(
    path: Path,
    *,
    candidates: Sequence[Path] | Mapping[str, Path] = (),
    prompts: Sequence[Path] = (),
    budget: int | None = None,
    missing: Missing | None = None,
) -> Completed:
    """Adds candidates, prompts or budget to a store.

    Args:
        path: Path of the store.
        candidates: Files with further jokes.
        prompts: Files with further prompts.
        budget: New budget, which must not be below the old one; the old one if None.
        missing: How prompts are handled for which a model has no joke, as in `Spec`; as before if
            None.

    Returns:
        The extended field, and notes on what is left out.

    Raises:
        HumorRankError: If an input is invalid. The store is then unchanged.
    """
    if not candidates and not prompts and budget is None:
        raise OptionError("nothing to add: specify candidates, prompts or a budget")
    tournament = resume(path)
    with tournament.store as store:
        old, spec = tournament.field, tournament.spec
        how = spec.missing if missing is None else missing
        one_of("missing", how, get_args(Missing))
        jokes, _ = read_jokes(candidates, quoting=spec.quoting)
        read = complete_field(old, read_prompts(prompts, quoting=spec.quoting), jokes, how)
        field = read.field
        before = store.budget()
        if budget is not None and budget < before:
            raise OptionError(f"the budget cannot be reduced from {before:,} to {budget:,}")
        if spec.missing != "skip":
            # Comparisons that are left out remain so, whatever is added.
            spec = replace(spec, missing=how)
        spec = replace(spec, budget=before if budget is None else budget)
        budget = _budget(spec.budget, spec, field)
        judge = judge_of(spec, field)
        now = tournament_fingerprint(spec, field, budget, judge)
        if not differences(store.fingerprint(), now):
            raise OptionError(f"{path}: nothing to add: the store already contains all of this")
        with store.transaction() as connection:
            write_field(connection, field, len(old.models), len(old.prompts))
            store.add_change(
                "extend",
                models=len(field.models),
                prompts=len(field.prompts),
                budget=budget,
                spec=spec.content(),
                fingerprint=now,
            )
            connection.execute("DELETE FROM state WHERE key = 'ended'")
    return read


def judge_of(spec: Spec, field: Field) -> Judge | None:
    """Makes the judge of a spec; None for people.

    Raises:
        OptionError: If the spec has no judge, or a setting of the judge is invalid.
    """
    how = spec.judge
    if how is None:
        raise no_judge()
    options = dict(how.options)
    if spec.template is not None and asks_language_model(how.backend):
        options.setdefault("template", spec.template)
    return make_judge(
        how.backend, options, field, seed=spec.seed, folder=spec.folder, limits=how.limits
    )


def possible(spec: Spec, field: Field) -> int:
    """Returns the number of possible comparisons."""
    models, prompts = len(field.models), len(field.prompts)
    every = models * (models - 1) // 2 * prompts
    return every - len(impossible_pairs(spec, field, models, prompts)[0])


def _budget(wanted: int | None, spec: Spec, field: Field) -> int:
    most = possible(spec, field)
    if most == 0:
        raise OptionError(
            "nothing to compare: all jokes for each prompt are identical"
            + (", or missing" if spec.missing == "skip" else "")
        )
    if wanted is None:
        return most
    if wanted > most:
        models, prompts = len(field.models), len(field.prompts)
        left_out = {"identical": spec.identical, "missing": spec.missing}
        kinds = [kind for kind, how in left_out.items() if how == "skip"]
        skipped = f" without {' and '.join(kinds)} jokes" if kinds else ""
        raise OptionError(
            f"budget: {wanted:,} exceeds the {most:,} possible comparisons{skipped} of {models:,} "
            f"candidates on {prompts:,} prompts"
        )
    return wanted


def _same(store: Store, given: Mapping[str, Any], what: str) -> None:
    try:
        found = differences(store.fingerprint(), given)
    except BaseException:
        store.close()
        raise
    if not found:
        return
    path = store.path
    store.close()
    raise StoreError(
        f"{path}: was made with another spec; {what} differs in {'; '.join(found)}. Use another "
        "store, or add candidates, prompts or budget with `humorrank tournament extend`"
    )


def _files(paths: Sequence[str], spec: Spec) -> list[Path]:
    return [path for given in paths for path in expand(given, spec.folder)]


def _candidates(spec: Spec) -> list[Path] | dict[str, Path]:
    if isinstance(spec.candidates, Mapping):
        return {name: spec.folder / path for name, path in spec.candidates.items()}
    return _files(spec.candidates, spec)
