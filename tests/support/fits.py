"""Fits without intervals or Elo ratings, and a short notation for matches."""

import numpy as np

import humorrank
from support.reference import Log


def fit(matches, **options) -> humorrank.Leaderboard:
    return humorrank.rate(matches, bootstrap=0, elo_shuffles=0, **options)


def fit_log(log: Log, **options) -> humorrank.Leaderboard:
    score_of = None if "winner" in log.frame().columns else "a"
    return fit(log.frame(), score_of=score_of, **options)


def ratings(board: humorrank.Leaderboard, names=None) -> np.ndarray:
    """Returns the ratings in the order of the names."""
    by_name = dict(board.table.select("model", "rating").iter_rows())
    return np.array([by_name[name] for name in (sorted(by_name) if names is None else names)])


def matches_of(text: str) -> list[tuple[str, str, str]]:
    """Returns the matches of "a>b*3 b=c": a beat b three times, and b and c drew."""
    out = []
    for match in text.split():
        pair, _, times = match.partition("*")
        sign = ">" if ">" in pair else "="
        first, second = pair.split(sign)
        out += [(first, second, "model_a" if sign == ">" else "tie")] * int(times or 1)
    return out
