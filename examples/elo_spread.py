"""Spread of Stable Elo on 10,800 matches with the paper's ratings, by K and tie rate."""

from pathlib import Path

import polars as pl

import humorrank

MATCHES, ORDERS = 10_800, 400


def main() -> None:
    """Prints one row for each K and tie rate."""
    printed = pl.read_csv(Path(__file__).parent / "table1.csv")
    ratings = dict(zip(printed["model"], printed["rating"], strict=True))
    print("| K | tie rate between equals | mean sd | largest sd |\n|---|---|---|---|")
    for k, ties in [(32, 0.0), (32, 0.1), (32, 0.3), (32, 0.5), (16, 0.1), (12, 0.1)]:
        log = humorrank.simulate(ratings, MATCHES, ties=ties, seed=1)
        elo = humorrank.rate(log, bootstrap=0, elo_shuffles=ORDERS, elo_k=k).elo
        print(f"| {k} | {ties:g} | {elo['mean_sd']:.1f} | {elo['max_sd']:.1f} |")


if __name__ == "__main__":
    main()
