"""Cost of an audit and of a check of a large log: `python -m bench.speed.audit`.

By default, the log has a million matches among 100 models. It is counted beforehand, as with
`humorrank tally`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import humorrank
from humorrank.diagnostics.fit.check import check
from humorrank.diagnostics.fragility.audit import audit


def _timed(what: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    result = work()
    print(f"| {what} | {time.perf_counter() - start:.2f} s | {result} |", flush=True)


def main() -> None:
    """Prints one line per question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--matches", type=int, default=1_000_000)
    options = parser.parse_args()
    field = {f"m{i:04}": 1000 + 800 * (i / options.models - 0.5) for i in range(options.models)}
    log = humorrank.tally(humorrank.simulate(field, options.matches))
    names = list(field)
    half = options.models // 2
    print(f"{options.models:,} models, {options.matches:,} matches")
    print("| what | took | matches changed |\n|---|---|---|")
    for change in ("remove", "flip"):
        _timed(f"winner, {change}", lambda c=change: audit(log, change=c).size)
    _timed("top 10", lambda: audit(log, top=10).size)
    pair = (names[half], names[half + options.models // 10])
    _timed("order of two, 80 points apart", lambda: audit(log, pair=pair).size)
    _timed("make the tenth the winner", lambda: audit(log, winner=names[-10]).size)
    _timed("check", lambda: f"p = {check(log).goodness.deviance.p:.2f}")


if __name__ == "__main__":
    main()
