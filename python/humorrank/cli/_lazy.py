"""Groups of commands whose modules are imported only when a command is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from humorrank.cli._guard import guarded


@dataclass(frozen=True)
class Entry:
    """A command that has not been imported yet.

    Attributes:
        target: The location, as `module:function`, or `module:app` for a group of commands.
        summary: The line in the help of the group, which is also the first line of the command's
            own help.
        panel: The panel that lists the command in the help of the group.
        patient: Whether the command completes and stores its pending work after Ctrl-C.
    """

    target: str
    summary: str
    panel: str | None = None
    patient: bool = False

    def load(self, name: str) -> Any:  # noqa: ANN401 - typer's own classes of commands
        """Imports the command.

        Args:
            name: Name of the command on the command line.
        """
        module, _, attribute = self.target.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if not isinstance(found, typer.Typer):
            app = typer.Typer(
                add_completion=False, rich_markup_mode="markdown", context_settings=HELP_OPTIONS
            )
            app.command(name)(guarded(found, patient=self.patient))
            found = app
        command = typer.main.get_command(found)
        command.name = name
        return command


HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
"""Context settings of every command."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table and imports only the one that is called."""

    entries: ClassVar[Mapping[str, Entry]] = {}

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - typer's options of a group
        super().__init__(**options)
        self.commands = {name: self._listed(name, entry) for name, entry in self.entries.items()}

    @staticmethod
    def _listed(name: str, entry: Entry) -> TyperCommand:
        """Returns a command as the help of the group displays it."""
        command = TyperCommand(name, help=entry.summary, rich_markup_mode="markdown")
        command.rich_help_panel = entry.panel
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Writes the help of the group, with its commands in panels.

        Typer would draw boxes, but the libraries that do so take twice as long to import as
        everything else.
        """
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        records = [parameter.get_help_record(ctx) for parameter in self.get_params(ctx)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record is not None])
        for panel in dict.fromkeys(entry.panel for entry in self.entries.values()):
            rows = [
                (name, entry.summary)
                for name, entry in self.entries.items()
                if entry.panel == panel
            ]
            with formatter.section(panel or "Commands"):
                formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """Imports the command to call, and returns it with its name and its arguments."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            command = self.entries[name].load(name)
        return name, command, rest
