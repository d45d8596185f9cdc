"""Write a Parquet log of a million matches among 100 models, and rate it from disk."""

import sys
import time
from pathlib import Path

import humorrank

MODELS, MATCHES = 100, 1_000_000


def main(folder: Path) -> None:
    """Simulates and rates a log, and compares the ratings with the simulated ones."""
    truth = {f"model {i:02}": 600 + 800 * i / (MODELS - 1) for i in range(MODELS)}
    path = folder / "million.parquet"
    humorrank.simulate(truth, MATCHES).write_parquet(path)
    start = time.perf_counter()
    board = humorrank.rate(path, bootstrap=100)
    seconds = time.perf_counter() - start
    print(f"\nA million matches among {MODELS} models, from {path}\n")
    print(board.to_text(5))
    inside = sum(row.rating_lower <= truth[row.model] <= row.rating_upper for row in board.rows)
    print(f"\n{inside} of {MODELS} intervals contain the simulated rating")
    print(f"read and rated, with 100 bootstraps and 10 Elo shuffles, in {seconds:.2f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
