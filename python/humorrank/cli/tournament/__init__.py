"""`humorrank tournament COMMAND ...`; one small file per command."""

from __future__ import annotations

from collections.abc import Callable

import typer

from humorrank.cli._guard import guarded
from humorrank.cli.tournament.export import export
from humorrank.cli.tournament.extend import extend
from humorrank.cli.tournament.import_ import import_
from humorrank.cli.tournament.next import next_
from humorrank.cli.tournament.resume import resume
from humorrank.cli.tournament.run import run
from humorrank.cli.tournament.simulate import simulate
from humorrank.cli.tournament.status import status

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")

_COMMANDS: dict[str, Callable[..., None]] = {
    "run": run,
    "resume": resume,
    "extend": extend,
    "status": status,
    "next": next_,
    "import": import_,
    "export": export,
    "simulate": simulate,
}

for _name, _command in _COMMANDS.items():
    app.command(_name)(guarded(_command, patient=True))


@app.callback()
def _about() -> None:
    """Play tournaments: from jokes to a match log, under a budget, with a judge.

    A tournament lives in one file, its store. Start with `humorrank tournament run SPEC.toml
    --store T.sqlite`; whatever ends it, `humorrank tournament resume T.sqlite` goes on.
    """
