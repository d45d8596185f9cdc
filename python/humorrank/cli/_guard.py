"""Exit codes, and what they are given for."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

P = ParamSpec("P")

DONE, OURS, THEIRS, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: done, our fault, the user's mistake, Ctrl-C."""


def guarded(command: Callable[P, None], *, patient: bool = False) -> Callable[P, None]:
    """The command with our exit codes for Ctrl-C and for a pipe that nobody reads on.

    Args:
        command: does the work.
        patient: whether Ctrl-C lets it finish and store what is under way, without a deadline.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        # Imports the compiled module, which the help of a command does without.
        from humorrank._util.deadline import set_deadline  # noqa: PLC0415

        if not patient:
            set_deadline()
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Python would complain again when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None

    return run
