"""Presets of endpoints: address, key and peculiarities of services and servers, by name."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal, get_args

from humorrank._util.checks import one_of, whole
from humorrank._util.plugins import factory, plugins
from humorrank._util.suggest import refuse_unknown
from humorrank.errors import OptionError
from humorrank.llm.endpoint import Endpoint

Structured = Literal["json_schema", "json_object", "none"]

ENTRY_POINTS: Final = "humorrank.endpoints"
"""Entry point group in which other packages register presets: name -> a table as in presets.toml,
or a function that returns one."""

OPTIONAL: Final = ("temperature", "top_p", "max_tokens", "seed")
"""Fields of a request that a preset can omit or rename."""

_BUILT_IN: Final = Path(__file__).with_name("presets.toml")
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Preset:
    """What a service or server with OpenAI's chat completions API needs and supports.

    Attributes:
        name: Name by which users choose it.
        base_url: Address. `{NAME}` stands for the value of the environment variable NAME.
        api_key_env: Environment variable that holds the key; None if there is no key.
        needs_key: Whether requests without a key are refused.
        structured: How answers can be constrained by default.
        top_logprobs: Number of likely first tokens whose probabilities are returned; 0 for none.
        omit: Fields that are not sent, because the endpoint ignores or refuses them.
        rename: Names of fields that differ from OpenAI's, by OpenAI's name.
        documentation: Address of the documentation.
    """

    name: str
    base_url: str
    api_key_env: str | None = None
    needs_key: bool = False
    structured: Structured = "json_schema"
    top_logprobs: int = 20
    omit: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    documentation: str = ""

    @classmethod
    def of(cls, name: str, table: Mapping[str, Any], where: str) -> Preset:
        """Makes a preset from a table.

        Args:
            name: Name of the preset.
            table: The attributes by name.
            where: File or entry point that holds the table, for errors.

        Raises:
            OptionError: If a key is unknown, or a value is invalid.
        """
        where = f"{where}: {name}"
        if not isinstance(table, Mapping):
            raise OptionError(f"{where} must be a table, not {table!r}")
        known = [each.name for each in fields(cls) if each.name != "name"]
        refuse_unknown(table, known, where)
        values = dict(table)
        for key in ("base_url", "api_key_env", "documentation"):
            if not isinstance(values.get(key, ""), str):
                raise OptionError(f"{where}.{key} must be text, not {values[key]!r}")
        if not _VARIABLE.sub("x", values.get("base_url", "")).startswith(("http://", "https://")):
            raise OptionError(f"{where}.base_url must begin with http:// or https://")
        if type(values.get("needs_key", False)) is not bool:
            raise OptionError(f"{where}.needs_key must be true or false")
        if values.get("needs_key") and "api_key_env" not in values:
            raise OptionError(f"{where}.api_key_env is missing, although needs_key is set")
        rename = values.get("rename", {})
        if not isinstance(rename, Mapping) or not all(
            isinstance(to, str) for to in rename.values()
        ):
            raise OptionError(f"{where}.rename must be a table of names")
        omit = values.get("omit", [])
        if not isinstance(omit, list):
            raise OptionError(f"{where}.omit must be a list of names")
        refuse_unknown([*omit, *rename], OPTIONAL, where, what="optional field")
        try:
            one_of("structured", values.get("structured", "none"), get_args(Structured))
            whole("top_logprobs", values.get("top_logprobs", 0))
        except OptionError as error:
            raise OptionError(f"{where}.{error}") from None
        return cls(name, **{**values, "omit": tuple(omit), "rename": dict(rename)})

    def endpoint(self, options: Mapping[str, Any]) -> Endpoint:
        """Makes the endpoint of this preset.

        Args:
            options: Settings of the endpoint by name, which take precedence.

        Raises:
            OptionError: If an environment variable that the address names is not set, the key is
                missing, or a setting is invalid.
        """
        values = dict(options)
        values.setdefault("api_key_env", self.api_key_env or "")
        if "base_url" not in values and not (
            self.name == OPENAI and os.environ.get("OPENAI_BASE_URL")
        ):
            values["base_url"] = _VARIABLE.sub(self._variable, self.base_url)
            own = Endpoint(**values)
            if self.needs_key and own.key() is None:
                raise OptionError(
                    f"api_key_env: the environment variable {own.api_key_env} is not set, and "
                    f"{self.name} needs a key; set api_key_file to read a file instead"
                )
            return own
        return Endpoint(**values)

    def at(self, endpoint: Endpoint) -> Preset:
        """Returns this preset for an endpoint.

        The preset `openai` is also used for any other endpoint (`base_url`), which is then assumed
        to have no peculiarities.
        """
        if self.name == OPENAI and endpoint.url != self.base_url:
            return replace(self, rename={})
        return self

    def adapt(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the fields of a request as this endpoint takes them."""
        return {
            self.rename.get(name, name): value
            for name, value in request.items()
            if name not in self.omit
        }

    def refuse_omitted(self, names: list[str]) -> None:
        """Checks that no field that a user has set would be left out.

        Raises:
            OptionError: If a name is one of `omit`.
        """
        for name in names:
            if name in self.omit:
                raise OptionError(
                    f"{name} cannot be set, because {self.name} takes no such field "
                    f"({self.documentation or 'see its documentation'})"
                )

    def _variable(self, match: re.Match[str]) -> str:
        value = os.environ.get(match[1], "").strip()
        if not value:
            raise OptionError(
                f"base_url: the environment variable {match[1]} is not set, which is part of the "
                f"address of {self.name}: {self.base_url}"
            )
        return value


OPENAI: Final = "openai"


def presets() -> list[str]:
    """Returns the names of all presets: built in, of plugins, and of the user's own file."""
    return list(dict.fromkeys([*_table(_BUILT_IN), *plugins(ENTRY_POINTS), *_table(user_file())]))


def preset(name: str) -> Preset | None:
    """Returns a preset, or None if there is none of this name.

    The user's own file takes precedence over this package, and this package over plugins.

    Raises:
        OptionError: If the file or the entry point that holds the preset is invalid.
    """
    own = user_file()
    for path in (own, _BUILT_IN):
        table = _table(path)
        if name in table:
            return Preset.of(name, table[name], str(path))
    made: Any = factory(name, {}, ENTRY_POINTS)
    if made is None:
        return None
    return Preset.of(name, made() if callable(made) else made, f"entry point of {ENTRY_POINTS}")


def user_file() -> Path:
    """The file with the user's own presets, which need not exist.

    It is `humorrank/providers.toml` in the folder that XDG_CONFIG_HOME names, which is `~/.config`
    by default, or on Windows in the folder that APPDATA names.
    """
    variable = "APPDATA" if sys.platform == "win32" else "XDG_CONFIG_HOME"
    folder = os.environ.get(variable)
    return (Path(folder) if folder else Path.home() / ".config") / "humorrank" / "providers.toml"


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: {error}") from None
