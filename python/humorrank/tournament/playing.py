"""Functions that play tournaments and judge pairs, as the command line does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from humorrank._util.progress import Progress
from humorrank._util.waiting import waited_for
from humorrank.errors import OptionError
from humorrank.judge.backends import make_judge, parse_judge
from humorrank.judge.protocol import Judge
from humorrank.store.export import Inconsistent, store_decisions, store_log
from humorrank.store.field import Field
from humorrank.tournament.engine import Ending, play_rounds
from humorrank.tournament.judging import (
    Identical,
    JudgingSettings,
    Position,
    judge_pairs,
    open_judging,
)
from humorrank.tournament.opening import begin
from humorrank.tournament.spec import Spec

Say = Callable[[str], object]


@dataclass(frozen=True)
class Played:
    """The result of a run, with access to its store.

    Attributes:
        store: Path of the store.
        ending: The reason for the end of the run, and the number of committed judgments.
    """

    store: Path
    ending: Ending

    def matches(self, inconsistent: Inconsistent | None = None) -> pl.DataFrame:
        """Returns the match log of all judges; see `humorrank tournament export`.

        Args:
            inconsistent: How two judgments that contradict each other are exported: "halves",
                "tie" or "drop"; the setting of the spec by default.

        Raises:
            StoreError: If the store cannot be read.
        """
        return store_log(self.store, inconsistent)

    def decisions(self) -> pl.DataFrame:
        """Returns all judgments and failures, with texts and reasons.

        Raises:
            StoreError: If the store cannot be read.
        """
        return store_decisions(self.store)


async def play_async(
    spec: Spec | str | os.PathLike[str],
    store: str | os.PathLike[str],
    *,
    judge: Judge | str | None = None,
    overrides: Mapping[str, Any] | None = None,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Played:
    """Plays a tournament until its budget is spent; see `play`."""
    path = Path(store)
    named = judge if isinstance(judge, str) else None
    if isinstance(spec, Spec):
        if named is not None or overrides:
            raise OptionError(
                "judge='PROVIDER/MODEL' and overrides require the path of a spec, not a Spec"
            )
    else:
        spec = Spec.read(Path(spec), overrides, judge=named)
    opened = begin(spec, path, judge=None if isinstance(judge, str) else judge)
    if say is not None:
        for note in opened.notes:
            say(note)
    with opened.store:
        if opened.judge is None:
            raise OptionError(
                "only people judge this tournament; import their votes with "
                f"`humorrank tournament import {path} VOTES`"
            )
        ending = await play_rounds(
            opened.store,
            opened.spec,
            opened.field,
            opened.judge,
            stop=opened.stop,
            retry_failures=retry_failures,
            progress=progress,
            say=say,
        )
    return Played(path, ending)


def play(
    spec: Spec | str | os.PathLike[str],
    store: str | os.PathLike[str],
    *,
    judge: Judge | str | None = None,
    overrides: Mapping[str, Any] | None = None,
    retry_failures: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Played:
    """Plays a tournament until its budget is spent, or continues it where it was interrupted.

    Args:
        spec: The spec, or the path of its TOML file.
        store: Path of the store, which is created if it does not exist.
        judge: Your own judge, which implements `humorrank.judge.Judge`; or "PROVIDER/MODEL", which
            takes precedence over the judge of the file. The judge of the spec by default.
        overrides: Mapping from dotted keys of the file to values that replace those of the file.
        retry_failures: Whether failed comparisons are first asked again.
        progress: Called with "judging", the number of committed comparisons, and the budget.
        say: Called with notes on what is left out because jokes are missing, and with messages for
            a user who presses Ctrl-C.

    Returns:
        The result of the run, with the match log.

    Raises:
        HumorRankError: If an input is invalid, the store was made with another spec, or the judge
            cannot work at all.
        OptionError: If an event loop is running, as in a notebook: await `play_async` there.
    """
    work = play_async(
        spec,
        store,
        judge=judge,
        overrides=overrides,
        retry_failures=retry_failures,
        progress=progress,
        say=say,
    )
    return waited_for(work, "humorrank.tournament.play_async")


async def run_async(
    source: str | os.PathLike[str],
    judge: Judge | str,
    *,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    position: Position = "given",
    identical: Identical = "tie",
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    columns: Mapping[str, str] | None = None,
    retry_failures: bool = False,
    batch_size: int | None = None,
    in_flight: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Played:
    """Judges given pairs, or a tournament again with another judge; see `run`."""
    limits = {"batch_size": batch_size, "in_flight": in_flight}
    bounds = {key: value for key, value in limits.items() if value is not None}

    def made(field: Field) -> Judge | None:
        if not isinstance(judge, str):
            if options or bounds:
                raise OptionError(
                    "options, batch_size and in_flight require judge='PROVIDER/MODEL'"
                )
            return judge
        backend, named = parse_judge(judge)
        settings = {**named, **(options or {})}
        return make_judge(backend, settings, field, seed=seed, folder=Path(), limits=bounds)

    judging = open_judging(
        Path(source),
        made,
        JudgingSettings(name, position, identical, seed),
        store=None if store is None else Path(store),
        columns=columns,
    )
    with judging.store as opened:
        ending = await judge_pairs(
            judging, retry_failures=retry_failures, progress=progress, say=say
        )
        return Played(opened.path, ending)


def run(
    source: str | os.PathLike[str],
    judge: Judge | str,
    *,
    store: str | os.PathLike[str] | None = None,
    name: str | None = None,
    position: Position = "given",
    identical: Identical = "tie",
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    columns: Mapping[str, str] | None = None,
    retry_failures: bool = False,
    batch_size: int | None = None,
    in_flight: int | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Played:
    """Judges given pairs, or a tournament again with another judge (`humorrank judge`).

    Args:
        source: Path of a file of pairs (prompt, joke_a, joke_b, and optionally prompt_id, model_a,
            model_b), or of a store.
        judge: Your own judge, or "PROVIDER/MODEL".
        store: Path of the store for a file of pairs; the name of the file followed by `.sqlite` by
            default. An existing store is continued.
        name: Name of the judge in the log; the judge's own name by default.
        position: Which joke is shown first: "given", "both" orders, or "random" by the seed.
        identical: How identical jokes are handled: a "tie" without asking, or "judge" as others.
        seed: Random seed for all draws.
        options: Settings of the judge, such as {"temperature": 0.2}.
        columns: Mapping from role to column, for a file of pairs.
        retry_failures: Whether failed comparisons are asked again.
        batch_size: Most comparisons in a batch.
        in_flight: Most comparisons in flight.
        progress: Called with "judging", the number of committed judgments, and their total.
        say: Called with messages for a user who presses Ctrl-C.

    Returns:
        The result of the run, with the match log.

    Raises:
        HumorRankError: If an input is invalid, the store contains other pairs, or it has a judge of
            the same name with other settings.
        OptionError: If an event loop is running, as in a notebook: await `run_async` there.
    """
    work = run_async(
        source,
        judge,
        store=store,
        name=name,
        position=position,
        identical=identical,
        seed=seed,
        options=options,
        columns=columns,
        retry_failures=retry_failures,
        batch_size=batch_size,
        in_flight=in_flight,
        progress=progress,
        say=say,
    )
    return waited_for(work, "humorrank.judge.run_async")
