"""Write a report page and figures for the tournament played by examples/tournament.py."""

import sys
from pathlib import Path

import humorrank
from humorrank import figures
from humorrank.report import make_page


def main(folder: Path) -> None:
    """Writes report.html and the figures next to it."""
    store = folder / "tournament.sqlite"
    board = humorrank.rate(folder / "tournament.parquet", interval="sandwich", cluster="prompt")
    for name, chart in {
        "leaderboard": figures.leaderboard(board),
        "ranks": figures.ranks(board),
        "win-rates": figures.win_rates(board),
        "budget": figures.budget(store),
    }.items():
        figures.save(chart, folder / f"{name}.png")
    made = make_page(store)
    (folder / "report.html").write_text(made.html, encoding="utf-8")
    print(f"Report page: {folder / 'report.html'}, with the figures next to it")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
