"""`humorrank tournament status`: shows the progress of a tournament."""

from __future__ import annotations

import json
from dataclasses import asdict

import polars as pl

from humorrank.cli import _options, _output
from humorrank.cli.tournament import _common
from humorrank.tournament import status as tournament_status


def status(
    store: _common.StoreFile,
    format: _options.Format = None,
    output: _options.Output = None,
) -> None:
    """Show the progress of a tournament, even while it is running."""
    chosen = _output.resolve_format(format, output)
    found = asdict(tournament_status.status(store))
    if chosen == "json":
        _output.emit(json.dumps(found, ensure_ascii=False, indent=2), output)
        return
    if chosen in ("csv", "spreadsheet"):
        _common.shown(pl.DataFrame([found], infer_schema_length=None), chosen, output)
        return
    said = {**found, "ended": found["ended"] or "no"}
    rows = [
        (name, f"{value:,}" if isinstance(value, int) and name != "seed" else str(value))
        for name, value in said.items()
    ]
    table = pl.DataFrame(rows, schema=["what", "value"], orient="row")
    _common.shown(table, chosen, output)
