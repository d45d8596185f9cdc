"""Judges by name: from the settings of a spec to a judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from humorrank.errors import OptionError
from humorrank.judge.field import Field
from humorrank.judge.protocol import Judge
from humorrank.judge.recorded import RecordedJudge
from humorrank.judge.simulated import SimulatedJudge, Simulation
from humorrank.unknown import refuse_unknown

PEOPLE = "people"
"""The backend of a tournament that only people judge: nobody is asked, votes are imported."""


def make_judge(
    backend: str,
    options: Mapping[str, Any],
    field: Field,
    *,
    seed: int,
    folder: Path,
    limits: Mapping[str, int],
) -> Judge | None:
    """The judge of these settings; None for people.

    Args:
        backend: its name in `BACKENDS`.
        options: its own settings, by name.
        field: who will be judged.
        seed: of the tournament, for a backend that draws and has no seed of its own.
        folder: what paths in the options are relative to.
        limits: `batch_size` and `in_flight`, where they are set.

    Raises:
        OptionError: there is no such backend, or no such setting, or it has a bad value.
    """
    if backend not in BACKENDS:
        refuse_unknown([backend], BACKENDS, "judge.backend", what="backend")
    return BACKENDS[backend](options, field, seed, folder, limits)


def _simulated(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> Judge:
    known = [option.name for option in fields(Simulation)]
    refuse_unknown(options, known, "judge")
    ratings = options.get("ratings", {})
    if not isinstance(ratings, Mapping):
        raise OptionError(f"judge.ratings must be a table of names and points, not {ratings!r}")
    simulation = {"seed": seed, **options}
    return _told("judge", lambda: SimulatedJudge(Simulation(**simulation), field, **limits))


def _recorded(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> Judge:
    refuse_unknown(options, ["path", "judge", "columns", "swap"], "judge")
    path = options.get("path")
    if not isinstance(path, str):
        raise OptionError("judge.path must name the log of a recorded judge")
    further: dict[str, Any] = {name: value for name, value in options.items() if name != "path"}
    for name, kind in (("judge", str), ("columns", Mapping), ("swap", bool)):
        if name in further and not isinstance(further[name], kind):
            raise OptionError(f"judge.{name} cannot be {further[name]!r}")
    return _told("judge", lambda: RecordedJudge(folder / path, **{**further, **limits}))


def _people(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> None:
    refuse_unknown(options, [], "judge")


def _told(where: str, make: Callable[[], Judge]) -> Judge:
    """Errors of an option say where it stands."""
    try:
        return make()
    except OptionError as error:
        raise OptionError(f"{where}.{error}") from None


BACKENDS: Mapping[
    str, Callable[[Mapping[str, Any], Field, int, Path, Mapping[str, int]], Judge | None]
] = {"simulated": _simulated, "recorded": _recorded, PEOPLE: _people}
"""Backend -> what makes its judge, from (options, field, seed, folder, limits)."""
