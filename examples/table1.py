"""Rebuild the paper's leaderboards (arXiv 2604.19786, tables 1 and 4) from their win rates.

In a balanced round robin, the Bradley-Terry maximum depends on the matches only through the number
of wins of each model, so the printed win rates are sufficient. The script creates a log of 10,800
matches with these numbers of wins, 300 per pair, rates it, and prints the results next to the
paper's figures.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

import humorrank
from humorrank.diagnostics.agreement.boards import compare_boards

MATCHES_PER_PAIR = 300


def fitted_probabilities(win_rates: np.ndarray) -> np.ndarray:
    """Returns P(i beats j) in the Bradley-Terry model with these win rates in a round robin."""
    models = len(win_rates)
    wins = win_rates * (models - 1)
    strength = np.ones(models)
    for _ in range(10_000):
        expected = 1 / (strength[:, None] + strength[None, :])
        np.fill_diagonal(expected, 0)
        strength = wins / expected.sum(axis=1)
        strength /= np.exp(np.log(strength).mean())
    return strength[:, None] / (strength[:, None] + strength[None, :])


def wins_with_totals(win_rates: np.ndarray) -> np.ndarray:
    """Returns integer wins, close to the fitted ones, that give the printed win rates."""
    models = len(win_rates)
    # The printed rates are rounded, so their sum may differ from half of all matches.
    win_rates = win_rates * (models / 2 / win_rates.sum())
    wins = np.rint(fitted_probabilities(win_rates) * MATCHES_PER_PAIR).astype(int)
    wins = np.triu(wins, 1)
    wins += np.tril(MATCHES_PER_PAIR - wins.T, -1)
    exact = win_rates * (models - 1) * MATCHES_PER_PAIR
    totals = np.floor(exact).astype(int)
    missing = models * (models - 1) * MATCHES_PER_PAIR // 2 - totals.sum()
    totals[np.argsort(totals - exact)[:missing]] += 1
    while (surplus := wins.sum(axis=1) - totals).any():
        rich, poor = int(surplus.argmax()), int(surplus.argmin())
        wins[rich, poor] -= 1
        wins[poor, rich] += 1
    return wins


def log_of(models: list[str], wins: np.ndarray) -> pl.DataFrame:
    """Returns one row per match, in which the model shown first alternates."""
    rows = []
    for i, first in enumerate(models):
        for j, second in enumerate(models[:i]):
            for match in range(MATCHES_PER_PAIR):
                shown, other = (first, second) if match % 2 else (second, first)
                winner = first if match < wins[i, j] else second
                rows.append((shown, other, "model_a" if winner == shown else "model_b"))
    return pl.DataFrame(rows, schema=["model_a", "model_b", "winner"], orient="row")


def rebuilt(name: str, folder: Path) -> tuple[pl.DataFrame, humorrank.Leaderboard]:
    """Returns a printed table, and the board of a log with its win rates, 300 matches per pair."""
    printed = pl.read_csv(Path(__file__).parent / f"{name}.csv")
    log = log_of(printed["model"].to_list(), wins_with_totals(printed["win_rate"].to_numpy()))
    path = folder / f"{name}-matches.csv"
    log.write_csv(path)
    return printed, humorrank.rate(path, bootstrap=1000)


def show(printed: pl.DataFrame, board: humorrank.Leaderboard) -> None:
    """Prints our figures next to the printed ones."""
    print(
        f"{'model':18}{'rating':>8}{'95 % interval':>20}{'printed':>10}{'interval':>20}{'Elo':>9}"
    )
    for row in printed.iter_rows(named=True):
        ours = board[row["model"]]
        interval = f"{ours.rating_lower:.1f} to {ours.rating_upper:.1f}"
        printed_interval = f"{row['lower']} to {row['upper']}"
        print(
            f"{ours.model:18}{ours.rating:8.1f}"
            f"{interval:>20}"
            f"{row['rating']:10.1f}{printed_interval:>20}{ours.elo:9.1f}"
        )
    largest = max(abs(board[r["model"]].rating - r["rating"]) for r in printed.to_dicts())
    print(f"\nlargest difference: {largest:.1f} points (the win rates are rounded to 0.1 %)")
    half = (printed["upper"] - printed["lower"]) / 2
    ours = (board.columns["rating_upper"] - board.columns["rating_lower"]) / 2
    of_board = board.table.select("model", wide=pl.col("rating_upper") - pl.col("rating_lower"))
    both = printed.join(of_board, on="model")
    share = float(np.median(both["wide"] / (both["upper"] - both["lower"])))
    print(
        f"half-widths: {ours.min():.1f} to {ours.max():.1f} points at 300 matches a pair; printed "
        f"{half.min():.1f} to {half.max():.1f}, which {300 * share**2:,.0f} a pair would give"
    )


def main(folder: Path) -> None:
    """Rebuilds both leaderboards of the paper and prints how well they agree."""
    printed, board = rebuilt("table1", folder)
    print(
        f"The paper's table 1 from its win rates: {board.counts['rated']:,} matches in "
        f"{folder / 'table1-matches.csv'}\n"
    )
    show(printed, board)
    print(
        f"Stable Elo over {board.elo['shuffles']} orders: sd {board.elo['mean_sd']:.1f} on "
        f"average, {board.elo['max_sd']:.1f} at most"
    )
    second, other = rebuilt("table4", folder)
    print("\nTable 4, from the second judge:\n")
    show(second, other)
    found = compare_boards(printed, second)
    print(
        f"\nThe two printed tables order {found.reversed} of {found.pairs} pairs of models "
        f"differently:\nKendall's tau = {found.kendall.value:.3f}, p = {found.kendall.p:.4f} "
        "(the paper prints 0.889, which is 2 pairs)"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
