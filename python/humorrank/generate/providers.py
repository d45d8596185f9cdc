"""Providers by name, and their construction from `PROVIDER/MODEL` and settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from humorrank._util.plugins import factory, plugins
from humorrank._util.suggest import refuse_unknown
from humorrank.errors import OptionError
from humorrank.generate.provider import Provider, Sampling
from humorrank.generate.simulated import GeneratorSimulation, SimulatedProvider

if TYPE_CHECKING:
    from humorrank.llm.presets import Preset


def named_model(text: str) -> tuple[str, str, str]:
    """Splits `PROVIDER/MODEL` or `NAME=PROVIDER/MODEL` into name, provider and model.

    Without NAME, the name is the whole text.

    Raises:
        OptionError: If the text has another form, or the provider is unknown.
    """
    name, equals, rest = text.rpartition("=")
    provider, slash, model = rest.partition("/")
    if (equals and not name.strip()) or not slash or not model.strip():
        raise OptionError(
            "a model (--model) is PROVIDER/MODEL (openai/gpt-4o) or NAME=PROVIDER/MODEL, not "
            f"{text!r}"
        )
    if provider not in PROVIDERS:
        from humorrank.llm.presets import presets  # noqa: PLC0415 - others do not need it

        known = list(dict.fromkeys([*PROVIDERS, *plugins(ENTRY_POINTS), *presets()]))
        refuse_unknown([provider], known, "model (--model)", what="provider")
    return name.strip() or rest, provider, model


def make_provider(
    provider: str,
    model: str,
    sampling: Sampling,
    options: Mapping[str, Any],
    *,
    in_flight: int | None = None,
) -> Provider:
    """Makes the provider of a model.

    Args:
        provider: Name of the provider, in `PROVIDERS`, registered by a plugin, or the name of a
            preset of an endpoint.
        model: The provider's name of the model.
        sampling: Sampling settings.
        options: Settings of the provider, by name.
        in_flight: Most requests in flight; the provider's default if None.

    Raises:
        OptionError: If the provider or a setting is unknown, or a setting has an invalid value.
    """
    bounds = {} if in_flight is None else {"in_flight": in_flight}
    make: Factory | None = factory(provider, PROVIDERS, ENTRY_POINTS)
    if make is None:
        from humorrank.llm.presets import preset  # noqa: PLC0415 - others do not need it

        found = preset(provider)
        if found is None:
            raise OptionError(f"there is no provider {provider!r}")
        make = partial(_endpoint, found)
    return make(model, sampling, options, bounds)


def _simulated(
    model: str, sampling: Sampling, options: Mapping[str, Any], bounds: Mapping[str, int]
) -> Provider:
    known = [field.name for field in fields(GeneratorSimulation)]
    refuse_unknown(options, known, "options (--set)")
    seed = {} if sampling.seed is None else {"seed": sampling.seed}
    return SimulatedProvider(model, GeneratorSimulation(**{**seed, **options}), **bounds)


def _vllm(
    model: str, sampling: Sampling, options: Mapping[str, Any], bounds: Mapping[str, int]
) -> Provider:
    from humorrank.generate.vllm import VLLMProvider  # noqa: PLC0415 - an extra

    return VLLMProvider(model, sampling, options, **bounds)


def _endpoint(
    preset: Preset,
    model: str,
    sampling: Sampling,
    options: Mapping[str, Any],
    bounds: Mapping[str, int],
) -> Provider:
    from humorrank.generate.openai import OpenAIProvider  # noqa: PLC0415 - an extra
    from humorrank.llm.endpoint import Endpoint  # noqa: PLC0415 - an extra

    refuse_unknown(options, [option.name for option in fields(Endpoint)], "options (--set)")
    return OpenAIProvider(model, sampling, preset.endpoint(options), preset, **bounds)


Factory = Callable[[str, Sampling, Mapping[str, Any], Mapping[str, int]], Provider]
"""A function that makes a provider from (model, sampling, options, bounds); see
`make_provider`."""

ENTRY_POINTS: Final = "humorrank.generators"
"""Entry point group in which other packages register providers: name -> `Factory`."""

PROVIDERS: Mapping[str, Factory] = {"simulated": _simulated, "vllm": _vllm}
"""The built-in providers."""
