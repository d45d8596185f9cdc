"""The table of benchmarks, from what `make bench` and `make bench-large` wrote.

    python -m bench.speed.table [--write]

Prints it; with --write it also replaces the one in docs/project/performance.md.
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
    """Records of lines as an aligned table in markdown."""
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
    """Seconds or bytes in the unit that suits them, to three digits."""
    if value is None:
        return ""
    name, size = next(((n, s) for n, s in _UNITS[unit] if value >= s), _UNITS[unit][-1])
    return f"{value / size:.3g} {name}"


def about(run: Mapping[str, Any]) -> str:
    """What a run was measured with, in a sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"{run['processors']} processors ({run['processor']}), "
        f"{run['memory'] / 1e9:.0f} GB of memory, Python {run['python']}; {versions}."
    )


def page(text: str, tables: str) -> str:
    """A page with the tables in their place.

    Raises:
        ValueError: it has no place for them.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{_PAGE.name} has lost the marks between which the table stands")
    return f"{before}{_BEGIN}\n\n{tables}\n\n{_END}{after}"


def main() -> None:
    """Prints, and writes, what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="into docs/project/performance.md")
    options = parser.parse_args()
    missing = [path.name for path in RECORDS if not path.exists()]
    if len(missing) == len(RECORDS):
        raise SystemExit("there is nothing yet: make bench, or make bench-large")
    if missing and options.write:
        raise SystemExit(f"{missing[0]} is missing: the page has make bench and make bench-large")
    runs = [
        run for path in RECORDS if path.exists() for run in json.loads(path.read_text())["runs"]
    ]
    tables = "\n\n".join("\n".join([*table(run["lines"]), "", about(run)]) for run in runs)
    print(tables)
    if options.write:
        _PAGE.write_text(page(_PAGE.read_text(), tables))


if __name__ == "__main__":
    main()
