"""The exit codes of commands, and when they are used."""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from typing import ParamSpec

import typer

from humorrank.errors import HumorRankWarning

P = ParamSpec("P")

DONE, OURS, THEIRS, INTERRUPTED = 0, 1, 2, 130
"""Exit codes: success, an internal error, an error that the user can correct, Ctrl-C."""


def guarded(command: Callable[P, None], *, patient: bool = False) -> Callable[P, None]:
    """Wraps a command so that Ctrl-C and a closed pipe end it with the proper exit codes.

    Args:
        command: The command to wrap.
        patient: Whether the command completes and stores its pending work after Ctrl-C. Such a
            command has no deadline.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        # This imports the compiled module, which the help of a command does not need.
        from humorrank._util.deadline import set_deadline  # noqa: PLC0415

        if not patient:
            set_deadline()
        try:
            with warnings.catch_warnings():
                # Commands print the warnings of a board themselves.
                warnings.simplefilter("ignore", HumorRankWarning)
                command(*args, **kwargs)
        except KeyboardInterrupt:
            typer.echo("interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # Otherwise, Python reports the closed pipe again when it flushes the stream.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(DONE) from None

    return run
