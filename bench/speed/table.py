"""Prints the table of benchmarks from the results of `make bench` and `make bench-large`.

    python -m bench.speed.table [--write]

With --write, also replaces the table in docs/project/performance.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
RECORDS: Final = (_ROOT / "build" / "bench.json", _ROOT / "build" / "bench-large.json")
_PAGE: Final = _ROOT / "docs" / "project" / "performance.md"
_BEGIN: Final = "<!-- written by `python -m bench.speed.table --write`, from here -->"
_END: Final = "<!-- to here -->"


def table(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns the records of lines as an aligned Markdown table."""
    rows = [["work", "ours", "peer", "peer's", "ratio", "target", "met"]]
    for line in lines:
        ratio, met, note = line["ratio"], line["met"], line["note"]
        rows.append(
            [
                line["work"],
                amount(line["ours"], line["unit"]),
                line["peer"] + (f" ({note})" if note else ""),
                amount(line["theirs"], line["unit"]),
                "" if ratio is None else f"{ratio:.3g}x",
                line["target"],
                "" if met is None else "yes" if met else "**no**",
            ]
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    text = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return [text[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *text[1:]]


_UNITS = {
    "s": (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)),
    "bytes": (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)),
}


def amount(value: float | None, unit: str) -> str:
    """Returns seconds or bytes in a suitable unit, to three digits."""
    if value is None:
        return ""
    name, size = next(((n, s) for n, s in _UNITS[unit] if value >= s), _UNITS[unit][-1])
    return f"{value / size:.3g} {name}"


def about(run: Mapping[str, Any]) -> str:
    """Returns a sentence about the machine and the versions of a run."""
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"{run['processors']} processors ({run['processor']}), "
        f"{run['memory'] / 1e9:.0f} GB of memory, Python {run['python']}; {versions}."
    )


def page(text: str, tables: str) -> str:
    """Returns a page with its tables replaced.

    Raises:
        ValueError: The page has no marks for the tables.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{_PAGE.name} lacks the marks between which the table belongs")
    return f"{before}{_BEGIN}\n\n{tables}\n\n{_END}{after}"


def main() -> None:
    """Prints the tables, and writes them on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="update docs/project/performance.md")
    options = parser.parse_args()
    missing = [path.name for path in RECORDS if not path.exists()]
    if len(missing) == len(RECORDS):
        raise SystemExit("no results: run make bench or make bench-large first")
    if missing and options.write:
        raise SystemExit(f"{missing[0]} is missing: the page needs both benchmarks")
    runs = [
        run for path in RECORDS if path.exists() for run in json.loads(path.read_text())["runs"]
    ]
    tables = "\n\n".join("\n".join([*table(run["lines"]), "", about(run)]) for run in runs)
    print(tables)
    if options.write:
        _PAGE.write_text(page(_PAGE.read_text(), tables))


if __name__ == "__main__":
    main()
