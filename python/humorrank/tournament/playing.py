"""Tournaments and judges for Python programs: what the command line does, as functions."""

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
from humorrank.store.export import Inconsistent, decision_frames, match_log
from humorrank.store.field import Field
from humorrank.store.store import Store
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
    """How a run ended, and what is in its store.

    Attributes:
        store: The path of the store.
        ending: Why the run ended, and how many judgments it committed.
    """

    store: Path
    ending: Ending

    def matches(self, inconsistent: Inconsistent | None = None) -> pl.DataFrame:
        """The match log of all judges; see `humorrank tournament export`.

        Args:
            inconsistent: How two judgments that contradict each other are exported: "halves",
                "tie" or "drop"; as the spec says by default.

        Raises:
            StoreError: If the store cannot be read.
        """
        with Store(self.store, write=False) as store:
            return match_log(store, inconsistent)

    def decisions(self) -> pl.DataFrame:
        """Every judgment and failure, with texts and reasons.

        Raises:
            StoreError: If the store cannot be read.
        """
        with Store(self.store, write=False) as store:
            return pl.concat(list(decision_frames(store)))


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
            raise OptionError("judge='PROVIDER/MODEL' and overrides are for the path of a spec")
    else:
        spec = Spec.read(Path(spec), overrides, judge=named)
    opened = begin(spec, path, judge=None if isinstance(judge, str) else judge)
    with opened.store:
        if opened.judge is None:
            raise OptionError(
                "only people judge this tournament; take their votes with "
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
        store: The path of the store; it is made if it does not exist.
        judge: A judge of your own, which implements `humorrank.judge.Judge`; or
            "PROVIDER/MODEL", which takes precedence over the judge of the file; the judge of the
            spec by default.
        overrides: Dotted keys of the file with the values that replace what it says.
        retry_failures: Whether to ask the judge first for what it failed to answer.
        progress: Called with ("judging", comparisons committed, budget).
        say: Called with what someone who presses Ctrl-C should know.

    Returns:
        How the run ended, with the match log.

    Raises:
        HumorRankError: If an input is bad, the store was made under another spec, or the judge
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
    """Judges given pairs, or a tournament's again with another judge; see `run`."""
    limits = {"batch_size": batch_size, "in_flight": in_flight}
    bounds = {key: value for key, value in limits.items() if value is not None}

    def made(field: Field) -> Judge | None:
        if not isinstance(judge, str):
            if options or bounds:
                raise OptionError("options, batch_size and in_flight are for 'PROVIDER/MODEL'")
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
    """Judges given pairs, or a tournament's again with another judge (`humorrank judge`).

    Args:
        source: The path of a file of pairs (prompt, joke_a, joke_b, and optionally prompt_id,
            model_a, model_b), or of a store.
        judge: A judge of your own, or "PROVIDER/MODEL".
        store: Where pairs are kept with their judgments; the name of the file followed by
            `.sqlite` by default. A store that exists is continued.
        name: The name of the judge in the log; what it calls itself by default.
        position: Which joke is shown first: "given", "both" orders, or "random" by the seed.
        identical: How identical jokes are handled: a "tie" without asking, or "judge" them.
        seed: Random seed for everything that is drawn.
        options: Settings of the judge, such as {"temperature": 0.2}.
        columns: Role -> column of the file of pairs.
        retry_failures: Whether to ask again for what the judge failed to answer.
        batch_size: The largest batch that the judge is asked at once.
        in_flight: The most comparisons that wait for an answer at once.
        progress: Called with ("judging", judgments committed, judgments in all).
        say: Called with what someone who presses Ctrl-C should know.

    Returns:
        How the run ended, with the match log.

    Raises:
        HumorRankError: If an input is bad, or the store holds other pairs, or a judge of this
            name under other settings.
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
