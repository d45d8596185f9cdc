"""Judge backends by name, and their construction from the settings of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from humorrank._util.plugins import factory, plugins
from humorrank._util.suggest import near, refuse_unknown
from humorrank.errors import OptionError
from humorrank.judge.protocol import Judge
from humorrank.judge.recorded import RecordedJudge
from humorrank.judge.simulated import JudgeSimulation, SimulatedJudge
from humorrank.store.field import Field

if TYPE_CHECKING:
    from humorrank.llm.presets import Preset

PEOPLE = "people"
"""The backend of a tournament that only people judge: no judge is asked, and votes are imported."""


def asks_language_model(backend: str) -> bool:
    """Whether a backend asks a language model, and accepts a template for its prompt."""
    return backend == "vllm" or (backend not in BACKENDS and _preset(backend) is not None)


def make_judge(
    backend: str,
    options: Mapping[str, Any],
    field: Field,
    *,
    seed: int,
    folder: Path,
    limits: Mapping[str, int],
) -> Judge | None:
    """Makes a judge from its settings.

    Args:
        backend: Name of the backend, in `BACKENDS`, registered by a plugin, or the name of a preset
            of an endpoint.
        options: Settings of the backend, by name.
        field: Models, prompts and jokes that will be judged.
        seed: Seed of the tournament, for a backend that draws and has no seed of its own.
        folder: Folder to which paths in the options are relative.
        limits: Values of `batch_size` and `in_flight`, if they are set.

    Returns:
        The judge, or None for the backend `people`.

    Raises:
        OptionError: If the backend or a setting is unknown, or a setting has an invalid value.
    """
    make: Factory | None = factory(backend, BACKENDS, ENTRY_POINTS)
    if make is None and (found := _preset(backend)) is not None:
        make = partial(_endpoint, found)
    if make is None:
        raise OptionError(f"judge.backend: {_unknown('backend', backend, None)}")
    return make(options, field, seed, folder, limits)


def parse_judge(text: str) -> tuple[str, dict[str, Any]]:
    """Splits `PROVIDER/MODEL` into a backend and its settings.

    The meaning of MODEL depends on the provider. For `recorded`, it is the path of a log.

    Raises:
        OptionError: If the provider is unknown.
    """
    provider, slash, model = text.partition("/")
    if provider not in backends():
        unknown = _unknown("provider", provider, model if slash else None)
        raise OptionError(f"judge (--judge): {unknown}")
    if provider == "recorded":
        return provider, {"path": str(Path(model).absolute())} if slash else {}
    return provider, {"model": model} if slash else {}


def _simulated(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> Judge:
    known = [option.name for option in fields(JudgeSimulation)]
    refuse_unknown(options, known, "judge")
    ratings = options.get("ratings", {})
    if not isinstance(ratings, Mapping):
        raise OptionError(f"judge.ratings must be a table of names and points, not {ratings!r}")
    simulation = {"seed": seed, **options}
    return _told("judge", lambda: SimulatedJudge(JudgeSimulation(**simulation), field, **limits))


def _recorded(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> Judge:
    refuse_unknown(options, ["path", "judge", "columns", "swap"], "judge")
    path = options.get("path")
    if not isinstance(path, str):
        raise OptionError("judge.path must be the path of the log of a recorded judge")
    further: dict[str, Any] = {name: value for name, value in options.items() if name != "path"}
    for name, kind in (("judge", str), ("columns", Mapping), ("swap", bool)):
        if name in further and not isinstance(further[name], kind):
            raise OptionError(f"judge.{name} cannot be {further[name]!r}")
    return _told("judge", lambda: RecordedJudge(folder / path, **{**further, **limits}))


def _vllm(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> Judge:
    # Imported late: other judges do not need its dependencies.
    from humorrank.judge.vllm import VLLMJudge, VLLMSettings  # noqa: PLC0415

    own = [option.name for option in fields(VLLMSettings) if option.name != "engine"]
    values = {name: options[name] for name in own if name in options}
    if "model" not in values:
        raise OptionError("judge.model must be the name or the folder of the model of a vLLM judge")
    for name in ("template", "taxonomy", "chat_template"):
        if name in values:
            if not isinstance(values[name], str):
                raise OptionError(f"judge.{name} must be the path of a file, not {values[name]!r}")
            values[name] = folder / values[name]
    engine = {name: value for name, value in options.items() if name not in own}
    return _told("judge", lambda: VLLMJudge(VLLMSettings(**values, engine=engine), **limits))


def _endpoint(
    preset: Preset,
    options: Mapping[str, Any],
    field: Field,
    seed: int,
    folder: Path,
    limits: Mapping[str, int],
) -> Judge:
    # Imported late: other judges do not need its dependencies.
    from humorrank.judge.openai import OpenAIJudge, OpenAISettings  # noqa: PLC0415
    from humorrank.llm.endpoint import Endpoint  # noqa: PLC0415
    from humorrank.llm.presets import OPTIONAL  # noqa: PLC0415

    ways = [option.name for option in fields(Endpoint)]
    own = [
        option.name
        for option in fields(OpenAISettings)
        if option.name not in ("endpoint", "preset")
    ]
    refuse_unknown(options, [*own, *ways], "judge")
    if "model" not in options:
        raise OptionError("judge.model must be the name of a model at the endpoint")
    values: dict[str, Any] = {
        "structured": preset.structured,
        "top_p": None if "top_p" in preset.omit else 1.0,
    }
    values |= {name: options[name] for name in own if name in options}
    # TOML has no null: the word leaves a field out.
    values |= {name: None for name in OPTIONAL if values.get(name) == "none"}
    where = {name: options[name] for name in ways if name in options}
    for name in ("template", "taxonomy", "api_key_file"):
        if name in options:
            if not isinstance(options[name], str):
                raise OptionError(f"judge.{name} must be the path of a file, not {options[name]!r}")
            (where if name in ways else values)[name] = folder / options[name]
    if "api_key_file" in where:
        where["api_key_file"] = str(where["api_key_file"])

    def make() -> Judge:
        preset.refuse_omitted([name for name in own if values.get(name) is not None])
        endpoint = preset.endpoint(where)
        return OpenAIJudge(OpenAISettings(endpoint=endpoint, preset=preset, **values), **limits)

    return _told("judge", make)


def _people(
    options: Mapping[str, Any], field: Field, seed: int, folder: Path, limits: Mapping[str, int]
) -> None:
    refuse_unknown(options, [], "judge")


def _told(where: str, make: Callable[[], Judge]) -> Judge:
    """Makes a judge and prefixes option errors with the table that holds the option."""
    try:
        return make()
    except OptionError as error:
        raise OptionError(f"{where}.{error}") from None


Factory = Callable[[Mapping[str, Any], Field, int, Path, Mapping[str, int]], Judge | None]
"""A function that makes a judge from (options, field, seed, folder, limits); see `make_judge`."""

ENTRY_POINTS: Final = "humorrank.judges"
"""Entry point group in which other packages register backends: name -> `Factory`."""

BACKENDS: Mapping[str, Factory] = {
    "simulated": _simulated,
    "recorded": _recorded,
    "vllm": _vllm,
    PEOPLE: _people,
}
"""The built-in backends."""


def backends() -> list[str]:
    """Returns the names of all backends, including those of plugins and presets of endpoints."""
    from humorrank.llm.presets import presets  # noqa: PLC0415 - other judges do not need it

    return list(dict.fromkeys([*BACKENDS, *plugins(ENTRY_POINTS), *presets()]))


def _preset(name: str) -> Preset | None:
    from humorrank.llm.presets import preset  # noqa: PLC0415 - other judges do not need it

    return preset(name)


def _unknown(what: str, name: str, model: str | None) -> str:
    """Returns the message for an unknown backend or provider, with the way to write it.

    Args:
        what: Word for the name in the message.
        name: The unknown name.
        model: Model that the user wrote after the name; None if there is only a name.
    """
    known = backends()
    message = f"there is no {what} {name!r}"
    listed = f" (known: {', '.join(known)})"
    if hint := near(name, known):
        return f"{message}{hint}{listed}"
    if what == "backend":
        return f"{message}{listed}"
    model = name if model is None else f"{name}/{model}"
    return (
        f"{message}; write openai/{model} for a model behind an endpoint, or vllm/{model} for one "
        f"that runs locally{listed}"
    )
