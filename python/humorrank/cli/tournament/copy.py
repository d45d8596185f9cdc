"""`humorrank tournament copy`: copies a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from humorrank.cli import _output
from humorrank.cli._progress import progress_bar
from humorrank.generate.store import CandidateStore
from humorrank.store.copying import copy_store
from humorrank.store.store import Store


def copy(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="T.sqlite",
            help="Path of a store of a tournament, of pairs or of candidates.",
            show_default=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="COPY.sqlite",
            help="Path of the copy, which must not exist.",
            show_default=False,
        ),
    ],
    accept: Annotated[
        bool,
        typer.Option(
            "--accept",
            help="Accept the contents as they are, if another program has changed them.",
        ),
    ] = False,
) -> None:
    """Copy a store, which may be in use.

    Do not copy a store that is in use with other tools: its last commits are in a second file, the
    log T.sqlite-wal. The copy holds everything that was committed when the command started.
    """
    with progress_bar() as progress:
        copy_store(source, target, (Store, CandidateStore), accept=accept, progress=progress)
    _output.say("note", f"{target}: copied from {source}")
    if accept:
        _output.say("warning", "the contents of the copy were accepted without comparing checksums")
