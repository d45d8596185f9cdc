"""`humorrank tournament resume`: continues the tournament in a store."""

from __future__ import annotations

from typing import Annotated

import typer

from humorrank.cli import _settings
from humorrank.cli.tournament import _common
from humorrank.tournament import opening


def resume(
    store: _common.StoreFile,
    retry_failures: Annotated[
        bool,
        typer.Option(
            "--retry-failures",
            help="First ask again for comparisons that the judge failed to answer, which does not "
            "use the budget.",
        ),
    ] = False,
    batch_size: _settings.BatchSize = None,
    in_flight: _settings.InFlight = None,
) -> None:
    """Resume a tournament with the spec in its store."""
    tournament = opening.resume(store, batch_size=batch_size, in_flight=in_flight)
    _common.played(tournament, retry_failures=retry_failures)
